"""An experiment of one run, from its registration to its verdict, for training that takes days."""

from __future__ import annotations

import statistics

import pytest

from tests.arrange import note, records, settle, trailers, train_with
from tests.project import World

SET = ("--set", "model.C=10")

# A seed decides about 10 of 400 rows; C = 10 gets 60 more right than C = 1 does.
SCRIPT = """
import csv, random
C = CONFIG['model']['C']
rng = random.Random(f"{SEED} {C}")
truth = [n % 2 for n in range(400)]
right = 300 + 60 * (C > 1) + rng.randrange(-5, 6)
guess = [y if n < right else 1 - y for n, y in enumerate(truth)]
with open('p.csv', 'w', newline='') as handle:
    rows = csv.writer(handle)
    rows.writerow(['id', 'y_true', 'y_pred'])
    rows.writerows(zip(range(400), truth, guess))
print(f"accuracy={right / 400}")
"""


@pytest.fixture
def world(drawn: World) -> World:
    """A project whose runs are judged by one run each if somebody asks for that."""
    train_with(drawn, SCRIPT, repeats=[7], vary="seed", predictions="p.csv")
    return drawn


def test_one_run_is_judged_against_the_baselines(world: World) -> None:
    name = world.start(*SET, "--repeats", "1")
    written = trailers(world, f"exp/{name}")
    first, last = map(int, written["Seeds"].split("-"))
    assert written["Test"] == "examples, seed spread borrowed from 7"
    assert (written["Repeats"], last - first) == ("1", 6)
    assert world.gitexp("check", name).code == 0
    ran = world.gitexp("run", "--json").json
    assert ran["verdict"] == "CONFIRMED"
    before, after = records(world, "main"), records(world, f"exp/{name}")
    assert (len(before), [record["seed"] for record in after]) == (7, [first])
    scores = [record["metrics"]["accuracy"] for record in before]
    [found] = world.gitexp("log", "--json").json
    effect = after[0]["metrics"]["accuracy"] - statistics.fmean(scores)
    assert found["effect"] == pytest.approx(effect, rel=1e-9)
    assert (found["pairs"], found["repeats"], found["reason"]) == (1, [1], "seed spread borrowed")
    said = " ".join(note(world, "gitexp", f"exp/{name}").split())
    assert "1 run against 7 of the baseline, 400 examples" in said
    assert "if runs of the change vary at most twice as much as the baseline's" in said
    shown = world.gitexp("show", name).out
    assert "only one, so the baseline's lent their" in shown
    # What is stored says the same when everything is computed again.
    assert world.gitexp("verify").code == 0
    # Planned again it stays one run, on other seeds of which the baseline has no record.
    again = world.gitexp("retest", name, "--json").json
    assert again["trailers"]["Test"] == written["Test"]
    assert int(again["trailers"]["Seeds"].split("-")[0]) > last


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"vary": "split"}, ()),
        ({}, ("--guard", "latency_ms +5%")),
        ({}, ("--expect", "accuracy >= 0.99")),
    ],
)
def test_where_nothing_can_be_borrowed_one_run_is_told_to_be_a_screen(
    world: World, settings: dict[str, str], options: tuple[str, ...]
) -> None:
    if settings:
        settle(world, **settings)
    started = world.gitexp("start", "C because of it", *SET, "--repeats", "1", *options)
    assert "1 repeat cannot confirm anything" in started.out
    [name] = world.git("for-each-ref", "--format=%(refname:short)", "refs/heads/exp").split()
    assert "borrowed" not in trailers(world, name).get("Test", "")


def test_the_number_of_repeats_ends_the_looks_of_the_settings(world: World) -> None:
    settle(world, repeats=[5, 10, 20])
    name = world.start(*SET, "--repeats", "14")
    assert trailers(world, f"exp/{name}")["Repeats"] == "5 10 14"
    assert world.gitexp("check", name).code == 0
    refused = world.gitexp("start", "D because of it", *SET, "--repeats", "0", code=2)
    assert "out of range" in refused.err


def test_a_message_by_hand_cannot_borrow_from_fewer_runs(world: World) -> None:
    name = world.start(*SET, "--repeats", "1")
    message = world.git("show", "-s", "--format=%B", f"exp/{name}")
    world.git("switch", "--quiet", f"exp/{name}")
    for before, after, rule in (
        ("from 7", "from 3", "T4"), ("from 7", "from 6", "T4"), ("Repeats: 1", "Repeats: 5", "T4"),
    ):  # fmt: skip
        world.git("commit", "--amend", "--no-verify", "-m", message.replace(before, after))
        violations = world.gitexp("check", "--json", code=1).json["violations"]
        assert rule in [violation["id"] for violation in violations]
