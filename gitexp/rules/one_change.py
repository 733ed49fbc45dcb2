"""The gate's core rule: exactly one line of one config file differs, and exactly one value.

A line rule alone lets a third of real one-line replacements through wrongly (renamed keys and
table headers, inline tables with two edits); a value rule alone lets a reformatted file through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules import formats
from gitexp.rules.finding import Finding
from gitexp.rules.formats import ABSENT, Key, Malformed
from gitexp.rules.paths import is_config

if TYPE_CHECKING:
    from collections.abc import Sequence

_REGULAR = "100644"
_MODES = {
    "000000": "no file",
    "100644": "a regular file",
    "100755": "an executable file",
    "120000": "a symbolic link",
    "160000": "a submodule",
}
_SHOWN = 8  # findings about other files, before the rest is only counted
_LONGEST_VALUE = 120  # characters of one value in a Change trailer


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
class Change:
    """The one value that differs; `before` or `after` is ABSENT for an added or removed key."""

    file: str
    key: Key
    before: Any
    after: Any
    line: int | None = None

    def __str__(self) -> str:
        before, after = (_cut(formats.spell(value)) for value in (self.before, self.after))
        return f"{self.file}: {formats.spell_key(self.key)} = {before} -> {after}"

    @property
    def kind(self) -> str:
        """Type change in words ("integer to float"), empty where the type stayed."""
        if ABSENT in (self.before, self.after) or type(self.before) is type(self.after):
            return ""
        return f"{_type_name(self.before)} to {_type_name(self.after)}"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the rule found: the change where there is exactly one, and everything wrong at once."""

    change: Change | None
    findings: tuple[Finding, ...]


def inspect(
    edited: Sequence[Edited], config: Sequence[str], *, seed_key: str = "", baseline: str = "main"
) -> Inspection:
    """Judge the files that differ between a baseline and an experiment.

    `config` holds the declared config patterns, `baseline` the name that messages use.
    """
    findings: list[Finding] = []
    others = [file for file in edited if not is_config(file.path, config)]
    findings += _about_others(others, config, baseline)
    changes: list[Change] = []
    for file in edited:
        if is_config(file.path, config):
            found, said = _inspect_config(file, baseline)
            changes += found
            findings += said
    if not edited:
        findings.append(
            Finding(
                "C10",
                f"nothing differs from {baseline}",
                'change one line: gitexp start --set KEY=VALUE "HYPOTHESIS"',
            )
        )
    if len(changes) > 1:
        findings.append(_several(changes, baseline))
    if len(changes) == 1 and seed_key and formats.spell_key(changes[0].key) == seed_key:
        findings.append(
            Finding(
                "C8",
                f"{seed_key} is the seed: every experiment runs it at several values anyway",
                "change what you have a reason to change; repeats vary the seed by themselves",
                changes[0].file,
                changes[0].line,
            )
        )
    whole = len(changes) == 1 and not findings
    return Inspection(changes[0] if whole else None, tuple(findings))


def _about_others(files: Sequence[Edited], config: Sequence[str], baseline: str) -> list[Finding]:
    declared = ", ".join(config)
    findings = []
    for file in files[:_SHOWN]:
        if file.path.lower().endswith(".ipynb"):
            findings.append(
                Finding(
                    "N1",
                    f"{file.path} is a notebook, and what runs is scripts",
                    f"jupyter nbconvert --to script {_quoted(file.path)}",
                    file.path,
                )
            )
            continue
        verb = {"000000": "is new"}.get(file.old_mode) or {"000000": "is removed"}.get(
            file.new_mode, "differs"
        )
        findings.append(
            Finding(
                "C1",
                f"{file.path} {verb}, and only one line of {declared} may differ from {baseline}",
                f"commit it on {baseline} first, behind a config line that leaves behaviour as it"
                " is; the experiment then turns that one line",
                file.path,
            )
        )
    if len(files) > _SHOWN:
        findings.append(Finding("C1", f"{len(files) - _SHOWN} more files differ from {baseline}"))
    return findings


def _inspect_config(file: Edited, baseline: str) -> tuple[list[Change], list[Finding]]:
    findings: list[Finding] = []
    if file.old_mode != file.new_mode:
        was, now = (_MODES.get(mode, mode) for mode in (file.old_mode, file.new_mode))
        findings.append(
            Finding(
                "C6",
                f"{file.path}: was {was}, is now {now}; an experiment changes a value only",
                f"commit that on {baseline} first",
                file.path,
            )
        )
    if file.before is None or file.after is None:
        return [], findings
    if file.before == file.after:
        return [], findings
    lines = _compare_lines(file.path, file.before, file.after, baseline)
    findings += lines.findings
    if formats.format_of(file.path) is None:
        if lines.count == 1:
            findings.append(
                Finding(
                    "C11",
                    f"{file.path}: no parser for this format: lines were compared, values not",
                    file=file.path,
                    line=lines.at,
                    advice=True,
                )
            )
        return [], findings
    changes, said = _compare_values(file.path, file.before, file.after, lines.at)
    findings += said
    if len(changes) == 1 and lines.count > 1:
        findings.append(
            Finding(
                "C3",
                f"{file.path}: one value differs, and {lines.count} lines do; an experiment changes"
                " one line",
                f"git checkout {baseline} -- {_quoted(file.path)}, then:"
                f' gitexp start --set {formats.spell_key(changes[0].key)}=VALUE "HYPOTHESIS"',
                file.path,
                lines.at,
            )
        )
    if not changes and not said and lines.count and not lines.ends_only:
        findings.append(
            Finding(
                "C4",
                f"{file.path}: the text differs and no value does (comment, space, order or"
                " spelling)",
                f"commit formatting on {baseline}; an experiment changes one value",
                file.path,
                lines.at,
            )
        )
    return changes, findings


