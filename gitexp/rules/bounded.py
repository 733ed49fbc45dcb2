"""JSON that fits into a number of characters: lists and texts are cut, losses are counted."""

from __future__ import annotations

from typing import Any

from gitexp.rules.text import json_line

LEFT_OUT = "left_out"
# What one list keeps, and one text, from generous to nothing at all.
_LIMITS = (
    (200, 4000), (100, 2000), (50, 1000), (20, 1000), (10, 500), (5, 500), (3, 300), (2, 200),
    (1, 100), (0, 50),
)  # fmt: skip
_KEYS = 40  # of an object that is shown whole: more are a list by another name


def bounded(content: dict[str, Any], most: int) -> dict[str, Any]:
    """Cut an object until its JSON takes at most `most` characters; one that fits stays as it is.

    A text that was cut ends in an ellipsis. `left_out` counts, by where they were, the items of
    lists and of large objects that are missing.
    """
    if len(json_line(content)) <= most:
        return content
    for items, characters in _LIMITS:
        left: dict[str, int] = {}
        cut = {key: _cut(value, key, items, characters, left) for key, value in content.items()}
        if left:
            cut[LEFT_OUT] = left
        if len(json_line(cut)) <= most:
            return cut
    return {LEFT_OUT: {"everything": len(content)}}


def _cut(value: Any, at: str, items: int, characters: int, left: dict[str, int]) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Cut a value, and count under `at` what it loses."""
    if isinstance(value, str):
        return value if len(value) <= characters else f"{value[:characters]}…"
    if isinstance(value, list | tuple):
        _count(left, at, len(value) - items)
        return [_cut(one, at, items, characters, left) for one in value[:items]]
    if isinstance(value, dict):
        kept = max(items, _KEYS if items else 0)
        _count(left, at, len(value) - kept)
        return {
            key: _cut(one, f"{at}.{key}", items, characters, left)
            for key, one in [*value.items()][:kept]
        }
    return value


def _count(left: dict[str, int], at: str, missing: int) -> None:
    if missing > 0:
        left[at] = left.get(at, 0) + missing
