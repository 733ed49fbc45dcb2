"""`gitexp` without a command: where you stand, and the next step."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.arrange import settle
from tests.project import World


def step(world: World) -> str:
    """The next command that status names."""
    command: str = world.gitexp("status", "--json").json["next"]["command"]
    ran = world.gitexp()
    assert f"\n\nnext: {command}" in ran.out
    assert ran.out == world.gitexp("status").out
    assert len(ran.out.splitlines()) <= 12
    return command


def test_the_next_step_follows_the_loop(ready: World) -> None:
    assert step(ready).startswith("gitexp start --set ")
    assert "accuracy is not measured yet" in ready.gitexp().out
    name = ready.start("--set", "model.C=10")
    assert step(ready) == f"gitexp run {name}"
    ready.gitexp("run")
    assert step(ready) == f"gitexp accept {name}"
    assert f"Waiting   1 confirmed and not accepted: gitexp accept {name}\n" in ready.gitexp().out
    assert "Campaign  1: 1 of 20 experiments run\n" in ready.gitexp().out
    assert "next: gitexp run --baseline" in ready.gitexp("accept").out
    assert step(ready) == "gitexp run --baseline"
    assert f"model.C 1.0 -> 10  ({name})\n" in ready.gitexp().out
    ready.gitexp("run", "--baseline")
    assert step(ready).startswith("gitexp start --set ")


@pytest.mark.slow
def test_a_new_baseline_is_measured_whatever_was_started_last(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    last = ready.start("--set", "train.lr=2e-3")
    ran = ready.gitexp("run")
    assert ran.out.endswith(f"\nnext: gitexp show {last}\n")
    ready.gitexp("accept", name)
    assert step(ready) == "gitexp run --baseline"


def test_what_a_rule_refuses_to_run_is_not_proposed(ready: World) -> None:
    decided = ready.start("--set", "model.C=2.0")
    same = ready.start("--set", "model.C=2.0")
    assert step(ready) == f"gitexp run {same}"
    ready.gitexp("run", decided)
    assert "K1" in ready.gitexp("run", same, code=1).err
    assert step(ready) == f"gitexp check {same}"


def test_what_was_confirmed_on_an_older_baseline_is_tested_again(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    ready.write("train.py", (ready.path / "train.py").read_text() + "# another trainer\n")
    ready.commit("a code change")
    assert step(ready) == f"gitexp retest {name}"
    found = ready.gitexp("status", "--json").json
    assert (found["waiting"], found["outdated"]) == ([], [name])
    assert f"1 confirmed on an older baseline: gitexp retest {name}" in ready.gitexp().out
    assert f"gitexp retest {name}" in ready.gitexp("accept", name, code=1).err


def test_what_is_planned_comes_by_its_rank(ready: World) -> None:
    planned = {ready.start("--set", f"model.C={value}") for value in (10, 11, 12)}
    ready.gitexp("run", "--json")
    found = ready.gitexp("status", "--json").json
    assert found["experiments"] == {"planned": 2, "done": 1}
    left = planned - {found["current"]["name"]}
    assert set(found["open"]["planned"]) == left
    assert [one["name"] for one in found["planned"]] == [
        one["name"] for one in ready.gitexp("next", "--json").json
    ]
    best = found["planned"][0]
    text = ready.gitexp().out
    assert f"Planned   2, the best: {best['change']}  ({best['name']})\n" in text
    assert "% chance of +0.005 in " in text
    # What is confirmed goes first.
    ready.gitexp("accept")
    assert step(ready).startswith("gitexp retest ")


def test_the_next_step_says_why_it_is_not_the_best(ready: World) -> None:
    ready.start("--set", "model.C=10", "--chance", "0.9")
    last = ready.start("--set", "model.C=11", "--chance", "0.1")
    said = ready.gitexp().out
    assert f"next: gitexp run {last}   (you started it last, or are on its branch)\n" in said


def test_a_measured_baseline_and_goals_are_shown(ready: World) -> None:
    ready.gitexp("run", "--baseline")
    ready.gitexp("goal", "accuracy >= 0.97")
    text = ready.gitexp().out
    assert "(5 runs)" in text
    assert "\nGoal      accuracy >= 0.97: at 0.90" in text
    found = ready.gitexp("--json").json
    assert found["runs"] == 5
    assert found["goals"][0]["constant"] == 0.97


def test_new_settings_are_approved_first(ready: World) -> None:
    ready.edit("effect = 0.005", "effect = 0.006", "gitexp.toml")
    ready.commit("a larger effect")
    assert step(ready) == "gitexp trust"


def test_a_clone_is_set_up_first(ready: World, tmp_path: Path) -> None:
    ready.git("clone", "--quiet", str(ready.path), str(tmp_path / "clone"))
    assert step(World(tmp_path / "clone")) == "gitexp init"


@pytest.mark.parametrize("words", [(), ("status",)])
def test_outside_of_a_repository_it_says_how_to_begin(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    ran = World(tmp_path).gitexp(*words, code=3)
    assert ran.out == ""
    assert "is not in a git repository" in ran.err
    assert "gitexp demo" in ran.err
    assert "gitexp help" in ran.err
    error = World(tmp_path).gitexp(*words, "--json", code=3).json["error"]
    assert "gitexp demo" in error["commands"]


def test_an_empty_repository_needs_a_commit(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet")
    assert "has no commits yet" in world.gitexp(code=3).err


def test_before_init_it_names_init(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet")
    world.write("train.py", "print('accuracy=0.9')\n")
    world.commit("first")
    assert "-> write them: gitexp init" in world.gitexp(code=3).err


def test_a_goal_that_cannot_be_read_is_a_warning(ready: World) -> None:
    ready.write("GOALS.toml", "goal = [\n")
    ready.commit("goals")
    ran = ready.gitexp()
    assert "GOALS.toml" in ran.err
    assert "next: " in ran.out
    assert ready.gitexp("--json").json["warnings"]


def test_json_belongs_after_a_command(ready: World) -> None:
    error = ready.gitexp("--json", "log", code=2).json["error"]
    assert error["commands"] == ["gitexp log --json"]


def test_an_agent_is_told_what_it_must_know_within_its_bound(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.gitexp("goal", "accuracy >= 0.97")
    ready.gitexp("known", "add", "Epochs do nothing", "--key", "train.epochs", "--source", "us")
    good, bad = (ready.start("--set", f"model.C={value}") for value in (10, 0.5))
    ready.gitexp("run", good, bad)
    idea = ready.start("--set", "model.C=11")
    ran = ready.gitexp("status", "--for-agent")
    assert ran.out == ready.gitexp("status", "--for-agent", COLUMNS="40").out
    assert len(ran.out) <= 2000
    told = ready.gitexp("status", "--for-agent", "--json", "--chars", "20000").json
    assert list(told) == [
        "standing", "confirmed", "dead_ends", "known", "left", "ideas", "next",
    ]  # fmt: skip
    assert told["standing"][0].startswith("goal accuracy >= 0.97: not reached, 0.90")
    assert told["confirmed"][0].startswith(f"{good}: model.C 1.0 -> 10, accuracy +0.01")
    assert told["dead_ends"][0].startswith("model.C: 0.5 (")
    assert told["dead_ends"][0].endswith("ruled out, all below 1.0")
    assert told["known"] == ["train.epochs: Epochs do nothing (us)"]
    assert told["left"][0].startswith("18 of 20 places in campaign 1; about ")
    assert told["ideas"][0].startswith(f"{idea}: model.C 1.0 -> 11, ")
    assert told["next"][0] == f"gitexp run {idea}  # it is planned"
    for most in ("200", "333"):
        small = ready.gitexp("status", "--for-agent", "--chars", most).out
        assert len(small) <= int(most)
        assert f"gitexp run {idea}" in small


def test_a_bound_out_of_range_or_without_a_briefing_is_refused(ready: World) -> None:
    for most in ("199", "20001", "many"):
        assert "--chars" in ready.gitexp("status", "--for-agent", "--chars", most, code=2).err
    wrong = ready.gitexp("status", "--chars", "300", code=2)
    assert "gitexp status --for-agent --chars 300" in wrong.err


def test_a_clone_without_hooks_is_told_what_it_lacks_and_no_more(ready: World) -> None:
    ready.git("config", "--unset", "gitexp.baseline")
    assert "Waiting   this clone has no hooks yet: gitexp init\n" in ready.gitexp().out
    ready.edit("effect = 0.005", "effect = 0.006", "gitexp.toml")
    ready.commit("other settings", verify=False)
    assert "no hooks yet, and has approved no settings: gitexp init\n" in ready.gitexp().out
