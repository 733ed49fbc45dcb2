"""Dask: runs are tasks of a cluster that is there already, or of one that is asked for here.

A task starts `gitexp worker` beside the Dask worker, which needs nothing of gitexp itself. It
belongs to this command: when that goes, the scheduler drops the task, and the run stops.
"""

# The imports inside functions load what need not be installed, or what only a Dask worker has.
from __future__ import annotations

import contextlib
import hashlib
import importlib
import logging
import os
import shlex
import sys
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from gitexp.engine.clusters.cluster import Batch, Standing, State
from gitexp.engine.clusters.hosts import Host, parse_hosts
from gitexp.errors import NotReady, StoreBusy
from gitexp.rules.documents.task import join_tasks
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.rules.documents.elsewhere import Dask
    from gitexp.rules.documents.ended import Ended

_EVERY = 1.0  # seconds between questions to the scheduler
_PATIENCE = 30.0  # seconds that a scheduler is waited for
# Exit codes of a worker that cannot make this run on its host; another one may.
_UNFIT = {NotReady.exit_code, StoreBusy.exit_code}
_LOST = "the connection to Dask's scheduler was lost"


class DaskTasks:
    """Tasks of a Dask cluster, which places them and replaces workers that die."""

    lasts = False
    shares = True

    def __init__(self, settings: Dask) -> None:
        self.most = settings.jobs
        self._settings = settings
        self._client: Any = None
        self._cluster: Any = None  # kept: it ends with this command
        self._refused = _Refused()
        self._futures: dict[str, tuple[Batch, Any]] = {}  # tasks and future, by name
        self._ends: dict[Batch, int] = {}  # how often a batch ended
        self._unfit: dict[str, set[str]] = {}  # Dask workers that could not run a task
        self._asked = 0.0
        self._is_lost = False
        self._batch = os.urandom(6).hex()  # of what this command stops, which is one occasion

    def hosts(self, program: str, tree: str) -> Mapping[str, Host]:
        """Ask the Dask workers that are there; without an answer, nothing is known."""
        if self._client is None:
            self._connect()
        about = f"exec {self._settings.gitexp} worker --about={shlex.quote(program)}"
        command = " && ".join([*self._settings.setup, f"{about} --tree={shlex.quote(tree)}"])
        with contextlib.suppress(Exception):
            said = self._client.run(whole(ask_worker), command, on_error="ignore")
            return parse_hosts(said, sure=False)  # others may come
        return {}

    def submit(self, batches: Sequence[Batch]) -> Mapping[str, str]:
        """Hand tasks over by names that are the same for whoever hands them over again."""
        if self._client is None:
            self._connect()
        while self._client.status == "connecting":  # it gives up after a while
            time.sleep(_EVERY)
        if self._client.status != "running":
            raise NotReady(_LOST, "start the same command again once there is a scheduler")
        command = " && ".join([*self._settings.setup, f"exec {self._settings.gitexp} worker"])
        names: dict[str, str] = {}
        for batch in batches:
            line, ends = join_tasks(batch), self._ends.setdefault(batch, 0)
            name = f"gitexp-{hashlib.sha256(line.encode()).hexdigest()[:32]}-{ends}"
            self._futures[name] = batch, self._client.submit(
                whole(run_worker), f"{command} --attached", line, key=name, pure=False,
                resources=dict(self._settings.resources) or None, **self._where(batch),
            )  # fmt: skip
            names |= dict.fromkeys(batch, name)
        return names

    def _where(self, batch: Batch) -> dict[str, Any]:
        """Dask workers to be preferred, if some could not run one of the tasks."""
        unfit = {worker for line in batch for worker in self._unfit.get(line, ())}
        others: list[str] = []
        # Without an answer the scheduler chooses.
        with contextlib.suppress(Exception):
            others = sorted(self._client.nthreads().keys() - unfit) if unfit else []
        return {"workers": others, "allow_other_workers": True} if others else {}

    def _connect(self) -> None:
        """Connect to the scheduler, or have the class of the settings start one.

        Raises:
            NotReady: that cannot be done; the message has Dask's own words.
        """
        try:
            import distributed
        except ImportError:
            raise NotReady(
                "Dask is not installed", "install it: python -m pip install 'gitexp[dask]'"
            ) from None
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what it says, `poll` says
        address, class_ = self._settings.address, self._settings.class_
        try:
            if class_:
                self._refused.listen()
                module, _, name = class_.rpartition(".")
                kind = getattr(importlib.import_module(module), name)
                self._cluster = kind(**self._settings.arguments)
                self._cluster.adapt(minimum=0, maximum=self._settings.jobs)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                self._client = distributed.Client(
                    self._cluster or address, timeout=_PATIENCE, set_as_default=False
                )
        except Exception as error:  # noqa: BLE001 - anybody's class
            said = visible(str(error) or type(error).__name__)
            if class_:
                hint = "see what its `arguments` must be: docs/clusters.md"
                raise NotReady(f"{class_} starts no Dask cluster: {said}", hint) from None
            raise NotReady(
                f"Dask's scheduler {address} cannot be reached: {said}",
                "start it there (dask scheduler), or name another: --address tcp://HOST:8786",
            ) from None
        for one in caught:
            if "Mismatch" in one.category.__name__:
                print(f"Dask: {one_line(str(one.message))}", file=sys.stderr)

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        """Say how tasks are, as the scheduler told this client; ask it which have been placed."""
        if self._client is not None and self._client.status == "connecting":
            if self._is_lost:
                return {}  # that was said
            self._is_lost = True
            raise NotReady(_LOST)
        self._is_lost = False
        ended = {name: one for name in names if (one := self._ended(name)) is not None}
        left = [name for name in names if name not in ended]
        if not left or time.monotonic() < self._asked + _EVERY:
            return ended
        self._asked = time.monotonic()
        try:
            placed = {key for keys in self._client.processing().values() for key in keys}
            if self._refused.said and not self._client.nthreads():
                said = f"{self._settings.class_} gets no workers: {self._refused.said}"
                return ended | dict.fromkeys(left, Standing(State.GONE, said))
        except Exception as error:  # noqa: BLE001 - whatever a connection ends with
            raise NotReady(f"Dask's scheduler does not answer: {visible(str(error))}") from None
        states = {name: State.RUNNING if name in placed else State.WAITING for name in left}
        return ended | {name: Standing(state) for name, state in states.items()}

    def _ended(self, name: str) -> Standing | None:
        """How a task ended, if it has."""
        if name not in self._futures:
            return Standing(State.GONE)
        batch, future = self._futures[name]
        status = future.status
        if status == "pending":
            return None
        self._ends[batch] += 1
        del self._futures[name]
        if status == "error":
            error = future.exception()
            return Standing(State.GONE, f"Dask: {visible(str(error) or type(error).__name__)}")
        if status != "finished":  # cancelled, or the connection was lost and found again
            return Standing(State.GONE, _LOST, again=self._client.status == "running")
        try:
            code, stopped, worker, text = future.result(timeout=_PATIENCE)
        except Exception as error:  # noqa: BLE001 - it died just now, or the result with its worker
            return Standing(State.GONE, f"Dask: {visible(str(error))}", again=True)
        said = "\n".join(visible(text).splitlines()) or f"it ended with exit code {code}"
        if code in _UNFIT:
            for line in batch:
                self._unfit.setdefault(line, set()).add(worker)
        unfit = code in _UNFIT and "workers" in self._where(batch)
        return Standing(State.GONE, f"{worker}: {said}", again=stopped or code < 0 or unfit)

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        """Let the scheduler drop tasks, which `run_worker` notices.

        What runs ends by itself after a word on why, and `poll` tells when it has.
        """
        futures = {name: self._futures[name][1] for name in names if name in self._futures}
        if not futures or self._client.status != "running":
            return
        # Whoever lost the connection has lost its tasks.
        with contextlib.suppress(Exception):
            if how is not None:
                placed = self._client.processing()
                at = [worker for worker, keys in placed.items() if futures.keys() & {*keys}]
                words = dict.fromkeys(futures, f"{how.value} {self._batch}")
                running = self._client.run(whole(tell_worker), words, workers=at, on_error="ignore")
                for name in (name for names in running.values() for name in names):
                    del futures[name]
        with contextlib.suppress(Exception):
            self._client.cancel([*futures.values()])


