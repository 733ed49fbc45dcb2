"""Git settings that make git hide, overwrite, copy or refuse to merge notes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial

from gitexp.lab.health.problem import Problem
from gitexp.lab.setup.installation import show_verdicts
from gitexp.store.refs import BULK, LOGS, RUNS, VERDICTS
from gitexp.store.repository import Repository


def check_display(repository: Repository) -> Iterator[Problem]:
    """Find out whether `git log` shows verdicts."""
    shown = repository.config.get("notes.displayref", ())
    if repository.top is not None and not any(fnmatchcase(VERDICTS, pattern) for pattern in shown):
        yield Problem(
            "D6",
            "git log does not show verdicts in this clone",
            f"show them: git config --add notes.displayRef {VERDICTS}",
            partial(show_verdicts, repository),
        )


def check_fetches(repository: Repository) -> Iterator[Problem]:
    """Find fetch specs that make a plain `git fetch` overwrite results that were not pushed."""
    for key, values in repository.config.items():
        remote = re.fullmatch(r"remote\.(.+)\.fetch", key, re.DOTALL)
        for value in values if remote else ():
            _, _, target = value.partition(":")
            if not value.startswith("+") or not _touches_notes(target):
                continue
            unset = ("config", "--local", "--fixed-value", "--unset-all", key, value)
            broad = fnmatchcase("refs/heads/main", target)
            yield Problem(
                "D7",
                f"git fetch would overwrite results that are not pushed yet: {key} is {value}",
                "this repository is a mirror; work in an ordinary clone: git clone"
                if broad
                else f"remove it; gitexp sync fetches notes without loss: git {shlex.join(unset)}",
                None if broad or not _is_local(repository, key, value)
                else partial(repository.git.run, *unset),
            )  # fmt: skip


def check_rewriting(repository: Repository) -> Iterator[Problem]:
    """Find settings that make git copy results to commits that never ran."""
    for value in repository.config.get("notes.rewriteref", ()):
        if not _touches_notes(value):
            continue
        unset = ("config", "--local", "--fixed-value", "--unset-all", "notes.rewriteRef", value)
        local = _is_local(repository, "notes.rewriteref", value)
        yield Problem(
            "D8",
            "git copies results to amended and rebased commits, which never ran: notes.rewriteRef"
            f" is {value}",
            f"remove it: git {shlex.join(unset)}"
            if local
            else "remove it where it is set: git config --show-origin --get-all notes.rewriteRef",
            partial(repository.git.run, *unset) if local else None,
        )


def _touches_notes(pattern: str) -> bool:
    return any(fnmatchcase(ref, pattern) for ref in (VERDICTS, RUNS, BULK, LOGS))


def _is_local(repository: Repository, key: str, value: str) -> bool:
    there = repository.git.text("config", "--local", "--get-all", key, allow=(1,))
    return value in there.splitlines()


def check_merging(repository: Repository) -> Iterator[Problem]:
    """Find a merge of notes that was started by hand and not finished."""
    places = [repository.common, *(repository.common / "worktrees").glob("*")]
    if any((place / "NOTES_MERGE_PARTIAL").exists() for place in places):
        yield Problem(
            "D9",
            "a merge of notes was started by hand and not finished, and git refuses the next one",
            "leave the notes as they are: git notes merge --abort",
        )
