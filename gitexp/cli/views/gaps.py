"""What looking for gaps prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.rules.text import visible
from gitexp.rules.verdict.figures import number as shown

if TYPE_CHECKING:
    from gitexp.workflows.gaps import GapReport


def gaps(report: GapReport, number: int, *, as_json: bool) -> None:
    """Print at most `number` gaps, each with its ceiling, and what predictions cannot tell."""
    if as_json:
        print_json(report.as_json())
        return
    found = report.findings
    within = "" if report.within is None else f" ± {shown(report.within)} (95 %)"
    typer.echo(
        f"{report.metric} {shown(report.score)}{within} over {report.runs} runs;"
        f" {found.examples} examples"
    )
    unit = "" if found.unit == report.metric else f" {found.unit}"
    typer.echo(f"always the same answer would get{unit} {shown(found.dummy)}")
    if report.train is not None:
        typer.echo(f"in training {shown(report.train)}")
    if report.detectable is not None:
        typer.echo(
            f"an experiment confirms gains of {shown(report.detectable)} or more, four times in"
            f" five (by {report.seen_by})"
        )
    else:
        typer.echo("the smallest gain that an experiment can confirm is not known before one ran")
    for place, gap in enumerate(report.gaps[:number], start=1):
        (low, high), own = gap.interval, f" in {gap.unit}" if gap.unit else ""
        between = "" if low == high else f" [{shown(low)} to {shown(high)}]"
        typer.echo(f"\n{place}. {visible(gap.said)}")
        what = "if its power law goes on" if gap.kind == "data" else "a limit, no forecast"
        typer.echo(f"   ceiling {shown(gap.ceiling)}{between}{own}: {what}")
        line = gap.template(report.metric, higher_is_better=report.higher_is_better)
        typer.echo(visible(f"   {line}"))
    if not report.gaps:
        typer.echo("\nNo gap stands out: errors are spread as chance would spread them.")
    if found.calibration is not None:
        error = found.calibration["error"]
        typer.echo(f"\nprobabilities are off by {shown(error)} on average")
    if report.curve is not None and all(gap.kind != "data" for gap in report.gaps[:number]):
        low, high = report.curve.interval
        typer.echo(
            f"\ntwice the data would bring {shown(report.curve.gain, sign=True)}"
            f" [{shown(low, sign=True)} to {shown(high, sign=True)}]"
        )
    for line in report.skipped:
        typer.echo(f"skipped: {visible(line)}")
    typer.echo(
        "What predictions cannot tell: whether a gap can be closed, and what was never tested."
    )
