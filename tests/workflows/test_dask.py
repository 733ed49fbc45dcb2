"""Runs as tasks of a real Dask scheduler, with two workers that have homes of their own."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gitexp.engine.clusters.dask import DaskTasks, one_line
from gitexp.errors import NotReady
from gitexp.rules.documents.elsewhere import Dask as Table
from gitexp.rules.documents.elsewhere import parse_elsewhere
from tests.arrange import records
from tests.project import TRAIN, World, copied
from tests.rules.documents.test_task import TASK
from tests.team import hub_of
from tests.workflows.test_elsewhere import WORKER, asks, waiting
from tests.workflows.test_run import run_beside, until
from tests.workflows.test_slurm import verdicts

ADDRESS = "tcp://127.0.0.1:8786"


# --- without a cluster --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "`address`, or else with `class`"),
        ({"address": ADDRESS, "class": "a.B"}, "`address`, or else with `class`"),
        ({"address": "host 1"}, "tcp://host:8786"),
        ({"class": "os; x"}, "must name a class"),
        ({"class": "a.B", "arguments": 1}, "must be a table"),
        ({"address": ADDRESS, "resources": {"GPU": "1"}}, "GPU = 1"),
        ({"address": ADDRESS, "resources": {"GPU": True}}, "GPU = 1"),
    ],
)
def test_a_wrong_table_is_refused_by_name(table: dict[str, object], said: str) -> None:
    with pytest.raises(NotReady, match=said):
        parse_elsewhere("x", {"dask": table})


def test_a_machine_without_dask_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NotReady, match="Dask is not installed") as refused:
        DaskTasks(Table(ADDRESS)).submit([(TASK.line(),)])
    assert "gitexp[dask]" in refused.value.hint


def test_versions_that_differ_are_said_in_one_line() -> None:
    table = (
        "Mismatched versions found\n\n+---------+--------+\n| Package | Client |\n"
        "+---------+--------+\n| python  | 3.11   |\n+---------+--------+\n"
    )
    assert one_line(table) == "Mismatched versions found; Package | Client; python | 3.11"


# --- with a real one ----------------------------------------------------------------------------


@dataclass(slots=True)
class Cluster:
    """A scheduler and its workers, each a process."""

    folder: Path
    port: int
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    scheduler: subprocess.Popen[bytes] | None = None

    @property
    def table(self) -> str:
        """The settings that mean it."""
        return (
            f"[on.dask]\naddress = 'tcp://127.0.0.1:{self.port}'\ngitexp = '{WORKER}'\n"
            "resources = {GPU = 1}\njobs = 4\n"
        )

    def start_scheduler(self) -> None:
        words = ("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.scheduler = self._begin("scheduler", *words)

    def start_worker(self) -> None:
        self.workers.append(self._begin(
            f"worker-{len(self.workers)}", "worker", f"tcp://127.0.0.1:{self.port}", "--no-nanny",
            "--nthreads", "2", "--resources", "GPU=2", "--no-dashboard",
        ))  # fmt: skip

    def stop(self) -> None:
        for process in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            process.kill()
            process.wait(30)

    def _begin(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        with (home / "out").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]], cwd=home,
                env={"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip


@pytest.fixture
def cluster(ready: World) -> Iterator[Cluster]:
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("NO DASK HERE, so nothing is tested with it: pip install 'gitexp[dask]'")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        found = Cluster(ready.path.parent / "dask", listener.getsockname()[1])
    try:
        found.start_scheduler()
        for _ in range(2):
            found.start_worker()
        yield found
    finally:
        found.stop()


def runs_under(cluster: Cluster) -> list[str]:
    """Processes of `gitexp worker` in the homes of the cluster."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            home = f"HOME={cluster.folder}/worker".encode() in (path / "environ").read_bytes()
            if home and b"--attached" in (path / "cmdline").read_bytes():
                found.append(path.name)
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_every_record_is_there_once_whatever_happens_on_the_way(
    ready: World, cluster: Cluster
) -> None:
    hub_of(ready)
    ready.write("train.py", f"import time\ntime.sleep(1)\n{TRAIN}")
    asks(ready, cluster.table)
    names = [ready.start("--set", f"model.C={value}") for value in (10, 20)]
    alone = copied(ready.path, ready.path.parent / "alone")

    command = run_beside(ready, "run", *names, "--on", "dask")
    until(lambda: len(runs_under(cluster)) > 2, 120)
    time.sleep(1)
    cluster.workers[0].kill()
    cluster.start_worker()
    time.sleep(2)
    until(lambda: bool(runs_under(cluster)))
    command.send_signal(signal.SIGKILL)
    command.communicate()
    until(lambda: not runs_under(cluster))  # nothing runs on that nobody waits for

    done = ready.gitexp("run", *names, "--on", "dask")
    assert "CONFIRMED" in done.out
    for revision in ("main", *(f"exp/{name}" for name in names)):
        good = Counter(r["seed"] for r in records(ready, revision) if not r.get("failure"))
        assert set(good.values()) == {1}, revision
    assert waiting(ready) == []
    assert verdicts(ready, names) == verdicts(alone, names, run=True)
    assert ready.gitexp("verify").code == 0


@pytest.mark.slow
def test_a_scheduler_that_cannot_be_reached_is_said_and_another_takes_over(
    ready: World, cluster: Cluster
) -> None:
    hub_of(ready)
    ready.write("train.py", f"import time\ntime.sleep(1)\n{TRAIN}")
    asks(ready, cluster.table)
    name = ready.start("--set", "model.C=10")
    command = run_beside(ready, "run", name, "--on", "dask")
    until(lambda: bool(runs_under(cluster)), 60)
    assert cluster.scheduler is not None
    cluster.scheduler.kill()
    cluster.scheduler.wait(30)
    time.sleep(1)
    cluster.start_scheduler()
    for _ in range(2):
        cluster.start_worker()
    said, _ = command.communicate(timeout=240)
    if command.returncode:  # a busy machine may start a scheduler too late
        assert command.returncode == 3, said
        ready.gitexp("run", name, "--on", "dask")
    assert "the connection to Dask's scheduler was lost" in said
    good = Counter(r["seed"] for r in records(ready, f"exp/{name}") if not r.get("failure"))
    assert set(good.values()) == {1}
