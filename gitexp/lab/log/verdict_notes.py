"""Computes the notes that git shows from messages and records, and writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gitexp.lab.log.results import judged
from gitexp.lab.progress import counted_off
from gitexp.lab.projects.comparison import Comparison, find_comparisons
from gitexp.rules.documents.example_spread import parse_spreads
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.remark import Remark, parse_remarks
from gitexp.rules.plan.design import improvised
from gitexp.rules.verdict import words
from gitexp.rules.verdict.experiment import as_explored, judge_records
from gitexp.rules.verdict.view import view
from gitexp.store.experiments import Entry, read_noted
from gitexp.store.note_writing import replace_notes
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS, VERDICTS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


def compute_verdict_notes(
    repository: Repository, commits: Iterable[str], wanted: Callable[[Entry], bool]
) -> dict[str, str]:
    """Judge the wanted commits and write their verdict notes; `verdict_notes` says which."""
    return verdict_notes(repository, judge_noted(repository, commits, wanted))


def judge_noted(
    repository: Repository, commits: Iterable[str], wanted: Callable[[Entry], bool]
) -> list[Result]:
    """Judge the wanted commits; those that are not in this clone are left out."""
    entries = [entry for entry in read_noted(repository, commits) if wanted(entry)]
    # At the end of a shallow clone, commits seem to have no baseline.
    return judged(repository, [entry for entry in entries if entry.parents])


def verdict_notes(repository: Repository, results: Sequence[Result]) -> dict[str, str]:
    """Verdict notes of experiments, as far as message and records give one.

    A note is left out if nothing is decided nor remarked yet, or if it cannot be computed here: the
    baseline is not in this clone, or a newer gitexp wrote some of the records.
    """
    views = {}
    for result in counted_off("judging experiments", results, len(results)):
        if not result.newer and not result.explored and (text := _view(result)):
            views[result.entry.commit] = text
    explored = [result for result in results if result.explored and not result.newer]
    comparisons = find_comparisons(repository, [result.entry for result in explored])
    for result, comparison in zip(explored, comparisons, strict=True):
        if not isinstance(comparison, Comparison):
            continue
        # If there are several commits in a row, the parent is not the baseline.
        alone = result.entry.parents == (comparison.parent,)
        if alone and (text := _explored_view(result, comparison)):
            views[result.entry.commit] = text
    return views


def write_view(repository: Repository, commit: str, verdict: str) -> None:
    """Write an experiment's note: the lines of its verdict, and what people remarked.

    Raises:
        StoreBusy, NotReady: it could not be written.
    """
    written: list[Remark] | None = None
    # Whoever remarks something meanwhile writes the note as well, with the verdict before this one.
    while written != (found := remarks_on(repository, commit)):
        replace_notes(repository, VERDICTS, {commit: view(verdict, found)})
        written = found


def rewrite_views(repository: Repository, commits: Sequence[str]) -> None:
    """Write the notes of experiments again, after something was put on record.

    Raises:
        StoreBusy, NotReady: they could not be written.
    """
    written: dict[str, str] | None = None
    while written != (due := compute_verdict_notes(repository, commits, lambda _: True)):
        replace_notes(repository, VERDICTS, due)
        written = due


def remarks_on(repository: Repository, commit: str) -> list[Remark]:
    """Read the remarks on an experiment, the oldest first."""
    return parse_remarks(read_notes(repository, RUNS, [commit]).get(commit, ""), commit)


def _view(result: Result) -> str:
    verdict = ""
    judgement = result.judgement
    if result.registration and judgement and judgement.verdict is not None:
        verdict = words.note(result.registration, judgement)
    return view(verdict, result.remarks)


def _explored_view(result: Result, comparison: Comparison) -> str:
    """The note of `run --explore`: the figures of all runs, and why the gate was skipped."""
    entry, project = result.entry, comparison.project
    name = split_message(entry.message)[1].get("Experiment", "")
    registration = result.registration or improvised(project.settings, name, entry.message)
    spreads = parse_spreads(entry.runs) if registration.by_examples else []
    baseline = [r for r in result.baseline_records if r.project == project.folder]
    judgement = judge_records(registration, baseline, result.records, spreads)
    why = max(result.records, key=lambda record: (record.start, record.attempt)).explore
    if judgement.verdict is None:
        return ""
    return view(words.note(registration, as_explored(judgement, why)), result.remarks)
