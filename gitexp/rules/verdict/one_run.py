"""One run of the experiment against several of the baseline, for training that takes days.

Nobody can see how much the runs of a change vary when there is only one. So the spread over seeds
is borrowed from the baseline's runs, and what the run decides must also hold if those of the change
vary up to twice as much. Such a verdict is never strong.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.guard import ROUNDING
from gitexp.rules.verdict.judge import RULE_OUT_LEVEL
from gitexp.rules.verdict.paired_t import errors_to_pass, satterthwaite, standard_deviation
from gitexp.rules.verdict.ties import about_same_shift
from gitexp.rules.verdict.verdict import Judgement, Verdict, close

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.verdict.verdict import Design, Examples

NOISIER = 2.0  # times the baseline's standard deviation that runs of the change may have
ONLY_IF_STEADY = "rests on the borrowed spread"
BORROWED = "seed spread borrowed"


def judge_one_run(
    design: Design,
    candidate: float | None,
    baseline: Sequence[float],
    examples: Examples | None,
    *,
    failed: bool = False,
    identical: bool = False,
) -> Judgement:
    """Compare one score of the experiment with the mean of all that lend it their spread.

    `examples` is the variance of this difference that comes from the examples tested. `failed` says
    that the run failed and could not be repeated, `identical` that it predicted the same as the
    baseline's run on its seed.

    Raises:
        ValueError: fewer than 3 runs of the baseline lend their spread.
    """
    seen = Judgement(verdict=None, reason="", look=0, pairs=0, due=1)
    if failed:
        return close(seen, Verdict.INCONCLUSIVE, "repeats failed")
    if candidate is None or examples is None or len(baseline) < design.borrowed:
        return seen
    seen = seen._replace(
        look=1,
        pairs=1,
        level=design.level,
        baseline_mean=math.fsum(baseline) / len(baseline),
        candidate_mean=candidate,
        examples=examples.count,
    )
    try:
        differences = [design.criterion.difference(score, candidate) for score in baseline]
    except ValueError:
        return close(seen, Verdict.INCONCLUSIVE, "not positive")
    effect, of_seed = math.fsum(differences) / len(differences), standard_deviation(differences)
    borrowed = _Borrowed(of_seed, len(differences), examples)
    seen = seen._replace(effect=effect, sd=borrowed.sd)
    if identical:
        return close(seen, Verdict.RULED_OUT, "identical output")
    if of_seed <= ROUNDING * max(abs(candidate), *map(abs, baseline)):
        seen = seen._replace(detail=about_same_shift(baseline))
        return close(seen, Verdict.INCONCLUSIVE, "zero variance")
    return _weigh(design, seen, effect, borrowed)


def detectable_by_one_run(of_seed: float, lenders: int, examples: Examples, level: float) -> float:
    """Smallest effect that one run confirms four times in five, if the change is as steady.

    `of_seed` is the standard deviation of one of the `lenders` runs of the baseline.
    """
    return _Borrowed(of_seed, lenders, examples).detectable(level)


class _Borrowed(NamedTuple):
    """What the difference of one run from the mean of several would vary by if nothing changed.

    `of_seed` is the standard deviation of one of the `lenders` runs.
    """

    of_seed: float
    lenders: int
    examples: Examples

    @property
    def sd(self) -> float:
        """Standard deviation of the difference over seeds, if the change is as steady."""
        return self.of_seed * math.sqrt(1 + 1 / self.lenders)

    def error(self) -> tuple[float, float]:
        """Standard error of the difference, if the change is as steady, and its freedom."""
        return satterthwaite(
            (math.sqrt(self.examples.variance), self.examples.count - 1),
            (self.sd, self.lenders - 1),
        )

    def reach_if_noisier(self, level: float) -> float:
        """How far from 0 an effect must be if runs of the change vary `NOISIER` times as much.

        Satterthwaite's approximation is too bold for this in the far tails: of do-nothing changes
        0.9 % pass at 0.5 %. This critical value is never too low.

        Source: Cochran & Cox (1950), Experimental designs, section 4.14.
        """
        of_examples = self.examples.variance
        of_seeds = self.of_seed**2 * (NOISIER**2 + 1 / self.lenders)
        weighed = of_examples * student_t.ppf(level, max(1, self.examples.count - 1))
        weighed += of_seeds * student_t.ppf(level, self.lenders - 1)
        return -weighed / math.sqrt(of_examples + of_seeds)

    def detectable(self, level: float) -> float:
        """Smallest effect that is confirmed four times in five, if the change is as steady."""
        error, df = self.error()
        return error * errors_to_pass(self.reach_if_noisier(level) / error, df) if error else 0.0


def _weigh(design: Design, seen: Judgement, effect: float, borrowed: _Borrowed) -> Judgement:
    level, bar = design.level, design.criterion.bar
    error, df = borrowed.error()
    upper = effect - student_t.ppf(RULE_OUT_LEVEL, df) * error
    reach = borrowed.reach_if_noisier(level)
    seen = seen._replace(
        standard_error=error,
        p=(p := student_t.sf(effect / error, df)),
        lower=effect + student_t.ppf(level, df) * error,
        upper=upper,
        detectable=borrowed.detectable(level),
    )
    reaches_bar = effect >= bar - ROUNDING
    if p <= level and reaches_bar:
        if effect >= reach:
            return close(seen, Verdict.CONFIRMED, BORROWED)
        return close(seen, Verdict.INCONCLUSIVE, ONLY_IF_STEADY)
    if upper < bar:
        if effect + borrowed.reach_if_noisier(RULE_OUT_LEVEL) < bar:
            return close(seen, Verdict.RULED_OUT, "harmful" if upper < 0 else "below the bar")
        return close(seen, Verdict.INCONCLUSIVE, ONLY_IF_STEADY)
    if p <= level:
        return close(seen, Verdict.INCONCLUSIVE, "real, size uncertain")
    if p <= RULE_OUT_LEVEL and reaches_bar:
        return close(seen, Verdict.INCONCLUSIVE, "passes alone but not at its level")
    return close(seen, Verdict.INCONCLUSIVE, "too noisy")
