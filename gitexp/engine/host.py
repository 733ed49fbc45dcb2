"""Where an attempt is made: which machine, since which boot, in which clone, in which batch job.

All but the last are hashes: they tell two places apart and name neither.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.store.repository import Repository

# The variable by which a batch system tells a program which job it is part of.
_JOBS = {"SLURM_JOB_ID": "SLURM", "PBS_JOBID": "PBS", "LSB_JOBID": "LSF"}
_TRIES = 3  # to ask SLURM, whose signal may reach also who is asking


@functools.cache
def host_id() -> str:
    """Identify this machine."""
    texts = [os.uname().nodename]
    for name in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with suppress(OSError):
            texts.append(Path(name).read_text("utf-8", "replace").strip())
            break
    return _hash(*texts)


@functools.cache
def boot_id() -> str:
    """Identify the time since this machine was started; "" where the system does not tell."""
    with suppress(OSError):
        return _hash(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["sysctl", "-n", "kern.bootsessionuuid"],  # macOS
            capture_output=True, check=True, stdin=subprocess.DEVNULL, timeout=5,
        )  # fmt: skip
        return _hash(done.stdout.decode("ascii", "replace").strip())
    return ""


def clone_id(repository: Repository) -> str:
    """Identify this clone among those of its machine: locks tell only what happens in their own."""
    return _hash(os.path.realpath(repository.common))


def scheduler() -> str:
    """The batch job that this is part of, such as `SLURM 4711_3`; "" outside of one."""
    array, index = (os.environ.get(f"SLURM_ARRAY_{name}_ID", "") for name in ("JOB", "TASK"))
    if array and index:
        return f"SLURM {array}_{index}"[:80]  # as squeue lists it, and scancel takes it
    found = ((name, os.environ.get(variable, "")) for variable, name in _JOBS.items())
    return next((f"{name} {job}"[:80] for name, job in found if job), "")


def is_over_time() -> bool:
    """Whether SLURM is ending the job that this is part of because it has run too long."""
    system, _, job = scheduler().partition(" ")
    words = ["squeue", "--noheader", "--states=all", "--format=%r", f"--jobs={job}"]
    for _ in range(_TRIES if system == "SLURM" and shutil.which(words[0]) else 0):
        with suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                words, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
                timeout=5, start_new_session=True,
            )  # fmt: skip
            return done.stdout.split() == ["TimeLimit"]
        time.sleep(0.5)
    return False


def _hash(*texts: str) -> str:
    return hashlib.sha256(os.fsencode("\n".join(("gitexp", *texts)))).hexdigest()[:12]