class _Refused(logging.Handler):
    """Hears what a class's cluster says when it starts no worker, which Dask itself only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said = ""

    def listen(self) -> None:
        for name in ("tornado.application", "asyncio"):
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [self], False

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        lines = visible(str(error or record.getMessage())).splitlines()
        self.said = "\n  | ".join(line for line in lines if line.strip())


def one_line(table: str) -> str:
    """A table of versions that Dask prints, without its rules."""
    rows = [" ".join(row.strip(" |").split()) for row in table.splitlines()]
    return visible("; ".join(row for row in rows if row and not row.startswith("+-")))


def whole(function: Callable[..., object]) -> FunctionType:
    """A copy that Dask sends as code, not as a name that neither scheduler nor worker may know.

    That is how it sends what the main module has. The function uses nothing but built-in names.
    """
    code = cast("FunctionType", function).__code__
    copy = FunctionType(code, {"__name__": "__main__"}, code.co_name)
    copy.__module__ = "__main__"
    return copy


def ask_worker(command: str) -> str:
    """Ask a Dask worker what its machine has; this travels like `run_worker`."""
    import subprocess

    return subprocess.run(
        ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", check=False, timeout=20,
    ).stdout  # fmt: skip


def tell_worker(words: dict[str, str], dask_worker: Any) -> list[str]:  # noqa: ANN401 - Dask's
    """Tell a Dask worker which tasks are to end, by name, and why; returns those that it runs."""
    import time

    now = time.monotonic()
    told = {name: (now, word) for name, word in words.items()}
    dask_worker.gitexp_words = getattr(dask_worker, "gitexp_words", {}) | told
    tasks = dask_worker.state.tasks
    return [name for name in words if name in tasks and tasks[name].state == "executing"]


def run_worker(command: str, line: str) -> tuple[int, bool, str, str]:
    """Make the runs of a line on a Dask worker; this travels whole, so gitexp need not be there.

    They stop where Dask no longer wants the task, and when the Dask worker dies.

    Returns:
        Its exit code, whether it was stopped, the Dask worker's address, and its last words.
    """
    import contextlib
    import os
    import subprocess
    import tempfile
    import time

    import dask
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()
    # Dask lets its workers use one thread for what is done in them; this is not.
    preset = dask.config.get("distributed.nanny.pre-spawn-environ", {})
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DASK_INTERNAL_") and value != str(preset.get(name))
    }
    stopped, began = False, time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], stdin=subprocess.PIPE, stdout=said,
            stderr=subprocess.STDOUT, env=variables, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(OSError):
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()
        while process.poll() is None:
            task = worker.state.tasks.get(key)
            wanted = task is not None and task.state in {"executing", "long-running"}
            ends = worker.status.name in {"closing", "closed", "stopping", "stopped", "failed"}
            # A task of this name may have been told something earlier.
            told, word = getattr(worker, "gitexp_words", {}).get(key, (0.0, ""))
            if not stopped and (ends or not wanted or told > began):
                stopped = True
                with contextlib.suppress(OSError):
                    process.stdin.write(f"{word if told > began else ''}\n".encode())
                    process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
        with contextlib.suppress(OSError):
            process.stdin.close()
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    return process.returncode, stopped, worker.address, "\n".join(text.splitlines()[-8:])
