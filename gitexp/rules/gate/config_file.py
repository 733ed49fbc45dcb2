"""One declared config file that differs: one line of it may, and in that line one value."""

from __future__ import annotations

import codecs
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.rules.documents.change import Change, ChangeKind, spell_file
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.changed_lines import ChangedLines, compare_lines, without_ending
from gitexp.rules.gate.changed_values import change_before, compare_values
from gitexp.rules.gate.formats.keys import Line
from gitexp.rules.gate.formats.values import ABSENT
from gitexp.rules.gate.several_values import quoted_setting

if TYPE_CHECKING:
    from gitexp.rules.gate.edited import Edited

_REGULAR = ("100644", "100755")
_MODES = {
    "000000": "no file",
    "100644": "a regular file",
    "100755": "an executable file",
    "120000": "a symbolic link",
    "160000": "a submodule",
}
_LFS = b"version https://git-lfs.github.com/spec/"


def inspect_config(file: Edited, baseline: str) -> tuple[list[Change], list[Finding]]:
    """Return the values that differ in a config file, and what is wrong with the edit."""
    findings = _inspect_file(file, baseline)
    before, after = file.before, file.after
    if before is None or after is None or before == after or _is_in_lfs(file):
        return [], findings
    parsed = formats.format_of(file.path) is not None
    if parsed and max(len(before), len(after)) > formats.LARGEST:
        return [], findings + compare_values(file.path, before, after, 1)[1]
    lines = compare_lines(before, after)
    findings += _inspect_endings(file.path, before, after, lines, baseline)
    if parsed:
        changes, said = _inspect_values(file.path, before, after, lines, baseline)
    else:
        changes, said = _inspect_unparsed(file.path, lines, baseline)
    return changes, findings + said


def _inspect_file(file: Edited, baseline: str) -> list[Finding]:
    """C6: what became of the file itself."""
    was, now = (_MODES.get(mode, mode) for mode in (file.old_mode, file.new_mode))
    if file.old_mode != file.new_mode:
        wrong = f"was {was} and is now {now}"
    elif file.new_mode not in _REGULAR:
        wrong = f"is {now}"
    elif file.before is None or file.after is None:
        wrong = f"cannot be read, or has more than {formats.LARGEST:,} bytes"
    elif _is_in_lfs(file):
        wrong = "is in Git LFS, so git does not hold its values"
    else:
        return []
    hint = f"commit that on {baseline} first; or {_restore_hint(file.path, baseline)}"
    if _is_in_lfs(file):
        hint = f"git lfs untrack {shlex.quote(file.path)}, and commit it on {baseline}"
    said = f"{spell_file(file.path)} {wrong}; an experiment changes one value of a regular file"
    return [Finding("C6", said, hint, file.path)]


def _is_in_lfs(file: Edited) -> bool:
    return any(side and side.startswith(_LFS) for side in (file.before, file.after))


def _inspect_endings(
    path: str, before: bytes, after: bytes, lines: ChangedLines, baseline: str
) -> list[Finding]:
    """C5: what became of the ends of lines, and of the mark with which a file may begin."""
    said = []
    if lines.endings:
        said.append((lines.endings, "changed, which is a change of its own"))
    old, new = (side.removeprefix(codecs.BOM_UTF8) for side in (before, after))
    if old != new and len(before) - len(old) != len(after) - len(new):
        said.append(("the byte order mark", "changed, and to some programs it is in the first key"))
    one = lines.after[0] if lines.count == 1 and lines.after else b""
    if one and lines.before and formats.has_bare_texts(path):
        goes_on = [without_ending(line).endswith(b"\\") for line in (lines.before[0], one)]
        if goes_on[0] != goes_on[1]:
            said.append(
                ("a backslash at the end of a line", "lets many programs read on in the next")
            )
    if not formats.knows_its_lines(path) and _is_several(one):
        said.append(("a character inside a line", "is one at which many programs begin another"))
    return [
        Finding(
            "C5",
            f"{spell_file(path)}: {what} {fact}",
            f"change {what} on {baseline} first; or {_restore_hint(path, baseline)}",
            path,
            lines.at,
        )
        for what, fact in said
    ]


def _is_several(line: bytes) -> bool:
    """Whether one line for git is several for programs: Python's open() ends one at a return."""
    return len(without_ending(line).decode("utf-8", "replace").splitlines()) > 1


def _inspect_values(
    path: str, before: bytes, after: bytes, lines: ChangedLines, baseline: str
) -> tuple[list[Change], list[Finding]]:
    """Judge a file that a parser reads: one line differs, and one value."""
    name = spell_file(path)
    changes, findings = compare_values(path, before, after, lines.at, in_one_line=lines.count == 1)
    if len(changes) < 2 and not findings and formats.is_yaml(path):
        from gitexp.rules.gate.two_readings import read_twice  # only for YAML: it takes 3 ms

        findings += read_twice(path, before, after, lines)
    former = change_before(path, before, after) if len(changes) == 1 else None
    if former and str(former) != str(changes[0]):
        changes = [replace(changes[0], formerly=former)]
    if len(changes) == 1 and lines.count > 1:
        said = f"{name}: one value differs, but {lines.count} lines do; an experiment changes one"
        hint = _one_line_hint(changes[0], baseline)
        findings.append(Finding("C3", f"{said} line", hint, path, lines.at))
    if not changes and not findings and lines.count and not lines.endings_only:
        said = "the text differs, but no value does (comment, white space, order or spelling)"
        hint = f"commit formatting on {baseline}; or {_restore_hint(path, baseline)}"
        findings.append(Finding("C4", f"{name}: {said}", hint, path, lines.at))
    return changes, findings


def _inspect_unparsed(
    path: str, lines: ChangedLines, baseline: str
) -> tuple[list[Change], list[Finding]]:
    """Judge a file that no parser reads: one line is one change."""
    name = spell_file(path)
    if lines.endings_only:
        return [], []
    if lines.count > 1:
        said = f"{name}: {lines.count} lines differ; an experiment changes one line"
        hint = f"{_restore_hint(path, baseline)}\nthen edit one line"
        return [], [Finding("C3", said, hint, path, lines.at)]
    before, after = (
        without_ending(side[0]).decode("utf-8", "backslashreplace") if side else ABSENT
        for side in (lines.before, lines.after)
    )
    advice = Finding(
        "C11",
        f"{name}: there is no parser for this format, so lines were compared, not values",
        "make sure that the line holds exactly one value",
        path,
        lines.at,
        advice=True,
    )
    return [Change(path, (Line(lines.at),), before, after, lines.at)], [advice]


def _one_line_hint(change: Change, baseline: str) -> str:
    restore = _restore_hint(change.file, baseline)
    setting = quoted_setting(change.spelled_key, change)
    if change.kind is ChangeKind.REPLACED:
        return f'{restore}\nthen set the value: gitexp start --set {setting} "HYPOTHESIS"'
    hint = (
        f"first commit on {baseline} whatever else the edit needs (a table header, a bracket); the"
        " one line is then the experiment"
    )
    if change.kind is ChangeKind.ADDED:
        hint += (
            f"\nor, if it switches code that you edited, {restore}\n"
            f'and let start add the line: gitexp start --code --set {setting} "HYPOTHESIS"'
        )
    return hint


def _restore_hint(path: str, baseline: str) -> str:
    return f"restore the file: git checkout {baseline} -- {shlex.quote(path)}"
