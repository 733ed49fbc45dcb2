"""What is known, what to try next, and what the project is after."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.arrange import (
    head_and_index_and_files,
    records,
    settle,
    trailers,
    train_with,
)
from tests.bench.projects import many_experiments
from tests.project import World

SET = ("--set", "model.C=10")
WHY = "C helps because the model underfits"


# --- what is settled ------------------------------------------------------------------------------


def test_a_settled_key_is_refused_unless_despite_says_why(ready: World) -> None:
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "team, 2025")
    [entry] = ready.gitexp("known", "--json").json
    assert (entry["claim"], entry["key"], entry["source"]) == (
        "C is tuned",
        "model.C",
        "team, 2025",
    )
    assert "C is tuned" in ready.gitexp("known").out
    before = ready.snapshot()
    ran = ready.gitexp("start", WHY, *SET, code=1)
    assert "K3" in ran.err
    assert "C is tuned" in ran.err
    assert ready.snapshot() == before
    name = ready.start(*SET, "--despite", "the data\nhas doubled")
    assert trailers(ready, f"exp/{name}")["Despite"] == "the data has doubled"
    assert ready.gitexp("check", name).code == 0
    ready.start("--set", "train.epochs=30", text="epochs 30 helps because it underfits")


def test_a_claim_may_hold_for_one_value_only(ready: World) -> None:
    ready.gitexp(
        "known", "add", "poly loses", "--key", "model.kernel", "--value", "poly", "--source", "x"
    )
    assert "K3" in ready.gitexp("start", WHY, "--set", "model.kernel=poly", code=1).err
    ready.start("--set", "model.kernel=linear", text=WHY)


@pytest.mark.parametrize("value", ["10", "10.0", "1e1"])
def test_a_number_is_settled_however_it_is_spelled(ready: World, value: str) -> None:
    ready.gitexp(
        "known", "add", "C is tuned", "--key", "model.C", "--value", value, "--source", "x"
    )
    assert "K3" in ready.gitexp("start", WHY, "--set", "model.C=10", code=1).err
    assert "K3" in ready.gitexp("start", WHY, "--set", "model.C=10.0", code=1).err
    ready.start("--set", "model.C=11", text=WHY)


def test_what_a_terminal_obeys_is_no_claim(ready: World) -> None:
    before = ready.snapshot()
    claim = ("known", "add", "red \x1b[31m", "--key", "model.C", "--source", "x")
    assert "acts on instead of showing" in ready.gitexp(*claim, code=2).err
    assert ready.snapshot() == before
    ready.write("KNOWN.toml", '[[known]]\nclaim = "\\u202e"\nkey = "model.C"\nsource = "x"\n')
    ready.commit("by hand")
    assert ready.gitexp("known", "--json").out.isascii()


def test_a_list_of_claims_that_is_too_long_is_not_taken_for_none(ready: World) -> None:
    ready.write("KNOWN.toml", "#" * 1_000_001)
    ready.commit("huge")
    assert "was not read" in ready.gitexp("start", WHY, *SET, code=3).err


def test_a_commit_by_hand_against_what_is_settled_does_not_run(ready: World) -> None:
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("C = 1.0", "C = 10")
    ready.commit(WHY)
    assert "K3" in ready.gitexp("run", code=1).err
    assert records(ready, "exp/by-hand") == []


def test_writing_down_a_claim_costs_no_baseline_run(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.gitexp("baseline")
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    ready.gitexp("goal", "accuracy >= 0.99")
    ready.start("--set", "train.epochs=30", text="epochs 30 helps because it underfits")
    assert ready.gitexp("run", "--json").json["runs"] == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[known", "does not parse"),
        ("[[known]]\nclaim = 'x'\n", "needs claim, key and source"),
        ("known = 3\n", "needs claim, key and source"),
    ],
)
def test_a_broken_list_of_claims_is_named(ready: World, content: str, words: str) -> None:
    ready.write("KNOWN.toml", content)
    ready.commit("broken")
    assert words in ready.gitexp("start", WHY, *SET, code=3).err


def test_an_edited_list_is_left_alone(ready: World) -> None:
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    ready.write("KNOWN.toml", "# mine\n")
    before = head_and_index_and_files(ready)
    ran = ready.gitexp("known", "add", "more", "--key", "model.C", "--source", "x", code=3)
    assert "is edited here" in ran.err
    assert head_and_index_and_files(ready) == before


def test_claims_are_written_from_any_branch(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "elsewhere")
    before = head_and_index_and_files(ready)
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    assert head_and_index_and_files(ready) == before
    assert "C is tuned" in ready.git("show", "main:KNOWN.toml")


# --- what the log says near a change -----------------------------------------------------------


def test_a_value_between_two_that_were_ruled_out_is_remarked(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    for value in ("1.1", "1.3"):
        ready.start("--set", f"model.C={value}", "--expect", "accuracy +0.05")
        assert ready.gitexp("run", "--json").json["verdict"] == "RULED OUT"
    out = ready.gitexp("start", WHY, "--set", "model.C=1.2").out
    assert "1.2 lies between 1.1 and 1.3" in out
    assert "K4" in out


def test_an_idea_that_keeps_coming_back_is_shown_with_its_intervals(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    for value in ("1.1", "1.2", "1.3"):
        ready.start("--set", f"model.C={value}", "--expect", "accuracy +0.05")
        ready.gitexp("run")
    out = ready.gitexp("start", WHY, "--set", "model.C=1.4", "--expect", "accuracy +0.05").out
    assert "model.C keeps coming back: tested 3 times, never confirmed" in out
    assert "together: accuracy" in out
    assert "the question is settled" in out


def test_of_many_that_came_back_the_newest_are_shown(ready: World) -> None:
    many_experiments(ready, 9)
    out = ready.gitexp("start", WHY, "--set", "model.C=77").out
    assert "model.C keeps coming back: tested 9 times" in out
    assert "exp/run-8: 10 " in out
    assert "exp/run-4: 6 " in out
    assert "exp/run-3" not in out
    assert "and 4 before them" in out


def test_what_was_inconclusive_is_shown_again_to_whoever_replicates_it(ready: World) -> None:
    noisy = (
        "import random\n"
        "noise = random.Random(f'{SEED} {CONFIG}').gauss(0, 0.02)\n"
        "print(f'accuracy={0.9 + noise:.6f}')\n"
    )
    train_with(ready, noisy, repeats=[3])
    name = ready.start(*SET)
    assert ready.gitexp("run", "--json").json["verdict"] == "INCONCLUSIVE"
    assert "K1" in ready.gitexp("start", WHY, "--set", "model.C=10.0", code=1).err
    out = ready.gitexp("start", WHY, *SET, "--replicate").out
    assert f"exp/{name}: 10  INCONCLUSIVE" in out
    assert "together: accuracy" in out
    assert "times as many repeats" in out


def test_the_same_words_in_another_experiment_are_remarked(ready: World) -> None:
    for number in range(21):
        ready.start(
            "--set", f"train.epochs={30 + number}",
            text=f"word{number} helps thing{number} because of cause{number}",
        )  # fmt: skip
    out = ready.gitexp("start", "word7 helps thing7 because of cause7 indeed", *SET).out
    assert "K5" in out
    assert "much the same hypothesis" in out
    assert (
        "K5"
        not in ready.gitexp("start", "zebras run because lions hunt", "--set", "train.lr=1").out
    )


def test_search_finds_words_of_hypotheses_and_verdicts(ready: World) -> None:
    settle(ready, repeats=[3])
    name = ready.start(*SET, text="C helps because kangaroos jump")
    ready.gitexp("run")
    other = ready.start("--set", "train.lr=2e-3", text="lr helps because wombats dig")
    ready.gitexp("run")
    assert [row["name"] for row in ready.gitexp("search", "wombats", "--json").json] == [other]
    assert [row["name"] for row in ready.gitexp("search", "confirmed", "--json").json] == [name]
    assert [row["name"] for row in ready.gitexp("search", "kangaroo", "--json").json] == [name]
    assert "No experiment" in ready.gitexp("search", "platypus").out


# --- what to try next -----------------------------------------------------------------------------


def test_planned_experiments_are_ranked_by_worth_and_the_best_is_run(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.gitexp("baseline")
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


def test_nothing_planned_is_said(ready: World) -> None:
    assert "No experiment is planned" in ready.gitexp("next").out
    assert "No experiment with a prediction" in ready.gitexp("calibration").out
    assert ready.gitexp("next", "--json").json == ready.gitexp("calibration", "--json").json == []
    assert "nothing is planned" in ready.gitexp("next", "--run", code=2).err


def test_predictions_are_held_against_results(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    for value in ("10", "11", "12"):
        ready.start("--set", f"model.C={value}", "--gain", "0.06", "--chance", "0.5")
        ready.gitexp("run")
    whole, *groups = ready.gitexp("calibration", "--json").json
    assert (whole["group"], whole["gains"], whole["decided"]) == ("all", 3, 3)
    assert whole["measured"] == pytest.approx(0.02, abs=0.003)
    assert whole["brier"] == pytest.approx(0.25)
    assert {group["group"] for group in groups} == {"author Ada Tester", "key config.toml: model.C"}
    assert "You predict 2.9 times the gain that you measure." in ready.gitexp("calibration").out


# --- what the project is after --------------------------------------------------------------------


def test_a_goal_is_committed_and_its_progress_shown(ready: World) -> None:
    settle(ready, repeats=[3])
    day = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=30)
    out = ready.gitexp("goal", f"accuracy >= 0.97 by {day}").out
    assert out == f"Goal accuracy >= 0.97 by {day}: not measured yet, 30 days left.\n"
    ready.gitexp("baseline")
    [found] = ready.gitexp("goal", "--json").json
    assert (found["met"], found["runs"], found["days_left"]) == (False, 3, 30)
    assert found["now"] == pytest.approx(0.902, abs=0.003)
    ready.gitexp("goal", "accuracy >= 0.9")
    shown = ready.gitexp("goal").out
    assert "reached within the error bar, at 0.90" in shown
    assert f"It was accuracy >= 0.97 by {day} until " in shown
    # The goal that it replaced stays in the history.
    history = ready.git("log", "--format=%s", "main", "--", "GOALS.toml").splitlines()
    assert history == ["Goal: accuracy >= 0.9", f"Goal: accuracy >= 0.97 by {day}"]


@pytest.mark.parametrize(
    "goal",
    [
        "better", "accuracy", "accuracy +0.1", "accuracy >= 0.9 by soon", "a >= 1 by 2027-13-01",
        "accuracy <= 0.9", "accuracy >= 0.9 by 2020-01-01",
    ],
)  # fmt: skip
def test_a_goal_without_a_number_or_a_day_is_questioned(ready: World, goal: str) -> None:
    before = ready.snapshot()
    ready.gitexp("goal", goal, code=2)
    assert ready.snapshot() == before


@pytest.mark.parametrize("content", ["goals = [", "goals = 3", "goals = [3]", 'goals = "a >= 1"'])
def test_broken_goals_leave_the_log_whole(ready: World, content: str) -> None:
    ready.write("GOALS.toml", content)
    ready.commit("goals")
    ready.start(*SET)
    assert "GOALS.toml" in ready.gitexp("goal", code=3).err
    assert "GOALS.toml" in ready.gitexp("log").err


# --- what the log adds ----------------------------------------------------------------------------


def test_what_was_never_run_or_never_decided_is_listed(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.start(*SET)
    ready.gitexp("run")
    planned = ready.start("--set", "model.C=11")
    assert [row["name"] for row in ready.gitexp("log", "--open", "--json").json] == [planned]
    out = ready.gitexp("log", "--open").out
    assert planned in out
    assert "Campaign" not in out


def test_a_step_that_adds_a_dependency_says_which_and_what_came_of_it(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.write("requirements.txt", "numpy\n")
    ready.commit("requirements")
    ready.start(*SET)
    ready.gitexp("run")
    ready.write("requirements.txt", "numpy\nshinynet>=1\n")
    ready.commit("Try the new shinynet")
    ready.gitexp("baseline")
    ready.start("--set", "model.C=11")
    out = ready.gitexp("log").out
    assert "Try the new shinynet" in out
    assert "adds shinynet; neutral, identical over 3 seeds" in out


def test_the_log_ends_with_shares_of_gain_by_kind_and_with_goals(ready: World) -> None:
    train = (
        "import random\n"
        "more = 0.004 * (CONFIG['train']['epochs'] - 20)\n"
        'noise = random.Random(f"{SEED} {CONFIG}").gauss(0, 0.0005)\n'
        "print(f\"accuracy={0.8 + 0.002 * CONFIG['model']['C'] + more + noise:.6f}\")\n"
    )
    train_with(ready, train, repeats=[3], planned=1, error_budget=0.4)
    ready.gitexp("goal", "accuracy >= 0.97")
    for setting in ("model.C=10", "train.epochs=25"):
        ready.start("--set", setting)
        assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    out = ready.gitexp("log").out
    assert "Confirmed gain by kind of change: training 5" in out
    assert "Goal accuracy >= 0.97: at 0.80" in out.splitlines()[-1]
