"""What `log` prints: JSON, a line for each experiment, or each in full."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.log_lines import log_lines
from gitexp.cli.views.rows import about_code, result_lines, uncounted
from gitexp.cli.views.steps import amendment_lines, effect_of
from gitexp.cli.views.terminal import colored, styled, wrapped
from gitexp.lab.ladder import LadderStep
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.text import visible
from gitexp.rules.verdict import words
from gitexp.rules.verdict.code_below import TOGETHER
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitexp.lab.log import Row

NO_MATCH = "No experiment matches. All of them: gitexp log"

_AT_ONCE = 200  # rows of JSON
_SAID_BELOW = {"done", "planned", "stale", "unsynced", "refused"}  # states, by result_lines


def log_json(rows: Iterable[Row]) -> None:
    """Print the log for programs, a row a line, each as soon as it is there."""
    begin, left = "[", iter(rows)
    # Some at a time, because each echo is flushed.
    while texts := [row.json_text() for row in itertools.islice(left, _AT_ONCE)]:
        typer.echo(begin + ",\n ".join(texts), nl=False)
        begin = ",\n "
    typer.echo("[]" if begin == "[" else "]")


def log(
    rows: Iterable[Row | LadderStep],
    nothing: str = NO_MATCH,
    *,
    long: bool = False,
) -> list[Row]:
    """Print the log, newest first, each row as soon as it is there; returns the experiments."""
    found: list[Row] = []

    def noted() -> Iterator[Row | LadderStep]:
        for row in rows:
            if not isinstance(row, LadderStep):
                found.append(row)
            yield row

    (_in_full if long else log_lines)(noted())
    if not found:
        typer.echo(nothing)
    return found


def mistyped(near: Mapping[str, str]) -> None:
    """Say which words look like a mistyped name of an experiment."""
    for word, name in near.items():
        typer.echo(
            f"There is no experiment {visible(word)}. Did you mean exp/{name}? gitexp log {name}",
            err=True,
        )


def _in_full(rows: Iterable[Row | LadderStep]) -> None:
    stepped = False
    for number, row in enumerate(rows):
        if number:
            typer.echo("")
        if isinstance(row, LadderStep):
            for said in amendment_lines(row):
                typer.echo(wrapped(f"{said}, {row.time[:10]}", ""))
            if not row.untested or row.amendment.protocol:
                continue
            typer.echo(f"UNTESTED STEP  {row.commit[:8]}  {row.time[:10]}")
            typer.echo(wrapped(row.subject))
            new = f"adds {', '.join(row.dependencies)}; " if row.dependencies else ""
            typer.echo(wrapped(f"{new}{effect_of(row, newest=not stepped)}"))
            stepped = True
        else:
            _experiment(row)


def _experiment(row: Row) -> None:
    entry, registration = row.result.entry, row.result.registration
    state = "" if row.state in _SAID_BELOW else f"  [{row.state}]"
    typer.echo(f"{styled(f'exp/{visible(entry.name)}', bold=True)}  {entry.time[:10]}{state}")
    typer.echo(wrapped(hypothesis_of(entry.message), lines=3))
    if row.result.explored:
        exploratory = colored(Verdict.EXPLORATORY, Verdict.EXPLORATORY)
        typer.echo(f"  {exploratory}: {visible(row.result.why)}")
    elif registration is None:
        typer.echo(f"  no registration: gitexp check {entry.name}")
    else:
        typer.echo(wrapped(str(registration.change)))
        typer.echo(result_lines(row))
        judgement = row.result.judgement
        if judgement is not None and (said := words.single_runs(registration, judgement)):
            typer.echo(wrapped(said))
        if (said := about_code(row)) not in {"", TOGETHER}:
            typer.echo(wrapped(said))
    for said in uncounted(row):
        typer.echo(f"  {said}")
    for remark in row.result.remarks:
        typer.echo(wrapped(str(remark), lines=3))
