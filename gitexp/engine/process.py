"""Executes one training command as a child that can be stopped whole.

The command leads a session of its own, so the terminal's Ctrl-C reaches gitexp alone, and gitexp
decides; whatever the command started is in its process group and ends with it. A program that opens
a further session leaves the group, and with it gitexp's reach.
"""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GRACE = 3.0  # seconds between SIGTERM and SIGKILL: time to write a checkpoint, short of annoying
REACTION = 0.05  # seconds until a stop request or a time-out is noticed
BURIAL = 0.5  # seconds that killed processes may take to vanish; past it the kernel holds them

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # what a shell would answer

# ru_maxrss counts kibibytes on Linux and bytes on macOS.
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended and what it took.

    `exit_code` is negative where a signal killed it (-9: SIGKILL), 127 where it was not found and
    126 where it could not be executed. `duration` and `cpu` are seconds, `cpu` and `peak_memory`
    (bytes) those of the command and of the children that it waited for.

    On Linux `peak_memory` is never below gitexp's own peak, because the kernel counts the moment
    between fork and exec: a parent of 200 MB makes `true` a 200 MB process.
    """

    exit_code: int
    duration: float
    cpu: float
    peak_memory: int
    timed_out: bool
    interrupted: bool


class Keeper:
    """Ends the training commands when gitexp itself is killed and can end nothing any more.

    One small shell holds the list of running groups and reads a pipe that gitexp alone writes. The
    kernel closes that pipe whatever ends gitexp, and what is still listed then dies.
    PR_SET_PDEATHSIG would fire already when the thread that forked ends, and a wrapper around each
    command would cost its start-up every time.
    """

    # `kill -KILL -- -PGID` is an error in dash, and `kill -s KILL -- -PGID`, which POSIX names, may
    # be one elsewhere, so both forms that exist are tried.
    _SCRIPT = r"""
        trap '' INT TERM HUP
        groups=' '
        while read -r line; do
            group=${line#?}
            case $line in
                +*) groups="$groups$group " ;;
                -*) case $groups in *" $group "*)
                        groups="${groups%%" $group "*} ${groups#*" $group "}" ;;
                    esac ;;
            esac
        done
        for group in $groups; do
            kill -s KILL -- "-$group" || kill -KILL "-$group"
        done
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._shell: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the shell unless it runs; called before a command starts, so that it is ready."""
        with self._lock:
            if self._shell is None:
                self._start()

    def watch(self, group: int) -> None:
        """Let this process group end with gitexp."""
        with self._lock:
            self._groups.add(group)
            self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Leave this process group alone from now on: its number may soon be another's."""
        with self._lock:
            self._groups.discard(group)
            self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the shell, and with it whatever is still watched."""
        with self._lock:
            self._end()

    def _start(self) -> None:
        # The pipe is close-on-exec and Popen closes what it is not told to keep: no command holds
        # the writing end open, and the shell holds none of gitexp's locks.
        reading, self._pipe = os.pipe()
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", self._SCRIPT],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
        os.close(reading)

    def _tell(self, line: str) -> None:
        if self._shell is None:
            return
        try:
            os.write(self._pipe, line.encode())
        except BrokenPipeError:  # someone killed the shell: the next one learns the whole list
            self._end()
            self._start()
            os.write(self._pipe, "".join(f"+{group}\n" for group in self._groups).encode())

    def _end(self) -> None:
        if self._shell is not None:
            os.close(self._pipe)
            self._shell.wait()
        self._shell = None


def execute(
    command: Sequence[str] | str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Path,
    stderr: Path,
    keeper: Keeper,
    timeout: float | None = None,
    stop: threading.Event,
    hold_fds: Sequence[int] = (),
) -> Finished:
    """Run `command` to its end, or until `timeout` seconds have passed or `stop` is set.

    A sequence is run as it is, a string by /bin/sh. The two files are truncated. `hold_fds` stay
    open in the command: a lock held through one of them lasts as long as the command lives.

    A command that cannot be started is a result like any other (127, 126), its reason in `stderr`.
    """
    if stop.is_set():
        return Finished(-signal.SIGTERM, 0.0, 0.0, 0, timed_out=False, interrupted=True)
    keeper.start()
    begin = time.monotonic()
    with stdout.open("wb") as out, stderr.open("wb") as err:
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", command] if isinstance(command, str) else command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=hold_fds,
            )
        except (OSError, ValueError) as error:
            exit_code, reason = _why_not_started(error, command, cwd)
            err.write(f"gitexp: {reason}\n".encode(errors="surrogateescape"))
            return Finished(
                exit_code, time.monotonic() - begin, 0.0, 0, timed_out=False, interrupted=False
            )
    # A kill -9 of gitexp in the millisecond before this line leaves the command running; it still
    # holds its locks then, so its slot is not given to anyone else.
    keeper.watch(process.pid)
    child = _Child(process)
    timed_out = interrupted = False
    deadline = None if timeout is None else begin + timeout
    try:
        while not child.ends_within(REACTION, deadline):
            interrupted = stop.is_set()
            timed_out = not interrupted and deadline is not None and time.monotonic() >= deadline
            if interrupted or timed_out:
                child.terminate()
                break
    finally:  # also where Ctrl-C arrives in this thread
        child.kill()
        keeper.forget(process.pid)
        child.close()
    return Finished(
        child.exit_code,
        child.end - begin,
        child.cpu,
        child.peak_memory,
        timed_out=timed_out,
        interrupted=interrupted,
    )


class _Child:
    """A started command and its process group, whose number is the command's own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._group = process.pid
        self._pause = 0.001
        self._exit_fd: int | None = None
        self.exit_code = 0
        self.end = self.cpu = 0.0
        self.peak_memory = 0
        if sys.platform == "linux":
            with suppress(OSError):  # kernels before 5.3 and some sandboxes have none
                self._exit_fd = os.pidfd_open(process.pid)

    def ends_within(self, seconds: float, deadline: float | None = None) -> bool:
        """Wait for the command itself, no longer than `deadline`, and take its exit status."""
        until = time.monotonic() + seconds
        until = until if deadline is None else min(until, deadline)
        while self._process.returncode is None:
            pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self.end = time.monotonic()
                # Popen is told, or its destructor would warn of a child left behind.
                self.exit_code = self._process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu = usage.ru_utime + usage.ru_stime
                self.peak_memory = usage.ru_maxrss * _MEMORY_UNIT
                break
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._sleep(left)
        return True

    def terminate(self) -> None:
        """Ask the whole group to end and give it the grace that one trainer would have."""
        until = time.monotonic() + GRACE
        self._signal(signal.SIGTERM)
        self.ends_within(GRACE)
        while time.monotonic() < until and self._group_lives():
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill what is left of the group, take the command's exit status, see the rest vanish."""
        self._signal(signal.SIGKILL)
        self.ends_within(float("inf"))
        until = time.monotonic() + BURIAL
        while self._group_lives() and time.monotonic() < until:
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
        """Signal the group, False where it is empty (macOS refuses where only zombies are left)."""
        try:
            os.killpg(self._group, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _group_lives(self) -> bool:
        if not self._signal(0):
            return False
        if sys.platform != "linux":
            return True
        # An orphan that ended stays in the group until process 1 buries it, which in a container
        # may be never.
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _, group = stat.read_bytes().rpartition(b")")[2].split()[:3]
                if int(group) == self._group and state not in {b"Z", b"X"}:
                    return True
        return False


def _why_not_started(
    error: OSError | ValueError, command: Sequence[str] | str, cwd: Path
) -> tuple[int, str]:
    line = command if isinstance(command, str) else shlex.join(command)
    program = "/bin/sh" if isinstance(command, str) else command[0]
    missing = isinstance(error, FileNotFoundError | NotADirectoryError)
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
