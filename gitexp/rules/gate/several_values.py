"""C2: several values differ; the finding shows them, and the commands that separate them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from gitexp.rules.documents.change import (
    LONGEST_VALUE,
    Change,
    ChangeKind,
    cut,
    cut_alike,
    spell_file,
)
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import Line
from gitexp.rules.gate.formats.values import spell

_AS_PRESET = (
    "or, if they only make sense together, as one preset and one line that chooses it:\n"
    "  gitexp start --preset NAME {}\n"
    '  gitexp start --set preset=NAME "HYPOTHESIS"\n'
    "  (the first prints the few lines to add to a program that does not read presets yet)"
)
_SHOWN = 8  # values, before the rest is only counted


def refuse_several(changes: Sequence[Change], baseline: str) -> Finding:
    """Refuse several values, with a command for each and one for all of them as a preset."""
    files = list(dict.fromkeys(change.file for change in changes))
    keys = [
        f"{spell_file(change.file)}:{spelled}" if len(files) > 1 else spelled
        for change in changes[:_SHOWN]
        for spelled in [change.spelled_key]
    ]
    width = max(len(cut(key)) for key in keys)
    listed = [
        f"  {cut(key):{width}}  {before} -> {after}"
        for key, change in zip(keys, changes, strict=False)
        for before, after in [cut_alike(spell(change.before), spell(change.after))]
    ]
    if len(changes) > _SHOWN:
        listed.append(f"  and {len(changes) - _SHOWN} more")
    split = "\n".join(
        f'  gitexp start --set {quoted_setting(key, change)} "HYPOTHESIS"'
        for key, change in zip(keys[:2], changes, strict=False)
        if change.kind is ChangeKind.REPLACED and not isinstance(change.key[0], Line)
    )
    return Finding(
        "C2",
        f"{', '.join(map(spell_file, files))}: {len(changes)} values differ from {baseline}, and an"
        " experiment changes one\n" + "\n".join(listed),
        (f"split it, one experiment each:\n{split}" if split else "split it, one experiment each")
        + _preset_hint(keys, changes),
        changes[0].file,
        changes[0].line,
    )


def refuse_settings(settings: Sequence[str]) -> Finding:
    """Refuse several values typed as KEY=VALUE."""
    words = [shlex.quote(setting) for setting in settings]
    split = "\n".join(f'  gitexp start --set {word} "HYPOTHESIS"' for word in words)
    return Finding(
        "C2",
        f"{len(words)} values are set, and an experiment changes one",
        f"split it, one experiment each:\n{split}\n{_AS_PRESET.format(' '.join(words))}",
    )


def _preset_hint(keys: Sequence[str], changes: Sequence[Change]) -> str:
    """Say how to change values that only make sense together: a preset, then one line."""
    if len(changes) > _SHOWN or any(one.kind is not ChangeKind.REPLACED for one in changes):
        return ""
    writable = len({change.file for change in changes}) == 1 and not any(
        isinstance(part, int) for change in changes for part in change.key
    )
    if not writable or not changes[0].file.lower().endswith(formats.PRESETS_IN):
        return (
            "\nor, if they only make sense together: put them under one name on the baseline that"
            " nothing reads yet; the experiment is then the one line that chooses it"
        )
    settings = " ".join(quoted_setting(*pair) for pair in zip(keys, changes, strict=False))
    return "\n" + _AS_PRESET.format(settings)


def quoted_setting(key: str, change: Change) -> str:
    """Return KEY=VALUE for a shell; a very long value is left for you to fill in."""
    spelled = spell(change.after)
    return shlex.quote(f"{key}={spelled if len(spelled) <= LONGEST_VALUE else 'VALUE'}")
