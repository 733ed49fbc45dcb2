"""Clusters that somebody adds in a file, and the example of one in the documentation."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.clusters.cluster import Standing, State
from gitexp.engine.clusters.hosts import Host
from gitexp.engine.clusters.own import file_of, load_cluster
from gitexp.errors import NotReady, UsageError
from gitexp.lab.projects.project import open_project
from gitexp.rules.documents.elsewhere import Own
from tests.arrange import records
from tests.rules.documents.test_task import TASK
from tests.team import hub_of
from tests.workflows.test_elsewhere import asks, deterministic, waiting

if TYPE_CHECKING:
    from tests.project import World

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/kubectl.py"
TABLE = """
[on.kubectl]
image = "train:3"
limits = { "nvidia.com/gpu" = 1 }
options = ["--namespace=lab"]
"""


@pytest.fixture
def pods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a stub called kubectl keeps its jobs."""
    folder, tools = tmp_path / "pods", tmp_path / "kube-tools"
    folder.mkdir()
    tools.mkdir()
    program = tools / "kubectl"
    words = shlex.join([sys.executable, "-m", "tests.kubectl_stub", str(folder)])
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {words} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.slow
def test_the_example_runs_experiments_without_a_change_to_gitexp(ready: World, pods: Path) -> None:
    hub_of(ready)
    deterministic(ready)
    asks(ready, TABLE)
    name = ready.start("--set", "model.C=10")
    words = ("run", name, "--on", "kubectl")
    assert "no file is named" in ready.gitexp(*words, code=3).err
    ready.git("config", "--global", "gitexp.cluster.kubectl", str(EXAMPLE))
    done = ready.gitexp(*words)
    assert "accuracy +0.0" in done.out
    assert (len(records(ready, "main")), len(records(ready, f"exp/{name}"))) == (2, 1)
    assert waiting(ready) == []
    [first, *_] = pods.glob("gitexp-*/job.json")
    pod = json.loads(first.read_text())["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "train:3"
    assert ready.gitexp("verify").code == 0


@pytest.mark.parametrize(
    ("job", "pod", "wanted"),
    [
        ({"active": 1}, {"phase": "Running"}, Standing(State.RUNNING)),
        ({}, {}, Standing(State.WAITING)),
        (
            {"active": 1},
            {"phase": "Pending", "conditions": [
                {"type": "PodScheduled", "status": "False", "message": "0/3 nodes: no GPU"}]},
            Standing(State.WAITING, "0/3 nodes: no GPU"),
        ),
        (
            {"active": 1},
            {"phase": "Pending", "containerStatuses": [
                {"state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
            Standing(State.WAITING, "ImagePullBackOff"),
        ),
        ({"succeeded": 1}, {}, Standing(State.GONE, "job a has ended")),
        (
            {"failed": 1},
            {"reason": "Evicted", "conditions": [{"type": "DisruptionTarget", "status": "True"}]},
            Standing(State.GONE, "job a: Evicted\n  | bad", again=True),
        ),
        (
            {"failed": 1},
            {"containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled"}}}]},
            Standing(
                State.GONE, "job a: OOMKilled\n  | bad", hint="raise limits.memory in on.kubectl"),
        ),
    ],
)  # fmt: skip
def test_the_example_reads_what_kubernetes_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: object,
    pod: object,
    wanted: Standing,
) -> None:
    items = [
        {"kind": "Job", "metadata": {"name": "a"}, "status": job},
        {"kind": "Pod", "metadata": {"labels": {"job-name": "a"}}, "status": pod},
    ]
    (tmp_path / "items").write_text(json.dumps({"items": items}))
    program = tmp_path / "kubectl"
    program.write_text(f"#!/bin/sh\n[ $1 = logs ] && echo bad || cat {tmp_path}/items\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    cluster = load_cluster(EXAMPLE, Own("kubectl", {"image": "x"}), tmp_path)
    found = cluster.poll(["a", "b"])
    assert found["a"] == wanted
    assert (found["b"].state, found["b"].again) == (State.GONE, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no function open_cluster"),
        ("x = 1 / 0", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("def open_cluster(table, folder):\n    return table['image']", "KeyError: 'image'"),
        ("def open_cluster(table, folder):\n    return object()", "most and lasts: AttributeError"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "moon.py"
    path.write_text(text)
    with pytest.raises(NotReady) as refused:
        load_cluster(path, Own("moon"), tmp_path)
    assert str(path) in refused.value.message
    assert said in refused.value.message


def test_mistakes_of_a_file_are_told_as_its_own(tmp_path: Path) -> None:
    path = tmp_path / "moon.py"
    path.write_text(
        "class Moon:\n    lasts, most = False, 0\n    def submit(self, lines): return []\n"
        "    def poll(self, names): return {'a': 'fine'}\n"
        "def open_cluster(table, folder): return Moon()\n"
    )
    cluster = load_cluster(path, Own("moon"), tmp_path)
    assert cluster.most == 1
    with pytest.raises(UsageError, match="submit: ValueError: it returned 0 names for 1 line"):
        cluster.submit([(TASK.line(),)])
    with pytest.raises(UsageError, match="'fine', which is not a Standing"):
        cluster.poll(["a"])
    with pytest.raises(UsageError, match="cancel: AttributeError"):
        cluster.cancel(["a"], None)


def test_a_file_that_can_ask_its_machines_is_asked_what_they_have(tmp_path: Path) -> None:
    path = tmp_path / "moon.py"
    path.write_text(
        "import json\n"
        "class Moon:\n    lasts, most = False, 1\n    def hosts(self, words):\n"
        "        said = json.dumps({'accelerators': ['A100'], 'versions': {'asked': words[1]}})\n"
        "        return {'pad': 'Welcome\\n' + said, 'gone': ''}\n"
        "def open_cluster(table, folder): return Moon()\n"
    )
    found = load_cluster(path, Own("moon"), tmp_path).hosts("python", "/home/ada")
    assert found == {"pad": Host(("A100",), {"asked": "--about=python"}, sure=False)}


def test_a_file_that_a_pull_could_change_is_not_loaded(ready: World) -> None:
    for place, said in (("clusters/moon.py", "absolute path"), (ready.path / "moon.py", "a pull")):
        ready.git("config", "gitexp.cluster.moon", str(place))
        with pytest.raises(NotReady, match=said) as refused:
            file_of(open_project(ready.path).repository, "moon")
        assert "git config --global gitexp.cluster.moon" in refused.value.hint
