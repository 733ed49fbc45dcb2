"""Queues: runs without a terminal, seen, stopped and taken up again by other commands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gitexp
from gitexp.lab.projects.project import open_project
from gitexp.lab.queues.queue import Queue, QueueStage, read_queue
from gitexp.lab.queues.queue_progress import is_over_in, queued_experiments
from gitexp.workflows.logs import logs
from tests.arrange import SCORE, records, refs, settle, train_with
from tests.made_once import made_once
from tests.project import World
from tests.workflows.test_run import alive, until

if TYPE_CHECKING:
    from collections.abc import Iterator

# The experiment's runs wait until somebody lets them go on.
GATED = """
import time
while CONFIG['model']['C'] != 1 and not os.path.exists({gate!r}):
    open({reached!r}, 'w').close()
    time.sleep(0.02)
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def gated(ready: World, tmp_path: Path, gate: Path) -> Iterator[World]:
    """A project whose experiments wait for the gate; no queue is left behind."""
    train_with(ready, GATED.format(gate=str(gate), reached=str(tmp_path / "reached")) + SCORE,
               repeats=[2], threads=1)  # fmt: skip
    yield ready
    for queue in queues(ready):
        if queue.stage() is QueueStage.RUNS:
            os.kill(queue.pid, signal.SIGKILL)
            until(lambda queue=queue: queue.stage() is not QueueStage.RUNS)  # type: ignore[misc]


def queues(world: World) -> list[Queue]:
    found = (read_queue(one.parent) for one in world.path.glob(".git/gitexp/queue/*/queue.json"))
    return sorted((one for one in found if one is not None), key=lambda one: int(one.id))


def in_progress(world: World) -> None:
    """Wait until an experiment of the gated project is trained."""
    reached = world.path.parent / "reached"
    until(reached.exists)
    reached.unlink()


def test_a_detached_run_can_be_seen_waited_for_and_gives_what_it_would_have_given(
    gated: World, gate: Path
) -> None:
    names = [gated.start("--set", f"model.C={value}") for value in (10, 11)]
    said = gated.gitexp("run", *names, "--detach").out
    (queue,) = queues(gated)
    assert alive(queue.pid)
    assert not queue.yes  # nobody at a terminal agreed to long runs
    assert all(word in said for word in ("gitexp status", "gitexp stop --all", "show --logs -f"))
    in_progress(gated)
    status = gated.gitexp("status", "--json").json
    states = {one["name"]: one["state"] for one in status["queues"][0]["experiments"]}
    assert states == {names[0]: "running", names[1]: "waiting"}
    assert status["next"]["command"] == "gitexp run --wait"
    # What waits counts up to its first look, by the runs of the baseline.
    took = [one["duration"] for one in records(gated, "main")]
    left = 2 * sum(took) / len(took)
    for one in status["queues"][0]["experiments"]:
        left += one["seconds_left"] or 0
    assert status["queues"][0]["seconds_left_at_least"] == pytest.approx(left, rel=0.1)
    waits = logs(open_project(gated.path), names[1], follow=True)
    assert next(waits) == f"==> exp/{names[1]} waits for its first run <==\n"
    text = gated.gitexp("status").out
    assert f"Running   0 of 2 runs: model.C 1.0 -> 10  ({names[0]})\n" in text
    assert "Queue     1: 1 running, 1 waiting" in text
    told = gated.gitexp("status", "--for-agent", "--json").json
    assert told["running"] == [names[0], f"queue 1, 1 waiting: {names[1]}"]
    assert told["next"][0] == "gitexp run --wait  # a queue is running"
    for name in names:  # whoever names one a second time is told, and nothing changes
        assert "is already in queue 1" in gated.gitexp("run", name, "--detach", code=2).err
    gate.touch()
    done = gated.gitexp("run", "--wait", names[0], "--json").json
    assert [one["name"] for one in done] == names
    assert done == [
        one | {"runs": then["runs"]}
        for one, then in zip(gated.gitexp("run", *names, "--json").json, done, strict=True)
    ]
    assert f"exp/{names[1]}\n  INCONCLUSIVE" in gated.gitexp("run", "--wait").out
    assert gated.gitexp("run", "--wait", "--exit-code", code=11).out
    assert "Queue     1 ended: " in gated.gitexp("status").out
    assert "running" not in gated.gitexp("status", "--for-agent", "--json").json
    assert "accuracy=" in gated.gitexp("show", "--logs", "-f", names[0]).out
    assert sorted(r["seed"] for r in records(gated, f"exp/{names[0]}")) == sorted(
        {r["seed"] for r in records(gated, f"exp/{names[0]}")}
    )
    os.utime(queue.folder, (0, 0))
    gated.gitexp("doctor", "--gc", "--older", "1d")
    assert not queue.folder.exists()


