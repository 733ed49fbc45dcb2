"""The verdict: what paired runs say about a change, held to the criterion registered before them.

Going by "the number went up" confirms about half of all changes that do nothing, and testing anew
after every run a quarter of them. So runs are paired by seed, looks are fixed in advance, each look
spends only its share of both error sides, and the first look that decides closes the experiment.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.criterion import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitexp.rules.verdict.criterion import Criterion, Guard

RULE_OUT_LEVEL = 0.05  # one-sided error that an experiment may spend on losing an effect at the bar
FUTILE = 0.05  # chance that the last look still reaches the bar, below which runs are saved
FEWEST_PAIRS = 3  # with fewer no spread can be trusted
ROUNDING = 1e-12  # differences up to this come from floating point; relative for scores above 1
LARGEST_SCORE = 1e300  # beyond it sums overflow; no metric comes near
_Z_POWER = 0.8416212335729143  # standard normal quantile of 0.8: four times in five


class Verdict(enum.StrEnum):
    """How an experiment ends; EXPLORATORY is given to runs that skipped the gate, never judged."""

    CONFIRMED = "CONFIRMED"
    RULED_OUT = "RULED OUT"
    INCONCLUSIVE = "INCONCLUSIVE"
    EXPLORATORY = "EXPLORATORY"


@dataclass(frozen=True, slots=True)
class Design:
    """What was registered before the first run.

    `looks` are the numbers of pairs at which a verdict may fall; `level` is the one-sided error
    that all looks together may spend on a false confirmation; `widening` is n_test / n_train where
    a seed redraws the split, else 0. `seeded` is false where one run says all, so that only its
    examples tell how sure a difference is; `by_examples` asks for their spread in any case.

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

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.looks, self.looks[1:], strict=False))
        if not self.looks or self.looks[0] < 1 or not rising:
            raise ValueError(f"looks are numbers of pairs that increase from 1, not {self.looks}")
        if not self.seeded and self.looks != (1,):
            raise ValueError(f"without seeds one run says all: looks are (1,), not {self.looks}")
        _refuse_level(self.level)
        _refuse_widening(self.widening)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two scores of one seed under one condition, as the metric reports them."""

    seed: int
    baseline: float
    candidate: float


@dataclass(frozen=True, slots=True)
class Examples:
    """How far the examples carry that were tested.

    `variance` is what having tested these `count` distinct ones and no others adds to the mean
    difference, in the criterion's unit squared.
    """

    count: int
    variance: float


@dataclass(frozen=True, slots=True)
class Guarded:
    """How a guard came out; `lower` and `effect` are positive where the metric got better.

    `holds` is None where the runs cannot tell yet.
    """

    guard: Guard
    holds: bool | None
    effect: float | None = None
    lower: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the figures that it stands on; `verdict` is None while more runs are due.

    All figures belong to the first `pairs` pairs, those of look number `look` (0 and no figures
    before the first is complete); `due` is how many pairs the next look needs, None once closed.
    `effect` and its bounds are as the criterion counts (the metric's unit, or the logarithm of a
    ratio for percent), positive where the candidate is better. `spread` is the standard deviation
    of the paired differences. `level` is what this look may spend on confirming: `p` is held
    against it and `lower` is its bound, while `upper` is the bound for ruling out. `detectable` is
    the smallest effect that this look would have found. `examples` counts the distinct ones where
    they were asked. Whatever the pairs cannot support is None.
    """

    verdict: Verdict | None
    reason: str
    look: int
    pairs: int
    due: int | None
    effect: float | None = None
    spread: float | None = None
    standard_error: float | None = None
    p: float | None = None
    level: float | None = None
    lower: float | None = None
    upper: float | None = None
    detectable: float | None = None
    baseline_mean: float | None = None
    candidate_mean: float | None = None
    guards: tuple[Guarded, ...] = ()
    examples: int | None = None


def judge(
    design: Design,
    pairs: Sequence[Pair],
    failed_seeds: Sequence[int] = (),
    *,
    guards: Mapping[str, Sequence[Pair]] | None = None,
    examples: Mapping[int, Examples] | None = None,
) -> Judgement:
    """Walk the registered looks as far as the pairs go, and stop at the first that decides.

    `pairs` come in the order of the registered seeds, without a gap; those beyond a deciding look
    change nothing. `failed_seeds` are registered seeds of a look still undecided whose candidate
    run failed and could not be repeated. `guards` holds the pairs of each guarded metric, as far as
    they were reported; `examples` what a look's examples say, by its number of pairs.

    Raises:
        ValueError: a score is not a finite number, or a seed has two pairs.

    Source: Nadeau & Bengio (2003) for the standard error; both error sides are split over the looks
    in proportion to the runs that each adds, which Bonferroni's inequality makes safe.
    """
    examples = examples or {}
    for asked in (pairs, *(guards or {}).values()):
        _refuse_unusable(asked)
    judgement = Judgement(verdict=None, reason="", look=0, pairs=0, due=design.looks[0])
    for look, count in enumerate(design.looks, start=1):
        if count > len(pairs):
            break
        if design.by_examples and count not in examples:
            judgement = replace(judgement, due=count)
            break
        seen = _Look(design, look, tuple(pairs[:count]), guards or {}, examples.get(count))
        judgement = seen.judge()
        if judgement.verdict is not None:
            return judgement
    if failed_seeds:
        return _close(judgement, Verdict.INCONCLUSIVE, "repeats failed")
    return judgement


