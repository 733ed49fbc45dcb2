"""Read experiments with their results; only new messages and notes are judged again."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from gitexp.lab.code.replacement import without_replaced
from gitexp.lab.log.batches import read_some
from gitexp.lab.log.result import Result
from gitexp.lab.log.run_notes import RunNotes
from gitexp.lab.log.summary_cache import opened_cache
from gitexp.lab.projects.amendments import protocols_of
from gitexp.lab.projects.comparison import Comparison, find_comparisons
from gitexp.lab.projects.project import project_in
from gitexp.rules.documents.message import split_message
from gitexp.rules.verdict.campaign import Member, Place, next_place
from gitexp.store.archive import archive_deleted
from gitexp.store.cache import HeadQuery
from gitexp.store.experiments import Entry, read_commits, read_experiments
from gitexp.store.heads import list_heads, read_entries
from gitexp.store.mending import mend_refs
from gitexp.store.notes import read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.lab.projects.project import Project
    from gitexp.store.archive import SeenRefs
    from gitexp.store.cache import Cache
    from gitexp.store.heads import Head
    from gitexp.store.repository import Repository


def read_results(project: Project, name: str | None = None) -> list[Result]:
    """Read a project's experiments, newest first; some git processes, however many there are.

    With a `name`, that experiment is read, whatever its project, and judged again. A branch that
    was deleted by hand keeps its results: it counts as archived.
    """
    if name is None:
        with opened_cache(project.repository) as cache:
            return _whole(project.repository, cache, own_heads(project, cache))
    _mend(project.repository)
    return judged(project.repository, read_experiments(project.repository, name))


def read_all_results(repository: Repository) -> list[Result]:
    """Read the experiments of every project of a repository, newest first."""
    seen = _mend(repository)
    with opened_cache(repository) as cache:
        return _whole(repository, cache, list_heads(repository, cache, seen=seen))


def _whole(repository: Repository, cache: Cache, heads: Sequence[Head]) -> list[Result]:
    """Read all of them, together with their commits."""
    results = list(read_some(repository, cache, heads))
    for result in results:
        result.entry  # noqa: B018 - while the cache is open
    return results


def own_heads(
    project: Project, cache: Cache, *, since: float = -math.inf, most: int | None = None
) -> list[Head]:
    """List a project's experiments, newest first."""
    repository = project.repository
    seen = _mend(repository)
    query = HeadQuery(project.folder, since, most)
    heads = list_heads(repository, cache, query, seen)
    if all(head.moment.project is not None for head in heads):
        return heads
    if most is not None:
        heads = list_heads(repository, cache, query._replace(most=None), seen)
    unnamed = [head for head in heads if head.moment.project is None]
    own = {e.commit for e in entries_of(project, read_entries(repository, cache, unnamed))}
    return [h for h in heads if h.moment.project is not None or h.commit in own][:most]


def _mend(repository: Repository) -> SeenRefs | None:
    """Repair refs of notes, and archive experiments whose branches were deleted."""
    mend_refs(repository)
    return archive_deleted(repository)


def project_of(here: Project, ref: str, commit: str) -> Project:
    """Project that an experiment belongs to, whatever the current directory is.

    Raises:
        NotReady: it is no longer on its baseline branch.
    """
    entries = read_commits(here.repository, [(ref, commit)])
    return project_in(here, _folders(here, entries)[commit])


def entries_of(project: Project, entries: Sequence[Entry]) -> list[Entry]:
    """Those experiments that belong to a project."""
    folders = _folders(project, entries)
    return [entry for entry in entries if folders[entry.commit] == project.folder]


def _folders(here: Project, entries: Sequence[Entry]) -> dict[str, str]:
    """Folders of the projects of experiments, as their registrations say, or else their files."""
    found: dict[str, str] = {}
    for entry in entries:
        trailers = split_message(entry.message)[1]
        if "Experiment" in trailers:
            found[entry.commit] = trailers.get("Project", "")
    rest = [entry for entry in entries if entry.commit not in found]
    if rest:
        # Committed with hooks switched off: the changed files tell the project. One without a
        # baseline is listed in every project.
        for entry, comparison in zip(rest, find_comparisons(here.repository, rest), strict=True):
            project = comparison.project if isinstance(comparison, Comparison) else here
            found[entry.commit] = project.folder
    return found


def judged(repository: Repository, entries: Sequence[Entry]) -> list[Result]:
    """Judge experiments from their records and their baselines', without the cache.

    The entries were read with their notes.
    """
    parents = list(dict.fromkeys(e.base for e in entries if e.base and e.runs))
    bases = dict.fromkeys(parents, "") | read_notes(repository, RUNS, parents)
    notes = RunNotes(repository, bases | {entry.commit: entry.runs for entry in entries})
    return [Result(entry, partial(_itself, entry), notes) for entry in entries]


def _itself(entry: Entry) -> Entry:
    return entry


def members_of(project: Project, results: Iterable[Result]) -> list[Member]:
    """Experiments as their campaigns count them, beside the protocol of the baseline's tip."""
    members = [member for result in without_replaced(results) if (member := result.member())]
    protocols = protocols_of(project, {member.base for member in members if member.base})
    now = protocols[project.tip]
    return [
        member if protocols.get(member.base, now) == now else member._replace(current=False)
        for member in members
    ]


def place_of_next(project: Project, results: Iterable[Result], metric: str) -> Place:
    """Campaign, place and level of the next experiment on a metric."""
    settings = project.settings
    return next_place(
        members_of(project, results), metric,
        planned=settings.planned, budget=settings.error_budget,
    )  # fmt: skip
