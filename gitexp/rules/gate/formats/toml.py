"""TOML: read with tomli; a value is replaced in the text, which else stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli

from gitexp.rules.gate.formats.place import replace_value

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key

# tomli's own error is a ValueError; Python raises another for integers of over 4,300 digits.
ERROR = ValueError


def parse(text: str) -> dict[str, Any]:
    """Parse a document; raises ERROR with line and column in its text."""
    return tomli.loads(text)


def parse_value(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a value as TOML; a text that is not TOML is a plain string."""
    try:
        parsed = tomli.loads(f"value = {text}")
        if "#" in text:
            # A comment is not part of a value: it would swallow the bracket.
            tomli.loads(f"value = [{text}]")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def spell_value(text: str) -> str:
    """Spell a typed value: unchanged if it is TOML, else quoted."""
    if parse_value(text) is not text:
        return text.strip()
    import tomlkit  # 20 ms to load, and only for a text that has to be quoted

    return str(tomlkit.item(text).as_string())


def find_value(text: str, key: Key) -> tuple[int, int]:
    """Return where the value at a key starts and ends.

    Raises:
        LookupError: there is no value there; it may be a table.
        ValueError: the text is not TOML.
    """
    # Hooks only read values, so they need not load what finds them in the text.
    from gitexp.rules.gate.formats.toml_places import find_values

    tomli.loads(text)
    for found, start, end in find_values(text):
        if found == key:
            return start, end
    raise LookupError("there is no single value there")


def set_value(text: str, key: Key, spelled: str) -> str:
    """Replace the value at an existing key and keep every other character.

    Raises:
        LookupError: there is no value there; it may be a table.
        ValueError: the value is not on one line, or the text is not TOML.
    """
    return replace_value(text, key, spelled, find_value)
