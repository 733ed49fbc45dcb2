"""Modules and libraries that a run loaded from outside its checkout, by content."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.builds import tree_of
from gitexp.engine.distributions import OWN, PLUMBING, SITES, Placed
from gitexp.engine.startup import CUSTOMIZATIONS
from gitexp.rules.documents.settings import Settings
from gitexp.rules.gate.paths import matches

if TYPE_CHECKING:
    from gitexp.engine.contents import Contents


def modules_of(
    placed: Iterable[Placed],
    known: Container[Path | None],
    inside: Sequence[Path],
    contents: Contents,
) -> dict[str, str]:
    """Hashes of modules that are not `inside` these folders, nor part of a build that is `known`.

    A package in a site folder counts as a whole; of any other place, each loaded module does.
    """
    found = {}
    for one in placed:
        top = one.top.name.partition(".")[0]
        if top.startswith(PLUMBING) or top in {OWN, *CUSTOMIZATIONS}:
            continue
        if any(map(one.file.is_relative_to, inside)):
            continue
        site = one.site.name in SITES
        # Some extension modules leave their package out of their name.
        if not site and not SITES.isdisjoint(one.site.parts):
            continue
        # The start script that an installer writes next to Python; what it imports counts.
        if (site and one.info in known) or (one.module == "__main__" and one.site.name == "bin"):
            continue
        name = top if site else one.module
        with suppress(OSError):
            found[name] = tree_of([one.top], contents) if site else contents.sha256(one.file)[:12]
    return dict(sorted(found.items()))


def libraries_of(
    files: Iterable[Path], inside: Sequence[Path], contents: Contents
) -> dict[str, str]:
    """Hashes of shared libraries that are not `inside` these folders, by file name."""
    found = {}
    for file in files:
        if not any(map(file.is_relative_to, inside)):
            with suppress(OSError):
                found[file.name] = contents.sha256(file)[:12]
    return found


def find_modules(
    names: Iterable[str], folders: Sequence[Path], contents: Contents
) -> dict[str, str]:
    """Hashes that modules would have today, as far as they are found in folders of sys.path."""
    found = {}
    for name in names:
        path = name.replace(".", "/")
        top = name.partition(".")[0]
        folder = next(
            (f for f in folders if (f / top).is_dir() or (f / f"{top}.py").is_file()), None
        )
        if folder is None:
            continue
        files = (folder / f"{path}.py", folder / path / "__init__.py")
        file = next((file for file in files if file.is_file()), None)
        if folder.name in SITES:
            tops = (folder / top, folder / f"{top}.py")
            found[name] = tree_of([top for top in tops if top.exists()][:1], contents)
        elif file is not None:
            found[name] = contents.sha256(file)[:12]
    return found


def inert_files(used: Iterable[Path], checkout: Path, prefix: str, settings: Settings) -> list[str]:
    """Files of the commit that a run used although the settings call them inert, sorted.

    Paths are relative to the project, as `inert` has them.
    """
    roots = (checkout, checkout.resolve())
    found = set(settings.config)
    for file in used:
        for root in roots:
            if file.is_relative_to(root):
                path = file.relative_to(root).as_posix()
                inside = path.removeprefix(prefix)
                found.add(path if not prefix else inside if inside != path else f"/{path}")
    return sorted(path for path in found if matches(path, settings.inert))
