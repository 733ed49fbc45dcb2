"""Replace a value where it is, and keep every other character."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate.formats.values import same

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key


def replace_value(
    text: str, key: Key, spelled: str, find_value: Callable[[str, Key], tuple[int, int]]
) -> str:
    """Replace the value that `find_value` finds by a spelled one; a byte order mark stays.

    Raises:
        LookupError: there is no value there.
        ValueError: the old value or the new one is not on one line.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    start, end = find_value(text, key)
    if any(line_end in part for part in (text[start:end], spelled) for line_end in "\n\r"):
        raise ValueError("the value spans several lines")
    # `key:` may end right before its missing value.
    gap = " " if start == end and spelled and not text[start - 1 : start].isspace() else ""
    return f"{mark}{text[:start]}{gap}{spelled}{text[end:]}"


def read_back(text: str, key: Key, meant: object, parse: Callable[[str], object]) -> str:
    """Return an edited text if its parser reads the intended value at the key.

    Raises:
        ValueError: it does not, as where a value's text begins a comment.
    """
    try:
        stands = same(value_at(parse(text.removeprefix("\ufeff")), key), meant)
    except (ValueError, LookupError, RecursionError):
        stands = False
    if not stands:
        raise ValueError("it would be read differently there")
    return text


def value_at(document: Any, key: Key) -> Any:  # noqa: ANN401 - parsed data
    """Follow a key through nested tables and lists.

    Raises:
        LookupError: it leads nowhere.
    """
    try:
        for part in key:
            document = document[part]
    except (LookupError, TypeError):
        raise LookupError("there is no single value there") from None
    return document
