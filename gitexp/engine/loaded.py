"""What the Python processes of a run had loaded when they ended, as they report it.

The reports are written by probe/sitecustomize.py inside the run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.distributions import SITES, Placed, packages_of, place
from gitexp.engine.opened import Opened, read_opened

if TYPE_CHECKING:
    from collections.abc import Sequence

# First on a run's PYTHONPATH, it has the probe write reports to the folder that GITEXP_PROBE names.
PROBE_FOLDER = Path(__file__).resolve().parent / "probe"

_LARGEST_REPORT = 64 << 20  # bytes; thousands of modules take a megabyte
GITEXP = PROBE_FOLDER.parent.parent


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the Python processes of one run had loaded when they ended.

    If several reported, `python`, `implementation` and `executable` are those of the process that
    loaded most. If none did (no Python, `python -S`, `os._exit`, a kill), they are None.
    `packages` maps normalized distribution names to versions, sorted, and `infos` to their metadata
    folders. `placed` are all modules with their files, `libraries` the shared libraries that belong
    neither to them nor to the system, `sites` the site folders. `read` are the
    names of variables that Python code looked up, one by one; if it was `unwatched`, other code may
    have read any.
    `foreign` are files of the forbidden folders that the run was not allowed to use; `opened` are
    those that it opened, wherever they are, known also of processes that did not report.
    """

    python: str | None = None
    build: str | None = None
    implementation: str | None = None
    executable: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    infos: dict[str, Path] = field(default_factory=dict)
    placed: tuple[Placed, ...] = ()
    libraries: tuple[Path, ...] = ()
    sites: tuple[Path, ...] = ()
    foreign: tuple[Path, ...] = ()
    accelerators: tuple[str, ...] = ()
    read: frozenset[str] = frozenset()
    unwatched: bool = True
    prefixes: tuple[Path, ...] = ()
    opened: Opened = field(default_factory=Opened)


def read_probe(
    probe_dir: Path,
    *,
    checkout: Path,
    forbidden: Sequence[Path],
    linked: Sequence[Path] = (),
    since: float = 0.0,
) -> Loaded:
    """Merge the reports of a run's processes; a missing or unreadable one is ignored.

    `forbidden` are work trees that the run must not import from. The checkout, `linked` inputs and
    the run's virtual environment may be inside one of them. `since` is when the run started, in
    seconds since 1970.
    """
    opened = read_opened(probe_dir, since)
    reports = sorted(
        filter(None, map(_read_report, sorted(probe_dir.glob("*.json")))),
        key=lambda report: len(report.modules),
    )
    if not reports:
        return Loaded(opened=opened)
    modules = {(name, file) for report in reports for name, file in report.modules.items()}
    prefixes = {Path(prefix).resolve() for report in reports for prefix in report.prefixes}
    # In the order of `reports`: the main process comes last and decides the versions.
    placed = tuple(one for report in reports for one in place(report.modules))
    packages = packages_of(placed)
    main = reports[-1]
    return Loaded(
        python=main.python,
        build=main.build,
        implementation=main.implementation,
        executable=main.executable,
        packages={name: version for name, (version, _) in sorted(packages.items())},
        infos={name: info for name, (_, info) in sorted(packages.items())},
        placed=placed,
        libraries=tuple(sorted({file for report in reports for file in report.libraries})),
        sites=tuple(dict.fromkeys(site for report in reports for site in report.sites)),
        read=frozenset().union(*(report.read for report in reports)),
        unwatched=any(report.unwatched for report in reports),
        foreign=_foreign(
            {Path(file) for _, file in modules}, (checkout, *linked), forbidden, prefixes
        ),
        accelerators=max((report.accelerators for report in reports), key=len),
        prefixes=tuple(sorted(prefixes)),
        opened=opened,
    )


class _Report(NamedTuple):
    """What one process wrote when it ended."""

    python: str
    build: str
    implementation: str
    executable: str | None
    libraries: tuple[Path, ...]
    sites: tuple[Path, ...]
    read: frozenset[str]
    unwatched: bool
    prefixes: tuple[str, ...]
    modules: dict[str, str]
    accelerators: tuple[str, ...]


def _read_report(path: Path) -> _Report | None:
    try:
        if path.stat().st_size > _LARGEST_REPORT:
            return None
        # surrogateescape, as the probe wrote it: file names need not be UTF-8.
        report = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
        return _Report(
            python=str(report["python"]),
            build=str(report["build"]),
            implementation=str(report["implementation"]),
            executable=report["executable"] and str(report["executable"]),
            prefixes=(str(report["prefix"]), str(report["base_prefix"])),
            modules={str(name): str(file) for name, file in report["modules"].items()},
            accelerators=tuple(map(str, report["accelerators"])),
            libraries=tuple(map(Path, report["libraries"])),
            sites=tuple(map(Path, report["sites"])),
            read=frozenset(map(str, report["read"])),
            unwatched=bool(report["unwatched"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _foreign(
    files: set[Path], places: Sequence[Path], forbidden: Sequence[Path], prefixes: set[Path]
) -> tuple[Path, ...]:
    trees = [tree.resolve() for tree in forbidden]
    allowed = [*(place.resolve() for place in places), GITEXP]
    foreign = set()
    for file in files:
        if not SITES.isdisjoint(file.parts):
            continue  # like most of thousands of modules, whose links take long to follow
        real = file.resolve()
        if not SITES.isdisjoint(real.parts):
            continue
        for tree in trees:
            # A prefix inside the tree (a .venv) is allowed. A prefix around the tree is not a
            # reason: container images keep sources in /usr/src and the interpreter in /usr.
            inside = [prefix for prefix in prefixes if tree in prefix.parents]
            if real.is_relative_to(tree) and not any(map(real.is_relative_to, allowed + inside)):
                foreign.add(real)
    return tuple(sorted(foreign))
