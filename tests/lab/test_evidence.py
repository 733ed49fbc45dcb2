"""Criteria, guards and levels of evidence, from the registration to the verdict."""

from __future__ import annotations

import math
import statistics
from typing import Any

import pytest
from scipy import stats

from tests.arrange import note, records, seeds_of, settle, trailers, train_with
from tests.project import World

SET = ("--set", "model.C=10")

# Two metrics whose values are known for every seed: the score rises with C, so does the latency.
TWO = """
import random
C = CONFIG['model']['C']
noise = random.Random(f"{SEED} {C}")
print(f"accuracy={0.9 + 0.002 * C + noise.gauss(0, 0.001):.6f}")
print(f"latency_ms={50 * (1 + 0.004 * C) + noise.gauss(0, 0.1):.6f}")
print(f"size={100 + C}")
print(f"offset={noise.gauss(0, 1) - 0.5:.6f}")
"""


def both_sides(world: World, name: str, metric: str) -> tuple[list[float], list[float]]:
    """Scores of baseline and experiment in the order of seeds."""
    sides = (records(world, revision) for revision in ("main", f"exp/{name}"))
    before, after = ([record["metrics"][metric] for record in side] for side in sides)
    return before, after


def row(world: World, name: str) -> dict[str, Any]:
    """Row of an experiment in the log."""
    [found] = [row for row in world.gitexp("log", "--json").json if row["name"] == name]
    return dict(found)


def test_a_percent_criterion_is_judged_on_log_ratios(ready: World) -> None:
    train_with(ready, TWO)
    name = ready.start(*SET, "--expect", "accuracy +1.5%")
    assert trailers(ready, f"exp/{name}")["Criterion"] == "accuracy +1.5%"
    ready.gitexp("run")
    before, after = both_sides(ready, name, "accuracy")
    ratios = [math.log(b / a) for a, b in zip(before, after, strict=True)]
    test = stats.ttest_1samp(ratios, 0, alternative="greater")
    found = row(ready, name)
    assert found["verdict"] == "CONFIRMED"
    assert found["effect"] == pytest.approx(statistics.fmean(ratios), rel=1e-9)
    assert found["p"] == pytest.approx(test.pvalue, rel=1e-9)
    assert found["lower"] == pytest.approx(test.confidence_interval(0.995).low, rel=1e-9)
    assert found["criterion"]["effect"] == 0.015
    assert f"accuracy {100 * math.expm1(found['effect']):+.2f}%" in note(
        ready, "gitexp", f"exp/{name}"
    )


def test_a_score_at_or_under_zero_has_no_percent(ready: World) -> None:
    train_with(ready, TWO)
    name = ready.start(*SET, "--expect", "offset +5%")
    ready.gitexp("run")
    found = row(ready, name)
    assert (found["verdict"], found["reason"]) == ("INCONCLUSIVE", "not positive")


def test_a_constant_tests_the_experiment_alone(ready: World) -> None:
    train_with(ready, TWO)
    name = ready.start(*SET, "--expect", "accuracy >= 0.915")
    ready.gitexp("run")
    before, after = both_sides(ready, name, "accuracy")
    found = row(ready, name)
    assert (found["verdict"], found["criterion"]["constant"]) == ("CONFIRMED", 0.915)
    # The baseline's runs tell how much scores vary, where the experiment's happen to agree.
    own, pooled = (
        statistics.variance(after),
        (statistics.variance(before) + statistics.variance(after)) / 2,
    )
    effect = statistics.fmean(after) - 0.915
    assert found["effect"] == pytest.approx(effect, rel=1e-9)
    error = math.sqrt(max(own, pooled) / len(after))
    assert found["p"] == pytest.approx(stats.t.sf(effect / error, len(after) - 1), rel=1e-9)


