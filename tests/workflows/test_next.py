"""Planned experiments in the order of their worth, and predictions beside outcomes."""

from __future__ import annotations

import pytest

from tests.arrange import (
    records,
    settle,
)
from tests.project import BECAUSE, World


def test_planned_experiments_are_ranked_by_worth_and_the_best_is_run(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.gitexp("run", "--baseline")
    idea = ("--evidence", "gap", "--cost", "1h")
    low = ready.start("--set", "model.C=10", "--gain", "0.01", "--chance", "0.2", *idea)
    high = ready.start("--set", "model.C=11", "--gain", "0.01", "--chance", "0.9", *idea)
    bare = ready.start("--set", "model.C=12", "--gain", "0.9", "--chance", "1")
    order = ready.gitexp("next", "--json").json
    assert [idea["name"] for idea in order] == [high, low, bare]
    assert order[0]["worth"] == pytest.approx(0.009)
    assert any("--evidence" in doubt for doubt in order[2]["doubts"])
    fits = ready.gitexp("next", "--hours", "1.5", "--json").json
    assert [idea["fits"] for idea in fits] == [True, False, True]
    shown = ready.gitexp("next").out
    assert shown.index(high) < shown.index(low)
    assert f"exp/{high}  model.C 1.0 -> 11: 90 % x +0.01, 60 min" in shown
    ready.gitexp("next", "--run")
    assert len(records(ready, f"exp/{high}")) == 3
    assert [idea["name"] for idea in ready.gitexp("next", "--json").json] == [low, bare]


def test_each_idea_is_shown_with_its_hypothesis_and_the_hours_are_summed_up(ready: World) -> None:
    ready.start("--set", "model.C=10", "--cost", "1h")
    ready.start("--set", "model.C=11", "--cost", "2h")
    out = ready.gitexp("next", "--hours", "2.5").out
    assert out.count("C raises accuracy because the model underfits") == 2
    assert "1 of 2 fit into 2.5 h" in out
    assert all(len(line) <= 80 for line in ready.gitexp("next", COLUMNS="80").out.splitlines())


def test_what_holds_for_every_idea_is_said_once(ready: World) -> None:
    settle(ready, planned=3)
    assert ready.gitexp("start", "--sweep", "model.C=10,11", BECAUSE).err == ""
    started = ready.gitexp("start", "--sweep", "model.C=12,13", BECAUSE)
    ran = ready.gitexp("next", COLUMNS="200")
    first, second, third, fourth = (ran.out.index(f"C 1.0 -> {value}") for value in range(10, 14))
    assert first < second  # equal ideas stay in the order of their plan
    assert third < fourth
    assert ran.out.count("ranked last") == 1
    assert "\nOf all 4: no --gain: assuming the criterion; " in ran.out
    assert "campaign 1 plans 3 experiments, and would have 4 if all that wait ran" in ran.err
    assert started.err == ran.err


def test_an_idea_whose_change_has_a_verdict_by_now_is_not_offered(ready: World) -> None:
    settle(ready, repeats=[3])
    # Two people had the same idea: the second was registered before the first was decided.
    first, twin = (ready.start("--set", "model.C=10") for _ in range(2))
    other = ready.start("--set", "model.C=11")
    ready.gitexp("run", first)
    ran = ready.gitexp("next", "--json")
    assert [idea["name"] for idea in ran.json] == [other]
    assert f"exp/{twin} is left out: this change has a verdict: exp/{first} made it" in ran.err
    assert f"gitexp archive {twin}" in ran.err
    ready.gitexp("run", twin, code=1)


def test_what_is_planned_is_carried_on_to_the_new_baseline(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    idea = ("--gain", "0.01", "--chance", "0.5", "--cost", "1h", "--evidence", "gap")
    planned = ready.start("--set", "train.epochs=30", *idea)
    twin = ready.start("--set", "model.C=11", "--expect", "accuracy +2%")
    best = ready.start("--set", "model.C=10")
    longer = ready.start("--set", "model.C=12", "--repeats", "4")
    ready.gitexp("run", best)
    out = ready.gitexp("accept", best).out
    assert "3 ideas were planned on the previous baseline\nnext: gitexp retest --planned" in out
    assert "3 ideas wait for the new baseline" in ready.gitexp("next").out
    done = ready.gitexp("retest", "--planned", "--json").json
    by_name = {new["from"]: new for new in done["started"]}
    assert by_name.keys() == {planned, twin, longer}
    assert [by_name[one]["trailers"]["Repeats"] for one in (planned, longer)] == ["3", "3 4"]
    assert done["left"] == []
    kept = {"Gain", "Chance", "Cost", "Evidence", "Retest"}
    assert kept <= by_name[planned]["trailers"].keys()
    # In the order of the log, the oldest first; within a second, that is by name.
    rows = ready.gitexp("log", "--json").json
    old = [row["name"] for row in reversed(rows) if row["state"] == "archived"]
    assert [new["from"] for new in done["started"]] == old
    # 3 runs of the old baseline and of the accepted experiment tell what others will take.
    ideas = {idea["name"]: idea for idea in ready.gitexp("next", "--json").json}
    assert ideas.keys() == {new["name"] for new in done["started"]}
    two_percent = ideas[by_name[twin]["name"]]
    assert two_percent["seconds"] < 60
    assert two_percent["gain"] < 0.0195  # 2 % of what the old baseline scored
    assert ready.try_git("rev-parse", "--verify", f"refs/gitexp/archive/{planned}").code == 0
    assert (
        "No experiment planned or confirmed on an older baseline is waiting"
        in ready.gitexp("retest", "--planned").out
    )


def test_what_was_confirmed_is_carried_on_with_its_gain_and_comes_first(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    found = ready.start("--set", "model.C=10")
    ready.gitexp("run", found)
    ready.edit("epochs = 20", "epochs = 30")
    ready.commit("by hand", verify=False)
    promising = ready.start(
        "--set", "model.C=11", "--gain", "9", "--chance", "1", "--cost", "1s", "--evidence", "gap"
    )
    [again] = ready.gitexp("retest", "--planned", "--json").json["started"]
    [row] = [row for row in ready.gitexp("log", "--json").json if row["name"] == found]
    assert float(again["trailers"]["Gain"]) == pytest.approx(row["effect"], rel=0.01)
    assert again["trailers"]["Evidence"] == f"log exp/{found} was confirmed"
    first, second = ready.gitexp("next", "--json").json
    assert (first["name"], first["before"]) == (again["name"], found)
    assert (second["name"], second["before"]) == (promising, "")


def test_a_gain_over_another_value_of_the_key_predicts_nothing(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    idea = ("--gain", "9", "--chance", "1", "--cost", "1s", "--evidence", "gap")
    best, sibling = ready.start("--set", "model.C=10"), ready.start("--set", "model.C=9")
    promising = ready.start("--set", "model.C=11", *idea)
    for name in (sibling, best):
        assert "CONFIRMED" in ready.gitexp("run", name).out
    assert f"2 confirmed and not accepted: gitexp accept {best}\n" in ready.gitexp("status").out
    done = ready.gitexp("accept", best, "--carry", "--json").json
    assert (done["waiting"], done["confirmed"]) == (2, [sibling])
    by_name = {new["from"]: new for new in done["carried"]["started"]}
    assert by_name.keys() == {sibling, promising}
    again = by_name[sibling]
    assert "Gain" not in again["trailers"]
    assert again["trailers"]["Evidence"] == f"log exp/{sibling} was confirmed from another value"
    first, second = ready.gitexp("next", "--json").json
    assert (first["name"], first["gain"]) == (by_name[promising]["name"], 9)
    assert (second["name"], second["before"]) == (again["name"], "")
    assert ready.try_git("rev-parse", "--verify", f"exp/{sibling}").code == 0
    assert ready.gitexp("status", "--json").json["outdated"] == []
    assert (
        "No experiment planned or confirmed on an older baseline is waiting"
        in ready.gitexp("retest", "--planned").out
    )
    assert "--pr does not accept" in ready.gitexp("accept", best, "--pr", "--carry", code=2).err


def test_an_idea_that_no_longer_applies_is_left_and_named(ready: World) -> None:
    gone = ready.start("--set", "model.C=10")
    ready.edit("C = 1.0", "C = 10")
    ready.commit("by hand", verify=False)
    done = ready.gitexp("retest", "--planned", "--json").json
    assert done["started"] == []
    assert done["left"][0]["name"] == gone
    assert "already has" in done["left"][0]["reason"]
    assert "give --planned or" in ready.gitexp("retest", gone, "--planned", code=2).err


def test_a_retest_keeps_why_it_is_tested_despite_what_is_known(ready: World) -> None:
    ready.gitexp("known", "add", "C is settled", "--key", "model.C", "--source", "a paper")
    assert "source: a paper" in ready.gitexp("known").out
    name = ready.start("--set", "model.C=10", "--despite", "another data set")
    again = ready.gitexp("retest", name, "--json").json
    assert again["trailers"]["Despite"] == "another data set"


def test_nothing_planned_is_said(ready: World) -> None:
    assert "No experiment is planned" in ready.gitexp("next").out
    assert "No experiment with a prediction" in ready.gitexp("log", "--calibration").out
    assert (
        ready.gitexp("next", "--json").json
        == ready.gitexp("log", "--calibration", "--json").json
        == []
    )
    assert "nothing is planned" in ready.gitexp("next", "--run", code=2).err


def test_predictions_are_held_against_results(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    for value in ("10", "11", "12"):
        ready.start("--set", f"model.C={value}", "--gain", "0.06", "--chance", "0.5")
        ready.gitexp("run")
    whole, *groups = ready.gitexp("log", "--calibration", "--json").json
    assert (whole["group"], whole["gains"], whole["decided"]) == ("all", 3, 3)
    assert whole["measured"] == pytest.approx(0.02, abs=0.003)
    assert whole["brier"] == pytest.approx(0.25)
    assert {group["group"] for group in groups} == {"author Ada Tester", "key config.toml: model.C"}
    assert (
        "You predict 2.9 times the gain that you measure."
        in ready.gitexp("log", "--calibration").out
    )
