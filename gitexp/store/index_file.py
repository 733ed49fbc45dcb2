"""The entries of a git index, of version 2, as `git help gitformat-index` describes them."""

from __future__ import annotations

import hashlib
import stat
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HEADER = struct.Struct(">4sII")
_STATE = 40  # bytes: times, device, inode, mode, owner, size
_SUBMODULE = 0o160000
_MODE, _SIZE = slice(24, 28), slice(36, 40)
_LONGEST = 0xFFF  # length of a path, as far as an entry says it
_HASHES = {20: "sha1", 32: "sha256"}  # by the bytes of an id


class IndexEntry(NamedTuple):
    """A tracked path with its mode, the id of its object, and the size that lstat gave."""

    path: str
    mode: int
    id: str
    size: int

    @classmethod
    def parse(cls, raw: bytes, id_bytes: int) -> IndexEntry:
        """Read one entry."""
        fixed = _STATE + id_bytes + 2
        return cls(
            raw[fixed:].rstrip(b"\0").decode("utf-8", "surrogateescape"),
            int.from_bytes(raw[_MODE]),
            raw[_STATE : _STATE + id_bytes].hex(),
            int.from_bytes(raw[_SIZE]),
        )

    def raw(self) -> bytes:
        """Return the entry of a file that was never written, for git to write it."""
        path = self.path.encode("utf-8", "surrogateescape")
        state = bytearray(_STATE)
        state[_MODE] = self.mode.to_bytes(4)
        flags = min(len(path), _LONGEST).to_bytes(2)
        raw = bytes(state) + bytes.fromhex(self.id) + flags + path
        return raw.ljust(_padded_length(len(raw)), b"\0")

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_submodule(self) -> bool:
        """Whether it is the commit of a submodule."""
        return stat.S_IFMT(self.mode) == _SUBMODULE


def raw_entries(content: bytes, id_bytes: int) -> list[bytes]:
    """Split an index whose object ids have `id_bytes` bytes into its entries.

    Raises:
        ValueError: it is damaged, or of another version.
    """
    if len(content) < _HEADER.size:
        raise ValueError("cut off")
    mark, version, count = _HEADER.unpack_from(content)
    if mark != b"DIRC" or version != 2:
        raise ValueError("not an index of version 2")
    at, fixed, found = _HEADER.size, _STATE + id_bytes + 2, []
    for _ in range(count):
        end = content.index(b"\0", at + fixed)
        after = at + _padded_length(end - at)
        found.append(content[at:after])
        at = after
    return found


def index_of(entries: Iterable[bytes], id_bytes: int) -> bytes:
    """Make an index of entries, in any order, and of nothing else."""
    # Zeros follow a path, so that a shorter one comes before those that begin like it.
    ordered = sorted(entries, key=lambda entry: entry[_STATE + id_bytes + 2 :])
    return _signed(_HEADER.pack(b"DIRC", 2, len(ordered)) + b"".join(ordered), id_bytes)


def replace_entries(
    content: bytes, old_ids: Mapping[str, str], entries: Iterable[bytes], id_bytes: int
) -> bytes:
    """Replace entries in an index that `index_of` made, given what ids they have there by path.

    Raises:
        ValueError: the index has no such entry.
    """
    body = bytearray(content[:-id_bytes])
    for entry in entries:
        path = IndexEntry.parse(entry, id_bytes).path
        mark = bytes.fromhex(old_ids[path]) + entry[_STATE + id_bytes :].rstrip(b"\0") + b"\0"
        at = body.index(mark) - _STATE
        body[at : at + len(entry)] = entry
    return _signed(bytes(body), id_bytes)


def _signed(body: bytes, id_bytes: int) -> bytes:
    return body + hashlib.new(_HASHES[id_bytes], body, usedforsecurity=False).digest()


def _padded_length(length: int) -> int:
    """With one to eight zeros, up to a multiple of eight bytes."""
    return (length // 8 + 1) * 8


def submodules_in(content: bytes, id_bytes: int) -> list[IndexEntry]:
    """Return the submodules in an index."""
    mode = _SUBMODULE.to_bytes(4)
    if mode not in content:
        return []
    found = [entry for entry in raw_entries(content, id_bytes) if entry[_MODE] == mode]
    return [IndexEntry.parse(entry, id_bytes) for entry in found]


def files_called(name: str, content: bytes, id_bytes: int) -> list[IndexEntry]:
    """Return the files of a name in an index, in whatever folder."""
    end = name.encode() + b"\0"
    if end not in content:
        return []
    found = [entry for entry in raw_entries(content, id_bytes) if end in entry]
    entries = [IndexEntry.parse(entry, id_bytes) for entry in found]
    return [entry for entry in entries if entry.path.rpartition("/")[2] == name]
