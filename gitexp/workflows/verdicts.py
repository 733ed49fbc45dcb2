"""Verdict notes, written anew where records have moved: a view is computed and never merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.rules import words
from gitexp.rules.record import parse_spreads
from gitexp.rules.registration import split_message
from gitexp.store.experiments import read_noted
from gitexp.workflows.design import improvised
from gitexp.workflows.project import settings_of
from gitexp.workflows.results import as_explored, judge_records, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitexp.store.experiments import Entry
    from gitexp.workflows.project import Project
    from gitexp.workflows.results import Result


def compute_views(
    project: Project, commits: Iterable[str], wanted: Callable[[Entry], bool]
) -> dict[str, str]:
    """Verdict notes of the wanted ones among commits, where message and records give one.

    One that cannot be computed here is left out: its commit, its baseline or what a newer gitexp
    recorded is not in this clone, or nothing is decided.
    """
    entries = [entry for entry in read_noted(project.repository, commits) if wanted(entry)]
    views = {}
    # Below the point where a shallow clone ends, a commit seems to have no baseline.
    for result in judged(project.repository, [entry for entry in entries if entry.parents]):
        text = _explored_view(project, result) if result.explored else _view(result)
        if text:
            views[result.entry.commit] = text
    return views


def _view(result: Result) -> str:
    if result.registration is None or result.judgement is None or result.judgement.verdict is None:
        return ""
    return words.note(result.registration, result.judgement)


def _explored_view(project: Project, result: Result) -> str:
    """What `run --explore` wrote: the figures of all runs, and why the gate was skipped."""
    entry = result.entry
    base = project.repository.git.text("merge-base", project.tip, entry.commit, allow=(1,))
    if [base] != [*entry.parents]:
        return ""  # several commits in a row: what its baseline is, only the gate can tell
    registration = result.registration
    if registration is None:
        try:
            settings = settings_of(project, base)
        except NotReady:
            return ""
        name = split_message(entry.message)[1].get("Experiment", "")
        registration = improvised(settings, name, entry.message)
    spreads = parse_spreads(entry.runs) if registration.by_examples else []
    judgement = judge_records(registration, result.baseline_records, result.records, spreads)
    why = max(result.records, key=lambda record: (record.start, record.attempt)).explore
    if judgement.verdict is None:
        return ""
    return words.note(registration, as_explored(judgement, why))
