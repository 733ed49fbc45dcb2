"""The gate's core rule: exactly one line of one config file differs, and exactly one value.

A line rule alone lets a third of real one-line replacements through wrongly (renamed keys and
table headers, inline tables with two edits); a value rule alone lets a reformatted file through.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.change import (
    LONGEST_VALUE,
    Change,
    ChangeKind,
    cut,
    cut_alike,
    spell_file,
)
from gitexp.rules.finding import Finding, refusals
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats import ABSENT, Key, Line, Malformed
from gitexp.rules.gate.notebook import is_notebook
from gitexp.rules.gate.paths import is_config, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_REGULAR = ("100644", "100755")
_MODES = {
    "000000": "no file",
    "100644": "a regular file",
    "100755": "an executable file",
    "120000": "a symbolic link",
    "160000": "a submodule",
}
PRESETS_IN = (".toml", ".yaml", ".yml", ".json")  # what gitexp preset can write into
_LFS = b"version https://git-lfs.github.com/spec/"
_SHOWN = 8  # findings about other files, before the rest is only counted


@dataclass(frozen=True, slots=True)
class Edited:
    """A file that differs between baseline and experiment.

    Modes as git writes them ("000000": absent). Contents are raw blobs and only needed for declared
    config files; None where the file is absent or was not read.
    """

    path: str
    old_mode: str
    new_mode: str
    before: bytes | None = None
    after: bytes | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the rule found: the change where there is exactly one, and everything wrong at once.

    `changes` are all values that differ.
    """

    change: Change | None
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...] = ()


def inspect(
    edited: Sequence[Edited],
    config: Sequence[str],
    *,
    seed_key: str = "",
    inert: Sequence[str] = (),
    baseline: str = "main",
) -> Inspection:
    """Judge the files that differ between a baseline and an experiment.

    `config` holds the declared config patterns, `inert` those of files that cannot alter a run,
    `baseline` the name that messages use.
    """
    findings: list[Finding] = []
    others = [file for file in edited if not is_config(file.path, config)]
    findings += _about_others(others, config, inert, baseline)
    changes: list[Change] = []
    for file in edited:
        if is_config(file.path, config):
            found, said = _inspect_config(file, baseline)
            changes += found
            findings += said
    if not findings and not changes:
        findings.append(
            Finding(
                "C10",
                f"nothing differs from {baseline}",
                'change one line: gitexp start --set KEY=VALUE "HYPOTHESIS"',
            )
        )
    if len(changes) > 1:
        findings.append(_several(changes, baseline))
    seed = formats.parse_key(seed_key) if seed_key else ()
    if len(changes) == 1 and seed and formats.keys_at([changes[0].key], seed):
        findings.append(
            Finding(
                "C8",
                f"{seed_key} is the seed: every experiment runs it at several values anyway",
                "change what you have a reason to change; repeats vary the seed by themselves",
                changes[0].file,
                changes[0].line,
            )
        )
    whole = len(changes) == 1 and not refusals(findings)
    return Inspection(changes[0] if whole else None, tuple(findings), tuple(changes))


def _about_others(
    files: Sequence[Edited], config: Sequence[str], inert: Sequence[str], baseline: str
) -> list[Finding]:
    declared = ", ".join(config)
    findings = []
    for file in files[:_SHOWN]:
        gone = file.new_mode == "000000"
        if is_notebook(file.path) and not gone and not matches(file.path, inert):
            findings.append(
                Finding(
                    "N1",
                    f"{spell_file(file.path)} is a notebook, and what runs is scripts",
                    f"jupyter nbconvert --to script {_quoted(file.path)}"
                    f" && git rm --cached -- {_quoted(file.path)}",
                    file.path,
                )
            )
            continue
        verb = "is removed" if gone else "is new" if file.old_mode == "000000" else "differs"
        where = "; it lies outside of this project" if file.path.startswith("/") else ""
        findings.append(
            Finding(
                "C1",
                f"{spell_file(file.path)} {verb}, and only one line of {declared} may differ from"
                f" {baseline}{where}",
                f"commit it on {baseline} first, behind a config line that leaves behaviour as it"
                " is; the experiment then turns that one line",
                file.path,
            )
        )
    if len(files) > _SHOWN:
        findings.append(Finding("C1", f"{len(files) - _SHOWN} more files differ from {baseline}"))
    return findings


