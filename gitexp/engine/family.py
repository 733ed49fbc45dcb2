"""The processes of a run: its process group, their descendants, and what has left the group.

A process that daemonises leaves its group and its parent, but not its environment, which names the
run. Only Linux tells the environment of other processes; elsewhere a daemon is not found.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

# A process's number, and that of its entry in /proc: who gets the number later has another entry.
Process = tuple[int, int]

MARK = "GITEXP_RUN_MARK"  # the variable that names the run to whatever it starts

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE = 5  # seconds for ps
# Columns of /proc/PID/stat behind the program's name, as proc(5) numbers them less 3.
_STATE, _PARENT, _GROUP, _RESIDENT = 0, 1, 2, 21


def processes() -> frozenset[Process]:
    """What runs on this machine; empty where there is no /proc."""
    with suppress(OSError), os.scandir(_PROC) as listed:
        return frozenset((int(one.name), one.inode()) for one in listed if one.name.isdecimal())
    return frozenset()


def marked(mark: str, older: frozenset[Process] = frozenset()) -> list[int]:
    """Processes of a run by its mark, wherever they went; none where there is no /proc.

    Those that are `older` than the run are not looked at, since the kernel takes 25 us for each.
    """
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid, _ in sorted(processes() - older) if _is_marked(pid, wanted)]


def kill_marked(mark: str, number: signal.Signals, besides: int, older: frozenset[Process]) -> int:
    """Signal what has a mark outside of one process group; returns how many processes that is."""
    if sys.platform != "linux":
        return 0
    wanted, count = f"{MARK}={mark}".encode(), 0
    for pid in marked(mark, older):
        # Through a descriptor, and looked at again: the number may belong to another by now.
        with suppress(OSError):
            descriptor = os.pidfd_open(pid)
            try:
                if os.getpgid(pid) != besides and _is_marked(pid, wanted):
                    signal.pidfd_send_signal(descriptor, number)
                    count += 1
            finally:
                os.close(descriptor)
    return count


def memory_of(group: int, mark: str, above: int) -> int:
    """Bytes that a run's processes hold together.

    What several of them share is counted once if the sum would otherwise be over `above`: to look
    that closely takes the kernel some milliseconds for each gigabyte.
    """
    resident = _resident(group, mark)
    total = sum(resident.values())
    if total <= above or sys.platform != "linux":
        return total
    return sum(_share_of(pid, size) for pid, size in resident.items())


def _resident(group: int, mark: str) -> dict[int, int]:
    """Bytes in memory of each process of a run, shared ones included."""
    table = _from_proc() if sys.platform == "linux" else _from_ps()
    wanted = {pid for pid, (_, own, _) in table.items() if own == group} | set(marked(mark))
    while more := {p for p, (parent, _, _) in table.items() if parent in wanted} - wanted:
        wanted |= more
    return {pid: table[pid][2] for pid in wanted if pid in table}


def _from_proc() -> dict[int, tuple[int, int, int]]:
    """Parent, group and bytes in memory of every process."""
    table = {}
    for pid, _ in processes():
        with suppress(OSError, ValueError, IndexError):
            columns = (_PROC / f"{pid}/stat").read_bytes().rpartition(b")")[2].split()
            resident = int(columns[_RESIDENT]) * _PAGE
            table[pid] = int(columns[_PARENT]), int(columns[_GROUP]), resident
    return table


def _from_ps() -> dict[int, tuple[int, int, int]]:
    table = {}
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,pgid=,rss="],
            capture_output=True, check=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            pid, parent, group, kibibytes = map(int, line.split())
            table[pid] = parent, group, kibibytes * 1024
    return table


def _share_of(pid: int, resident: int) -> int:
    """A process's share of the memory that it is in: a page that two have counts half for each."""
    with suppress(OSError, ValueError, IndexError):
        for line in (_PROC / f"{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return resident


def _is_marked(pid: int, wanted: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as handle:  # noqa: PTH123 - one for each process
            return wanted in handle.read().split(b"\0")
    except OSError:
        return False
