"""The ways round the gate that are no way past it: split, preset, explore."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.project import BECAUSE

if TYPE_CHECKING:
    from tests.project import World

LR = "lr raises accuracy because the loss still falls when training ends"


def two_values(world: World) -> None:
    world.edit("C = 1.0", "C = 10")
    world.edit("lr = 1e-3", "lr = 1e-2")


def broken(world: World, name: str = "both") -> str:
    """Commit two changed values past the hooks, as an experiment's branch."""
    world.git("switch", "--quiet", "--create", f"exp/{name}")
    two_values(world)
    commit = world.commit("both raise accuracy because the model underfits", verify=False)
    world.git("switch", "--quiet", "main")
    return commit


def test_split_turns_the_work_tree_into_an_experiment_for_each_change(ready: World) -> None:
    two_values(ready)
    before = ready.snapshot()[3]
    made = ready.gitexp("start", "--split", BECAUSE, LR, "--json").json
    assert [one["change"]["key"] for one in made] == ["model.C", "train.lr"]
    for one in made:
        assert ready.gitexp("check", one["name"], "--json").json["ok"]
    assert ready.snapshot()[3] == before


def test_split_takes_a_refused_commit_apart(ready: World) -> None:
    broken(ready)
    made = ready.gitexp("start", "--split", "--of", "both", BECAUSE, LR, "--json").json
    assert [one["change"]["after"] for one in made] == [10, 0.01]


def test_split_without_enough_hypotheses_lists_the_changes_and_makes_nothing(ready: World) -> None:
    two_values(ready)
    before = ready.snapshot()
    ran = ready.gitexp("start", "--split", BECAUSE, code=2)
    assert "model.C = 1.0 -> 10" in ran.err
    assert "train.lr = 0.001 -> 0.01" in ran.err
    ran = ready.gitexp("start", "--split", BECAUSE, "does lr help?", code=1)
    assert "H1" in ran.err
    assert ready.snapshot() == before


def test_split_refuses_what_is_not_a_config_value(ready: World) -> None:
    two_values(ready)
    ready.write("train.py", "print('accuracy=1')\n")
    ran = ready.gitexp("start", "--split", BECAUSE, LR, code=1)
    assert "train.py" in ran.err
    ready.git("checkout", "--", ".")
    assert "nothing to split" in ready.gitexp("start", "--split", code=2).err


def test_exploring_runs_what_the_gate_refuses_and_confirms_nothing(ready: World) -> None:
    broken(ready)
    answer = ready.gitexp("run", "both", "--explore", "a first look", "--json").json
    assert answer["verdict"] == "EXPLORATORY"
    [row] = ready.gitexp("log", "--json").json
    assert row["verdict"] == "EXPLORATORY"
    assert "EXPLORATORY" in ready.git("log", "-1", "--notes=gitexp", "exp/both")
    shown = ready.gitexp("show", "both").out
    assert "EXPLORATORY: accuracy" in shown
    assert "not gated: a first look" in shown
    assert '"explore":"a first look"' in ready.git(
        "log", "-1", "--format=%N", "--notes=refs/notes/gitexp-runs", "exp/both"
    )
    assert "C2" in ready.gitexp("run", "both", code=1).err
    ready.gitexp("accept", "both", code=1)
    ready.gitexp("accept", "both", "--anyway", "it looks good", code=1)


def test_exploring_takes_no_place_in_the_campaign(ready: World) -> None:
    broken(ready)
    ready.gitexp("run", "both", "--explore", "a first look")
    assert "experiment 1 of 20" in ready.gitexp("start", BECAUSE, "--set", "model.C=10").out