def test_a_constant_that_the_baseline_meets_is_refused_before_the_experiment_runs(
    ready: World,
) -> None:
    train_with(ready, TWO)
    name = ready.start(*SET, "--expect", "accuracy >= 0.5")
    ran = ready.gitexp("run", code=1)
    assert "S1" in ran.err
    assert "the baseline already meets accuracy >= 0.5" in ran.err
    assert records(ready, f"exp/{name}") == []
    # Now that the baseline is measured, it is known at once.
    before = ready.snapshot()
    assert "S1" in ready.gitexp("start", "C because of it", *SET, "--expect", "accuracy>=0.5",
                                code=1).err  # fmt: skip
    assert ready.snapshot() == before


@pytest.mark.parametrize(
    ("baseline", "experiment", "means"),
    [
        (
            (0.846, 0.846, 0.846, 0.862, 0.863, 0.863), (0.851, 0.852, 0.851, 0.857, 0.857, 0.857),
            "0.8543 -> 0.8542",
        ),
    ],
)  # fmt: skip
def test_a_constant_reached_without_a_gain_is_not_accepted(
    ready: World, baseline: tuple[float, ...], experiment: tuple[float, ...], means: str
) -> None:
    # At the first look the baseline misses the constant; at the second it is as good or better.
    train_with(
        ready,
        f"scores = {{1.0: {baseline}, 10: {experiment}}}\n"
        "print(f\"accuracy={scores[CONFIG['model']['C']][SEED - 1]}\")\n",
        repeats=[3, 6], planned=1, error_budget=0.49,
    )  # fmt: skip
    name = ready.start(*SET, "--expect", "accuracy >= 0.85")
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    before = ready.snapshot()
    ran = ready.gitexp("accept", name, code=1)
    assert f"reaches accuracy >= 0.85, but is not better than its baseline ({means})" in ran.err
    assert ready.snapshot() == before
    ready.gitexp("accept", name, "--anyway", "the constant is what was promised")


@pytest.mark.parametrize(
    ("guard", "verdict", "reason", "said"),
    [
        ("latency_ms +5%", "CONFIRMED", "strong", "guard latency_ms +5%: holds, at worst +"),
        ("latency_ms +1%", "RULED OUT", "guard broken", "guard latency_ms +1%: broken, at worst +"),
        ("latency_ms +3.6%", "INCONCLUSIVE", "guard not shown", "latency_ms +3.6%: not shown"),
        ("recall -0.01", "INCONCLUSIVE", "guard not shown", "guard recall -0.01: not shown"),
        ("size +10", "CONFIRMED", "strong", "guard size +10: holds, at worst +9"),
        ("size <= 105", "RULED OUT", "guard broken", "guard size <= 105: broken, at worst 110"),
    ],
)
def test_guards_must_hold_at_their_own_bound(
    ready: World, guard: str, verdict: str, reason: str, said: str
) -> None:
    train_with(ready, TWO)
    name = ready.start(*SET, "--guard", guard)
    assert trailers(ready, f"exp/{name}")["Guards"] == guard
    answer = ready.gitexp("run", "--json").json
    assert (answer["verdict"], answer["reason"]) == (verdict, reason)
    assert said in answer["note"]
    [guarded] = row(ready, name)["guards"]
    assert guarded["guard"] == guard


def test_several_guards_are_all_named(ready: World) -> None:
    train_with(ready, TWO)
    name = ready.start(*SET, "--guard", "latency_ms +5%", "--guard", "size +1")
    assert trailers(ready, f"exp/{name}")["Guards"] == "latency_ms +5%, size +1"
    answer = ready.gitexp("run", "--json").json
    assert (answer["verdict"], answer["reason"]) == ("RULED OUT", "guard broken")
    assert "latency_ms +5%: holds" in answer["note"]
    assert "size +1: broken" in answer["note"]


@pytest.mark.parametrize("guard", ["latency_ms", "+5%", "latency_ms 5%", "size +1, size +2"])
def test_what_is_no_guard_is_a_usage_error(ready: World, guard: str) -> None:
    ran = ready.gitexp("start", "C because of it", *SET, "--guard", guard, code=2)
    assert "guard" in ran.err


