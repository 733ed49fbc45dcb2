"""The switch of new code: the one config line that turns it on, and may be a new one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from gitexp.errors import Refused, UsageError
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.edit import NOT_REGISTERED, Edit
from gitexp.lab.registering.setting import NoSuchKey, config_files, from_setting, split_setting
from gitexp.rules.finding import Finding
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import parse_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.new_value import add_value
from gitexp.rules.text import first_few

# For each format, a line that switches code on, and how Python reads it where it may be missing.
_IN_TABLE = 'if config.get("switch", False):'
_SWITCHES = {
    ".toml": ("switch = true", _IN_TABLE),
    ".yaml": ("switch: true", _IN_TABLE),
    ".yml": ("switch: true", _IN_TABLE),
    ".json": ('"switch": true,', _IN_TABLE),
    ".ini": ("switch = true", 'if config.getboolean("SECTION", "switch", fallback=False):'),
    ".cfg": ("switch = true", 'if config.getboolean("SECTION", "switch", fallback=False):'),
    ".py": ("SWITCH = True", 'if getattr(config, "SWITCH", False):'),
}
_OTHERWISE = ("switch = true", 'if options.get("switch") == "true":')


def from_switch(project: Project, setting: str, tree: str) -> Edit:
    """Set a value in the config of a tree; a key that no config has is added with one line.

    Raises:
        UsageError: several files could get the key, or there is no place for it.
        Refused: as for `from_setting`.
    """
    try:
        return from_setting(project, setting, tree, shortened=False)
    except NoSuchKey:
        return _added(project, setting, tree)


def _added(project: Project, setting: str, tree: str) -> Edit:
    wanted, key_text, value = split_setting(setting)
    key = parse_key(key_text)
    files = {
        path: content
        for path, content in config_files(project, tree).items()
        if wanted in {"", path} and formats.format_of(path) is not None
    }
    owning = [path for path, content in files.items() if len(key) > 1 and _has(path, content, key)]
    chosen = owning or [*files]
    if len(chosen) != 1:
        where = " and ".join(chosen) or "no config that gitexp can add a key to"
        raise UsageError(
            f"{key_text} is new, and could be in {where}" if chosen else f"there is {where}",
            f"say which: --set {shlex.quote(f'FILE:{setting}')}",
        )
    path = chosen[0]
    try:
        edited, _ = add_value(path, files[path].decode("utf-8"), key, value)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"{path}: {key_text} cannot be added from the command line: {error}",
            f'write the line into {path} by hand, and leave out --set: gitexp start --code "…"',
        ) from None
    return Edit(path, files[path], edited.encode("utf-8"))


def _has(path: str, content: bytes, key: Sequence[str]) -> bool:
    """Whether a config has the table that a new key goes into."""
    try:
        leaves = formats.read_leaves(path, content)
    except Malformed:
        return False
    return any(tuple(map(str, other[:1])) == tuple(key[:1]) for other in leaves)


def refuse_without_switch(project: Project, paths: Sequence[str], option: str) -> Refused:
    """Refuse code without a config line that turns it on, and show how to write one.

    `option` is the one of `gitexp start` that says where the code is.
    """
    config = next(iter(config_files(project)))
    line, reading = _SWITCHES.get(config[config.rfind(".") :].lower(), _OTHERWISE)
    name = "SWITCH" if line.startswith("SWITCH") else "switch"
    value = "True" if name.isupper() else "true"
    which = f"which adds this to {config}:  {line}"
    if config in paths:  # it is code as well, so the switch comes with it
        which = f"which switches on the line that your edit brings to {config}:  {name} = False"
        reading = f"if {name}:"
    return Refused(
        NOT_REGISTERED,
        [
            Finding(
                "C10",
                f"only code differs ({first_few(paths, 3)}), and an experiment is the one config"
                " line that switches it on",
                f'name it: gitexp start {option} --set {name}={value} "HYPOTHESIS"\n'
                f"  {which}\n"
                f"  the code reads it, off where it is missing:  {reading}",
            )
        ],
    )