@pytest.mark.slow
def test_stop_aborts_a_run_in_progress_and_what_had_not_begun_leaves_no_trace(
    gated: World, gate: Path
) -> None:
    *names, withdrawn = [gated.start("--set", f"model.C={value}") for value in (10, 11, 12, 13)]
    gated.gitexp("run", *names, withdrawn, "--detach")
    in_progress(gated)
    gated.gitexp("archive", withdrawn, "--why", "a better idea")
    said = gated.gitexp("stop", names[2]).out
    assert said.startswith(
        f"stopped: exp/{names[2]}\n  queue 1 goes on: exp/{names[0]}, exp/{names[1]}\n"
    )
    stopped = gated.gitexp("stop", names[0], "--json").json
    assert stopped == [
        {"queue": "1", "stopped": [names[0]], "at_work": False, "others": [names[1]]}
    ]
    assert [r["ended"] for r in records(gated, f"exp/{names[0]}")] == ["abort"]
    assert records(gated, f"exp/{names[2]}") == []
    assert "is not running or waiting in a queue" in gated.gitexp("stop", names[0], code=2).err
    gate.touch()
    waited = gated.gitexp("run", "--wait", "--json", code=130)
    kinds = [one.get("verdict") or one["error"]["id"] for one in waited.json]
    assert kinds == ["interrupted", "INCONCLUSIVE", "interrupted", "interrupted"]
    [queue] = gated.gitexp("status", "--json").json["queues"]
    states = [one["state"] for one in queue["experiments"]]
    assert states == ["stopped", "done", "stopped", "archived"]
    assert "no queue is running" in gated.gitexp("stop", "--all", code=2).err
    assert gated.gitexp("run", names[0], "--json").json["verdict"] == "INCONCLUSIVE"


@pytest.mark.slow
def test_a_baseline_is_measured_without_a_terminal_stopped_and_gone_on_with(
    gated: World, gate: Path
) -> None:
    script = (gated.path / "train.py").read_text()
    gated.write("train.py", script.replace("while CONFIG['model']['C'] != 1 and", "while"))
    gated.commit("a baseline that waits")
    begun = gated.gitexp("run", "--baseline", "--detach", "--json").json
    assert (begun["kind"], begun["experiments"]) == ("baseline", ["main"])
    in_progress(gated)
    assert "Queue     1: baseline running\n" in gated.gitexp("status").out
    told = gated.gitexp("run", "--baseline", "--detach", code=2).err
    assert "baseline main is already in queue 1 (runs)" in told
    stopped = gated.gitexp("stop", "main").out
    assert stopped.startswith("stopped: baseline main\n\nnext: ")
    assert "next: gitexp run --baseline   (" in stopped
    gate.touch()
    said = gated.gitexp("run", "--baseline", "--detach").out
    assert "gitexp stop main" in said
    assert "gitexp show --logs -f main\n" in said
    followed = gated.gitexp("show", "--logs", "-f", "main").out
    assert "==> baseline main seed " in followed
    assert "accuracy=" in followed
    waited = gated.gitexp("run", "--wait", "main", "--json").json
    assert waited == gated.gitexp("run", "--baseline", "--json").json
    assert sorted(r["seed"] for r in records(gated, "main")) == [1, 1, 2]  # one was aborted
    assert "baseline main is not running" in gated.gitexp("stop", "main", code=2).err


