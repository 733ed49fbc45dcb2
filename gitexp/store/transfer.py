"""Run a fetch or a push, and show how far it is.

git runs as a subprocess, as always; GitPython parses the progress that it prints. GitPython takes
0.1 s to load, so it is loaded only if somebody watches, and only once a transfer takes a while.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from gitexp.store.git import Git

Show = Callable[["Progress"], None]

_PATIENCE = 0.5  # seconds that a transfer may take before it is shown

# Progress of git, here or on the remote. Other lines with a colon and a number, such as those of a
# remote's hook, are messages and are kept.
_PROGRESS = re.compile(
    r"(?:remote: )?(?:(?:Enumerating|Counting|Compressing|Receiving|Unpacking|Writing) objects"
    r"|Finding sources|Resolving deltas|Checking connectivity|Checking objects): +\d.*"
    r"|(?:remote: )?Delta compression using .*|(?:remote: )?Total \d+ \(delta \d+\).*"
    # Refs that a fetch moved. One that it could not move is marked with "!", and that line is kept.
    r"| [ *+t=-] .+ -> .+"
)


class Progress(NamedTuple):
    """How far a step is: `done` of `total` objects, None if git cannot tell yet, 0 if none count.

    `amount` is how much was transferred and how fast, in git's words: "12.00 MiB | 3.00 MiB/s".
    """

    step: str
    done: int
    total: int | None
    amount: str


def transfer(
    git: Git, *command: str, show: Show | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a fetch or a push and return it, whatever its exit code.

    With `show`, the command needs the option --progress. Standard error is returned without the
    lines that only tell progress.
    """
    if show is None:
        return git.run(*command, allow=range(-64, 256))  # git 2.47 aborts where refs are in its way
    hear = _listener(show)
    kept = b""
    # A push may report on thousands of refs: a pipe that is not read would fill, a file does not.
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
    """Yield lines as they come; git ends lines that it overwrites with a carriage return."""
    rest = b""
    while chunk := os.read(descriptor, 1 << 16):
        *lines, rest = re.split(rb"[\r\n]+", rest + chunk)
        yield from lines
    if rest:
        yield rest


def is_progress(line: str) -> bool:
    """Whether a line of git's standard error only tells how far a transfer is, or what it moved."""
    return _PROGRESS.fullmatch(line.rstrip()) is not None


def _listener(show: Show) -> Callable[[str], None]:
    """Return a function that takes the lines of one transfer, and shows them after a while."""
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
    from git.util import RemoteProgress  # noqa: TID251 - 0.1 s, only if you watch

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
