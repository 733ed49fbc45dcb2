"""Runs on other machines: a program called ssh that starts workers here, each host with a home."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
import venv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.cli.live import Lines
from gitexp.engine.clusters.cluster import Standing, State
from gitexp.engine.clusters.slurm_states import standing_of
from gitexp.engine.engine import Slot
from gitexp.errors import CommandFailed, NotReady, UsageError
from gitexp.lab.measuring.driving import RunOptions
from gitexp.lab.projects.project import open_project
from gitexp.lab.workers.meeting import Meeting
from gitexp.lab.workers.remote_cluster import RemoteCluster, table_of
from gitexp.rules.documents.elsewhere import Dask, parse_elsewhere
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.task import join_tasks, parse_tasks
from gitexp.rules.documents.where import Where
from gitexp.store.refs import RUNS, SHARED_RUNS
from gitexp.workflows.run import Conclusion, Unfinished, run
from gitexp.workflows.sync import sync
from gitexp.workflows.worker import work
from tests.arrange import records, refs, seeds_of
from tests.project import TRAIN, World
from tests.team import hook, hub_of, lines_of
from tests.workflows.test_interleaved import order as runs_in
from tests.workflows.test_interleaved import pairs as pairs_of
from tests.workflows.test_interleaved import project as timed
from tests.workflows.test_run import run_beside, until

# Starts the command in a home of the host's own, as ssh does; one host cannot be reached, and one
# has another environment.
SSH = """\
#!/bin/sh
[ "$1" = -G ] && echo "user ada\nsendenv LC_* SECRET_?" && exit
while [ "$1" != -- ]; do shift; done
host=$2; shift 2
if [ "$host" = down ]; then
  printf "ssh: connect to host down: No route to host\\r\\n" >&2; exit 255
