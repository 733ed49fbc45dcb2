"""Hosts that are reached by a plain `ssh host gitexp worker`; keys and names are ssh's business."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from gitexp.engine.clusters.cluster import Batch, Standing, State
from gitexp.engine.clusters.hosts import Host, parse_hosts
from gitexp.errors import NotReady, StoreBusy
from gitexp.rules.documents.task import join_tasks
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.rules.documents.elsewhere import Ssh
    from gitexp.rules.documents.ended import Ended

# A password cannot be typed here, and a host that is gone is noticed after a minute.
_OPTIONS = ("-o", "BatchMode=yes", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
_UNREACHED = 255  # ssh's own exit code
# Exit codes of a worker that cannot make this run on its host; another one may.
_UNFIT = {NotReady.exit_code, StoreBusy.exit_code}
_GIVEN_UP = 3  # failures in a row after which nothing is expected of a host
_ANSWERS = 20.0  # seconds that hosts have to say what they have
_LINES = 8  # of what a worker said last


@dataclass(frozen=True, slots=True)
class _Worker:
    """A worker that runs on a host, attached to this command: it ends when its input ends."""

    host: str
    batch: Batch
    process: subprocess.Popen[bytes]
    said: IO[bytes]


class SshHosts:
    """The hosts of the settings, each with as many places as it makes runs at once."""

    lasts = False
    shares = True

    def __init__(self, settings: Ssh) -> None:
        self._settings = settings
        self._workers: dict[str, _Worker] = {}
        self._failures = dict.fromkeys(settings.hosts, 0)  # since ssh last got through
        self._unfit: dict[str, set[str]] = {}  # hosts that could not run a task, by the task
        self._number = 0
        self._sent: dict[str, set[str]] = {}  # variables that ssh hands on, by host
        self._batch = os.urandom(6).hex()  # of what this command stops: one occasion on all hosts

    @property
    def most(self) -> int:
        """How many runs the hosts make at once that ssh does not fail to reach again and again."""
        reached = sum(failures < _GIVEN_UP for failures in self._failures.values())
        return max(1, reached) * self._settings.jobs

    def hosts(self, program: str, tree: str) -> Mapping[str, Host]:
        """Ask all hosts at once; one that does not answer in time is left out."""
        about = f"exec {self._settings.gitexp} worker --about={shlex.quote(program)}"
        command = " && ".join([*self._settings.setup, f"{about} --tree={shlex.quote(tree)}"])
        asked = {}
        with contextlib.suppress(OSError):
            for host in self._failures:
                asked[host] = subprocess.Popen(
                    ["ssh", *_OPTIONS, "--", host, command],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    env=self._variables(host),
                )  # fmt: skip
        end = time.monotonic() + _ANSWERS
        return parse_hosts({host: _answer(one, end) for host, one in asked.items()}, sure=True)

    def submit(self, batches: Sequence[Batch]) -> Mapping[str, str]:
        """Start a worker for each batch, on the host with the most places left."""
        return {line: name for batch in batches for name in [self._start(batch)] for line in batch}

    def _start(self, batch: Batch) -> str:
        host = self._choose(batch)
        command = [*self._settings.setup, f"exec {self._settings.gitexp} worker --attached"]
        said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the worker
        try:
            process = subprocess.Popen(
                ["ssh", *_OPTIONS, "--", host, " && ".join(command)],
                stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT,
                env=self._variables(host),
                process_group=0,  # Ctrl-C is for this command, which then tells the workers
            )  # fmt: skip
        except OSError as error:
            said.close()
            raise NotReady(f"ssh could not be started: {error.strerror}", "install it") from None
        worker = _Worker(host, batch, process, said)
        _tell(worker, join_tasks(batch))
        self._number += 1
        name = f"{host}#{self._number}"
        self._workers[name] = worker
        return name

    def _variables(self, host: str) -> Mapping[str, str]:
        """What ssh needs of the environment, without what it would hand on (`SendEnv`)."""
        if host not in self._sent:
            done = subprocess.run(
                ["ssh", "-G", "--", host], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace", check=False,
            )  # fmt: skip
            options = [line.partition(" ") for line in done.stdout.splitlines()]
            sent = (names.split() for key, _, names in options if key == "sendenv")
            self._sent[host] = {name for names in sent for name in names}
        return {
            name: value
            for name, value in os.environ.items()
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in self._sent[host])
        }

    def _unfit_for(self, batch: Batch) -> set[str]:
        return {host for line in batch for host in self._unfit.get(line, ())}

    def _choose(self, batch: Batch) -> str:
        """A host with a free place that ssh reaches, and of those the one with fewest workers."""
        unfit = self._unfit_for(batch)
        hosts = [one.host for one in self._workers.values()]
        busy = {host: hosts.count(host) for host in self._failures}

        def rank(host: str) -> tuple[bool, bool, int, int]:
            is_full = busy[host] >= self._settings.jobs
            return host in unfit, is_full, self._failures[host], busy[host]

        return min(self._failures, key=rank)

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say which workers have ended, and what they said last."""
        found = {}
        for name in names:
            worker = self._workers.get(name)
            if worker is None:
                found[name] = Standing(State.GONE)
            elif (code := worker.process.poll()) is None:
                found[name] = Standing(State.RUNNING)
            else:
                found[name] = self._ended(name, worker, code)
        return found

    def _ended(self, name: str, worker: _Worker, code: int) -> Standing:
        unreached = code == _UNREACHED
        self._failures[worker.host] = self._failures[worker.host] + 1 if unreached else 0
        worker.said.seek(0)
        # ssh ends its lines as a terminal needs it.
        text = visible(worker.said.read().decode(errors="replace").replace("\r\n", "\n"))
        said = "\n".join(text.strip().splitlines()[-_LINES:]) or f"it ended with exit code {code}"
        _close(worker)
        del self._workers[name]
        if code in _UNFIT:
            for line in worker.batch:
                self._unfit.setdefault(line, set()).add(worker.host)
        others = self._failures.keys() - self._unfit_for(worker.batch)
        again = unreached or code < 0 or (code in _UNFIT and bool(others))
        return Standing(State.GONE, f"{worker.host}: {said}", again=again)

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """Let the input of workers end, after a word on how their runs ended, and with which."""
        for name in names:
            if worker := self._workers.get(name):
                _tell(worker, f"{how.value} {self._batch}" if how is not None else "")
                with contextlib.suppress(OSError):
                    if worker.process.stdin is not None:
                        worker.process.stdin.close()


def _answer(process: subprocess.Popen[bytes], end: float) -> str:
    """What a process prints until then."""
    with process:
        try:
            said, _ = process.communicate(timeout=max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            return ""
    return said.decode(errors="replace")


def _tell(worker: _Worker, line: str) -> None:
    """Write a line to a worker; one that has ended is found by `poll`."""
    with contextlib.suppress(OSError, ValueError):
        if worker.process.stdin is not None:
            worker.process.stdin.write(f"{line}\n".encode(errors="surrogateescape"))
            worker.process.stdin.flush()


def _close(worker: _Worker) -> None:
    with contextlib.suppress(OSError):
        if worker.process.stdin is not None:
            worker.process.stdin.close()
    worker.said.close()
