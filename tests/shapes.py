"""Whether JSON is what the types of docs/shapes.py promise."""

from __future__ import annotations

import enum
import types
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from docs.shapes import FAILURE, fields_of, is_object, printed_by


def demand_shape(words: Sequence[str], content: Any) -> None:  # noqa: ANN401 - parsed JSON
    """What a command line printed under --json must be what is documented, or an error."""
    listed = printed_by(words)
    if isinstance(content, dict) and content.keys() == {"error"}:
        wrong = mismatches(content, FAILURE, "a failure")
    else:
        assert listed is not None, f"docs/shapes.py does not list {' '.join(words)}"
        wrong = mismatches(content, listed.shape, listed.line)
    assert not wrong, "\n".join(wrong[:5])


def mismatches(value: Any, shape: Any, at: str) -> list[str]:  # noqa: ANN401 - JSON and its type
    """Where a value is not of a type, each with its place; a type that is not known is an error."""
    kinds, origin, inner = _PLAIN.get(shape), get_origin(shape), get_args(shape)
    if shape is Any:
        return []
    if kinds is not None:
        is_bool = isinstance(value, bool)
        fits = isinstance(value, kinds) and (is_bool == (shape is bool))
        return [] if fits else _wrong(value, shape, at)
    if origin is Literal:
        return [] if value in inner else _wrong(value, shape, at)
    if origin in {Union, types.UnionType}:
        tried = [mismatches(value, one, at) for one in inner]
        return [] if [] in tried else min(tried, key=len)
    if origin in {list, tuple, Sequence}:
        if not isinstance(value, list):
            return _wrong(value, shape, at)
        return [w for n, one in enumerate(value) for w in mismatches(one, inner[0], f"{at}[{n}]")]
    if origin in {dict, Mapping}:
        if not isinstance(value, dict):
            return _wrong(value, shape, at)
        return [w for key, one in value.items() for w in mismatches(one, inner[1], f"{at}.{key}")]
    if isinstance(shape, type) and issubclass(shape, enum.StrEnum):
        return [] if value in [*shape] else _wrong(value, shape, at)
    assert is_object(shape), f"{at}: {shape} is not a type of JSON"
    return _of_object(value, shape, at)


_PLAIN: dict[Any, tuple[type, ...]] = {
    str: (str,), int: (int,), float: (int, float), bool: (bool,), None: (type(None),),
    type(None): (type(None),),
}  # fmt: skip


def _of_object(value: Any, shape: type, at: str) -> list[str]:  # noqa: ANN401 - parsed JSON
    if not isinstance(value, dict):
        return _wrong(value, shape, at)
    fields = {field.name: field for field in fields_of(shape)}
    found = [f"{at}: {name} is not a field of {shape.__name__}" for name in value.keys() - fields]
    found += [
        f"{at}: {name} of {shape.__name__} is missing"
        for name, field in fields.items()
        if field.required and name not in value
    ]
    for name in value.keys() & fields.keys():
        found += mismatches(value[name], fields[name].type, f"{at}.{name}")
    return found


def _wrong(value: object, shape: object, at: str) -> list[str]:
    return [f"{at}: {value!r:.80} is not {getattr(shape, '__name__', shape)}"]
