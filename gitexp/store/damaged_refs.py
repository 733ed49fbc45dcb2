"""Refs that a crash of the machine damaged, and where they pointed before."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from contextlib import suppress

from gitexp.errors import NotReady
from gitexp.store.local import write_atomically
from gitexp.store.refs import HEADS, KEPT, NOTES
from gitexp.store.repository import Repository


def broken_refs(repository: Repository) -> list[str]:
    """Find refs of gitexp whose file holds nothing that git can read.

    git treats such notes as missing, and a listing that comes across such a branch fails.
    """
    common = repository.common
    folders = [common / "refs/heads/exp", common / "refs/gitexp"]
    folders += (common / "refs/remotes").glob("*/exp")
    refs = [
        os.path.relpath(os.path.join(folder, name), common)  # noqa: PTH118 - half the time
        for top in folders
        for folder, _, names in os.walk(top)
        for name in names
        if not name.startswith(".") and not name.endswith(".lock")
    ]
    return damaged_among(repository, [*NOTES, *refs])


def damaged_among(repository: Repository, refs: Iterable[str]) -> list[str]:
    """Find the refs whose file holds nothing that git can read; a missing file is not damaged."""
    found = []
    for ref in refs:
        with suppress(OSError), open(f"{repository.common}/{ref}", "rb") as file:  # noqa: PTH123
            if not re.fullmatch(rb"ref:.*|[0-9a-f]{40}|[0-9a-f]{64}", file.read().strip()):
                found.append(ref)
    return found


def vanished_refs(repository: Repository) -> dict[str, str]:
    """Find notes and experiments that only a reflog still names, with the commits that it names.

    git deletes a reflog together with its ref, so the ref was not deleted: `packed-refs` lost it.
    """
    logs = repository.common / "logs"
    branches = (path.relative_to(logs).as_posix() for path in (logs / HEADS).rglob("*"))
    gone = {*NOTES, *branches} - repository.branches([HEADS, *NOTES]).keys()
    named = {
        ref: last_named(repository, ref)
        for ref in sorted(gone)
        if (logs / ref).is_file() and not (repository.common / ref).exists()  # else it is damaged
    }
    return {ref: commit for ref, commit in named.items() if commit}


def last_named(repository: Repository, ref: str) -> str:
    """Return the newest commit in a ref's reflog of which nothing is lost, "" if there is none."""
    values = (value for value in known_values(repository, ref) if value.strip("0"))
    whole = (v for v in values if repository.git.succeeds("ls-tree", "-r", "-t", v))
    return next(whole, "")


def restore_ref(repository: Repository, ref: str) -> None:
    """Point a damaged ref to the last commit that it is known to have had, under `writing`.

    A ref that can be fetched again, or that `gitexp log` makes again, is removed instead.

    Raises:
        NotReady: nothing says where it pointed.
    """
    if not damaged_among(repository, [ref]):
        return  # somebody else has restored it
    path, values = repository.common / ref, known_values(repository, ref)
    if ref.startswith(KEPT):
        values.append(ref.removeprefix(KEPT))
    for value in dict.fromkeys(values):
        if repository.git.succeeds("ls-tree", "-r", "-t", value):
            write_atomically(path, f"{value}\n".encode())
            return
    if not ref.startswith(("refs/heads/", "refs/notes/")):
        path.unlink()
        return
    raise NotReady(
        f"{path} is damaged, and nothing here says where {ref} pointed",
        f"rm {shlex.quote(str(path))}, then fetch {ref} from where it was pushed to",
    )


def known_values(repository: Repository, ref: str) -> list[str]:
    """What a ref is known to have named: its reflog from its newest entry on, then packed refs."""
    values = []
    with suppress(OSError):
        moves = (repository.common / "logs" / ref).read_bytes().splitlines()
        # Each line has the value before and after; the first one may begin in the middle.
        words = [move.split(b" ")[:2] for move in reversed(moves) if b" " in move]
        values = [value.decode(errors="replace") for pair in words for value in reversed(pair)]
    with suppress(OSError):
        packed = (repository.common / "packed-refs").read_text(errors="replace").splitlines()
        values += [line.split(" ")[0] for line in packed if line.endswith(f" {ref}")]
    return values
