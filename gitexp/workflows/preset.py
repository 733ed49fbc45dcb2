"""Coupled values: a table on the baseline that nothing reads yet, and one line that selects it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.errors import UsageError
from gitexp.lab.projects.baseline_files import commit_on_baseline
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.setting import find_key
from gitexp.rules.documents.name import is_name
from gitexp.rules.gate.preset import add_preset

# For programs that do not read presets yet; with plain dictionaries, as tomllib returns them.
READER = '''\
def merged(config, preset):
    """Return the config with the values of a preset in place of its own."""
    return {
        key: merged(value, preset.get(key, {}))
        if isinstance(value, dict)
        else preset.get(key, value)
        for key, value in config.items()
    }

config = merged(config, config.get("presets", {}).get(config.get("preset", ""), {}))'''


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset on the baseline, with the lines that were `added`.

    `is_read` says whether a program there mentions presets.
    """

    name: str
    file: str
    commit: str
    added: str
    is_read: bool


def preset(project: Project, name: str, settings: Sequence[str]) -> Preset:
    """Commit a preset on the baseline branch.

    Raises:
        UsageError: the name or a value is not valid, or a preset of that name exists.
        NotReady: the baseline branch cannot be committed to from here.
    """
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot name a preset", "use lower-case letters, digits and dashes"
        )
    if len(settings) < 2:
        raise UsageError(
            "a preset has two or more values that belong together",
            f'a single value is an experiment: gitexp start --set {"".join(settings)} "…"',
        )
    found = [find_key(project, setting) for setting in settings]
    files = {key.path for key in found}
    if len(files) > 1:
        raise UsageError(
            f"the values are in {' and '.join(sorted(files))}", "a preset is in one file"
        )
    path = files.pop()
    content = found[0].content
    try:
        edited = add_preset(
            path, content.decode("utf-8"), name, [(key.key, key.spelled) for key in found]
        )
    except LookupError:
        raise UsageError(
            f"{path} already has a preset {name}", "gitexp start --preset ANOTHER-NAME …"
        ) from None
    except ValueError as error:
        raise UsageError(
            f"{path}: {error}",
            f"write one by hand on {project.baseline}: the values under a name that nothing reads"
            " yet, and a key that selects them; the experiment is that key's one line",
        ) from None
    message = f"Add the preset {name}\n\nNothing reads it yet; selecting it is the experiment.\n"
    commit = commit_on_baseline(project, path, content, edited.encode(), message)
    # pathspec magic is off in our git, so the suffix is matched here.
    grep = project.repository.git.run(
        "grep", "-l", "-z", "--fixed-strings", "-e", "preset", project.tip, allow=(1,)
    )
    readers = [n for n in grep.stdout.decode(errors="replace").split("\0") if n.endswith(".py")]
    return Preset(name, path, commit, _added(content.decode("utf-8"), edited), bool(readers))


def _added(before: str, after: str) -> str:
    import difflib  # `gitexp start` loads this module and seldom writes a preset

    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return "\n".join(line[2:] for line in lines if line.startswith("+ ")).strip()
