"""TOML: read with tomli; a value is set at its place in the text, all else kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli

from gitexp.rules.gate.formats.place import replace_value

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key

# tomli's own error is one; another comes from Python, for an integer of over 4,300 digits.
ERROR = ValueError


def parse(text: str) -> dict[str, Any]:
    """Parse a document; raises ERROR with line and column in its text."""
    return tomli.loads(text)


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value as TOML spells it; what TOML cannot read is taken as a plain string."""
    try:
        parsed = tomli.loads(f"value = {text}")
        if "#" in text:
            # A comment is no part of a value: it would swallow the bracket.
            tomli.loads(f"value = [{text}]")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def spell_value(text: str) -> str:
    """Spell what a user typed: kept to the letter where it is TOML, quoted where it is not."""
    if parse_value(text) is not text:
        return text.strip()
    import tomlkit

    return str(tomlkit.item(text).as_string())


def find_value(text: str, key: Key) -> tuple[int, int]:
    """First character and end of the value at a key.

    Raises:
        LookupError: no value stands there; it may be a table.
        ValueError: the text is not TOML.
    """
    # Hooks only read: what finds places loads where one is looked for.
    from gitexp.rules.gate.formats.toml_places import find_values

    tomli.loads(text)
    for found, start, end in find_values(text):
        if found == key:
            return start, end
    raise LookupError("no single value stands there")


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: no value stands there; it may be a table.
        ValueError: the value is not on one line, or the text is not TOML.
    """
    return replace_value(text, key, spelled, find_value)
