"""What comparing predictions with results prints."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from gitexp.cli.views.terminal import (
    columns,
    padded,
    print_json,
    shortened,
    styled,
    width,
    wrapped,
)
from gitexp.rules.plan.calibration import Calibration, in_words
from gitexp.rules.text import visible
from gitexp.rules.verdict.figures import rough

# Columns of figures with how wide they are; "of" counts experiments.
_FIGURES = (
    ("predicted", 11), ("measured", 10), ("of", 4), ("stated", 9), ("confirmed", 11), ("of", 4),
    ("Brier", 7),
)  # fmt: skip
_GAINS, _CHANCES = 25, 31  # columns of the figures on either
_LEAST = 12  # columns of a group's name


def calibration(groups: Sequence[Calibration], *, as_json: bool) -> None:
    """Print a line for each group: what was predicted, and what was measured."""
    if as_json:
        print_json(groups)
        return
    if not groups:
        typer.echo(
            "No experiment with a prediction has a verdict yet. Say what you expect:\n"
            "gitexp start --gain 0.01 --chance 0.3 ..., then run it"
        )
        return
    names = [visible(one.group).removeprefix("key ") for one in groups]
    room = max(_LEAST, width() - sum(wide for _, wide in _FIGURES))
    side = min(room, max(map(columns, names)))
    head = "".join(name.rjust(wide) for name, wide in _FIGURES)
    typer.echo(f"{'gains':>{side + _GAINS}}{'chances':>{_CHANCES}}")
    typer.echo(styled(" " * side + head, dim=True))
    for name, one in zip(names, groups, strict=True):
        texts = zip(_texts(one), _FIGURES, strict=True)
        line = "".join(text.rjust(wide) for text, (_, wide) in texts)
        typer.echo(padded(shortened(name, side), side) + line)
    typer.echo("\n" + wrapped("Brier score: 0 is best; a chance of 50 % each time gives 0.25.", ""))
    for sentence in in_words(groups[0]):
        typer.echo("\n" + wrapped(sentence, ""))


def _texts(one: Calibration) -> list[str]:
    gains = ["", "", ""]
    if one.gains:
        gains = [rough(one.predicted, sign=True), rough(one.measured, sign=True), str(one.gains)]
    judged = one.decided + one.inconclusive
    if not judged:
        return [*gains, "", "", "", ""]
    chance, hits = (f"{100 * (share or 0):.0f} %" for share in (one.stated, one.hits))
    return [*gains, chance, hits, str(judged), f"{one.brier or 0:.2f}"]