# --- deterministic trainers ---------------------------------------------------------------------

# Every row is right or wrong by its number, and the seed has no say.
EXACT = """
C = int(CONFIG['model']['C'])
rows = [(n, n % 3 != 0 or n < 30 * C) for n in range(600)]
with open("predictions.csv", "w") as file:
    print("id,y_true,y_pred", file=file)
    for n, right in rows:
        print(f"{n},1,{int(right)}", file=file)
print(f"accuracy={sum(right for _, right in rows) / len(rows):.9f}")
"""


def test_a_deterministic_trainer_runs_once_and_is_judged_by_its_examples(ready: World) -> None:
    train_with(ready, EXACT, vary="none", predictions="predictions.csv")
    name = ready.start(*SET)
    found = trailers(ready, f"exp/{name}")
    assert (found["Repeats"], found["Seeds"], found["Vary"]) == ("1", "none", "none")
    assert found["Test"] == "examples"
    answer = ready.gitexp("run", "--json").json
    # Two runs of the baseline prove it deterministic, one run of the experiment says all.
    assert (answer["runs"], answer["verdict"]) == (3, "CONFIRMED")
    assert len(records(ready, "main")) == 2
    correct = [[n % 3 != 0 or n < 30 * c for n in range(600)] for c in (1, 10)]
    differences = [int(b) - int(a) for a, b in zip(*correct, strict=True)]
    test = stats.ttest_1samp(differences, 0, alternative="greater")
    judged = row(ready, name)
    assert (judged["pairs"], judged["examples"]) == (1, 600)
    assert judged["p"] == pytest.approx(test.pvalue, rel=1e-6)
    assert judged["effect"] == pytest.approx(statistics.fmean(differences), rel=1e-6)


def test_a_trainer_that_is_not_deterministic_after_all_is_found_out(ready: World) -> None:
    train_with(ready, TWO, vary="none")
    name = ready.start(*SET)
    ran = ready.gitexp("run", code=3)
    assert 'vary = "none" says that repeating a run gives the same' in ran.err
    assert records(ready, f"exp/{name}") == []


def test_one_run_without_examples_shows_nothing(ready: World) -> None:
    train_with(ready, "print(f\"accuracy={0.9 + CONFIG['model']['C'] / 1000}\")", vary="none")
    name = ready.start(*SET)
    answer = ready.gitexp("run", "--json").json
    assert (answer["verdict"], answer["reason"]) == ("INCONCLUSIVE", "unreplicated")
    assert trailers(ready, f"exp/{name}").get("Test") is None


# --- evidence by examples -----------------------------------------------------------------------

# The seed draws which rows are tested; each row is right with a chance of its own.
DRAWN = """
import random
C = CONFIG['model']['C']
test = random.Random(SEED).sample(range(400), 200)
luck = random.Random(f"{SEED} {C}")
right = {n: random.Random(n).random() < 0.6 + 0.02 * C + luck.gauss(0, 0.01) for n in test}
with open("predictions.csv", "w") as file:
    print("id,y_true,y_pred", file=file)
    for n, ok in right.items():
        print(f"{n},1,{int(ok)}", file=file)
print(f"accuracy={sum(right.values()) / len(right):.9f}")
"""


