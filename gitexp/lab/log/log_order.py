"""In which order a log is shown, and which of its rows, by what was measured."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gitexp.lab.tables.columns import EXPERIMENTS, Kind
from gitexp.lab.tables.experiments import experiment_row
from gitexp.rules.plan.row_filter import parse_filter
from gitexp.rules.plan.state import State
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row


class Order(enum.StrEnum):
    """What a log is sorted by: the newest, the largest gain or the best mean score first."""

    DATE = "date"
    EFFECT = "effect"
    METRIC = "metric"


def ordered(rows: Iterable[Row], order: Order) -> list[Row]:
    """Sort rows that are newest first; those without a figure come last.

    Gains are as criteria count them, so that more is better; scores are of one metric at a time.
    """
    listed = list(rows)
    if order is Order.DATE:
        return listed
    return sorted(listed, key=lambda row: _place(row, order))


def _place(row: Row, order: Order) -> tuple[bool, str, float]:
    registration, judgement = row.result.registration, row.result.judgement
    if registration is None or judgement is None:
        return True, "", 0.0
    criterion = registration.criterion
    if order is Order.EFFECT:
        effect = judgement.effect
        return effect is None, "", -(effect or 0.0)
    mean = judgement.candidate_mean
    return mean is None, criterion.metric, -criterion.sign * (mean or 0.0)


def row_condition(text: str) -> Callable[[Row], bool]:
    """Read a condition on the columns of an exported log.

    Raises:
        UsageError: the text is not one.
    """
    numbers = {Kind.COUNT, Kind.NUMBER}
    fields = {one.name: one.kind in numbers for one in EXPERIMENTS}
    condition = parse_filter(text, fields, {"state": tuple(State), "verdict": tuple(Verdict)})
    return lambda row: condition(experiment_row(row))
