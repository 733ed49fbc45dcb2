"""Plain scalars as PyYAML reads them, by YAML 1.1, where ruamel.yaml and others follow YAML 1.2.

To PyYAML `off` is false, `010` is 8, `1:30` is 90, and `1e-4` a text: its numbers need a dot, and a
sign in the exponent. Dates stay texts here, as in both readings.
"""

from __future__ import annotations

import math
import re
from typing import Any

from gitexp.rules.gate.formats.values import spell

_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_NULLS = {"", "~", "null"}
_INTEGER = re.compile(
    r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|0([0-7_]+)|([1-9][0-9_]*(?::[0-5]?[0-9])+)"
    r"|(0|[1-9][0-9_]*))"
)
_FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
)
_SIXTIETHS = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES = (2, 16, 8)
_EXPONENT = re.compile(r"([-+]?[0-9][0-9_]*)(\.[0-9_]*)?[eE]([-+]?)([0-9]+)")


def read_plain(text: str) -> Any:  # noqa: ANN401 - parsed data
    """Read a scalar without quotes and tag."""
    as_written = text in {text.lower(), text.upper(), text.capitalize()}
    if as_written and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if as_written and text.lower() in _NULLS:
        return None
    try:
        if found := _INTEGER.fullmatch(text):
            return _integer(*found.groups())
        if _FLOAT.fullmatch(text):
            return float(text.replace("_", ""))
        if _SIXTIETHS.fullmatch(text):
            return _sixtieths(text)
    except ValueError:  # `0b_` and numbers of over 4,300 digits
        return text
    return float(text.lower().replace(".", "")) if _INFINITE.fullmatch(text) else text


def _integer(sign: str, *digits: str | None) -> int:
    *in_bases, sixtieths, decimal = (part and part.replace("_", "") for part in digits)
    number = int(_sixtieths(sixtieths)) if sixtieths else int(decimal or 0)
    for base, part in zip(_BASES, in_bases, strict=True):
        if part is not None:
            number = int(part or "0", base)  # `0_`
    return -number if sign == "-" else number


def _sixtieths(text: str) -> float:
    number = 0.0
    for part in text.replace("_", "").lstrip("+-").split(":"):
        number = number * 60 + float(part)
    return -number if text.startswith("-") else number


def spell_for_both(text: str, value: Any) -> str:  # noqa: ANN401 - parsed data
    """Write a scalar so that both versions of YAML read it as `value`, if possible like `text`."""
    if found := _EXPONENT.fullmatch(text):
        return f"{found[1]}{found[2] or '.0'}e{found[3] or '+'}{found[4]}"
    if not isinstance(value, float):
        return spell(value)
    if not math.isfinite(value):
        return f"{'-' if value < 0 else ''}.{str(value).lstrip('-')}"
    digits, exponent, power = repr(value).partition("e")
    if not exponent:
        return digits
    # Python writes a sign only before a negative exponent.
    return f"{digits}{'' if '.' in digits else '.0'}e{power if power[0] in '+-' else f'+{power}'}"
