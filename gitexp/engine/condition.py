"""The condition: what a run depends on besides its commit, and whether two runs share it.

A changed package, variable or data file is a second change that no diff shows. It is found in two
ways: every run reports what it loaded, and before the first run the command's own interpreter says
what it would load today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitexp.rules.documents.conditions import version_of
from gitexp.rules.documents.lines import sha256

_BASIS = ("python", "build", "implementation", "accelerators", "threads")
_ALWAYS = ("variables", "startup")  # maps in which a missing entry differs from every other
_WHERE_BOTH = ("data", "packages", "modules")  # maps of which only common entries count


def condition_of(described: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> str:
    """Name the condition of an environment: a known one that agrees with it, else a new one.

    Two environments agree if interpreter, accelerators, threads, variables and what runs at
    start-up are the same, and so is the content of all data, packages and modules that both
    loaded. An experiment may load one package more.
    """
    fields = (*_BASIS, *_ALWAYS, *_WHERE_BOTH)
    own = sha256({name: described.get(name) for name in fields})[:12]
    if own in known:
        return own
    return next(
        (name for name in reversed([*known]) if not changes_between(known[name], described)), own
    )


def changes_between(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what keeps two environments from sharing a condition; empty if nothing does.

    Version 0.1.0 recorded neither threads nor content. What it measured may have been measured
    under anything, so it agrees with nothing that is measured now.
    """
    if ("threads" in then) is not ("threads" in now):
        return ["gitexp 0.1.0 did not record threads, variables and the content of code"]
    if "python" in now and bool(then.get("python")) is not bool(now["python"]):
        return ["one of two runs did not report its Python and packages, as after os._exit()"]
    return [*_differences(then, now)]


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in _BASIS:
        if name not in now:
            continue  # not known before a run
        old, new = then.get(name) or None, now.get(name) or None
        # A build is only worth a word where the versions are the same.
        if old != new and (name != "build" or then.get("python") == now.get("python")):
            yield f"{name} {_short(old)} -> {_short(new)}"
    old, new = _map(then, "variables"), _map(now, "variables")
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} {_short(old.get(name, 'unset'))} -> {_short(new.get(name, 'unset'))}"
    old, new = _map(then, "startup"), _map(now, "startup")
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} {'has changed' if name in old and name in new else 'is new or gone'}"
    yield from (f"data {path} has changed" for path in _unequal(then, now, "data"))
    for name in _unequal(then, now, "packages"):
        before, after = version_of(then["packages"][name]), version_of(now["packages"][name])
        changed = "has changed, though not its version"
        yield f"{name} {changed if before == after else f'{before} -> {after}'}"
    yield from (f"module {name} has changed" for name in _unequal(then, now, "modules"))


def with_builds(packages: Mapping[str, str], builds: Mapping[str, str]) -> dict[str, str]:
    """Packages as an environment line has them: the version, and the hash of what is installed."""
    return {name: f"{version} {builds.get(name, '')}".strip() for name, version in packages.items()}


def _unequal(then: Mapping[str, Any], now: Mapping[str, Any], field: str) -> list[str]:
    """Entries of a map that both environments have, with different values."""
    old, new = _map(then, field), _map(now, field)
    return [name for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]


def _map(environment: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    return environment.get(field) or {}


def _short(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
