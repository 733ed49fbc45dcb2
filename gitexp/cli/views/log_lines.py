"""The log in one line an experiment, as wide as the terminal."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.rows import about_code, uncounted
from gitexp.cli.views.steps import amendment_lines
from gitexp.cli.views.terminal import (
    beginning,
    colored,
    columns,
    hanging,
    padded,
    row_width,
    shortened,
    styled,
)
from gitexp.lab.ladder import LadderStep
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.text import visible
from gitexp.rules.verdict import figures, words
from gitexp.rules.verdict.code_below import TOGETHER
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.experiments import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitexp.lab.log import Row
    from gitexp.rules.documents.change import Change

_SCREEN = 50  # rows that decide how wide the columns are; the first line does not wait for the rest
_LONGEST_NAME, _LONGEST_EFFECT = 24, 32  # columns; a longer one shifts the rest of its own line
_LEAST = 8  # columns of a change that still say something
_REFUSED = "its code is not neutral, so it was not run: gitexp show {}"
_MARKS = {"accepted": "*", "archived": "~"}


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of one line; `change` is what changed, in words that get shorter."""

    mark: str
    name: str
    age: str
    verdict: str
    effect: str
    change: tuple[str, ...]


def log_lines(rows: Iterable[Row | LadderStep]) -> None:
    """Print each row on a line, as soon as it is there; then what does not fit in one."""
    now, left = dt.datetime.now(tz=dt.UTC), iter(rows)
    first = list(itertools.islice(left, _SCREEN))
    metrics = {
        row.result.registration.criterion.metric
        for row in first
        if not isinstance(row, LadderStep) and row.result.registration
    }

    def line(row: Row | LadderStep) -> _Line:
        if isinstance(row, LadderStep):
            return _step(row, now)
        return _experiment(row, now, with_metric=len(metrics) > 1)

    lines = [line(row) for row in first]
    wide = (
        _widest(lines, lambda one: one.name, _LONGEST_NAME),
        _widest(lines, lambda one: one.verdict),
        _widest(lines, lambda one: one.effect, _LONGEST_EFFECT),
    )
    legend, remarks = set(), []
    for one, row in itertools.chain(
        zip(lines, first, strict=True), ((line(row), row) for row in left)
    ):
        if not isinstance(row, LadderStep) or (row.untested and not row.amendment.protocol):
            typer.echo(_laid_out(one, wide))
        if isinstance(row, LadderStep):
            for said in amendment_lines(row):
                typer.echo(_drawn(said, row, now))
        else:
            legend |= {row.state} & _MARKS.keys()
            together = [TOGETHER] if about_code(row) == TOGETHER else []
            refused = [_REFUSED.format(row.result.name)] if row.state == "refused" else []
            about = (*together, *refused, *uncounted(row))
            remarks += [hanging(f"exp/{row.result.name}: ", said) for said in about]
    if legend:
        # The words of `gitexp log --long`.
        typer.echo("\n" + "   ".join(f"{_MARKS[state]} [{state}]" for state in sorted(legend)))
    for said in remarks:
        typer.echo(said)


def _widest(lines: Sequence[_Line], cell: Callable[[_Line], str], most: int | None = None) -> int:
    found = max((columns(cell(one)) for one in lines), default=0)
    return found if most is None else min(found, most)


def _laid_out(one: _Line, wide: tuple[int, int, int]) -> str:
    """The line, no wider than the terminal: the change gives way first."""
    name, verdict, effect = wide
    head = f"{one.mark} {padded(one.name, name)}  {padded(one.age, 3, right=True)}  "
    rest = f"{padded(one.verdict, verdict)}  {padded(one.effect, effect)}"
    room = row_width() - columns(head + rest) - 2
    if room >= _LEAST:
        fitting = (text for text in one.change if columns(text) <= room)
        rest += f"  {next(fitting, shortened(one.change[-1], room))}"
    rest = beginning(rest, row_width() - columns(head)).rstrip()
    shown = head.replace(one.name, styled(one.name, bold=True), 1)
    return shown + colored(rest, next((v for v in Verdict if v == one.verdict), None))


def _experiment(row: Row, now: dt.datetime, *, with_metric: bool) -> _Line:
    result = row.result
    judgement, registration = result.judgement, result.registration
    verdict, effect = str(row.state), ""
    change: tuple[str, ...] = ("",)
    if registration is not None:
        change = in_fewer_words(registration.change)
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


def in_fewer_words(change: Change) -> tuple[str, ...]:
    """A change whole, without the value before it, and without the tables that its key is in."""
    whole = visible(str(change).removeprefix(f"{change.file}: ").replace(" = ", " ", 1))
    key, after = change.spelled_key, visible(spell(change.after))
    names = [place for place, part in enumerate(change.key) if isinstance(part, str)]
    last = spell_key(change.key[names[-1] if names else 0 :])
    return whole, f"{key} -> {after}", f"{last} -> {after}"


def _step(step: LadderStep, now: dt.datetime) -> _Line:
    effect = "not measured"
    if step.effect is not None:
        moved = figures.rounded_like(step.effect.mean, step.effect.sd or 0.0, sign=True)
        effect = "neutral" if step.effect.neutral else f"moved {moved}"
    subject = visible(step.subject)
    return _Line(" ", step.commit[:8], age(step.time, now), "UNTESTED", effect, (subject,))


def _drawn(said: str, step: LadderStep, now: dt.datetime) -> str:
    """A line across the log: what is above it was judged in another way than what is below."""
    text = hanging("---- ", f"{age(step.time, now)} ago, {said}")
    room = row_width() - columns(text) - 1
    return f"{text} {'-' * room}" if room > 0 and "\n" not in text else text


def age(time: str, now: dt.datetime) -> str:
    """How long ago something was, in at most three characters below ten years.

    "?" stands for a time that is in no calendar: anybody can write such a commit.
    """
    began = timestamp(time)
    if not began:
        return "?"
    seconds = max(0.0, now.timestamp() - began)
    for unit, size, most in (("m", 60, 60), ("h", 3600, 24), ("d", 86400, 14)):
        if seconds < most * size:
            return f"{seconds // size:.0f}{unit}"
    weeks = seconds // (7 * 86400)
    return f"{weeks:.0f}w" if weeks < 100 else f"{seconds // (365.25 * 86400):.0f}y"
