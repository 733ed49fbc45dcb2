"""What `gaps` prints."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import typer

from gitexp.cli.views.terminal import filled, hanging, print_json
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict.figures import interval, rough, within
from gitexp.rules.verdict.figures import number as shown

if TYPE_CHECKING:
    from gitexp.workflows.gaps import GapReport

_MOST_UNTESTED = 5  # config values


def gaps(report: GapReport, number: int, *, as_json: bool) -> None:
    """Print at most `number` gaps, each with its ceiling, and what predictions cannot show."""
    if as_json:
        print_json(report)
        return
    _baseline(report)
    _listed(report, number)
    if not report.gaps and report.examples is not None:
        typer.echo("\nNo gap stands out: the errors look random.")
    if report.calibration is not None:
        typer.echo("\n" + filled(_calibration(report.calibration)))
    if report.curve is not None and all(gap.kind != "data" for gap in report.gaps[:number]):
        gain = interval(report.curve.gain, *report.curve.within, sign=True)
        typer.echo(
            "\n"
            + filled(
                f"the last doubling of the training data brought {gain}; the next one usually"
                " brings less"
            )
        )
    typer.echo("")
    if report.untested:
        typer.echo(hanging("never tested: ", _untested(report.untested)))
    for line in report.skipped:
        typer.echo(hanging("skipped: ", line))
    if report.gaps:
        typer.echo(
            filled(
                "A ceiling is a limit, not a forecast: only an experiment shows whether a gap can"
                " be closed."
            )
        )
    if report.gaps[:number]:
        # One command that can be pasted, of the largest gap; --json has one for each.
        typer.echo(visible(f"\nnext: {report.gaps[0].template}"))


def _baseline(report: GapReport) -> None:
    """Print what the baseline scores, and what that can be held against."""
    score = within(report.score, report.within) + ("" if report.within is None else " (95 %)")
    rows = "" if report.examples is None else f"; {counted(report.examples, 'example')}"
    typer.echo(f"{report.metric} {score} over {counted(report.runs, 'run')}{rows}")
    if report.sd is not None:
        typer.echo(f"standard deviation between runs: {rough(report.sd)}")
    if report.dummy is not None:
        unit = "" if report.unit == report.metric else f" {report.unit}"
        typer.echo(f"always giving the same answer would get{unit} {shown(report.dummy)}")
    if report.train is not None:
        typer.echo(f"on the training data {shown(report.train)}")
    if report.detectable is not None:
        typer.echo(
            filled(
                f"an experiment detects gains of {rough(report.detectable)} or more, 4 times in 5"
                f" (estimated from {report.seen_by})"
            )
        )
    else:
        typer.echo("the smallest detectable gain is not known until an experiment has run")


def _untested(places: Sequence[str]) -> str:
    """The first config values that no experiment has a verdict about, and how to list all."""
    more = len(places) - _MOST_UNTESTED
    # The keys of a file follow its name.
    parts = [place.partition(": ") for place in places[:_MOST_UNTESTED]]
    named = visible(
        "; ".join(
            f"{file}: {', '.join(key for _, _, key in keys)}"
            for file, keys in groupby(parts, key=lambda part: part[0])
        )
    )
    return f"{named} and {more} more: gitexp blame --untested" if more > 0 else named


def _listed(report: GapReport, number: int) -> None:
    """Print gaps, each with its ceiling."""
    for place, gap in enumerate(report.gaps[:number], start=1):
        (low, high), own = gap.interval, f" in {gap.unit}" if gap.unit else ""
        ceiling = shown(gap.ceiling) if low == high else interval(gap.ceiling, low, high)
        typer.echo("\n" + hanging(f"{place}. ", gap.said))
        less = ": the next doubling usually brings less" if gap.kind == "data" else ""
        typer.echo(f"   ceiling {ceiling}{own}{less}")


def _calibration(found: dict[str, Any]) -> str:
    """How far probabilities are off, beside what perfect ones would be on so few examples."""
    off = f"off by {rough(found['error'])} on average"
    if found["error"] <= found["limit"]:
        return f"probabilities look calibrated: {off}, no more than chance alone would explain"
    by_chance = rough(found["by_chance"])
    return f"probabilities are {off}; by chance alone they would be off by {by_chance}"