def smallest_detectable_effect(spread: float, pairs: int, widening: float, level: float) -> float:
    """Smallest true effect that a test of this design passes four times in five.

    `spread` is the standard deviation of paired differences, in the metric's own unit, as is the
    effect; `widening` is n_test / n_train where a seed redraws the split, else 0. At most 2.2 % too
    high with 3 pairs and 1 % from 5 on, never too low: the bar is not part of it.

    Raises:
        ValueError: fewer than 3 pairs, or a value out of range.

    Source: Nadeau & Bengio (2003), section 3, with the power of a one-sided t test by Abramowitz &
    Stegun (1964), 26.7.10.
    """
    if pairs < FEWEST_PAIRS:
        raise ValueError(f"{pairs} pairs show no spread that can be trusted; it takes 3")
    if not 0 <= spread < math.inf:
        raise ValueError(f"a spread is a finite number of at least 0, not {spread}")
    _refuse_level(level)
    _refuse_widening(widening)
    return _detectable(_standard_error(spread, pairs, widening), pairs - 1, level)


def _detectable(error: float, df: int, level: float) -> float:
    threshold = -student_t.ppf(level, df)
    errors = threshold * (1 - 1 / (4 * df)) + _Z_POWER * math.sqrt(1 + threshold**2 / (2 * df))
    return errors * error


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the first pairs: their figures, and a verdict where it decides."""

    design: Design
    number: int
    pairs: tuple[Pair, ...]
    guarded: Mapping[str, Sequence[Pair]]
    examples: Examples | None

    @property
    def share(self) -> float:
        """Part of both error sides that this look may spend."""
        looks = self.design.looks
        before = looks[self.number - 2] if self.number > 1 else 0
        return (len(self.pairs) - before) / looks[-1]

    def judge(self) -> Judgement:
        """Decide, if this look can; the last one always does."""
        design, pairs, n = self.design, self.pairs, len(self.pairs)
        last = self.number == len(design.looks)
        seen = Judgement(
            verdict=None,
            reason="",
            look=self.number,
            pairs=n,
            due=None if last else design.looks[self.number],
            level=design.level * self.share,
            baseline_mean=math.fsum(pair.baseline for pair in pairs) / n,
            candidate_mean=math.fsum(pair.candidate for pair in pairs) / n,
            examples=None if self.examples is None else self.examples.count,
        )
        try:
            differences = [design.criterion.difference(p.baseline, p.candidate) for p in pairs]
        except ValueError:
            return _close(seen, Verdict.INCONCLUSIVE, "not positive")
        effect = math.fsum(differences) / n
        seen = replace(seen, effect=effect)
        if design.seeded and n < FEWEST_PAIRS:
            return _close(seen, Verdict.INCONCLUSIVE, "unreplicated") if last else seen
        # Scores near a million carry rounding of 1e-10, so that a deterministic trainer's
        # differences are not quite equal: taken for replicates that agree to ten digits, they
        # confirm anything.
        rounding = ROUNDING * max(1.0, *(max(abs(p.baseline), abs(p.candidate)) for p in pairs))
        if design.seeded:
            seen = replace(seen, spread=_spread(differences))
        if all(abs(p.candidate - p.baseline) <= rounding for p in pairs):
            return _close(seen, Verdict.RULED_OUT, "identical output")
        if design.criterion.scale is Scale.PERCENT:
            rounding = ROUNDING
        error, df = self._error(seen.spread)
        if df < FEWEST_PAIRS - 1:
            return _close(seen, Verdict.INCONCLUSIVE, "unreplicated")
        if (error if seen.spread is None else seen.spread) <= rounding:
            return _close(seen, Verdict.INCONCLUSIVE, "zero variance")
        return self._weigh(seen, effect, error, df, rounding)

    def _error(self, spread: float | None) -> tuple[float, int]:
        """Standard error of the mean difference, and its degrees of freedom."""
        n, widening, of_examples = len(self.pairs), self.design.widening, 0.0
        if self.examples is not None:
            of_examples = self.examples.variance * (1 + widening)
        if spread is None:
            return math.sqrt(of_examples), self.examples.count - 1 if self.examples else 0
        if self.examples is not None:
            return math.hypot(math.sqrt(of_examples), spread / math.sqrt(n)), n - 1
        return _standard_error(spread, n, widening), n - 1

    def _weigh(
        self, seen: Judgement, effect: float, error: float, df: int, rounding: float
    ) -> Judgement:
        """Hold an effect that varies against the bar and against both levels of its look."""
        criterion = self.design.criterion
        level, other_level = self.design.level * self.share, RULE_OUT_LEVEL * self.share
        p = student_t.sf(effect / error, df)
        lower = effect + student_t.ppf(level, df) * error
        upper = effect - student_t.ppf(other_level, df) * error
        guards = tuple(self._guard(guard, other_level) for guard in self.design.guards)
        seen = replace(
            seen,
            standard_error=error,
            p=p,
            lower=lower,
            upper=upper,
            detectable=_detectable(error, df, level),
            guards=guards,
        )
        reaches_bar = effect >= criterion.bar - rounding
        passes = p <= level and reaches_bar
        if passes and all(guard.holds for guard in guards):
            strong = lower >= criterion.bar - rounding
            return _close(seen, Verdict.CONFIRMED, "strong" if strong else "")
        if upper < criterion.bar:
            harmful = upper < 0 and criterion.scale is not Scale.CONSTANT
            return _close(seen, Verdict.RULED_OUT, "harmful" if harmful else "below the bar")
        if any(guard.holds is False for guard in guards):
            return _close(seen, Verdict.RULED_OUT, "guard broken")
        if seen.due is not None:
            # Chance that the mean of all registered pairs reaches the bar, given these ones alone.
            n, spread = len(self.pairs), seen.spread or 0.0
            ahead = spread * math.sqrt(1 / n - 1 / self.design.looks[-1])
            if student_t.normal_cdf((effect - criterion.bar) / ahead) < FUTILE:
                return _close(seen, Verdict.INCONCLUSIVE, "futile")
            return seen
        if passes:
            return _close(seen, Verdict.INCONCLUSIVE, "guard not shown")
        if p <= level:
            return _close(seen, Verdict.INCONCLUSIVE, "real but below the bar")
        # Alone, the experiment would have had the customary 5 %, spent over the same looks.
        if p <= other_level and reaches_bar:
            return _close(seen, Verdict.INCONCLUSIVE, "passes alone but not at its level")
        return _close(seen, Verdict.INCONCLUSIVE, "too noisy")

    def _guard(self, guard: Guard, level: float) -> Guarded:
        """Hold a guard's own lower bound against its margin; no spread means no doubt."""
        seeds, n = {pair.seed for pair in self.pairs}, len(self.pairs)
        pairs = [pair for pair in self.guarded.get(guard.metric, ()) if pair.seed in seeds]
        try:
            differences = [guard.difference(pair.baseline, pair.candidate) for pair in pairs]
        except ValueError:
            return Guarded(guard, None)
        if len(differences) < n:
            return Guarded(guard, None)
        effect = math.fsum(differences) / n
        reach = 0.0
        if n > 1 and (spread := _spread(differences)):
            error = _standard_error(spread, n, self.design.widening)
            reach = -student_t.ppf(level, n - 1) * error
        slack = ROUNDING * max(1.0, *(abs(d) for d in differences))
        holds = None
        if effect - reach >= -guard.margin - slack:
            holds = True
        elif effect + reach < -guard.margin:
            holds = False
        return Guarded(guard, holds, effect, effect - reach)


