"""Errors of git, in plain words and with the next step."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


_FULL = ("no space left on device", "disk quota exceeded", "out of diskspace")
_LOST = (
    "missing object", "bad object", "bad tree object", "unable to read", "could not read",
    "invalid object", "not a valid object", "nonexistent object", "objects/pack/", "is corrupt",
)  # fmt: skip
_RESTORE = "gitexp doctor --fix"
_LOCKED = re.compile(r"(?:Unable to create '(.+?)'|could not lock config file (.+?)): File exists")
_ROOM = 1 << 16  # bytes below which a disk counts as full; git writes files of 4 kB and more


class GitFailed(GitexpError):
    """A git command failed, and nothing below turned its words into a better error."""

    exit_code = 3

    def __init__(self, command: Sequence[str], code: int, stderr: str) -> None:
        said, hint = stderr.strip().removeprefix("fatal: ").removeprefix("error: "), ""
        if lock := lock_in_the_way(stderr):
            said = f"another git command holds {lock}, or left it behind"
            hint = f"wait for that command; if none is running: rm {shlex.quote(lock)}"
        said = f"git {command[0] if command else ''} failed: {said or f'exit {code}'}"
        super().__init__(said, hint)
        self.code = code
        self.stderr = stderr

    @property
    def lost(self) -> bool:
        """Whether an object is gone: a gc took it, or a disk lost it."""
        lower = self.stderr.lower()
        return not self.promised and any(word in lower for word in _LOST)

    @property
    def promised(self) -> bool:
        """Whether an object that a partial clone left at its remote did not come."""
        return "from promisor remote" in self.stderr


def lacked_room(directory: Path, stderr: str) -> bool:
    """Whether git failed because the disk is full: often it only says what it could not write."""
    lower = stderr.lower()
    failed = "writ" in lower or "creat" in lower
    return any(word in lower for word in _FULL) or (failed and is_full(directory))


def is_full(directory: Path) -> bool:
    """Whether the disk that a folder is on has no room for another file."""
    try:
        state = os.statvfs(directory)
    except OSError:
        return False
    has_room = state.f_blocks == 0 or state.f_bavail * state.f_frsize >= _ROOM
    return not has_room or (state.f_files > 0 and state.f_favail == 0)


def lock_in_the_way(stderr: str) -> str:
    """Path of the lock that made git fail; empty if none did."""
    found = _LOCKED.search(stderr)
    return "" if found is None else found[1] or f"{found[2]}.lock"


def unsigned(stderr: str) -> NotReady:
    """Say that a commit could not be signed."""
    said = " ".join(stderr.replace("error:", "").replace("fatal:", "").split())
    return NotReady(
        "git could not sign the commit, as commit.gpgsign asks" + (f": {said}" if said else ""),
        "fix the key (user.signingkey), or: git config commit.gpgsign false",
    )


def translated(command: Sequence[str], code: int, stderr: str) -> GitexpError:
    """Turn what git said into an error with the next step, if we know one."""
    lower = stderr.lower()
    if (
        "please tell me who you are" in lower
        or "unable to auto-detect email" in lower
        or "auto-detection is disabled" in lower
        or "empty ident name" in lower
    ):
        return NotReady(
            "git does not know who you are, and a commit needs an author",
            'git config --global user.name "Your Name"\n'
            "git config --global user.email you@example.org",
        )
    if owned := re.search(r"dubious ownership in repository at '(.*)'", stderr):
        return NotReady(
            f"{owned[1]} belongs to another user, so git does not read it (dubious ownership)",
            "if you trust its owner: git config --global --add safe.directory"
            f" {shlex.quote(owned[1])}",
        )
    if (
        "read-only file system" in lower
        or "insufficient permission" in lower
        or ("permission denied" in lower and "unable to create" in lower)
    ):
        return NotReady(
            "the repository cannot be written to: "
            + " ".join(stderr.removeprefix("fatal: ").split()),
            "nothing was changed; see who owns it: ls -ld .git",
        )
    if "gpg failed to sign" in lower or "public key" in lower or "user.signingkey" in lower:
        return unsigned(stderr)
    failed = GitFailed(command, code, stderr)
    if failed.promised:
        failed.hint = (
            "this clone is partial, and its remote did not give what is missing here: try again"
            " once it answers; see its address: git remote -v"
        )
    if "packed-refs" in lower:  # an unexpected or unterminated line in it
        failed.hint = (
            "git reads no ref while that file is damaged; put it aside, then see what is lost:"
            " mv .git/packed-refs .git/packed-refs.damaged; gitexp doctor"
        )
    if failed.lost:
        failed.hint = "git has lost an object; see which, and restore what is left: " + _RESTORE
    return failed
