"""Say of which experiments a remote may have results that this clone has not."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable

from gitexp.rules.text import counted, visible
from gitexp.store.repository import Repository
from gitexp.store.unsynced import unsynced


def about_missing_results(repository: Repository, commits: Iterable[str]) -> list[str]:
    """Say for each remote of how many of these experiments it may have results."""
    remotes = unsynced(repository)
    numbers = Counter(remotes[commit] for commit in commits if commit in remotes)
    return [
        f"{visible(remote)} may have results of {counted(number, 'experiment')} that are not here:"
        f" {sync_command(remote)}"
        for remote, number in numbers.items()
    ]


def sync_command(remote: str) -> str:
    """The command that brings the results that a remote has."""
    return f"gitexp sync {shlex.quote(remote)}"


def way_to_verdict(repository: Repository, name: str, commit: str) -> str:
    """The command that gets a verdict for an experiment that has none here."""
    remote = unsynced(repository).get(commit)
    return sync_command(remote) if remote else f"gitexp run {name}"
