"""One experiment in full: its registration, its seeds side by side, its verdict."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.arrange import SCORE, train_with

if TYPE_CHECKING:
    from tests.project import World


FIELDS = {
    "name", "branch", "commit", "baseline", "hypothesis", "change", "criterion", "state",
    "verdict", "reason", "effect", "lower", "upper", "p", "level", "pairs",
}  # fmt: skip


def test_show_lists_the_files_that_runs_put_on_record(ready: World) -> None:
    write = "open('model.pkl', 'w').write('abc' * 500)\nimport gitexp\ngitexp.artifact('model.pkl')"
    train_with(ready, f"{write}\n{SCORE}", repeats=[3])
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    shown = ready.gitexp("show", name).out
    digest = hashlib.sha256(b"abc" * 500).hexdigest()
    assert f"seed 2: model.pkl (1.5 kB, sha256 {digest[:12]})" in shown
    listed = ready.gitexp("show", name, "--json").json["artifacts"]
    assert [(one["seed"], one["sha256"]) for one in listed] == [(n, digest) for n in (1, 2, 3)]
    assert ready.gitexp("verify").code == 0


@pytest.mark.slow
def test_what_runs_log_step_by_step_is_kept_for_both_arms(ready: World) -> None:
    log = """
import gitexp
for step in range(1, 3001):
    gitexp.log(step=step, loss=CONFIG['model']['C'] / step, token=SEED)
