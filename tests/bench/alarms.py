"""How often honest projects are held up: `python -m tests.bench.alarms [EXPERIMENTS]`.

Nothing is wrong in any of these projects. Scores are drawn, and gitexp's own functions look at
them: each row prints the share of experiments whose baseline was said to have moved, whose failed
runs altered the verdict, that gave a seed up, or that tested other rows. The aim is under 1 in 200.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator

import numpy as np

from gitexp.rules.documents.check import Check
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.record import Record
from gitexp.rules.verdict.canary import compare
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.scores_again import seed_to_repeat
from gitexp.rules.verdict.verdict import Judgement, Verdict
from tests.rules.verdict.test_objections import a_run, registered

AIM = 1 / 200
LOOKS = (5, 10, 20)
RUNS = 4  # of a seed: the one on record, and those that a check may make
Rng = np.random.Generator
# Scores of some runs of every seed, one seed a row.
Trainer = Callable[[Rng, int], np.ndarray]


def deterministic(rng: Rng, seeds: int) -> np.ndarray:
    """A seed that fixes all that is random."""
    return np.repeat(rng.normal(0.9, 0.01, (seeds, 1)), RUNS, axis=1)


def noisy(spread: float, noise: float) -> Trainer:
    """Seeds that differ, and runs of one seed that differ by the order of sums on a GPU."""
    return lambda rng, seeds: (
        rng.normal(0.9, spread, (seeds, 1)) + rng.normal(0, noise, (seeds, RUNS))
    )


def few_valued(rows: int) -> Trainer:
    """A noisy trainer whose score is the share of so many test rows."""

    def scores(rng: Rng, seeds: int) -> np.ndarray:
        right = np.clip(rng.normal(0.9, 0.01, (seeds, 1)), 0, 1)
        return rng.binomial(rows, np.repeat(right, RUNS, axis=1)) / rows

    return scores


def heavy_tailed(rng: Rng, seeds: int) -> np.ndarray:
    """Student's t with two degrees of freedom: a seed in twenty is far out."""
    return 0.9 + 0.01 * rng.standard_t(2, (seeds, RUNS))


TRAINERS: dict[str, Trainer] = {
    "deterministic": deterministic,
    "noisy, seeds differ as much as runs": noisy(0.01, 0.01),
    "noisy, runs differ a tenth as much": noisy(0.01, 0.001),
    "noisy, heavy tails": heavy_tailed,
    "noisy, share of 50 rows": few_valued(50),
    "noisy, share of 200 rows": few_valued(200),
    "noisy, share of 1,000 rows": few_valued(1000),
}


def moved(trainer: Trainer, rng: Rng, seeds: int) -> bool:
    """Whether a check of a baseline on so many seeds says that it has moved."""
    scores = trainer(rng, seeds)
    first = [float(score) for score in scores[:, 0]]
    old, *new = (float(score) for score in scores[int(rng.integers(seeds))])
    found = (compare(old, new[:runs], first) for runs in (1, 2, 3))
    return next(one for one in found if one is not None) is Found.MOVED


def attempts(rng: Rng, share: float, seeds: int, offset: float) -> list[Record]:
    """Runs of one arm of which a share fails, each repeated until it gives its score."""
    records = []
    for seed in range(1, seeds + 1):
        attempt = 1
        while rng.random() < share:
            failed = a_run(seed, 0.0, metrics={}, exit=1, failure="x", ended=Ended.EXIT)
            records.append(failed._replace(attempt=attempt))
            attempt += 1
        records.append(a_run(seed, float(rng.normal(0.9 + offset, 0.01)), attempt=attempt))
    return records


def judged(
    mine: list[Record], base: list[Record], *, bar: float = 0.005, repeats: bool = False
) -> Judgement:
    """Judge two arms; if the trainer `repeats` itself, `run` finds that out."""
    asked = registered(*LOOKS)._replace(criterion=Criterion("accuracy", bar, True))
    checks: list[Check] = []
    while True:
        judgement = judge_records(asked, base, mine, checks=checks)
        seed = seed_to_repeat(asked, judgement, mine, checks)
        if seed is None:
            return judgement
        found = Found.REPEATS if repeats else Found.DIFFERS
        checks.append(Check("c", found, mine[0].start, seed))


