"""Several values of one key, as people type them: a list, or a range with a number of steps."""

from __future__ import annotations

import math
import re
import shlex

from gitexp.errors import UsageError
from gitexp.rules.text import counted

MOST_VALUES = 100
_RANGE = re.compile(
    r"\s*(?P<first>[-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*\.\.\s*(?P<last>[-+]?[\d.]+(?:[eE][-+]?\d+)?)"
    r"(?:\s+(?P<scale>log|linear))?(?:\s+(?P<count>\d+))?\s*"
)
_LIKE_RANGE = re.compile(r"[^/\"']*\.\.[^/\"']*")  # and no path
_WHOLE = re.compile(r"[-+]?\d+")
_CLOSING = {"[": "]", "{": "}", "(": ")"}


def split_sweep(text: str) -> tuple[str, tuple[str, ...]]:
    """Split `KEY=1,3,10` or `KEY=1..100 log 5` into its key and the values to set.

    Raises:
        UsageError: it names fewer than two values or too many, or one of them twice.
    """
    key, equals, values = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--sweep {text!r} has no values", "gitexp start --sweep model.C=1,3,10")
    found = _range(values) or tuple(value.strip() for value in split_list(values))
    if "" in found:
        raise UsageError(
            f"--sweep {text!r} has an empty value",
            'write an empty text as "": gitexp start --sweep \'name="",a\'',
        )
    if len(found) < 2 and _LIKE_RANGE.fullmatch(found[0]):
        raise UsageError(
            f"--sweep {text!r} is not a range that can be read",
            "write two numbers and how many values: '1..100 5', or '1..100 log 5' for equal ratios",
        )
    if len(found) < 2:
        raise UsageError(
            f"--sweep {text!r} names only one value",
            f'gitexp start --set {shlex.quote(f"{key.strip()}={found[0]}")} "HYPOTHESIS"',
        )
    if twice := next((value for value in found if found.count(value) > 1), None):
        raise UsageError(f"--sweep {text!r} names {twice} twice", "name each value once")
    if len(found) > MOST_VALUES:
        raise UsageError(
            f"--sweep {text!r} names {len(found)} values, and each is an experiment",
            f"name at most {MOST_VALUES}; start a wide sweep with few values",
        )
    return key.strip(), found


def split_list(text: str) -> list[str]:
    """Parts of a list between its commas, except those within quotes or brackets."""
    parts, start, quote, open_ = [], 0, "", list[str]()
    for at, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter in _CLOSING:
            open_.append(_CLOSING[letter])
        elif open_ and letter == open_[-1]:
            open_.pop()
        elif letter == "," and not open_:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _range(text: str) -> tuple[str, ...]:
    """Values of `1..100 log 5`; () if it is not a range."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return ()
    try:
        first, last = float(found["first"]), float(found["last"])
    except ValueError:
        return ()
    if not found["count"]:
        ends = f"{found['first']}..{found['last']}"
        raise UsageError(
            f"the range {text.strip()} does not say how many values",
            f"put the number last: '{ends} 5', or '{ends} log 5' for equal ratios",
        )
    count, log = int(found["count"][:9]), found["scale"] == "log"
    if not 2 <= count <= MOST_VALUES:
        raise UsageError(
            f"the range {text.strip()} asks for {counted(count, 'value')}, and a sweep has 2 to"
            f" {MOST_VALUES}",
            "put their number last, such as: '1..100 log 5'",
        )
    if not first < last or not math.isfinite(last - first):
        raise UsageError(
            f"the range {text.strip()} does not go up", "put the smaller end first: '1..100 log 5'"
        )
    if log and first <= 0:
        raise UsageError(
            f"the range {text.strip()} cannot have equal ratios: {found['first']} is not above 0",
            "start it above 0, or leave out log",
        )
    steps = [step / (count - 1) for step in range(count)]
    values = [
        first * (last / first) ** step if log else first + (last - first) * step for step in steps
    ]
    if _WHOLE.fullmatch(found["first"]) and _WHOLE.fullmatch(found["last"]):
        return _distinct(text, [str(round(value)) for value in values])
    return _distinct(text, [_short(value) for value in values])


def _short(value: float) -> str:
    """Three digits say which value was meant; a fraction stays a fraction."""
    text = f"{value:.3g}"
    return text if re.search(r"[.en]", text) else f"{text}.0"


def _distinct(text: str, values: list[str]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise UsageError(
            f"the range {text.strip()} has fewer than {len(values)} different values",
            "ask for fewer, or write decimal points if you mean fractions: 1.0..3.0 5",
        )
    return tuple(values)
