"""Tables of text in one compressed line, as outcomes are stored in notes."""

from __future__ import annotations

import base64
import csv
import io
import zlib
from collections.abc import Callable, Mapping, Sequence

# What a line may unpack to: other people's notes are not trusted.
_LARGEST_TEXT = 64 << 20  # bytes
_MOST_CELLS = 8 << 20


def pack_table(columns: Mapping[str, Sequence[str]]) -> str:
    """Compress a table as CSV with one line per column, half the size of one line per row."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # line ends are "\r\n", or a lone "\r" would not be quoted
    for name, texts in columns.items():
        writer.writerow([name, *texts])
    return _pack(text.getvalue())


def unpack_table(data: str) -> dict[str, tuple[str, ...]] | None:
    """Columns of a packed table by name.

    None where it is damaged, too large, or has two columns of the same name.
    """
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.b64decode(data, validate=True), _LARGEST_TEXT)
        if content.count(b",") > _MOST_CELLS:
            return None
        lines = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except (ValueError, zlib.error, csv.Error):
        return None
    if not unpacking.eof or not all(lines):
        return None
    columns = {name: tuple(texts) for name, *texts in lines}
    return columns if len(columns) == len(lines) else None


def edit_packed(text: str, edit: Callable[[str], str]) -> str | None:
    """Edit a compressed text and pack it again; None if it is not one."""
    if not text.startswith(("eA", "eF", "eJ", "eN")):  # how a zlib stream starts in base64
        return None
    unpacking = zlib.decompressobj()
    try:
        packed = base64.b64decode(text, validate=True)
        content = unpacking.decompress(packed, _LARGEST_TEXT).decode()
    except (ValueError, zlib.error):
        return None
    if not unpacking.eof or (edited := edit(content)) == content:
        return text if unpacking.eof else None
    return _pack(edited)


def _pack(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()
