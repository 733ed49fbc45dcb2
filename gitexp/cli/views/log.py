"""What the log prints: one line an experiment, or each in full with `--long`."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.steps import effect_of
from gitexp.cli.views.terminal import (
    beginning,
    colored,
    columns,
    hanging,
    padded,
    shortened,
    styled,
    width,
    wrapped,
)
from gitexp.lab.ladder import Step
from gitexp.rules.documents.lines import say_newer
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import figures, words
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitexp.lab.log import Row

NO_MATCH = "No experiment matches. All of them: gitexp log"

_AT_ONCE = 200  # rows of JSON
_SCREEN = 50  # rows that decide how wide the columns are; the first line does not wait for the rest
_LONGEST_NAME, _LONGEST_EFFECT = 24, 32  # columns; what takes more moves its own line alone
_LEAST = 8  # columns of a change that still say something
_MARKS = {"accepted": "*", "archived": "~"}


def log_json(rows: Iterable[Row]) -> None:
    """Print the log for programs, a row a line, each as soon as it is there."""
    begin, left = "[", iter(rows)
    # Some at a time, because each echo is flushed.
    while texts := [row.json_text() for row in itertools.islice(left, _AT_ONCE)]:
        typer.echo(begin + ",\n ".join(texts), nl=False)
        begin = ",\n "
    typer.echo("[]" if begin == "[" else "]")


def log(
    rows: Iterable[Row | Step],
    nothing: str = NO_MATCH,
    *,
    long: bool = False,
) -> list[Row]:
    """Print the log, newest first, each row as soon as it is there; returns the experiments."""
    found: list[Row] = []

    def noted() -> Iterator[Row | Step]:
        for row in rows:
            if not isinstance(row, Step):
                found.append(row)
            yield row

    (_long if long else _short)(noted())
    if not found:
        typer.echo(nothing)
    return found


def result_lines(row: Row, head: str = "  ") -> str:
    """The verdict of an experiment with its effect, or what to do to get one, after a head."""
    judgement, registration = row.result.judgement, row.result.registration
    if judgement is not None and judgement.verdict is not None and registration is not None:
        text = hanging(head, words.verdict_line(registration, judgement))
        return head + colored(text.removeprefix(head), judgement.verdict)
    name = row.result.name
    ways = {
        "planned": f"planned: gitexp run {name}",
        "stale": f"planned on an older baseline: gitexp retest {name}",
    }
    return hanging(head, ways.get(row.state, row.state))


def mistyped(near: Mapping[str, str]) -> None:
    """Say which words look like an experiment's name, mistyped."""
    for word, name in near.items():
        typer.echo(
            f"There is no experiment {visible(word)}. Did you mean exp/{name}? gitexp log {name}",
            err=True,
        )


# --- one line each ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of one line."""

    mark: str
    name: str
    age: str
    verdict: str
    effect: str
    change: str


def _short(rows: Iterable[Row | Step]) -> None:
    now, left = dt.datetime.now(tz=dt.UTC), iter(rows)
    first = list(itertools.islice(left, _SCREEN))
    metrics = {
        row.result.registration.criterion.metric
        for row in first
        if not isinstance(row, Step) and row.result.registration
    }

    def line(row: Row | Step) -> _Line:
        if isinstance(row, Step):
            return _step(row, now)
        return _experiment(row, now, with_metric=len(metrics) > 1)

    lines = [line(row) for row in first]
    wide = (
        _widest(lines, lambda one: one.name, _LONGEST_NAME),
        _widest(lines, lambda one: one.verdict),
        _widest(lines, lambda one: one.effect, _LONGEST_EFFECT),
    )
    legend, uncounted = set(), []
    for one, row in itertools.chain(
        zip(lines, first, strict=True), ((line(row), row) for row in left)
    ):
        typer.echo(_laid_out(one, wide))
        if not isinstance(row, Step):
            legend |= {row.state} & _MARKS.keys()
            uncounted += [hanging(f"exp/{row.result.name}: ", said) for said in _uncounted(row)]
    if legend:
        typer.echo("\n" + "   ".join(f"{_MARKS[state]} {state}" for state in sorted(legend)))
    for said in uncounted:
        typer.echo(said)


