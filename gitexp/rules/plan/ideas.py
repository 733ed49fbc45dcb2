"""A plan file: one idea a line, as a JSON object, with what `gitexp start` takes as options."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from gitexp.errors import UsageError
from gitexp.rules.plan.options import Options
from gitexp.rules.text import meant

MOST_IDEAS = 1000
_LONGEST = 100_000  # bytes of a line
_TOLD = 20  # wrong lines that are named
_EXAMPLE = '{"hypothesis": "X raises Y because Z", "set": "model.C=10", "gain": 0.01}'
_TEXTS = ("hypothesis", "set", "expect", "evidence", "cost", "despite")
_NUMBERS = ("gain", "chance")
_KEYS = (*_TEXTS, *_NUMBERS, "guards")


@dataclass(frozen=True, slots=True)
class Idea:
    """An experiment that is to be registered; `line` is its place in a plan file, from 1.

    Where it does not `set` a value, the edit in the work tree is its change.
    """

    hypothesis: str
    set: str | None
    options: Options = field(default_factory=Options)
    line: int = 0


def parse_ideas(content: bytes, name: str) -> list[Idea]:
    """Read a plan file; blank lines are skipped.

    Raises:
        UsageError: a line is not an idea, or there is none; the message says which line and why.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = content[: error.start].count(b"\n") + 1
        raise UsageError(f"{name}, line {at}: not UTF-8", "save the file as UTF-8") from None
    ideas, wrong = list[Idea](), list[str]()
    # Not splitlines(): JSON text may hold the other characters at which it splits.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                ideas.append(_idea(number, line))
            except ValueError as error:
                wrong.append(f"{name}, line {number}: {error}")
    if wrong:
        more = [f"and {len(wrong) - _TOLD} more lines"] if len(wrong) > _TOLD else []
        raise UsageError("\n".join([*wrong[:_TOLD], *more]), f"for example: {_EXAMPLE}")
    if not ideas:
        raise UsageError(f"{name} contains no idea", f"write one per line: {_EXAMPLE}")
    if len(ideas) > MOST_IDEAS:
        raise UsageError(
            f"{name} has {len(ideas)} ideas, but at most {MOST_IDEAS} can be registered at once",
            "put the best ones first, and leave the rest for later",
        )
    return ideas


def _idea(number: int, line: str) -> Idea:
    if len(line) > _LONGEST:
        raise ValueError(f"it has {len(line)} characters; at most {_LONGEST} are allowed")
    try:
        found = json.loads(line, parse_constant=_no_number, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg}, at character {error.colno}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - told to the user as such
    for key, value in found.items():
        _check(key, value)
    for key in ("hypothesis", "set"):
        if not found.get(key, "").strip():
            raise ValueError(f'it has no "{key}"')
    hypothesis, set_, guards = found.pop("hypothesis"), found.pop("set"), found.pop("guards", ())
    guards = (guards,) if isinstance(guards, str) else tuple(guards)
    return Idea(hypothesis, set_, Options(**found, guards=guards), number)


def _check(key: str, value: Any) -> None:  # noqa: ANN401 - parsed data
    if key in _TEXTS:
        right, wanted = isinstance(value, str), "text"
    elif key in _NUMBERS:
        right, wanted = type(value) in (int, float), "a number"
    elif key == "guards":
        items = value if isinstance(value, list) else [value]
        right, wanted = all(isinstance(one, str) for one in items), "a list of texts"
    else:
        known = meant(key, _KEYS, "keys are")
        raise ValueError(f"{json.dumps(key)} is not a key of an idea; {known}")
    if not right:
        raise ValueError(f'"{key}" must be {wanted}, not {json.dumps(value)[:60]}')


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")
