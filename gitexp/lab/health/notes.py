"""Whether stored results can be read and are safe from git's gc, and which still wait."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from functools import partial

from gitexp.lab.health.problem import Problem
from gitexp.lab.log.foreign_lines import count_notes
from gitexp.rules.documents.lines import say_newer
from gitexp.rules.text import counted, list_commits
from gitexp.store.aside import files_aside, read_aside
from gitexp.store.experiments import unreached
from gitexp.store.git_output import one_a_line
from gitexp.store.note_writing import store_aside
from gitexp.store.notes import list_notes
from gitexp.store.refs import BULK, KEPT, LOGS, RUNS
from gitexp.store.repository import Repository

_NAMED = 3  # commits or lines in one sentence


def check_aside(repository: Repository) -> Iterator[Problem]:
    """Find results that could not be stored yet."""
    files = files_aside(repository)
    damaged = [path for path in files if read_aside(path) is None]
    if waiting := len(files) - len(damaged):
        yield Problem(
            "D10",
            f"{counted(waiting, 'result')} could not be stored and {_are(waiting)} kept aside",
            "store what can be stored now: gitexp doctor --fix",
            partial(store_aside, repository),
        )
    for path in damaged:
        yield Problem(
            "D10",
            f"a result that was kept aside cannot be read: {path}",
            f"look at it, then remove it: less {shlex.quote(str(path))}",
        )


def check_notes(repository: Repository) -> Iterator[Problem]:
    """Find lines of notes that gitexp cannot read."""
    newest: dict[int, int] = {}
    for ref in (RUNS, BULK, LOGS):
        bad = []
        for commit, census in count_notes(repository, ref):
            if census.foreign:
                bad.append(commit)
            for schema, count in census.newer.items() if ref == RUNS else ():
                newest[schema] = newest.get(schema, 0) + count
        if bad:
            yield Problem(
                "D11",
                f"{counted(len(bad), 'note')} of {ref} {'has' if len(bad) == 1 else 'have'} lines"
                f" that gitexp did not write and does not read ({_listed(bad)})",
                f"see what is there: git notes --ref={ref} show {bad[0][:10]}",
            )
    if newest:
        yield Problem(
            "D12", say_newer(newest), "read them too: pip install --upgrade gitexp", advice=True
        )


def check_commits(repository: Repository) -> Iterator[Problem]:
    """Find commits with records that are missing, or that git's next gc would drop."""
    noted = list_notes(repository, RUNS)
    kinds = repository.git.text(
        "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=one_a_line(noted)
    )
    gone = [words[0] for line in kinds.splitlines() if (words := line.split())[1] == "missing"]
    if gone:
        yield Problem(
            "D13",
            f"{counted(len(gone), 'commit')} with records {_are(len(gone))} not in this clone"
            f" ({_listed(gone)})",
            "bring the rest of the history: git fetch --unshallow"
            if repository.shallow
            else "bring them from where they were measured: gitexp sync",
        )
    loose = unreached(repository, noted.keys() - {*gone}, "--all")
    if loose:
        yield Problem(
            "D14",
            f"{counted(len(loose), 'commit')} with records {_are(len(loose))} not reachable from"
            f" any ref, so git's next gc would drop {'it' if len(loose) == 1 else 'them'}"
            f" ({_listed(loose)})",
            "keep them alive: gitexp doctor --fix",
            partial(_keep, repository, loose),
        )


def _keep(repository: Repository, commits: set[str]) -> None:
    lines = one_a_line(f"update {KEPT}{commit} {commit}" for commit in sorted(commits))
    repository.git.run("update-ref", "-m", "gitexp", "--stdin", stdin=lines)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _listed(commits: Iterable[str]) -> str:
    return list_commits(commits, _NAMED)
