"""Whether a guard holds: a metric that the criterion is not about must not get worse."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gitexp.rules.verdict import student_t
from gitexp.rules.verdict.paired_t import standard_deviation, standard_error
from gitexp.rules.verdict.ties import Ties, room
from gitexp.rules.verdict.verdict import Design, GuardOutcome, Pair

if TYPE_CHECKING:
    from gitexp.rules.verdict.criterion import Guard

TiesOf = Callable[[str, int], Ties]  # what is known of equal scores, by metric and number of pairs

ROUNDING = 1e-12  # differences up to this come from floating point; relative for scores above 1


def judge_guard(
    design: Design, guard: Guard, pairs: Sequence[Pair], ties: TiesOf, level: float
) -> GuardOutcome:
    """Compare the lower bound of a guard's metric with its margin, on all pairs of a look.

    Where all pairs agree the bound is their mean under rules 1, and under rules 2 less what the
    metric is too coarse to show.
    """
    try:
        differences = [guard.difference(pair.baseline, pair.candidate) for pair in pairs]
    except ValueError:
        return GuardOutcome(guard, None)
    n = len(differences)
    effect = math.fsum(differences) / n
    reach = 0.0
    if n > 1 and (sd := standard_deviation(differences)):
        reach = -student_t.ppf(level, n - 1) * standard_error(sd, n, design.widening)
    elif n > 1 and design.rules > 1:
        known = ties(guard.metric, n)
        reach = 0.0 if known.identical else room(known.coarsest, n, level)
        if math.isinf(reach):
            return GuardOutcome(guard, None, effect)
    slack = ROUNDING * max(1.0, *(abs(d) for d in differences))
    holds = None
    if effect - reach >= -guard.margin - slack:
        holds = True
    elif effect + reach < -guard.margin:
        holds = False
    return GuardOutcome(guard, holds, effect, effect - reach)
