"""`gitexp gaps` from a real run, and what it says where there is nothing to see."""

from __future__ import annotations

import pytest

from tests.arrange import records, settle, train_with
from tests.project import World

# Threes are taken for eights in a fifth of their rows, and anything else once in a hundred.
CONFUSED = """
import random
draw = random.Random(SEED)
true = [n % 10 for n in range(2000)]
guess = [8 if t == 3 and draw.random() < 0.2 else (t + 1) % 10 if draw.random() < 0.01 else t
         for t in true]
with open("predictions.csv", "w") as file:
    print("id,y_true,y_pred", file=file)
    for n, (t, p) in enumerate(zip(true, guess)):
        print(f"{n},{t},{p}", file=file)
print(f"accuracy={sum(t == p for t, p in zip(true, guess)) / len(true):.9f}")
print("train_accuracy=0.97")
"""

# The error falls with the square root of the data.
GROWS = """
import random, gitexp
share = gitexp.sample()
draw = random.Random(f"{SEED} {share}")
rows = range(3000)
guess = [int(draw.random() > 0.1 / share ** 0.5) for n in rows]
gitexp.predictions([1] * 1500 + [0] * 1500, guess[:1500] + [1 - g for g in guess[1500:]])
print(f"accuracy={sum(guess) / len(rows):.9f}")
print("train_accuracy=1.0")
"""


def test_the_confused_pair_comes_first_with_a_hypothesis_to_fill_in(ready: World) -> None:
    train_with(ready, CONFUSED, predictions="predictions.csv", repeats=[3])
    ready.gitexp("run", "--baseline")
    report = ready.gitexp("gaps", "--json").json
    first = report["gaps"][0]
    assert (first["kind"], first["true"], first["predicted"]) == ("confusion", "3", "8")
    assert 0.01 < first["interval"][0] < first["ceiling"] < first["interval"][1] < 0.04
    assert report["runs"] == 3
    assert report["score"] > 0.95
    assert report["train"] == pytest.approx(0.97)
    out = ready.gitexp("gaps").out
    assert "1. 3 is mistaken for 8 in" in out
    assert out.count("raises accuracy because") == 1
    assert "raises accuracy because 3 is mistaken for 8" in out.splitlines()[-1]
    assert len(out.splitlines()) < 40
    told = ready.gitexp("status", "--for-agent", "--json").json
    assert told["gaps"][0].startswith("3 is mistaken for 8 in ")
    assert " in accuracy" in told["gaps"][0]
    # The line that it offers registers an experiment, once key, value and change are filled in.
    line = first["template"].replace("KEY=VALUE", "model.C=10").replace("<change>", "C=10")
    done = ready.run("sh", "-c", line)
    assert done.code == 0, done.err


HOSTILE = """
import gitexp, random
draw = random.Random(SEED)
odd = "$(touch pwned) `touch pwned` it's why? \\x1b[31m"
true = [n % 2 and "cat" or odd for n in range(600)]
guess = ["cat" if t == odd and draw.random() < 0.3 else t for t in true]
gitexp.predictions(true, guess)
print(f"accuracy={sum(map(str.__eq__, true, guess)) / 600:.9f}")
"""


@pytest.mark.slow
def test_labels_do_nothing_in_the_line_that_is_pasted(ready: World) -> None:
    train_with(ready, HOSTILE, repeats=[3])
    ready.gitexp("run", "--baseline")
    shown = ready.gitexp("gaps").out
    assert "\x1b" not in shown
    [line] = [line.removeprefix("next: ") for line in shown.splitlines() if "gitexp start" in line]
    # Word for word: only the change is filled in.
    done = ready.run("sh", "-c", line.replace("KEY=VALUE", "model.C=10"))
    assert done.code == 0, done.err
    assert "pwned" not in ready.git("status", "--porcelain")


