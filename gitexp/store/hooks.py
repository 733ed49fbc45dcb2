"""Install the hooks for every work tree, beside whatever hooks were there before."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitexp.errors import NotReady
from gitexp.store.local import write_atomically
from gitexp.store.user_path import user_path

if TYPE_CHECKING:
    from gitexp.store.repository import Repository

NAMES = ("commit-msg", "pre-commit", "pre-push", "pre-run")
_SERVER = ("update",)
_MARK = b"gitexp.hook"
_ASIDE = ".before-gitexp"
# If the old path is relative, a work tree may lack the hook; then there is nothing to run.
_HAND_OVER = """\
#!/bin/sh
# Hands over to the hook that gitexp found here.
before=@BEFORE@
if [ -x "$before" ]; then exec "$before" "$@"; fi
"""


class Installed(NamedTuple):
    """What installing did: the folder, the hooks written, those moved aside, the old hooks path."""

    folder: Path
    written: tuple[str, ...]
    aside: tuple[str, ...]
    former_path: str | None


def source_folder() -> Path:
    """Where the hooks are shipped: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_hooks", package.parent / "hooks"):
        if (folder / "pre-run").is_file():
            return folder
    raise NotReady(
        "gitexp's hooks are not installed with it", "pip install --force-reinstall gitexp"
    )


def wanted(repository: Repository) -> tuple[str, ...]:
    """Return the hooks that a repository needs; a bare one, which only takes pushes: `update`.

    A bare one in whose linked work trees gitexp was set up is somebody's clone.
    """
    if repository.top is not None:
        return NAMES
    folder, _ = _layout(repository)
    is_clone = any(_is_ours(_place(folder, name)) for name in NAMES)
    return NAMES if is_clone and not _is_ours(_place(folder, *_SERVER)) else _SERVER


def install(repository: Repository) -> Installed:
    """Write hooks into the common git folder; a hook that was there is kept and runs first.

    `core.hooksPath` would silence that folder. Where it is set, git is pointed at a folder of our
    own, in which every hook of the old path is called through.

    Raises:
        NotReady: they cannot be installed, as `demand_room` says.
    """
    demand_room(repository)
    names = wanted(repository)
    folder, former_path = _layout(repository)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    aside = [] if former_path else [name for name in names if _is_foreign(_place(folder, name))]
    for name in names:
        path = _place(folder, name)
        if name in aside:
            os.replace(path, folder / f"{name}{_ASIDE}")  # noqa: PTH105
        if _write(path, (source_folder() / name).read_text(), _before(former_path, name)):
            written.append(name)
    if former_path:
        _hand_over_the_rest(repository, folder, former_path)
        write_atomically(folder / "former-path", former_path.encode())
        repository.git.run("config", "--local", "core.hooksPath", str(folder))
    return Installed(folder, tuple(written), tuple(aside), former_path)


def _layout(repository: Repository) -> tuple[Path, str | None]:
    """Return the folder for our hooks, and the former hooks path that they call."""
    former = repository.setting("core.hookspath")
    own = repository.local / "hooks"
    if former is not None and (Path(former) == own or _has_moved(repository, former)):
        kept = own / "former-path"
        return own, kept.read_text().strip() if kept.exists() else None
    return (own, former) if former else (repository.common / "hooks", None)


def _has_moved(repository: Repository, path: str) -> bool:
    """Whether a hooks path is that of our folder, from before the clone was moved."""
    ending = (repository.local.name, "hooks")
    kept = repository.local / "hooks" / "former-path"
    return Path(path).parts[-2:] == ending and kept.exists() and not Path(path).exists()


def follow_move(repository: Repository) -> None:
    """Point git to our folder of hooks again if the clone was moved: its path must be absolute."""
    if (repository.local / "hooks" / "former-path").exists():
        path = repository.setting("core.hookspath")
        if path is not None and _has_moved(repository, path):
            own = str(repository.local / "hooks")
            repository.git.run("config", "--local", "core.hooksPath", own)


def _before(former_path: str | None, name: str) -> str:
    """The hook that runs before ours, as the shell takes it: beside ours, wherever the clone is."""
    if former_path:
        return shlex.quote(f"{user_path(former_path)}/{name}")
    return f'"${{0%/*}}"/{name}{_ASIDE}'


def faults(repository: Repository) -> dict[str, str]:
    """Say what is wrong with our hooks, by their names; those in order are left out."""
    folder, former_path = _layout(repository)
    silenced = former_path and repository.setting("core.hookspath") != str(folder)
    found, pythons = {}, {}
    for name in wanted(repository):
        path = _place(folder, name)
        if not os.path.lexists(path):
            found[name] = "is missing"
        elif not _is_ours(path):
            found[name] = "is another tool's"
        elif not os.access(path, os.X_OK):
            found[name] = "is not executable"
        elif silenced:
            found[name] = f"is not run: core.hooksPath is {former_path}"
        else:
            text = path.read_text(errors="replace")
            python = next(iter(re.findall(r"^python=(.*)$", text, re.MULTILINE)), "")
            if python not in pythons:
                pythons[python] = _fault_of(python)
            source = (source_folder() / name).read_text().replace("@PYTHON@", python)
            before = _before(former_path, name)
            if pythons[python]:
                found[name] = pythons[python]
            elif text != source.replace("@BEFORE@", before):
                found[name] = "is not as this version of gitexp writes it"
    return found


