"""The code commits below experiments, and whether messages and parents agree on them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitexp.lab.projects.experiment_name import amend_hint
from gitexp.rules.documents.code_commit import CODE, code_trailers, is_code_commit
from gitexp.rules.documents.message import split_message
from gitexp.rules.finding import Finding
from gitexp.rules.text import visible
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.store.experiments import Entry


class CodeCommits:
    """The code commits below experiments, read in two git processes however many there are."""

    def __init__(self, repository: Repository, entries: Sequence[Entry]) -> None:
        self._repository = repository
        self._read: dict[str, Entry] = {}
        named = [one for one in entries if CODE in split_message(one.message)[1]]
        self._add(parent for one in named for parent in one.parents)
        # A code commit on another one is refused.
        self._add(parent for one in [*self._read.values()] for parent in one.parents)

    def below(self, entry: Entry, *, unnamed: bool = False) -> Entry | None:
        """The code commit that an experiment stands on, None if it stands on none.

        One that the experiment's message does not name is found only where `unnamed` ones are
        asked for: reading the parents of all experiments would take a git process more.
        """
        if len(entry.parents) != 1:
            return None
        if unnamed:
            self._add(entry.parents)
        found = self._read.get(entry.parents[0])
        return found if found is not None and is_code_commit(found.message) else None

    def findings(self, entry: Entry, code: Entry | None) -> tuple[Finding, ...]:
        """What is wrong with an experiment's code commit, and with what its message says of it."""
        if is_code_commit(entry.message):
            return (_without_experiment(entry),)
        trailers = split_message(entry.message)[1]
        if code is None:
            if CODE not in trailers:
                return ()
            said = f"the trailer Code says {visible(trailers[CODE])}, but that is not its parent"
            hint = amend_hint(entry.name, "remove the trailers Code and Base")
            return (Finding("T2", said, hint),)
        below = code.parents[0] if len(code.parents) == 1 else ""
        if not below or (below in self._read and is_code_commit(self._read[below].message)):
            return (_several(entry),)
        return tuple(
            Finding(
                "T2",
                f"the trailer {token} says {visible(trailers.get(token, 'nothing'))}, but the"
                f" {what} is {right[:10]}",
                amend_hint(entry.name, f"write: {token}: {right}"),
            )
            for (token, right), what in zip(
                code_trailers(code.commit, below), ("code commit", "baseline"), strict=True
            )
            if trailers.get(token) != right
        )

    def _add(self, commits: Iterable[str]) -> None:
        new = [("", commit) for commit in dict.fromkeys(commits) if commit not in self._read]
        if new:
            from gitexp.store.experiments import read_commits  # the pre-commit hook needs none

            self._read |= {entry.commit: entry for entry in read_commits(self._repository, new)}


def _without_experiment(entry: Entry) -> Finding:
    branch = shlex.quote(f"exp/{visible(entry.name)}")
    return Finding(
        "A4",
        f"exp/{visible(entry.name)} ends in a code commit, and no experiment changes the config on"
        " it",
        f'git switch {branch} && git reset --soft HEAD~ && gitexp start --code "HYPOTHESIS"',
    )


def _several(entry: Entry) -> Finding:
    return Finding(
        "A3",
        f"exp/{visible(entry.name)} stands on more than one code commit",
        "join them into one commit on the baseline:"
        f' gitexp start --code-from {shlex.quote(f"exp/{visible(entry.name)}")} "HYPOTHESIS"',
    )
