"""Code that every Python runs when it starts, by content."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.builds import as_recorded
from gitexp.engine.distributions import PLUMBING

if TYPE_CHECKING:
    from gitexp.engine.contents import Contents

# Modules that Python imports when it starts, if it finds them.
CUSTOMIZATIONS = ("sitecustomize", "usercustomize")


def startup_of(
    sites: Iterable[Path], customized: Mapping[str, Path], contents: Contents
) -> dict[str, str]:
    """Hashes of code that every Python runs: lines of .pth files in site folders, and `customized`.

    Files that a distribution lists as its own are left out; so are lines that only add a folder,
    because the modules in it are looked at themselves.
    """
    found = {name: contents.sha256(file)[:12] for name, file in customized.items()}
    for site in dict.fromkeys(sites):
        with suppress(OSError):
            for file in sorted(site.glob("*.pth")):
                lines = [
                    line
                    for line in file.read_text("utf-8", "replace").splitlines()
                    if line.startswith(("import ", "import\t"))
                    and not line[7:].lstrip().startswith(PLUMBING)
                ]
                if lines and not _is_installed(file, contents):
                    found[file.name] = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    return found


def _is_installed(file: Path, contents: Contents) -> bool:
    site = file.parent
    listed = _listed_pth(site, site.stat().st_mtime_ns).get(file.name)
    return listed is not None and listed == as_recorded(file, contents)


@functools.lru_cache(maxsize=64)
def _listed_pth(site: Path, changed: int) -> dict[str, str]:  # noqa: ARG001 - the cache's key
    """Hashes of the .pth files that the distributions in a site folder list."""
    found = {}
    for record in site.glob("*.dist-info/RECORD"):
        with suppress(OSError):
            content = record.read_bytes()
            if b".pth," not in content:  # a large package lists thousands of files
                continue
            for line in content.decode("utf-8", "replace").splitlines():
                path, _, rest = line.partition(",")
                if path.endswith(".pth"):
                    found[path] = rest.partition(",")[0]
    return found
