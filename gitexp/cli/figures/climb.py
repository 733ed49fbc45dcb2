"""The climb: the metric over time, a step for each accepted experiment, a mark for each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gitexp.cli.figures.drawing import (
    BOLD,
    LETTER,
    Drawing,
    Drawn,
    Label,
    Mark,
    Point,
    Role,
    Stroke,
    cut,
    drawn_as,
    key,
    level_axis,
    middled,
    verdict_entries,
)
from gitexp.cli.figures.scale import Scale, time_ticks, usual
from gitexp.cli.views.log_cells import fitted_change
from gitexp.rules.text import counted
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.cli.figures.measured import Measured
    from gitexp.lab.standing.goals import GoalProgress

_TOP, _FOOT, _RIGHT = 36, 30, 12  # pixels around the plot
_NAMED = 12  # accepted steps that are named
_LETTERS = 12  # pixels that a name rises above its line
_MARK = 6  # pixels around the middle of a mark


@dataclass(frozen=True, slots=True)
class Goal:
    """A constant that the metric should reach, and the words for it."""

    value: float
    said: str


def goals_on(metric: str, goals: Iterable[GoalProgress]) -> list[Goal]:
    """Those goals that are drawn in a picture of one metric."""
    return [
        Goal(one.goal.criterion.amount, f"goal {one.goal}")
        for one in goals
        if one.goal.criterion.metric == metric
    ]


def climb(
    found: Sequence[Measured],
    goals: Sequence[Goal] = (),
    *,
    width: float = 1072,
    height: float = 320,
    alone: bool = False,
) -> Drawing | None:
    """The metric over time; None unless two mean scores are known.

    `found` are experiments on one metric. Between accepted steps the line is at the mean of the
    baseline that the next one was compared with. A picture that stands `alone` says what its line
    and its marks are.
    """
    scored = sorted(
        (one for one in found if one.before is not None and one.after is not None),
        key=lambda one: one.time,
    )
    if not scored:
        return None
    steps = [one for one in scored if one.accepted]
    level = _levels(scored, steps)
    others = [one for one in scored if not one.accepted]
    low, high = usual(
        [one.after or 0.0 for one in others],
        must=[*(value for _, value in level), *(goal.value for goal in goals)],
    )
    upright = Scale(low, high, height - _FOOT, _TOP)
    left, shapes = level_axis(upright, width - _RIGHT, 6, room=16)
    time = Scale(level[0][0], level[-1][0], left + 8, width - _RIGHT - 8)
    if alone:
        solid = Stroke(((0, 0), (14, 0)), Role.STRONG, 2)
        there = verdict_entries(one.verdict for one in scored)
        shapes += key(left, 14, scored[0].criterion.metric, [("baseline", solid), *there])
    else:
        shapes.append(Label((left, 12), cut(scored[0].criterion.metric, 40), Role.STRONG))
    for place, text in time_ticks(time.low, time.high, 9 if width > 500 else 3):
        if time(place) < width - _RIGHT - LETTER * len(text) / 2:
            shapes.append(Label((time(place), height - 8), text, anchor="middle"))
    for goal in goals:
        y = upright(goal.value)
        shapes.append(Stroke(((left, y), (width - _RIGHT, y)), Role.GOAL, 1.5, dashed=True))
        shapes.append(Label((left + 4, y - 5), cut(goal.said, int(width / 9)), Role.GOAL))
    marks: list[Mark] = [_mark(one, time, upright, 3.5) for one in others]
    marks.sort(key=lambda mark: mark.shape)
    shapes.append(Stroke(tuple((time(at), upright(value)) for at, value in level), Role.STRONG, 2))
    marks += [_mark(one, time, upright, 5.0) for one in steps]
    shapes += marks
    shapes += _names(steps, time, upright, width, [mark.at for mark in marks])
    first, last = level[0][1], level[-1][1]
    return Drawing(
        width, height, f"{scored[0].criterion.metric} over time",
        f"From {figures.number(first)} to {figures.number(last)} in"
        f" {counted(len(steps), 'accepted step')}, beside"
        f" {counted(len(others), 'experiment')} that were not accepted. "
        + "; ".join(f"{one.change}: {one.said}" for one in steps[-20:]),
        tuple(shapes),
        beyond=sum(not upright.holds(one.after or 0.0) for one in others),
    )  # fmt: skip


def _levels(scored: Sequence[Measured], steps: Sequence[Measured]) -> list[tuple[float, float]]:
    """Corners of the line: times and the baseline's mean then.

    After a step it is what the next experiment on another baseline was compared with; until there
    is one, what the step itself measured.
    """
    begin, end = scored[0].time, scored[-1].time
    room = (end - begin) * 0.03 or 1800.0
    level = (steps or scored[-1:])[0].before or 0.0
    corners = [(begin - room, level)]
    for one in steps:
        later = (two for two in scored if two.time > one.time and two.base != one.base)
        after = next((two.before for two in later), one.after) or 0.0
        corners += [(one.time, level), (one.time, after)]
        level = after
    return [*corners, (end + room, level)]


def _mark(one: Measured, time: Scale, upright: Scale, size: float) -> Mark:
    role, shape = drawn_as(one.verdict)
    return Mark((time(one.time), upright(one.after or 0.0)), shape, role, size)


def _names(
    steps: Sequence[Measured],
    time: Scale,
    upright: Scale,
    width: float,
    marks: Sequence[Point],
) -> list[Drawn]:
    """The changes of the last accepted steps, where the line and the marks leave room."""
    taken = [_Box(x - _MARK, x + _MARK, y - _MARK, y + _MARK) for x, y in marks]
    found: list[Drawn] = []
    for one in reversed(steps[-_NAMED:]):
        text = fitted_change([one.change], 30 if width > 500 else 18, "→", middled)
        x, y, long = time(one.time), upright(one.after or 0.0), BOLD * len(text)
        up = one.criterion.sign
        # A better metric leaves room above the line on its left, and below it on its right.
        right = [(x + 8, y + up * down) for down in (18, 32, 46)]
        for start, height in ((x - long - 8, y - up * 8 + 4), *right):
            box = _Box(start, start + long, height - _LETTERS, height + 2)
            inside = start >= time.first and box.right <= width
            if inside and not any(map(box.meets, taken)):
                taken.append(box)
                # How wide the letters are is a guess: the end near the step stays there.
                near, anchor = (x - 8, "end") if start < x else (start, "start")
                found.append(Label((near, height), text, Role.STRONG, anchor))
                break
    return found


class _Box(NamedTuple):
    """Where something is drawn."""

    left: float
    right: float
    top: float
    foot: float

    def meets(self, other: _Box) -> bool:
        """Whether one would cover a part of the other."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.foot and other.top < self.foot
