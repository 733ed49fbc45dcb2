"""What success means, and what must not get worse: read from one line, turned into differences.

    accuracy +0.005     must rise by at least 0.005
    rmse -2%            must fall by at least 2 %, measured as the logarithm of the ratio
    accuracy >= 0.97    must reach a constant, whatever the baseline scores

The same lines are used as guards. There the sign says which way is worse: `latency_ms +5%` may rise
by up to 5 %.
"""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass

from gitexp.errors import UsageError

_NUMBER = r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
_METRIC = r"([^\s=,:+<>%]+)"
_CHANGE = re.compile(rf"{_METRIC}\s+([+\-−])\s*{_NUMBER}\s*(%?)")
_CONSTANT = re.compile(rf"{_METRIC}\s*(>=|<=|≥|≤)\s*([+\-−]?){_NUMBER}")
_ABOVE, _BELOW = (">=", "≥"), ("<=", "≤")
_EXAMPLES = '"accuracy +0.005", "rmse -2%" or "accuracy >= 0.97"'


class Scale(enum.StrEnum):
    """On which scale two scores are compared."""

    DIFFERENCE = "difference"
    PERCENT = "percent"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Criterion:
    """How far `metric` must move, and which way.

    `amount` is in the metric's unit (0 or more), in percent (0 or more; under 100 where lower is
    better), or the constant that must be reached.

    Raises:
        ValueError: the amount is out of range.
    """

    metric: str
    amount: float
    higher_is_better: bool
    scale: Scale = Scale.DIFFERENCE

    def __post_init__(self) -> None:
        most = math.inf
        if self.scale is Scale.PERCENT and not self.higher_is_better:
            most = 100.0
        least = -math.inf if self.scale is Scale.CONSTANT else 0.0
        if not least <= self.amount < most or math.isinf(self.amount):
            raise ValueError(f"the bar is a finite effect of at least 0, not {self.amount}")

    def __str__(self) -> str:
        return f"{self.metric} {self.target}"

    @property
    def target(self) -> str:
        """What the metric must do, as people type it: `+0.005`, `-2%` or `>= 0.97`."""
        if self.scale is Scale.CONSTANT:
            relation = ">=" if self.higher_is_better else "<="
            return f"{relation} {number_written(self.amount)}"
        sign = "+" if self.higher_is_better else "-"
        unit = "%" if self.scale is Scale.PERCENT else ""
        return f"{sign}{number_written(self.amount)}{unit}"

    @classmethod
    def parse(cls, text: str) -> Criterion:
        """Read a criterion as people type it.

        Raises:
            UsageError: the text is not one.
        """
        found = _CHANGE.fullmatch(text.strip()) or _CONSTANT.fullmatch(text.strip())
        try:
            if found is None or not found[1].isprintable():
                raise ValueError(text)  # noqa: TRY301 - one exit for every text that is not a criterion
            if found[2] in _ABOVE + _BELOW:
                constant = float(found[4]) * (-1 if found[3] in {"-", "−"} else 1)
                return cls(found[1], constant, found[2] in _ABOVE, Scale.CONSTANT)
            scale = Scale.PERCENT if found[4] else Scale.DIFFERENCE
            return cls(found[1], float(found[3]), found[2] == "+", scale)
        except ValueError:
            raise UsageError(
                f"{text!r} is not a criterion",
                f"write a metric and what it must do: {_EXAMPLES}",
            ) from None

    @property
    def bar(self) -> float:
        """Smallest mean of `difference` that counts as success; 0 against a constant."""
        if self.scale is Scale.CONSTANT:
            return 0.0
        if self.scale is Scale.DIFFERENCE:
            return self.amount
        share = self.amount / 100
        return math.log1p(share) if self.higher_is_better else -math.log1p(-share)

    def unit_at(self, baseline: float) -> float:
        """What one unit of its differences is in the metric's unit, at a baseline's score."""
        return abs(baseline) if self.scale is Scale.PERCENT else 1.0

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.higher_is_better else -1

    def difference(self, baseline: float, candidate: float) -> float:
        """How much better the candidate is than what it is compared with.

        In the metric's unit, or the logarithm of the ratio for percent.

        Raises:
            ValueError: a score of 0 or less has no ratio.
        """
        if self.scale is Scale.CONSTANT:
            return self.sign * (candidate - self.amount)
        if self.scale is Scale.DIFFERENCE:
            return self.sign * (candidate - baseline)
        if baseline <= 0 or candidate <= 0:
            raise ValueError(f"{baseline:g} and {candidate:g} have no ratio")
        return self.sign * (math.log(candidate) - math.log(baseline))


@dataclass(frozen=True, slots=True)
class Guard:
    """A metric that must not get worse by more than a margin; `limit` is written in that direction.

    `latency_ms +5%` may rise by up to 5 %; `latency_ms <= 100` must hold whatever it was before.
    """

    limit: Criterion

    def __str__(self) -> str:
        return str(self.limit)

    @classmethod
    def parse(cls, text: str) -> Guard:
        """Read a guard as people type it.

        Raises:
            UsageError: the text is not one.
        """
        try:
            return cls(Criterion.parse(text))
        except UsageError:
            raise UsageError(
                f"{text.strip()!r} is not a guard",
                'write a metric and how far it may get worse: "latency_ms +5%", "recall -0.01", or'
                ' what must hold: "latency_ms <= 100"',
            ) from None

    @property
    def metric(self) -> str:
        """The metric guarded."""
        return self.limit.metric

    @property
    def margin(self) -> float:
        """How far below 0 the mean of `difference` may lie."""
        return self.limit.bar

    def difference(self, baseline: float, candidate: float) -> float:
        """How much better the candidate is; errors and units as for a criterion."""
        better = self.limit.difference(baseline, candidate)
        return better if self.limit.scale is Scale.CONSTANT else -better


def parse_guards(text: str) -> tuple[Guard, ...]:
    """Read the guards of a trailer, separated by commas.

    Raises:
        UsageError: one of them is not a guard, or a metric is guarded twice.
    """
    guards = tuple(Guard.parse(part) for part in text.split(",") if part.strip())
    metrics = [guard.metric for guard in guards]
    for metric in metrics:
        if metrics.count(metric) > 1:
            raise UsageError(f"{metric} is guarded twice", "use one guard per metric")
    return guards


def number_written(value: float) -> str:
    """Write a number briefly where that is exact, else with all of its digits."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
