"""Predictions on their way: from the training script into the notes, and from there to a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.statistics.examples import example_variance
from tests.arrange import note, records, train_with

if TYPE_CHECKING:
    from gitexp.rules.documents.outcomes import Outcomes
    from tests.project import World

# 200 rows of which C = 10 gets ten more right than C = 1 does, whatever the seed.
TRUTH = """
import random
rng = random.Random(SEED)
truth = [n % 2 for n in range(200)]
right = 160 + 10 * (CONFIG['model']['C'] > 1)
guess = [y if n < right else 1 - y for n, y in enumerate(truth)]
score = [rng.uniform(.5, 1) if g else rng.uniform(0, .5) for g in guess]
order = rng.sample(range(200), 200)
"""
CALLS = """
import gitexp
gitexp.predictions([truth[n] for n in order], [guess[n] for n in order], ids=order,
                   y_score=[score[n] for n in order])
"""
WRITES = """
import csv
os.makedirs('out')
with open('out/p.csv', 'w', newline='') as handle:
    rows = csv.writer(handle)
    rows.writerow(['id', 'y_true', 'y_pred', 'y_score'])
    rows.writerows((n, truth[n], guess[n], score[n]) for n in order)
"""
TELLS = "print(f'accuracy={right / 200:.3f}')\n"


def outcomes(world: World, revision: str) -> list[Outcomes]:
    """What a commit's runs stored, by seed."""
    found = parse_outcomes(note(world, "gitexp-data", revision))
    assert [seed for seed, _, _ in sorted(found)] == [r["seed"] for r in records(world, revision)]
    return [found[key] for key in sorted(found)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "setting"), [(CALLS, {}), (WRITES, {"predictions": "out/p.csv"})]
)
def test_stored_predictions_tell_how_much_the_examples_vary(
    ready: World, script: str, setting: dict[str, str]
) -> None:
    train_with(ready, TRUTH + script + TELLS, repeats=[3], **setting)
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run")
    assert "by the predictions" not in ran.err
    baseline, candidate = outcomes(ready, "main"), outcomes(ready, f"exp/{name}")
    every = [*records(ready, "main"), *records(ready, f"exp/{name}")]
    assert {record["ids"] for record in every} == {baseline[0].ids_fingerprint}
    variance, n = example_variance("accuracy", baseline, candidate)
    assert n == 200
    assert variance == pytest.approx((10 / 200 - (10 / 200) ** 2) / 199)
    assert example_variance("roc_auc", baseline, candidate)[0] > 0
    # A commit that alters nothing takes the records over, and with them what they stored.
    ready.write("README.md", "Another text.\n")
    ready.commit("readme")
    ready.gitexp("run", "--baseline")
    assert outcomes(ready, "main") == baseline


def test_a_number_that_its_predictions_contradict_is_told_once(ready: World) -> None:
    train_with(ready, TRUTH + CALLS + "print('accuracy=0.81')\n", repeats=[3])
    ran = ready.gitexp("run", "--baseline")
    [said] = [line for line in ran.err.splitlines() if "scikit-learn computes" in line]
    assert "seed 1: the script reports accuracy 0.81, but scikit-learn computes 0.8 from" in said
    assert [record.get("failure") for record in records(ready, "main")] == [None] * 3


def test_a_run_without_the_predictions_that_it_owes_fails_and_can_be_mended(ready: World) -> None:
    train_with(ready, TRUTH + TELLS, repeats=[3], predictions="out/p.csv")
    ran = ready.gitexp("run", "--baseline", code=4)
    assert "no predictions were written to out/p.csv" in ran.err
    assert not any("ids" in record for record in records(ready, "main"))
    assert not parse_outcomes(note(ready, "gitexp-data", "main"))
    train_with(ready, TRUTH + WRITES.replace("guess[n], score", "'', score") + TELLS)
    ran = ready.gitexp("run", "--baseline", code=4)
    assert "the predictions cannot be read: p.csv: row 1 has a missing value: id = " in ran.err
    train_with(ready, TRUTH + WRITES + TELLS)
    ready.gitexp("run", "--baseline")
    assert len(outcomes(ready, "main")) == 3
