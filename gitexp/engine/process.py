"""Executes one training command so that it can be stopped with everything it started.

The command gets its own session, so Ctrl-C in the terminal only reaches gitexp, and gitexp decides.
Whatever the command starts is in its process group and ends with it. What opens a session of its
own, as daemons do, is found by its environment, where the system tells that (engine/family.py).
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.family import MARK, kill_marked, marked, processes
from gitexp.engine.watch import Halt
from gitexp.rules.documents.ended import Ended

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from gitexp.engine.family import Process
    from gitexp.engine.watch import Watch
    from gitexp.engine.watchdog import Watchdog

GRACE = 3.0  # seconds between SIGTERM and SIGKILL: time to write a checkpoint
REACTION = 0.05  # seconds until a stop request or a timeout is noticed
_AWAKE = 2.0  # seconds between two looks at a command; after more, gitexp was suspended
VANISH = 0.5  # seconds that killed processes may take to vanish; then the kernel holds them

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # exit codes that a shell would give

# Whether a command's end can be seen before its exit status is taken (macOS: from Python 3.13 on).
_CAN_LOOK = hasattr(os, "waitid")

# ru_maxrss counts kibibytes on Linux and bytes on macOS.
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


class Finished(NamedTuple):
    """How a command ended, and what it used.

    `exit_code` is negative if a signal killed the command (-9: SIGKILL), 127 if it was not found
    and 126 if it could not be executed. `duration` and `cpu` are in seconds, `peak_memory` in
    bytes; the latter two include the children that the command waited for. `halted` says why gitexp
    ended it, and `left` whether it left daemons behind, which ended with it.

    On Linux, `peak_memory` is never below gitexp's own peak, because the kernel counts the moment
    between fork and exec: started by a process of 200 MB, `true` takes 200 MB.
    """

    exit_code: int
    duration: float
    cpu: float
    peak_memory: int
    interrupted: bool = False
    halted: Halt | None = None
    left: bool = False


def execute(
    command: Sequence[str] | str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Path,
    stderr: Path,
    watchdog: Watchdog,
    timeout: float | None = None,
    watch: Watch | None = None,
    stop: threading.Event,
    hold_fds: Sequence[int] = (),
) -> Finished:
    """Run `command` to its end, until `timeout` seconds have passed, or until `stop` is set.

    A `watch` may end it, too.

    A sequence is run as it is, a string by /bin/sh. The two files are overwritten. `hold_fds` stay
    open in the command, so a lock held through one of them lasts as long as the command runs.

    A command that cannot be started gives exit code 127 or 126, with the reason in `stderr`.
    """
    if stop.is_set():
        return Finished(-signal.SIGTERM, 0.0, 0.0, 0, interrupted=True)
    watchdog.start()
    mark, older = os.urandom(8).hex(), processes()
    watchdog.watch(mark)
    begin = time.monotonic()
    with stdout.open("wb") as out, stderr.open("wb") as err:
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", command] if isinstance(command, str) else command,
                cwd=cwd,
                env={**env, MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=hold_fds,
            )
        except (OSError, ValueError) as error:
            watchdog.forget(mark)
            exit_code, reason = _why_not_started(error, command, cwd, env.get("PATH"))
            err.write(f"gitexp: {reason}\n".encode(errors="surrogateescape"))
            return Finished(exit_code, time.monotonic() - begin, 0.0, 0)
    # Without /proc, a command goes on if gitexp is killed in the instant before this line. It still
    # holds its locks then, so its checkout is not given to another run.
    watchdog.watch(mark, process.pid)
    child = _Child(process, mark, older)
    interrupted, halted = False, None
    try:
        interrupted, halted = child.wait(begin, timeout, watch, stop)
        if interrupted or halted:
            child.terminate()
    finally:  # also if Ctrl-C arrives in this thread
        child.kill()
        watchdog.forget(mark)
        child.close()
    return Finished(
        child.exit_code,
        child.end - begin,
        child.cpu,
        child.peak_memory,
        interrupted,
        halted,
        child.left,
    )


class _Child:
    """A started command and its process group, whose number is the command's own."""

    def __init__(
        self, process: subprocess.Popen[bytes], mark: str, older: frozenset[Process]
    ) -> None:
        self._process = process
        self._mark, self._older = mark, older
        self.left = False
        self._group = process.pid
        self._pause = 0.001
        self._exit_fd: int | None = None
        self.exit_code = 0
        self.end = self.cpu = 0.0
        self.peak_memory = 0
        if sys.platform == "linux":
            with suppress(OSError):  # kernels before 5.3 and some sandboxes have none
                self._exit_fd = os.pidfd_open(process.pid)

    def wait(
        self, begin: float, timeout: float | None, watch: Watch | None, stop: threading.Event
    ) -> tuple[bool, Halt | None]:
        """Wait for the end, or a reason for it: whether `stop` was set, and what else there is."""
        deadline, seen = None if timeout is None else begin + timeout, begin
        while not self.ends_within(REACTION, deadline):
            passed, seen = time.monotonic() - seen, time.monotonic()
            if deadline is not None and passed > _AWAKE:
                deadline += passed  # where gitexp was suspended, the run may have been, too
            if stop.is_set():
                return True, None
            if deadline is not None and time.monotonic() >= deadline:
                return False, Halt(Ended.TIMEOUT, f"stopped after the timeout of {timeout:g} s")
            if watch is not None and (halted := watch.look(self._group, self._mark)):
                return False, halted
        return False, None

    def ends_within(self, seconds: float, deadline: float | None = None) -> bool:
        """Wait for the command itself until `deadline` at most, and note when it ended."""
        until = time.monotonic() + seconds
        until = until if deadline is None else min(until, deadline)
        while not self._ended():
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._sleep(left)
        return True

    def _ended(self) -> bool:
        """Whether the command has ended.

        Its exit status is left with the kernel, which gives its number to no other process before
        somebody takes it: what is sent to the group reaches nobody else.
        """
        if not self.end:
            if _CAN_LOOK:
                asked = os.WEXITED | os.WNOHANG | os.WNOWAIT
                ended = os.waitid(os.P_PID, self._process.pid, asked) is not None
            else:
                ended = self._reap(os.WNOHANG)
            if ended:
                self.end = time.monotonic()
        return bool(self.end)

    def _reap(self, options: int = 0) -> bool:
        """Take the exit status, and what the command used; False if it goes on."""
        if self._process.returncode is None:
            pid, status, usage = os.wait4(self._process.pid, options)
            if not pid:
                return False
            # Without this, Popen's destructor would warn about a child left behind.
            self.exit_code = self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu = usage.ru_utime + usage.ru_stime
            self.peak_memory = usage.ru_maxrss * _MEMORY_UNIT
        return True

    def terminate(self) -> None:
        """Ask the whole group to end, and give it time to do so."""
        until = time.monotonic() + GRACE
        self._signal(signal.SIGTERM)
        strays = self._signal_strays(signal.SIGTERM)
        self.ends_within(GRACE)
        while time.monotonic() < until and (
            self._group_lives() or (strays and marked(self._mark, self._older))
        ):
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill what is left of the group, take the exit status, and wait until the rest is gone."""
        self._signal(signal.SIGKILL)
        self.ends_within(float("inf"))
        self._reap()
        until = time.monotonic() + VANISH
        while self._group_lives() and time.monotonic() < until:
            time.sleep(0.005)
        # A daemon may fork while it is looked for.
        while self._signal_strays(signal.SIGKILL) and time.monotonic() < until:
            self.left = True
            time.sleep(0.005)

    def close(self) -> None:
        if self._exit_fd is not None:
            os.close(self._exit_fd)
            self._exit_fd = None

    def _sleep(self, seconds: float) -> None:
        if self._exit_fd is None:
            time.sleep(min(self._pause, seconds))
            self._pause = min(2 * self._pause, REACTION)
        else:
            poll = select.poll()
            poll.register(self._exit_fd, select.POLLIN)
            poll.poll(min(seconds, 60.0) * 1000)

    def _signal(self, number: int) -> bool:
        """Signal the group; False if it is empty (or has only zombies, on macOS)."""
        try:
            os.killpg(self._group, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _signal_strays(self, number: signal.Signals) -> int:
        """Signal what has left the group; returns how many processes that is."""
        return kill_marked(self._mark, number, self._group, self._older)

    def _group_lives(self) -> bool:
        if not self._signal(0):
            return False
        if sys.platform != "linux":
            return True
        # An orphan that has ended stays in the group until process 1 reaps it, and in a container
        # that may never happen.
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _, group = stat.read_bytes().rpartition(b")")[2].split()[:3]
                if int(group) == self._group and state not in {b"Z", b"X"}:
                    return True
        return False


def _why_not_started(
    error: OSError | ValueError, command: Sequence[str] | str, cwd: Path, path: str | None
) -> tuple[int, str]:
    line = command if isinstance(command, str) else shlex.join(command)
    program = "/bin/sh" if isinstance(command, str) else command[0]
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    if isinstance(error, PermissionError) and "/" not in program:
        # A folder of PATH that may not be entered says nothing of a program that is nowhere.
        missing = shutil.which(program, os.F_OK, path or os.defpath) is None
    reason = str(error)
    if isinstance(error, OSError):
        reason = error.strerror or reason
        if str(error.filename) == str(cwd):
            reason = f"the folder {cwd} cannot be entered ({reason})"
        elif missing and "/" not in program:
            reason = f"{program} is not on PATH"
        elif missing and (cwd / program).is_file():
            reason = f"the interpreter that the first line of {program} names does not exist"
        elif missing:
            reason = f"{program} does not exist"
        else:
            reason = f"{program} cannot be executed ({reason})"
    return NOT_FOUND if missing else NOT_EXECUTABLE, f"cannot run `{line}`: {reason}"
