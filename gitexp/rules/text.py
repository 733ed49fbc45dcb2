"""Text made safe to show in a terminal and to store in a repository, and words for amounts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from gitexp.errors import UsageError

# Control characters except tab and line feed, and the marks that reverse the order of text.
# Invisible characters such as joiners are left alone: some scripts need them.
UNSAFE = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"


def visible(text: str) -> str:
    """Return text with escapes in place of characters that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON is to show
    """What JSON shows of a value: what its `as_json` returns, else its fields, else its text."""
    if hasattr(value, "as_json"):
        return value.as_json()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


# json.dumps would make one for each line; what is written here has no cycles.
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, default=plain)


def json_line(content: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Write JSON on one line, safe to show."""
    return json_text(_ENCODER.encode(content))


def json_text(text: str) -> str:
    """Return JSON with escapes in place of characters that a terminal would act on."""
    if text.isascii():
        return text
    return re.sub(
        r"[^ -~\n]", lambda c: c[0] if c[0].isprintable() else json.dumps(c[0])[1:-1], text
    )


def demand_plain(text: str, what: str) -> str:
    """Return a text that will be stored as it is.

    Raises:
        UsageError: it contains a character that a terminal would act on.
    """
    if found := re.search(UNSAFE, text):
        message = (
            f"{what} contains {visible(found[0])}, which a terminal acts on instead of showing"
        )
        raise UsageError(message, "remove it")
    return text


def counted(number: int, word: str) -> str:
    """A number with its word, in the plural unless it is one: "1 run", "2,000 runs"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def first_few(texts: Sequence[str], most: int) -> str:
    """The first texts of a list for a sentence, and how many are left out: "a, b and 3 more"."""
    rest = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + rest


def meant(word: str, known: Sequence[str], among: str) -> str:
    """Name the known word that a wrong one may mean, else all of them, which `among` introduces."""
    import difflib  # only where there is an error

    near = difflib.get_close_matches(word, known, 1)
    return f"did you mean {near[0]}?" if near else f"{among} {', '.join(known)}"


def list_commits(commits: Iterable[str], most: int) -> str:
    """Return commit ids for a sentence: short, sorted, each once, and how many are left out."""
    return first_few(sorted({visible(commit[:10]) for commit in commits}), most)


def duration(seconds: float) -> str:
    """A duration as people say it: seconds, minutes, hours or days."""
    if seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 259_200 else f"{seconds / 86400:.0f} days"
