"""What several tests of one change say together: an estimate, and never a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitexp.rules.text import counted
from gitexp.rules.verdict import effects
from gitexp.rules.verdict.pooling import Estimate, apart, pool

if TYPE_CHECKING:
    from gitexp.rules.plan.precedent import Precedent
    from gitexp.rules.verdict.criterion import Criterion


@dataclass(frozen=True, slots=True)
class Together:
    """The mean effect of experiments that share no runs, with its 95 % interval.

    JSON has it as a change of the metric; in the code it is a gain, as a judgement's effect is.
    """

    effect: float
    lower: float
    upper: float
    pairs: int
    experiments: int

    def measured(self, criterion: Criterion) -> str:
        """Say what was measured, and how often."""
        interval = effects.interval(criterion, self.effect, self.lower, self.upper)
        over = f"{counted(self.experiments, 'experiment')}, {counted(self.pairs, 'pair')}"
        return f"{criterion.metric} {interval} (95 %; {over})"

    def as_change(self, criterion: Criterion) -> Together:
        """Return it as a change of the metric, as JSON shows effects, and not as a gain."""
        sign = criterion.sign
        lower, upper = sorted((sign * self.lower, sign * self.upper))
        return replace(self, effect=sign * self.effect, lower=lower, upper=upper)


def say_together(found: Together, criterion: Criterion) -> str:
    """Say it so that nobody takes it for a verdict."""
    return f"together {found.measured(criterion)}: an estimate, not a verdict"


def together(criterion: Criterion, tests: Sequence[Precedent]) -> Together | None:
    """Pool tests of the same value by the same metric and scale; None if nothing was measured."""
    alike = [
        found
        for one in tests
        if one.is_measured_by(criterion) and (found := estimate(one)) is not None
    ]
    if not alike:
        return None
    effect, reach = pool(alike)
    independent = apart(alike)
    pairs = sum(one.pairs for one in independent)
    return Together(effect, effect - reach, effect + reach, pairs, len(independent))


def estimate(one: Precedent) -> Estimate | None:
    """What one experiment measured; None where it has no figures."""
    judgement, registration = one.judgement, one.registration
    # What seeds add to a single run is another run's.
    if registration.borrowed or judgement.effect is None or not judgement.standard_error:
        return None
    sd, pairs = judgement.sd or 0.0, judgement.pairs
    error, widening = judgement.standard_error, registration.widening
    of_examples = 0.0
    if judgement.examples is not None:
        # The standard error has both parts, and the examples' part has the widening in it.
        of_examples, widening = max(0.0, error**2 - sd**2 / pairs), 0.0
    # Folds are the same data on every baseline.
    base = one.base if registration.fresh_seeds else ""
    return Estimate(
        judgement.effect, pairs, base, registration.seeds, sd, widening, of_examples,
        judgement.examples or 0,
    )  # fmt: skip
