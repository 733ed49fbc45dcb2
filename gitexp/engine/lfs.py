"""Puts the content of Git LFS files into a checkout, each proven by the hash in its pointer.

Git LFS is a filter in your configuration, and gitexp runs none. What it gives can be checked, so
gitexp takes it from the clone's own LFS store instead. Files of other filters stay as committed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.within import is_within
from gitexp.errors import NotReady
from gitexp.store.git import Git
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from gitexp.engine.tree import Tree
    from gitexp.store.index_file import IndexEntry

ATTRIBUTES = ".gitattributes"
_FILTER = re.compile(rb"^\s*[^#\s].*?\sfilter=(\S+)", re.MULTILINE)
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize [0-9]+\n"
)
_LONGEST_POINTER = 1024  # bytes, as Git LFS itself has it
_BLOCK = 1 << 20  # bytes read at a time


def filters_of(tree: Tree, attributes: Sequence[IndexEntry]) -> set[str]:
    """Names of the filters that the commit's own files of attributes ask for."""
    found: set[str] = set()
    for entry in attributes:
        if not entry.is_link:
            content = (tree.work_tree / entry.path).read_bytes()
            found.update(decode(name) for name in _FILTER.findall(content))
    return found


def set_contents_aside(tree: Tree) -> None:
    """Move contents that nobody has touched out of the way, so that they need not be copied again.

    The index knows pointers, so git would write them over all contents.
    """
    known = _read(tree)
    tree.known_contents.unlink(missing_ok=True)
    for name, (oid, *state) in known.items():
        path = tree.work_tree / name
        with suppress(OSError):
            if is_within(path, tree.work_tree) and _state(path) == state:
                tree.contents.mkdir(exist_ok=True)
                path.rename(tree.contents / oid)


def write_contents(tree: Tree, entries: Sequence[IndexEntry]) -> None:
    """Replace the pointers of Git LFS files by their contents.

    Raises:
        NotReady: this clone does not have a content, or has another one.
    """
    pointers = _pointers(tree, entries)
    written: dict[str, Any] = {}
    missing = {path: oid for path, oid in pointers.items() if not _place(tree, path, oid)}
    if missing:
        with suppress(GitFailed):
            Git(tree.work_tree).run("lfs", "fetch")
        missing = {path: oid for path, oid in missing.items() if not _place(tree, path, oid)}
    if missing:
        path, oid = next(iter(missing.items()))
        raise NotReady(
            f"R3: {path} is kept in Git LFS, and its content (sha256 {oid[:12]}...) is not in this"
            " clone, so a run would read a pointer instead",
            "fetch it: git lfs fetch --all",
        )
    for path, oid in pointers.items():
        written[path] = [oid, *_state(tree.work_tree / path)]
    if written:
        tree.known_contents.write_text(json.dumps(written))
    shutil.rmtree(tree.contents, ignore_errors=True)


def _pointers(tree: Tree, entries: Sequence[IndexEntry]) -> Mapping[str, str]:
    """Hashes of the contents by path, of all files that the commit's attributes give to Git LFS."""
    found = {}
    for entry in entries:
        if entry.is_link or entry.is_submodule or entry.size > _LONGEST_POINTER:
            continue
        pointer = _POINTER.fullmatch((tree.work_tree / entry.path).read_bytes())
        if pointer:
            found[entry.path] = pointer[1].decode()
    if not found:
        return {}
    stdin = "".join(f"{path}\0" for path in found).encode(errors="surrogateescape")
    fields = tree.git.text("check-attr", "--stdin", "-z", "filter", stdin=stdin).split("\0")
    values = zip(fields[:-1:3], fields[2::3], strict=True)  # after the last one comes a zero, too
    return {path: found[path] for path, value in values if value == "lfs"}


def _place(tree: Tree, path: str, oid: str) -> bool:
    target = tree.work_tree / path
    aside = tree.contents / oid
    if not aside.exists() and not _copy(tree.lfs / oid[:2] / oid[2:4] / oid, aside, oid):
        return False
    aside.chmod(target.stat().st_mode & 0o777)
    aside.replace(target)
    return True


def _copy(source: Path, target: Path, oid: str) -> bool:
    """Copy a content, and return whether it is the one that its hash names."""
    digest = hashlib.sha256()
    target.parent.mkdir(exist_ok=True)
    unproven = target.with_suffix(".copying")
    try:
        with source.open("rb") as given, unproven.open("wb") as taken:
            while block := given.read(_BLOCK):
                digest.update(block)
                taken.write(block)
    except FileNotFoundError:
        return False
    if digest.hexdigest() != oid:
        return False
    unproven.rename(target)
    return True


def _read(tree: Tree) -> dict[str, list[Any]]:
    try:
        found = json.loads(tree.known_contents.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _state(path: Path) -> list[int]:
    """What changes whenever a file does."""
    state = path.lstat()
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
