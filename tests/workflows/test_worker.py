"""Workers: one run each, from a line of JSON to a ref on the remote, whatever happens between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from gitexp.lab.projects.project import open_project
from gitexp.rules.documents.task import Task, join_tasks
from gitexp.store.experiments import timestamp
from gitexp.store.refs import BULK, LOGS, RUNS, SHARED_RUNS
from tests.arrange import records, refs
from tests.lab.test_code_commits import ON_TOP, code, experiment
from tests.lab.test_leftovers import age, states
from tests.project import TRAIN, World
from tests.team import hook, hub_of, lines_of, measured_experiment, synced
from tests.workflows.test_run import run_beside, until

SLOW = "import time; time.sleep(60)\n"


@pytest.fixture
def hub(ready: World) -> World:
    return hub_of(ready)


def task(world: World, hub: World, revision: str, seed: int = 7) -> Task:
    """What this clone would ask for."""
    digest = open_project(world.path).settings.digest
    commit = world.git("rev-parse", revision)
    return Task(str(hub.path), "main", commit, seed, "accuracy", digest, threads=1)


def elsewhere(world: World) -> World:
    """A folder without a repository, where workers start."""
    path = world.path.parent / "elsewhere"
    path.mkdir(exist_ok=True)
    return World(path)


def runs(hub: World) -> list[str]:
    """The runs that wait on a remote."""
    return [ref.removeprefix(SHARED_RUNS) for ref in refs(hub) if ref.startswith(SHARED_RUNS)]


def clones() -> list[World]:
    """The clones that workers of this machine share: one at the most in these tests."""
    return [World(path) for path in (Path.home() / ".cache/gitexp").glob("*/*/clones/*.git")]


def test_a_worker_needs_a_line_and_leaves_a_run_that_a_sync_folds_in(
    ready: World, hub: World
) -> None:
    name = ready.start("--set", "model.C=10")
    synced(ready)
    where = elsewhere(ready)
    asked = task(ready, hub, f"exp/{name}")
    hub.git("update-ref", "refs/heads/exp/stray", "main")
    for line, said in ((asked.line(), "sent"), (asked.line(), "nothing to do")):
        assert said in where.gitexp("worker", line).out
    [ref] = runs(hub)
    assert ref.startswith(f"{asked.commit}/7-")
    done = synced(ready)
    assert (done.folded, done.warnings, runs(hub)) == (1, [], [])
    [record] = records(ready, f"exp/{name}")
    assert record["metrics"]["accuracy"] == pytest.approx(0.92, abs=0.01)
    assert any('"kind":"start"' in line for line in lines_of(ready, RUNS, asked.commit))
    [bulk] = [x for x in lines_of(ready, BULK, asked.commit) if '"kind":"environment"' in x]
    assert json.loads(bulk)["condition"] == record["condition"]
    assert "accuracy=" in lines_of(ready, LOGS, asked.commit)[0]
    # A branch below the name of one that has gone keeps nobody from working.
    hub.git("update-ref", "-d", "refs/heads/exp/stray")
    hub.git("update-ref", "refs/heads/exp/stray/more", "main")
    # By now it is in the notes of the remote, and in those of the worker's clone.
    assert "nothing to do" in where.gitexp("worker", asked.line()).out
    assert "sent" in where.gitexp("worker", replace(asked, attempt=2, seed=8).line()).out
    assert ready.gitexp("verify").code == 0


def test_a_worker_runs_only_what_was_approved(ready: World, hub: World) -> None:
    name = ready.start("--set", "model.C=10")
    synced(ready)
    where = elsewhere(ready)
    asked = task(ready, hub, f"exp/{name}")
    other = replace(asked, settings="0" * 64)
    assert "are not those that were approved" in where.gitexp("worker", other.line(), code=3).err
    loose = replace(asked, commit=ready.git("commit-tree", "-m", "x", "main^{tree}"))
    assert "does not have the commit" in where.gitexp("worker", loose.line(), code=3).err
    ready.git("push", "--quiet", "hub", f"{loose.commit}:refs/heads/other")
    ready.git("switch", "--quiet", "--detach", f"exp/{name}")
    ready.edit("lr = 1e-3", "lr = 1e-2")
    ready.git("commit", "--quiet", "--all", "--amend", "--no-edit", "--no-verify")
    ready.git("push", "--quiet", "--no-verify", "hub", "HEAD:refs/heads/exp/two-changes")
    two = where.gitexp("worker", task(ready, hub, "HEAD").line(), code=1)
    assert "rules broken" in two.err
    missing = replace(asked, url=str(hub.path.parent / "none.git"))
    failed = where.gitexp("worker", missing.line(), code=3).err
    assert "could not be reached" in failed
    assert f"first: git ls-remote {missing.url}\n" in failed
    assert "no branch other-main" in where.gitexp(
        "worker", replace(asked, baseline="other-main").line(), code=3
    ).err  # fmt: skip
    assert runs(hub) == []


def test_a_worker_runs_only_the_code_that_its_line_names(ready: World, hub: World) -> None:
    ready.git("switch", "--quiet", "--create", ON_TOP)
    below, top = code(ready), experiment(ready)
    ready.git("switch", "--quiet", "main")
    synced(ready)
    where = elsewhere(ready)
    asked = task(ready, hub, top)
    for other in (asked, replace(asked, code=top), replace(asked, commit=below)):
        refused = where.gitexp("worker", other.line(), code=3).err
        assert "brings code" in refused or "approved" in refused, refused
    assert runs(hub) == []
    where.gitexp("worker", replace(asked, code=below).line())
    assert len(runs(hub)) == 1


def test_a_worker_makes_several_runs_and_none_keeps_the_others_from_it(
    ready: World, hub: World
) -> None:
    name = ready.start("--set", "model.C=10")
    synced(ready)
    where, asked = elsewhere(ready), task(ready, hub, f"exp/{name}")
    other = replace(task(ready, hub, "main"), seed=8)
    where.gitexp("worker", asked.line())
    tasks = [asked, replace(other, settings="0" * 64), other, other, replace(other, seed=9)]
    ran = where.gitexp("worker", join_tasks([one.line() for one in tasks]), code=3)
    assert "are not those that were approved" in ran.err
    short = other.commit[:10]
    assert ran.out.splitlines() == [
        f"{asked.commit[:10]}, seed 7: nothing to do: this run is on record",
        f"{short}, seed 8: sent", f"{short}, seed 9: sent",
    ]  # fmt: skip
    assert len(runs(hub)) == 3
    assert synced(ready).folded == 3
    # The second was prepared while the first went on, and begun after it.
    first, second = sorted(records(ready, "main"), key=lambda one: str(one["start"]))
    assert (first["seed"], second["seed"]) == (8, 9)
    assert timestamp(second["start"]) >= timestamp(first["start"]) + first["duration"] - 0.001
    kinds = Counter(json.loads(line)["kind"] for line in lines_of(ready, BULK, other.commit))
    assert kinds["environment"] == 1  # the second run sends none
    assert ready.gitexp("verify").code == 0


def test_a_run_that_cannot_be_sent_waits_and_goes_with_the_next_one(
    ready: World, hub: World
) -> None:
    where, asked = elsewhere(ready), task(ready, hub, "main")
    where.git("config", "--global", "gitexp.patience", "0.1")
    refuse = (
        "while read -r o n r; do case $r in refs/gitexp/runs/*) kill $PPID; exit 1;; esac; done"
    )
    hook(hub, "pre-receive", refuse)
    failed = where.gitexp("worker", asked.line(), code=3)
    assert "the run is kept in" in failed.err
    [clone] = clones()
    [waiting] = runs(clone)
    (hub.path / "hooks" / "pre-receive").unlink()
    age(clone.path)
    assert "clone in use" in states(ready)  # the run is nowhere else
    assert "nothing to do" in where.gitexp("worker", asked.line()).out
    assert (runs(hub), runs(clone)) == ([waiting], [])
    assert "clone kept" in states(ready)
    age(clone.path)
    assert "clone freed" in states(ready)
    assert clones() == []
    assert "nothing to do" in where.gitexp("worker", asked.line()).out


@pytest.mark.slow
def test_a_killed_worker_loses_no_attempt_and_a_stopped_one_says_why(
    ready: World, hub: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools, reason = ready.path.parent / "tools", ready.path.parent / "reason"
    tools.mkdir()
    (tools / "squeue").write_text(f"#!/bin/sh\ncat {reason}\n")
    (tools / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    begun = ready.path.parent / "begun"
    ready.write("train.py", f"open({str(begun)!r}, 'w')\n{SLOW}")
    ready.commit("slow", verify=False)
    ready.git("push", "--quiet", "--no-verify", "hub", "main")
    where, asked = elsewhere(ready), task(ready, hub, "main")
    next_one = replace(asked, seed=8)
    killed = run_beside(where, "worker", join_tasks([asked.line(), next_one.line()]))

    def has_lines(count: int) -> bool:
        return any(len(lines_of(clone, RUNS, asked.commit)) == count for clone in clones())

    until(lambda: has_lines(1) and begun.exists())
    time.sleep(0.2)  # by then it would be ended with its worker
    killed.kill()
    killed.communicate()
    # The next run was prepared, which is no attempt.
    assert not [*Path(clones()[0].path).glob("gitexp/runs/*/8-*/")]
    for known, why in ((3, "None"), (5, "TimeLimit")):
        reason.write_text(f"{why}\n")
        stopped = run_beside(where, "worker", asked.line(), SLURM_JOB_ID="4711")
        until(lambda: has_lines(known))  # noqa: B023 - at once
        time.sleep(0.2)
        stopped.send_signal(signal.SIGTERM)
        stopped.communicate()
        assert stopped.returncode == 130
    synced(ready)
    ended = [(record["attempt"], record.get("ended")) for record in records(ready, "main")]
    assert ended == [(1, "abort"), (2, "scheduler"), (3, "timeout")]
    # It needs a job with more time, so nobody takes it for the answer.
    text = "\n".join(lines_of(ready, RUNS, asked.commit))
    assert [*replace(asked, attempt=1).answers(text)] == []


def test_a_clock_that_is_behind_the_registration_makes_no_run(
    ready: World, hub: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("GIT_COMMITTER_DATE", f"@{time.time() + 7210:.0f} +0000")
        name = ready.start("--set", "model.C=10")
    synced(ready)
    asked = task(ready, hub, f"exp/{name}")
    refused = elsewhere(ready).gitexp("worker", asked.line(), code=3).err
    assert f"by the clock of this machine, exp/{name} will be registered in 2.0 h" in refused
    assert runs(hub) == []


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="NOBODY BUT ROOT CAN MAKE A SMALL DISK")
def test_a_worker_whose_disk_is_full_says_so_and_loses_nothing(
    ready: World, hub: World, tmp_path: Path
) -> None:
    where, asked, small = elsewhere(ready), task(ready, hub, "main"), tmp_path / "small"
    small.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=False
    )
    if made.returncode:
        pytest.skip("NO SMALL DISK CAN BE MADE HERE")
    try:
        where.git("config", "--global", "gitexp.cache", str(small / "cache"))
        where.git("config", "--global", "gitexp.patience", "0.1")
        where.gitexp("worker", asked.line())
        (small / "other").write_bytes(bytes(shutil.disk_usage(small).free))
        full = where.gitexp("worker", replace(asked, seed=8).line(), code=5).err
        assert "the disk is full" in full
        (small / "other").unlink()
        where.gitexp("worker", replace(asked, seed=8).line())
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)
    assert synced(ready).folded == len(runs_of(ready)) == 2
    assert ready.gitexp("verify").code == 0


def runs_of(world: World) -> set[int]:
    """Seeds of the baseline with a good run on record."""
    return {record["seed"] for record in records(world, "main") if not record.get("failure")}


@pytest.mark.slow
def test_a_worker_works_beside_a_shallow_remote(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    hub = World(ready.path.parent / "hub.git")
    source = f"file://{ready.path}"
    words = ("clone", "--quiet", "--bare", "--no-single-branch", "--depth=2", source, str(hub.path))
    ready.git(*words)
    ready.git("remote", "add", "hub", str(hub.path))
    asked = task(ready, hub, f"exp/{name}")
    assert "sent" in elsewhere(ready).gitexp("worker", asked.line()).out
    assert synced(ready, "hub").folded == 1
    assert len(records(ready, f"exp/{name}")) == 1


def test_the_line_of_an_array_is_chosen_by_its_index(ready: World, hub: World) -> None:
    where, asked = elsewhere(ready), task(ready, hub, "main")
    lines = [replace(asked, seed=seed).line() for seed in (3, 4)]
    file = where.write("tasks", "\n".join(lines))
    where.gitexp("worker", "--array", str(file), SLURM_ARRAY_TASK_ID="1")
    assert runs(hub)[0].split("/")[1].startswith("4-")
    for index in ("2", "-1", ""):
        words = ("worker", "--array", str(file))
        assert "has 2 tasks" in where.gitexp(*words, code=2, SLURM_ARRAY_TASK_ID=index).err


@pytest.mark.slow
def test_measured_results_of_the_remote_are_known_to_a_worker(ready: World, hub: World) -> None:
    commit = measured_experiment(ready, "brave-otter")
    synced(ready)
    known = replace(task(ready, hub, commit), seed=1)
    assert "nothing to do" in elsewhere(ready).gitexp("worker", known.line()).out


@pytest.mark.slow
def test_two_workers_at_once_make_one_run(ready: World, hub: World) -> None:
    ready.write("train.py", f"import time\ntime.sleep(1)\n{TRAIN}")
    ready.commit("slower", verify=False)
    ready.git("push", "--quiet", "--no-verify", "hub", "main")
    where, asked = elsewhere(ready), task(ready, hub, "main")
    both = [run_beside(where, "worker", asked.line()) for _ in range(2)]
    said = [one.communicate()[0] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sum("nothing to do" in text for text in said) == 1
    assert len(runs(hub)) == 1
