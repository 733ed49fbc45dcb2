"""What runs on parts of the data print: of an experiment, and of the work tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.rules.text import duration
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.workflows.smoke import Smoke
    from gitexp.workflows.try_work_tree import TryResult


class SampleJson(TypedDict):
    """A run on a share of the data."""

    sample: float
    value: float
    seconds: float


class SmokedJson(TypedDict):
    """An experiment's runs on shares of the data. They give no verdict."""

    name: str
    commit: str
    metric: str
    samples: list[SampleJson]
    verdict: None
    next: str


class TriedJson(TypedDict):
    """Runs of the work tree as it is.

    `left_out` are large files that git does not track, which the runs did not have.
    """

    metric: str
    samples: list[SampleJson]
    left_out: list[str]


def smoked(done: Smoke, *, as_json: bool, quiet: bool = False) -> None:
    """Print an experiment's scores on parts of the data; `quiet` leaves a line for each."""
    if as_json:
        content: SmokedJson = {
            "name": done.name,
            "commit": done.commit,
            "metric": done.metric,
            "samples": _samples_json(done.records, done.metric),
            "verdict": None,
            "next": f"gitexp run {done.name}",
        }
        print_json(content)
        return
    if quiet:
        _samples(done.records, done.metric)
        return
    typer.echo(f"exp/{done.name} works on part of the data; this is not a verdict")
    _samples(done.records, done.metric)
    typer.echo(f"\nnext: gitexp run {done.name}")


def tried(done: TryResult, *, as_json: bool) -> None:
    """Print what the work tree gave."""
    if as_json:
        content: TriedJson = {
            "metric": done.metric,
            "samples": _samples_json(done.records, done.metric),
            "left_out": list(done.left_out),
        }
        print_json(content)
        return
    typer.echo("the work tree works; nothing was recorded")
    _samples(done.records, done.metric)


def _samples(records: Sequence[Record], metric: str) -> None:
    for record in records:
        scored = f"{metric} {figures.number(record.metrics[metric])}"
        took = duration(record.duration)
        typer.echo(f"  {100 * record.sample:g} % of the data: {scored} in {took}")


def _samples_json(records: Sequence[Record], metric: str) -> list[SampleJson]:
    return [
        {"sample": one.sample, "value": one.metrics[metric], "seconds": one.duration}
        for one in records
    ]
