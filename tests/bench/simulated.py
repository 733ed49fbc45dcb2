"""Experiments drawn from trainings, judged by gitexp's own code, and averages over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import joblib
import numpy as np

from gitexp.rules.documents.outcomes import Outcomes
from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.verdict import Design, Examples, Judgement, Pair
from gitexp.statistics.examples import example_variance
from tests.bench import trained
from tests.bench.trained import Floats, Labels, Rows

RUNS = 20  # pairs of the longest experiment
TRAINED, SAMPLE, TESTED = 4_000, 20_000, 500  # rows: of training, of a huge sample, of a test set
_SET = 500  # rows of a data set whose split is redrawn
_NOTHING = 1e-12  # a difference up to this is none

T = TypeVar("T")
Told = dict[str, float]  # what came of one experiment, by what was asked


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated: parts that share no training, and what each of them holds.

    `experiments` are drawn from `seeds` trainings of both arms, or one from each of `sets` data
    sets.
    """

    parts: int
    experiments: int
    seeds: int
    sets: int
    streams: int
    chains: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """Runs of one experiment by seed and arm, the baseline's first; arrays as in a pool."""

    score: Floats
    loss: Floats
    predicted: Labels
    true: Labels
    ids: Rows

    def outcomes(self, count: int, arm: int) -> list[Outcomes]:
        """What the first seeds stored of one arm."""
        return [
            Outcomes(
                tuple(map(str, self.ids[seed].tolist())),
                {
                    "y_true": tuple(map(str, self.true[seed].tolist())),
                    "y_pred": tuple(map(str, self.predicted[seed, arm].tolist())),
                },
                self.ids.shape[1],
            )
            for seed in range(count)
        ]

    def gaining(self, effect: float) -> Experiment:
        """The same with every score of the candidate raised."""
        return replace(self, score=np.add(self.score, (0.0, effect)))

    def mended(self, share: float, rng: np.random.Generator) -> Experiment:
        """The same with each mistake of the candidate put right with probability `share`."""
        lucky = rng.random(self.true.shape) < share
        told = self.predicted.copy()
        told[:, 1] = np.where(lucky, self.true, told[:, 1])
        return replace(self, predicted=told, score=_accuracy(told, self.true))


Draw = Callable[[int, Size], Iterator[Experiment]]  # the experiments of one part


def dealt(name: str, part: int, size: Size, *, redrawn: bool = False) -> Iterator[Experiment]:
    """Experiments on shipped data; which training of a seed is the baseline's is dealt anew.

    So the true effect is 0 whatever the pool, and no seed comes twice in an experiment.
    """
    pool = trained.shipped(name, redrawn=redrawn, part=part, seeds=size.seeds)
    rng = np.random.default_rng([part, 3])
    for _ in range(2 * size.experiments):
        seeds = rng.choice(size.seeds, RUNS, replace=False)
        arms = rng.integers(0, 2, RUNS)
        at = seeds[:, None], np.stack([arms, 1 - arms], axis=1)
        yield Experiment(
            pool.score[at], pool.loss[at], pool.predicted[at], pool.true[seeds], pool.ids[seeds]
        )