def test_an_experiment_is_tried_on_a_sample_without_a_terminal(ready: World) -> None:
    train_with(ready, SCORE, sample=0.1, repeats=[2])
    name = ready.start("--set", "model.C=10")
    assert ready.gitexp("run", "--smoke", "--detach", "--json").json["kind"] == "smoke"
    waited = ready.gitexp("run", "--wait", name, "--json").json
    assert (waited["name"], waited["verdict"]) == (name, None)
    assert [one["sample"] for one in waited["samples"]] == [0.1]
    assert [r["sample"] for r in records(ready, f"exp/{name}")] == [0.1]
    [head, *_] = logs(open_project(ready.path), name, follow=False)
    assert head.startswith(f"==> exp/{name} sample 0.1, attempt 1: ")
    (queue,) = ready.gitexp("status", "--json").json["queues"]
    assert [one["state"] for one in queue["experiments"]] == ["measured"]


def test_a_queue_that_was_killed_is_resumed_and_runs_nothing_twice(
    gated: World, gate: Path
) -> None:
    name = gated.start("--set", "model.C=10")
    before = refs(gated)["refs/heads/main"]
    gated.gitexp("run", name, "--detach")
    in_progress(gated)
    (queue,) = queues(gated)
    os.kill(queue.pid, signal.SIGKILL)
    until(lambda: queue.stage() is QueueStage.INTERRUPTED)
    assert "gitexp run --resume" in gated.gitexp("status").out
    assert "gitexp run --resume" in gated.gitexp("run", "--wait", code=3).err
    gate.touch()
    assert "queue 1 started" in gated.gitexp("run", "--resume").out
    assert gated.gitexp("run", "--wait", "--json").json["verdict"] == "INCONCLUSIVE"
    good = [r["seed"] for r in records(gated, f"exp/{name}") if "ended" not in r]
    assert len(good) == len({*good}) == 2
    assert len(records(gated, "main")) == 2
    assert refs(gated)["refs/heads/main"] == before
    assert "no queue on this machine was interrupted" in gated.gitexp("run", "--resume").out


