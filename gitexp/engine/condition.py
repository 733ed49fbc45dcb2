"""The condition: what a run stands on besides its commit, and whether two runs share it.

A changed package version or data file is a second change that no diff shows. It is found in two
ways: every run reports what it loaded, and before the first one the command's own interpreter is
asked which versions it would load today.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.environment import machine
from gitexp.rules.documents.lines import sha256
from gitexp.store.local import locked, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_BASIS = ("python", "implementation", "accelerators", "data")
_BLOCK = 1 << 20  # bytes read at a time
_PATIENCE = 30  # seconds for an interpreter to name its versions

# Its importlib.metadata would name versions too, and cost five times as much as starting it.
_ASK = "import sys; print(sys.version.split()[0], sys.implementation.name, *sys.path, sep='\\n')"


def condition_of(described: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> str:
    """Name the condition of an environment: a known one that agrees with it, else its own.

    Two environments agree when interpreter, accelerators and data are the same and every package
    that both loaded has the same version: an experiment may well load one package more.
    """
    own = sha256({name: described.get(name) for name in (*_BASIS, "packages")})[:12]
    if own in known:
        return own
    return next((name for name in reversed([*known]) if not moved(known[name], described)), own)


def moved(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what keeps two environments from sharing a condition; empty where nothing does."""
    said = [
        f"{name} {_short(then.get(name))} -> {_short(now.get(name))}"
        for name in _BASIS[:3]
        if (then.get(name) or None) != (now.get(name) or None)
    ]
    old, new = then.get("data") or {}, now.get("data") or {}
    said += [
        f"data {path} has changed"
        for path in sorted(old.keys() & new.keys())
        if old[path] != new[path]
    ]
    old, new = then.get("packages") or {}, now.get("packages") or {}
    both = sorted(old.keys() & new.keys())
    return said + [f"{name} {old[name]} -> {new[name]}" for name in both if old[name] != new[name]]


def _short(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def ask_present(
    command: Sequence[str], place: Path, variables: Mapping[str, str], packages: Iterable[str]
) -> dict[str, Any] | None:
    """Ask the command's own interpreter what it would load today.

    Returns an environment with `python`, `implementation`, `accelerators` and the versions of
    `packages` (None for one that is gone), or None where the command does not begin with a Python.
    """
    if not Path(command[0]).name.startswith(("python", "pypy")):
        return None
    try:
        done = subprocess.run(
            [command[0], "-c", _ASK],
            cwd=place, env=dict(variables), capture_output=True, check=True, timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        python, implementation, *folders = done.stdout.decode(errors="surrogateescape").splitlines()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return {
        "python": python,
        "implementation": implementation,
        "accelerators": machine()["gpus"],
        "packages": _versions([place / folder for folder in folders], packages),
    }


def _versions(folders: Sequence[Path], packages: Iterable[str]) -> dict[str, str | None]:
    """Versions of distributions by normalised name; as in Python, the first folder wins."""
    versions: dict[str, str | None] = dict.fromkeys(packages)
    for folder in reversed(folders) if versions else ():
        with suppress(OSError):
            for info in folder.glob("*.*-info"):
                name = re.sub(r"[-_.]+", "-", info.stem.partition("-")[0]).lower()
                if name in versions:
                    versions[name] = _version(info) or versions[name]
    return versions


def _version(info: Path) -> str | None:
    for file in (info / "METADATA", info / "PKG-INFO", info):
        with suppress(OSError):
            found = re.search(rb"^Version:(.*)", file.read_bytes(), re.MULTILINE)
            return found[1].decode(errors="replace").strip() if found else None
    return None


def fingerprint(place: Path, patterns: Iterable[str], cache: Path) -> dict[str, str]:
    """Hash the content of declared data, one digest a pattern; "absent" where nothing matches.

    A pattern is relative to `place` and may name a folder, which means everything in it. A file is
    read again only when its size, time stamp or inode changed; `cache` remembers the rest.
    """
    patterns = list(patterns)
    if not patterns:
        return {}
    with locked(cache.with_suffix(".lock")):
        known = read_json(cache)
        before = len(known)
        digests = {pattern: _digest(place, pattern, known) for pattern in patterns}
        if len(known) != before:
            write_json(cache, known)
    return digests


def _digest(place: Path, pattern: str, known: dict[str, Any]) -> str:
    files = sorted(_files(place, pattern))
    if not files:
        return "absent"
    whole = hashlib.sha256()
    for file in files:
        stat = file.stat()
        key = f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"
        if key not in known:
            known[key] = _hash(file)
        whole.update(
            f"{file.relative_to(place).as_posix()}\0{known[key]}\n".encode(errors="surrogateescape")
        )
    return whole.hexdigest()[:16]


def _files(place: Path, pattern: str) -> Iterable[Path]:
    for path in place.glob(pattern.rstrip("/")):
        if path.is_dir():
            # A linked folder is one symbolic link, which rglob would not enter.
            yield from (
                path / inner.relative_to(path.resolve())
                for inner in path.resolve().rglob("*")
                if inner.is_file()
            )
        elif path.is_file():
            yield path


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
