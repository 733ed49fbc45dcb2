"""Which of two lines of a note its ref held first, by the ref's own history."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from gitexp.store.git import RAW
from gitexp.store.git_output import decode, parse_history

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from gitexp.store.repository import Repository

_DEEPEST = 4  # folders of a notes tree; git begins a level at about 256 notes


class LineOrder(Enum):
    """How the history of a note puts two lines."""

    FIRST = "first"  # the one was there when the other came
    SECOND = "second"
    MERGED = "merged"  # they were written side by side, and met in a merge
    UNKNOWN = "unknown"  # one commit brought both, or the history is gone


class HeldOrder(NamedTuple):
    """The commits that brought each line into a note; a line may come on several branches."""

    repository: Repository
    came: Mapping[str, frozenset[str]]

    def of(self, one: str, other: str) -> LineOrder:
        """Order of two lines."""
        first, second = self.came.get(one, frozenset()), self.came.get(other, frozenset())
        if not first or not second or first & second:
            return LineOrder.UNKNOWN
        if any(all(self._before(a, b) for b in second) for a in first):
            return LineOrder.FIRST
        if any(all(self._before(b, a) for a in first) for b in second):
            return LineOrder.SECOND
        return LineOrder.MERGED

    def _before(self, one: str, other: str) -> bool:
        return self.repository.git.succeeds("merge-base", "--is-ancestor", one, other)


def held_order(
    repository: Repository, ref: str, noted: str, lines_of: Callable[[str], Collection[str]]
) -> HeldOrder:
    """Read when lines came into a note; `lines_of` picks those that matter out of its text.

    Two git processes, and one more for each pair that is compared. As long as the ref's history is,
    so ask only where a note has lines that exclude each other.
    """
    out = repository.git.log(
        "-m", "--full-history", "--root", *RAW, "--format=%x01%H %P", ref, "--", *_paths(noted),
        allow=(128,),
        environment={"GIT_LITERAL_PATHSPECS": "0"},  # paths from the top, wherever this runs
    )  # fmt: skip
    parents: dict[str, int] = {}
    changes: dict[str, list[tuple[str, str]]] = {}
    for (head,), files, _ in parse_history(out, fields=1):
        commit, *above = head.split()
        parents[commit] = len(above)
        old = new = ""
        for file in files:
            # A note that moves to another folder is lost by one path and found by the other.
            old = file.old_id if file.old_id.strip("0") else old
            new = file.new_id if file.new_id.strip("0") else new
        changes.setdefault(commit, []).append((old, new))
    blobs = list(dict.fromkeys(b for both in changes.values() for pair in both for b in pair if b))
    contents = repository.git.objects(blobs)
    lines = {
        blob: frozenset(lines_of(decode(content or b"")))
        for blob, content in zip(blobs, contents, strict=True)
    }
    nothing: frozenset[str] = frozenset()
    came: dict[str, set[str]] = {}
    for commit, pairs in changes.items():
        if len(pairs) < parents[commit]:
            continue  # one of its parents has the very same note
        added = lines.get(pairs[0][1], nothing)
        for line in added.difference(*(lines.get(before, nothing) for before, _ in pairs)):
            came.setdefault(line, set()).add(commit)
    return HeldOrder(repository, {line: frozenset(commits) for line, commits in came.items()})


def _paths(noted: str) -> list[str]:
    """Where a notes tree may hold the note of a commit: folders of two digits come as it grows."""
    paths = []
    for cut in range(0, 2 * _DEEPEST, 2):
        folders = [noted[at : at + 2] for at in range(0, cut, 2)]
        paths.append(f":(top,literal){'/'.join([*folders, noted[cut:]])}")
    return paths
