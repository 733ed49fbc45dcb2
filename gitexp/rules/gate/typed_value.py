"""A value typed behind `--set`: what it means where another one is, and what looks mistaken."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import spell_file, type_name
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import Key, spell_key
from gitexp.rules.gate.formats.values import same, spell
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from types import ModuleType

_BOOLEANS = {"true", "false"}
# Words that some language reads as something else than a text.
_CONSTANTS = {"true", "false", "yes", "no", "on", "off", "none", "null", "nan", "inf", "infinity"}
_WORD = re.compile(r"[^\W\d][\w-]*")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_LIST = re.compile(r"[\[({].*|.*\S[,;]\s*\S.*", re.DOTALL)
_WORDS = re.compile(rf"{_WORD.pattern}(?:\s*,\s*{_WORD.pattern})+")
_KINDS = {
    "bool": "boolean", "int": "number", "float": "number", "str": "text",
    "list": "list", "tuple": "list", "dict": "table",
}  # fmt: skip


def spelled_as_meant(typed: str, old: object, form: ModuleType) -> str:
    """Return a typed value as its format writes it; `True` stands for `true` where one is meant."""
    if isinstance(old, bool) and typed.strip().lower() in _BOOLEANS:
        for word in (typed.strip().lower(), typed.strip().capitalize()):
            if isinstance(form.parse_value(word), bool):
                return word
    return typed


def inspect_typed(path: str, key: Key, typed: str, old: object, new: object) -> Finding | None:
    """Refuse a value of another kind than the one that is there, unless it is plainly meant (C14).

    `new` is what the file's format makes of `typed`. C13 refuses what two versions of YAML read
    differently.
    """
    typed, name, sweep = typed.strip(), spell_key(key), ""
    if formats.is_yaml(path) and (found := _read_twice(path, name, typed, new)):
        return found
    if not (_is_mistaken(old, new, typed) or _are_several(path, old, new, typed)):
        return None
    there = f"{name} is the {type_name(old)} {spell(old)}"
    quotable = _can_quote(path)
    if type(old) is type(new) and quotable:
        message = f"{there}, and {visible(typed)} may be one text or several"
    elif type(old) is type(new):
        message = f"{there}, a number, and {visible(typed)} is not one"
    else:
        message = f"{there}, and this would make it the {type_name(new)} {spell(new)}"
    if isinstance(old, bool):
        value = str(not old).lower()
    elif _LIST.fullmatch(typed):
        values = [one.strip() for one in re.split(r"[,;]", typed.strip("[](){}"))]
        value = next((one for one in values if one != old), values[0])
        several = shlex.quote(f"{name}={','.join(values)}")
        sweep = f'\nor each, one experiment a value: gitexp start --sweep {several} "HYPOTHESIS"'
    else:
        value = "VALUE"
    meant = f'edit {spell_file(path)} by hand, then: gitexp start "HYPOTHESIS"'
    if type(old) is type(new) and quotable:
        meant = f'gitexp start --set {shlex.quote(f"{name}={spell(new)}")} "HYPOTHESIS"'
    hint = (
        f"set one {type_name(old)}:"
        f' gitexp start --set {shlex.quote(f"{name}={value}")} "HYPOTHESIS"'
        f"{sweep}"
        f"\nor, if you mean it, {meant}"
    )
    return Finding("C14", message, hint, path)


def _is_mistaken(old: object, new: object, typed: str) -> bool:
    was, now = (_KINDS.get(type(value).__name__) for value in (old, new))
    if was is None or now is None:  # null, a date, an expression
        return False
    if now != "text":
        return was != now and (was != "text" or now in {"list", "table"})
    if was == "text":  # as every value is in INI
        return bool(_NUMBER.fullmatch(str(old)) and _LIST.fullmatch(str(new)))
    quoted = typed[:1] in {'"', "'"}
    named = was == "number" and _WORD.fullmatch(typed) and typed.lower() not in _CONSTANTS
    return not (quoted or named)


def _are_several(path: str, old: object, new: object, typed: str) -> bool:
    """Whether several words were typed where one is, and quotes would say that they are one."""
    one, two = isinstance(old, str) and _WORD.fullmatch(old), isinstance(new, str)
    return bool(one and two and _WORDS.fullmatch(typed)) and _can_quote(path)


def _can_quote(path: str) -> bool:
    """Whether a format tells a text in quotes from the same without."""
    form = formats.format_of(path)
    return form is not None and form.parse_value('"a"') == "a"


def _read_twice(path: str, name: str, typed: str, new: object) -> Finding | None:
    from gitexp.rules.gate.formats.yaml_1_1 import read_plain  # as every format, only where used

    other = read_plain(typed)
    # A number is written so that both read it.
    if typed[:1] in {'"', "'", "[", "{", "!"} or isinstance(new, float) or same(other, new):
        return None
    choices = "\n".join(
        f'gitexp start --set {shlex.quote(f"{name}={spell(value)}")} "HYPOTHESIS"'
        for value in (new, other)
    )
    return Finding(
        "C13",
        f"{typed} is the {type_name(new)} {spell(new)} by YAML 1.2 and the {type_name(other)}"
        f" {spell(other)} by YAML 1.1, which PyYAML reads",
        f"say which:\n{choices}",
        path,
    )