@pytest.mark.slow
def test_a_queue_whose_program_is_replaced_ends_its_run_and_goes_on_as_the_new_one(
    gated: World, gate: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    shutil.copytree(Path(gitexp.__file__).parent, library / "gitexp")
    name = gated.start("--set", "model.C=10")
    gated.gitexp("run", name, "--detach", PYTHONPATH=str(library))
    in_progress(gated)
    (queue,) = queues(gated)
    first = library / "gitexp" / "__init__.py"
    shutil.move(first, tmp_path)
    first.write_text((tmp_path / "__init__.py").read_text())
    gate.touch()
    assert gated.gitexp("run", "--wait", "--json").json["verdict"] == "INCONCLUSIVE"
    told = [event["text"] for event in queue.said() if event["event"] == "said"]
    assert sum("gitexp was replaced while queue 1 ran" in text for text in told) == 1
    assert all("ended" not in record for record in records(gated, f"exp/{name}"))
    assert len(records(gated, f"exp/{name}")) == 2


@pytest.mark.parametrize("moved", [False, True])
def test_a_queue_stops_when_its_folder_is_deleted_or_the_clone_moves(
    gated: World, moved: bool
) -> None:
    name = gated.start("--set", "model.C=10")
    gated.gitexp("run", name, "--detach")
    in_progress(gated)
    (queue,) = queues(gated)
    if not moved:
        shutil.rmtree(queue.folder)
    now = World(gated.path.rename(gated.path.with_name("moved")) if moved else gated.path)
    until(lambda: not alive(queue.pid))
    assert not queue.folder.exists()
    assert gated.path.exists() != moved
    # What became of the run is on record at once, or when the next command finds it.
    if moved:
        now.gitexp("stop", name)
    assert [r["ended"] for r in records(now, f"exp/{name}")] == ["abort"] * (not moved)
    assert "there is no queue" in now.gitexp("run", "--wait", code=2).err
    assert now.gitexp("status", "--json").json["queues"] == []


def test_a_queue_of_another_machine_is_never_called_dead(gated: World) -> None:
    name = gated.start("--set", "model.C=10")
    folder = gated.path / ".git" / "gitexp" / "queue" / "7"
    Queue(folder, (name,), 1, "", "", False, "2026-01-02T03:04:05+00:00", "elsewhere", "x").write()
    (folder / "lock").touch()
    assert "may still be running there" in gated.gitexp("run", "--resume").out
    assert gated.gitexp("status", "--json").json["queues"][0]["stage"] == "on another machine"
    assert "already in queue 7" in gated.gitexp("run", name, "--detach", code=2).err
    assert gated.gitexp("stop", name, "--json").json[0]["at_work"]
    assert json.loads((folder / "stop.json").read_text()) == {"names": [name]}


@pytest.mark.parametrize("hours", [-3, 0, 3])
def test_what_is_left_is_told_by_the_uptime_because_clocks_are_set(
    tmp_path: Path, hours: int
) -> None:
    queue = Queue(tmp_path / "1", ("one",), 1, "", "", False, "2026-01-02T03:04:05+00:00").here(1)
    queue.write()
    told = datetime.now(UTC) + timedelta(hours=hours)
    event = {
        "event": "progress", "name": "one", "time": told.isoformat(), "runs_left": 4,
        "seconds_left": 600.0, "uptime": time.monotonic() - 60,
    }  # fmt: skip
    queue.events.write_text(json.dumps(event) + "\n")
    (one,) = queued_experiments(queue, QueueStage.RUNS, {"one": "running"})
    assert one.seconds_left == pytest.approx(540, abs=30)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nobody", "--detach"), 2, "there is no experiment nobody"),
        (("{name}", "--detach", "--explore", "why"), 2, "--detach does not take --explore"),
        (("{name}", "--detach", "--smoke"), 3, "runs with settings that have no sample"),
        (("--baseline", "--detach", "--smoke"), 2, "--baseline does not take --smoke"),
        (("--baseline", "--detach", "{name}"), 2, "--baseline does not take"),
        (("--resume", "{name}"), 2, "--resume does not take"),
        (("--wait", "--detach"), 2, "--wait does not take --detach"),
        (("{name}", "--detach", "--jobs", "0"), 2, "--jobs must be auto or a number"),
        (("{name}", "two", "--detach"), 1, "refused"),
        (("--queued", "../1"), 2, "there is no queue"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_detached(
    refusing: World, words: tuple[str, ...], code: int, said: str
) -> None:
    (name,) = (one for one in refusing.git("branch", "--format=%(refname:lstrip=3)",
               "--list", "exp/*").split() if one != "two")  # fmt: skip
    ran = refusing.gitexp("run", *(word.format(name=name) for word in words), code=code)
    assert said in ran.err
    assert queues(refusing) == []


@pytest.fixture(scope="module")
def refusing(_initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A project with a good experiment and one that the gate refuses."""
    with made_once(_initialised, tmp_path_factory.mktemp("refusing")) as world:
        world.start("--set", "model.C=10")
        world.git("switch", "--quiet", "--create", "exp/two", "main")
        world.edit("C = 1.0", "C = 12")
        world.edit("epochs = 20", "epochs = 30")
        world.commit("two changes", verify=False)
        world.git("switch", "--quiet", "main")
    return world


def test_settings_that_nobody_approved_are_refused_before_anything_is_detached(
    ready: World,
) -> None:
    name = ready.start("--set", "model.C=10")
    (ready.path / ".git" / "gitexp" / "trust.json").unlink()
    assert "is not approved in this clone" in ready.gitexp("run", name, "--detach", code=3).err
    assert queues(ready) == []


DAMAGED: list[dict[str, object]] = [
    {"names": []}, {"names": "ab"}, {"jobs": 0}, {"jobs": True}, {"pid": -1}, {"host": 3},
    {"more": 1}, {"kind": "other"}, {"kind": 3},
]  # fmt: skip


@pytest.mark.parametrize("change", DAMAGED)
def test_a_damaged_file_is_no_queue(tmp_path: Path, change: dict[str, object]) -> None:
    queue = Queue(tmp_path / "1", ("a",), None, "", "", False, "2026-01-02T03:04:05+00:00").here()
    queue.write()
    assert read_queue(queue.folder) == queue
    place = queue.folder / "queue.json"
    place.write_text(json.dumps(json.loads(place.read_bytes()) | change))
    assert read_queue(queue.folder) is None


@pytest.mark.parametrize(
    ("of", "state"), [("", "waiting"), ("exp/a", "failed"), ("exp/a on 10 % of the data", "failed")]
)
def test_what_failed_before_its_queue_began_waits_to_be_tried_again(
    tmp_path: Path, of: str, state: str
) -> None:
    queue = Queue(tmp_path, ("a",), 1, "", "", False, "2026-01-02T03:04:05+00:00").here()
    queue.write()
    event = {"event": "finished", "of": of, "failure": "exit code 1"}
    queue.events.write_text(json.dumps(event) + "\n" if of else "")
    [found] = queued_experiments(queue, QueueStage.RUNS, {"a": "failed"})
    assert found.state == state


def test_what_a_screening_queue_is_done_with_is_seen_while_it_goes_on(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    queue = Queue(tmp_path, names, 1, "", "", True, "2026-01-02T03:04:05+00:00", runs=1).here()
    queue.write()
    said = [
        {"event": "over", "name": "a", "done": 1, "of": 3},
        {"event": "finished", "of": "exp/b", "failure": "exit code 1"},
        {"event": "over", "name": "b", "done": 2, "of": 3},
    ]
    queue.events.write_text("".join(f"{json.dumps(one)}\n" for one in said))
    found = queued_experiments(queue, QueueStage.RUNS, dict.fromkeys(names, "planned"))
    assert [one.state for one in found] == ["screened", "failed", "waiting"]
    assert [is_over_in(queue, name) for name in names] == [True, True, False]
    assert queue.command(names) == "gitexp run a b c --screen"
    part = replace(queue, runs=2, share=0.1)
    assert part.command("abcd") == "gitexp run --all --screen --runs 2 --sample 0.1"


# --- telling somebody ----------------------------------------------------------------------------


def test_a_command_of_yours_is_told_each_verdict_once(ready: World, tmp_path: Path) -> None:
    told = tmp_path / "told"
    ready.write("tell.sh", f"cat >> {told}; echo ignored; exit 3\n")
    settle(ready, notify="sh tell.sh", repeats=[2])
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", name, "--json")
    assert "notify = 'sh tell.sh' ended with exit code 3" in ran.err
    ready.gitexp("run", name)
    verdict = json.loads(told.read_text())
    assert verdict["name"] == name
    assert verdict | {"detail": None} == {
        key: ran.json[key] for key in verdict.keys() - {"project"}
    } | {"project": "", "detail": None}


def test_runs_go_on_while_somebody_is_notified(ready: World, tmp_path: Path) -> None:
    both = tmp_path / "both"
    ready.write("tell.sh", f"cat >> {both}; until [ $(wc -l < {both}) = 2 ]; do sleep 0.05; done\n")
    settle(ready, notify="sh tell.sh", repeats=[1])
    names = [ready.start("--set", f"model.C={value}") for value in (10, 20)]
    ran = ready.gitexp("run", *names)
    assert "tell.sh" not in ran.err  # as if the first had waited for the second in vain
    assert {json.loads(line)["name"] for line in both.read_text().splitlines()} == {*names}


@pytest.mark.parametrize("notify", ["", "  ", "'half", 3])
def test_a_command_that_cannot_be_one_is_refused(ready: World, notify: object) -> None:
    ready.write("gitexp.toml", (ready.path / "gitexp.toml").read_text()
                + f"notify = {json.dumps(notify)}\n")  # fmt: skip
    ready.commit("a wrong setting", verify=False)
    assert "notify must be a command" in ready.gitexp("log", code=3).err
