"""Config formats: read the values of a file with their keys; set one value, keep every other byte.

A leaf is a value that holds no keys of its own. An array is one leaf unless all its elements are
tables.

Each format is a module, which is loaded when a file of its kind is read:
- `parse(text)` gives nested tables, or raises its ERROR
- `parse_value(text)` reads a typed value, `spell_value(text)` writes it as the format does
- `find_value(text, key)` returns where a value is, `set_value(text, key, spelled)` replaces it
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate.formats.malformed import Malformed, malformed_at
from gitexp.rules.gate.formats.values import Step

if TYPE_CHECKING:
    from types import ModuleType

    from gitexp.rules.gate.formats.keys import Key
    from gitexp.rules.gate.formats.yaml_anchors import WrittenText

_FORMATS = {
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    "MLproject": "yaml",
    ".json": "json",
    ".jsonc": "json",
    ".json5": "json",
    ".ini": "ini",
    ".cfg": "ini",
    ".py": "python",
    ".conf": "plain",
    ".env": "plain",
    ".properties": "plain",
    ".props": "plain",
    ".gin": "plain",
    ".sh": "shell",
    ".bash": "shell",
    ".slurm": "shell",
    ".sbatch": "shell",
    ".flags": "flag_file",
    ".args": "flag_file",
    ".txt": "flag_file",
    ".opt": "flag_file",
    ".mk": "makefile",
    "Makefile": "makefile",
    "makefile": "makefile",
    "GNUmakefile": "makefile",
}

PRESETS_IN = (".toml", ".yaml", ".yml", ".json")  # what gitexp start --preset can write into

# Bytes. The worst file of this size costs 15 s and 600 MB (ruamel.yaml, ast). Configs written by
# people are far smaller, and the server's hook reads no larger blob either.
LARGEST = 1_000_000

# Deeper than any config written by people; the parsers' own recursion fails far beyond it.
_DEEPEST = 200

# In Python files, around values that have other keys in earlier registrations.
_RENAMED = (
    b"__main__",
    b"add_argument",
    b"ption(",
    b"command",
    b"callback",
    b"DEFINE_",
    b"Fire",
    b"typer",
    b"CLI",
)

# Python neither prints nor reads longer integers; no config needs one of 600 digits.
_LONGEST_INTEGER = 2000  # bits


def format_of(path: str) -> ModuleType | None:
    """Return the format module for a file name, or None if only lines can be compared."""
    form = _form_of(path)
    return import_module(f"{__name__}.{form}") if form else None


def is_yaml(path: str) -> bool:
    """Whether a file name is one of YAML, the format that two versions read differently."""
    return _form_of(path) == "yaml"


def knows_its_lines(path: str) -> bool:
    """Whether the format of a file says which characters end a line, the same for all programs."""
    return _form_of(path) in {"toml", "yaml", "json", "python"}


def has_bare_texts(path: str) -> bool:
    """Whether a value in a file of this format is the rest of its line."""
    return _form_of(path) in {"plain", "ini"}


def _form_of(path: str) -> str | None:
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    ending = ".env" if name.startswith(".env.") else name[dot:].lower()  # .env.train
    return _FORMATS.get(ending if dot >= 0 else name)


def read_leaves(path: str, content: bytes) -> dict[Key, Any]:
    """Parse a config into its leaves.

    Raises:
        Malformed: not UTF-8, larger than LARGEST, or not valid in the format of its name.
    """
    return leaves_of(read_document(path, content))


def read_document(path: str, content: bytes) -> Any:  # noqa: ANN401 - parsed data
    """Parse a config into nested tables and lists.

    Raises:
        Malformed: as for `read_leaves`.
    """
    form = format_of(path)
    if form is None:
        raise Malformed(f"no parser for {path}")
    if len(content) > LARGEST:
        raise Malformed(
            f"{len(content):,} bytes are more than the {LARGEST:,} that a config may have"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise malformed_at("not UTF-8", content, error.start) from None
    try:
        document = form.parse(text)
    except RecursionError:
        raise Malformed("nested too deeply for a config") from None
    except Malformed:
        raise
    except form.ERROR as error:
        raise Malformed(str(error), getattr(error, "lineno", None)) from None
    _refuse_extremes(document)
    return document


def leaves_of(document: Any) -> dict[Key, Any]:  # noqa: ANN401 - parsed data
    """Return the leaves of a document with their keys."""
    return dict(_leaves(document, ()))


def read_as_pyyaml(path: str, content: bytes) -> dict[Key, Any] | None:
    """Return the leaves of a valid YAML file as PyYAML reads them; None for any other format."""
    if not is_yaml(path):
        return None
    from gitexp.rules.gate.formats.yaml import read_as_pyyaml  # as all formats, only where used

    return leaves_of(read_as_pyyaml(content.decode("utf-8-sig")))


def read_as_before(path: str, content: bytes) -> dict[Key, Any] | None:
    """Return the leaves of a valid config under the keys that they had earlier, if those differ."""
    if _form_of(path) != "python" or not any(word in content for word in _RENAMED):
        return None
    from gitexp.rules.gate.formats.python import parse_as_before  # as all formats, where used

    return leaves_of(parse_as_before(content.decode("utf-8-sig")))


def read_written(path: str, content: bytes) -> WrittenText | None:
    """Return a valid config as it is written, if values in it may stand for others; else None."""
    if not is_yaml(path) or b"*" not in content:
        return None
    # Only YAML repeats values, and few files do.
    from gitexp.rules.gate.formats.yaml_anchors import WrittenText

    return WrittenText(content.decode("utf-8-sig"))


def copy_value(path: str, key: Key, source: bytes, target: bytes) -> bytes:
    """Copy a key's value from another version of the file, spelled as it is there.

    Raises:
        LookupError: one version has no value for the key, or the format has no parser.
        ValueError: the value is not on a single line in both.
    """
    form = format_of(path)
    if form is None:
        raise LookupError(f"no parser for {path}")
    text = source.decode("utf-8-sig")
    start, end = form.find_value(text, key)
    edited: str = form.set_value(target.decode("utf-8"), key, text[start:end])
    return edited.encode("utf-8")


def _refuse_extremes(document: Any) -> None:  # noqa: ANN401 - parsed data
    """Refuse a document that parses but would break code that walks or prints it."""
    level = [document]
    for _ in range(_DEEPEST):
        inside: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inside += item.values()
            elif isinstance(item, list | tuple):
                inside += item
            elif isinstance(item, int) and item.bit_length() > _LONGEST_INTEGER:
                raise Malformed("an integer is too long for a config")
        level = inside
    if level:
        raise Malformed("nested too deeply for a config")


def _leaves(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:  # noqa: ANN401 - parsed data
    if isinstance(value, dict) and (value or not key):
        for name, item in value.items():
            yield from _leaves(item, (*key, name))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*key, index))
    else:
        yield key, value.table if isinstance(value, Step) else value
