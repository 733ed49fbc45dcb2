"""TOML: read with tomli, edited with tomlkit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from gitexp.rules.formats import Key

ERROR = tomli.TOMLDecodeError


def parse(text: str) -> dict[str, Any]:
    """Parse a document; raises ERROR with line and column in its text."""
    return tomli.loads(text)


def parse_key(text: str) -> tuple[str, ...]:
    """Read a dotted key with optional list indices: `a.b`, `"odd name".x`, `layers[0].size`.

    Indices come back as digits: only the document knows whether `0` is a name or a place.

    Raises:
        ValueError: not a key.
    """
    spread = "".join(f".{part[:-1]}" if part[-1:] == "]" else part for part in _split_indices(text))
    try:
        node: Any = tomli.loads(f"{spread} = 0")
    except tomli.TOMLDecodeError:
        raise ValueError(text) from None
    key: list[str] = []
    while isinstance(node, dict):
        if len(node) != 1:
            raise ValueError(text)
        name, node = next(iter(node.items()))
        key.append(name)
    return tuple(key)


def _split_indices(text: str) -> list[str]:
    """Split `a[0].b` into `a`, `0]`, `.b`; brackets inside quotes are left alone."""
    if '"' in text or "'" in text:
        return [text]
    first, *rest = text.split("[")
    parts = [first]
    for piece in rest:
        index, bracket, tail = piece.partition("]")
        parts += [f"{index}{bracket}", tail]
    return parts


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value as TOML spells it; what TOML cannot read is taken as a plain string."""
    try:
        parsed = tomli.loads(f"value = {text}")
    except tomli.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


def spell_value(text: str) -> str:
    """Spell what a user typed: kept to the letter where it is TOML, quoted where it is not."""
    import tomlkit

    value = parse_value(text)
    return tomlkit.item(text).as_string() if value is text else text.strip()


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    tomlkit keeps comments, quotes and blank space but rewrites some spellings, so it only finds the
    value: the value's own text is then cut out of the line and the new one put in its place.

    Raises:
        KeyError: no such key.
        ValueError: the value is not on one line.
    """
    import tomlkit
    from tomlkit.items import Item

    document: Any = tomlkit.parse(text)
    node, parent = document, document
    for part in key:
        parent, node = node, node[part]
    mark = "gitexp-marks-the-place"
    if not isinstance(node, Item):
        node = parent.item(key[-1])
    value = tomlkit.item(mark)
    value._trivia = node._trivia
    old = node.as_string()
    if "\n" in old or "\r" in old:
        raise ValueError("the value spans several lines")
    parent[key[-1]] = value
    marked = document.as_string()
    before, _, after = marked.partition(f'"{mark}"')
    if not (text.startswith(before) and text.endswith(after)):
        raise ValueError("the value cannot be replaced without rewriting its surroundings")
    return f"{before}{spelled}{after}"
