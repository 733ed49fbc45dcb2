"""Separate an edit with several changes into edits with one change each."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import Change, ChangeKind
from gitexp.rules.gate import formats
from gitexp.rules.gate.changed_lines import split_lines
from gitexp.rules.gate.one_change import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.rules.finding import Finding
    from gitexp.rules.gate.edited import Edited
    from gitexp.rules.gate.one_change import Inspection

_NO_VALUE = {"C4"}  # findings which say that no value differs, so there is nothing to test


@dataclass(frozen=True, slots=True)
class SingleChange:
    """One change out of several, and the file as it is with that change alone."""

    change: Change
    content: bytes


def separate_changes(
    file: Edited, config: Sequence[str], *, seed_key: str = "", baseline: str = "main"
) -> tuple[list[SingleChange], list[Finding]]:
    """Separate a config file's edit by line, and by value where one line holds several values.

    Formatting is left out. Findings say what cannot be an experiment by itself: a renamed key, a
    value that spans lines, the seed.
    """

    def inspect_alone(content: bytes) -> Inspection:
        edited = [file._replace(after=content)]
        return inspect(edited, config, seed_key=seed_key, baseline=baseline)

    parts: list[SingleChange] = []
    findings: list[Finding] = []
    for content in _line_edits(file.before or b"", file.after or b""):
        inspection = inspect_alone(content)
        if inspection.change is not None:
            parts.append(SingleChange(inspection.change, content))
            continue
        for change in inspection.changes if len(inspection.changes) > 1 else ():
            alone = _set_alone(file, change)
            single = inspect_alone(alone) if alone is not None else inspection
            if single.change is None or alone is None:
                findings += single.findings
                break
            parts.append(SingleChange(single.change, alone))
        else:
            if len(inspection.changes) <= 1:
                findings += [f for f in inspection.findings if f.id not in _NO_VALUE]
    return parts, findings


def _line_edits(before: bytes, after: bytes) -> Iterator[bytes]:
    """Apply each edited line by itself; the lines of one block are paired in order."""
    old, new = split_lines(before), split_lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "equal":
            continue
        for step in range(max(last - first, end - start)):
            at = min(first + step, last)
            inserted = new[start + step : start + step + 1] if start + step < end else []
            removed = 1 if first + step < last else 0
            yield b"".join([*old[:at], *inserted, *old[at + removed :]])


def _set_alone(file: Edited, change: Change) -> bytes | None:
    """Make one of several changes by setting its value; None if that is not possible."""
    if file.before is None or file.after is None or change.kind is not ChangeKind.REPLACED:
        return None
    try:
        return formats.copy_value(file.path, change.key, file.after, file.before)
    except (ValueError, LookupError):
        return None
