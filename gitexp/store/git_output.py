"""Parse what git prints: changed paths, commits, and text in any encoding."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class FileChange(NamedTuple):
    """One path that differs between two trees, as `git diff-tree --raw` reports it.

    Modes are git's octal strings, "000000" where the path is absent; ids are blob ids.
    """

    path: str
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str


def parse_raw(out: bytes) -> Iterator[FileChange]:
    """Parse `--raw -z` records."""
    fields = out.split(b"\0")
    for header, path in zip(fields[::2], fields[1::2], strict=False):
        old_mode, new_mode, old_id, new_id, _status = header.lstrip(b"\n:").decode().split(" ")
        yield FileChange(decode(path), old_mode, new_mode, old_id, new_id)


class HistoryEntry(NamedTuple):
    """A commit in a history: its fields, what it changed, and other lines (those of --numstat)."""

    fields: list[str]
    files: list[FileChange]
    others: list[str]


def parse_history(out: bytes, *, fields: int) -> list[HistoryEntry]:
    """Parse `log --raw -z` whose format is a byte 1 and so many fields with NULs between them.

    No text and no path can hold a NUL, but either may look like the start of a commit.
    """
    found: list[HistoryEntry] = []
    rest = iter(out.split(b"\0"))
    for piece in rest:
        line = piece.lstrip(b"\n")
        if line.startswith(b":"):
            found[-1].files.extend(parse_raw(line + b"\0" + next(rest)))
        elif line.startswith(b"\x01"):
            more = islice(rest, fields - 1)
            found.append(HistoryEntry([decode(line[1:]), *map(decode, more)], [], []))
        elif line:
            found[-1].others.append(decode(line))
    return found


class RawCommit(NamedTuple):
    """Parents and message of a commit."""

    parents: tuple[str, ...]
    message: str


def parse_commit(raw: bytes | None) -> RawCommit:
    """Parse a commit as git stores it; None, for one that is not there, is an empty one."""
    head, _, message = (raw or b"").partition(b"\n\n")
    lines = decode(head).split("\n")
    parents = tuple(line.removeprefix("parent ") for line in lines if line.startswith("parent "))
    return RawCommit(parents, decode(message))


def split_lines(text: str) -> list[str]:
    """Split what git printed where git ends a line.

    str.splitlines knows more ends, such as U+2028, which names of refs and messages may hold.
    """
    return text.removesuffix("\n").split("\n") if text else []


def split_fields(out: bytes) -> list[str]:
    """Split what git printed where it ends each field by a zero byte; empty ones are left out."""
    return [field for field in decode(out).split("\0") if field]


def one_a_line(words: Iterable[str]) -> bytes:
    """Write words as git reads them from its standard input."""
    return "".join(f"{word}\n" for word in words).encode(errors="surrogateescape")


def decode(raw: bytes) -> str:
    """Decode what git printed; bytes that are not UTF-8 survive a round trip."""
    return raw.decode("utf-8", "surrogateescape")