gitexp.log(step=3001, loss=float('nan'), once=1)
gitexp.log(unstepped=1)
"""
    train_with(ready, f"{log}\n{SCORE}", repeats=[2])
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    sheet = ready.gitexp("show", name, "--json").json
    series = {(one["seed"], one["metric"]): one for one in sheet["series"]}
    assert series.keys() == {(n, m) for n in (1, 2) for m in ("loss", "token", "once")}
    loss = series[1, "loss"]
    assert loss["steps"] == [*range(1, 3001, 4), 3000]
    assert loss["values"][:2] + loss["values"][-1:] == [10, 2, 0.00333333]
    assert (series[2, "once"]["steps"], series[2, "once"]["values"]) == ([3001], [1])
    base = {(one["seed"], one["metric"]): one["values"][0] for one in sheet["baseline_series"]}
    assert (base.keys(), base[2, "loss"]) == (series.keys(), 1)
    text = ready.gitexp("show").out
    assert "  Logged step by step: loss, once, token\n" in text
    assert f"  draw it: gitexp show {name} --curves\n" in text
    drawn = ready.gitexp("show", "--curves", name, COLUMNS="70").out
    assert f"● exp/{name}: 0.003333 at step 3,000 (2 runs)" in drawn
    assert "○ baseline: 0.0003333 at step 3,000 (2 runs)" in drawn
    assert "also logged: once, token; choose one with --metric" in drawn
    assert max(map(len, drawn.split("\n"))) <= 70
    (one,) = ready.gitexp("show", "--curves", "--json").json
    bands = {it["metric"]: it for it in one["curves"]}
    assert bands.keys() == {"loss", "once", "token"}
    assert bands["token"]["experiment"]["mean"][:1] == [1.5]
    assert bands["token"]["baseline"]["high"][:1] == [pytest.approx(1.5 + 0.5**0.5)]
    wrong = ready.gitexp("show", "--curves", "--metric", "lss", code=2).err
    assert f"gitexp show {name} --curves --metric loss" in wrong
    check_side_by_side(ready, name)
    assert ready.gitexp("verify").code == 0


def check_side_by_side(ready: World, name: str) -> None:
    """Compare an experiment with another of its kind, and with one that has no runs."""
    other = ready.start("--set", "model.C=12", "--guard", "accuracy -5%")
    ready.gitexp("run", other)
    planned = ready.start("--set", "model.kernel=poly")
    said = ready.gitexp("show", name, other, "--json").json
    assert [one["name"] for one in said["experiments"]] == [name, other]
    cells = {(one["group"], one["what"]): one["values"] for one in said["differences"]}
    assert cells["experiment", "change"] == ["model.C 1.0 -> 10", "model.C 1.0 -> 12"]
    assert cells["parameter", "model.C"] == ["10", "12"]
    assert [key for key in cells if key[0] == "guard"] == [("guard", "accuracy -5%")]
    assert cells["guard", "accuracy -5%"][0] is None
    # Neither what they share, nor what both lack.
    assert cells.keys().isdisjoint({("experiment", "baseline"), ("environment", "python")})
    text = ready.gitexp("show", name, other, COLUMNS="90").out
    assert f"{name}" in text.partition("\n")[0]
    assert "△ " not in text  # one baseline
    assert "▲ baseline: " in text
    assert "gitexp show" in ready.gitexp("show", name, f"exp/{name}", code=2).err
    rows = ready.gitexp("show", name, planned, "--json").json["differences"]
    assert {row["group"] for row in rows} == {"experiment"}
    assert {"group": "experiment", "what": "pairs", "values": ["2", None]} in rows
    # git's own diff: of two commits, or of one and what it stands on.
    diff = ready.gitexp("show", "--diff", name, other).out
    assert diff == ready.git("diff", f"exp/{name}", f"exp/{other}") + "\n"
    assert (
        ready.gitexp("show", "--diff", name).out
        == ready.git("show", "--format=", f"exp/{name}") + "\n"
    )
    assert "--diff compares two" in ready.gitexp("show", "--diff", name, other, planned, code=2).err
    assert "--diff does not take --json" in ready.gitexp("show", "--diff", "--json", code=2).err
    bad = ready.gitexp("show", "--diff", "--", "--output=stolen", code=2).err
    assert "is not a valid experiment name" in bad


def test_where_nothing_was_logged_by_step_curves_say_how_to_log_it(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    assert f"gitexp run {name}" in ready.gitexp("show", "--curves", code=3).err
    ready.gitexp("run")
    said = ready.gitexp("show", "--curves", code=3).err
    assert "gitexp.log(step=step, loss=loss)" in said
    assert f"gitexp retest {name}" in said


def test_show_puts_the_seeds_side_by_side(ready: World) -> None:
    name = ready.start("--set", "model.C=10", "--evidence", "train 0.93")
    text = ready.gitexp("show").out
    for words in (f"exp/{name}", "Ada Tester", "Evidence:    train 0.93", "Not run yet"):
        assert words in text
    ready.gitexp("run")
    sheet = ready.gitexp("show", name, "--json").json
    assert sheet.keys() >= FIELDS
    assert [pair["seed"] for pair in sheet["seeds"]] == [1, 2, 3, 4, 5]
    for pair in sheet["seeds"]:
        assert pair["experiment"] - pair["baseline"] > 0.01
    assert sheet["effect"] == pytest.approx(
        sum(pair["experiment"] - pair["baseline"] for pair in sheet["seeds"]) / 5
    )
    assert len(sheet["runs"]) == 5
    assert sheet["message"].startswith("C raises accuracy because")
    text = ready.gitexp("show").out
    assert "CONFIRMED: accuracy +0.0" in text
    assert "ran on python" in text
    for pair in sheet["seeds"]:
        assert f"{pair['baseline']:.4g}" in text


@pytest.mark.slow
def test_runs_whose_examples_cannot_be_compared_are_not_said_to_be_missing(ready: World) -> None:
    script = """
import gitexp
truth = [(n + SEED) % 2 for n in range(200)]
gitexp.predictions(truth, truth)  # an id is a place, and names another row with every seed
print('accuracy=1.0')
"""
    train_with(ready, script, repeats=[3], predictions="predictions.csv")
    name = ready.start("--set", "model.C=10")
    assert "an id must name the same row" in ready.gitexp("run", code=3).err
    text = ready.gitexp("show").out
    assert f"could not be judged: gitexp run {name} says why" in text
    assert "the next look needs" not in text
    assert text.count("ran on python") == 1
