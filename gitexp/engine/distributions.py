"""Finds the distributions that installed a run's modules, with their versions.

importlib.metadata would answer from the files of every installed distribution, which takes longer
than a short run. Here only small files are read.
"""

from __future__ import annotations

import functools
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SITES = {"site-packages", "dist-packages"}
# What scripts import to report their results. It computes none of them.
OWN = "gitexp"
# Modules and lines that virtual environments and editable installs write. They differ between
# machines, and what they lead to is looked at itself.
PLUMBING = ("_virtualenv", "_distutils_hack", "__editable__")


class Placed(NamedTuple):
    """A loaded module: the folder that Python found it in, and the metadata of what installed it.

    `info` is None if no distribution did. `top` is the module's file, or the folder of its package,
    in `site`.
    """

    module: str
    file: Path
    site: Path
    top: Path
    info: Path | None


def place(modules: Mapping[str, str]) -> Iterator[Placed]:
    """Find where modules, given with their files, were found and what installed them."""
    for module, text in modules.items():
        file = Path(text)
        depth = module.count(".") + file.name.startswith("__init__.")
        if depth >= len(file.parents):
            continue
        site = file.parents[depth]
        with suppress(OSError):
            info = _owner(module, site, site.stat().st_mtime_ns)
            yield Placed(module, file, site, site / file.relative_to(site).parts[0], info)


def packages_of(placed: Iterable[Placed]) -> dict[str, tuple[str, Path]]:
    """Version and metadata folder, by name, of the distributions that installed these modules.

    Private modules are left out: a distribution that the run used also has a public one, and some
    (`_distutils_hack`) are loaded by every Python.
    """
    infos = [one.info for one in placed if one.info and not one.module.startswith("_")]
    named = ((_name_and_version(info), info) for info in dict.fromkeys(infos))
    return {name: (version, info) for (name, version), info in named}


def _owner(module: str, site: Path, changed: int) -> Path | None:
    named = _distributions(site, changed).get(_normalized(module))
    if named is not None:
        return named
    # `attr` belongs to attrs, which also has a module of its own name: try those last.
    return _installed(site, changed, eponymous=False).get(module) or _installed(
        site, changed, eponymous=True
    ).get(module)


# `changed` is the folder's mtime in ns: installing, upgrading and removing rename an entry in it.
@functools.lru_cache(maxsize=64)
def _distributions(site: Path, changed: int) -> dict[str, Path]:  # noqa: ARG001
    """The metadata folders of the distributions in `site`, by normalized name.

    An .egg-info outside a site folder is left over from building in a source tree.
    """
    suffixes = (".dist-info", ".egg-info") if site.name in SITES else (".dist-info",)
    return {
        _normalized(entry.stem.partition("-")[0]): entry
        for entry in sorted(site.iterdir())
        if entry.suffix in suffixes
    }


@functools.lru_cache(maxsize=128)
def _installed(site: Path, changed: int, *, eponymous: bool) -> dict[str, Path]:
    """Distribution of each module; an `eponymous` distribution has a module of its own name."""
    modules = {_normalized(entry.name.partition(".")[0]) for entry in site.iterdir()}
    return {
        module: info
        for name, info in _distributions(site, changed).items()
        if (name in modules) is eponymous
        for module in _modules_of(info)
    }


def _modules_of(info: Path) -> set[str]:
    """Importable names of a distribution: its top level, or all modules of a namespace package."""
    site = info.parent
    with suppress(OSError):
        names = (info / "top_level.txt").read_text("utf-8", "replace").split()
        folders = [site / name for name in names if (site / name).is_dir()]
        # The file names a namespace package only as a whole, which other distributions share.
        if names and all((folder / "__init__.py").exists() for folder in folders):
            return set(names)
    with suppress(OSError):
        text = (info / "RECORD").read_text("utf-8", "replace")
        paths = [line.partition(",")[0] for line in text.splitlines()]
        parts = (path.partition("/") for path in paths)
        regular = {top for top, _, below in parts if top and below.startswith("__init__.")}
        return regular | {
            re.sub(r"(/__init__)?\.[^/]*$", "", path).replace("/", ".")
            for path in paths
            if path.endswith((".py", ".so")) and path.partition("/")[0] not in regular
        }
    return set()


def _name_and_version(info: Path) -> tuple[str, str]:
    name, _, version = info.stem.partition("-")
    for file in (info / "METADATA", info / "PKG-INFO", info):
        # The folder's name spells the version as the installer does, the file as the author does.
        with suppress(OSError), file.open(encoding="utf-8", errors="replace") as text:
            for line in text:
                key, _, value = line.partition(":")
                if key == "Name":
                    name = value.strip()
                elif key == "Version":
                    return _normalized(name), value.strip()
                elif not line.strip():
                    break
    return _normalized(name), version


def names_of_installed(folders: Iterable[Path]) -> set[str]:
    """Normalized names of all distributions in these folders."""
    found: set[str] = set()
    for folder in folders:
        with suppress(OSError):
            found |= {_normalized(one.stem.partition("-")[0]) for one in folder.glob("*.*-info")}
    return found


def installed(folders: Sequence[Path], packages: Iterable[str]) -> dict[str, tuple[str, Path]]:
    """Version and metadata folder of distributions by normalized name, as far as they are there.

    The first folder wins, as in Python.
    """
    wanted = set(packages)
    found: dict[str, tuple[str, Path]] = {}
    for folder in reversed(folders) if wanted else ():
        with suppress(OSError):
            for info in folder.glob("*.*-info"):
                name = _normalized(info.stem.partition("-")[0])
                if name in wanted and (version := _name_and_version(info)[1]):
                    found[name] = version, info
    return found


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
