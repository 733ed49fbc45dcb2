"""Experiments that git fetched without their results, which no sync has brought yet.

`git clone` and `git fetch` bring branches and no notes. So an experiment that a remote has, and
that no sync has seen there, may have been decided. One that this clone itself gave the remote is
its own: results of it are here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitexp.store.git_output import decode, one_a_line, split_lines
from gitexp.store.refs import FETCHED, HEADS, REMOTE_HEADS, REMOTES, RUNS
from gitexp.store.repository import Repository

_PUSHED = "update by push"  # git's words in the reflog of a branch that it gave a remote


def unsynced(repository: Repository) -> dict[str, str]:
    """Find the commits of these experiments, each with a remote that has it."""
    if not _remotes(repository):
        return {}
    refs = repository.branches([REMOTE_HEADS, FETCHED])
    seen = {commit for ref, commit in refs.items() if ref.startswith(FETCHED)}
    remotes = {
        ref: ref.removeprefix(REMOTES).partition("/exp/")[0]
        for ref in refs
        if ref.startswith(REMOTES)
    }
    here: Mapping[str, str] = {}
    if any(refs[ref] not in seen for ref in remotes) or _is_bare(repository):
        here = repository.branches([HEADS])
    if cloned := _cloned_from(repository):
        refs |= here
        remotes |= dict.fromkeys(here, cloned)
    there = {
        ref: remote
        for ref, remote in remotes.items()
        if refs[ref] not in seen and repository.setting(f"remote.{remote}.url")
    }
    names = {ref.removeprefix(HEADS) for ref in here}
    began = _first_moves(repository, [ref for ref in there if ref.rpartition("/exp/")[2] in names])
    found: dict[str, str] = {}
    for ref, remote in there.items():
        own = ref in began and (ref.startswith(HEADS) or began[ref] == _PUSHED)
        if not own:
            found.setdefault(refs[ref], remote)
    return found


def unshared(repository: Repository) -> list[str]:
    """Find the remotes that results were shared with, but not the newest of this clone."""
    if not _remotes(repository):
        return []
    refs = repository.branches([RUNS, f"{FETCHED}*/{RUNS.removeprefix('refs/')}"])
    here = refs.pop(RUNS, "")
    remotes = {
        ref.removeprefix(FETCHED).removesuffix(f"/{RUNS.removeprefix('refs/')}"): target
        for ref, target in refs.items()
    }
    return [
        remote
        for remote, target in remotes.items()
        if target != here and repository.setting(f"remote.{remote}.url")
    ]


def _is_bare(repository: Repository) -> bool:
    return (repository.setting("core.bare") or "").lower() == "true"


def _cloned_from(repository: Repository) -> str:
    """The remote of which this is a bare clone, "" if it is none, or if others push to it.

    `git clone --bare` makes the remote's branches its own, and fetches none of them again.
    """
    if not _is_bare(repository):
        return ""
    # In a bare repository git keeps no reflog of what is pushed to it, and gitexp does of its own.
    if repository.branches([RUNS]) and not _first_moves(repository, [RUNS]):
        return ""
    named = _remotes(repository)
    return next((one for one in named if not repository.setting(f"remote.{one}.fetch")), "")


def _remotes(repository: Repository) -> list[str]:
    return [
        key.removeprefix("remote.").removesuffix(".url")
        for key in repository.config
        if key.startswith("remote.") and key.endswith(".url")
    ]


def _first_moves(repository: Repository, refs: Iterable[str]) -> dict[str, str]:
    """What git says of the first move of each of these refs that has a reflog."""
    asked = one_a_line(refs)
    if not asked:
        return {}
    # A ref that goes meanwhile makes git give up: then nothing is known to come from here.
    words = ("--walk-reflogs", "--format=%gD%x00%gs", "--stdin")
    said = repository.git.log(*words, stdin=asked, allow=(128,))
    found = {}
    for line in split_lines(decode(said)):  # the newest move of a ref comes first
        selector, _, move = line.partition("\0")
        found[selector.rpartition("@{")[0]] = move
    return found
