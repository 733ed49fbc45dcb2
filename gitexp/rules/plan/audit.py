"""Which recorded wins would stand: kept changes against the noise between repeats, and luck.

Each figure with its formula is in docs/audit.md.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from gitexp.rules.plan.past_runs import Configuration, Kept, PastRun, Win, configurations, wins
from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.paired_t import (
    FEWEST_PAIRS,
    smallest_detectable_effect,
    standard_deviation,
)

LEVEL = 0.05  # one-sided: how often nothing looks like a gain
RETEST_LEVEL = 0.005  # what gitexp asks of an experiment, one of 20 in a campaign
RETESTS = 3
MOST_REPEATS = 100
_ASSUMED = 5  # rows of the table
_REACH = 10.0  # standard deviations; beyond them lies less than rounding
_STEPS = 2_000


class Worth(enum.Enum):
    """What a win is worth against the noise."""

    STANDS = "stands"
    LUCK = "could be luck"
    NOISE = "within noise"


@dataclass(frozen=True, slots=True)
class PooledNoise:
    """Standard deviation between repeats, pooled over configurations that have some.

    `df` is infinite where the standard deviation is assumed.
    """

    sd: float
    df: float = math.inf
    configurations: int = 0

    def reach(self, level: float) -> float:
        """Standard deviations beyond which chance alone gets with this probability."""
        if math.isinf(self.df):
            return -NormalDist().inv_cdf(level)
        return -student_t.ppf(level, self.df)


@dataclass(frozen=True, slots=True)
class Judged:
    """A win and what it is worth; None where the noise is unknown."""

    win: Win
    worth: Worth | None


@dataclass(frozen=True, slots=True)
class Retest:
    """A win to test again; `pairs` would confirm its gain, None for over 100 or unknown noise."""

    win: Win
    pairs: int | None


@dataclass(frozen=True, slots=True)
class Assumed:
    """How many wins would stand, and how many would be noise, at a standard deviation of `sd`.

    `best_of` is what the best of all tries would then gain by luck.
    """

    sd: float
    stand: int
    noise: int
    best_of: float


@dataclass(frozen=True, slots=True)
class Audit:
    """What a record of runs shows.

    `tries` counts configurations with a score after the first, `failed` runs without one. `by_luck`
    is the expected gain of the best of all tries if none did anything, in standard deviations of
    one run. `equal` counts repeated configurations where all repeats
    agree to the last digit, which shows no noise.
    """

    metric: str
    higher_is_better: bool
    tried: tuple[Configuration, ...]
    failed: int
    noise: PooledNoise | None
    equal: int
    wins: tuple[Judged, ...]
    by_luck: float
    assumed: tuple[Assumed, ...]
    retests: tuple[Retest, ...]

    @property
    def tries(self) -> int:
        """Configurations that were compared with the first."""
        return len(self.tried) - 1

    def counted(self, worth: Worth) -> int:
        """How many wins are of that kind."""
        return sum(one.worth is worth for one in self.wins)


def audit(runs: Sequence[PastRun], metric: str, *, higher_is_better: bool) -> Audit:
    """Judge what was kept in a record with at least two configurations that have a score."""
    tried = configurations(runs, metric)
    noise, equal = _noise(tried)
    tries = max(1, len(tried) - 1)
    kept = wins(tried, higher_is_better=higher_is_better)
    judged = tuple(judge(win, noise, tries) for win in kept)
    return Audit(
        metric=metric,
        higher_is_better=higher_is_better,
        tried=tried,
        failed=sum(metric not in run.scores or run.kept is Kept.FAILED for run in runs),
        noise=noise,
        equal=equal,
        wins=judged,
        by_luck=best_of(tries),
        assumed=() if noise else _table(kept, tries),
        retests=_to_retest(judged, noise),
    )


def _noise(tried: Sequence[Configuration]) -> tuple[PooledNoise | None, int]:
    repeated = [one.scores for one in tried if len(one.scores) > 1]
    if all(min(scores) == max(scores) for scores in repeated):  # rounding would make it a tiny sd
        return None, len(repeated)
    df = sum(len(scores) - 1 for scores in repeated)
    # hypot, because the square of a large score may be too large for a number.
    root = math.hypot(*(standard_deviation(s) * math.sqrt(len(s) - 1) for s in repeated))
    return PooledNoise(root / math.sqrt(df), df, len(repeated)), 0


def judge(win: Win, noise: PooledNoise | None, tries: int) -> Judged:
    """Hold a win against the noise of one comparison, and against that of the luckiest of all."""
    if noise is None:
        return Judged(win, None)
    error = noise.sd * win.widening
    if win.gain <= noise.reach(LEVEL) * error:
        worth = Worth.NOISE
    elif win.gain <= noise.reach(LEVEL / tries) * error:
        worth = Worth.LUCK
    else:
        worth = Worth.STANDS
    return Judged(win, worth)


def pairs_to_confirm(gain: float, sd: float) -> int | None:
    """Fewest pairs of runs that confirm such a true gain four times in five; None for over 100.

    `sd` is that of one run: the difference of two that share nothing has sqrt(2) times as much.
    """
    if gain <= 0:
        return None
    return next(
        (
            pairs
            for pairs in range(FEWEST_PAIRS, MOST_REPEATS + 1)
            if smallest_detectable_effect(sd * math.sqrt(2), pairs, 0, RETEST_LEVEL) <= gain
        ),
        None,
    )


def _table(kept: Sequence[Win], tries: int) -> tuple[Assumed, ...]:
    """Standard deviations from where all wins stand to where none does, in even ratios."""
    reach = PooledNoise(1.0).reach(LEVEL / tries)
    limits = sorted(win.gain / (reach * win.widening) for win in kept if win.gain > 0)
    if not limits:
        return ()
    low, high = limits[0] * 0.9, limits[-1] * 1.1
    return tuple(
        _assume(low * (high / low) ** (step / (_ASSUMED - 1)), kept, tries)
        for step in range(_ASSUMED)
    )


def _assume(sd: float, kept: Sequence[Win], tries: int) -> Assumed:
    rounded = float(f"{sd:.1e}")
    found = [judge(win, PooledNoise(rounded), tries).worth for win in kept]
    return Assumed(
        rounded, found.count(Worth.STANDS), found.count(Worth.NOISE), rounded * best_of(tries)
    )


def _to_retest(judged: Sequence[Judged], noise: PooledNoise | None) -> tuple[Retest, ...]:
    """The largest gains that do not stand: the likeliest to be real, and the cheapest to test."""
    doubtful = [one.win for one in judged if one.worth is not Worth.STANDS and one.win.gain > 0]
    largest = sorted(doubtful, key=lambda win: -win.gain)[:RETESTS]
    return tuple(
        Retest(win, pairs_to_confirm(win.gain, noise.sd) if noise else None) for win in largest
    )


def best_of(tries: int) -> float:
    """Expected maximum of so many standard normal draws, to nine digits.

    The integral of 1 - F(x)^N above 0 less that of F(x)^N below it, by Simpson's rule.

    Raises:
        ValueError: there is not a single draw.
    """
    if tries < 1:
        raise ValueError(f"the best of {tries} draws does not exist")
    if tries == 1:
        return 0.0  # the sum below leaves 1e-19, which would be shown
    width = _REACH / _STEPS
    terms = (
        (1 if at in {0, _STEPS} else 4 if at % 2 else 2) * _either_side(at * width, tries)
        for at in range(_STEPS + 1)
    )
    return math.fsum(terms) * width / 3


def _either_side(x: float, tries: int) -> float:
    """1 - F(x)^N - F(-x)^N for `x` >= 0, without the digits that 1 - F(x) would lose."""
    tail = math.erfc(x / math.sqrt(2)) / 2
    return -math.expm1(tries * math.log1p(-tail)) - math.pow(tail, tries)
