"""A hundred experiments through the command line, compared with effects that are known."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from scipy import stats

from tests.arrange import records, settle, trailers
from tests.test_imports import HEAVY, loaded

if TYPE_CHECKING:
    from tests.project import World

BATCHES = 10
LOOKS = (5, 10)
_NEVER = 1e-4  # chance of a failure that is nobody's fault
# Noise that a pair shares is larger than what it does not; of a difference of two runs it leaves a
# standard deviation of 0.01.
TRAIN = """\
import os
import random
import tomllib

EFFECTS = {effects}
with open("config.toml", "rb") as handle:
    level = tomllib.load(handle)["knob"]["level"]
seed = os.environ["GITEXP_SEED"]


def noise(what, spread):
    return random.Random("{salt} {batch} " + what).gauss(0, spread)


shared, own = noise(seed, 0.05), noise(f"{{seed}} {{level}}", 0.01 / 2**0.5)
print(f"accuracy={{0.5 + EFFECTS[level] + shared + own:.9f}}")
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """Experiments of one kind: what is true of them, what they ask for, how many a batch has."""

    effect: float
    bar: float
    count: int


KINDS = {
    "nothing": Kind(0.0, 0.001, 4),
    "at the bar": Kind(0.015, 0.015, 2),
    "gain": Kind(0.05, 0.005, 3),
    "harm": Kind(-0.04, 0.005, 1),
}
BATCH = [name for name, kind in KINDS.items() for _ in range(kind.count)]
EFFECTS = [0.0, *(KINDS[name].effect for name in BATCH * BATCHES)]  # by the value of knob.level


@pytest.mark.slow
def test_verdicts_on_a_hundred_experiments_are_true_as_often_as_promised(ready: World) -> None:
    salt = random.randrange(2**32)
    print(f"salt {salt}")
    ready.write("config.toml", "[knob]\nlevel = 0\n")
    settle(ready, repeats=LOOKS, planned=BATCHES * len(BATCH), error_budget=0.02)
    answers: list[tuple[str, int, str, Any]] = []  # kind, batch, name, what `run` said
    for batch in range(BATCHES):
        # Another baseline, measured anew: what shares no run is independent, and errors against a
        # shared baseline come in clumps. So whatever may go wrong is counted by batches.
        ready.write("train.py", TRAIN.format(effects=EFFECTS, salt=salt, batch=batch))
        ready.commit(f"data of month {batch}")
        for level, name in enumerate(BATCH, start=1 + batch * len(BATCH)):
            bar = f"accuracy +{KINDS[name].bar}"
            experiment = ready.start("--set", f"knob.level={level}", "--expect", bar)
            said = ready.gitexp("run", experiment, "--jobs", "2", "--json").json
            answers.append((name, batch, experiment, said))

    rows = {row["name"]: row for row in ready.gitexp("log", "--json").json}
    assert len(rows) == BATCHES * len(BATCH)
    for _, _, experiment, said in answers:
        row = rows[experiment]
        assert (row["state"], row["verdict"]) == ("done", said["verdict"])
        assert_agrees_with_scipy(ready, row)

    def batches(kind: str, verdict: str) -> int:
        """In how many batches an experiment of this kind came to that verdict."""
        return len({b for k, b, _, said in answers if (k, said["verdict"]) == (kind, verdict)})

    def at_most(chance: float) -> float:
        """Most batches to be expected, of which each has this chance."""
        return float(stats.binom.isf(_NEVER, BATCHES, chance))

    levels = [float(trailers(ready, row["commit"])["Level"]) for row in rows.values()]
    assert batches("nothing", "CONFIRMED") <= at_most(KINDS["nothing"].count * max(levels))
    assert batches("at the bar", "RULED OUT") <= at_most(KINDS["at the bar"].count * 0.05)

    def count(kind: str, verdict: str) -> int:
        return [(k, said["verdict"]) for k, _, _, said in answers].count((kind, verdict))

    # By the last look alone, at the level of a campaign in which nothing is confirmed yet.
    threshold = stats.t.isf(min(levels) / 2, LOOKS[-1] - 1)
    errors = KINDS["gain"].effect / 0.01 * LOOKS[-1] ** 0.5
    lost = stats.nct.cdf(threshold, LOOKS[-1] - 1, errors)
    gains = BATCHES * KINDS["gain"].count
    assert gains - count("gain", "CONFIRMED") <= stats.binom.isf(_NEVER, gains, lost)
    # Ten standard errors lie between this effect and its bar at the first look already.
    assert count("harm", "RULED OUT") == BATCHES

    modules = loaded(ready, "-m", "gitexp", "log", "--json")
    assert not modules & HEAVY
    assert not any(name.partition(".")[0] in {"numpy", "scipy"} for name in modules)


def assert_agrees_with_scipy(world: World, row: dict[str, Any]) -> None:
    """The figures in the log are SciPy's, from records as git shows them."""
    by_seed, of_baseline = (
        {record["seed"]: record["metrics"]["accuracy"] for record in records(world, row[arm])}
        for arm in ("commit", "baseline")
    )
    # What proves a baseline neutral begins with a seed that is drawn.
    seeds = sorted(by_seed)[: row["pairs"]]
    candidate, baseline = ([arm[seed] for seed in seeds] for arm in (by_seed, of_baseline))
    test = stats.ttest_rel(candidate, baseline, alternative="greater")
    assert row["p"] == pytest.approx(test.pvalue, rel=1e-9)
    level = float(trailers(world, row["commit"])["Level"]) / 2
    assert row["level"] == pytest.approx(level)
    assert row["lower"] == pytest.approx(test.confidence_interval(1 - level).low, rel=1e-9)
