"""Where this clone's checkouts are on this machine: outside the repository, in a folder of yours.

Whatever a script looks for upwards (`.env`, `pyproject.toml`, `conftest.py`) must not be found in
your work tree. So checkouts lie in the user's cache, which may be purged at any time.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gitexp.errors import NotReady
from gitexp.store.git import Git
from gitexp.store.git_errors import is_full
from gitexp.store.repository import Repository
from gitexp.store.user_path import user_path

SETTING = "gitexp.cache"
CLONES = "clones"  # folder of the clones that workers make
_OWNER = "owner"
_WITHOUT_HOME = Path("/var/tmp")  # noqa: S108 - the folder in it must be the user's alone
_ASK = f"name a folder of yours on a local disk: git config {SETTING} /path/to/folder"


def checkouts_folder(repository: Repository) -> Path:
    """Path of the folder for the checkouts of this clone, which need not exist yet.

    Raises:
        NotReady: the cache is inside the repository, or nobody says where it is.
    """
    common = repository.common.resolve()
    name = hashlib.sha256(os.fsencode(common)).hexdigest()[:16]
    return machine_folder(repository) / name


def machine_folder(repository: Repository) -> Path:
    """Path of the folder for all of your clones on this machine.

    Raises:
        NotReady: the cache is inside the repository, or nobody says where it is.
    """
    return _cache(repository) / _of_machine()


def make_clones_folder() -> Path:
    """Create the folder for the clones that workers of yours make on this machine.

    Raises:
        NotReady: it cannot be made, or somebody else could change what is in it.
    """
    named = Git(Path("/")).text("config", "--get", SETTING, allow=(1, 128))
    cache, _ = _place(named)
    folder = cache / _of_machine() / CLONES
    try:
        _make_trusted(cache, folder)
    except OSError as error:
        raise _unusable(error) from None
    return folder


def worker_clones(repository: Repository) -> list[Path]:
    """Clones that workers of yours have made on this machine."""
    folder = machine_folder(repository) / CLONES
    return [path for path in paths_in(folder) if path.suffix == ".git" and not path.is_symlink()]


def _of_machine() -> str:
    """Path below the cache: on a shared file system, users and hosts do not meet."""
    host = re.sub(r"[^\w.-]", "_", os.uname().nodename) or "host"
    return f"{os.getuid()}/{host}"


def make_checkouts_folder(repository: Repository) -> Path:
    """Create the folder for the checkouts of this clone, or make sure that it is yours alone.

    Raises:
        NotReady: it cannot be made, or somebody else could change what is in it.
    """
    folder = checkouts_folder(repository)
    cache = folder.parents[2]
    owner = f"{repository.common.resolve()}\n"
    try:
        _make_trusted(cache, folder)
        if _owner_of(folder) != owner:
            (folder / _OWNER).write_text(owner, errors="surrogateescape")
    except OSError as error:
        raise _unusable(error) from None
    return folder


def _make_trusted(cache: Path, folder: Path) -> None:
    """Create a folder of the cache that is yours alone, three levels below it."""
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    _demand_trusted(cache, shared=True)
    for part in (*reversed(folder.parents[:2]), folder):
        with suppress(FileExistsError):
            part.mkdir(mode=0o700)
        _demand_trusted(part)


def _unusable(error: OSError) -> NotReady:
    said = f"the folder for checkouts cannot be used: {error.strerror}: {error.filename}"
    return NotReady(said, _ASK)


def demand_trusted_folders(repository: Repository) -> None:
    """Make sure of what is there of the folder for checkouts, and create nothing.

    Raises:
        NotReady: a folder cannot be used; the message says why.
    """
    folder = checkouts_folder(repository)
    for part in (*reversed(folder.parents[:3]), folder):
        if os.path.lexists(part):
            _demand_trusted(part, shared=part == folder.parents[2])
    there = next(part for part in (folder, *folder.parents) if os.path.lexists(part))
    if not os.access(there, os.W_OK | os.X_OK):
        raise NotReady(f"no folder for checkouts can be made: you cannot write to {there}", _ASK)
    if is_full(there):
        raise NotReady(
            f"the disk that checkouts are on is full: {there}",
            f"make room: gitexp doctor --gc --older 1d\nor {_ASK}",
        )


def abandoned_folders(repository: Repository) -> Iterator[Path]:
    """Find folders on this machine that belong to clones of yours that are gone."""
    for folder in paths_in(machine_folder(repository)):
        owner = _owner_of(folder).rstrip("\n")
        if owner and not folder.is_symlink() and not os.path.lexists(owner):
            yield folder


def paths_in(folder: Path) -> list[Path]:
    """What is in a folder: nothing, if it is not there or not yours to read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _owner_of(folder: Path) -> str:
    try:
        return (folder / _OWNER).read_text(errors="surrogateescape")
    except OSError:
        return ""


def _cache(repository: Repository) -> Path:
    cache, said = _place(repository.setting(SETTING))
    real = cache.resolve()
    common = repository.common
    for place in (repository.top, common, common.parent if common.name == ".git" else None):
        if place and real.is_relative_to(place.resolve()):
            raise NotReady(
                f"{said} is inside the repository, and a run there would find files of your work"
                " tree that its commit does not have",
                _ASK,
            )
    return cache


def _place(named: str | None) -> tuple[Path, str]:
    """The cache, which git's configuration may have `named`, and who says that it is there."""
    variable = os.environ.get("XDG_CACHE_HOME", "")
    if named:
        cache = user_path(named)
        said = f"{SETTING} = {named}"
        if not cache.is_absolute():
            raise NotReady(f"{said} is not an absolute path", _ASK)
    elif variable.startswith("/"):
        cache, said = Path(variable) / "gitexp", f"XDG_CACHE_HOME = {variable}"
    else:
        cache = user_path("~") / ".cache" / "gitexp"
        if not _can_be_made(cache):
            # A service, or a container with a user of its own, often has no home to write to.
            cache = _WITHOUT_HOME / f"gitexp-{os.getuid()}"
        said = str(cache)
    return cache, said


def _can_be_made(folder: Path) -> bool:
    if not folder.is_absolute():
        return False
    if os.path.lexists(folder):
        return True  # whatever it is, it was meant for this
    there = next(part for part in (folder, *folder.parents) if os.path.lexists(part))
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _demand_trusted(folder: Path, *, shared: bool = False) -> None:
    """Refuse a folder that others can change; a `shared` one may hold folders of others."""
    state = folder.lstat()
    if stat.S_ISLNK(state.st_mode):
        _refuse(folder, f"is a symbolic link (to {folder.resolve()})")
    if not stat.S_ISDIR(state.st_mode):
        _refuse(folder, "is not a folder")
    if state.st_uid not in ({os.getuid(), 0} if shared else {os.getuid()}):
        _refuse(folder, "belongs to another user")
    if state.st_mode & 0o022 and not (shared and state.st_mode & stat.S_ISVTX):
        _refuse(folder, "can be written to by other users", f"chmod go-w {folder}")


def _refuse(folder: Path, why: str, mend: str = "") -> None:
    raise NotReady(
        f"checkouts cannot be kept in {folder}: it {why}, and what runs there must be yours alone",
        f"{mend}\n{_ASK}" if mend else _ASK,
    )
