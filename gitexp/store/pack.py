"""New git objects as one pack, with its index: byte for byte what `git index-pack` makes of it.

A process of git's for that takes as long as all else that stores a run. The formats are those of
`git help gitformat-pack`.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import accumulate

_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_INDEX = b"\xfftOc" + struct.pack(">I", 2)


@dataclass(frozen=True, slots=True)
class PackFiles:
    """A pack and its index; git names both files after the pack's hash."""

    name: str
    pack: bytes
    index: bytes


class Pack:
    """Objects on their way into a repository whose ids have `digits` hexadecimal digits."""

    def __init__(self, digits: int) -> None:
        import hashlib  # loads OpenSSL, which reading notes does not need

        self._hash = hashlib.sha1 if digits == 40 else hashlib.sha256
        self._objects: dict[str, tuple[str, bytes]] = {}

    def add(self, kind: str, content: bytes, known: str = "") -> str:
        """Add an object, unless it is the one already known; returns its id."""
        name = self._hash(f"{kind} {len(content)}\0".encode() + content).hexdigest()
        if name != known:
            self._objects[name] = kind, content
        return name

    def files(self) -> PackFiles:
        """Write the objects one after the other, each compressed by itself."""
        pack = bytearray(b"PACK" + struct.pack(">II", 2, len(self._objects)))
        places = []  # of each object: its id, the checksum of what is written, and where
        for name, (kind, content) in self._objects.items():
            written = _header(_KINDS[kind], len(content)) + zlib.compress(content, 1)
            places.append((bytes.fromhex(name), zlib.crc32(written), len(pack)))
            pack += written
        mark = self._hash(pack).digest()
        index = _index(sorted(places)) + mark
        return PackFiles(mark.hex(), bytes(pack) + mark, index + self._hash(index).digest())


def _header(kind: int, size: int) -> bytes:
    """Write kind and size of an object in a pack: four bits of the size, then seven at a time."""
    octets = [kind << 4 | size & 15]
    size >>= 4
    while size:
        octets[-1] |= 128
        octets.append(size & 127)
        size >>= 7
    return bytes(octets)


def _index(places: list[tuple[bytes, int, int]]) -> bytes:
    """Write how many ids begin with each octet or a lower one, then ids, checksums and places."""
    begin = [0] * 256
    for name, _, _ in places:
        begin[name[0]] += 1
    fan = struct.pack(">256I", *accumulate(begin))
    sums = struct.pack(f">{len(places)}I", *(checksum for _, checksum, _ in places))
    # Signed: from 2 GiB on, places are written in another way, and this is an error.
    at = struct.pack(f">{len(places)}i", *(place for _, _, place in places))
    return _INDEX + fan + b"".join(name for name, _, _ in places) + sums + at