def test_what_passes_the_gate_is_not_explored(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", name, "--explore", "why not", code=2)
    assert f"gitexp run {name}" in ran.err


def test_runs_past_the_gate_do_not_count_once_it_passes(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/unsaid")
    ready.edit("C = 1.0", "C = 10")
    ready.commit(BECAUSE, verify=False)  # no trailers: T1
    assert (
        ready.gitexp("run", "unsaid", "--explore", "no criterion yet", "--json").json["runs"] == 10
    )
    ready.git("commit", "--amend", "--no-edit", "--quiet")
    answer = ready.gitexp("run", "unsaid", "--json").json
    assert answer["verdict"] == "CONFIRMED"
    assert answer["runs"] == 5
    assert (
        "V2 (advice)" in ready.gitexp("verify").out
    )  # its author knew what these seeds would give


def test_what_has_run_does_not_run_again_in_other_words(ready: World) -> None:
    ready.edit("repeats = [5]", "repeats = [3]", "gitexp.toml")
    ready.commit("three repeats")
    ready.gitexp("trust", "--yes")
    name = ready.start("--set", "model.C=3", "--expect", "accuracy +0.01")
    branch = f"exp/{name}"
    former = ready.git("rev-parse", branch)
    assert ready.gitexp("run", name, "--json").json["verdict"] != "CONFIRMED"

    def refused() -> str:
        ran = ready.gitexp("run", name, "--json", code=1)
        [found] = json.loads(ran.out)["error"]["violations"]
        assert found["id"] == "V2"
        message: str = found["message"]
        return message

    # What it asks for is chosen when the scores are known.
    message = ready.git("show", "--no-patch", "--format=%B", former)
    ready.git("switch", "--quiet", branch)
    less = message.replace("accuracy +0.01", "accuracy +0.001")
    ready.git("commit", "--quiet", "--amend", "--message", less)
    assert f"{branch} was amended after it had run: its results are at {former[:10]}" in refused()
    # In the archive, it would be hidden by the branch of its name.
    ready.git("update-ref", f"refs/gitexp/archive/{name}", former)
    refused()
    ready.git("switch", "--quiet", "-C", branch, former)
    ready.gitexp("check", name)


def test_a_preset_makes_two_coupled_values_one_line(ready: World) -> None:
    made = ready.gitexp("start", "--preset", "hot", "model.C=10", "train.lr=0.01")
    assert "def merged(config, preset)" in made.out
    config = (ready.path / "config.toml").read_text()
    assert config.startswith('preset = ""\n# knobs\n')
    assert config.endswith("[presets.hot]\nmodel.C = 10\ntrain.lr = 0.01\n")
    name = ready.start("--set", "preset=hot")
    assert ready.gitexp("check", name, "--json").json["change"]["key"] == "preset"


@pytest.mark.parametrize(
    ("path", "text"),
    [("conf/c.yaml", "# knobs\nmodel:\n  C: 1.0\ntrain:\n  lr: 0.001\n"),
     ("c.json", '{\n  "model": {"C": 1.0},\n  "train": {"lr": 0.001}\n}\n')],
)  # fmt: skip
def test_presets_are_written_in_other_formats_too(path: str, text: str, ready: World) -> None:
    ready.write(path, text)
    ready.edit('["config.toml"]', f'["{path}"]', "gitexp.toml")
    ready.commit("another config")
    ready.git("switch", "--quiet", "--create", "exp/both")
    ready.edit("1.0", "10", path)
    ready.edit("0.001", "0.01", path)
    hint = ready.try_git("commit", "-qam", "both raise accuracy because the model underfits").err
    ready.git("restore", path)
    ready.git("switch", "--quiet", "main")
    command = hint.partition("gitexp start --preset NAME ")[2].partition("\n")[0]
    assert "def merged" in ready.gitexp("start", "--preset", "hot", *shlex.split(command)).out
    name = ready.start("--set", "preset=hot")
    report = ready.gitexp("check", name, "--json").json
    assert report["ok"]
    assert report["change"] == {"file": path, "key": "preset", "before": "", "after": "hot"}


@pytest.mark.slow
def test_a_preset_that_nothing_reads_is_a_neutral_step(ready: World) -> None:
    first = ready.start("--set", "model.C=10")
    ready.gitexp("run", first)
    ready.gitexp("start", "--preset", "hot", "model.C=10", "train.lr=0.01")
    assert "neutral, identical over 5 seeds" in ready.gitexp("run", "--baseline").out
    step, row = ready.gitexp("log", "--long").out.split("\n\n")[:2]
    assert step.startswith("UNTESTED STEP")
    assert step.endswith("neutral, identical over 5 seeds")
    assert row.startswith(f"exp/{first}")
    # What reads the JSON asked for experiments.
    assert [row["name"] for row in ready.gitexp("log", "--json").json] == [first]


def test_a_preset_works_while_another_branch_is_checked_out(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "work")
    before = ready.snapshot()[1:]
    ready.gitexp("start", "--preset", "hot", "model.C=10", "train.lr=0.01")
    assert ready.snapshot()[1:] == before
    assert "presets.hot" in ready.git("show", "main:config.toml")


def test_presets_that_cannot_be_are_refused_with_nothing_changed(ready: World) -> None:
    ready.gitexp("start", "--preset", "hot", "model.C=10", "train.lr=0.01")
    before = ready.snapshot()
    for words, said in (
        (("hot", "model.C=3", "train.lr=0.1"), "already"),
        (("Bad Name", "model.C=3", "train.lr=0.1"), "cannot name"),
        (("one", "model.C=3"), "gitexp start --set model.C=3"),
        (("odd", "model.D=3", "train.lr=0.1"), "did you mean"),
    ):
        assert said in ready.gitexp("start", "--preset", *words, code=2).err
    ready.edit("epochs = 20", "epochs = 30")
    dirty = ready.snapshot()
    assert (
        "has uncommitted edits"
        in ready.gitexp("start", "--preset", "new", "model.C=3", "train.lr=1", code=3).err
    )
    assert ready.snapshot() == dirty
    assert dirty[0] == before[0]


def test_the_refusal_of_two_values_spells_the_preset_out(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/both")
    two_values(ready)
    ran = ready.try_git("commit", "-qam", "both raise accuracy because the model underfits")
    assert "gitexp start --preset NAME model.C=10 train.lr=0.01" in ran.err
    assert "gitexp start --set preset=NAME" in ran.err


def test_a_command_that_runs_a_notebook_is_refused(ready: World) -> None:
    settings = (ready.path / "gitexp.toml").read_text()
    command = 'command = "jupyter nbconvert --execute train.ipynb"\n'
    lines = [command if line.startswith("command") else line for line in settings.splitlines(True)]
    ready.write("gitexp.toml", "".join(lines))
    ready.write("elsewhere.ipynb", "{}")
    ready.commit("a notebook")
    ran = ready.gitexp("start", BECAUSE, "--set", "model.C=10", "--json", code=1)
    found = ran.json["error"]["violations"]
    assert [(v["id"], "--to script train.ipynb" in v["hint"]) for v in found] == [("N1", True)]
