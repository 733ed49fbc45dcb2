"""What is read of a note that is too large to have been written by gitexp alone.

Anybody who may push can make a note of a gigabyte. Of such a note only the lines are kept that have
the shape of gitexp's, and it is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitexp.store.git_output import decode

LARGEST_NOTE = 16 << 20  # bytes; a note up to here is read as it is
MOST_LINES = (
    100_000  # of a note; a baseline that is measured every minute has as many in two months
)


def sift(pieces: Iterable[bytes], most: int = MOST_LINES) -> bytes:
    """Return the first `most` lines that gitexp wrote, of a note that comes in pieces."""
    from gitexp.rules.documents.lines import LONGEST_LINE, parse_line  # hooks read no such notes

    kept: list[bytes] = []
    for line in _lines(pieces, LONGEST_LINE):
        if len(kept) < most and line.startswith(b"{") and parse_line(decode(line)) is not None:
            kept.append(line)
    return b"\n".join(kept)


def _lines(pieces: Iterable[bytes], longest: int) -> Iterator[bytes]:
    """Split pieces into lines, and leave out those that are too long."""
    begun: list[bytes] = []
    length = 0
    for piece in pieces:
        first, *others = piece.split(b"\n")
        length += len(first)
        if length <= longest:
            begun.append(first)
        if others:
            if length <= longest:
                yield b"".join(begun)
            *whole, last = others
            yield from whole
            begun, length = [last], len(last)
    if length <= longest:
        yield b"".join(begun)
