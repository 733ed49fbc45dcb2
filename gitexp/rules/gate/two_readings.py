"""C13: values that YAML 1.1, which PyYAML reads, and YAML 1.2 read differently.

Nobody but the program knows which of them it uses, so what is a change to one alone is refused.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.change import type_name
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import ABSENT, differing, same, spell
from gitexp.rules.gate.formats.yaml_1_1 import spell_for_both

if TYPE_CHECKING:
    from gitexp.rules.gate.changed_lines import ChangedLines

_PYYAML = "YAML 1.1, which PyYAML reads"

# What a line has in which the two may differ, and much more.
_SUSPECT = re.compile(rb"(?i)\b(?:yes|no|on|off)\b|[0-9.][e:]|\b0[0-9ob_]")


def read_twice(path: str, before: bytes, after: bytes, lines: ChangedLines) -> list[Finding]:
    """Find the value that is a change in one reading alone, or else one that differs between them.

    Both versions are valid YAML.
    """
    if not any(map(_SUSPECT.search, (*lines.before, *lines.after))):
        return []
    old, new = formats.read_leaves(path, before), formats.read_leaves(path, after)
    old_11, new_11 = formats.read_as_pyyaml(path, before), formats.read_as_pyyaml(path, after)
    if old_11 is None or new_11 is None:
        return []
    by_12, by_11 = differing(old, new), differing(old_11, new_11)
    for key in (*by_12, *by_11):
        was, now = old.get(key, ABSENT), new.get(key, ABSENT)
        was_11, now_11 = old_11.get(key, ABSENT), new_11.get(key, ABSENT)
        one_only = (key in by_12) != (key in by_11)
        if one_only:
            told = [
                f"changes by {name} ({_typed(before)} -> {_typed(after)})"
                if key in changed
                else f"does not by {name} ({_typed(before)})"
                for name, changed, before, after in (
                    ("YAML 1.2", by_12, was, now),
                    (_PYYAML, by_11, was_11, now_11),
                )
            ]
            message = f"{', and '.join(sorted(told))}"
        elif not same(now, now_11):
            message = f"is {_typed(now)} by YAML 1.2 and {_typed(now_11)} by {_PYYAML}"
        elif not same(was, was_11):
            message = f"was {_typed(was)} by YAML 1.2 and {_typed(was_11)} by {_PYYAML}"
        else:
            continue
        wanted = " or ".join(dict.fromkeys(map(_plainly, (now, now_11))))
        hint = f"write {wanted}, which both read the same"
        found = Finding("C13", f"{spell_key(key)} {message}", hint, path, lines.at)
        return [replace(found, advice=not one_only)]
    return []


def _typed(value: Any) -> str:  # noqa: ANN401 - parsed data
    return spell(value) if value is ABSENT else f"the {type_name(value)} {spell(value)}"


def _plainly(value: Any) -> str:  # noqa: ANN401 - parsed data
    return spell_for_both("", value) if isinstance(value, float) else spell(value)
