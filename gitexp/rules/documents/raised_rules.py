"""Settings of an earlier version get the line `rules = 2`; everything else in their file stays."""

from __future__ import annotations

import re

from gitexp.errors import NotReady
from gitexp.rules.documents.settings import RULES
from gitexp.rules.documents.settings_file import table_of
from gitexp.rules.gate.formats.toml_places import find_values

_LINE_OF_KEY = re.compile(r"[ \t]*(?:[\w\"'-]+[ \t]*\.[ \t]*)*([\w\"'-]+)([ \t]*)=[ \t]*", re.ASCII)


def with_rules(path: str, content: bytes) -> bytes:
    """Return a settings file that asks for the present rules of verdict, laid out as it was.

    Raises:
        NotReady: the line cannot be added without changing something else.
    """
    text = content.decode("utf-8")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    above = ("tool", "gitexp") if path.rpartition("/")[2] == "pyproject.toml" else ()
    values = [
        (key[len(above) :], start, end)
        for key, start, end in find_values(text)
        if key[: len(above)] == above and len(key) == len(above) + 1
    ]
    before = table_of(path, content) or {}
    for key, start, end in values:
        if key == ("rules",):
            edited = f"{mark}{text[:start]}{RULES}{text[end:]}"
            return _demand_same(path, before, edited)
    for _, start, end in reversed(values):
        line = text.rfind("\n", 0, start) + 1
        found = _LINE_OF_KEY.fullmatch(text, line, start)
        if found is None:
            continue  # within an inline table
        # Aligned as the line above is, where its gap says that it is aligned.
        width = len(found[1] + found[2]) - 1 if len(found[2]) > 1 else 0
        key_text = text[line : found.start(1)] + "rules".ljust(width)
        stop = text.find("\n", end)
        newline = "\r\n" if text[stop - 1 : stop] == "\r" else "\n"
        head, tail = (text + newline, "") if stop < 0 else (text[: stop + 1], text[stop + 1 :])
        return _demand_same(path, before, f"{mark}{head}{key_text} = {RULES}{newline}{tail}")
    raise _by_hand(path)


def _demand_same(path: str, before: dict[str, object], edited: str) -> bytes:
    content = edited.encode("utf-8")
    try:
        if table_of(path, content) == before | {"rules": RULES}:
            return content
    except NotReady:
        pass  # said below
    raise _by_hand(path)


def _by_hand(path: str) -> NotReady:
    return NotReady(
        f"{path}: `rules = {RULES}` could not be added to gitexp's settings",
        f"add the line to {path} by hand, and commit it; then: gitexp init",
    )
