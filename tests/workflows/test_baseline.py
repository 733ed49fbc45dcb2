"""`gitexp run --baseline`: what it says of experiments to come, and how it proves determinism."""

from __future__ import annotations

import math
import re
import statistics

import pytest
from scipy import stats

from tests.arrange import SCORE, records, settle, train_with
from tests.project import World


@pytest.mark.parametrize(("vary", "widening"), [("seed", 0.0), ("split", 0.25)])
def test_the_baseline_says_what_an_experiment_would_detect(
    ready: World, vary: str, widening: float
) -> None:
    settle(ready, vary=vary)
    told = ready.gitexp("run", "--baseline", "--json").json
    outlook = told["outlook"]
    spread = statistics.stdev(told["seeds"].values()) * math.sqrt(2)
    assert (outlook["criterion"], outlook["level"]) == ("accuracy +0.005", 0.005)
    assert outlook["runs"] == 5
    took = [record["duration"] for record in records(ready, "main")]
    assert outlook["seconds"] == pytest.approx(5 * statistics.fmean(took))
    # Four times in five, by SciPy's noncentral t.
    shift = outlook["detectable"] / (spread * math.sqrt(1 / 5 + widening))
    power = stats.nct.sf(stats.t.isf(0.005, 4), 4, shift)
    assert power == pytest.approx(0.8, abs=0.02)
    said = " ".join(ready.gitexp("run", "--baseline").out.split())
    assert "the next experiment, accuracy +0.005: " in said
    least, most = outlook["detectable_at_best"], outlook["detectable"]
    assert f"detects: +{least:#.2g} to +{most:#.2g}, 4 times in 5" in said


@pytest.mark.slow
def test_an_effect_that_it_would_miss_is_found_by_more(ready: World) -> None:
    settle(ready, effect=0.001)
    ran = ready.gitexp("run", "--baseline")
    assert "a gain of just accuracy +0.001 would usually be missed" in ran.out
    enough = re.search(r"\nS2 \(advice\) · you would need (?:\d+ to )?(\d+) repeats", ran.out)
    assert enough is not None
    [advice] = ready.gitexp("run", "--baseline", "--json").json["advice"]
    assert advice["id"] == "S2"
    settle(ready, repeats=[int(enough[1])])
    # The standard deviation moves with further runs, and so does what is enough, but not by much.
    outlook = ready.gitexp("run", "--baseline", "--json").json["outlook"]
    assert outlook["detectable"] == pytest.approx(0.001, rel=0.5)


def test_three_repeats_are_told_what_they_cannot_confirm(ready: World) -> None:
    settle(ready, repeats=[3], vary="split")
    assert " be missed; " in ready.gitexp("run", "--baseline").out
    settle(ready, repeats=[2])
    assert "2 repeats cannot confirm anything" in ready.gitexp("run", "--baseline").out


def test_a_deterministic_baseline_is_proven_by_two_runs(ready: World) -> None:
    train_with(ready, "print(f\"accuracy={CONFIG['model']['C'] / 10}\")", vary="none")
    out = " ".join(ready.gitexp("run", "--baseline").out.split())
    assert "accuracy 0.1 (deterministic: a repeated run gives the same)" in out
    assert "only per-example predictions could tell" in out
    assert [record["seed"] for record in records(ready, "main")] == [1, 2]
    told = ready.gitexp("run", "--baseline", "--json").json
    # What is left for an experiment is its one run.
    assert (told["outlook"]["runs"], len(records(ready, "main"))) == (1, 2)
    [line] = ready.gitexp("run", "--baseline", "--quiet").out.splitlines()
    assert "accuracy 0.1 (deterministic" in line


def test_a_baseline_that_is_not_deterministic_is_refused_with_what_to_set(ready: World) -> None:
    train_with(ready, SCORE, vary="none")
    ran = ready.gitexp("run", "--baseline", code=3)
    assert 'vary = "none" says that repeating a run gives the same' in ran.err
    assert 'set vary = "seed" (or "split")' in ran.err
    assert "retest" not in ran.err
    settle(ready, vary="seed")
    ready.gitexp("run", "--baseline")


@pytest.mark.parametrize("command", ["run", "baseline"])
def test_the_two_runs_of_a_proof_share_their_condition(ready: World, command: str) -> None:
    # A shell cannot be asked what it would load today: the second run fails, its input is mended,
    # and only then do the two runs turn out to stand on different data.
    ready.write(".gitignore", "data/\n")
    ready.write("data/x", "bad\n")
    ready.write(
        "train.sh", "grep -q good data/x || test $GITEXP_SEED = 1 || exit 1\necho accuracy=0.5\n"
    )
    settle(ready, command="sh train.sh", vary="none", link=["data"])
    ready.start("--set", "model.C=10")
    assert "seed 2" in ready.gitexp(command, code=4).err
    ready.write("data/x", "good\n")
    ready.gitexp(command)
    good = [(r["seed"], r["condition"]) for r in records(ready, "main") if "failure" not in r]
    [[last]] = [[c for seed, c in good if seed == 2]]
    assert (1, last) in good
    assert len(good) == 3
