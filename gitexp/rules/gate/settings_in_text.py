"""C18: a text that holds several settings, of which more than one differs."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from gitexp.rules.documents.change import Change
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats

_SHOWN = 5  # settings, before the rest is only counted
_LONGEST = 100_000  # characters of a text that is read
_WORDS = re.compile(r"[\s,;&?|{}]+")
_SIGN = re.compile(r"(?<=\w)(?:\s*=\s*|:\s+)")  # between a name and its value
_NAMED = re.compile(r"(--?[A-Za-z][\w.-]*|[A-Za-z_][\w.-]*)[=:](.*)")
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")


def about_settings(change: Change) -> Finding | None:
    """Tell where a changed text is several settings: command-line flags, assignments or JSON."""
    old, new = (settings_in(_whole(change, value)) for value in (change.before, change.after))
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    # What takes the place of another kind of text is one decision.
    other_text = (isinstance(change.before, str) and change.before and not old) or (
        isinstance(change.after, str) and change.after and not new
    )
    if len(keys) < 2 or other_text:
        return None
    shown = ", ".join(keys[:_SHOWN]) + " ..." * (len(keys) > _SHOWN)
    return Finding(
        "C18",
        f"the text of {change.spelled_key} holds several settings, and {len(keys)} of them differ:"
        f" {shown}",
        "the verdict will be about all of them together; change one at a time, or give each a line"
        " of its own on the baseline",
        change.file,
        change.line,
        advice=True,
    )


def _whole(change: Change, value: object) -> object:
    """A value with its key, where what follows it in its line was read as a part of it."""
    if not isinstance(value, str) or not formats.has_bare_texts(change.file):
        return value
    bare = value.strip("'\"")
    is_first = bare == value and not bare.startswith(("-", "{")) and ("=" in bare or "," in bare)
    return f"{change.key[-1]}={bare}" if is_first else bare


def settings_in(value: object) -> dict[str, Any]:
    """Settings by name in a text; none if it is anything else.

    They are flags (`--lr 0.1`), assignments (`lr=0.1`, `lr: 0.1`), JSON or a dict of Python.
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        return {}
    if value.lstrip().startswith("{"):
        import ast  # no other text waits for it

        for read in (json.loads, ast.literal_eval):
            with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
                table = read(value.strip())
                return table if isinstance(table, dict) else {}
    found: dict[str, Any] = {}
    flag = ""
    for word in filter(None, _WORDS.split(_SIGN.sub(lambda sign: sign[0].strip(), value))):
        if named := _NAMED.fullmatch(word):
            flag = ""
            found[named[1]] = named[2]
        elif _FLAG.fullmatch(word):
            flag = word
            found[flag] = ""
        elif flag:
            found[flag] += f" {word}"
        elif found:
            return {}  # prose with an equals sign
    return found
