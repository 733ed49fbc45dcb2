"""Refs of old experiments: archived, restored, kept alive, and packed."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import GitexpError, NotReady
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import is_name
from gitexp.store.experiments import read_noted
from gitexp.store.git_errors import GitFailed, lock_in_the_way
from gitexp.store.kept_pack import DURABLE, merge_packs, packs_abound
from gitexp.store.local import read_json, write_json
from gitexp.store.refs import ARCHIVE, HEADS, KEPT, REMOTE_HEADS
from gitexp.store.writers_lock import contended, move_refs, pack_refs, writing

if TYPE_CHECKING:
    from gitexp.store.repository import Repository

# A ref in a file of its own costs a reader 20 microseconds, and packing costs a writer 2 ms for
# every thousand that are already packed. So the more refs there are, the more may be loose.
_LOOSE, _SHARE = 100, 0.02
_LINE = 70  # bytes of a packed ref
_LOOSE_OBJECTS = 27  # in one of 256 folders; above that, `git gc --auto` packs
_TICK = 1_000_000_000  # nanoseconds in which a folder may change twice and show the same time


def archive_refs(repository: Repository, experiments: Mapping[str, str]) -> None:
    """Move the branches of experiments (name to commit) to the archive, all or none.

    Raises:
        NotReady: a branch has moved, or another experiment has that name in the archive.
    """
    _move(repository, HEADS, ARCHIVE, experiments)


def restore_refs(repository: Repository, experiments: Mapping[str, str]) -> None:
    """Create branches for experiments that are in the archive or only on a remote, all or none.

    Raises:
        NotReady: a branch of that name exists.
    """
    _move(repository, ARCHIVE, HEADS, experiments)


def _move(repository: Repository, source: str, target: str, experiments: Mapping[str, str]) -> None:
    there = repository.branches([source, target])
    lines = []
    for name, commit in experiments.items():
        if there.get(f"{target}{name}") != commit:
            lines.append(f"create {target}{name} {commit}")
        if f"{source}{name}" in there:
            lines.append(f"delete {source}{name} {commit}")
    _update(repository, lines)


def _update(repository: Repository, lines: list[str], *, wait: bool = True) -> None:
    try:
        with writing(repository, wait=wait) as lock:
            if lock is not None:
                move_refs(repository, lines, lock)
    except GitFailed as failure:
        error = contended(failure.stderr) if lock_in_the_way(failure.stderr) else failure
        hint = error.hint or "see what is in the way: gitexp doctor"
        raise NotReady(f"nothing was moved: {error.message}", hint) from None


class SeenRefs(NamedTuple):
    """Refs of experiments with their commits, and their signature from before they were read."""

    signature: list[list[int]]
    refs: dict[str, str]


def archive_deleted(repository: Repository) -> SeenRefs | None:
    """Archive experiments that have results and whose branch was deleted by hand.

    Refs are listed only if any of them changed since the last time, and returned if none of them
    had to move. A repository that cannot be written to is left as it is.
    """
    path, signature = repository.local / "refs.json", refs_signature(repository)
    if read_json(path).get("seen") == signature:
        return None
    refs = repository.branches([HEADS, ARCHIVE, KEPT, REMOTE_HEADS])
    named = {commit for ref, commit in refs.items() if not ref.startswith(KEPT)}
    taken = {ref.rpartition("/")[2] for ref in refs}
    lines = []
    for entry in read_noted(repository, {*refs.values()} - named):
        name = split_message(entry.message)[1].get("Experiment", "")
        # An amended experiment still has its name: the commit before is kept, but not shown.
        if is_name(name) and name not in taken:
            taken.add(name)
            lines.append(f"create {ARCHIVE}{name} {entry.commit}")
    with suppress(GitexpError, OSError):
        if lines:
            _update(repository, lines, wait=False)
        if is_settled(repository):
            write_json(path, {"seen": signature})
    return None if lines else SeenRefs(signature, refs)


def is_settled(repository: Repository) -> bool:
    """Whether refs changed so long ago that another change would show in their signature."""
    return all(time.time_ns() - changed > _TICK for changed, _ in refs_signature(repository))


def refs_signature(repository: Repository) -> list[list[int]]:
    """Return when refs of experiments last changed, and the size of what holds them."""
    places = ["packed-refs", "reftable/tables.list", HEADS, ARCHIVE, KEPT]
    remotes = sorted((repository.common / "refs/remotes").glob("*/exp"))
    found = []
    for place in [*(repository.common / place for place in places), *remotes]:
        with suppress(OSError):
            state = place.stat()
            found.append([state.st_mtime_ns, state.st_size])
    return found


def loose_refs(repository: Repository) -> tuple[int, int]:
    """Count the loose refs of experiments; returns the number, and the number that is too many."""
    folders = (repository.common / prefix for prefix in (HEADS, ARCHIVE, KEPT))
    return sum(map(_count, folders)), _LOOSE + int(
        _SHARE * _size(repository.common / "packed-refs") / _LINE
    )


def loose_objects_abound(repository: Repository) -> bool:
    """Whether git would pack objects; like git, this looks at one folder of 256."""
    return _count(repository.common / "objects" / "17") > _LOOSE_OBJECTS


def tidy(repository: Repository) -> None:
    """Pack refs and objects once many of them are loose, as `git commit` and `git fetch` do.

    If another git holds a lock, a later command does it.
    """
    loose, many = loose_refs(repository)
    with suppress(GitexpError):
        if loose >= many:
            with writing(repository, wait=False) as lock:
                if lock is not None:
                    pack_refs(repository, lock)
        if packs_abound(repository):
            merge_packs(repository)
        if loose_objects_abound(repository):
            words = ("maintenance", "run", "--auto", "--quiet")
            repository.git.run(*DURABLE, *words, allow=(1, 128))


def _count(folder: Path) -> int:
    try:
        return len(os.listdir(folder))  # noqa: PTH208 - three times as fast, at every start
    except OSError:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