def _fault_of(quoted: str) -> str:
    """Say what is wrong with the interpreter that a hook calls, "" if nothing is."""
    try:
        [python] = shlex.split(quoted)
        subprocess.run(
            [python, "-EP", "-c", "import gitexp.hook"], check=True, capture_output=True, timeout=60
        )
    except (OSError, ValueError):
        return f"calls {quoted}, which is gone"
    except subprocess.SubprocessError:
        return f"calls {quoted}, in which gitexp is not installed"
    return ""


def demand_room(repository: Repository) -> None:
    """Refuse if our hooks and those that are there cannot both be kept; nothing is changed.

    Raises:
        NotReady: core.hooksPath is set where this repository's configuration cannot override it,
            or another tool replaced one of our hooks while the one from before is still kept.
    """
    where = repository.git.text(
        "config", "--show-scope", "--get", "core.hooksPath", allow=(1,)
    ).partition("\t")[0]
    if where in {"worktree", "command"}:
        raise NotReady(
            f"core.hooksPath is set for this {where} alone, so hooks in the repository never run",
            "see where: git config --show-origin core.hooksPath\n"
            "unset it there, or set it with git config --local",
        )
    folder = repository.common / "hooks"
    for name in () if repository.setting("core.hookspath") else wanted(repository):
        path, kept = _place(folder, name), folder / f"{name}{_ASIDE}"
        if _is_foreign(path) and os.path.lexists(kept) and not _are_same(path, kept):
            raise NotReady(
                f"{folder / name} was replaced by another tool, and {name}{_ASIDE} beside it still"
                " holds the hook from before: only one of them can be kept",
                f"remove one of the two in {folder}, then: gitexp init",
            )


def _place(folder: Path, name: str) -> Path:
    """Return the path of our hook, whether it is there or not.

    The pre-commit framework moves a hook that it finds aside and runs it before its own. It is left
    there: put in front of the framework's again, the two would run each other.
    """
    path, moved = folder / name, folder / f"{name}.legacy"
    return moved if _is_foreign(path) and _is_ours(moved) else path


def _is_ours(path: Path) -> bool:
    return path.is_file() and _MARK in path.read_bytes()


def _is_foreign(path: Path) -> bool:
    """Whether there is a hook that gitexp did not write; a dangling link counts."""
    return os.path.lexists(path) and not _is_ours(path)


def _are_same(path: Path, other: Path) -> bool:
    """Whether two hooks are the same: git-lfs writes its own again where ours took its place."""
    return path.is_file() and other.is_file() and path.read_bytes() == other.read_bytes()


def _hand_over_the_rest(repository: Repository, folder: Path, former: str) -> None:
    ours = wanted(repository)
    old = Path(repository.top or repository.common, user_path(former))
    for path in sorted(old.iterdir()) if old.is_dir() else []:
        if path.name not in ours and path.is_file() and os.access(path, os.X_OK):
            _write(folder / path.name, _HAND_OVER, _before(former, path.name))


def _write(path: Path, text: str, before: str) -> bool:
    content = (
        text.replace("@PYTHON@", shlex.quote(sys.executable)).replace("@BEFORE@", before).encode()
    )
    if path.exists() and path.read_bytes() == content and os.access(path, os.X_OK):
        return False
    write_atomically(path, content)
    path.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    return True


def uninstall(repository: Repository) -> list[str]:
    """Remove our hooks and restore those that were there; returns what was done, in words."""
    done = []
    folder = repository.common / "hooks"
    for name in NAMES + _SERVER:
        path, aside = _place(folder, name), folder / f"{name}{_ASIDE}"
        ours = _is_ours(path)
        if ours:
            done.append(f"removed the {name} hook")
        # In one step, or after an init or an undo that was killed between its steps.
        if os.path.lexists(aside) and (ours or not os.path.lexists(path)):
            os.replace(aside, path)  # noqa: PTH105
            done.append(f"put the former {name} hook back")
        elif ours:
            path.unlink()
    own = repository.local / "hooks"
    if own.is_dir():
        kept = own / "former-path"
        former = kept.read_text().strip() if kept.exists() else ""
        if repository.setting("core.hookspath") == str(own):
            # The old value may come from your global settings, which hold again without ours.
            if former and former not in _other_paths(repository):
                repository.git.run("config", "--local", "core.hooksPath", former)
            else:
                repository.git.run("config", "--local", "--unset", "core.hooksPath", allow=(5,))
            done.append(f"core.hooksPath is {former} again" if former else "unset core.hooksPath")
        for path in own.iterdir():
            path.unlink()
        own.rmdir()
    return done


def _other_paths(repository: Repository) -> list[str]:
    """The last hooks path that is not set for this repository, if there is one."""
    git = repository.git
    listed = git.text("config", "--show-scope", "--get-all", "core.hooksPath", allow=(1,))
    scoped = (line.partition("\t")[::2] for line in listed.splitlines())
    return [path for scope, path in scoped if scope != "local"][-1:]
