"""Reads files that may be anything: regular ones only, up to a size, as text."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from gitexp.errors import UsageError
from gitexp.rules.text import visible

MOST_BYTES = 32_000_000
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """Read a file as text, UTF-8 unless it begins with the mark of UTF-16.

    Raises:
        UsageError: it cannot be read, is too large, or is not text.
    """
    name, content = visible(str(path)), _read(path, most + 1)
    if len(content) > most:
        raise UsageError(
            f"{name} is larger than {most / 1e6:g} MB",
            "give it less: the rows of one project, with the header",
        )
    encoding = next((e for mark, e in _ENCODINGS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in content:
            raise _binary(name) from None
        raise UsageError(
            f"{name} is not UTF-8: byte {error.start + 1:,} does not start a character",
            f"convert it first: iconv -f latin1 -t utf-8 {shlex.quote(name)} > utf8.csv",
        ) from None
    if "\0" in text:
        raise _binary(name)
    return text


def _binary(name: str) -> UsageError:
    return UsageError(f"{name} is a binary file, not a table", "give it a .tsv or .csv file")


def _read(path: Path, most: int) -> bytes:
    name = visible(str(path))
    try:
        # A pipe without a writer would block.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UsageError(f"{name} is not a regular file", "save it to a file first")
            return file.read(most)
    except FileNotFoundError:
        raise UsageError(f"there is no file {name}", "name a file: gitexp audit FILE") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"{name} cannot be read: {reason}", "name a file that you may read"
        ) from None