fi
mkdir -p "{homes}/$host"
echo worker >> "{homes}/$host/started"
env > "{homes}/$host/given"
[ "$host" = odd ] && odd=PYTHONHASHSEED=7
exec env -i $odd HOME="{homes}/$host" PATH="$PATH" GIT_CONFIG_NOSYSTEM=1 sh -c "cd; $*"
"""

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitexp.engine.clusters.cluster import Batch
    from gitexp.engine.clusters.hosts import Host
    from gitexp.engine.job import Job
    from gitexp.rules.documents.record import Record

WORKER = f"{sys.executable} -m gitexp"


@pytest.fixture
def place(ready: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project with a remote and two hosts."""
    hub_of(ready)
    tools = ready.path.parent / "tools"
    tools.mkdir()
    (tools / "ssh").write_text(SSH.replace("{homes}", str(ready.path.parent / "homes")))
    (tools / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return ready


def asks(world: World, table: str) -> None:
    """Add a table to the settings, approve them and let the remote have them."""
    path = world.path / "gitexp.toml"
    path.write_text(f"{path.read_text()}\n{table}")
    world.commit("runs elsewhere", verify=False)
    world.gitexp("trust", "--yes")
    world.git("push", "--quiet", "--no-verify", "hub", "main")


def hosts(*names: str) -> str:
    return f"[on.ssh]\nhosts = {[*names]}\ngitexp = '{WORKER}'\nsetup = ['export SET_UP=1']\n"


def waiting(world: World) -> list[str]:
    """Runs that wait on the remote."""
    return [ref for ref in refs(World(world.path.parent / "hub.git")) if SHARED_RUNS in ref]


def deterministic(world: World) -> None:
    """Let one run be enough, and leave a word on the machine that made it."""
    world.write("train.py", TRAIN.replace("{seed} ", "").replace("0.002 *", "0.002 *"))
    world.edit('vary = "seed"', 'vary = "none"', "gitexp.toml")


@pytest.mark.slow
def test_runs_are_made_on_the_hosts_and_judged_here(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_1", "x")
    deterministic(place)
    asks(place, hosts("down", "gpu1", "gpu2"))
    name = place.start("--set", "model.C=10")
    done = place.gitexp("run", name, "--on", "ssh")
    assert "accuracy +0.0" in done.out
    assert len(records(place, "main")) == 2
    [record] = records(place, f"exp/{name}")
    assert record["attempt"] == 1
    homes = {path.name for path in (place.path.parent / "homes").iterdir()}
    assert homes <= {"gpu1", "gpu2"}
    for host in homes:  # ssh itself would hand it on
        assert "SECRET_1" not in (place.path.parent / "homes" / host / "given").read_text()
    assert waiting(place) == []
    # Nothing is left to do: no host is asked.
    again = place.gitexp("run", name, "--on", "ssh")
    assert "nothing was left to run" in again.out
    assert again.err == ""
    assert place.gitexp("verify").code == 0


@pytest.mark.slow
def test_baseline_samples_screening_and_a_queue_use_the_hosts_too(place: World) -> None:
    place.edit("repeats = [5]", "repeats = [2]\nsample = [0.1, 0.5]", "gitexp.toml")
    asks(place, hosts("gpu1", "gpu2"))
    done = place.gitexp("run", "--baseline", "--on", "ssh", "--json").json
    assert len(records(place, "main")) == len(done["seeds"]) == 2
    names = [place.start("--set", f"model.C={value}") for value in (10, 20)]
    ranked = place.gitexp("run", "--screen", *names, "--on", "ssh", "--json").json
    assert {one["name"] for one in ranked["ranked"]} == {*names}
    small = place.gitexp("run", "--smoke", names[0], "--on", "ssh", "--json").json
    assert [one["sample"] for one in small["samples"]] == [0.1, 0.5]
    queue = place.gitexp("run", "--detach", names[0], "--on", "ssh", "--json").json
    assert queue["experiments"] == [names[0]]
    assert place.gitexp("run", "--wait", "--json").json["runs"] == 2
    purposes = Counter(r.get("purpose", "") for r in records(place, f"exp/{names[0]}"))
    assert purposes == {"": 2, "sample": 2, "screen": 1}
    assert waiting(place) == []
    # All of it was made on the hosts: this machine has no folder of a run.
    assert not [*place.path.glob(".git/gitexp/runs/*/*")]
    assert place.gitexp("verify").code == 0


@pytest.mark.slow
def test_short_runs_share_a_worker(place: World) -> None:
    asks(place, hosts("gpu1", "gpu2"))
    name = place.start("--set", "model.C=10")
    assert "5 pairs" in place.gitexp("run", name, "--on", "ssh").out
    homes = (place.path.parent / "homes").iterdir()
    started = sum(len((home / "started").read_text().splitlines()) for home in homes)
    assert started < 10
    for revision in ("main", f"exp/{name}"):
        assert sorted(record["attempt"] for record in records(place, revision)) == [1] * 5


@pytest.mark.slow
def test_a_baseline_that_moved_on_the_hosts_is_compared_with_nothing(place: World) -> None:
    secret = place.path.parent / "secret"
    place.edit(
        'print(f"accuracy',
        f'accuracy += 0.03 * os.path.exists({str(secret)!r})\nprint(f"accuracy',
        "train.py",
    )
    place.edit("import os\n", "import os\n\n", "train.py")
    place.edit("repeats = [5]", 'repeats = [2]\ncanary = "always"', "gitexp.toml")
    asks(place, hosts("gpu1", "gpu2"))
    place.gitexp("run", "--baseline", "--on", "ssh")
    first = place.start("--set", "model.C=10")
    ran = place.gitexp("run", first, "--on", "ssh")
    assert ran.err.count("1 run to check that the baseline still gives the same") == 1
    checks = [r for r in records(place, "main") if r.get("purpose") == "canary"]
    assert [r["attempt"] for r in checks] == [2]
    secret.touch()
    second = place.start("--set", "model.C=11")
    ran = place.gitexp("run", second, "--on", "ssh", "--json")
    assert (ran.json["verdict"], ran.json["reason"]) == ("INCONCLUSIVE", "the baseline has moved")
    assert records(place, f"exp/{second}") == []
    refused = place.gitexp("run", "--baseline", "--on", "ssh", code=3).err
    assert "the same command with --again" in refused
    place.gitexp("run", "--baseline", "--again", "--on", "ssh")
    runs = [r for r in records(place, "main") if not r.get("purpose")]
    old, new = sorted({r["condition"] for r in runs})
    assert new == f"{old}.2"
    assert sorted(r["seed"] for r in runs if r["condition"] == new) == [1, 2]
    place.gitexp("retest", second)
    third = place.gitexp("run", "--on", "ssh", "--json").json
    assert third["reason"] != "the baseline has moved"
    assert {r["condition"] for r in records(place, f"exp/{third['name']}")} == {new}
    assert place.gitexp("verify").code == 0


SMI = """\
#!/bin/sh
case $HOME in *a100*) echo "NVIDIA A100, 535.1";; *v100*) echo "NVIDIA V100, 535.1";; esac
"""


@pytest.mark.slow
def test_accelerators_that_differ_are_said_first_and_no_pair_uses_two_kinds(place: World) -> None:
    (place.path.parent / "tools/nvidia-smi").write_text(SMI)
    (place.path.parent / "tools/nvidia-smi").chmod(0o755)
    place.edit("repeats = [5]", "repeats = [2]", "gitexp.toml")
    asks(place, hosts("a100", "v100", "down"))
    name = place.start("--set", "model.C=10")
    said = place.gitexp("run", name, "--on", "ssh").err
    assert "accelerators differ: NVIDIA A100 (a100), NVIDIA V100 (v100). Both runs" in said
    assert said.index("accelerators differ") < said.index("in 0.")  # before the first run
    mine = {r["seed"]: r["condition"] for r in records(place, f"exp/{name}")}
    assert {*mine.items()} <= {(r["seed"], r["condition"]) for r in records(place, "main")}
    # Nothing is left to run, so nobody is asked.
    assert "differ" not in place.gitexp("run", name, "--on", "ssh").err


@pytest.mark.slow
def test_a_pair_that_no_host_can_complete_is_refused_before_it_runs(place: World) -> None:
    (place.path.parent / "tools/nvidia-smi").write_text(SMI)
    (place.path.parent / "tools/nvidia-smi").chmod(0o755)
    asks(place, hosts("a100-1", "a100-2"))
    place.gitexp("run", "--baseline", "--on", "ssh")
    used = records(place, "main")
    place.edit("a100-1", "v100-1", "gitexp.toml")
    place.edit("a100-2", "v100-2", "gitexp.toml")
    asks(place, "")
    name = place.start("--set", "model.C=10")
    refused = place.gitexp("run", name, "--on", "ssh", code=3).err
    assert "ran on NVIDIA A100, which none of these machines has: v100-1, v100-2" in refused
    assert f"gitexp retest {name}" in refused
    assert records(place, f"exp/{name}") == []
    assert records(place, "main") == used


class Unreliable:
    """A cluster that loses each task once, forgets what it was asked, and says nothing in time."""

    lasts = False
    shares = True
    most = 2

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}
        self.lost: set[str] = set()

    def hosts(self, program: str, tree: str) -> Mapping[str, Host]:
        del program, tree
        return {}

    def submit(self, batches: Sequence[Batch]) -> Mapping[str, str]:
        lines = [join_tasks(batch) for batch in batches]
        names = [f"{len(self.lines) + number}" for number, _ in enumerate(lines)]
        self.lines |= dict(zip(names, lines, strict=True))
        pairs = zip(names, batches, strict=True)
        return {line: name for name, batch in pairs for line in batch}

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        found = {}
        for name in names:
            line = self.lines[name]
            if line in self.lost:
                for _ in range(2):  # a duplicate does no harm
                    work(parse_tasks(line), Lines(yes=True), Slot(lambda: None))
                found[name] = Standing(State.RUNNING)
            else:
                self.lost.add(line)
                found[name] = Standing(State.GONE, "the node burned down", again=True)
        return found

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        raise AssertionError(names, how)


class Killing(Unreliable):
    """A cluster that kills what is trained, for want of memory."""

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        for name in names:
            work(parse_tasks(self.lines[name]), Lines(yes=True), Slot(lambda: None))
        return {name: standing_of(f"7_{name}", "OUT_OF_MEMORY") for name in names}


class Held(Unreliable):
    """A cluster of one worker, which lingers over what it has of several experiments."""

    most = 1

    def __init__(self) -> None:
        super().__init__()
        self.first = ""  # commit of the first of such runs
        self.left = 40  # looks at them

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        [name] = names
        tasks = parse_tasks(self.lines[name])
        if len({task.commit for task in tasks}) > 1 and self.left:
            self.first = tasks[0].commit
            self.left -= 1
            return {name: Standing(State.RUNNING)}
        work(tasks, Lines(yes=True), Slot(lambda: None))
        return {name: Standing(State.GONE)}


@pytest.mark.slow
def test_a_run_that_is_stopped_waits_for_no_other_of_its_worker(place: World) -> None:
    place.edit("repeats = [5]", "repeats = [2, 4]", "gitexp.toml")
    asks(place, "")
    place.gitexp("run", "--baseline")
    names = [place.start("--set", f"model.C={value}") for value in (10, 20)]
    by_commit = {place.git("rev-parse", f"exp/{name}"): name for name in names}
    project, cluster, left = open_project(place.path), Held(), list[int]()

    class Watching(Lines):
        def finished(self, label: str, job: Job, record: Record | None) -> None:
            super().finished(label, job, record)
            if record is None:
                left.append(cluster.left)

    meeting = Meeting(project, "hub", lambda: sync(project, "hub"), "")
    options = RunOptions(
        Watching(yes=True), on=RemoteCluster(cluster, meeting),
        to_stop=lambda: {by_commit.get(cluster.first, "")},
    )  # fmt: skip
    done = run(project, names, options)
    assert [one for one in left if one > 0], "it waited"
    ended = {one.name: type(one) for one in done}
    assert ended.pop(by_commit[cluster.first]) is Unfinished
    assert [*ended.values()] == [Conclusion]
    assert all(len(records(place, f"exp/{name}")) == 4 for name in ended)


class Halving(Unreliable):
    """A cluster whose workers are lost after the first run of a pair."""

    shares = False

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        found = {}
        for name in names:
            [task] = parse_tasks(self.lines[name])
            work(task.parts[:1], Lines(yes=True), Slot(lambda: None))
            found[name] = Standing(State.GONE, "the node burned down", again=True)
        return found


@pytest.mark.slow
def test_what_is_left_of_a_pair_is_made_by_itself(
    place: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    timed(place, tmp_path / "seen", repeats=[2], planned=2)
    asks(place, "")
    name = place.start("--set", "model.C=10")
    project, cluster = open_project(place.path), Halving()
    meeting = Meeting(project, "hub", lambda: sync(project, "hub"), "")
    [done] = run(project, [name], RunOptions(Lines(yes=True), on=RemoteCluster(cluster, meeting)))
    assert isinstance(done, Conclusion)
    said = capsys.readouterr().err
    assert "submitted again" not in said
    assert "lost between the two runs of a pair; the second one is made by itself" in said
    for revision in ("main", f"exp/{name}"):
        assert [record["attempt"] for record in records(place, revision)] == [1, 1]
    assert len(cluster.lines) == 4


class Interrupted(Held):
    """A cluster on which a worker with several runs is under way when somebody presses Ctrl-C."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled: list[tuple[list[str], Ended | None]] = []

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        [name] = names
        if self.cancelled:
            return {name: Standing(State.GONE)}
        tasks = parse_tasks(self.lines[name])
        if len(tasks) > 1:
            raise KeyboardInterrupt
        work(tasks, Lines(yes=True), Slot(lambda: None))
        return {name: Standing(State.GONE)}

    def cancel(self, names: Collection[str], how: Ended | None) -> None:
        self.cancelled.append(([*names], how))


@pytest.mark.slow
def test_an_interrupt_stops_a_worker_with_several_runs(place: World) -> None:
    asks(place, "")
    name = place.start("--set", "model.C=10")
    project, cluster = open_project(place.path), Interrupted()
    meeting = Meeting(project, "hub", lambda: sync(project, "hub"), "")
    on = RemoteCluster(cluster, meeting)
    with pytest.raises(KeyboardInterrupt):
        run(project, [name], RunOptions(Lines(yes=True), on=on))
    assert cluster.cancelled == [([[*cluster.lines][-1]], Ended.ABORT)]


class Late(Unreliable):
    """A cluster whose jobs run over their time limit."""

    def poll(self, names: Collection[str]) -> Mapping[str, Standing]:
        return {name: standing_of(f"7_{name}", "TIMEOUT") for name in names}


def test_a_run_over_the_time_limit_is_told_at_once_and_not_submitted_again(
    place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deterministic(place)
    asks(place, "")
    name = place.start("--set", "model.C=10")
    project, cluster = open_project(place.path), Late()
    meeting = Meeting(project, "hub", lambda: sync(project, "hub"), "")
    [done] = run(project, [name], RunOptions(Lines(yes=True), on=RemoteCluster(cluster, meeting)))
    assert isinstance(done, Unfinished)
    assert "no result came: SLURM job 7_0 was ended by SLURM at its time limit" in str(done.error)
    assert "raise `time`" in done.error.hint
    assert "submitted again" not in capsys.readouterr().err
    assert len(cluster.lines) == 1


@pytest.mark.slow
def test_a_training_that_the_cluster_killed_is_told_with_its_job_and_what_helps(
    place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deterministic(place)
    place.write("train.py", "import os\nos.kill(os.getpid(), 9)\n")
    asks(place, "")
    name = place.start("--set", "model.C=10")
    project = open_project(place.path)
    meeting = Meeting(project, "hub", lambda: sync(project, "hub"), "")
    [done] = run(
        project, [name], RunOptions(Lines(yes=True), on=RemoteCluster(Killing(), meeting))
    )  # fmt: skip
    assert isinstance(done, Unfinished)
    assert isinstance(done.error, CommandFailed)
    said = capsys.readouterr().err
    assert "SLURM job 7_0 was killed by SLURM because it used more memory" in said
    assert "-> ask for more: raise `memory`" in said


@pytest.mark.slow
def test_only_the_record_on_the_remote_counts_whatever_a_cluster_says(
    place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deterministic(place)
    asks(place, "")
    name = place.start("--set", "model.C=10")
    project = open_project(place.path)
    meeting = Meeting(project, "hub", lambda: sync(project, "hub"), "")
    on = RemoteCluster(Unreliable(), meeting)
    [done] = run(project, [name], RunOptions(Lines(yes=True), jobs=None, on=on))
    assert isinstance(done, Conclusion)
    assert done.ran == 3
    assert capsys.readouterr().err.count("the node burned down; submitted again") == 3
    assert len(records(place, "main")) == 2
    assert len(records(place, f"exp/{name}")) == 1
    assert waiting(place) == []


@pytest.mark.slow
def test_a_training_that_fails_there_is_shown_with_its_output(place: World) -> None:
    deterministic(place)
    place.write(
        "train.py", "import os\nprint('set up:', os.environ['SET_UP'])\nraise SystemExit(7)\n"
    )
    asks(place, hosts("gpu1"))
    name = place.start("--set", "model.C=10")
    failed = place.gitexp("run", name, "--on", "ssh", code=4)
    assert "exit code 7" in failed.err
    assert "| set up: 1" in failed.err
    assert "git notes --ref=gitexp-logs show" in failed.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "said"),
    [
        (hosts("down"), "down: ssh: connect to host down: No route to host"),
        (hosts("gpu1").replace(WORKER, "no-such-gitexp"), "no-such-gitexp: not found"),
    ],
)
def test_what_keeps_a_worker_from_starting_is_said_in_the_words_of_its_host(
    place: World, table: str, said: str
) -> None:
    asks(place, table)
    name = place.start("--set", "model.C=10")
    failed = place.gitexp("run", name, "--on", "ssh", code=3)
    assert "no result came" in failed.err
    assert said in failed.err
    assert "\\r" not in failed.err
    assert records(place, "main") == []


def test_nothing_is_submitted_where_it_could_not_come_back(place: World) -> None:
    words = ("run", "--on", "ssh")
    name = place.start("--set", "model.C=10")
    assert "has no table for ssh" in place.gitexp(*words, name, code=3).err
    place.gitexp("run", "--on", "moon", name, code=2)
    explored = place.gitexp(*words, name, "--explore", "because", code=2).err
    assert "is not shared" in explored
    assert f"gitexp run {name} --explore WHY" in explored
    assert "accelerators of this machine" in place.gitexp(*words, name, "--gpus", "0", code=2).err
    place.gitexp("run", "--remote", "hub", name, code=2)
    place.gitexp(*words, name, "--address", "tcp://host:8786", code=2)
    assert "has no table for ssh" in place.gitexp(*words, "--detach", name, code=3).err
    asks(place, hosts("gpu1"))
    name = place.start("--set", "model.C=20")
    hub = World(place.path.parent / "hub.git")
    hook(hub, "update", "case $1 in refs/gitexp/*) echo no such refs >&2; exit 1;; esac")
    refused = place.gitexp(*words, name, code=3).err
    assert "hub takes no refs below refs/gitexp/" in refused
    for kind in (["--baseline"], ["--screen", name], ["--detach", name]):
        assert "hub takes no refs" in place.gitexp(*words, *kind, code=3).err
    assert "--remote runs" in refused
    hub.git("update-ref", "refs/heads/main", "main^")
    assert "git push hub main" in place.gitexp(*words, name, code=3).err
    place.git("remote", "remove", "hub")
    assert "this clone has no remote" in place.gitexp(*words, name, code=3).err
    assert not (place.path.parent / "homes").exists()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"ssh": {}}, "hosts"),
        ({"ssh": {"hosts": ["-oProxyCommand=touch x"]}}, "names of hosts"),
        ({"ssh": {"hosts": ["a b"]}}, "names of hosts"),
        ({"ssh": {"hosts": ["a"], "jobs": 0}}, "jobs"),
        ({"ssh": {"hosts": ["a"], "tree": "here"}}, "absolute"),
        ({"ssh": {"hosts": ["a"], "setup": ["a\nb"]}}, "one line"),
        ({"ssh": {"hosts": ["a"], "gitexp": ""}}, "gitexp"),
        ({"ssh": {"hosts": ["a"], "port": 22}}, "unknown setting on.ssh.port"),
        ({"moon": 1}, "on.moon must be a table"),
        ({"moon": {"tree": "here"}}, "absolute"),
        ({"The Moon": {}}, "on.The Moon must be named in lower-case"),
        ([], "tables"),
    ],
)
def test_a_wrong_table_is_refused_by_name(table: object, said: str) -> None:
    with pytest.raises(Exception, match=said):
        parse_elsewhere("gitexp.toml", table)


def test_an_address_on_the_command_line_stands_above_the_settings(place: World) -> None:
    address = "tcp://head:8786"
    elsewhere = Where("dask", address=address)
    assert table_of(open_project(place.path), elsewhere) == Dask(address)  # without a table
    asks(place, "[on.dask]\nclass = 'a.B'\narguments = {n = 1}\njobs = 3\nresources = {GPU = 1}\n")
    assert table_of(open_project(place.path), elsewhere) == Dask(
        address, jobs=3, resources={"GPU": 1}
    )
    with pytest.raises(UsageError, match="not head:8786"):
        table_of(open_project(place.path), Where("dask", address="head:8786"))


def test_a_mistyped_key_gets_the_one_that_is_meant() -> None:
    with pytest.raises(NotReady) as refused:
        parse_elsewhere("gitexp.toml", {"ssh": {"host": ["a"]}})
    assert refused.value.hint == "did you mean hosts?"


@pytest.mark.slow
def test_a_command_that_is_stopped_or_killed_stops_its_workers_and_goes_on(place: World) -> None:
    place.write("train.py", f"import time\ntime.sleep(1.5)\n{TRAIN}")
    asks(place, hosts("gpu1", "gpu2"))
    name = place.start("--set", "model.C=10")
    homes = place.path.parent / "homes"

    def starts() -> int:
        found = [*homes.glob("*/.cache/gitexp/*/*/clones/*.git")]
        lines = [x for clone in found for x in lines_of(World(clone), RUNS, "refs/heads/main")]
        return sum('"kind":"start"' in line for line in lines)

    for kind in (signal.SIGKILL, signal.SIGINT):
        before = starts()
        command = run_beside(place, "run", name, "--on", "ssh")
        while starts() < before + 2:
            time.sleep(0.05)
        time.sleep(0.3)
        command.send_signal(kind)
        command.communicate()
        until(lambda: not _workers(homes))
    done = place.gitexp("run", name, "--on", "ssh")
    assert "CONFIRMED" in done.out
    # One Ctrl-C is one occasion, on however many hosts.
    aborted = Counter(r["batch"] for r in records(place, "main") if r.get("ended") == "abort")
    assert max(aborted.values()) == 2
    good = Counter(r["seed"] for r in records(place, "main") if not r.get("failure"))
    assert set(good.values()) == {1}
    assert len(good) == 5
    assert place.gitexp("verify").code == 0


@pytest.mark.slow
def test_pairs_share_a_condition_although_hosts_differ(place: World) -> None:
    asks(place, hosts("gpu1", "odd"))
    name = place.start("--set", "model.C=10")
    done = place.gitexp("run", name, "--on", "ssh")
    assert "CONFIRMED" in done.out
    mine = {r["seed"]: r["condition"] for r in records(place, f"exp/{name}")}
    conditions = {(r["seed"], r["condition"]) for r in records(place, "main")}
    assert len(mine) == 5
    assert {*mine.items()} <= conditions
    assert place.gitexp("verify").code == 0


@pytest.mark.slow
def test_pairs_are_made_on_other_machines_each_on_one_of_them(place: World, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    timed(place, seen, slow=(2, 3))
    asks(place, hosts("gpu1", "gpu2"))
    names = [place.start("--set", f"model.C={value}") for value in (10, 8)]
    done = place.gitexp("run", *names, "--on", "ssh", "--json")
    assert [one["verdict"] for one in done.json] == ["CONFIRMED", "CONFIRMED"]
    assert done.err.count("set-aside: slow") >= 1
    # The machine had one pair at a time, each in its order.
    ran = runs_in(seen)
    made = {tuple(ran[at : at + 2]) for at in range(0, len(ran), 2)}
    due = [*pairs_of(place, names[0], "10"), *pairs_of(place, names[1], "8")]
    assert made == {tuple(due[at : at + 2]) for at in range(0, len(due), 2)}
    base = [record for record in records(place, "main") if record["pair"]]
    for name in names:
        commit = place.git("rev-parse", f"exp/{name}")
        assert {r["seed"] for r in base if r["pair"] == commit} == {*seeds_of(place, f"exp/{name}")}
    # Of two experiments whose pairs have one seed, the runs of the baseline are told apart.
    keys = [(record["seed"], record["attempt"]) for record in base]
    assert len({*keys}) == len(keys)
    assert place.gitexp("verify").code == 0
    place.gitexp("run", *names, "--on", "ssh")
    assert runs_in(seen) == ran


@pytest.mark.slow
def test_a_host_with_another_python_is_named_before_anything_runs_there(place: World) -> None:
    home = place.path.parent / "homes/gpu1"
    venv.create(home / ".venv", with_pip=False)
    [site] = home.glob(".venv/lib/python3.*/site-packages")
    (site / "other.pth").write_text("import sys; sys.version = sys.version.replace('3.', '4.', 1)")
    place.edit("repeats = [5]", "repeats = [2]", "gitexp.toml")
    place.edit(f"{sys.executable} train.py", "python3 train.py", "gitexp.toml")
    table = hosts("gpu1").replace("export SET_UP=1", "export PATH=$HOME/.venv/bin:$PATH")
    asks(place, table)
    place.gitexp("run", "--baseline")
    name = place.start("--set", "model.C=10")
    said = place.gitexp("run", name, "--on", "ssh").err
    found = re.search(r"environment: python 3\.(\S+) -> 4\.(\S+)\. Both runs of a pair", said)
    assert found is not None, said
    assert said.index("was measured in another environment") < said.index("in 0.")
    mine = {r["seed"]: r["condition"] for r in records(place, f"exp/{name}")}
    assert {*mine.items()} <= {(r["seed"], r["condition"]) for r in records(place, "main")}
    assert place.gitexp("verify").code == 0


def _workers(homes: Path) -> list[str]:
    """Processes of workers that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"HOME={homes}".encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found
