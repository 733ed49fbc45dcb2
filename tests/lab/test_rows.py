"""Runs that were tested on other rows than they should have been give no verdict on the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.arrange import note, records, train_with

if TYPE_CHECKING:
    from tests.project import World

# `DROPS` leaves the hard rows out of the experiment's evaluation, `DRAWS` tests other rows a seed.
PREDICT = """
import random
luck = random.Random(SEED)
tested = {rows}
right = [luck.random() < (0.95 if row < 60 else 0.5) for row in tested]
with open("p.csv", "w") as file:
    print("id,y_true,y_pred", file=file)
    for row, ok in zip(tested, right):
        print(f"{{row}},1,{{int(ok)}}", file=file)
print(f"accuracy={{sum(right) / len(right)}}")
"""
DROPS = "range(60 if CONFIG['model']['C'] == 10 else 80)"
DRAWS = "random.Random(SEED).sample(range(200), 80)"


def test_dropping_the_hard_rows_confirms_nothing(ready: World) -> None:
    train_with(ready, PREDICT.format(rows=DROPS), predictions="p.csv")
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run", name)
    assert "INCONCLUSIVE: other rows were tested" in ran.out
    said = " ".join((ran.out + ran.err).split())
    assert "in 5 pairs of 5 (seeds 1, 2, 3, 4, 5) the experiment reports other example ids" in said
    assert "seed 1, baseline only: 20 of 80 rows (60, 61, 62, 63, 64, ...)" in said
    assert "without" not in said
    shown = ready.gitexp("show", name).out
    assert "other example ids" in " ".join(shown.split())
    row = ready.gitexp("log", "--json").json[0]
    assert (row["verdict"], row["reason"]) == ("INCONCLUSIVE", "other rows were tested")
    assert "in 5 pairs of 5" in row["detail"]
    ready.gitexp("verify")


def test_other_labels_for_the_same_rows_confirm_nothing(ready: World) -> None:
    relabels = PREDICT.replace("{{row}},1,", "{{row}},{{int(row < 60 or C != 10)}},")
    script = "C = CONFIG['model']['C']\n" + relabels.format(rows="range(80)")
    script += "print('accuracy=' + str(0.9 + 0.05 * (C == 10) + 0.001 * luck.random()))\n"
    train_with(ready, script, predictions="p.csv")
    done = ready.gitexp("run", ready.start("--set", "model.C=10"), "--json").json
    assert (done["verdict"], done["reason"]) == ("INCONCLUSIVE", "other rows were tested")
    assert "the baseline's example ids with other true values (y_true)" in done["detail"]


def test_rows_that_a_seed_redraws_unsaid_are_noticed_at_the_first_look(ready: World) -> None:
    train_with(ready, PREDICT.format(rows=DRAWS), predictions="p.csv", repeats=[3, 6])
    name = ready.start("--set", "model.C=10")
    done = ready.gitexp("run", name, "--json").json
    assert done["verdict"] == "INCONCLUSIVE"
    assert len(records(ready, f"exp/{name}")) == 3
    assert "3 seeds were tested on 3 different sets of examples" in done["detail"]
    assert "other rows were tested" in note(ready, "gitexp", f"exp/{name}")