def held_up(
    share: float, rng: Rng, *, jobs: int = 0, gain: float = 0.0, repeats: bool = False
) -> str:
    """Why failures alter a verdict; one Ctrl-C ends so many `jobs`."""
    base = attempts(rng, share, LOOKS[-1], 0.0)
    mine = attempts(rng, share, LOOKS[-1], gain)
    mine += [
        r._replace(attempt=90, metrics={}, failure="x", ended=Ended.ABORT, batch="one")
        for r in mine[:jobs]
    ]
    judgement = judged(mine, base, repeats=repeats)
    good = judged([r for r in mine if r.ok], [r for r in base if r.ok])
    return "" if judgement.verdict is good.verdict else judgement.reason


def chosen(allowed: int, rng: Rng, below: float, share: float = 0.0) -> bool:
    """Whether a change that does nothing is confirmed by a noisy trainer that chooses.

    It fails where a draw is less than `below` better than what the baseline gave, `allowed` times
    in all and once a seed. A `share` of the baseline's runs fails, too, at random.
    """
    base = attempts(rng, share, LOOKS[-1], 0.0)
    scores = {r.seed: r.metrics["accuracy"] for r in base if r.ok}
    mine: list[Record] = []
    for seed, score in scores.items():
        draw = float(rng.normal(0.9, 0.01))
        if allowed and draw - score < below:
            allowed -= 1
            failed = a_run(seed, 0.0, metrics={}, exit=1, failure="x", ended=Ended.EXIT)
            mine.append(failed)
            draw = float(rng.normal(0.9, 0.01))
        mine.append(a_run(seed, draw, attempt=2))
    return judged(mine, base, bar=0.0).verdict is Verdict.CONFIRMED


def other_rows(rng: Rng, *, redrawn: bool) -> bool:
    """Whether honest ids are taken for other rows."""
    ids = [f"{n if redrawn else 0}" for n in range(LOOKS[-1])]
    base, mine = (
        [a_run(n + 1, float(rng.normal(0.9, 0.01)), ids=one) for n, one in enumerate(ids)]
        for _ in range(2)
    )
    design = registered(*LOOKS, widening=0.25 if redrawn else 0.0)
    return judge_records(design, base, mine).reason == "other rows were tested"


def rows(experiments: int, rng: Rng) -> Iterator[tuple[str, float]]:
    """Every kind of honest project with its share of alarms."""
    for name, trainer in TRAINERS.items():
        for seeds in LOOKS:
            found = sum(moved(trainer, rng, seeds) for _ in range(experiments))
            yield f"canary, {seeds} seeds: {name}", found / experiments
    few = max(1, experiments // 10)
    kinds = itertools.product((0.01, 0.02, 0.05), (0.0, 0.01, 0.02, 0.03), (True, False))
    for share, gain, repeats in kinds:
        reasons = [held_up(share, rng, gain=gain, repeats=repeats) for _ in range(few)]
        said = f"{share:.0%} fail, a gain of {gain:g}, {'deterministic' if repeats else 'noisy'}"
        gave_up = reasons.count("repeats failed")
        yield f"another verdict: {said}", (few - reasons.count("") - gave_up) / few
        yield f"repeats failed: {said}", gave_up / few
    for share, allowed in itertools.product((0.0, 0.2), (0, 1, 2, 4, 8, 20)):
        most = max(
            sum(chosen(allowed, rng, below, share) for _ in range(2 * few)) / (2 * few)
            for below in (-0.005, 0.0, 0.005)
        )
        said = f", {share:.0%} of the baseline's" if share else ""
        yield f"confirmed by choosing, up to {allowed} failures{said}", most
    for jobs in (1, 4, 20):
        share = sum(bool(held_up(0.0, rng, jobs=jobs)) for _ in range(few)) / few
        yield f"one Ctrl-C that ends {jobs} runs", share
    for redrawn in (False, True):
        share = sum(other_rows(rng, redrawn=redrawn) for _ in range(few)) / few
        yield f"rows: a split that {'each seed redraws' if redrawn else 'stays'}", share


def main() -> None:
    """Print the table."""
    experiments = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng = np.random.default_rng(1)
    print(f"{experiments:,} checks a row, a tenth as many experiments; share of alarms")
    for name, share in rows(experiments, rng):
        print(f"{name:64} {share:9.5f}{'' if share < AIM else '  above 1 in 200'}", flush=True)


if __name__ == "__main__":
    main()