def _inspect_config(file: Edited, baseline: str) -> tuple[list[Change], list[Finding]]:
    name = spell_file(file.path)
    findings: list[Finding] = []
    was, now = (_MODES.get(mode, mode) for mode in (file.old_mode, file.new_mode))
    in_lfs = any(side and side.startswith(_LFS) for side in (file.before, file.after))
    wrong = ""
    if file.old_mode != file.new_mode:
        wrong = f"was {was}, is now {now}"
    elif file.new_mode not in _REGULAR:
        wrong = f"is {now}"
    elif file.before is None or file.after is None:
        wrong = f"cannot be read, or has more bytes than a config's {formats.LARGEST:,}"
    elif in_lfs:
        wrong = "is kept by Git LFS, so its values are not in git"
    if wrong:
        findings.append(
            Finding(
                "C6",
                f"{name}: {wrong}; an experiment changes one value of a regular file",
                f"git lfs untrack {_quoted(file.path)}, and commit it on {baseline}"
                if in_lfs
                else f"commit that on {baseline} first; or {_taking_back(file.path, baseline)}",
                file.path,
            )
        )
    if file.before is None or file.after is None or file.before == file.after or in_lfs:
        return [], findings
    parsed = formats.format_of(file.path) is not None
    if parsed and max(len(file.before), len(file.after)) > formats.LARGEST:
        return [], findings + _compare_values(file.path, file.before, file.after, 1)[1]
    lines = _compare_lines(file.path, file.before, file.after, baseline)
    findings += lines.findings
    if not parsed:
        changes, said = _take_line(file.path, lines, baseline)
        return changes, findings + said
    changes, said = _compare_values(file.path, file.before, file.after, lines.at)
    findings += said
    if len(changes) == 1 and lines.count > 1:
        findings.append(
            Finding(
                "C3",
                f"{name}: one value differs, and {lines.count} lines do; an experiment changes"
                " one line",
                _way_to_one_line(changes[0], baseline),
                file.path,
                lines.at,
            )
        )
    if not changes and not said and lines.count and not lines.ends_only:
        findings.append(
            Finding(
                "C4",
                f"{name}: the text differs and no value does (comment, space, order or spelling)",
                f"commit formatting on {baseline}; or {_taking_back(file.path, baseline)}",
                file.path,
                lines.at,
            )
        )
    return changes, findings


def _way_to_one_line(change: Change, baseline: str) -> str:
    if change.kind is not ChangeKind.REPLACED:
        return (
            f"what else the edit needs (a table header, a bracket) goes to {baseline} first; the"
            " one line is the experiment"
        )
    return (
        f"{_taking_back(change.file, baseline)}\nand let the value be set: gitexp start --set"
        f' {_setting(change.spelled_key, change)} "HYPOTHESIS"'
    )


def _taking_back(path: str, baseline: str) -> str:
    return f"take the file back: git checkout {baseline} -- {_quoted(path)}"


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines in which two versions of a file differ."""

    count: int  # lines that differ, a replaced line counted once
    at: int  # 1-based line of the first difference
    before: tuple[bytes, ...]  # from the first line that differs to the last, with their ends
    after: tuple[bytes, ...]
    findings: tuple[Finding, ...]

    @property
    def ends_only(self) -> bool:
        return [_text(line) for line in self.before] == [_text(line) for line in self.after]


def keep_line_end(before: bytes, after: bytes) -> bytes:
    """Give a replaced line the end that it had, where no other line differs.

    Editors end a last line that had no end as soon as they save it.
    """
    start, end = _alike(before, after)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if b"\n" in old[:-1] or b"\n" in new[:-1] or not old or not new or _text(old) == _text(new):
        return after
    return after[:start] + _text(new) + _end(old) + after[len(after) - end :]


def _alike(before: bytes, after: bytes) -> tuple[int, int]:
    """How many bytes at the start and at the end are whole lines that both sides share."""
    shorter = min(len(before), len(after))
    same = _largest(shorter, lambda size: before[:size] == after[:size])
    start = before.rfind(b"\n", 0, same) + 1
    end = _largest(
        shorter - start,
        lambda size: before[len(before) - size :] == after[len(after) - size :],
    )

    def begins_line(side: bytes) -> bool:
        at = len(side) - end
        return at == start or side[at - 1 : at] == b"\n"

    if not (begins_line(before) and begins_line(after)):
        _, found, rest = before[len(before) - end :].partition(b"\n")
        end = len(rest) if found else 0
    return start, end


def _largest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest size up to `most` that fits, found by halves; nothing always does."""
    least = 0
    while least < most:
        size = (least + most + 1) // 2
        least, most = (size, most) if fits(size) else (least, size - 1)
    return least


