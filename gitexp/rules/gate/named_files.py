"""C15: a value that names a file, and so exchanges every value in it."""

from __future__ import annotations

from gitexp.rules.documents.change import Change, spell_file
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.changed_lines import compare_lines
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import ABSENT, same

_ENDINGS = ("", ".yaml", ".yml", ".toml", ".json", ".py")
_SHOWN = 5  # values, before the rest is only counted
_LONGEST = 200  # characters of a path


def named_pairs(change: Change) -> list[tuple[str, str]]:
    """Return the files, relative to the project, that the old and the new value may name.

    A name is looked up from the project's folder, beside the config, and in the folder there that
    is called like the key, as in Hydra's `model: big`.
    """
    before, after = change.before, change.after
    if not (isinstance(before, str) and isinstance(after, str)) or not all(
        name.isprintable() and 0 < len(name) <= _LONGEST and ".." not in name and name[0] != "/"
        for name in (before, after)
    ):
        return []
    beside = change.file.rpartition("/")[0]
    beside = f"{beside}/" if beside else ""
    folders = dict.fromkeys(("", beside, f"{beside}{change.key[-1] if change.key else ''}/"))
    return [
        (f"{folder}{before}{ending}", f"{folder}{after}{ending}")
        for folder in folders
        for ending in _ENDINGS
    ]


def compare_named(
    change: Change, names: tuple[str, str], before: bytes, after: bytes
) -> Finding | None:
    """Tell where the two files that a change names differ in more than one value."""
    try:
        old, new = (
            formats.read_leaves(name, content)
            for name, content in zip(names, (before, after), strict=True)
        )
    except Malformed:
        count = compare_lines(before, after).count
        said = f"{count} lines"
    else:
        keys = [
            key for key in {**old, **new} if not same(old.get(key, ABSENT), new.get(key, ABSENT))
        ]
        count = len(keys)
        shown = ", ".join(map(spell_key, keys[:_SHOWN]))
        said = f"{count} values: {shown}{' ...' if count > _SHOWN else ''}"
    if count < 2:
        return None
    return Finding(
        "C15",
        f"{change.spelled_key} names the file {spell_file(names[1])} instead of"
        f" {spell_file(names[0])}, and they differ in {said}",
        "the verdict will be about all of them together; to test one of them, change it in"
        f" {spell_file(names[0])}, as a config of its own",
        change.file,
        change.line,
        advice=True,
    )
