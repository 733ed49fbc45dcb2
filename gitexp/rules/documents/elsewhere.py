"""Settings of runs on other machines, the tables `[tool.gitexp.on.NAME]`."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitexp.errors import NotReady, UsageError
from gitexp.rules.text import meant, visible

# Neither an option of ssh, nor more than one word.
_HOST = re.compile(r"(?!-)[\w.@:%\[\]-]{1,200}", re.ASCII)
_ADDRESS = re.compile(r"[a-z]+://[^\s/]+", re.ASCII)
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
# What can be part of a key of git's configuration.
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)
_MOST_JOBS = 10_000


@dataclass(frozen=True, slots=True)
class Ssh:
    """Hosts, of which each makes `jobs` runs at once; see docs/clusters.md for the keys."""

    hosts: tuple[str, ...]
    jobs: int = 1
    setup: tuple[str, ...] = ()
    gitexp: str = "gitexp"
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Slurm:
    """What a job array asks for, of which `jobs` tasks run at once."""

    partition: str = ""
    time: str = ""
    gpus: str = ""
    memory: str = ""
    modules: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    jobs: int = 100
    output: str = ""
    gitexp: str = "gitexp"
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Dask:
    """A scheduler's address, or a class that starts a cluster; `jobs` tasks of it at once."""

    address: str = ""
    class_: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict, hash=False)
    resources: Mapping[str, float] = field(default_factory=dict, hash=False)
    jobs: int = 100
    setup: tuple[str, ...] = ()
    gitexp: str = "gitexp"
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """A kind of cluster that somebody has written, whose own file reads all of `table`."""

    name: str
    table: Mapping[str, object] = field(default_factory=dict, hash=False)
    tree: str = ""


Elsewhere = Ssh | Slurm | Dask | Own
KINDS: Mapping[str, type[Ssh | Slurm | Dask]] = {"ssh": Ssh, "slurm": Slurm, "dask": Dask}


def parse_elsewhere(path: str, tables: object) -> tuple[Elsewhere, ...]:
    """Read the tables below `on`.

    Raises:
        NotReady: one is unknown, or has a wrong key or value; the message names it.
    """
    if not isinstance(tables, dict):
        raise _wrong(path, "on", f"tables such as [on.ssh]; there are {', '.join(KINDS)}")
    found: list[Elsewhere] = []
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise _wrong(path, f"on.{name}", "a table")
        if (kind := KINDS.get(name)) is None:
            found.append(_own(path, name, table))
            continue
        known = {item.name.rstrip("_"): item.name for item in dataclasses.fields(kind)}
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                raise NotReady(
                    f"{path}: unknown setting on.{name}.{key}",
                    meant(key, sorted(known), "settings are:"),
                )
            values[known[key]] = _checked(f"{path}: on.{name}.{key}", key, value)
        if kind is Ssh and not values.get("hosts"):
            raise _wrong(path, "on.ssh.hosts", 'a list of hosts, such as ["gpu1", "gpu2"]')
        if kind is Dask and bool(values.get("address")) == bool(values.get("class_")):
            raise _wrong(path, "on.dask", "a table with `address`, or else with `class`")
        found.append(kind(**values))
    return tuple(found)


def _own(path: str, name: str, table: dict[str, object]) -> Own:
    if not _NAME.fullmatch(name):
        raise _wrong(path, f"on.{visible(name)}", "named in lower-case letters, digits and dashes")
    tree = _checked(f"{path}: on.{name}.tree", "tree", table["tree"]) if "tree" in table else ""
    return Own(name, table, tree)


def demand_address(given: str) -> None:
    """Refuse what cannot be the address of Dask's scheduler.

    Raises:
        UsageError: it is not one.
    """
    if not _ADDRESS.fullmatch(given):
        raise UsageError(
            f"--address must be an address such as tcp://host:8786, not {visible(given)}",
            "gitexp run --on dask --address tcp://host:8786",
        )


def _is_option(text: str) -> bool:
    try:
        return text.startswith("-") and bool(shlex.split(text))
    except ValueError:  # a quotation is not closed
        return False


def _checked(where: str, key: str, value: object) -> Any:  # noqa: ANN401 - parsed data
    if key in {"hosts", "modules", "setup", "options"}:
        lines = [value] if isinstance(value, str) else value
        if not isinstance(lines, list) or not all(_is_line(one) for one in lines):
            raise NotReady(f"{where} must be a list of texts, each on one line")
        if key == "options" and not all(map(_is_option, lines)):
            raise NotReady(f"{where} must be options of sbatch, such as --account=lab")
        if key == "hosts" and not all(_HOST.fullmatch(one) for one in lines):
            raise NotReady(f"{where} must be names of hosts, as ssh takes them")
        return tuple(lines)
    if key == "jobs":
        if type(value) is not int or not 1 <= value <= _MOST_JOBS:
            raise NotReady(f"{where} must be a whole number from 1 to {_MOST_JOBS}")
        return value
    if key in {"address", "class", "arguments", "resources"}:
        return _of_dask(where, key, value)
    if key == "gpus" and type(value) is int:
        value = str(value)
    if not _is_line(value) or (key == "gitexp" and not value):
        raise NotReady(f"{where} must be a text on one line")
    if key in {"partition", "time", "gpus", "memory", "output"} and " " in str(value):
        raise NotReady(f"{where} must be one word; other options of sbatch belong in `options`")
    if key == "tree" and not str(value).startswith("/"):
        raise NotReady(f"{where} must be an absolute path")
    return value


def _of_dask(where: str, key: str, value: object) -> object:
    if key == "address" and not (isinstance(value, str) and _ADDRESS.fullmatch(value)):
        raise NotReady(f"{where} must be an address such as tcp://host:8786")
    if key == "class" and not (isinstance(value, str) and _CLASS.fullmatch(value)):
        raise NotReady(f"{where} must name a class, such as dask_jobqueue.PBSCluster")
    if key in {"arguments", "resources"}:
        if not isinstance(value, dict):
            raise NotReady(f"{where} must be a table")
        for amount in value.values() if key == "resources" else ():
            if type(amount) not in {int, float} or not 0 < amount < _MOST_JOBS:
                raise NotReady(f"{where} must be numbers above 0, such as {{GPU = 1}}")
    return value


def _is_line(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


def _wrong(path: str, name: str, wanted: str) -> NotReady:
    return NotReady(f"{path}: {name} must be {wanted}", "see docs/clusters.md")
