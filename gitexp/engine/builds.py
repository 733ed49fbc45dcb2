"""What a distribution has installed, by content.

A version says little about a package of one's own, and nothing about one that was edited where it
is installed.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.distributions import OWN

if TYPE_CHECKING:
    from gitexp.engine.contents import Contents

_CODE = (".py", ".so", ".pyd", ".dylib")
# Reading gigabytes of CUDA libraries takes longer than a run. What is larger is only read if it is
# newer than the list of installed files, which installers write last.
_LARGE = 16 << 20  # bytes


def build_of(info: Path, contents: Contents) -> str | None:
    """Hash of the code that a distribution has installed; None if it does not list its files."""
    site, record = str(info.parent), info / "RECORD"
    try:
        since = record.stat().st_ctime_ns
        listed = _files_in(record, since)
    except OSError:
        return None
    whole = hashlib.sha256()
    for path, recorded in listed:
        with suppress(OSError):
            # Each run looks at thousands of these files, and a Path takes as long as its stat.
            file = os.path.join(site, path)  # noqa: PTH118
            stat = os.stat(file)  # noqa: PTH116
            trusted = recorded and stat.st_size > _LARGE and stat.st_ctime_ns <= since
            found = recorded if trusted else _spelled(contents.sha256(file, stat))
            whole.update(f"{path}\0{found}\n".encode())
    return whole.hexdigest()[:12]


@functools.lru_cache(maxsize=256)
def _files_in(record: Path, changed: int) -> list[tuple[str, str]]:  # noqa: ARG001 - the cache's key
    """Files of code that a RECORD lists, sorted, each with its hash as written there."""
    found = []
    for line in record.read_text("utf-8", "replace").splitlines():
        path, _, rest = line.partition(",")
        if path.endswith(_CODE) and not path.startswith("..") and "/tests/" not in path:
            found.append((path, rest.partition(",")[0]))
    return sorted(found)


def as_recorded(file: Path, contents: Contents) -> str:
    """Hash of a file as a RECORD spells it."""
    return _spelled(contents.sha256(file))


def _spelled(digest: str) -> str:
    return f"sha256={base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip('=')}"


def tree_of(tops: Iterable[Path], contents: Contents) -> str:
    """Hash of the code in files and folders."""
    whole = hashlib.sha256()
    for top in sorted(tops):
        files = sorted(top.rglob("*")) if top.is_dir() else [top]
        for file in files:
            if file.suffix in _CODE:
                with suppress(OSError):
                    path = file.relative_to(top.parent).as_posix()
                    whole.update(f"{path}\0{contents.sha256(file)}\n".encode("utf-8", "replace"))
    return whole.hexdigest()[:12]


def tops_of(info: Path) -> list[Path]:
    """Files and folders that a distribution without a list of its files has installed."""
    names = [info.stem.partition("-")[0]]
    with suppress(OSError):
        names = (info / "top_level.txt").read_text("utf-8", "replace").split()
    tops = (info.parent / f"{name}{suffix}" for name in names for suffix in ("", ".py"))
    return [top for top in tops if top.exists()]


def builds_of(infos: Iterable[tuple[str, Path]], contents: Contents) -> dict[str, str]:
    """Hashes of distributions, given with their metadata folders, as far as they can be had."""
    builds = {}
    for name, info in infos:
        if name == OWN:
            continue
        if (build := build_of(info, contents)) is None and (tops := tops_of(info)):
            build = tree_of(tops, contents)
        if build is not None:
            builds[name] = build
    return dict(sorted(builds.items()))
