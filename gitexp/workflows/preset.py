"""Coupled values: a table on the baseline that nothing reads yet, then one line that chooses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.rules import formats
from gitexp.rules.registration import is_name
from gitexp.workflows.edit import find_key
from gitexp.workflows.land import commit_on_baseline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.workflows.project import Project

# What a program needs that does not read presets yet; plain dictionaries, as tomllib gives them.
READER = '''\
def merged(config, preset):
    """Return the config with the values of a preset in the place of its own."""
    return {
        key: merged(value, preset.get(key, {}))
        if isinstance(value, dict)
        else preset.get(key, value)
        for key, value in config.items()
    }

config = merged(config, config.get("presets", {}).get(config.get("preset", ""), {}))'''


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset on the baseline; `is_read` says whether any program there mentions presets."""

    name: str
    file: str
    commit: str
    added: str
    is_read: bool


def preset(project: Project, name: str, settings: Sequence[str]) -> Preset:
    """Commit a preset on the baseline branch.

    Raises:
        UsageError: a name or a value that cannot be one, or a preset of that name exists.
        NotReady: the baseline branch cannot be committed to from here.
    """
    if not is_name(name):
        raise UsageError(f"{name!r} cannot name a preset", "small letters, digits and dashes")
    if len(settings) < 2:
        raise UsageError(
            "a preset holds values that belong together, two or more",
            f'one value is an experiment by itself: gitexp start --set {"".join(settings)} "…"',
        )
    found = [find_key(project, setting) for setting in settings]
    files = {key.path for key in found}
    if len(files) > 1:
        raise UsageError(
            f"the values are in {' and '.join(sorted(files))}", "one file for a preset"
        )
    path = files.pop()
    if not path.endswith(".toml"):
        raise UsageError(
            f"presets are written into TOML only, and {path} is none",
            f"write one by hand on {project.baseline}: a table that nothing reads yet, then the one"
            " line that chooses it as the experiment",
        )
    lines = [f"{formats.spell_key(key.key)} = {key.spelled}" for key in found]
    text = found[0].content.decode("utf-8")
    leaves = formats.read_leaves(path, found[0].content)
    if any(key[:2] == ("presets", name) for key in leaves):
        raise UsageError(f"{path} has a preset {name} already", "gitexp preset ANOTHER-NAME …")
    end = "\r\n" if "\r\n" in text else "\n"
    table = end.join([f"[presets.{name}]", *lines]) + end
    edited = text if text.endswith("\n") else text + end
    edited = f"{edited}{end}{table}"
    if ("preset",) not in leaves:
        # The first line is the one place where TOML surely takes a key of no table.
        edited = f'preset = ""{end}{edited}'
    message = f"Add the preset {name}\n\nNothing reads it yet; choosing it is the experiment.\n"
    commit = commit_on_baseline(project, path, found[0].content, edited.encode(), message)
    # pathspec magic is off in our git, so the suffix is matched here.
    grep = project.repository.git.run(
        "grep", "-l", "-z", "--fixed-strings", "-e", "preset", project.tip, allow=(1,)
    )
    readers = [n for n in grep.stdout.decode(errors="replace").split("\0") if n.endswith(".py")]
    return Preset(name, path, commit, table.strip(), bool(readers))