def _compare_lines(path: str, before: bytes, after: bytes, baseline: str) -> _Lines:
    start, end = _alike(before, after)
    at = before.count(b"\n", 0, start) + 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if (count := max(old.count(b"\n"), new.count(b"\n"))) > formats.LARGEST:
        # Each line of 25 million taken by itself would fill 3 GB.
        return _Lines(count, at, (old,), (new,), ())
    left, right = _lines(old), _lines(new)
    findings = []
    if what := _ends_changed(left, right):
        findings.append(
            Finding(
                "C5",
                f"{spell_file(path)}: {what} changed, which is a change of its own",
                f"change {what} on {baseline} first; or {_taking_back(path, baseline)}",
                path,
                at,
            )
        )
    return _Lines(_count(left, right), at, tuple(left), tuple(right), tuple(findings))


def _ends_changed(left: Sequence[bytes], right: Sequence[bytes]) -> str:
    """Name what became of the ends of lines that are still there; empty where nothing did."""
    if len(left) == len(right):
        ends = [(_end(a), _end(b)) for a, b in zip(left, right, strict=True)]
    else:
        # Which line became which is unknown: only lines with the same text can be told.
        kept = {_text(line): _end(line) for line in left}
        ends = [(kept.get(_text(line), _end(line)), _end(line)) for line in right]
    changed = [pair for pair in ends if pair[0] != pair[1]]
    if not changed:
        return ""
    return "the last newline" if all(b"" in pair for pair in changed) else "line ends"


def _count(left: Sequence[bytes], right: Sequence[bytes]) -> int:
    # First and last line differ, so they are two at least, even where lines only moved.
    gone, come = Counter(left) - Counter(right), Counter(right) - Counter(left)
    return max(gone.total(), come.total(), min(2, max(len(left), len(right))))


def _lines(content: bytes) -> list[bytes]:
    """Lines with their ends; they end at a line feed alone, as git's do."""
    *whole, rest = content.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _end(line: bytes) -> bytes:
    return line[len(_text(line)) :]


