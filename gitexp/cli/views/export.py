"""What `export` prints once everything is written."""

from __future__ import annotations

import shlex

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.rules.text import counted, visible
from gitexp.workflows.export import Export, Format


def exported(done: Export, *, as_json: bool) -> None:
    """Print where the export is; one to standard output says nothing more."""
    if as_json:
        print_json(done)
    elif done.output:
        typer.echo("\n".join(_lines(done)), err=True)


def _lines(done: Export) -> list[str]:
    place = visible(done.output)
    if done.to is not Format.MLFLOW:
        return [f"{place}: {counted(done.rows, 'row')}"]
    experiments, runs = counted(done.experiments, "experiment"), counted(done.rows, "run")
    known = f", {done.known:,} already there" if done.known else ""
    lines = [f"{place}: {experiments}, {runs} added{known}"]
    if "://" not in done.output:
        lines.append(f"  look: mlflow ui --backend-store-uri {shlex.quote(f'sqlite:///{place}')}")
    return lines
