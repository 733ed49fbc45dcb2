"""Commit messages: a text, and trailers below it as `git interpret-trailers` reads them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from gitexp.rules.finding import Finding
from gitexp.rules.text import UNSAFE, visible

_TRAILER = re.compile(r"([A-Za-z0-9-]+)\s*:\s?(.*)")
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]*+\n)++")
# Lines among trailers that git itself ignores.
_NO_TRAILERS = ("#", "(cherry picked from commit ")
_UNSAFE = re.compile(UNSAFE)
_NONE: Mapping[str, str] = MappingProxyType({})
_WIDTH = 72  # columns; git log indents messages by four


def write_message(text: str, trailers: Iterable[tuple[str, str]]) -> str:
    """Write a commit message: the text, wrapped where it is one line, and the trailers below it."""
    lines = [f"{token}: {_on_one_line(value)}" for token, value in trailers]
    return f"{wrapped_text(text)}\n\n" + "\n".join(lines) + "\n"


def _on_one_line(value: str) -> str:
    # Spaces inside a line stay: they may belong to a changed value.
    return " ".join(line.strip() for line in value.splitlines() if line.strip())


def wrapped_text(text: str) -> str:
    """A text of one line, broken as commit messages are; one of several lines stays as it is."""
    text = text.strip()
    if "\n" in text:
        return text
    import textwrap  # the hooks, which only read messages, start without it

    # git takes a line that begins with # for a comment, and one with --- for the start of a patch.
    held = re.sub(r"[ \t](?=#|---(?!\S))", "\0", text)
    wrapped = textwrap.fill(held, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return wrapped.replace("\0", " ")


@functools.lru_cache(maxsize=10_000)  # the log reads each message eight times
def split_message(message: str) -> tuple[str, Mapping[str, str]]:
    """Split a commit message into its text and its trailers, a last paragraph of trailers alone.

    The first of two trailers with one token counts, so that nothing appended later replaces it.
    """
    text = message.replace("\r\n", "\n").strip()
    *_, last = _BLANK_LINES.split(text)
    body = text[: len(text) - len(last)].rstrip()
    if not body:
        return text, _NONE
    written: list[tuple[str, str]] = []
    for line in last.split("\n"):
        if matched := _TRAILER.fullmatch(line):
            written.append((_canonical(matched[1]), matched[2].strip()))
        elif line[:1].isspace() and written:
            token, value = written[-1]
            written[-1] = token, f"{value} {line.strip()}".strip()
        elif not line.startswith(_NO_TRAILERS):
            return text, _NONE
    found: dict[str, str] = {}
    for token, value in written:
        found.setdefault(token, value)
    return body, MappingProxyType(found)


@functools.lru_cache(maxsize=256)
def _canonical(token: str) -> str:
    return "-".join(part.capitalize() for part in token.split("-"))


def hypothesis_of(message: str) -> str:
    """Return the first paragraph of a message, on one line."""
    return " ".join(_BLANK_LINES.split(split_message(message)[0], maxsplit=1)[0].split())


def lint_trailers(trailers: Mapping[str, str]) -> list[Finding]:
    """Find trailers with characters that a terminal acts on instead of showing them."""
    if not _UNSAFE.search("".join(trailers.values())):
        return []
    return [
        Finding(
            "T4",
            f"{token} contains {visible(found[0])}, which a terminal acts on instead of showing",
            "git commit --amend, and remove it",
        )
        for token, value in trailers.items()
        if (found := _UNSAFE.search(value))
    ]
