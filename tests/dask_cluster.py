"""A real Dask scheduler and its workers, each a process with a home of its own.

`Apart` has each worker in a network namespace, as on another machine: a bridge connects them with
the scheduler and with the git remote, and any of them can be cut off.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = "127.0.0.1"
# Starts one of Dask's programs as if it had another version of a package than its clients.
_OLDER = """\
import runpy, sys
from distributed import versions
known = versions.get_package_info
versions.get_package_info = lambda names: known(names) | {"toolz": "0.0"}
runpy.run_module(f"distributed.cli.dask_{sys.argv.pop(1)}", run_name="__main__")
"""


def lacking_dask() -> str:
    """Why no Dask can be started here; empty if one can."""
    return "" if importlib.util.find_spec("distributed") else "pip install 'gitexp[dask]'"


def lacking_namespaces() -> str:
    """Why this machine has no network namespaces for us; empty if it has."""
    if os.getuid() != 0:
        return "only root can make network namespaces"
    if shutil.which("ip") is None:
        return "there is no ip (apt-get install iproute2)"
    probe = f"gx{os.getpid()}"
    for words in (["netns", "add", probe], ["link", "add", probe, "type", "bridge"]):
        done = _ip(*words)
        if done.returncode:
            return done.stderr.strip()
    _ip("link", "del", probe)
    _ip("netns", "del", probe)
    return ""


def _free_host() -> str:
    """The first address of a network that nothing on this machine is in, a killed test included."""
    used = _ip("-4", "-o", "address").stdout
    hosts = (f"10.213.{number}.1" for number in range(77, 256))
    return next(host for host in hosts if f" {host}/" not in used)


def _ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False)


def free_port(host: str = HERE) -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind((host, 0))
        port: int = listener.getsockname()[1]
        return port


def _answers(host: str, port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex((host, port)) == 0


@dataclass(slots=True)
class Cluster:
    """A scheduler and its workers on this machine; `host` is where the scheduler listens."""

    folder: Path
    host: str = HERE
    port: int = 0
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    scheduler: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return f"tcp://{self.host}:{self.port}"

    def start(self, workers: int = 2) -> None:
        """Start a scheduler and workers."""
        self.port = free_port(self.host)
        self.start_scheduler()
        for _ in range(workers):
            self.start_worker()

    def start_scheduler(self) -> None:
        """Start the scheduler, again if need be."""
        words = ("scheduler", "--host", self.host, "--port", str(self.port), "--no-dashboard")
        self.scheduler = self.begin("scheduler", *words)

    def start_worker(self, *options: str) -> None:
        """Start one more worker, which makes two runs at once and has two GPUs to give."""
        self.workers.append(self.begin(
            f"worker-{len(self.workers)}", "worker", self.address, "--no-nanny", "--nthreads", "2",
            "--resources", "GPU=2", "--no-dashboard", *options,
        ))  # fmt: skip

    def stop(self) -> None:
        """End everything that was started."""
        for process in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            process.kill()
            process.wait(30)

    def begin(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start one of Dask's programs in a home of its own."""
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        with (home / "out").open("ab") as out:
            return subprocess.Popen(
                [*self.within(name), sys.executable, "-c", _OLDER, *words],
                cwd=home, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env={"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"},
            )  # fmt: skip

    def within(self, name: str) -> tuple[str, ...]:
        """The words before a program that put it where it belongs."""
        del name
        return ()

    def runs(self, word: str = "--attached") -> list[str]:
        """Processes of `gitexp worker` in the homes of the workers, or others with such a word."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                home = f"HOME={self.folder}/worker".encode() in (path / "environ").read_bytes()
                if home and word.encode() in (path / "cmdline").read_bytes():
                    found.append(path.name)
            except OSError:
                continue
        return found


@dataclass(slots=True)
class Apart(Cluster):
    """Likewise, with each worker behind a link of its own, and a git server on the bridge."""

    host: str = field(default_factory=_free_host)
    served: int = 0  # port of the git server
    _namespaces: list[str] = field(default_factory=list)
    _server: subprocess.Popen[bytes] | None = None

    def start(self, workers: int = 2) -> None:
        """Make the bridge and the links, and start what is behind them."""
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("address", "add", f"{self.host}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        Cluster.start(self, workers)

    def serve(self, folder: Path) -> str:
        """Serve the repositories of a folder to everybody; returns the address."""
        self.served = free_port(self.host)
        self._server = subprocess.Popen(
            ["git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack",
             f"--base-path={folder}", f"--listen={self.host}", f"--port={self.served}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        end = time.monotonic() + 30
        while not _answers(self.host, self.served):
            assert time.monotonic() < end, "the git server did not start"
            time.sleep(0.05)
        return f"git://{self.host}:{self.served}"

    def cut(self, number: int, *, off: bool) -> None:
        """Take the link of a worker down, or up again."""
        _ip("link", "set", f"{self._bridge}-{number}", "down" if off else "up")

    def within(self, name: str) -> tuple[str, ...]:
        """The namespace of a worker, which is made when it is first asked for."""
        if name == "scheduler":
            return ()
        number = int(name.rpartition("-")[2])
        space, link = f"{self._bridge}.{number}", f"{self._bridge}-{number}"
        if space not in self._namespaces:
            self._namespaces.append(space)
            _ip("netns", "add", space)
            _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", link, "master", self._bridge, "up")
            for words in (
                ("address", "add", f"{self.host}{number}/24", "dev", "eth0"),
                ("link", "set", "eth0", "up"), ("link", "set", "lo", "up"),
            ):  # fmt: skip
                _ip("-netns", space, *words)
        return ("ip", "netns", "exec", space)

    def stop(self) -> None:
        """End everything that was started, and take the links away."""
        Cluster.stop(self)
        if self._server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.pid, signal.SIGTERM)
            self._server.wait(30)
        for space in self._namespaces:
            _ip("netns", "del", space)
        _ip("link", "del", self._bridge)

    @property
    def _bridge(self) -> str:
        return f"gx{os.getpid()}"
