"""Two versions of a config in, what the gate makes of them out, short enough for a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.rules.gate import formats
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.keys import keys_at, parse_key, spell_key
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.gate.one_change import inspect

if TYPE_CHECKING:
    from gitexp.rules.gate.formats.keys import Key


def said(file: str, before: str, after: str) -> str:
    """The change as its trailer has it, or the rules that are broken and how many values differ."""
    edited = Edited(file, "100644", "100644", before.encode(), after.encode())
    found = inspect([edited], [file])
    if found.change is not None:
        return str(found.change).removeprefix(f"{file}: ")
    return f"{' '.join(finding.id for finding in found.findings)} {len(found.changes)}"


def leaves(file: str, text: str) -> dict[Key, Any]:
    return formats.read_leaves(file, text.encode())


def spelled_leaves(file: str, text: str) -> dict[str, str]:
    """Keys and values as messages show them."""
    found = leaves(file, text)
    return {spell_key(key): spell(value) for key, value in found.items()}


def set_to(file: str, text: str, key: str, typed: str) -> str:
    """What `--set KEY=VALUE` makes of a text."""
    form: Any = formats.format_of(file)
    (found,) = keys_at(leaves(file, text), parse_key(key))
    edited: str = form.set_value(text, found, form.spell_value(typed))
    return edited
