"""Runs as tasks of a real Dask scheduler, with two workers that have homes of their own."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitexp.engine.clusters.dask import (
    DaskTasks,
    ask_worker,
    one_line,
    run_worker,
    tell_worker,
    whole,
)
from gitexp.errors import NotReady
from gitexp.rules.documents.elsewhere import Dask as Table
from gitexp.rules.documents.elsewhere import parse_elsewhere
from tests.arrange import records
from tests.dask_cluster import Apart, Cluster, lacking_dask, lacking_namespaces
from tests.project import TRAIN, World, copied
from tests.rules.documents.test_task import TASK
from tests.slurm import started
from tests.team import hub_of
from tests.workflows.test_elsewhere import WORKER, asks, waiting
from tests.workflows.test_run import run_beside, until
from tests.workflows.test_slurm import verdicts
from tests.workflows.test_worker import task

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


@pytest.mark.skipif(lacking_dask() != "", reason=f"NO DASK HERE: {lacking_dask()}")
def test_what_dask_sends_is_read_where_gitexp_is_not_installed() -> None:
    from distributed.protocol.pickle import dumps

    for function in (ask_worker, tell_worker, run_worker):
        sent = dumps({"what a graph has": whole(function)})
        reads = "import pickle, sys; sys.modules['gitexp'] = None; pickle.load(sys.stdin.buffer)"
        subprocess.run([sys.executable, "-c", reads], input=sent, check=True)


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


def table_of(cluster: Cluster) -> str:
    """The settings that mean a cluster."""
    return (
        f"[on.dask]\naddress = '{cluster.address}'\ngitexp = '{WORKER}'\n"
        "resources = {GPU = 1}\njobs = 4\n"
    )


@pytest.fixture(params=[Cluster, Apart])
def cluster(ready: World, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    if why := lacking_dask():
        pytest.skip(f"NO DASK HERE, so nothing is tested with it: {why}")
    if request.param is Apart and (why := lacking_namespaces()):
        pytest.skip(f"NO NETWORK NAMESPACES HERE, so no host is cut off from Dask: {why}")
    found: Cluster = request.param(ready.path.parent / "dask")
    try:
        yield found
    finally:
        found.stop()


def late(world: World, name: str, seed: int) -> None:
    """Let a run come in that somebody else made of the same task at the same time."""
    folder, hub = world.path.parent, World(world.path.parent / "hub.git")
    other = World(folder / "other.git")
    world.git("clone", "--quiet", "--mirror", str(hub.path), str(other.path))
    for line in other.git("for-each-ref", "--format=%(refname)", "refs/notes/").splitlines():
        other.git("update-ref", "-d", line)
    home = folder / "elsewhere"
    home.mkdir()
    variables = {"HOME": str(home), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    line = task(world, other, f"exp/{name}", seed).line()
    words = [sys.executable, "-m", "gitexp", "worker", line]
    subprocess.run(words, cwd=home, env=variables, check=True, capture_output=True)
    other.git("push", "--quiet", str(hub.path), "refs/gitexp/runs/*:refs/gitexp/runs/*")


@pytest.mark.slow
def test_every_record_is_there_once_whatever_happens_on_the_way(
    ready: World, cluster: Cluster
) -> None:
    hub_of(ready)
    cluster.start()
    if isinstance(cluster, Apart):
        ready.git("remote", "set-url", "hub", f"{cluster.serve(ready.path.parent)}/hub.git")
    ready.write("train.py", f"import time\ntime.sleep(1)\n{TRAIN}")
    ready.edit("repeats = [5]", "repeats = [4]", "gitexp.toml")
    asks(ready, table_of(cluster))
    names = [ready.start("--set", f"model.C={value}") for value in (10, 20, 30, 40)]
    alone = copied(ready.path, ready.path.parent / "alone")

    def begin(number: int) -> subprocess.Popen[str]:
        command = run_beside(ready, "run", names[number], "--on", "dask")
        until(lambda: len(cluster.runs()) > 1, 60)
        time.sleep(0.5)
        return command

    def demand_all(number: int) -> None:
        """Four records each of the baseline and of the experiments so far, none twice."""
        for revision in ("main", *(f"exp/{name}" for name in names[: number + 1])):
            good = Counter(r["seed"] for r in records(ready, revision) if not r.get("failure"))
            assert sorted(good.values()) == [1] * 4, revision
        assert waiting(ready) == []

    # A Dask worker dies.
    command = begin(0)
    cluster.workers[0].kill()
    cluster.start_worker()
    said, _ = command.communicate(timeout=120)
    assert command.returncode == 0, said
    demand_all(0)

    # This command is stopped: what it ran is on record as aborted by its user, on one occasion.
    command = begin(1)
    until(lambda: bool(cluster.runs("train.py")), 60)
    command.send_signal(signal.SIGINT)
    said, _ = command.communicate(timeout=120)
    assert "the aborted runs are on record as one failure" in said
    assert not cluster.runs()
    # One that had not quite begun is freed.
    aborted = [r for r in records(ready, f"exp/{names[1]}") if r.get("ended") == "abort"]
    assert len({r["batch"] for r in aborted}) == 1

    # This command dies, and nothing runs on that nobody waits for.
    command = begin(1)
    command.send_signal(signal.SIGKILL)
    command.communicate()
    until(lambda: not cluster.runs())
    said = ready.gitexp("run", names[1], "--on", "dask").err
    assert "Dask: Mismatched versions found" in said
    demand_all(1)

    # The scheduler dies, and with it the workers that it had; others take over.
    command = begin(2)
    assert cluster.scheduler is not None
    cluster.scheduler.kill()
    cluster.scheduler.wait(30)
    cluster.start_scheduler()
    for _ in range(2):
        cluster.start_worker()
    said, _ = command.communicate(timeout=120)
    if command.returncode:  # a busy machine may start a scheduler too late
        assert command.returncode == 3, said
        ready.gitexp("run", names[2], "--on", "dask")
    assert "the connection to Dask's scheduler was lost" in said
    demand_all(2)

    # A host is cut off with what it runs, for less time than Dask takes to give it up.
    command = begin(3)
    if isinstance(cluster, Apart):
        cluster.cut(len(cluster.workers) - 1, off=True)
        time.sleep(25)
        cluster.cut(len(cluster.workers) - 1, off=False)
    said, _ = command.communicate(timeout=120)
    assert command.returncode == 0, said
    demand_all(3)

    # A run comes in that is on record already: the first one counts.
    before = verdicts(ready, names)
    late(ready, names[3], records(ready, f"exp/{names[3]}")[0]["seed"])
    ready.gitexp("sync")
    twice = Counter(r["seed"] for r in records(ready, f"exp/{names[3]}"))
    assert sorted(twice.values()) == [1, 1, 1, 2]
    assert verdicts(ready, names) == before
    assert ready.gitexp("verify").code == 0
    if not isinstance(cluster, Apart):
        assert before == verdicts(alone, names, run=True)


@pytest.mark.slow
def test_a_class_of_the_settings_starts_a_cluster_that_ends_with_the_command(ready: World) -> None:
    if why := lacking_dask():
        pytest.skip(f"NO DASK HERE, so nothing is tested with it: {why}")
    hub_of(ready)
    words = (
        "{n_workers = 0, threads_per_worker = 1, dashboard_address = ':0', resources = {GPU = 1}}"
    )
    asks(ready, (
        f"[on.dask]\nclass = 'distributed.LocalCluster'\narguments = {words}\n"
        f"gitexp = '{WORKER}'\nresources = {{GPU = 1}}\njobs = 2\n"
    ))  # fmt: skip
    name = ready.start("--set", "model.C=10")
    assert "5 pairs" in ready.gitexp("run", name, "--on", "dask").out
    assert sorted(record["attempt"] for record in records(ready, f"exp/{name}")) == [1] * 5


@pytest.mark.slow
def test_dask_jobqueue_asks_slurm_for_workers_and_gives_them_back(
    ready: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("dask_jobqueue") is None:
        pytest.skip("NO DASK-JOBQUEUE HERE, so nothing is tested with it: pip install it")
    with started(tmp_path / "slurm") as slurm:
        monkeypatch.setenv("SLURM_CONF", str(slurm.config))
        homes = tmp_path / "homes"
        arguments = (
            "{cores = 1, memory = '1GB', job_directives_skip = ['--mem'],"
            f" log_directory = '{homes}', queue = 'main'}}"
        )
        hub_of(ready)
        ready.edit("repeats = [5]", "repeats = [10]", "gitexp.toml")
        asks(ready, (
            f"[on.dask]\nclass = 'dask_jobqueue.SLURMCluster'\narguments = {arguments}\n"
            f"gitexp = '{WORKER}'\njobs = 2\n"
            f"setup = ['mkdir -p {homes}; export HOME={homes} GIT_CONFIG_NOSYSTEM=1']\n"
        ))  # fmt: skip
        name = ready.start("--set", "model.C=10")
        assert "10 pairs" in ready.gitexp("run", name, "--on", "dask").out
        for revision in ("main", f"exp/{name}"):
            assert sorted(record["attempt"] for record in records(ready, revision)) == [1] * 10
        until(lambda: not slurm.call("squeue", "--noheader").strip(), 30)

        ready.edit("'main'", "'moon'", "gitexp.toml")
        asks(ready, "")
        name = ready.start("--set", "model.C=11")
        refused = ready.gitexp("run", name, "--on", "dask", code=3).err
        assert "dask_jobqueue.SLURMCluster gets no workers" in refused
        assert "invalid partition" in refused.lower()
        assert "Traceback" not in refused
