"""How far a fetch or a push is, read from what git says while it works.

git is spawned as ever; GitPython only takes its progress lines apart. It takes 0.1 s to load, so it
is loaded once a transfer has taken longer than that and somebody watches.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitexp.store.git import Git

    Show = Callable[["Progress"], None]

_PATIENCE = 0.5  # seconds that a transfer may take before it is shown

# What git, here or on the remote, says of its progress. Other lines with a colon and a number, such
# as those of a remote's hook, are somebody's message and are kept.
_PROGRESS = re.compile(
    r"(?:remote: )?(?:(?:Enumerating|Counting|Compressing|Receiving|Unpacking|Writing) objects"
    r"|Finding sources|Resolving deltas|Checking connectivity|Checking objects): +\d.*"
    r"|(?:remote: )?Delta compression using .*|(?:remote: )?Total \d+ \(delta \d+\).*"
    # Every ref that a fetch moved; one that it could not move is marked by "!" and kept.
    r"| [ *+t=-] .+ -> .+"
)


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a transfer: `done` of `total` objects, None where git does not know how many.

    `amount` is how much was transferred and how fast, as git words it: "12.00 MiB | 3.00 MiB/s".
    """

    step: str
    done: int
    total: int | None
    amount: str


def transfer(
    git: Git, *command: str, show: Show | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a fetch or a push and return it, whatever its exit code is.

    `show` needs git's option --progress. What git writes to standard error is returned without the
    lines that only say how far it is.
    """
    if show is None:
        return git.run(*command, allow=range(1, 256))
    hear = _listener(show)
    kept = b""
    # A push may report on thousands of refs, which nobody reads before it ends.
    with (
        tempfile.TemporaryFile() as out,
        git.start(
            *command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stderr is not None  # noqa: S101 - asked for above
        try:
            for line in _lines_of(process.stderr.fileno()):
                hear(decode(line))
                kept += b"" if is_progress(decode(line)) else line + b"\n"
        except BaseException:
            process.kill()
            raise
        code = process.wait()
        out.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), kept)


def _lines_of(descriptor: int) -> Iterator[bytes]:
    """Yield lines as they come; git ends those that it writes over with a carriage return."""
    rest = b""
    while chunk := os.read(descriptor, 1 << 16):
        *lines, rest = re.split(rb"[\r\n]+", rest + chunk)
        yield from lines
    if rest:
        yield rest


def is_progress(line: str) -> bool:
    """Whether a line of git's standard error only says how far a transfer is, or what it moved."""
    return _PROGRESS.fullmatch(line.rstrip()) is not None


def _listener(show: Show) -> Callable[[str], None]:
    """Return what takes the lines of one transfer, and shows them once it has taken a while."""
    began = time.monotonic()
    parse: Callable[[str], None] | None = None

    def hear(line: str) -> None:
        nonlocal parse
        if parse is None:
            if time.monotonic() - began < _PATIENCE:
                return
            parse = _parser(show)
        parse(line)

    return hear


def _parser(show: Show) -> Callable[[str], None]:
    from git.util import RemoteProgress  # noqa: TID251 - loads late, for whoever watches a transfer

    steps = {
        RemoteProgress.COUNTING: "counting objects",
        RemoteProgress.COMPRESSING: "compressing objects",
        RemoteProgress.WRITING: "writing objects",
        RemoteProgress.RECEIVING: "receiving objects",
        RemoteProgress.RESOLVING: "resolving deltas",
        RemoteProgress.FINDING_SOURCES: "finding sources",
    }

    class Parser(RemoteProgress):
        def update(
            self,
            op_code: int,
            cur_count: str | float,
            max_count: str | float | None = None,
            message: str = "",
        ) -> None:
            if step := steps.get(op_code & self.OP_MASK):
                total = int(max_count) if max_count else None
                show(Progress(step, int(cur_count or 0), total, message))

    return Parser().new_message_handler()