@dataclass(frozen=True, slots=True)
class _Lines:
    count: int  # lines that differ, a replaced line counted once
    at: int | None  # 1-based line of the first difference
    ends_only: bool
    findings: tuple[Finding, ...]


def _compare_lines(path: str, before: bytes, after: bytes, baseline: str) -> _Lines:
    old, new = _lines(before), _lines(after)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    findings = []
    ends = [(_end(a), _end(b)) for a, b in zip(left, right, strict=False)]
    if len(left) == len(right) and any(a != b for a, b in ends):
        what = "the last newline" if any(b"" in pair for pair in ends) else "line ends"
        findings.append(
            Finding(
                "C5",
                f"{path}: {what} changed, which is a change of its own",
                f"keep {what} as on {baseline}, or change {what} there first",
                path,
                head + 1,
            )
        )
    same_text = [_text(line) for line in left] == [_text(line) for line in right]
    return _Lines(max(len(left), len(right)), head + 1, same_text, tuple(findings))


def _lines(content: bytes) -> list[bytes]:
    """Lines with their ends; they end at a line feed alone, as git's do."""
    *whole, rest = content.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _end(line: bytes) -> bytes:
    return line[len(_text(line)) :]


def _text(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _compare_values(
    path: str, before: bytes, after: bytes, at: int | None
) -> tuple[list[Change], list[Finding]]:
    sides = []
    for content, name in ((before, "on the baseline"), (after, "")):
        try:
            sides.append(formats.read_leaves(path, content))
        except Malformed as error:
            return [], [
                Finding(
                    "C7",
                    f"{path} does not parse{' ' + name if name else ''}: {error}",
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
    # An empty table only holds keys: filling or emptying it is the key's change, not two.
    removed, added = (
        [key for key in removed if not (old[key] == {} and _has_below(added, key))],
        [key for key in added if not (new[key] == {} and _has_below(removed, key))],
    )
    if (
        removed
        and added
        and not changes
        and len(removed) == len(added)
        and all(formats.same(old[a], new[b]) for a, b in zip(removed, added, strict=True))
    ):
        return [], [_renamed(path, removed, added, at)]
    changes += [Change(path, key, old[key], ABSENT, at) for key in removed]
    changes += [Change(path, key, ABSENT, new[key], at) for key in added]
    return changes, []


def _has_below(keys: Sequence[Key], prefix: Key) -> bool:
    return any(key[: len(prefix)] == prefix for key in keys)


def _renamed(path: str, removed: Sequence[Key], added: Sequence[Key], at: int | None) -> Finding:
    old, new = removed[0], added[0]
    # What the two ends have in common is not part of the name that changed.
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    thing = "key" if len(old) == len(removed[0]) else "table"
    more = f" (with its {len(removed)} keys)" if thing == "table" else ""
    return Finding(
        "C9",
        f"{path}: the {thing} {formats.spell_key(old)} is renamed {formats.spell_key(new)}{more};"
        " that removes one and adds another",
        "rename on the baseline, together with the code that reads it; then change its value",
        path,
        at,
    )


def _several(changes: Sequence[Change], baseline: str) -> Finding:
    where = ", ".join(dict.fromkeys(change.file for change in changes))
    width = max(len(formats.spell_key(change.key)) for change in changes[:_SHOWN])
    listed = [
        f"  {formats.spell_key(change.key):{width}}  {_cut(formats.spell(change.before))} ->"
        f" {_cut(formats.spell(change.after))}"
        for change in changes[:_SHOWN]
    ]
    if len(changes) > _SHOWN:
        listed.append(f"  and {len(changes) - _SHOWN} more")
    split = "\n".join(
        f'  gitexp start --set {_setting(c)} "HYPOTHESIS"'
        for c in changes[:2]
        if c.after is not ABSENT
    )
    return Finding(
        "C2",
        f"{where}: {len(changes)} values differ from {baseline}, and an experiment changes one\n"
        + "\n".join(listed),
        f"split it, one experiment each:\n{split}" if split else "split it, one experiment each",
        changes[0].file,
        changes[0].line,
    )


def _setting(change: Change) -> str:
    return _quoted(f"{formats.spell_key(change.key)}={_cut(formats.spell(change.after))}")


def _type_name(value: Any) -> str:  # noqa: ANN401 - parsed data
    names = {"bool": "boolean", "int": "integer", "str": "string", "list": "array", "dict": "table"}
    return names.get(type(value).__name__, type(value).__name__)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _quoted(word: str) -> str:
    """Quote a word for a POSIX shell, for commands that people paste."""
    if word and all(c.isalnum() or c in "@%+=:,./-_[]" for c in word) and word.isascii():
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
