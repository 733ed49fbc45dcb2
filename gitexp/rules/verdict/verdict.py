"""What a verdict is made of: the registered design, the pairs, and the judgement on them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict.criterion import Scale
from gitexp.rules.verdict.ranges import refuse_level, refuse_widening

if TYPE_CHECKING:
    from gitexp.rules.verdict.criterion import Criterion, Guard

LARGEST_SCORE = 1e300  # beyond it sums overflow; no metric comes near


class Verdict(enum.StrEnum):
    """How an experiment ends; EXPLORATORY is given to runs that skipped the gate, never judged."""

    CONFIRMED = "CONFIRMED"
    RULED_OUT = "RULED OUT"
    INCONCLUSIVE = "INCONCLUSIVE"
    EXPLORATORY = "EXPLORATORY"


@dataclass(frozen=True, slots=True)
class Design:
    """What was registered before the first run.

    `looks` are the numbers of pairs at which a verdict may be reached; `level` is the one-sided
    error that all looks together may spend on a false confirmation; `widening` is n_test / n_train
    where a seed redraws the split, else 0. `seeded` is false where every run gives the same, so
    that only its examples tell how sure a difference is; `by_examples` asks for them in any case.
    `borrowed` is the number of baseline runs that a single run is compared with, 0 where runs are
    paired. `rules` is the version of the rules of verdict.

    Raises:
        ValueError: a value is out of range.
    """

    criterion: Criterion
    looks: tuple[int, ...]
    level: float
    widening: float
    guards: tuple[Guard, ...] = ()
    seeded: bool = True
    by_examples: bool = False
    borrowed: int = 0
    rules: int = 1

    @property
    def needs_whole_baseline(self) -> bool:
        """Whether a look needs the baseline's runs of all registered seeds."""
        constant = self.criterion.scale is Scale.CONSTANT
        return self.rules > 1 and self.seeded and (constant or bool(self.borrowed))

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.looks, self.looks[1:], strict=False))
        if not self.looks or self.looks[0] < 1 or not rising:
            raise ValueError(f"looks are increasing numbers of pairs from 1 on, not {self.looks}")
        if not self.seeded and self.looks != (1,):
            raise ValueError(f"without seeds one run is enough: looks are (1,), not {self.looks}")
        refuse_level(self.level)
        refuse_widening(self.widening)


class Pair(NamedTuple):
    """Two scores of one seed under one condition, as the metric reports them."""

    seed: int
    baseline: float
    candidate: float


@dataclass(frozen=True, slots=True)
class Examples:
    """How much of a difference may be due to which examples were tested.

    `variance` is the variance of the mean difference that comes from having tested these `count`
    distinct examples and no others, in the criterion's unit squared.
    """

    count: int
    variance: float


class GuardOutcome(NamedTuple):
    """How a guard came out; `effect` and `lower` are positive where the metric got better.

    `holds` is None where the runs cannot tell yet.
    """

    guard: Guard
    holds: bool | None
    effect: float | None = None
    lower: float | None = None


class SingleRuns(NamedTuple):
    """How many seeds of a look are better with the change, and how many are not, each by itself.

    `first_better` is whether the first registered seed alone would have kept the change.
    """

    better: int
    not_better: int
    first_better: bool

    @property
    def seeds(self) -> int:
        """How many seeds were judged."""
        return self.better + self.not_better


class Judgement(NamedTuple):
    """A verdict with the figures that it rests on; `verdict` is None while more runs are due.

    All figures belong to the first `pairs` pairs, those of look number `look` (0 and no figures
    before the first is complete); `due` is how many pairs the next look needs, None once decided.
    `reason` is a key that words.meaning puts into plain words. `effect` and its bounds are as the
    criterion counts (the metric's unit, or the logarithm of a ratio for percent), positive where
    the candidate is better. `sd` is the standard deviation of the paired differences, or what seeds
    add to the difference of a single run. `level` is what this look may spend on confirming: `p` is
    compared with it and `lower` is its bound, while `upper` is the bound for ruling out.
    `detectable` is the minimum detectable effect of this look. `examples` counts the distinct ones
    where they were asked for. `detail` says in a sentence what led to a reason that has no figures.
    `block` is how many runs the baseline's next block of seeds lacks, where only they can decide.
    `code` says what is known of the code commit, if there is one; `unproven` is on how many seeds
    it must still be proven neutral, where only that can decide. `single_runs` is what each seed
    alone would have said. `failed` is how many of the experiment's runs failed by themselves.
    Whatever the pairs cannot support is None.
    """

    verdict: Verdict | None
    reason: str
    look: int
    pairs: int
    due: int | None
    effect: float | None = None
    sd: float | None = None
    standard_error: float | None = None
    p: float | None = None
    level: float | None = None
    lower: float | None = None
    upper: float | None = None
    detectable: float | None = None
    baseline_mean: float | None = None
    candidate_mean: float | None = None
    guards: tuple[GuardOutcome, ...] = ()
    examples: int | None = None
    detail: str = ""
    block: int = 0
    code: str = ""
    unproven: int = 0
    single_runs: SingleRuns | None = None
    failed: int = 0


def close(seen: Judgement, verdict: Verdict, reason: str) -> Judgement:
    """Decide by the figures of a look: no further one is due."""
    return seen._replace(verdict=verdict, reason=reason, due=None)
