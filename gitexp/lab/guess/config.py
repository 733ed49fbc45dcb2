"""The config of a project: what its script composes, opens, has beside it, imports or is."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.lab.guess.command import exists_in
from gitexp.rules.documents.settings import FILES
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import keys_at, spell_key
from gitexp.rules.gate.paths import is_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitexp.lab.guess.script import Script
    from gitexp.rules.gate.formats.keys import Key

_CONFIGS = ("config", "params", "conf", "settings", "train", "default")
_MODULES = {
    "cfg", "conf", "config", "configs", "configuration", "constants", "hparams", "hyperparameters",
    "options", "params", "settings",
}  # fmt: skip
_KINDS = (".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".conf")
_OTHER_TOOLS = {*FILES, "ruff.toml", "poetry.toml", "uv.toml", "KNOWN.toml", "GOALS.toml"}


def find_config(folder: Path, path: str, script: Script) -> str:
    """The config that the script composes, opens, has beside it, imports or is, in this order."""
    if composed := _find_composed(folder, path, script.text):
        return composed
    found = [
        file.relative_to(folder).as_posix()
        for kind in _KINDS
        for place in ("", "config", "configs", "conf")
        for file in sorted((folder / place).glob(f"*{kind}"))
        if file.name not in _OTHER_TOOLS
    ]
    named = [name for name in found if Path(name).stem in _CONFIGS]
    opened = [name for name in _beside(folder, path, script.mentioned) if _is_config(name, script)]
    tables = [name for name in found if name.endswith(".toml")]
    if opened:
        return opened[0]
    if named:
        return min(named, key=lambda name: Path(name).name not in script.text)
    if len(tables) == 1:
        return tables[0]
    if (folder / "MLproject").is_file():
        return "MLproject"
    modules = [name for name in script.imported if Path(name).stem.lower() in _MODULES]
    return next((name for name in [*modules, path] if name and _has_knobs(folder, name)), "")


def _find_composed(folder: Path, path: str, text: str) -> str:
    """The folder of configs of a Hydra application, as a pattern; one file stands for itself."""
    named = re.search(r"""config_(?:path|dir)\s*=\s*["']([\w./-]+)["']""", text)
    if not named:
        return ""
    for place in (posixpath.dirname(path), ""):
        inside = posixpath.normpath(posixpath.join(place, named[1]))
        if inside.startswith(("..", "/")) or not (folder / inside).is_dir():
            continue
        files = [file for kind in ("yaml", "yml") for file in (folder / inside).rglob(f"*.{kind}")]
        if len(files) == 1:
            return files[0].relative_to(folder).as_posix()
        if files:
            return f"{inside}/**/*{files[0].suffix}"
    return ""


def _beside(folder: Path, path: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for place in ("", posixpath.dirname(path)):
            found = posixpath.normpath(posixpath.join(place, name))
            if exists_in(folder, found):
                yield found
                break


def _is_config(name: str, script: Script) -> bool:
    """Whether a file that a script opens is likely to be its config, not its data or results."""
    kind, stem = posixpath.splitext(name)[1], posixpath.basename(name).partition(".")[0].lower()
    if kind not in _KINDS or name in script.written or posixpath.basename(name) in _OTHER_TOOLS:
        return False
    return kind in {".toml", ".yaml", ".yml"} or any(word in stem for word in (*_CONFIGS, "cfg"))


def _has_knobs(folder: Path, name: str) -> bool:
    return any(
        type(value) in {int, float} for value in leaves_of(folder, name).values()
    )  # fmt: skip


def numbers_in(folder: Path, config: str) -> Iterator[tuple[str, Key, object]]:
    """File, key and value of each number in a config, or in the files that a pattern matches."""
    files = sorted(folder.glob(config)) if is_pattern(config) else [folder / config]
    for file in files:
        name = file.relative_to(folder).as_posix()
        for key, value in leaves_of(folder, name).items():
            if type(value) in {int, float}:
                yield name, key, value


def typed_key(key: Key, others: Iterable[Key]) -> str:
    """A key as people type it: without quotes, unless it would then mean another one."""
    dotted = ".".join(map(str, key))
    names = tuple(dotted.split("."))
    return dotted if keys_at(others, names) == [key] and "(" not in dotted else spell_key(key)


def leaves_of(folder: Path, config: str) -> dict[Key, object]:
    """Values of a config, none if it cannot be read."""
    try:
        return dict(formats.read_leaves(config, (folder / config).read_bytes()))
    except (OSError, ValueError):
        return {}
