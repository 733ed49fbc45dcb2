"""Files that a run opened outside its checkout: their content decides, too, and no commit has it.

The probe in the run's Python processes writes down what they open (probe/sitecustomize.py). What
other programs and compiled libraries read is not among it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.engine.distributions import SITES

if TYPE_CHECKING:
    from gitexp.engine.contents import Contents

JOURNAL = "opened"  # in the folder of the reports

_MONTH = 30 * 24 * 3600  # seconds
_READ = re.compile(r"r-?[0-9]{1,20}")
_LARGEST_JOURNAL = 8 << 20  # bytes
_MOST = 2_000  # files that are looked at
_NAMED = 50  # entries of an environment line; beyond it, a folder stands for its files
_SHA1 = 40  # hex digits of the id that git gives a file
# Where torch.hub and the hub of Hugging Face put what they download; both verify it.
_DOWNLOAD = re.compile(
    r"/hub/checkpoints/[^/]+-(?P<start>[0-9a-f]{8,64})\.[^/.]+\Z"
    r"|/(?:models|datasets|spaces)--[^/]+/blobs/(?P<hash>[0-9a-f]{40}|[0-9a-f]{64})\Z"
)
_WHOLE = 16 << 20  # bytes of a file that is read as a whole
_PIECES, _PIECE = 16, 64 << 10  # of larger ones: how many pieces are read, of how many bytes
# Interpreters, libraries and settings of the system. Devices are no files.
_SYSTEM = tuple(
    map(Path, ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc", "/proc", "/sys", "/run"))
)


@dataclass(frozen=True, slots=True)
class Opened:
    """Existing files that the processes of a run opened, by the path that they used, resolved.

    `read` were read before the run wrote them. `carried` are those of them that were there before
    it and changed while it went on, whatever program wrote them: the next run reads what this one
    left.
    """

    read: Mapping[Path, Path] = field(default_factory=dict)
    carried: frozenset[Path] = frozenset()

    def outside(self, places: Iterable[Path]) -> Opened:
        """Without what lies in these folders, in the system's, or in site folders.

        What a link in one of them led to is named by its own path: checkouts have several places.
        """
        given = tuple(places)
        own = (*(place.resolve() for place in given), *_SYSTEM)
        named = {
            path: real if any(map(path.is_relative_to, given)) else path
            for path, real in self.read.items()
            if SITES.isdisjoint(real.parts) and not any(map(real.is_relative_to, own))
        }
        return Opened(
            {name: self.read[path] for path, name in named.items()},
            frozenset(named[path] for path in self.carried & named.keys()),
        )


def read_opened(reports: Path, since: float) -> Opened:
    """Read what the probe wrote down; `since` is when the run started, in seconds since 1970."""
    journal = reports / JOURNAL
    try:
        with journal.open("rb") as handle:
            lines = handle.read(_LARGEST_JOURNAL).decode("utf-8", "surrogateescape").split("\n")
    except OSError:
        return Opened()
    # Of what was first read, when it had changed last, in ns since 1970, or 0 where that says
    # nothing; None of what was first written.
    first: dict[str, int | None] = {}
    for line in lines:
        head, _, path = line.partition(" ")
        if f"{os.sep}__pycache__{os.sep}" in path:
            first.setdefault(_source_of(path), 0)  # which Python compiled, and will again
        elif head == "w":
            first.setdefault(path, None)
        elif _READ.fullmatch(head) and first.get(path, 0) == 0:
            first[path] = int(head[1:])
    read, carried = {}, set()
    for path in sorted(path for path, moment in first.items() if moment is not None)[:_MOST]:
        file, moment = Path(path), first[path] or 0
        with suppress(OSError, ValueError, RuntimeError):
            path.encode()
            real = file.resolve()
            if real.is_file():
                read[file] = real
                if 0 < moment < since * 1e9 and real.stat().st_mtime_ns != moment:
                    carried.add(file)
    return Opened(read, frozenset(carried))


def contents_of(files: Mapping[Path, Path], contents: Contents) -> dict[str, str]:
    """Short hashes of files by content, or of folders if the files are many, sorted by name.

    A hash of 16 bits shows that two contents differ, and fits too many to give one away.
    """
    found = {}
    for path, real in files.items():
        with suppress(OSError):
            found[path] = _content(real, contents)
    if len(found) <= _NAMED:
        return {spell(path): _short(path.name, digest) for path, digest in sorted(found.items())}
    folders: dict[Path, list[str]] = {}
    for path, digest in sorted(found.items()):
        folders.setdefault(path.parent, []).append(f"{path.name}={digest}")
    named = sorted(folders.items())[:_NAMED]
    return {f"{spell(folder)}/": _short("", *inside) for folder, inside in named}


def changed_before(
    files: Mapping[Path, Path], since: float, contents: Contents
) -> dict[str, float]:
    """When files changed last, in seconds since 1970, where that was in the month before a run.

    Which of them a run itself brought is not told: it began at `since`. Nor are downloads whose
    name says what is in them. Empty if files are many.
    """
    found = {}
    for path, real in files.items() if len(files) <= _NAMED else ():
        with suppress(OSError):
            moment = real.stat().st_ctime
            if since - _MONTH < moment < since and not _is_named_by_content(real, contents):
                found[spell(path)] = round(moment, 2)
    return found


def _is_named_by_content(file: Path, contents: Contents) -> bool:
    """Whether a file is a download that has the hash in its name, as whoever asked for it knew."""
    named = _DOWNLOAD.search(file.as_posix())
    if named is None:
        return False
    given = named["start"] or named["hash"]
    if len(given) == _SHA1:
        content = file.read_bytes()
        return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest() == given  # noqa: S324 - git's
    return contents.sha256(file).startswith(given)


def _source_of(cached: str) -> str:
    folder, _, name = cached.rpartition(f"__pycache__{os.sep}")
    return f"{folder}{name.partition('.')[0]}.py"


def spell(path: Path) -> str:
    """Name a file as somebody with another home would."""
    with suppress(ValueError, RuntimeError):
        return Path("~", path.relative_to(Path.home())).as_posix()
    return path.as_posix()


def _content(file: Path, contents: Contents) -> str:
    """Digest of a file; of a large one, of its size and of pieces that lie all over it."""
    size = file.stat().st_size
    if size <= _WHOLE:
        return contents.sha256(file)
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as handle:
        for number in range(_PIECES):
            handle.seek((size - _PIECE) * number // (_PIECES - 1), os.SEEK_SET)
            digest.update(handle.read(_PIECE))
    return digest.hexdigest()


def _short(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode(errors="surrogateescape")).hexdigest()[:4]
