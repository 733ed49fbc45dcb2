"""What comparing predictions with results prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import hanging, print_json, wrapped
from gitexp.rules.plan.calibration import in_words
from gitexp.rules.text import visible
from gitexp.rules.verdict.figures import number, rough

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.plan.calibration import Calibration


def calibration(groups: Sequence[Calibration], *, as_json: bool) -> None:
    """Print for each group what was predicted and what was measured."""
    if as_json:
        print_json(groups)
        return
    if not groups:
        typer.echo(
            "No experiment with a prediction has a verdict yet. Say what you expect:\n"
            "gitexp start --gain 0.01 --chance 0.3 ..., then run it"
        )
        return
    for group in groups:
        typer.echo(visible(group.group))
        if group.gains:
            typer.echo(
                f"  gain: {number(group.predicted, sign=True)} predicted,"
                f" {rough(group.measured, sign=True)} measured ({group.gains})"
            )
        if group.decided or group.inconclusive:
            hits = "" if group.hits is None else f", {100 * group.hits:.0f} % confirmed"
            stated = "" if group.stated is None else f"{100 * group.stated:.0f} % stated"
            brier = "" if group.brier is None else f", Brier score {group.brier:.3g}"
            counts = f"({group.decided} decided, {group.inconclusive} inconclusive)"
            typer.echo(hanging("  chance: ", f"{stated}{hits} {counts}{brier}"))
    for sentence in in_words(groups[0]):
        typer.echo("\n" + wrapped(sentence, ""))