def twins(name: str, part: int, size: Size, *, runs: int = RUNS) -> Iterator[Experiment]:
    """Experiments on one training set a part and test sets out of a huge sample."""
    seeds = max(runs, size.seeds // 2) if runs > 1 else 1
    predicted, true = trained.twins(name, part=part, seeds=seeds, train=TRAINED, rows=SAMPLE)
    rng = np.random.default_rng([part, 4])
    ids = np.broadcast_to(np.arange(TESTED, dtype=np.int32), (runs, TESTED))
    for number in range(size.experiments):
        begin = number * TESTED % SAMPLE
        rows = slice(begin, begin + TESTED)
        told = predicted[rng.choice(seeds, runs, replace=False), :, rows][:, :: rng.choice((-1, 1))]
        truth = np.broadcast_to(true[rows], (runs, TESTED))
        score = _accuracy(told, truth)
        yield Experiment(score, np.full_like(score, np.nan), told, truth, ids)


def resplit(name: str, part: int, size: Size, *, runs: int = RUNS) -> Iterator[Experiment]:
    """Experiments whose seeds redraw the split: one data set each, asked in both directions."""
    sets = size.sets if runs > 1 else 5 * size.sets
    for pool in trained.redrawn(name, part=part, sets=sets, rows=_SET, seeds=runs):
        for way in (1, -1):
            score, told = pool.score[:, ::way], pool.predicted[:, ::way]
            yield Experiment(score, pool.loss, told, pool.true, pool.ids)


def _accuracy(told: Labels, true: Labels) -> Floats:
    share: Floats = np.mean(told == true[:, None], axis=2)
    return share


def judged(
    design: Design, experiment: Experiment, weighed: dict[int, Examples] | None = None
) -> Judgement:
    """Judge as `gitexp run` does: look by look, examples weighed where a look asks for them.

    `weighed` keeps what they said from one design to another.
    """
    metric = design.criterion.metric
    scores = (experiment.loss if metric == "log_loss" else experiment.score).tolist()
    pairs = [Pair(seed, *row) for seed, row in enumerate(scores, start=1)]
    losses = [Pair(seed, *row) for seed, row in enumerate(experiment.loss.tolist(), start=1)]
    guards = {guard.metric: losses for guard in design.guards}
    examples = weighed if weighed is not None else {}
    judgement = judge(design, [])
    while judgement.due:
        count = judgement.due
        if design.by_examples and count not in examples:
            arms = [experiment.outcomes(count, arm) for arm in (0, 1)]
            variance, distinct = example_variance(metric, *arms)
            examples[count] = Examples(distinct, variance)
        judgement = judge(design, pairs[:count], guards=guards, examples=examples)
    return judgement


def naive_p(differences: Floats) -> float:
    """One-sided p of a plain paired t test."""
    n, mean, spread = len(differences), differences.mean(), differences.std(ddof=1)
    if spread <= _NOTHING:
        return float(mean <= _NOTHING)
    return student_t.sf(float(mean / spread) * math.sqrt(n), n - 1)


def naive_answers(experiment: Experiment, level: float) -> Told:
    """What other ways to read the same runs would have confirmed."""
    d = experiment.score[:, 1] - experiment.score[:, 0]
    right = (experiment.predicted[0] == experiment.true[0]).astype(float)
    return {
        "went up, 1": d[0] > _NOTHING,
        "went up, 5": d[:5].mean() > _NOTHING,
        "plain t": naive_p(d) <= level,
        "peeking": any(naive_p(d[:n]) <= level for n in range(3, len(d) + 1)),
        "1 run by rows": naive_p(right[1] - right[0]) <= level,
    }


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over simulated experiments, and its standard error."""

    value: float
    error: float


def estimated(parts: Sequence[Sequence[float]]) -> Estimate:
    """Average over all experiments.

    The error is that of independent experiments or, where it is larger, that of the parts: they
    share no training, so their spread holds whatever the experiments of one part have in common.
    """
    is_share = isinstance(parts[0][0], bool | np.bool_)
    values = np.concatenate([np.asarray(part, float) for part in parts])
    n = len(values)
    spread = float(values.std(ddof=1))
    if is_share and spread == 0:
        spread = 1 / math.sqrt(n)  # as if one experiment had come out otherwise
    means = [float(np.mean(part)) for part in parts]
    between = float(np.std(means, ddof=1)) / math.sqrt(len(means))
    return Estimate(float(values.mean()), max(spread / math.sqrt(n), between))


def in_parts(size: Size, one: Callable[[int], T]) -> list[T]:
    """Do the same in all parts, two at a time."""
    done: list[T] = joblib.Parallel(n_jobs=2)(joblib.delayed(one)(n) for n in range(size.parts))
    return done


def gathered(size: Size, one: Callable[[int], list[Told]]) -> dict[str, Estimate]:
    """Average over the experiments of all parts."""
    parts = in_parts(size, one)
    return {
        name: estimated([[told[name] for told in part] for part in parts]) for name in parts[0][0]
    }


Ask = Callable[[Experiment, np.random.Generator], Told]


def simulated(size: Size, ask: Ask, draw: Draw) -> dict[str, Estimate]:
    """Ask the same of every experiment."""
    return gathered(size, partial(_one_part, size, ask, draw))


def _one_part(size: Size, ask: Ask, draw: Draw, part: int) -> list[Told]:
    rng = np.random.default_rng([part, 5])
    return [ask(experiment, rng) for experiment in draw(part, size)]
