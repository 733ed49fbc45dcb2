"""Runs as tasks of a real SLURM, whatever happens to tasks, node, controller and command."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gitexp.engine.clusters.cluster import Standing, State
from gitexp.engine.clusters.slurm import SlurmArrays
from gitexp.engine.clusters.slurm_script import batch_script, options_of
from gitexp.engine.clusters.slurm_states import standing_of
from gitexp.errors import NotReady
from gitexp.lab.workers.engine import say_waits
from gitexp.rules.documents.elsewhere import Slurm as Table
from gitexp.rules.documents.elsewhere import parse_elsewhere
from tests.arrange import records
from tests.project import TRAIN, World, copied
from tests.rules.documents.test_task import TASK
from tests.slurm import Slurm, started
from tests.team import hub_of
from tests.workflows.test_elsewhere import WORKER, asks, hosts, waiting
from tests.workflows.test_run import run_beside, until


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with started(tmp_path_factory.mktemp("slurm") / "cluster") as cluster:
        yield cluster


# --- without a cluster --------------------------------------------------------------------------


def test_a_script_asks_for_what_the_settings_say_and_is_plain_shell() -> None:
    [table] = parse_elsewhere("x", {"slurm": {
        "partition": "gpu", "time": "2:00:00", "gpus": 1, "memory": "8G", "jobs": 7,
        "modules": ["cuda/12; touch owned"], "setup": ["export A=1"],
        "options": ["--account=lab"],
    }})  # fmt: skip
    assert isinstance(table, Table)
    batches = [(TASK.line(),), (TASK.line(),) * 2]
    options = options_of(table, batches, "gitexp-x", "/out/%A_%a.out")
    script = batch_script(table, batches, options)
    asked = [line[8:] for line in script.splitlines() if line.startswith("#SBATCH ")]
    assert asked == [
        "--job-name=gitexp-x", "--array=0-1%7", "--partition=gpu", "--time=2:00:00", "--gpus=1",
        "--mem=8G", "--output=/out/%A_%a.out", "--chdir=/", "--export=NIL", "--requeue",
        "--open-mode=append", "--account=lab",
    ]  # fmt: skip
    assert "module load 'cuda/12; touch owned'\nexport A=1\n" in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=True).returncode == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"partition": "a b"}, "one word"),
        ({"options": ["rm -rf /"]}, "options of sbatch"),
        ({"options": ["--a\n--b"]}, "one line"),
        ({"options": ['--comment="a b']}, "options of sbatch"),
        ({"jobs": True}, "jobs"),
    ],
)
def test_a_wrong_table_is_refused_by_name(table: dict[str, object], said: str) -> None:
    with pytest.raises(NotReady, match=said):
        parse_elsewhere("x", {"slurm": table})


def test_a_machine_without_slurm_is_told_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotReady, match="could not be started here") as refused:
        SlurmArrays(Table(), tmp_path / "slurm").submit([(TASK.line(),)])
    assert "login node" in refused.value.hint


def test_a_script_is_printed_and_nothing_submitted(ready: World) -> None:
    hub_of(ready)
    asks(ready, "[on.slurm]\npartition = 'gpu'\n")
    name = ready.start("--set", "model.C=10")
    printed = ready.gitexp("run", name, "--on", "slurm", "--script").out
    assert printed.startswith("#!/bin/bash\n#SBATCH --job-name=gitexp\n")
    assert printed.count('"commit":') == 5
    words = ("--on", "slurm", "--script")
    assert ready.gitexp("run", "--baseline", *words).out.count('"commit":') == 5
    assert ready.gitexp("run", "--screen", name, *words).out.count('"purpose":"screen"') == 2
    assert subprocess.run(["bash", "-n"], input=printed, text=True, check=True).returncode == 0
    ready.gitexp("run", name, "--script", code=2)
    ready.edit("repeats = [5]", "repeats = [5]\nsample = 0.1", "gitexp.toml")
    asks(ready, "")
    name = ready.start("--set", "model.C=11")
    tried = ready.gitexp("run", "--smoke", name, *words).out
    assert (tried.count('"commit":'), tried.count('"purpose":"sample"')) == (1, 1)
    asks(ready, hosts("gpu1"))
    ready.gitexp("run", name, "--on", "ssh", "--script", code=2)


@pytest.mark.parametrize(
    ("state", "reason", "wanted"),
    [
        ("PENDING", "Resources", Standing(State.WAITING, "Resources")),
        ("PENDING", "None", Standing(State.WAITING)),
        ("PENDING", "JobHeldUser", Standing(
            State.WAITING, "JobHeldUser, until somebody releases it: scontrol release 7")),
        ("REQUEUE_HOLD", "", Standing(
            State.WAITING, "REQUEUE_HOLD, until somebody releases it: scontrol release 7")),
        ("COMPLETING", "None", Standing(State.RUNNING, "COMPLETING")),
        ("FAILED", "NonZeroExitCode", Standing(State.GONE, "SLURM job 7_3: FAILED\n  | bad")),
        ("CANCELLED", "None", Standing(
            State.GONE, "SLURM job 7_3 was cancelled (CANCELLED)\n  | bad")),
    ],
)  # fmt: skip
def test_states_of_slurm_are_read(state: str, reason: str, wanted: Standing) -> None:
    output = "\n  | bad" if wanted.state is State.GONE else ""
    assert standing_of("7_3", state, reason, output) == wanted


@pytest.mark.parametrize(
    ("state", "said", "again", "hint"),
    [
        ("TIMEOUT", "at its time limit", False, "`time`"),
        ("OUT_OF_MEMORY", "more memory", False, "`memory`"),
        ("PREEMPTED", "room for another job", True, ""),
        ("NODE_FAIL", "node failed", True, ""),
    ],
)
def test_what_slurm_killed_is_told_with_its_job(
    state: str, said: str, again: bool, hint: str
) -> None:
    standing = standing_of("7_3", state)
    assert standing.said.startswith("SLURM job 7_3 was ")
    assert "by SLURM" in standing.said
    assert said in standing.said
    assert (standing.again, hint in standing.hint) == (again, True)


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ({"": 2}, "2 runs waiting for the cluster"),
        ({"Priority": 1}, "1 run waiting for the cluster: Priority"),
        ({"Resources": 2, "Priority": 1},
         "3 runs waiting for the cluster: Resources (2), Priority (1)"),
        ({"Resources": 2, "": 1}, "3 runs waiting for the cluster: Resources (2)"),
    ],
)  # fmt: skip
def test_what_runs_wait_for_is_said_in_a_line(reasons: dict[str, int], said: str) -> None:
    assert say_waits(reasons) == said


def test_the_accounting_is_asked_for_what_the_controller_has_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program, said in {
        "squeue": "7_0|PENDING|Priority|a|b", "sacct": "7_1|OUT_OF_MEMORY\n7_2|CANCELLED by 12",
    }.items():  # fmt: skip
        (tmp_path / program).write_text(f"#!/bin/sh\nprintf '{said}\\n'\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    names = [f"7_{number}" for number in range(4)]
    found = SlurmArrays(Table(), tmp_path / "slurm").poll(names)
    assert [found[name].said for name in names] == [
        "Priority",
        standing_of("7_1", "OUT_OF_MEMORY").said,
        standing_of("7_2", "CANCELLED").said,
        "SLURM no longer knows job 7_3",
    ]
    (tmp_path / "sacct").write_text("#!/bin/sh\nexit 1\n")  # no accounts are kept
    assert "no longer knows" in SlurmArrays(Table(), tmp_path).poll(["7_1"])["7_1"].said


# --- with a real one ----------------------------------------------------------------------------


def table(homes: Path, more: str = "") -> str:
    setup = f"mkdir -p {homes}; export HOME={homes} GIT_CONFIG_NOSYSTEM=1"
    return f"[on.slurm]\ngitexp = '{WORKER}'\nsetup = ['{setup}']\n{more}"


@pytest.mark.slow
def test_what_sbatch_says_is_shown_and_nothing_is_left_waiting(
    ready: World, slurm: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", str(slurm.config))
    hub_of(ready)
    asks(ready, table(ready.path.parent / "home", 'partition = "moon"\n'))
    name = ready.start("--set", "model.C=10")
    refused = ready.gitexp("run", name, "--on", "slurm", code=3).err
    assert "invalid partition" in refused.lower()
    assert records(ready, "main") == []


@pytest.mark.slow
def test_a_task_that_is_held_and_then_cancelled_is_told_as_that(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", str(slurm.config))
    arrays = SlurmArrays(Table(options=("--hold",)), tmp_path / "slurm")
    batches = [(replace(TASK, seed=seed).line(),) for seed in range(3)]
    names = [*arrays.submit(batches).values()]
    time.sleep(2.5)
    for held in arrays.poll(names).values():
        assert held.state is State.WAITING
        assert "JobHeldUser" in held.said
    for cancelled in (names[:1], names[1:]):  # one of an array, and all that is left
        arrays.cancel(cancelled, None)
        time.sleep(2.5)
        found = arrays.poll(names)
        for name in cancelled:
            assert (found[name].state, found[name].again) == (State.GONE, False)
            assert found[name].said.startswith(f"SLURM job {name} was cancelled")


@pytest.mark.slow
def test_every_record_is_there_once_whatever_happens_on_the_way(
    ready: World, slurm: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", str(slurm.config))
    # What SLURM would let go along to a job, and what it would prefer to a batch script.
    for name in ("SLURM_SECRET", "SBATCH_ARRAY_INX", "SBATCH_JOB_NAME", "SBATCH_PARTITION"):
        monkeypatch.setenv(name, "77")
    hub_of(ready)
    ready.edit("repeats = [5]", "repeats = [20]", "gitexp.toml")
    secret = "assert not {'SLURM_JOB_ID', 'SLURM_SECRET'} <= {*os.environ}"
    ready.write("train.py", f"import os, time\n{secret}\ntime.sleep(1)\n{TRAIN}")
    asks(ready, table(ready.path.parent / "home", 'partition = "main"\n'))
    names = [ready.start("--set", f"model.C={value}") for value in (10, 20)]
    alone = copied(ready.path, ready.path.parent / "alone")
    command = run_beside(ready, "run", *names, "--on", "slurm")
    until(lambda: len(running(slurm)) > 2, 120)
    time.sleep(1)
    first, second, third, *_ = running(slurm)
    slurm.call("scontrol", "requeue", first)
    slurm.call("scancel", second)
    for process in workers(slurm, third):
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)
    slurm.stop_controller()
    time.sleep(1)
    slurm.start_controller()
    command.kill()
    command.communicate()
    for _ in range(6):
        done = ready.run(*WORKER.split(), "run", *names, "--on", "slurm")
        if done.code == 0:
            break
        assert done.code == 3, done.err
    assert done.code == 0, done.err
    for revision in ("main", *(f"exp/{name}" for name in names)):
        good = Counter(r["seed"] for r in records(ready, revision) if not r.get("failure"))
        assert sorted(good.values()) == [1] * 20, revision
    assert waiting(ready) == []
    assert verdicts(ready, names) == verdicts(alone, names, run=True)
    assert ready.gitexp("verify").code == 0


def running(slurm: Slurm) -> list[str]:
    """Tasks that run now."""
    listed = slurm.call("squeue", "--noheader", "--array", "--states=RUNNING", "--format=%i")
    return listed.split()


def workers(slurm: Slurm, task: str) -> list[int]:
    """Processes of one task."""
    job = slurm.call("squeue", "--noheader", f"--jobs={task}", "--format=%A").strip()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"SLURM_JOB_ID={job}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def verdicts(world: World, names: list[str], *, run: bool = False) -> list[object]:
    """Verdict, effect and bounds of experiments."""
    if run:
        world.gitexp("run", *names, "--jobs", "2")
    listed = {one["name"]: one for one in world.gitexp("log", "--json").json}
    keys = ("verdict", "effect", "lower", "upper", "pairs")
    return [[listed[name][key] for key in keys] for name in names]
