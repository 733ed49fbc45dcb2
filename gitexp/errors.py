"""Everything that gitexp raises on purpose, with the exit code that each ends in.

    GitexpError
    ├── Refused          1   a rule said no; carries the findings
    ├── UsageError       2   the words typed make no sense together
    ├── NotReady         3   the repository, its settings or their approval are not as needed
    ├── CommandFailed    4   the training command failed, or reported no usable metric
    └── StoreBusy        5   other writers, or a stale lock, kept the store from being written

Anything else that escapes is a bug (exit 70); Ctrl-C ends in 130.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.finding import Finding


class GitexpError(Exception):
    """An expected failure: what happened, and in `hint` the command that goes on from here."""

    exit_code: ClassVar[int] = 70
    kind: ClassVar[str] = "failed"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def id(self) -> str:
        """Stable name for programs: the kind of error, or the id of the rule that refused."""
        return self.kind


class Refused(GitexpError):
    """A rule refused; `findings` says which one, where, and what to do."""

    exit_code = 1
    kind = "refused"

    def __init__(self, message: str, findings: Sequence[Finding] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.findings = tuple(findings)

    @property
    def id(self) -> str:
        """Id of the first rule that refused."""
        return next((one.id for one in self.findings if not one.advice), self.kind)


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
    """A write did not get through; nothing was lost and nothing half-written."""

    exit_code = 5
    kind = "store-busy"


def disk_full() -> StoreBusy:
    """Say that there was no room to write."""
    return StoreBusy(
        "the disk is full; nothing that was stored before is affected",
        "make room: gitexp doctor --gc --older 1d\nthen run the same command again",
    )