def _text(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _take_line(path: str, lines: _Lines, baseline: str) -> tuple[list[Change], list[Finding]]:
    """Judge a file that no parser reads: one line is one change."""
    if lines.ends_only:
        return [], []
    if lines.count > 1:
        return [], [
            Finding(
                "C3",
                f"{spell_file(path)}: {lines.count} lines differ; an experiment changes one line",
                f"{_taking_back(path, baseline)}\nand edit one line",
                path,
                lines.at,
            )
        ]
    before, after = (
        _text(side[0]).decode("utf-8", "backslashreplace") if side else ABSENT
        for side in (lines.before, lines.after)
    )
    advice = Finding(
        "C11",
        f"{spell_file(path)}: no parser for this format, so lines were compared, not values",
        "make sure that the line holds exactly one value",
        file=path,
        line=lines.at,
        advice=True,
    )
    return [Change(path, (Line(lines.at),), before, after, lines.at)], [advice]


def _compare_values(
    path: str, before: bytes, after: bytes, at: int
) -> tuple[list[Change], list[Finding]]:
    sides = []
    for content, name in ((before, " on the baseline"), (after, "")):
        try:
            sides.append(formats.read_leaves(path, content))
        except Malformed as error:
            return [], [
                Finding(
                    "C7",
                    f"{spell_file(path)} does not parse{name}: {error}",
                    "mend the file; nothing was run",
                    path,
                    error.line,
                )
            ]
    old, new = sides
    changes = [
        Change(path, key, old[key], new[key], at)
        for key in old
        if key in new and not formats.same(old[key], new[key])
    ]
    removed = [key for key in old if key not in new]
    added = [key for key in new if key not in old]
    # An empty table or array only holds, and so does YAML's `key:` above its first indented line:
    # filling or emptying it is the key's change, not two.
    above_added, above_removed = _prefixes(added), _prefixes(removed)
    removed, added = (
        [key for key in removed if not (old[key] in ({}, [], None) and key in above_added)],
        [key for key in added if not (new[key] in ({}, [], None) and key in above_removed)],
    )
    if not changes and (renamed := _renamed(path, old, new, removed, added, at)):
        return [], [renamed]
    changes += [Change(path, key, old[key], ABSENT, at) for key in removed]
    changes += [Change(path, key, ABSENT, new[key], at) for key in added]
    return changes, []


def _prefixes(keys: Sequence[Key]) -> set[Key]:
    return {key[:length] for key in keys for length in range(len(key))}


def _renamed(
    path: str,
    before: Mapping[Key, Any],
    after: Mapping[Key, Any],
    removed: Sequence[Key],
    added: Sequence[Key],
    at: int,
) -> Finding | None:
    """Find that one key or table moved to another name with all that it holds."""
    if not removed or len(removed) != len(added):
        return None
    old, new = removed[0], added[0]
    # What the two ends have in common is not part of the name that changed.
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    moved = all(
        a[: len(old)] == old and b == new + a[len(old) :] and formats.same(before[a], after[b])
        for a, b in zip(removed, added, strict=True)
    )
    if not moved:
        return None
    if any(key[: len(old)] == old for key in after) or any(
        key[: len(new)] == new for key in before
    ):
        # Both tables were and are there: keys moved, from one to the other.
        old, new = removed[0], added[0]
        if len(removed) > 1:
            return None
    thing, more = "key", ""
    if len(old) < len(removed[0]):
        thing = "table"
        more = f" (with its {len(removed)} key{'' if len(removed) == 1 else 's'})"
    return Finding(
        "C9",
        f"{spell_file(path)}: the {thing} {formats.spell_key(old)} is renamed"
        f" {formats.spell_key(new)}{more}; that removes one and adds another",
        "rename on the baseline, together with the code that reads it; then change its value",
        path,
        at,
    )


def _several(changes: Sequence[Change], baseline: str) -> Finding:
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
        for before, after in [cut_alike(formats.spell(change.before), formats.spell(change.after))]
    ]
    if len(changes) > _SHOWN:
        listed.append(f"  and {len(changes) - _SHOWN} more")
    split = "\n".join(
        f'  gitexp start --set {_setting(key, change)} "HYPOTHESIS"'
        for key, change in zip(keys[:2], changes, strict=False)
        if change.kind is ChangeKind.REPLACED and not isinstance(change.key[0], Line)
    )
    return Finding(
        "C2",
        f"{', '.join(map(spell_file, files))}: {len(changes)} values differ from {baseline}, and an"
        " experiment changes one\n" + "\n".join(listed),
        (f"split it, one experiment each:\n{split}" if split else "split it, one experiment each")
        + _together(keys, changes),
        changes[0].file,
        changes[0].line,
    )


def _together(keys: Sequence[str], changes: Sequence[Change]) -> str:
    """Spell out the way for values that only make sense together: a preset, then one line."""
    if len(changes) > _SHOWN or any(one.kind is not ChangeKind.REPLACED for one in changes):
        return ""
    writable = len({change.file for change in changes}) == 1 and not any(
        isinstance(part, int) for change in changes for part in change.key
    )
    if not writable or not changes[0].file.lower().endswith(PRESETS_IN):
        return (
            "\nor, if they only make sense together: put them under one name on the baseline, which"
            " nothing reads yet; the experiment is the one line that chooses it"
        )
    settings = " ".join(_setting(*pair) for pair in zip(keys, changes, strict=False))
    return (
        "\nor, if they only make sense together, as one preset and one line that chooses it:\n"
        f"  gitexp preset NAME {settings}\n"
        '  gitexp start --set preset=NAME "HYPOTHESIS"\n'
        "  (gitexp preset prints the few lines that a program needs which reads no presets yet)"
    )


def _setting(key: str, change: Change) -> str:
    spelled = formats.spell(change.after)
    return _quoted(f"{key}={spelled if len(spelled) <= LONGEST_VALUE else 'VALUE'}")


def _quoted(word: str) -> str:
    """Quote a word for a POSIX shell, for commands that people paste."""
    if word and all(c.isalnum() or c in "@%+=:,./-_" for c in word) and word.isascii():
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
