"""Every error that gitexp raises on purpose, and the exit code of each.

    GitexpError
    ├── Refused          1   a rule is broken; carries the findings
    ├── UsageError       2   the arguments contradict each other, or name nothing
    ├── NotReady         3   the repository, its settings or their approval must change first
    ├── CommandFailed    4   the training command failed, or reported no usable metric
    ├── StoreBusy        5   other writers, or a stale lock, prevented a write
    └── Stopped        130   somebody stopped it

Anything else that escapes is a bug (exit 70).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.finding import Finding

NO_ROOM = {errno.EDQUOT, errno.ENOSPC}  # what a system says of a full disk


class Terminated(KeyboardInterrupt):
    """A signal asked gitexp to end, as Ctrl-C does; a batch system may have sent it."""


class GitexpError(Exception):
    """An expected failure: what happened, and in `hint` the next command.

    `kind` names it for programs, and never changes.
    """

    exit_code: ClassVar[int] = 70
    kind: ClassVar[str] = "failed"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Refused(GitexpError):
    """A rule refused; `findings` says which one, where, and what to do."""

    exit_code = 1
    kind = "refused"

    def __init__(self, message: str, findings: Sequence[Finding] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.findings = tuple(findings)


class UsageError(GitexpError):
    """The arguments contradict each other or name nothing that exists."""

    exit_code = 2
    kind = "usage"


class NotReady(GitexpError):
    """The repository is not in a state in which this command can work."""

    exit_code = 3
    kind = "not-ready"


class CommandFailed(GitexpError):
    """The training command failed; the failed run is recorded all the same."""

    exit_code = 4
    kind = "command-failed"


class StoreBusy(GitexpError):
    """A write failed; nothing was lost, and nothing was written halfway."""

    exit_code = 5
    kind = "store-busy"


class Stopped(GitexpError):
    """It was stopped from outside: by you, or by the system."""

    exit_code = 130
    kind = "interrupted"


def disk_full(place: object = None) -> StoreBusy:
    """Return the error for a full disk; `place` is a file or folder on it, None if unknown."""
    which = "" if place is None else f" (the one with {place})"
    return StoreBusy(
        f"the disk is full{which}; nothing that was stored before is affected",
        "make room: gitexp doctor --gc --older 1d\nthen run the same command again",
    )
