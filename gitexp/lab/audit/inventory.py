"""Everything that a repository holds about experiments: branches, notes, the baseline's history.

`log` starts from branches, so it does not list what no branch names. Here notes are listed first:
a record is found even if its commit was amended, rebased, or dropped by its branch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.lab.log.acceptance import Acceptance, read_acceptances
from gitexp.lab.log.results import entries_of, judged
from gitexp.lab.projects.project import Project
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import is_name
from gitexp.rules.documents.record import Record, made_by, parse_records
from gitexp.rules.documents.registration import parse_message
from gitexp.rules.text import visible
from gitexp.store.experiments import Entry, read_experiments, read_noted, unreached
from gitexp.store.git_output import decode
from gitexp.store.notes import list_notes
from gitexp.store.refs import ARCHIVE, HEADS, RUNS, VERDICTS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result


@dataclass(frozen=True, slots=True)
class Inventory:
    """Experiments and notes of a repository.

    `results` are the experiments that a ref names, `absorbed` those that are part of the baseline
    and have no branch any more, `lost` those that no experiment's ref holds any more. `stray` are
    commits with records that registered nothing and that no ref reaches, `missing` are ids of
    commits with notes that are not in this clone. `entries` are all commits with notes that are
    here, `verdicts` the texts of their verdict notes, `refs` maps refs of experiments to commits.
    `unread` are commits whose records git has lost: their note names an object that is missing.
    `merged` are commits of experiments that are part of the baseline, `reverted` are commits that
    it reverted, `chain` has the age of the baseline's first-parent commits, 0 at the tip.
    """

    project: Project
    results: tuple[Result, ...]
    absorbed: tuple[Result, ...]
    lost: tuple[Result, ...]
    stray: tuple[Entry, ...]
    missing: tuple[str, ...]
    entries: Mapping[str, Entry]
    verdicts: Mapping[str, str]
    refs: Mapping[str, str]
    unread: frozenset[str]
    merged: frozenset[str]
    acceptances: tuple[Acceptance, ...]
    reverted: frozenset[str]
    chain: Mapping[str, int]

    @property
    def cut(self) -> frozenset[str]:
        """Commits at which a shallow clone ends; they only seem to have no baseline."""
        shallow = self.project.repository.shallow
        return frozenset(r.entry.commit for r in self.held if shallow and not r.entry.parents)

    @property
    def held(self) -> tuple[Result, ...]:
        """Experiments that count: those that a ref or the baseline branch holds."""
        return self.results + self.absorbed


def read_inventory(project: Project) -> Inventory:
    """Read everything; about ten git processes, whatever the number of experiments."""
    repository = project.repository
    every = read_experiments(repository)
    experiments = entries_of(project, every)
    runs, verdicts = list_notes(repository, RUNS), list_notes(repository, VERDICTS)
    live = {entry.commit: entry for entry in experiments}
    noted = (runs.keys() | verdicts.keys()) - {entry.commit for entry in every}
    read = {entry.commit: entry for entry in read_noted(repository, sorted(noted))}
    others = {commit: entry for commit, entry in read.items() if _is_of(project, entry)}
    registered = [e for e in others.values() if parse_message(e.message)[0] is not None]
    results = judged(repository, [*experiments, *registered])
    acceptances, reverted = read_acceptances(project, *_heads(project)[1:])
    accepted = {acceptance.experiment for acceptance in acceptances}
    off = unreached(repository, [*live, *others], *_heads(project))
    heads = repository.branches([HEADS, ARCHIVE, "refs/remotes/*/exp/*"])
    archived = {commit for ref, commit in heads.items() if ref.startswith(ARCHIVE)}
    gone = results[len(experiments) :]
    # An archived experiment may share its name with a branch, which hides it from the log.
    kept = archived | accepted | (others.keys() - off)
    silent = {
        commit
        for commit, entry in others.items()
        if own_records(project, entry) and parse_message(entry.message)[0] is None
    } & off
    texts = repository.git.objects(list(verdicts.values()))
    return Inventory(
        project=project,
        results=tuple(results[: len(experiments)]),
        absorbed=tuple(result for result in gone if result.entry.commit in kept),
        lost=tuple(result for result in gone if result.entry.commit not in kept),
        stray=tuple(others[c] for c in sorted(unreached(repository, silent, *_ANY))),
        missing=tuple(sorted(noted - read.keys())),
        entries=live | others,
        verdicts={
            commit: decode(text or b"").strip("\n")
            for commit, text in zip(verdicts, texts, strict=True)
        },
        refs=heads,
        unread=frozenset(runs.keys() - _readable(repository, runs)),
        merged=frozenset((live.keys() | {e.commit for e in registered}) - off),
        acceptances=acceptances,
        reverted=reverted,
        chain=_chain(project) if acceptances else {},
    )


def _readable(repository: Repository, notes: Mapping[str, str]) -> set[str]:
    there = repository.git.sizes(list(notes.values()))
    return {commit for commit, blob in notes.items() if blob in there}


def _is_of(project: Project, entry: Entry) -> bool:
    """Whether a commit registers nothing, or an experiment of this project and no other here."""
    trailers = split_message(entry.message)[1]
    return "Experiment" not in trailers or project.prefix.rstrip("/") == trailers.get("Project", "")


# Not --all: that counts the checkouts of runs, too.
_ANY = ("--branches", "--remotes", "--tags", f"--glob={ARCHIVE}*")


def _heads(project: Project) -> tuple[str, str]:
    """The baseline branch, here and on remotes: it may not have been pulled yet."""
    return project.tip, f"--glob=refs/remotes/*/{project.baseline}"


def _chain(project: Project) -> dict[str, int]:
    out = project.repository.git.text("rev-list", "--first-parent", project.tip)
    return {commit: age for age, commit in enumerate(out.splitlines())}


def own_records(project: Project, entry: Entry) -> list[Record]:
    """Records in a commit's note that the commit itself made, by the project's command."""
    return made_by(parse_records(entry.runs), entry.commit, project.folder)


def name_of(result: Result) -> str:
    """Name of an experiment for a command line: its branch's, which may have been renamed."""
    return result.entry.name if is_name(result.entry.name) else registered_name(result)


def registered_name(result: Result) -> str:
    """The name that an experiment's message has; a placeholder if it has no valid one."""
    name = result.registration.name if result.registration else result.entry.name
    return name if is_name(name) else "NAME"


def label_of(result: Result) -> str:
    """What to call an experiment, with or without a branch."""
    entry, registration = result.entry, result.registration
    if entry.ref or registration is None:
        return f"exp/{visible(entry.name)}"
    return f"exp/{visible(registration.name)} ({entry.commit[:8]})"


def gated(results: Iterable[Result]) -> list[Result]:
    """Experiments with records of runs that passed the gate, and so count in their campaign."""
    return [result for result in results if any(not record.explore for record in result.records)]
