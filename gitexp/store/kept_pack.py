"""New objects that no gc takes before a ref holds them.

`git gc --prune=now` deletes loose objects that no ref reached when it began to look, however new
they are; a ref that moved meanwhile then names what is gone. A pack with a .keep file is left alone
by every gc, so objects are written as one, and the .keep file goes once the ref has moved.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from gitexp.errors import NO_ROOM, NotReady, disk_full
from gitexp.store.git_errors import GitFailed
from gitexp.store.git_output import decode
from gitexp.store.local import share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from gitexp.store.pack import Pack
    from gitexp.store.repository import Repository

DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
_T = TypeVar("_T")
_TRIES = 5
_TRIES_TO_WRITE = 20  # each takes a few milliseconds, and a prune without a break looks in as few
_WHY = "gitexp"  # what our .keep files say
_FEW = 24  # packs that every git process opens quickly; git itself packs from 50 on


def keep(repository: Repository, pack: Pack) -> Path:
    """Store a pack that no gc takes, under `writing`; returns the file that says so.

    Raises:
        NotReady, StoreBusy: the repository cannot be written, or the disk is full.
    """
    files, folder = pack.files(), _folder(repository)
    path = folder / f"pack-{files.name}.keep"
    try:
        folder.mkdir(exist_ok=True)  # copying tools leave out what is empty
        _write(path, f"{_WHY}\n".encode(), sync=False)
        _write(path.with_suffix(".pack"), files.pack)
        _write(path.with_suffix(".idx"), files.index)  # from now on, git knows the objects
    except OSError as error:
        if error.errno in NO_ROOM:
            raise disk_full(folder) from None
        said = f"the repository cannot be written to: {folder}: {error.strerror}"
        raise NotReady(said, "nothing was changed; see who owns it: ls -ld .git") from None
    return path


def _write(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file in one step, for nobody to write to it again."""
    for _ in range(_TRIES_TO_WRITE - 1):
        with suppress(FileNotFoundError):  # a prune came before the file had its name
            return _write_once(path, content, sync=sync)
    return _write_once(path, content, sync=sync)


def _write_once(path: Path, content: bytes, *, sync: bool) -> None:
    # `git prune` removes what is named so: it may be left over from a kill.
    unfinished = path.with_name(f"tmp_{path.name}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        if sync:
            os.fsync(descriptor)
    share(unfinished)
    unfinished.rename(path)


@contextmanager
def kept(repository: Repository, pack: Pack) -> Iterator[None]:
    """Store a pack, and keep it from every gc for as long as the block takes."""
    path = keep(repository, pack)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def kept_commits(repository: Repository, commits: Iterable[str], lock: int) -> Iterator[None]:
    """Keep commits that no ref holds yet, and what is new in each, as `kept` does.

    The lock lasts until git has stored them, even if we are killed.

    Raises:
        GitFailed: a gc has taken some of it already.
    """
    new = "".join(f"{commit}^!\n" for commit in commits)
    pack = repository.git.run("pack-objects", "--revs", "--stdout", "-q", stdin=new.encode()).stdout
    said = repository.git.run(
        *DURABLE, "index-pack", "--stdin", f"--keep={_WHY}", "--threads=1",
        stdin=pack, hold=(lock,),
        # From a folder below the top, git would take a .git there for the repository.
        environment={"GIT_DIR": str(repository.common)},
    ).stdout  # fmt: skip
    path = _folder(repository) / f"pack-{decode(said).split()[-1]}.keep"
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def again_if_lost(act: Callable[[], _T]) -> _T:
    """Do something that makes objects and keeps them, and again if a gc took some in between.

    Raises:
        GitFailed: they are lost every time.
    """
    for _ in range(_TRIES - 1):
        try:
            return act()
        except GitFailed as failure:
            if not failure.lost:
                raise
    return act()


def free_kept(repository: Repository) -> None:
    """Let gc have what was kept, under `writing`: what a killed writer kept, too."""
    for path in _folder(repository).glob("*.keep"):
        with suppress(OSError):
            if path.read_text().strip() == _WHY:
                path.unlink()


def packs_abound(repository: Repository) -> bool:
    """Whether there are so many packs that reading objects gets slow."""
    return len([*_folder(repository).glob("*.pack")]) > _FEW


def merge_packs(repository: Repository) -> None:
    """Merge small packs into one, and leave the large ones as they are."""
    borrows = (repository.common / "objects" / "info" / "alternates").exists()
    if borrows or repository.setting("extensions.partialclone"):
        # git 2.38 to 2.40 lose their way there, so git decides.
        repository.git.run("maintenance", "run", "--auto", "--quiet", allow=(1, 128))
    else:
        repository.git.run(*DURABLE, "repack", "--geometric=2", "-d", "-q", allow=(1, 128))


def _folder(repository: Repository) -> Path:
    return repository.common / "objects" / "pack"
