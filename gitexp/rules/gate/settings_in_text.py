"""C18: a text that holds several settings, of which more than one differs."""

from __future__ import annotations

import json
import re
from typing import Any

from gitexp.rules.documents.change import Change
from gitexp.rules.finding import Finding

_SHOWN = 5  # settings, before the rest is only counted
_LONGEST = 2_000  # characters of a text that is read
_WORDS = re.compile(r"[\s,;]+")
_NAMED = re.compile(r"(--?[A-Za-z][\w.-]*|[A-Za-z_][\w.-]*)=(.*)")
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")


def about_settings(change: Change) -> Finding | None:
    """Tell where a changed text is several settings: command-line flags, assignments or JSON."""
    old, new = settings_in(change.before), settings_in(change.after)
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


def settings_in(value: object) -> dict[str, Any]:
    """Settings by name in a text; none if it is anything else.

    Flags may stand apart from their values (`--lr 0.1`), assignments may not (`lr=0.1`).
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        return {}
    if value.lstrip().startswith("{"):
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}
    found: dict[str, Any] = {}
    flag = ""
    for word in filter(None, _WORDS.split(value)):
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
