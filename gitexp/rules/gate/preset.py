"""Write a preset into a config: a table that nothing reads yet, and the key that chooses one.

Two values that only make sense together can then be changed with one line. The rest of the config
stays as it is, and is parsed again to make sure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.new_value import holds, insert_entry, line_gap

_CHOICE, _TABLES = "preset", "presets"
_BARE = re.compile(r"[A-Za-z_][\w-]*|[0-9]+", re.ASCII)


def add_preset(path: str, text: str, name: str, values: Sequence[tuple[Key, str]]) -> str:
    """Add a preset to a config's text; `values` are spelled as its format spells them.

    Raises:
        ValueError: the format cannot hold presets, or there is no place for one in this text.
        LookupError: there is a preset of that name already.
    """
    before = formats.read_leaves(path, text.encode())
    mark, text = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    if any(key[:2] == (_TABLES, name) for key in before):
        raise LookupError(name)
    suffix = path[path.rfind(".") :].lower()
    if suffix not in formats.PRESETS_IN:
        raise ValueError(f"presets are written into {', '.join(formats.PRESETS_IN)} alone")
    write = {".toml": _into_toml, ".json": _into_json}.get(suffix, _into_yaml)
    edited = mark + write(text, name, values, is_first=(_CHOICE,) not in before)
    form = formats.format_of(path)
    wanted = {(_CHOICE,): ""} | before
    wanted.pop((_TABLES,), None)  # an empty table
    for key, spelled in values:
        wanted[_TABLES, name, *key] = form.parse_value(spelled) if form else spelled
    if not holds(path, edited, wanted):
        raise ValueError("a preset cannot be added without changing the rest")
    return edited


def _into_toml(text: str, name: str, values: Sequence[tuple[Key, str]], *, is_first: bool) -> str:
    end = _line_end(text)
    lines = [f"{spell_key(key)} = {spelled}" for key, spelled in values]
    table = end.join([f"[{_TABLES}.{name}]", *lines]) + end
    # Only in the first line is it certain that a key belongs to no table.
    choice = f'{_CHOICE} = ""{end}' if is_first else ""
    return f"{choice}{_ended(text, end)}{end}{table}"


def _into_yaml(text: str, name: str, values: Sequence[tuple[Key, str]], *, is_first: bool) -> str:
    end = _line_end(text)
    preset = f"{name}: {_nested(values, _yaml_name)}"
    begun = re.search(rf"(?m)^{_TABLES}:[ \t]*(?:(\{{)|(?:#.*)?\r?\n([ \t]+)(?=\S))", text)
    if begun is None:
        text = f"{_ended(text, end)}{_TABLES}:{end}  {preset}{end}"
    elif begun[1]:
        text = f"{text[: begun.end()]}{preset}, {text[begun.end() :]}"
    else:
        text = f"{text[: begun.end()]}{preset}{end}{begun[2]}{text[begun.end() :]}"
    # Above the first key, and below comments, directives and the start of a document.
    first = re.search(r"(?m)^(?=[^\s#%.-])", text)
    if first is None or not is_first:
        return text
    return f'{text[: first.start()]}{_CHOICE}: ""{end}{text[first.start() :]}'


def _into_json(text: str, name: str, values: Sequence[tuple[Key, str]], *, is_first: bool) -> str:
    preset = f"{json.dumps(name)}: {_nested(values, json.dumps)}"
    begun = re.search(rf'"{_TABLES}"\s*:\s*\{{', text)
    if begun is not None:
        text = insert_entry(text, begun.end(), preset)
    else:
        gap = line_gap(text, text.index("{") + 1)
        inside = f"{gap}  {preset}{gap}" if gap else preset
        text = insert_entry(text, text.index("{") + 1, f'"{_TABLES}": {{{inside}}}')
    return insert_entry(text, text.index("{") + 1, f'"{_CHOICE}": ""') if is_first else text


def _nested(values: Sequence[tuple[Key, str]], spell: Any) -> str:  # noqa: ANN401 - str -> str
    """Write values as nested tables on one line."""
    tables: dict[str, Any] = {}
    for key, spelled in values:
        inner = tables
        for part in key[:-1]:
            inner = inner.setdefault(str(part), {})
        inner[str(key[-1])] = spelled

    def written(value: Any) -> str:  # noqa: ANN401 - tables of tables
        if isinstance(value, str):
            return value
        inside = ", ".join(f"{spell(part)}: {written(item)}" for part, item in value.items())
        return f"{{{inside}}}"

    return written(tables)


def _yaml_name(part: str) -> str:
    return part if _BARE.fullmatch(part) or part.startswith('"') else json.dumps(part)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _ended(text: str, end: str) -> str:
    return text if text.endswith("\n") or not text else text + end