@pytest.mark.slow
def test_a_loss_that_falls_with_more_data_is_seen_too(ready: World) -> None:
    train_with(ready, GROWS.replace("accuracy={", "error_rate={1 - "), repeats=[3], vary="split",
               metric="error_rate", direction="lower")  # fmt: skip
    ready.gitexp("run", "--baseline")
    report = ready.gitexp("gaps", "--curve", "--json").json
    assert report["gaps"][0]["kind"] == "data"
    assert report["gaps"][0]["interval"][0] > 0
    assert report["curve"]["gain"] < 0
    assert report["detectable"] is not None


@pytest.mark.slow
def test_too_little_data_is_seen_on_the_learning_curve(ready: World) -> None:
    train_with(ready, GROWS, predictions="predictions.csv", repeats=[3], vary="split")
    ready.gitexp("run", "--baseline")
    before = records(ready, "main")
    report = ready.gitexp("gaps", "--curve", "--json").json
    assert report["gaps"][0]["kind"] == "data"
    low, high = report["curve"]["interval"]
    assert low < 0.1 * (1 - 2**-0.5) < high
    # Runs on a part of the data are no records, and are not made twice.
    assert records(ready, "main") == before
    assert "running" not in ready.gitexp("gaps", "--curve").err


@pytest.mark.slow
def test_a_command_that_ignores_the_sample_is_found_out(ready: World) -> None:
    train_with(ready, CONFUSED, predictions="predictions.csv", repeats=[3])
    ready.gitexp("run", "--baseline")
    assert "does not use the sample" in ready.gitexp("gaps", "--curve", code=3).err


def test_without_runs_or_predictions_the_way_is_shown(ready: World) -> None:
    assert "gitexp run --baseline" in ready.gitexp("gaps", code=3).err
    settle(ready, repeats=[3])
    ready.gitexp("run", "--baseline")
    out = ready.gitexp("gaps").out
    assert "the baseline's runs saved none" in out
    assert "standard deviation between runs: 0.00" in out
    assert "never tested: config.toml: model.C, model.kernel" in out
    report = ready.gitexp("gaps", "--json").json
    assert (report["rows"], report["dummy"], report["gaps"]) == (None, None, [])


def test_training_beside_test_scores_need_no_predictions(ready: World) -> None:
    script = ready.path / "train.py"
    script.write_text(script.read_text() + 'print(f"train_accuracy={accuracy + 0.05:.6f}")\n')
    settle(ready, repeats=[3])
    ready.gitexp("run", "--baseline")
    [gap] = ready.gitexp("gaps", "--json").json["gaps"]
    assert (gap["kind"], round(gap["ceiling"], 4)) == ("variance", 0.05)


def test_gaps_alone_loads_scikit_learn(ready: World) -> None:
    ran = ready.gitexp("log", PYTHONPROFILEIMPORTTIME="1")
    assert "sklearn" not in ran.err


FEW = """
import tomllib
import numpy as np
import gitexp
with open("config.toml", "rb") as handle:
    world = tomllib.load(handle)["world"]
table = np.load("digits.npy").astype(float)
place = np.random.default_rng(world).permutation(len(table))
test, pool = place[:900], place[900:]
train = np.random.default_rng([world, gitexp.seed()]).permutation(pool)[: int(60 * gitexp.sample())]
far = ((table[test, None, :64] - table[None, train, :64]) ** 2).sum(axis=2)
guess, true = table[train[far.argmin(axis=1)], 64].astype(int), table[test, 64].astype(int)
gitexp.predictions(true, guess, ids=test)
print(f"accuracy={(true == guess).mean()}")
"""


@pytest.mark.slow
def test_too_few_digits_to_learn_from_come_first_in_eighteen_of_twenty_draws(ready: World) -> None:
    import numpy as np
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    np.save(ready.path / "digits.npy", np.column_stack([pixels, digits]).astype("uint8"))
    train_with(ready, FEW)
    first = []
    for world in range(20):
        ready.write("config.toml", f"world = {world}\n")
        ready.commit(f"Draw {world}", verify=False)
        ready.gitexp("run", "--baseline")
        # The nearest of 60 neighbours: with twice as many it is right in six more of a hundred.
        first.append(ready.gitexp("gaps", "--curve", "--json").json["gaps"][0]["kind"])
    assert first.count("data") >= 18
