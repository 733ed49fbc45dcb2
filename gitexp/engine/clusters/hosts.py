"""What the machines of a cluster have, asked before any of them runs something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gitexp.engine import command as commands
from gitexp.engine.distributions import installed, names_of_installed
from gitexp.engine.machine import machine
from gitexp.engine.present import ask_interpreter
from gitexp.rules.documents.conditions import version_of
from gitexp.rules.documents.lines import parse_object
from gitexp.rules.text import visible
from gitexp.store.git_environment import script_environment

_NAMED = 3  # packages that differ and are named
# They install the others, or only report results.
_TOOLS = {"pip", "setuptools", "wheel", "gitexp", "uv"}


@dataclass(frozen=True, slots=True)
class Host:
    """Models of a machine's accelerators, and versions of Python and of what is installed.

    They are not `sure` where records name the models otherwise, or another machine may yet come.
    """

    accelerators: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    sure: bool = True


def describe_here(program: str, tree: Path) -> dict[str, Any]:
    """Describe this machine to whoever may let it run `program`, with a work tree if it is here."""
    given = script_environment()
    variables = given | {"PATH": commands.search_path(given, tree, tree)}
    word = commands.locate(program, tree, tree, variables["PATH"]) if program else ""
    python = ask_interpreter(word, tree, variables) if word else None
    versions = {}
    if python is not None:
        found = installed(python.folders, names_of_installed(python.folders) - _TOOLS)
        versions = {name: version for name, (version, _) in found.items()}
        versions["python"] = python.build.split()[0]
    return {"accelerators": machine()["gpus"], "versions": versions}


def parse_hosts(said: Mapping[str, str], *, sure: bool) -> dict[str, Host]:
    """Read what machines said of themselves; they are `sure` only if all of them answered."""
    found = {name: parse_host(text) for name, text in said.items()}
    sure = sure and None not in found.values()
    return {name: replace(one, sure=sure) for name, one in found.items() if one is not None}


def parse_host(text: str) -> Host | None:
    """Read what a machine said of itself, below whatever else it printed; None if it did not."""
    content = next(filter(None, map(parse_object, reversed(text.splitlines()))), None)
    match content:
        case {"accelerators": [*models], "versions": {**versions}}:
            return Host(
                tuple(visible(str(one)) for one in models),
                {visible(str(name)): visible(str(one)) for name, one in versions.items()},
            )
    return None


def say_differences(hosts: Mapping[str, Host], packages: Collection[str]) -> Iterator[str]:
    """Say how machines differ in what the two runs of a pair must share.

    `packages` are those that runs on record have used; all count if there are none.
    """
    models = {name: ", ".join(dict.fromkeys(one.accelerators)) for name, one in hosts.items()}
    if len({*models.values()}) > 1:
        yield (
            f"accelerators differ: {_grouped(models, 'none')}. Both runs of a pair need the same,"
            " so neither is made where the other's accelerators are missing"
        )
    differing = []
    names = {name for one in hosts.values() for name in one.versions}
    for name in sorted(names, key=lambda one: (one != "python", one)):
        found = {host: one.versions.get(name, "") for host, one in hosts.items() if one.versions}
        counts = name == "python" or not packages or name in packages
        if counts and len({*found.values()}) > 1:
            differing.append(f"{name} {_grouped(found, 'not installed')}")
    if differing:
        more = len(differing) - _NAMED
        shown = "; ".join([*differing[:_NAMED], *([f"and {more} more"] if more > 0 else [])])
        yield (
            f"environments differ: {shown}. Both runs of a pair need the same, so some runs of the"
            " baseline may be made again"
        )


def say_unlike(
    hosts: Mapping[str, Host], environments: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """Say it if no machine has the versions of any of the environments that records have."""
    found = [
        differences
        for environment in environments
        for host in hosts.values()
        if host.versions
        for differences in [_differences(_versions_of(environment), host.versions)]
    ]
    if found and all(found):
        fewest = min(found, key=len)
        more = [f"and {len(fewest) - _NAMED} more"] if len(fewest) > _NAMED else []
        yield (
            "the baseline was measured in another environment:"
            f" {'; '.join([*fewest[:_NAMED], *more])}. Both runs of a pair need the same, so its"
            " seeds will be run again"
        )


def _versions_of(environment: Mapping[str, Any]) -> dict[str, str]:
    packages = environment.get("packages") or {}
    versions = {name: version_of(text) for name, text in packages.items()}
    return versions | {"python": str(environment.get("python", ""))}


def _differences(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    both = sorted(then.keys() & now.keys(), key=lambda name: (name != "python", name))
    return [f"{name} {then[name]} -> {now[name]}" for name in both if then[name] != now[name]]


def lack(hosts: Mapping[str, Host], models: Iterable[str]) -> bool:
    """Whether no machine has all of these accelerators, as far as that is known."""
    known = all(host.sure for host in hosts.values())
    return bool(hosts) and known and not any({*models} <= {*h.accelerators} for h in hosts.values())


def _grouped(values: Mapping[str, str], nothing: str) -> str:
    """Values with the machines that have them: `A (gpu1, gpu3), B (gpu2)`."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, value in values.items():
        groups[value].append(name)
    return ", ".join(f"{value or nothing} ({', '.join(group)})" for value, group in groups.items())
