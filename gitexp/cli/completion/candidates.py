"""What may stand in a place of a command line: experiments, keys, values, config files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitexp.store.repository import Repository

_VERDICTS = ("CONFIRMED", "RULED OUT", "INCONCLUSIVE", "EXPLORATORY")
_STATES = (
    "planned", "unsynced", "stale", "refused", "running", "failed", "done", "accepted", "archived",
)  # fmt: skip


def experiments() -> list[str]:
    """Names of experiments, sorted."""
    from gitexp.rules.documents.name import is_name  # what one place of several needs
    from gitexp.store.experiment_refs import names_taken

    return sorted(filter(is_name, names_taken(Repository.discover(Path.cwd()))))


def settings(typed: str) -> Iterator[str]:
    """Keys of the configs with an equals sign; after one, the key with its present value.

    A key that several files have is preceded by its file and a colon.
    """
    values: dict[str, list[tuple[str, str]]] = {}
    for file, key, value in _values():
        values.setdefault(key, []).append((file, value))
    for key, found in values.items():
        for file, value in found:
            name = key if len(found) == 1 and not typed.startswith(f"{file}:") else f"{file}:{key}"
            yield f"{name}={value}" if typed.startswith(f"{name}=") else f"{name}="


def config_files() -> list[str]:
    """Config files of the project, as its baseline has them."""
    return [*_configs()]


def remotes() -> list[str]:
    """Names of remotes."""
    return Repository.discover(Path.cwd()).git.text("remote").splitlines()


def branches() -> list[str]:
    """Names of branches that are not experiments."""
    listed = Repository.discover(Path.cwd()).branches(["refs/heads/"])
    names = (ref.removeprefix("refs/heads/") for ref in listed)
    return [name for name in names if not name.startswith("exp/")]


def filters(typed: str) -> Iterator[str]:
    """Conditions on verdicts and states, the words that have few values."""
    for name, values in (("verdict", _VERDICTS), ("state", _STATES)):
        if typed.startswith(f"{name}="):
            for value in values:
                yield f'{name}="{value.lower()}"' if " " in value else f"{name}={value.lower()}"
        else:
            yield f"{name}="


def _configs() -> dict[str, bytes]:
    from gitexp.lab.projects.project import project_at  # as above
    from gitexp.lab.projects.project_folder import project_prefix
    from gitexp.lab.registering.setting import config_files as read

    repository = Repository.discover(Path.cwd())
    return read(project_at(repository, project_prefix(repository)))


def _values() -> Iterator[tuple[str, str, str]]:
    """File, key and value of each value in the configs, spelled as --set takes them."""
    from gitexp.rules.gate import formats  # as above
    from gitexp.rules.gate.formats.keys import spell_key
    from gitexp.rules.gate.formats.malformed import Malformed
    from gitexp.rules.gate.formats.values import spell

    for file, content in _configs().items():
        if formats.format_of(file) is not None:
            try:
                leaves = formats.read_leaves(file, content)
            except Malformed:
                continue  # the others may do
            for key, value in leaves.items():
                yield file, spell_key(key), value if isinstance(value, str) else spell(value)
