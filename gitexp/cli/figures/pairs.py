"""The pairs of an experiment: for each seed the baseline's score and the experiment's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitexp.cli.figures.drawing import (
    LETTER,
    Drawing,
    Label,
    Mark,
    Role,
    Shape,
    Stroke,
    key,
    level_axis,
)
from gitexp.cli.figures.scale import Scale, span
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from gitexp.lab.log.seed_runs import SeedScores

MOST = 40  # pairs that are drawn
_TOP, _FOOT, _RIGHT, _KEY = 10, 24, 8, 18  # pixels around the plot, and of its key
_AXIS = 16  # pixels of the name of the axis below a picture that stands alone


def pairs(
    seeds: Sequence[SeedScores], metric: str, *, higher_is_better: bool, width: float = 360,
    height: float = 150,
    alone: bool = False,
) -> Drawing | None:  # fmt: skip
    """A column a seed, the two scores joined; None where nothing was measured.

    One that stands `alone` says what its marks and its axis are.
    """
    drawn = [one for one in seeds if one[1] is not None or one[2] is not None][:MOST]
    scores = [score for _, *both in drawn for score in both if score is not None]
    if not scores:
        return None
    top, foot = _TOP + _KEY * alone, height - _AXIS * alone
    upright = Scale(*span(scores, margin=0.1), foot - _FOOT, top)
    left, shapes = level_axis(upright, width - _RIGHT, 4)
    step = (width - left - _RIGHT) / len(drawn)
    longest = max(len(str(seed)) for seed, _, _ in drawn)
    every = -(-int(LETTER * longest + 8) // max(1, int(step)))
    better = 0
    joints: list[Stroke] = []
    marks: list[Mark] = []
    for number, (seed, before, after) in enumerate(drawn):
        x = left + step * (number + 0.5)
        if before is not None and after is not None:
            gained = (after > before) == higher_is_better and after != before
            better += gained
            role = Role.CONFIRMED if gained else Role.RULED_OUT
            joints.append(Stroke(((x, upright(before)), (x, upright(after))), role, 2))
        if before is not None:
            marks.append(Mark((x, upright(before)), Shape.RING, Role.BASELINE, 3.5))
        if after is not None:
            marks.append(Mark((x, upright(after)), Shape.DISC, Role.CANDIDATE, 3.5))
        if number % every == 0:
            shapes.append(Label((x, foot - 7), str(seed), anchor="middle"))
    joints.sort(key=lambda joint: joint.role)
    marks.sort(key=lambda mark: mark.role)
    shapes += [*joints, *marks]
    if alone:
        ring = Mark((6, 0), Shape.RING, Role.BASELINE)
        disc = Mark((6, 0), Shape.DISC, Role.CANDIDATE)
        shapes += key(left, 14, metric, [("baseline", ring), ("experiment", disc)])
        shapes.append(Label(((left + width - _RIGHT) / 2, height - 7), "seed", anchor="middle"))
    whole = sum(None not in one for one in drawn)
    left_out = f" The first {MOST} of {len(seeds)}." if len(seeds) > MOST else ""
    return Drawing(
        width, height, f"{metric}, seed by seed",
        f"The experiment is better than its baseline in {better} of"
        f" {counted(whole, 'pair')}.{left_out}",
        tuple(shapes),
    )  # fmt: skip