def _spread(differences: Sequence[float]) -> float:
    """Standard deviation; hypot neither overflows nor loses the small squares of a plain sum."""
    mean = math.fsum(differences) / len(differences)
    return math.hypot(*(d - mean for d in differences)) / math.sqrt(len(differences) - 1)


def _close(seen: Judgement, verdict: Verdict, reason: str) -> Judgement:
    return replace(seen, verdict=verdict, reason=reason, due=None)


def _standard_error(spread: float, pairs: int, widening: float) -> float:
    return spread * math.sqrt(1 / pairs + widening)


def _refuse_unusable(pairs: Sequence[Pair]) -> None:
    seeds: set[int] = set()
    for pair in pairs:
        # Written so that NaN, which compares as false, is refused too.
        if not (abs(pair.baseline) <= LARGEST_SCORE and abs(pair.candidate) <= LARGEST_SCORE):
            scores = f"{pair.baseline} and {pair.candidate}"
            raise ValueError(f"seed {pair.seed}: {scores} are not two scores within +-1e300")
        if pair.seed in seeds:
            raise ValueError(f"seed {pair.seed} has two pairs; a seed counts once")
        seeds.add(pair.seed)


def _refuse_level(level: float) -> None:
    if not 0 < level <= 0.5:
        raise ValueError(f"a one-sided level lies above 0 and at most at 0.5, not at {level}")


def _refuse_widening(widening: float) -> None:
    if not 0 <= widening < math.inf:
        raise ValueError(f"widening is n_test / n_train or 0, not {widening}")
