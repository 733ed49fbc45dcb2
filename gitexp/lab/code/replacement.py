"""An experiment whose code was replaced: the commits before, and whether they allow it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitexp.rules.documents.code_commit import CODE, REPLACES
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.registration import parse_message
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.text import visible
from gitexp.store.experiments import read_commits
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, HEADS, RUNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitexp.lab.log.result import Result
    from gitexp.rules.documents.registration import Registration
    from gitexp.store.experiments import Entry
    from gitexp.store.repository import Repository

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def shown_by(repository: Repository, commits: Sequence[str]) -> str:
    """What full runs of some commits showed, so that nothing may take their place; empty: none."""
    # Hooks need no records, as few experiments replace anything.
    from gitexp.rules.verdict.replacing import what_it_showed

    runs, bulk = (read_notes(repository, ref, commits) for ref in (RUNS, BULK))
    found = (what_it_showed(runs.get(c, ""), bulk.get(c, ""), c) for c in commits)
    return next(filter(None, found), "")


def against_replacement(repository: Repository, entry: Entry, registration: Registration) -> str:
    """What speaks against the commits that an experiment says it replaces; empty if nothing.

    Each of them is the same registration on other code, and none has shown anything.
    """
    commits = registration.replaces
    if not commits:
        return "" if REPLACES not in dict(registration.extra) else "it names no commit"
    wrong = [c for c in commits if not _ID.fullmatch(c) or c == entry.commit]
    if wrong or len({*commits}) < len(commits):
        return f"{visible((wrong or commits)[0][:40])} is not an earlier commit"
    if None in repository.git.objects(commits, largest=LARGEST):
        return "one of the commits is not here"
    ref = f"{HEADS}{registration.name}"
    mine = _apart_from_code(entry.message)
    olds = read_commits(repository, [(ref, commit) for commit in commits])
    if len(olds) < len(commits):
        return "one of them is not a commit"
    for at, old in enumerate(olds):
        earlier = parse_message(old.message)[0]
        if earlier is None or CODE not in dict(earlier.extra):
            return f"{old.commit[:10]} is not an experiment on a code commit"
        if _apart_from_code(old.message) != mine:
            return f"{old.commit[:10]} is not the same registration"
        if earlier.replaces != commits[at + 1 :]:
            return f"{old.commit[:10]} replaces other commits"
    return shown_by(repository, commits)


def replaced_among(repository: Repository, entries: Iterable[Entry]) -> set[str]:
    """Which of some commits have given their place to others of them, as the gate allows."""
    by_commit = {entry.commit: entry for entry in entries}
    found: set[str] = set()
    for entry in by_commit.values():
        registration = parse_message(entry.message)[0]
        if registration is None or by_commit.keys().isdisjoint(registration.replaces):
            continue
        if not against_replacement(repository, entry, registration):
            found.update(registration.replaces)
    return found & by_commit.keys()


def without_replaced(results: Iterable[Result]) -> list[Result]:
    """Experiments without those commits whose place another has taken, by running.

    Only a commit that gave no score can be replaced, whatever a message says.
    """
    listed = list(results)
    by_commit = {result.commit: result for result in listed}
    gone = {
        commit
        for result in listed
        if result.replaces and result.registration and result.ran
        for commit in result.replaces
        if commit in by_commit and _gave_place(by_commit[commit], result.registration)
    }
    return [result for result in listed if result.commit not in gone] if gone else listed


def _gave_place(old: Result, registration: Registration) -> bool:
    before = old.registration and old.registration._replace(extra=())
    return before == registration._replace(extra=()) and not old.summary.seconds


def _apart_from_code(message: str) -> tuple[list[list[str]], dict[str, str]]:
    """A registration without what names its code: the words of each paragraph, and trailers.

    A line that somebody typed is wrapped when the message is written again.
    """
    text, trailers = split_message(message)
    words = [paragraph.split() for paragraph in _BLANK_LINES.split(text)]
    return words, {k: v for k, v in trailers.items() if k not in {CODE, REPLACES}}
