"""The config of a project: what its script composes, opens, has beside it, imports or is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.lab.guess.command import Program, exists_in
from gitexp.rules.documents.settings_file import FILES
from gitexp.rules.gate import formats
from gitexp.rules.gate.composed import bases_of, chosen_files
from gitexp.rules.gate.formats.keys import Key, keys_at, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.paths import is_pattern

if TYPE_CHECKING:
    from gitexp.lab.guess.script import Script

_CONFIGS = ("config", "params", "parameters", "conf", "settings", "train", "default")
_MODULES = {
    "cfg", "conf", "config", "configs", "configuration", "constants", "hparams", "hyperparameters",
    "options", "params", "settings",
}  # fmt: skip
_KINDS = (".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".conf")
# What a script opens, or gets on its command line, may be of these kinds, too.
_OPENED = {
    *_KINDS, ".args", ".env", ".flags", ".gin", ".json5", ".jsonc", ".jsonnet", ".opt",
    ".properties", ".props", ".prototxt",
}  # fmt: skip
_CONFIG_FOLDERS = ("config", "configs", "conf", "conf/base", "cfg", "hparams")
_BY_VARIABLES = re.compile(r"""(?:environ\.get|getenv)\(\s*["']\w+["'],\s*["']?[\d.]""")
_DATA_TOO = {".json"}  # a kind of config that data and results have as well
_TYPED = {".toml", ".yaml", ".yml", ".json", ".jsonc", ".json5", ".py", ""}  # numbers are no texts
_OTHER_TOOLS = {*FILES, "ruff.toml", "poetry.toml", "uv.toml", "KNOWN.toml", "GOALS.toml"}


def find_config(folder: Path, program: Program, command: str, script: Script) -> str:
    """The config that a program composes, is given, opens, has beside it, imports or is."""
    path = program.path
    if composed := _find_composed(folder, path, script):
        return composed
    words = re.split(r"[\s=;&]+", f"{command} {program.inner}")
    given = [name for name in _beside(folder, path, words) if _is_config(name, script)]
    given += [name for name in _beside(folder, path, words) if name.endswith(".py")]
    if given := [name for name in given if name not in {path, program.wrapper}]:
        return _with_bases(folder, given[0])
    found = [*_usual_configs(folder)]
    named = [name for name in found if Path(name).stem in _CONFIGS]
    opened = [name for name in _beside(folder, path, script.mentioned) if _is_config(name, script)]
    tables = [name for name in found if name.endswith(".toml")]
    if chosen := [name for name in opened if name != ".env"]:  # which often holds secrets alone
        return _with_bases(folder, min(chosen, key=lambda name: not is_in_config_folder(name)))
    if named:
        return min(named, key=lambda name: Path(name).name not in script.text)
    if len(tables) == 1:
        return tables[0]
    # Its values are defaults of `mlflow run`; what starts the script itself does not read them.
    if re.search(r"\bmlflow\s+run\b", command) and (folder / "MLproject").is_file():
        return "MLproject"
    modules = [
        name
        for name in script.imported
        if _MODULES & {part.lower() for part in Path(name).with_suffix("").parts}
    ]
    files = [program.wrapper, *opened, *modules, path]
    if config := next((name for name in files if name and _has_knobs(folder, name)), ""):
        return config
    # A program of another language is compared by its lines, as is what has its values from
    # variables: int(os.environ.get("STEPS", 500)).
    is_script = not path.endswith(".py") or _BY_VARIABLES.search(script.text)
    return path if is_script else ""


def _usual_configs(folder: Path) -> Iterator[str]:
    for kind in _KINDS:
        for place in ("", *_CONFIG_FOLDERS):
            for file in sorted((folder / place).glob(f"*{kind}")):
                if file.name not in _OTHER_TOOLS:
                    yield file.relative_to(folder).as_posix()


def configs_in(folder: Path) -> Iterator[str]:
    """Yield files that may be configs, as the folder that they are in says."""
    for place in _CONFIG_FOLDERS:
        for file in sorted((folder / place).rglob("*")):
            if _kind(file.name) in {*_OPENED, ".py"} and file.name != "__init__.py":
                yield file.relative_to(folder).as_posix()


def _with_bases(folder: Path, name: str) -> str:
    """A pattern for a config and those that it inherits from; one that does not: its name."""
    try:
        bases = bases_of(name, (folder / name).read_bytes())
    except OSError:
        return name
    ending = posixpath.splitext(name)[1]
    bases = [base for base in bases if base.endswith(ending) and exists_in(folder, base)]
    top = posixpath.commonpath([posixpath.dirname(one) for one in (name, *bases)])
    return f"{top}/**/*{ending}" if bases and top else name


def _find_composed(folder: Path, path: str, script: Script) -> str:
    """The folder of configs of a Hydra application, as a pattern; one file stands for itself."""
    named = re.search(r"""config_(?:path|dir)\s*=\s*["']([\w./-]+)["']""", script.text)
    given = named[1] if named else script.composed
    if not given:
        return ""
    for place in (posixpath.dirname(path), ""):
        inside = posixpath.normpath(posixpath.join(place, given))
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
    kind, stem = _kind(name), posixpath.basename(name).partition(".")[0].lower()
    if kind not in _OPENED or name in script.written or posixpath.basename(name) in _OTHER_TOOLS:
        return False
    return (
        kind not in _DATA_TOO
        or any(word in stem for word in (*_CONFIGS, "cfg", "param", "args"))
        or is_in_config_folder(name)
    )


def is_in_config_folder(path: str) -> bool:
    """Whether a file lies in a folder whose name says that it holds configs."""
    return any(folder in _CONFIG_FOLDERS for folder in posixpath.dirname(path).split("/"))


def _kind(name: str) -> str:
    """Ending of a file; that of `.env.train` is .env."""
    base = posixpath.basename(name)
    return ".env" if base == ".env" or base.startswith(".env.") else posixpath.splitext(base)[1]


def _has_knobs(folder: Path, name: str) -> bool:
    return any(True for _ in numbers_in(folder, name))


def numbers_in(folder: Path, config: str) -> Iterator[tuple[str, Key, float]]:
    """File, key and value of each number in a config, or in the files that a pattern matches."""
    files = sorted(folder.glob(config)) if is_pattern(config) else [folder / config]
    for file in files:
        name = file.relative_to(folder).as_posix()
        typed = _kind(name).lower() in _TYPED and "akefile" not in name
        for key, value in leaves_of(folder, name).items():
            number = _number(value) if isinstance(value, str) and not typed else value
            if isinstance(number, int | float) and not isinstance(number, bool):
                yield name, key, number


def files_in_use(folder: Path, config: str, command: str) -> list[str]:
    """Of the files that a pattern matches, those that a defaults list or a base chooses."""
    if not is_pattern(config):
        return []
    files = {path.relative_to(folder).as_posix(): path for path in folder.glob(config)}
    contents = {name: path.read_bytes() for name, path in files.items() if path.is_file()}
    return chosen_files(contents, command)


def _number(text: str) -> float | None:
    """The number that a text is, in formats that have texts alone."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return None


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


def malformed(folder: Path, config: str) -> str:
    """Why a config does not parse; "" if it does, or if its format has no parser."""
    if formats.format_of(config) is None:
        return ""
    try:
        formats.read_leaves(config, (folder / config).read_bytes())
    except Malformed as error:
        return str(error)
    except OSError:
        return ""
    return ""
