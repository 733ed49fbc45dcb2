"""TOML: read with tomli; a value is set at its place in the text, all else kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from gitexp.rules.formats import Key

# tomli's own error is one; another comes from Python, for an integer of over 4,300 digits.
ERROR = ValueError

# A bracketed index: outside of quotes, and not in the middle of a name.
_INDEX = r'"(?:[^"\\]++|\\.)*+"|\'[^\']*+\'|\[([0-9]+)\](?=[.\[ \t]|$)'


def parse(text: str) -> dict[str, Any]:
    """Parse a document; raises ERROR with line and column in its text."""
    return tomli.loads(text)


def parse_key(text: str) -> tuple[str, ...]:
    """Read a dotted key with optional list indices: `a.b`, `"odd name".x`, `layers[0].size`.

    Indices come back as digits: only the document knows whether `0` is a name or a place.

    Raises:
        ValueError: not a key.
    """
    spread = re.sub(_INDEX, lambda found: f".{found[1]}" if found[1] else found[0], text)
    try:
        node: Any = tomli.loads(f"{spread} = 0")
    except (ValueError, RecursionError):
        raise ValueError(text) from None
    key: list[str] = []
    while isinstance(node, dict):
        if len(node) != 1:
            raise ValueError(text)
        name, node = next(iter(node.items()))
        key.append(name)
    # `a = 1 #` and a table header before a name would parse too.
    if node != 0 or "\n" in text:
        raise ValueError(text)
    return tuple(key)


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value as TOML spells it; what TOML cannot read is taken as a plain string."""
    try:
        parsed = tomli.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def spell_value(text: str) -> str:
    """Spell what a user typed: kept to the letter where it is TOML, quoted where it is not."""
    import tomlkit

    value = parse_value(text)
    return tomlkit.item(text).as_string() if value is text else text.strip()


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: no value stands there; it may be a table.
        ValueError: the value is not on one line, or the text is not TOML.
    """
    # Hooks only read: what finds places loads where one is looked for.
    from gitexp.rules.formats.toml_places import find_values

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    tomli.loads(text)
    for found, start, end in find_values(text):
        if found == key:
            if "\n" in text[start:end]:
                raise ValueError("the value spans several lines")
            return f"{mark}{text[:start]}{spelled}{text[end:]}"
    raise LookupError("no single value stands there")
