"""C15: a value that names a file, and so exchanges every value in it."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from gitexp.rules.documents.change import Change, spell_file
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.changed_lines import compare_lines
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import Source, differing, same

_ENDINGS = ("", ".yaml", ".yml", ".toml", ".json", ".py")
_INCLUDED = re.compile(r"(?:!?\w+ +|@)?['\"]?([^\s'\"]+)['\"]?;?")
_IMPORTED = re.compile(r"(?:from|import) (\.*)([\w.]+)(?: .*)?")
_SHOWN = 5  # values, before the rest is only counted
_LONGEST = 200  # characters of a path


def named_pairs(change: Change) -> list[tuple[str, str]]:
    """Return the files, relative to the project, that the old and the new value may name.

    A name is looked up from the project's folder, beside the config, and in the folder there that
    is called like the key, as in Hydra's `model: big`. It may be the one element of a list that
    differs, stand behind a word or a mark (`!include big.yaml`, `@big.args`), and be a module
    (`from .big import *`).
    """
    names = _names(change.before, change.after)
    if not names or not all(
        name.isprintable() and 0 < len(name) <= _LONGEST and name[0] != "/" for name in names
    ):
        return []
    beside = change.file.rpartition("/")[0]
    folders = ["", beside]
    if not any(name.startswith("..") for name in names):
        folders.append(posixpath.join(beside, str(change.key[-1]) if change.key else ""))
    pairs = []
    for folder in dict.fromkeys(folders):
        old, new = (posixpath.normpath(posixpath.join(folder, name)) for name in names)
        if not (old.startswith("..") or new.startswith("..")):
            pairs += [(f"{old}{ending}", f"{new}{ending}") for ending in _ENDINGS]
    return pairs


def _names(before: Any, after: Any) -> list[str]:  # noqa: ANN401 - parsed data
    """The old name and the new one; empty if these are no texts, or lists that differ in more."""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        unlike = [pair for pair in zip(before, after, strict=True) if not same(*pair)]
        return _names(*unlike[0]) if len(unlike) == 1 else []
    texts = [value.text if isinstance(value, Source) else value for value in (before, after)]
    if not all(isinstance(text, str) for text in texts):
        return []
    return [*map(_name, texts)]


def _name(text: str) -> str:
    """The name of a file in a text: behind a mark, or of the module that Python imports."""
    if found := _IMPORTED.fullmatch(text):
        dots, module = found.groups()
        return "../" * (len(dots) - 1) + module.replace(".", "/")
    return found[1] if (found := _INCLUDED.fullmatch(text)) else text


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
        keys = differing(old, new)
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
