"""Rules about the change itself, once it is known to be the only one.

A new rule about changes is a function here, its entry in the catalogue, and a test.
"""

from __future__ import annotations

import shlex

from gitexp.rules.documents.change import Change, spell_file
from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats.keys import LINES, keys_at, parse_key, spell_key
from gitexp.rules.gate.named_like import by_its_name, is_another_seed
from gitexp.rules.gate.settings_in_text import about_settings
from gitexp.rules.text import first_few

_SHOWN = 8  # values that follow, before the rest is only counted


def about_change(change: Change, seed_key: str) -> list[Finding]:
    """Find what refuses the change of one value, and what is worth advising."""
    found = (
        _changes_seed(change, seed_key) or _changes_measure(change),
        about_settings(change),
        _has_followers(change),
        _is_unread(change),
    )
    return [finding for finding in found if finding is not None]


def _changes_seed(change: Change, seed_key: str) -> Finding | None:
    if not seed_key or not keys_at([change.key, *change.followers], parse_key(seed_key)):
        return None
    return Finding(
        "C8",
        f"{seed_key} is the seed, and every experiment runs on several seeds anyway",
        "change a value that you have a reason to change; repeats vary the seed",
        change.file,
        change.line,
    )


def _changes_measure(change: Change) -> Finding | None:
    """C17: say that by its name the value may decide what is measured, or is one more seed."""
    if not (said := by_its_name(change)):
        return None
    hint = (
        "change a value that you have a reason to change; to let repeats draw this seed, too, set"
        " it from GITEXP_SEED"
        if is_another_seed(change)
        else "if it does, change it on the baseline branch, where all results begin again, and name"
        " in `protect` what measures"
    )
    return Finding("C17", said, hint, change.file, change.line, advice=True)


def _has_followers(change: Change) -> Finding | None:
    """C12: name the values that a YAML alias or merge key makes follow the change."""
    if not change.followers:
        return None
    names = [spell_key(key) for key in change.followers]
    return Finding(
        "C12",
        f"{change.spelled_key} also sets {first_few(names, _SHOWN)}, by an alias or a merge key",
        "if only one of them should change, set that one: gitexp start --set"
        f' {shlex.quote(f"{names[0]}=VALUE")} "HYPOTHESIS"',
        change.file,
        change.line,
        advice=True,
    )


def _is_unread(change: Change) -> Finding | None:
    """C11: say that a line of a script was compared as a line, because it cannot be read."""
    if change.key != (LINES,):
        return None
    return Finding(
        "C11",
        f"{spell_file(change.file)}: what this line does cannot be told without running it (a"
        " substitution, a loop, a condition), so lines were compared, not values",
        "make sure that the line holds exactly one value",
        change.file,
        change.line,
        advice=True,
    )
