"""The trees under a notes ref, laid out as git does it.

`git notes add` takes one process per note, and syncs each file by itself. Here the notes of all
waiting writers become one commit, in one pack with everything that is new
(docs/decisions/0002-notes.md).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.store.raw_tree import FILE, FOLDER, parse_tree, write_tree

if TYPE_CHECKING:
    from gitexp.store.pack import Pack
    from gitexp.store.reader import Reader

_NIBBLES = 16


class _Level:
    """One folder of a notes tree; `below` are the folders in it that were read."""

    def __init__(self, content: bytes, width: int) -> None:
        self.entries = parse_tree(content, width)
        self.below: dict[bytes, _Level] = {}

    @property
    def fans_out(self) -> bool:
        """Whether notes are in folders named after their first two digits."""
        return bool(self.below) or any(
            mode == FOLDER and len(name) == 2 for name, (mode, _) in self.entries.items()
        )

    def is_crowded(self, length: int) -> bool:
        """Whether git would move the notes here into folders: two for every first digit."""
        first = Counter(name[:1] for name in self.entries if len(name) == length)
        return len(first) == _NIBBLES and min(first.values()) > 1

    def fan_out(self, length: int, width: int) -> None:
        """Move the notes here into folders, as deep as needed."""
        for name in [name for name in self.entries if len(name) == length]:
            folder = self.below.setdefault(name[:2], _Level(b"", width))
            folder.entries[name[2:]] = self.entries.pop(name)
        for folder in self.below.values():
            if folder.is_crowded(length - 2):
                folder.fan_out(length - 2, width)


class NotesTree:
    """The notes under a ref at this moment; `commit` is None if the ref does not exist yet.

    Only the folders on the way to a note are read: three among 100,000 notes.
    """

    def __init__(self, reader: Reader, ref: str, digits: int) -> None:
        self._reader, self._width = reader, digits // 2
        tip = reader.read(ref)
        self.commit = tip.id if tip else None
        # A commit begins with the id of its tree. `ref^{tree}` might be that of a later commit.
        self._id = tip.content[5 : 5 + digits].decode() if tip else ""
        self._root = _Level(self._read(self._id) if tip else b"", self._width)
        self._written: dict[str, bytes] = {}  # notes that are not in the repository yet

    def _read(self, name: str) -> bytes:
        """Read an object that must exist: notes that we took for missing would be overwritten."""
        found = self._reader.read(name)
        if found is None:
            raise _missing(name)
        return found.content

    def _way(self, commit: str) -> Iterator[tuple[_Level, bytes]]:
        """Yield the folders on the way to a note, each with the rest of the note's name."""
        level: _Level | None = self._root
        rest = commit.encode()
        while level is not None:
            yield level, rest
            level, rest = self._inside(level, rest[:2]), rest[2:]

    def _inside(self, level: _Level, name: bytes) -> _Level | None:
        if name not in level.below and level.entries.get(name, (b"", ""))[0] == FOLDER:
            level.below[name] = _Level(self._read(level.entries[name][1]), self._width)
        return level.below.get(name)

    def blobs(self, commit: str) -> list[str]:
        """Return the ids of a commit's notes: it may have several, in folders of other depth."""
        places = [level.entries[rest] for level, rest in self._way(commit) if rest in level.entries]
        return [name for mode, name in places if mode == FILE]

    def note(self, commit: str) -> bytes:
        """Return the text of a note, empty if there is none."""
        if commit in self._written:
            return self._written[commit]
        blobs = self.blobs(commit)  # git shows all of them, too
        texts = list(self._reader.read_notes(blobs, sys.maxsize))
        for name, text in zip(blobs, texts, strict=True):
            if text is None:
                raise _missing(name)
        return b"\n".join(filter(None, texts))

    def set_note(self, commit: str, text: bytes, pack: Pack) -> None:
        """Replace the text of a note; an empty text removes the note."""
        self._written[commit] = text
        for level, rest in self._way(commit):
            level.entries.pop(rest, None)
        if not text:
            return
        self.set_blob(commit, pack.add("blob", text))

    def set_blob(self, commit: str, blob: str) -> None:
        """Add a note whose text is a blob, on a commit without a note."""
        *_, (level, rest) = self._way(commit)
        if level.fans_out:
            folder = level.below[rest[:2]] = _Level(b"", self._width)
            level, rest = folder, rest[2:]
        level.entries[rest] = FILE, blob
        if level.is_crowded(len(rest)):
            level.fan_out(len(rest), self._width)

    def write(self, pack: Pack) -> str:
        """Add all folders that changed to a pack; returns the id of the tree."""
        return _write(self._root, pack, self._id)


def _missing(name: str) -> NotReady:
    return NotReady(
        f"the git object {name}, a part of the notes, is missing",
        "restore what is left of it: gitexp doctor --fix",
    )


def _write(level: _Level, pack: Pack, known: str) -> str:
    for name, folder in level.below.items():
        was = level.entries.pop(name, (b"", ""))[1]
        if folder.entries or folder.below:
            level.entries[name] = FOLDER, _write(folder, pack, was)
    return pack.add("tree", write_tree(level.entries), known)
