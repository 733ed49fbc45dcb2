"""Results that are about to be stored, kept in files until they are in the notes.

A writer that has to wait leaves its lines here, and whoever holds the lock stores them for it. What
could not be stored at all (a full disk, a stale lock) is found here by the next command.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.shape import Shape, listed, text
from gitexp.rules.documents.tombstones import have_to_merge, merge_texts
from gitexp.store.git_output import decode
from gitexp.store.local import write_atomically
from gitexp.store.refs import SHARED_RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.store.repository import Repository

_ENDING = ".jsonl"
_REF = re.compile(
    rf"refs/notes/[\w/-]{{1,200}}|{SHARED_RUNS}[0-9a-f]{{40,64}}/-?\d+-[0-9a-f]{{12}}"
)
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_SHAPE = Shape(
    {
        "ref": lambda ref: text(ref) and bool(_REF.fullmatch(ref)),
        "commit": lambda commit: text(commit) and bool(_COMMIT.fullmatch(commit)),
        "lines": listed(lambda line: text(line) and "\n" not in line),
        "whole": lambda whole: isinstance(whole, bool),
    }
)
_number = itertools.count()


class Intent(NamedTuple):
    """Lines that the note of a commit is to have; if `whole`, it is to have no others.

    Below `refs/gitexp/runs/`, a ref of its own is to have them, for another clone to read.
    """

    ref: str
    commit: str
    lines: tuple[str, ...]
    whole: bool = False

    @property
    def is_run(self) -> bool:
        """Whether they are those of a run that waits to be sent, not of a note."""
        return self.ref.startswith(SHARED_RUNS)

    def news(self, old: bytes) -> list[str]:
        """Return the lines that the note did not have."""
        known = {*decode(old).split("\n")}
        return [line for line in self.lines if line not in known]

    def applied(self, old: bytes) -> bytes:
        """Return the note with these lines."""
        lines = [line.encode(errors="surrogateescape") for line in self.lines]
        if self.whole:
            return b"\n".join([*lines, b""]).rstrip(b"\n") + b"\n" if any(lines) else b""
        known = set(old.split(b"\n"))
        missing = [line for line in dict.fromkeys(lines) if line not in known]
        if not missing:
            return old
        gap = b"\n" if old and not old.endswith(b"\n") else b""
        new = old + gap + b"\n".join(missing) + b"\n"
        mark = Kind.TOMBSTONE.mark.encode()
        if mark in old and have_to_merge(decode(old), map(decode, missing)):
            # What was redacted does not come back, not even with a run that has it again.
            merged = merge_texts(new)
            return merged if {*merged.split(b"\n")} - known else old
        return new


def files_aside(repository: Repository) -> list[Path]:
    """Return the files of what waits to be stored, oldest first."""
    return sorted(folder_aside(repository).glob(f"*{_ENDING}"))


def folder_aside(repository: Repository) -> Path:
    """Return the folder of these files."""
    return repository.local / "aside"


def put_aside(repository: Repository, intents: Sequence[Intent]) -> Path:
    """Write intents to where the next command of this clone finds them.

    Raises:
        OSError: there is no space, or the folder cannot be written to.
    """
    return _put(folder_aside(repository), intents)


def _put(folder: Path, intents: Sequence[Intent]) -> Path:
    path = folder / f"{time.time_ns():020}-{os.getpid()}-{next(_number)}{_ENDING}"
    lines = [
        json.dumps({"ref": i.ref, "commit": i.commit, "lines": i.lines, "whole": i.whole})
        for i in intents
    ]
    write_atomically(path, "\n".join([*lines, ""]).encode(), sync=False)
    return path


def put_aside_anywhere(intents: Sequence[Intent]) -> Path | None:
    """Write intents outside the repository, durably; None if that fails too."""
    import tempfile  # loads random and OpenSSL, which only a failed write needs

    with suppress(OSError):
        path = _put(Path(tempfile.gettempdir()), intents)
        make_durable(path)
        return path
    return None


def make_durable(path: Path) -> None:
    """Make sure that a file outlives a crash of the machine; silent if that fails."""
    # The name of a new file is in its folder, which has to be synced by itself.
    for place in (path, path.parent):
        with suppress(OSError):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def read_aside(path: Path) -> list[Intent] | None:
    """Read a file of intents; None if it is damaged, [] if somebody stored it meanwhile."""
    try:
        found = [json.loads(line) for line in path.read_text().split("\n") if line]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError):
        return None
    if not found or not all(isinstance(fields, dict) and _SHAPE.read(fields) for fields in found):
        return None
    return [Intent(f["ref"], f["commit"], tuple(f["lines"]), f["whole"]) for f in found]
