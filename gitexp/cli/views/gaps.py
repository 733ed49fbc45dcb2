"""What `gaps` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from gitexp.cli.views.terminal import filled, hanging, print_json
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict.figures import interval, rough, within
from gitexp.rules.verdict.figures import number as shown

if TYPE_CHECKING:
    from gitexp.workflows.gaps import GapReport


def gaps(report: GapReport, number: int, *, as_json: bool) -> None:
    """Print at most `number` gaps, each with its ceiling, and what predictions cannot show."""
    if as_json:
        print_json(report.as_json())
        return
    found = report.findings
    score = within(report.score, report.within) + ("" if report.within is None else " (95 %)")
    typer.echo(
        f"{report.metric} {score} over {counted(report.runs, 'run')};"
        f" {counted(found.examples, 'example')}"
    )
    unit = "" if found.unit == report.metric else f" {found.unit}"
    typer.echo(f"always giving the same answer would get{unit} {shown(found.dummy)}")
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
        typer.echo("the smallest gain that can be detected is not known before an experiment ran")
    for place, gap in enumerate(report.gaps[:number], start=1):
        (low, high), own = gap.interval, f" in {gap.unit}" if gap.unit else ""
        ceiling = shown(gap.ceiling) if low == high else interval(gap.ceiling, low, high)
        typer.echo("\n" + hanging(f"{place}. ", gap.said))
        what = "a limit, not a forecast"
        if gap.kind == "data":
            what = "the next doubling usually brings less"
        typer.echo(f"   ceiling {ceiling}{own}: {what}")
        line = gap.template(report.metric, higher_is_better=report.higher_is_better)
        typer.echo(visible(f"   {line}"))
    if not report.gaps:
        typer.echo("\nNo gap stands out: errors look as if they were spread by chance.")
    if found.calibration is not None:
        typer.echo("\n" + filled(_calibration(found.calibration)))
    if report.curve is not None and all(gap.kind != "data" for gap in report.gaps[:number]):
        gain = interval(report.curve.gain, *report.curve.within, sign=True)
        typer.echo(
            "\n"
            + filled(
                f"the last doubling of the training data brought {gain}; the next one usually"
                " brings less"
            )
        )
    for line in report.skipped:
        typer.echo(hanging("skipped: ", line))
    typer.echo("Predictions cannot show whether a gap can be closed, or what was never tested.")


def _calibration(found: dict[str, Any]) -> str:
    """How far probabilities are off, beside what perfect ones would be on so few examples."""
    off = f"off by {rough(found['error'])} on average"
    if found["error"] <= found["limit"]:
        return f"probabilities look calibrated: {off}, no more than chance alone would explain"
    by_chance = rough(found["by_chance"])
    return f"probabilities are {off}; by chance alone they would be off by {by_chance}"
