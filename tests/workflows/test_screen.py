"""Screening: a few runs of many ideas, which choose what to confirm and decide nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.purpose import Purpose
from tests.arrange import SCORE, records, seeds_of, settle, trailers, train_with
from tests.workflows.test_run import run_beside, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

# The baseline's runs wait until somebody lets them go on.
WAITS = """
import time
while CONFIG['model']['C'] == 1 and not os.path.exists({gate!r}):
    open({reached!r}, 'w').close()
    time.sleep(0.02)
"""
IDEA = ("--gain", "0.01", "--chance", "0.3", "--evidence", "gap")


def ideas(world: World, *values: str) -> dict[str, str]:
    """Start an experiment for each value of C; returns names by value."""
    return {value: world.start("--set", f"model.C={value}", *IDEA) for value in values}


@pytest.mark.slow
def test_screening_ranks_ideas_and_what_is_confirmed_has_fresh_seeds(drawn: World) -> None:
    settle(drawn, repeats=[3])
    good, none, bad = ideas(drawn, "11", "2", "0.2").values()
    done = drawn.gitexp("run", "--screen", "--all", "--jobs", "2", "--json").json
    assert [one["name"] for one in done["ranked"]] == [good, none, bad]
    assert (done["runs"], done["verdict"], done["unfinished"]) == (4, None, [])
    assert done["next"] == f"gitexp run {good}"
    best = done["ranked"][0]
    assert best["measured"] == pytest.approx(0.02, abs=0.003)
    assert 0.003 < best["expected"] < best["measured"]
    assert (best["runs"], best["share"], best["promising"]) == (1, 1.0, True)
    assert not any(one["takes_place"] for one in done["ranked"])
    for revision in ("main", f"exp/{good}"):
        [one] = records(drawn, revision)
        assert (one["purpose"], one["seed"]) == (Purpose.SCREEN, 1)
    # Nothing is measured: no verdict, no place in the campaign, and all are still planned.
    assert {row["state"] for row in drawn.gitexp("log", "--json").json} == {"planned"}
    other = drawn.start("--set", "model.C=5")
    assert trailers(drawn, f"exp/{other}")["Level"] == trailers(drawn, f"exp/{good}")["Level"]
    assert "screened, not a verdict, seed 1: accuracy 0.9" in drawn.gitexp("show", good).out
    # Once more, nothing is left to run; and a new idea needs no further run of the baseline.
    again = drawn.gitexp("run", "--screen", good, none, bad)
    assert again.out.startswith(
        "screening, not a verdict: accuracy, 1 run each\n     expected  measured  change\n  1. "
    )
    assert f"model.C 1.0 -> 11  ({good})\n" in again.out
    assert "a place in the campaign" not in again.out
    brief = drawn.gitexp("run", "--screen", good, none, bad, "-q").out.splitlines()
    assert [line.split()[0] for line in brief] == [f"exp/{name}" for name in (good, none, bad)]
    assert len(records(drawn, "main")) == 1
    order = drawn.gitexp("next", "--json").json
    assert [idea["name"] for idea in order][:3] == [good, none, bad]
    assert drawn.gitexp("run", "--screen", other, "--json").json["runs"] == 1
    assert order[0]["screened"]["expected"] == pytest.approx(best["expected"])
    assert order[3]["screened"] is None
    assert "screened, not a verdict: +0.0" in drawn.gitexp("next").out
    judged = drawn.gitexp("run", good, "--json").json
    assert (judged["verdict"], judged["pairs"], judged["runs"]) == ("CONFIRMED", 3, 6)
    for revision in ("main", f"exp/{good}"):
        counted = [one["seed"] for one in records(drawn, revision) if not one.get("purpose")]
        assert sorted(counted) == [*seeds_of(drawn, f"exp/{good}")]
        assert min(counted) >= 100_000
    assert drawn.gitexp("verify").code == 0
    assert "has run already" in drawn.gitexp("run", "--screen", good, code=2).err


def test_two_terminals_screen_the_baseline_once(drawn: World, tmp_path: Path) -> None:
    reached, gate = tmp_path / "reached", tmp_path / "gate"
    waits = WAITS.format(reached=str(reached), gate=str(gate))
    train_with(drawn, waits + SCORE, repeats=[3])
    one, other = ideas(drawn, "11", "12").values()
    first = run_beside(drawn, "run", "--screen", one)
    until(reached.exists)
    second = run_beside(drawn, "run", "--screen", other, "--jobs", "2")
    assert second.stdout is not None
    assert any("another gitexp is running it" in line for line in second.stdout)
    gate.touch()
    for running in (first, second):
        running.communicate(timeout=30)
        assert running.returncode == 0
    assert len(records(drawn, "main")) == 1


def test_runs_on_a_part_of_the_data_are_compared_with_each_other(drawn: World) -> None:
    small = "\nif float(os.environ['GITEXP_SAMPLE']) < 1: print(f'accuracy={0.5 + SEED / 10}')"
    train_with(drawn, SCORE + small, repeats=[3])
    (name,) = ideas(drawn, "11").values()
    words = ("run", "--screen", "--runs", "2", "--sample", "0.1", "--jobs", "2")
    [one] = drawn.gitexp(*words, "--json").json["ranked"]
    assert (one["name"], one["runs"], one["share"]) == (name, 2, 0.1)
    assert (one["measured"], one["baseline"]) == pytest.approx((0, 0.65))
    said = drawn.gitexp(*words, COLUMNS="200").out
    assert said.startswith("screening, not a verdict: accuracy, 2 runs on 10 % of the data each\n")
    assert "the same: exactly the baseline's result" in said
    # Nothing else has run, so these runs tell what a full one would cost.
    assert drawn.gitexp("next", "--json").json[0]["seconds"] < 60
    assert Counter(r["seed"] for r in records(drawn, f"exp/{name}")) == {1: 1, 2: 1}


@pytest.mark.parametrize("settings", [{"first_seed": 0}, {"vary": "none"}])
def test_where_a_verdict_sees_the_same_runs_a_screened_idea_takes_its_place(
    ready: World, settings: dict[str, object]
) -> None:
    script = "print(f\"accuracy={0.9 + CONFIG['model']['C'] / 1e3}\")"
    train_with(ready, script, repeats=[3], planned=2, **settings)
    (name,) = ideas(ready, "11").values()
    assert "1 screened idea takes a place" in ready.gitexp("run", "--screen", name).err
    assert [one["purpose"] for one in records(ready, f"exp/{name}")] == [Purpose.SCREEN]
    campaigns = [
        trailers(ready, f"exp/{ready.start('--set', f'model.C={value}')}")["Campaign"]
        for value in ("12", "13")
    ]
    assert campaigns == ["1", "1"]
    ready.gitexp("run", "--screen", "--all")
    last = ready.start("--set", "model.C=14")
    assert trailers(ready, f"exp/{last}")["Campaign"] == "2"
    assert ready.gitexp("verify").code == 0


def test_an_idea_that_fails_is_named_and_the_others_are_ranked(drawn: World) -> None:
    train_with(drawn, "if CONFIG['model']['C'] == 11: sys.exit('too large')" + SCORE, repeats=[3])
    bad, good = ideas(drawn, "11", "2").values()
    ran = drawn.gitexp("run", "--screen", "--all", "--json", code=4)
    assert [one["name"] for one in ran.json["ranked"]] == [good]
    [failed] = ran.json["unfinished"]
    assert failed["name"] == bad
    assert "ended with exit code 1" in failed["error"]["message"]
    assert "the same command tries again" in failed["error"]["hint"]
    # It failed no run that counts.
    assert {row["state"] for row in drawn.gitexp("log", "--json").json} == {"planned"}


def test_wrong_words_screen_nothing(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "nothing is planned" in ready.gitexp("run", "--screen", "--all", code=2).err
    (name,) = ideas(ready, "11").values()
    for words, said in (
        (("--screen", "nix"), "there is no experiment nix"),
        (("--screen", "--runs", "0", name), "--runs must be a number from 1 to 100, not 0"),
        (("--screen", "--sample", "1.5", name), "--sample must be a share of the data"),
        (("--screen", "--explore", "why", name), "--screen does not take --explore"),
        (("--screen", "--all", name), f"--all does not take {name}"),
        (("--screen", "--baseline"), "--baseline does not take --screen"),
        (("--smoke", "--screen"), "--smoke does not take --screen"),
        (("--screen", "--exit-code", name), "--screen does not take --exit-code"),
        (("--runs", "2", name), "--runs goes with --screen"),
        (("--sample", "0.1", name), "--sample goes with --screen"),
    ):
        assert said in ready.gitexp("run", *words, code=2).err
    assert records(ready, "main") == []


def test_a_queue_screens_without_a_terminal(drawn: World) -> None:
    settle(drawn, repeats=[3])
    good, none = ideas(drawn, "11", "2").values()
    for words in (("--runs", "0"), ("--sample", "2")):
        drawn.gitexp("run", "--screen", "--all", "--detach", *words, code=2)
    assert drawn.gitexp("run", "--screen", "--all", "--detach", "--yes").out.startswith("queue 1")
    told = drawn.gitexp("run", "--wait", "--json").json
    assert [one["name"] for one in told["ranked"]] == [good, none]
    assert drawn.gitexp("run", "--wait").out.startswith("screening, not a verdict")
    (queue,) = drawn.gitexp("status", "--json").json["queues"]
    assert {one["state"] for one in queue["experiments"]} == {"screened"}
    assert f"({good})\n          +0.0" in drawn.gitexp("status").out
