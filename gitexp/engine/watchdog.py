"""A watchdog outside this process, because a killed gitexp cannot end what it started."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import Self

from gitexp.engine.family import MARK


class Watchdog:
    """Ends the training commands if gitexp itself is killed.

    One small shell keeps the list of what runs and reads a pipe that only gitexp writes to. However
    gitexp ends, the kernel closes the pipe, and the shell kills the process groups that are still
    listed, and on Linux whatever carries their marks: what has left its group, and what was started
    in the instant before its group could be told. PR_SET_PDEATHSIG would fire when the thread that
    forked ends, and a wrapper around each command would add its start-up time to every run.
    """

    # `kill -KILL -- -PGID` is an error in dash, and POSIX's `kill -s KILL -- -PGID` may be one
    # elsewhere, so both are tried. A command gets its mark a moment after the fork, so where its
    # group is not known, it is looked for twice.
    _SCRIPT = r"""
        trap '' INT TERM HUP
        groups=' '
        while read -r line; do
            one=${line#?} mark=${line#?}
            mark=${mark%%:*}
            case $groups in *" $mark:"*)
                after=${groups#*" $mark:"}
                groups="${groups%%" $mark:"*} ${after#* }" ;;
            esac
            case $line in +*) groups="$groups$one " ;; esac
        done
        for one in $groups; do
            group=${one#*:}
            [ -z "$group" ] || kill -s KILL -- "-$group" || kill -KILL "-$group"
        done
        [ -r /proc/self/environ ] || exit 0
        find_marked() {
            for one in $groups; do
                for file in $(grep -lsF -e "VARIABLE=${one%:*}" /proc/[0-9]*/environ); do
                    file=${file#/proc/}
                    kill -s KILL "${file%/environ}"
                done
            done
        }
        find_marked
        case $groups in *': '*) sleep 1; find_marked ;; esac
    """.replace("VARIABLE", MARK)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[str, str] = {}  # by mark; "" before it is known
        self._shell: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the shell unless it is running; called before a command starts."""
        with self._lock:
            if self._shell is None:
                self._start()

    def watch(self, mark: str, group: int | None = None) -> None:
        """Kill whatever has this mark if gitexp ends, and its process group once that is known."""
        with self._lock:
            self._groups[mark] = "" if group is None else str(group)
            self._tell(_entry(mark, self._groups[mark]))

    def forget(self, mark: str) -> None:
        """Leave a command alone from now on, because the number of its group may be reused."""
        with self._lock:
            if self._groups.pop(mark, None) is not None:
                self._tell(f"-{mark}\n")

    def close(self) -> None:
        """End the shell, which kills the groups that are still watched."""
        with self._lock:
            self._end()

    def _start(self) -> None:
        # The pipe is close-on-exec, and Popen closes everything that it is not told to keep: so no
        # command keeps the writing end open, and the shell does not keep gitexp's locks.
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
        except BrokenPipeError:  # somebody killed the shell: the next one gets the whole list
            self._end()
            self._start()
            os.write(self._pipe, "".join(_entry(*one) for one in self._groups.items()).encode())

    def _end(self) -> None:
        if self._shell is not None:
            os.close(self._pipe)
            self._shell.wait()
        self._shell = None


def _entry(mark: str, group: str) -> str:
    return f"+{mark}:{group}\n"
