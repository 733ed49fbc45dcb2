"""What curves look like: a plot, and below it what its marks are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.plot import ASCII, UNICODE, Marks, plot
from gitexp.cli.views.terminal import (
    can_show,
    filled,
    hanging,
    is_plain,
    print_json,
    row_width,
    shortened,
    styled,
)
from gitexp.rules.text import counted, first_few, visible
from gitexp.rules.verdict.figures import rounded_like

if TYPE_CHECKING:
    from gitexp.statistics.curves import Band
    from gitexp.workflows.curves import CurvesOf

_COLORS = (typer.colors.CYAN, typer.colors.YELLOW, typer.colors.MAGENTA, typer.colors.GREEN)
_NAMED = 8  # metrics that are named
_LONGEST_NAME = 60  # columns of a metric's name
_WIDEST = 160  # columns: a wider plot shows no more


def curves(metric: str, found: Sequence[CurvesOf], *, as_json: bool) -> None:
    """Draw one metric of some experiments and, where they share it, of their baseline."""
    if as_json:
        print_json(found)
        return
    typer.echo("\n".join(curve_lines(metric, found)))
    if others := [one.metric for one in found[0].curves if one.metric != metric]:
        names = first_few([shortened(visible(one), _LONGEST_NAME) for one in others], _NAMED)
        typer.echo("\n" + filled(f"also logged: {names}; choose one with --metric"))


def curve_lines(metric: str, found: Sequence[CurvesOf]) -> Iterator[str]:
    """The plot of a metric and its legend."""
    marks = ASCII if is_plain() or not can_show(UNICODE.every) else UNICODE
    bands = _bands(metric, found)[: len(marks.means)]
    shaded = "; shaded: one standard deviation either side" if len(bands) < 3 else ""
    shaded = shaded if max(max(band.runs) for _, band in bands) > 1 else ""
    yield filled(f"{shortened(visible(metric), _LONGEST_NAME)} by step, mean over runs{shaded}")
    for line in plot([band for _, band in bands], min(row_width(), _WIDEST), marks):
        yield _painted(line, marks)
    sds = [one.high[-1] - one.mean[-1] for _, one in bands if one.runs[-1] > 1]
    for mark, (name, band) in zip(marks.means, bands, strict=False):
        line = hanging(f"{mark} ", f"{name}: {_end(band, min(sds, default=0.0))}")
        yield _painted(mark, marks) + line.removeprefix(mark)
    if len(bands) > 1:
        yield f"{marks.both} where they meet"


def _bands(metric: str, found: Sequence[CurvesOf]) -> list[tuple[str, Band]]:
    """What is drawn, by name: experiments first, and a baseline once."""
    bands = []
    bases: dict[str, Band] = {}
    for one in found:
        curve = one.of(metric)
        if curve is not None and curve.experiment is not None:
            bands.append((f"exp/{visible(one.name)}", curve.experiment))
        if curve is not None and curve.baseline is not None:
            bases.setdefault(one.base, curve.baseline)
    for base, band in bases.items():
        bands.append(("baseline" if len(bases) == 1 else f"baseline {base[:8]}", band))
    return bands


def _end(band: Band, sd: float) -> str:
    """Where a curve ends, and how many runs came that far."""
    most, last = max(band.runs), band.runs[-1]
    said = f"{rounded_like(band.mean[-1], sd)} at step {band.steps[-1]:,} ({counted(last, 'run')}"
    if last == most:
        return f"{said})"
    fewer = next(n for n, runs in enumerate(band.runs) if max(band.runs[n:]) < most)
    return f"{said}; {most} until step {band.steps[fewer - 1]:,})"


def _painted(line: str, marks: Marks) -> str:
    """Color what was drawn; nothing but marks can be in a line's plot."""
    colors = dict(zip(marks.means, _COLORS, strict=False))
    some = "|".join(f"{re.escape(mark)}+" for mark in colors)
    return re.sub(some, lambda drawn: styled(drawn[0], colors[drawn[0][0]]), line)