def _widest(lines: Sequence[_Line], cell: Callable[[_Line], str], most: int | None = None) -> int:
    found = max((columns(cell(one)) for one in lines), default=0)
    return found if most is None else min(found, most)


def _laid_out(one: _Line, wide: tuple[int, int, int]) -> str:
    """The line, no wider than the terminal: the change gives way first."""
    name, verdict, effect = wide
    head = f"{one.mark} {padded(one.name, name)}  {padded(one.age, 3, right=True)}  "
    rest = f"{padded(one.verdict, verdict)}  {padded(one.effect, effect)}"
    room = width() - columns(head + rest) - 2
    if room >= _LEAST:
        rest += f"  {shortened(one.change, room)}"
    rest = beginning(rest, width() - columns(head)).rstrip()
    shown = head.replace(one.name, styled(one.name, bold=True), 1)
    return shown + colored(rest, next((v for v in Verdict if v == one.verdict), None))


def _experiment(row: Row, now: dt.datetime, *, with_metric: bool) -> _Line:
    result = row.result
    judgement, registration = result.judgement, result.registration
    verdict, effect, change = row.state, "", ""
    if registration is not None:
        change = visible(str(registration.change).partition(": ")[2].replace(" = ", " ", 1))
    if result.explored:
        verdict = str(Verdict.EXPLORATORY)
    elif judgement is not None and judgement.verdict is not None and registration is not None:
        verdict, effect = str(judgement.verdict), judgement.reason
        if judgement.effect is not None:
            effect = words.effect(registration.criterion, judgement)
            effect = effect if with_metric else effect.partition(" ")[2]
    return _Line(
        _MARKS.get(row.state, " "), visible(result.name), age(row.time, now), verdict, effect,
        change,
    )  # fmt: skip


def _step(step: Step, now: dt.datetime) -> _Line:
    effect = "not measured"
    if step.effect is not None:
        moved = figures.rounded_like(step.effect.mean, step.effect.spread or 0.0, sign=True)
        effect = "neutral" if step.effect.neutral else f"moved {moved}"
    subject = visible(step.subject)
    return _Line(" ", step.commit[:8], age(step.time, now), "UNTESTED", effect, subject)


def age(time: str, now: dt.datetime) -> str:
    """How long ago something was, in at most three characters below ten years."""
    seconds = max(0.0, (now - dt.datetime.fromisoformat(time)).total_seconds())
    for unit, size, most in (("m", 60, 60), ("h", 3600, 24), ("d", 86400, 14)):
        if seconds < most * size:
            return f"{seconds // size:.0f}{unit}"
    weeks = seconds // (7 * 86400)
    return f"{weeks:.0f}w" if weeks < 100 else f"{seconds // (365.25 * 86400):.0f}y"


# --- in full ------------------------------------------------------------------------------------


def _long(rows: Iterable[Row | Step]) -> None:
    stepped = False
    for number, row in enumerate(rows):
        if number:
            typer.echo("")
        if isinstance(row, Step):
            typer.echo(f"UNTESTED STEP  {row.commit[:8]}  {row.time[:10]}")
            typer.echo(wrapped(row.subject))
            new = f"adds {', '.join(row.dependencies)}; " if row.dependencies else ""
            typer.echo(wrapped(f"{new}{effect_of(row, newest=not stepped)}"))
            stepped = True
        else:
            _in_full(row)


def _in_full(row: Row) -> None:
    entry, registration = row.result.entry, row.result.registration
    state = "" if row.state in {"done", "planned", "stale"} else f"  [{row.state}]"
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
    for said in _uncounted(row):
        typer.echo(f"  {said}")


def _uncounted(row: Row) -> list[str]:
    """What in an experiment's note does not count here."""
    said = []
    if foreign := row.result.summary.foreign:
        said.append(f"{counted(foreign, 'record')} of another commit do not count")
    if row.result.newer:
        said.append(say_newer(row.result.newer))
    return said
