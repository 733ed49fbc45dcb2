"""What a metric did from step to step: mean and band over seeds, the baseline beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitexp.cli.figures.drawing import (
    Band,
    Drawing,
    Label,
    Role,
    Stroke,
    key,
    level_axis,
)
from gitexp.cli.figures.scale import Scale, span, tick_labels
from gitexp.rules.text import counted
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.statistics.curves import Band as Averaged

_MOST, _MOST_ALONE = 24, 250  # steps that are drawn: hundreds of pictures share a page
_TOP, _FOOT, _RIGHT, _KEY = 10, 24, 12, 18  # pixels around the plot, and of its key
_AXIS = 16  # pixels of the name of the axis below a picture that stands alone


def curves(
    metric: str,
    experiment: Averaged | None,
    baseline: Averaged | None,
    *,
    width: float = 360,
    height: float = 150,
    alone: bool = False,
) -> Drawing | None:
    """Both arms over the steps; None where neither reported any.

    One that stands `alone` says what its lines and its axis are.
    """
    arms = [
        (_thinned(arm, _MOST_ALONE if alone else _MOST), role)
        for arm, role in ((baseline, Role.BASELINE), (experiment, Role.CANDIDATE))
        if arm is not None
    ]
    if not arms:
        return None
    foot = height - _AXIS * alone
    upright = Scale(
        *span((v for arm, _ in arms for v in (*arm.low, *arm.high)), margin=0.03),
        foot - _FOOT, _TOP + _KEY * alone,
    )  # fmt: skip
    left, shapes = level_axis(upright, width - _RIGHT, 4)
    steps = [step for arm, _ in arms for step in arm.steps]
    across = Scale(min(steps), max(steps), left, width - _RIGHT)
    for tick, text in zip(across.ticks(5), tick_labels(across.ticks(5)), strict=True):
        shapes.append(Label((across(tick), foot - 7), text, anchor="middle"))
    for arm, role in arms:
        places = [across(step) for step in arm.steps]
        upper = [(x, upright(y)) for x, y in zip(places, arm.high, strict=True)]
        lower = [(x, upright(y)) for x, y in zip(places, arm.low, strict=True)]
        if max(arm.runs) > 1 and len(places) > 1:
            shapes.append(Band((*upper, *reversed(lower)), role))
    for arm, role in arms:
        middle = tuple((across(x), upright(y)) for x, y in zip(arm.steps, arm.mean, strict=True))
        shapes.append(Stroke(middle, role, 1.5, dashed=role is Role.BASELINE))
    if alone:
        dashed = Stroke(((0, 0), (14, 0)), Role.BASELINE, 1.5, dashed=True)
        solid = Stroke(((0, 0), (14, 0)), Role.CANDIDATE, 1.5)
        shapes += key(left, 14, metric, [("baseline", dashed), ("experiment", solid)])
        shapes.append(Label(((left + width - _RIGHT) / 2, height - 7), "step", anchor="middle"))
    said = "; ".join(
        f"{'the baseline' if role is Role.BASELINE else 'the experiment'} ends at"
        f" {figures.number(arm.mean[-1])} after step {arm.steps[-1]}"
        f" ({counted(max(arm.runs), 'run')})"
        for arm, role in reversed(arms)
    )
    return Drawing(
        width, height, f"{metric} by step",
        f"Mean and one standard deviation over seeds: {said}.", tuple(shapes),
    )  # fmt: skip


def _thinned(arm: Averaged, most: int) -> Averaged:
    """The same curve at few enough steps to draw, its ends among them."""
    count = len(arm.steps)
    if count <= most:
        return arm
    kept = [round(place * (count - 1) / (most - 1)) for place in range(most)]
    return replace(
        arm,
        steps=tuple(arm.steps[at] for at in kept),
        mean=tuple(arm.mean[at] for at in kept),
        low=tuple(arm.low[at] for at in kept),
        high=tuple(arm.high[at] for at in kept),
        runs=tuple(arm.runs[at] for at in kept),
    )
