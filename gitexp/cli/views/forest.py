"""A forest plot in text: effects with their intervals on one scale, each on a line.

What is better lies to the right of zero, whichever way the metric must move. The scale is chosen
from some of the effects, so that the first line of a long log waits for none of the others; what
does not fit on it ends in an arrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitexp.rules.verdict.criterion import Criterion
    from gitexp.rules.verdict.verdict import Judgement

_MOST = 0.9  # share of the effects that the scale holds; one wild one would make dots of the others
# Of a few effects that share is all. So none counts that reaches so many times as far as most do.
_FEW, _USUAL, _WILD = 5, 0.75, 4.0
_BEYOND_ZERO = 0.06  # share of the scale that lies left of zero at least, so that zero is seen
_BEYOND_BAR = 1.15  # times the bar that the scale holds at least
_APART = 2  # cells from zero to the bar


@dataclass(frozen=True, slots=True)
class Estimate:
    """An effect with its bounds as a criterion counts it: more is better.

    Estimates of one `kind`, a metric and how it is counted, can be compared; without both bounds
    there is no interval.
    """

    kind: str
    effect: float
    lower: float | None
    upper: float | None
    bar: float

    @property
    def reach(self) -> tuple[float, float]:
        """The least and the most that it may be."""
        if self.lower is None or self.upper is None:
            return self.effect, self.effect
        return min(self.lower, self.effect), max(self.upper, self.effect)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of a plot; `crossed_zero` is zero with an interval over it."""

    line: str
    begin: str
    end: str
    effect: str
    zero: str
    bar: str
    crossed_zero: str
    crossed_bar: str
    below: str
    beyond: str


UNICODE = Glyphs("─", "├", "┤", "●", "│", "┊", "┼", "┿", "◂", "▸")
ASCII = Glyphs("-", "[", "]", "o", "|", ":", "+", "+", "<", ">")


def estimate(criterion: Criterion, judgement: Judgement) -> Estimate | None:
    """What a judgement measured; None if it has no figures."""
    if judgement.effect is None:
        return None
    return Estimate(
        f"{criterion.metric} {criterion.scale}", judgement.effect, judgement.lower,
        judgement.upper, criterion.bar,
    )  # fmt: skip


class Forest:
    """One scale for many estimates, so many cells wide.

    Different metrics share it by their sizes: each is measured by how far most of its own effects
    and bars reach.
    """

    def __init__(self, estimates: Iterable[Estimate], cells: int, glyphs: Glyphs = UNICODE) -> None:
        """Choose the scale from some estimates; `cells` is at least 9."""
        known = list(estimates)
        self._cells, self._glyphs = cells, glyphs
        self._units = {kind: _unit([e for e in known if e.kind == kind])
                       for kind in {e.kind for e in known}}  # fmt: skip
        spans = [(low / self._of(e), high / self._of(e)) for e in known for low, high in [e.reach]]
        bars = [e.bar / self._of(e) for e in known]
        low = -min(_most([-low for low, _ in spans]), 1.0)
        top = _BEYOND_BAR * max(bars, default=0.0)
        self._high = max(min(_most([high for _, high in spans]), 1.0), top) or 1.0
        self._low = min(low, -_BEYOND_ZERO * (self._high - min(low, 0.0)))

    def _of(self, one: Estimate) -> float:
        return self._units.get(one.kind) or _unit([one])

    @property
    def zero(self) -> int:
        """The cell of zero."""
        return self._at(0.0)

    def _at(self, value: float) -> int:
        """The cell of a value in units, -1 or `cells` beyond the scale."""
        share = (value - self._low) / (self._high - self._low)
        # A hair beyond the end, as rounding makes it, is the end.
        if not -1e-9 <= share <= 1 + 1e-9:
            return self._cells if share > 0 else -1
        return round(share * (self._cells - 1))

    def drawn(self, one: Estimate) -> str:
        """Draw an estimate with zero and its bar."""
        glyphs, last, zero, bar = self._glyphs, self._cells - 1, self.zero, self._bar(one)
        cells = [" "] * self._cells
        low, high = (self._place(one, value) for value in one.reach)
        if one.lower is not None and one.upper is not None:
            for at in range(max(low, 0), min(high, last) + 1):
                cells[at] = glyphs.line
            for at, mark in ((low, glyphs.begin), (high, glyphs.end)):
                if 0 <= at <= last:
                    cells[at] = mark
        for at, mark, crossed in (
            (zero, glyphs.zero, glyphs.crossed_zero), (bar, glyphs.bar, glyphs.crossed_bar),
        ):  # fmt: skip
            if 0 <= at <= last:
                cells[at] = {" ": mark, glyphs.line: crossed}.get(cells[at], cells[at])
        effect = self._place(one, one.effect)
        if 0 <= effect <= last:
            cells[effect] = glyphs.effect
        if low < 0:
            cells[0] = glyphs.below
        if high > last:
            cells[last] = glyphs.beyond
        return "".join(cells)

    def _bar(self, one: Estimate) -> int:
        at = self._at(one.bar / self._of(one))
        return max(at, self.zero + _APART) if one.bar > 0 else at

    def _place(self, one: Estimate, value: float) -> int:
        """The cell of a value, on its own side of zero and of the bar."""
        at, zero, bar = self._at(value / self._of(one)), self.zero, self._bar(one)
        if value < 0:
            return min(at, zero - 1)
        if one.bar > 0 and value >= one.bar:
            return max(at, bar)
        if value > 0:
            at = max(at, zero + 1)
        return min(at, bar - 1) if one.bar > 0 else at

    def head(self) -> str:
        """What lies on either side of zero."""
        left, right = self.zero, self._cells - self.zero - 1
        worse = "worse" if left > len("worse") else ""
        better = "better" if right > len("better") else ""
        return f"{worse:{left}}0{better:>{right}}"

    def empty(self) -> str:
        """Zero alone."""
        return " " * self.zero + self._glyphs.zero + " " * (self._cells - self.zero - 1)


def _unit(estimates: Sequence[Estimate]) -> float:
    """How far most estimates of one kind and their bars reach from zero."""
    bar = max((one.bar for one in estimates), default=0.0)
    reaches = sorted(max(map(abs, one.reach)) for one in estimates)
    if len(reaches) >= _FEW:
        usual = max(reaches[int(_USUAL * (len(reaches) - 1))], bar)
        reaches = [reach for reach in reaches if reach <= _WILD * usual]
    return max(_most(reaches), bar) or 1.0


def _most(values: Sequence[float]) -> float:
    """The value that most do not exceed; 0 for none."""
    ordered = sorted(value for value in values if math.isfinite(value))
    return ordered[math.ceil(_MOST * (len(ordered) - 1))] if ordered else 0.0
