"""A setting as people type it, KEY=VALUE, and the edit that it makes in the baseline's config."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.edit import NOT_REGISTERED, Edit, irregular
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.composed import chosen_files, inherited_files
from gitexp.rules.gate.formats.keys import Key, keys_at, parse_key, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import same, spell
from gitexp.rules.gate.paths import is_config, is_pattern
from gitexp.rules.gate.typed_value import inspect_typed, spelled_as_meant
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from types import ModuleType

    _Place = tuple[str, Key, bytes, ModuleType]  # file, key, content and format


class NoSuchKey(UsageError):
    """No config has the key."""


def from_setting(project: Project, setting: str, tree: str = "", *, shortened: bool = True) -> Edit:
    """Set one value (`KEY=VALUE` or `FILE:KEY=VALUE`) in the config of a tree, or the baseline's.

    If `shortened`, `lr` is the one key that ends with it, such as `Settings.lr`.

    Raises:
        NoSuchKey: no config has it.
        UsageError: more than one file has it.
        Refused: the baseline has that value already, the value is of another kind, or the config
            does not parse.
    """
    found = find_key(project, setting, tree, shortened=shortened)
    old = found.old
    spelled_key = spell_key(found.key)
    if same(old, found.form.parse_value(found.typed)):
        message = f"{spelled_key} is already {spell(old)} on {project.baseline}"
        hint = f'set another value: gitexp start --set {spelled_key}=VALUE "HYPOTHESIS"'
        finding = Finding("C10", message, hint, found.path)
        raise Refused(NOT_REGISTERED, [finding])
    try:
        edited: str = found.form.set_value(found.content.decode("utf-8"), found.key, found.spelled)
    except (ValueError, LookupError) as error:
        raise UsageError(
            f"{found.path}: {spelled_key} cannot be set from the command line: {error}",
            f'edit the line in {found.path} by hand, then: gitexp start "HYPOTHESIS"',
        ) from None
    return Edit(found.path, found.content, edited.encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Setting:
    """`KEY=VALUE` as typed, the file that has the key, and the value spelled for that file."""

    path: str
    key: Key
    content: bytes
    form: ModuleType
    old: Any
    typed: str
    spelled: str


def find_key(project: Project, setting: str, tree: str = "", *, shortened: bool = True) -> Setting:
    """Find what `KEY=VALUE` or `FILE:KEY=VALUE` means in a tree, or on the baseline's tip.

    `shortened`: as in `from_setting`.

    Raises:
        NoSuchKey: no config has the key.
        UsageError: more than one file has it.
        Refused: a config does not parse, or the value is of another kind than the one there.
    """
    wanted, key_text, value = split_setting(setting)
    path, key, content, form = _find(project, tree, wanted, key_text, value, shortened=shortened)
    old = formats.read_leaves(path, content)[key]
    value = spelled_as_meant(value, old, form)
    if mistaken := inspect_typed(path, key, value, old, form.parse_value(value)):
        raise Refused(NOT_REGISTERED, [mistaken])
    return Setting(path, key, content, form, old, value, form.spell_value(value))


def split_setting(setting: str) -> tuple[str, str, str]:
    """Split `KEY=VALUE` or `FILE:KEY=VALUE` into file (which may be empty), key and value.

    Raises:
        UsageError: it has no key or no value.
    """
    typed, equals, value = setting.partition("=")
    if not equals or not typed.strip():
        what = "key" if equals else "value"
        raise UsageError(f"{setting!r} has no {what}", "write it as KEY=VALUE: model.C=10")
    wanted, _, key_text = typed.strip().rpartition(":")
    return wanted, key_text, value


def _find(
    project: Project, tree: str, wanted: str, key_text: str, value: str, *, shortened: bool
) -> _Place:
    """Find the one config file that has a key."""
    files = config_files(project, tree)
    if wanted and wanted not in files:
        raise UsageError(
            f"{wanted} is not a config file on {project.baseline}", f"try {', '.join(files)}"
        )
    asked = {wanted: files[wanted]} if wanted else files
    found, ending, every = _search(project, asked, key_text)
    command = project.settings.command
    if len(found) > 1:
        found = _overriding(found, inherited_files(files, command))
    chosen = [] if found else chosen_files(files, command)
    if in_group := _chosen_in_group(key_text, every, chosen):
        return _find(project, tree, *in_group, value, shortened=False)
    in_use = [one for one in ending if one[0] in chosen] or ending
    if not found and shortened and len(in_use) == 1:
        found = in_use
    if not found:
        raise NoSuchKey(
            f"no config file on {project.baseline} has the key {key_text}",
            _in_list(key_text, files) or _near(key_text, every),
        )
    if len(found) > 1:
        raise _ambiguous(found, key_text, value)
    return found[0]


def _search(
    project: Project, files: Mapping[str, bytes], key_text: str
) -> tuple[list[_Place], list[_Place], dict[str, list[str]]]:
    """Find a key in files: where it is, where keys end in it, and the files that have each key."""
    found: list[_Place] = []
    ending: list[_Place] = []
    every: dict[str, list[str]] = {}
    for path, content in files.items():
        form = formats.format_of(path)
        if form is None:
            continue
        try:
            leaves = formats.read_leaves(path, content)
            names = parse_key(key_text)
        except Malformed as error:
            message = f"{path} on {project.baseline} does not parse: {error}"
            hint = f"correct it on {project.baseline}"
            raise Refused(
                NOT_REGISTERED, [Finding("C7", message, hint, path, error.line)]
            ) from None
        except ValueError:
            raise UsageError(f"{key_text!r} is not a key", "write it as in model.C=10") from None
        for leaf in leaves:
            every.setdefault(spell_key(leaf), []).append(path)
        found += [(path, key, content, form) for key in keys_at(leaves, names)]
        ending += [(path, key, content, form) for key in leaves if _ends_with(key, names)]
    return found, ending, every


def _ambiguous(found: Sequence[_Place], key_text: str, value: str) -> UsageError:
    """Say that a key is in several places, and how to name one."""
    paths, keys = [path for path, *_ in found], [spell_key(key) for _, key, *_ in found]
    if len({*paths}) == 1:
        return UsageError(
            f"{key_text} is there {len(keys)} times: {', '.join(keys)}",
            f"say which: --set {shlex.quote(f'{keys[0]}={value}')}",
        )
    return UsageError(
        f"{key_text} is in {' and '.join(paths)}",
        f"say which: --set {paths[0]}:{key_text}={value}",
    )


def _ends_with(key: Key, names: tuple[str, ...]) -> bool:
    """Whether a key ends with a shorter one that was typed.

    What a field has by default is its value: `lr` of a dataclass is `lr: float = field(default=1)`.
    """
    ends = [key, key[:-1]] if key[-1:] == ("default",) else [key]
    return any(tuple(map(str, end[-len(names) :])) == names for end in ends)


def _overriding(found: list[_Place], inherited: Sequence[str]) -> list[_Place]:
    """Of a config and those that it inherits from, only the first that has the key counts."""
    having = [path for path in inherited if any(path == one[0] for one in found)]
    return [one for one in found if one[0] in having[:1]] or found


def _in_list(key: str, files: Mapping[str, bytes]) -> str:
    """What to do where a key stands inside a list, such as `model` in a defaults list; else ""."""
    for path, content in files.items():
        leaves = formats.read_leaves(path, content) if formats.format_of(path) else {}
        for leaf, value in leaves.items():
            items = value if isinstance(value, list) else ()
            if any(isinstance(item, dict) and key in item for item in items):
                return (
                    f"it stands in the list {spell_key(leaf)} of {path}: edit the line there,"
                    ' then: gitexp start "HYPOTHESIS"'
                )
    return ""


def _near(key: str, every: Mapping[str, Sequence[str]]) -> str:
    import difflib  # only a mistyped key needs it

    near = (
        _in_groups(key, every)
        or [other for other in every if other.lower() == key.lower()]
        or [other for other in every if other.lower().endswith(f".{key.lower()}")]
        or difflib.get_close_matches(key, [*every], 3, 0.9)
        or difflib.get_close_matches(key, [*every], 3)
    )
    listed = key.rpartition("[")[0]
    if listed in every:  # `layers[0]` of layers = [8, 4]
        return f"{listed} is one value, a list: set it as a whole"
    new = 'edit the line by hand, then: gitexp start "HYPOTHESIS"'
    if every:
        new = f"to add a new key, {new.replace('line', 'file')}"
    return f"did you mean {', '.join(sorted(near))}? ({new})" if near else new


def _chosen_in_group(
    key: str, every: Mapping[str, Sequence[str]], chosen: Sequence[str]
) -> tuple[str, str] | None:
    """File and key that `optimizer.lr` means where a defaults list chooses `optimizer: adam`."""
    places = [place.rpartition(":") for place in _in_groups(key, every)]
    meant = [(path, other) for path, _, other in places if path in chosen]
    return meant[0] if len(meant) == 1 else None


def _in_groups(key: str, every: Mapping[str, Sequence[str]]) -> list[str]:
    """What `optimizer.lr` may mean where each group of configs is a folder: `lr` of its files."""
    names = key.split(".")
    return [
        f"{path}:{other}"
        for at in range(1, len(names))
        if (other := ".".join(names[at:])) in every
        for path in every[other]
        if set(names[:at]) <= {*PurePosixPath(path).parts[:-1], PurePosixPath(path).stem}
    ]


def config_files(project: Project, tree: str = "") -> dict[str, bytes]:
    """Read the config files of a tree, or of the baseline's tip, by path relative to the project.

    Raises:
        NotReady: there is none.
    """
    git, declared = project.repository.git, project.settings.config
    tree = tree or project.tip
    which = () if any(map(is_pattern, declared)) else map(project.path, declared)
    listed = project.repository.listing(tree, *which)
    modes = {}
    for entry in decode(listed).split("\0"):
        header, _, name = entry.partition("\t")
        inside = name.removeprefix(project.prefix)
        if "\n" in name:
            continue  # cat-file takes one name per line; such a file is still compared, by its id
        if name.startswith(project.prefix) and is_config(inside, declared):
            modes[inside] = header[:6]
    for path, mode in modes.items():
        if not mode.startswith("100") and path in declared:
            raise Refused(NOT_REGISTERED, [irregular(project, path)])
    # Of what a pattern matches, only regular files are configs.
    regular = [path for path, mode in modes.items() if mode.startswith("100")]
    contents = git.objects([f"{tree}:{project.path(path)}" for path in regular])
    found = zip(regular, contents, strict=True)
    files = {path: content for path, content in found if content is not None}
    if not files:
        raise NotReady(
            f"{', '.join(declared)} is not on {project.baseline}",
            f"commit it there, or name the right file in {project.settings_path}",
        )
    return files