@pytest.mark.slow
def test_examples_and_seeds_both_have_their_say(ready: World) -> None:
    train_with(
        ready, DRAWN, vary="split", test_ratio=1.0, predictions="predictions.csv", repeats=[6]
    )
    name = ready.start(*SET)
    assert trailers(ready, f"exp/{name}")["Test"] == "examples"
    ready.gitexp("run", "--jobs", "2")
    judged = row(ready, name)
    before, after = both_sides(ready, name, "accuracy")
    effects = [b - a for a, b in zip(before, after, strict=True)]
    by_row: dict[int, list[int]] = {}
    for seed in range(1, 7):
        for n in sampled(seed):
            one, other = (right(n, seed, c) for c in ("1.0", "10"))
            by_row.setdefault(n, []).append(other - one)
    means = [statistics.fmean(found) for found in by_row.values()]
    # Half of the rows are tested, so their part is widened by c = 1; freedom by Satterthwaite.
    rows = statistics.variance(means) / len(means) * 2
    seeds = statistics.variance(effects) / len(effects)
    error = math.sqrt(rows + seeds)
    freedom = (rows + seeds) ** 2 / (rows**2 / (len(means) - 1) + seeds**2 / (len(effects) - 1))
    assert judged["examples"] == len(means)
    assert judged["effect"] == pytest.approx(statistics.fmean(effects), rel=1e-6)
    assert judged["p"] == pytest.approx(stats.t.sf(judged["effect"] / error, freedom), rel=1e-6)
    assert "examples" in ready.gitexp("show", name).out


def sampled(seed: int) -> list[int]:
    """Rows that a seed tests in DRAWN."""
    import random

    return random.Random(seed).sample(range(400), 200)


def right(n: int, seed: int, c: str) -> int:
    """Whether DRAWN gets a row right, computed anew."""
    import random

    luck = random.Random(f"{seed} {c}")
    for m in sampled(seed):
        ok = random.Random(m).random() < 0.6 + 0.02 * float(c) + luck.gauss(0, 0.01)
        if m == n:
            return int(ok)
    raise LookupError(n)


# --- what is known, and done again --------------------------------------------------------------


def test_an_answered_change_is_refused_and_replicated_on_fresh_seeds(drawn: World) -> None:
    settle(drawn, repeats=[3])
    first = drawn.start(*SET)
    drawn.gitexp("run")
    before = drawn.snapshot()
    ran = drawn.gitexp("start", "C helps because of it", *SET, code=1)
    assert "K1" in ran.err
    assert f"exp/{first} made it on the same baseline" in ran.err
    assert "CONFIRMED: accuracy" in ran.err
    assert drawn.snapshot() == before
    again = drawn.start(*SET, "--replicate")
    found = trailers(drawn, f"exp/{again}")
    commit = drawn.git("rev-parse", f"exp/{first}")
    assert found["Replicate"] == f"{first} {commit}"
    assert not {*seeds_of(drawn, f"exp/{again}")} & {*seeds_of(drawn, f"exp/{first}")}
    # It confirms a second time, which asks the baseline for its next block.
    assert drawn.gitexp("run", "--json").json["runs"] == 9
    shown = drawn.gitexp("show", again).out
    assert f"exp/{first}  CONFIRMED" in shown


def test_a_hand_made_repetition_of_an_answered_change_does_not_run(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.start(*SET)
    ready.gitexp("run")
    ready.git("switch", "--quiet", "--create", "exp/again")
    ready.edit("C = 1.0", "C = 10")
    ready.commit("C helps because the model underfits")
    assert "K1" in ready.gitexp("run", code=1).err


def test_there_must_be_something_to_replicate(ready: World) -> None:
    ran = ready.gitexp("start", "C helps because of it", *SET, "--replicate", code=2)
    assert "nothing to replicate" in ran.err


# --- trailers that flatter ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Vary: seed", "T2"),
        ("Test: examples", "T2"),
        ("Criterion: accuracy -0.005", "S3"),
        ("Criterion: accuracy <= 0.9", "S3"),
    ],
)
def test_a_registration_by_hand_may_not_choose_an_easier_test(
    ready: World, line: str, found: str
) -> None:
    settle(ready, vary="split")
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("C = 1.0", "C = 10")
    ready.commit(f"C helps because the model underfits\n\n{line}")
    violations = ready.gitexp("check", "--json", code=1).json["violations"]
    assert [violation["id"] for violation in violations] == [found]
    assert (
        "accuracy" in violations[0]["message"] or line.partition(":")[0] in violations[0]["message"]
    )
