"""A real SLURM on this machine: controller, node and munge, with all that they keep in a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
_CONFIG = """\
ClusterName=gitexp
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=1,sched_min_interval=100000
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=10
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def lacking() -> str:
    """Why no SLURM can be started here; empty if one can."""
    missing = [name for name in _NEEDED if _where(name) is None]
    if missing:
        return f"there is no {', '.join(missing)} (apt-get install slurm-wlm munge)"
    return "" if os.getuid() == 0 else "only root can start slurmd"


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Slurm]:
    """A SLURM that ends with the block; skips the test, loudly, where there can be none."""
    if why := lacking():
        pytest.skip(f"NO SLURM HERE, so nothing is tested with it: {why}")
    cluster = Slurm(folder)
    try:
        try:
            cluster.start()
        except AssertionError as error:  # as in a container that gives it no port or no user
            pytest.skip(f"NO SLURM STARTS HERE, so nothing is tested with it: {error}")
        yield cluster
    finally:
        cluster.stop()


def _where(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


@dataclass(slots=True)
class Slurm:
    """A cluster of one node with four processors."""

    folder: Path
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """What every command of SLURM must be told (SLURM_CONF)."""
        return self.folder / "slurm.conf"

    def start(self) -> None:
        """Start everything, and wait until the node takes jobs."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        ports = [_free_port() for _ in range(2)]
        host = socket.gethostname()
        self.config.write_text(_CONFIG.format(host=host, folder=self.folder, ports=ports))
        munge = {name: f"{self.folder}/munge.{name}" for name in ("socket", "key", "pid", "log")}
        self._begin(
            "munged", "--foreground", "--force", f"--socket={munge['socket']}",
            f"--key-file={munge['key']}", f"--pid-file={munge['pid']}",
            f"--log-file={munge['log']}", f"--seed-file={self.folder}/munge.seed",
        )  # fmt: skip
        _until(Path(munge["socket"]).exists)
        self.start_controller()
        self._begin("slurmd", "-D")
        _until(lambda: "idle" in self.call("sinfo", "--noheader", "--format=%T"))

    def start_controller(self) -> None:
        """Start the controller, again if need be."""
        self._begin("slurmctld", "-D")
        _until(lambda: "UP" in self.call("scontrol", "ping"))

    def stop_controller(self) -> None:
        """Stop the controller, which remembers its jobs on disk.

        One that is killed has not written all of them down, starts some again, and drains the node.
        """
        self._processes["slurmctld"].terminate()
        self._processes["slurmctld"].wait(60)

    def stop(self) -> None:
        """End everything that was started."""
        self.call("scancel", "--user=root")
        for name in ("slurmctld", "slurmd", "munged"):
            if process := self._processes.get(name):
                process.terminate()
                process.wait(30)

    def call(self, *words: str) -> str:
        """What a command of SLURM prints, whatever its exit code."""
        done = subprocess.run(
            words, env=os.environ | {"SLURM_CONF": str(self.config)}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    def _begin(self, name: str, *words: str) -> None:
        program = _where(name)
        assert program is not None
        with (self.folder / f"{name}.out").open("ab") as out:
            self._processes[name] = subprocess.Popen(
                [program, *words], env=os.environ | {"SLURM_CONF": str(self.config)},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _until(holds: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    assert callable(holds)
    while not holds():
        assert time.monotonic() < end, "SLURM did not start"
        time.sleep(0.1)
