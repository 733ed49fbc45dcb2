"""The log as a table, one line an experiment, as wide as the terminal."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import typer

from gitexp.cli.marks import FATES, mark_for
from gitexp.cli.views.forest import ASCII, UNICODE, Forest, Glyphs
from gitexp.cli.views.log_cells import (
    FIGURES,
    Cells,
    Column,
    age,
    cells_of,
    differing,
    fitted_change,
)
from gitexp.cli.views.rows import about_code, uncounted
from gitexp.cli.views.steps import amendment_lines
from gitexp.cli.views.terminal import (
    beginning,
    columns,
    cut_mark,
    filled,
    hanging,
    is_plain,
    listed,
    padded,
    row_width,
    shortened,
    styled,
    verdict_color,
    width,
)
from gitexp.lab.log.ladder import LadderStep
from gitexp.lab.progress import silence
from gitexp.rules.verdict.code_below import TOGETHER
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row

_SCREEN = 50  # rows that decide how wide the columns are; the first line does not wait for the rest
_GAP = 2  # columns between two cells
# Columns of a terminal from which there is room for them.
_WITH_COUNTS, _WITH_PLOT, _WITH_INTERVAL, _WITH_VERDICT, _WITH_HYPOTHESIS = 60, 70, 100, 130, 160
_PLOTS = {160: 31, 100: 21, 0: 13}  # columns of a plot, by those of the terminal from which
_WIDEST_PLOT = 41
_RIGHT = {Column.EFFECT, Column.PAIRS, Column.P, Column.AGE}  # aligned to the right
_MOST = {
    Column.CHANGE: 60, Column.NAME: 24, Column.METRIC: 16, Column.AUTHOR: 20, Column.EFFECT: 12,
    Column.INTERVAL: 24, Column.HYPOTHESIS: 80,
}  # fmt: skip
# Which columns give way where there is little room, one after the other, and to how much.
_LEAST = (
    (Column.HYPOTHESIS, 30), (Column.CHANGE, 32), (Column.NAME, 16), (Column.PLOT, 13),
    (Column.HYPOTHESIS, 12), (Column.METRIC, 8), (Column.CHANGE, 26), (Column.NAME, 12),
    (Column.CHANGE, 20), (Column.NAME, 9), (Column.CHANGE, 16),
)  # fmt: skip
_NO_ROOM = "No room in {} columns for: {}. A pipe has room for all: gitexp log ... | less -S"
_REFUSED = "its code is not neutral, so it was not run: gitexp show {}"


def log_table(
    rows: Iterable[Row | LadderStep],
    wanted: Sequence[Column] = (),
    *,
    only_changed: bool = False,
) -> None:
    """Print each row on a line, as soon as it is there; then what does not fit in one.

    `wanted` are the columns; by default, those that fit. Any that a terminal has no room for are
    named below the table. With `only_changed`, columns are left out that are the same in
    every row, for which all rows are read first.
    """
    now, left, plain = dt.datetime.now(tz=dt.UTC), iter(rows), is_plain()
    arrow = _arrow(plain=plain)
    first = list(left if only_changed else itertools.islice(left, _SCREEN))
    cells = [cells_of(row, now, arrow) for row in first]
    silence()
    # Named columns are not limited where a program reads them.
    limit = width() if wanted else row_width()
    table = _Table(cells, wanted or _fitting(cells), limit, plain=plain, only_changed=only_changed)
    if first:
        typer.echo(table.head())
    marks, remarks = set(), []
    for one, row in itertools.chain(
        zip(cells, first, strict=True), ((cells_of(row, now, arrow), row) for row in left)
    ):
        if not isinstance(row, LadderStep) or (row.untested and not row.amendment.protocol):
            typer.echo(table.line(one))
            marks |= {one.mark, one.state}
        if isinstance(row, LadderStep):
            for said in amendment_lines(row):
                typer.echo(_across(said, row, now))
        else:
            together = [TOGETHER] if about_code(row) == TOGETHER else []
            refused = [_REFUSED.format(row.result.name)] if row.state == "refused" else []
            about = (*together, *refused, *uncounted(row))
            remarks += [hanging(f"exp/{row.result.name}: ", said) for said in about]
    if said := table.legend(marks):
        typer.echo("\n" + said)
    if table.left_out:
        typer.echo("\n" + filled(_NO_ROOM.format(limit, listed(table.left_out))))
    for said in remarks:
        typer.echo(said)


def mark_of(one: Cells, *, plain: bool = False) -> str:
    """Two characters: what became of an experiment, and whether it was accepted or archived."""
    return mark_for(one.mark, plain=plain) + FATES.get(one.state, " ")


def meanings(marks: AbstractSet[str], *, plain: bool = False) -> list[str]:
    """What the marks of some verdicts and fates mean."""
    said = [f"{mark_for(v, plain=plain)} {v.lower()}" for v in Verdict if v in marks]
    # In brackets, as the paragraphs say it and as people search for it.
    return said + [f"{mark} [{fate}]" for fate, mark in FATES.items() if fate in marks]


def asked_for(glyphs: Glyphs = UNICODE) -> str:
    """What the bar in a plot means."""
    return f"{glyphs.bar} the gain asked for"


def _fitting(cells: Sequence[Cells]) -> list[Column]:
    """The columns that there is room for."""
    wide = row_width()
    several = len({one.text(Column.METRIC) for one in cells if one.text(Column.METRIC)}) > 1
    return [
        Column.CHANGE,
        *([Column.VERDICT] if wide >= _WITH_VERDICT else []),
        *([Column.METRIC] if several else []),
        Column.EFFECT,
        *([Column.INTERVAL] if wide >= _WITH_INTERVAL else []),
        *([Column.PLOT] if wide >= _WITH_PLOT else []),
        *([Column.PAIRS, Column.AGE] if wide >= _WITH_COUNTS else []),
        *([Column.HYPOTHESIS] if wide >= _WITH_HYPOTHESIS else []),
        Column.NAME,
    ]  # fmt: skip


class _Table:
    """Columns and how wide they are, which some rows decide."""

    def __init__(
        self,
        some: Sequence[Cells],
        wanted: Sequence[Column],
        limit: int,
        *,
        plain: bool,
        only_changed: bool,
    ) -> None:
        """Choose from some rows how wide the columns are, together at most `limit`.

        `left_out` are the columns that this is too little for.
        """
        self._plain, self._arrow, self._limit = plain, _arrow(plain=plain), limit
        if only_changed:
            # A plot shows the effect.
            texts = [
                {c: one.text(Column.EFFECT if c is Column.PLOT else c) for c in wanted}
                for one in some
            ]
            wanted = differing(wanted, texts)
        self._columns, self.left_out = [*wanted], list[Column]()
        while self._fit_columns(some) < 0 and len(self._columns) > 1:
            self.left_out.insert(0, self._columns.pop())
        known = [one.estimate for one in some if one.estimate is not None]
        glyphs = ASCII if plain else UNICODE
        self._glyphs = glyphs
        self._forest = Forest(known, self._wide.get(Column.PLOT, _WIDEST_PLOT), glyphs)

    def _fit_columns(self, some: Sequence[Cells]) -> int:
        """Choose how wide each column is; returns the room that is left, below 0 if it is short."""
        self._wide = {column: self._natural(some, column) for column in self._columns}
        room = self._limit - 3 - sum(self._wide.values()) - _GAP * (len(self._columns) - 1)
        for column, least in _LEAST:
            if column in self._wide:
                given = max(0, min(-room, self._wide[column] - least))
                self._wide[column] -= given
                room += given
        if room > 0 and Column.PLOT in self._wide:
            self._wide[Column.PLOT] += min(room, _WIDEST_PLOT - self._wide[Column.PLOT])
        return room

    def _natural(self, some: Sequence[Cells], column: Column) -> int:
        if column is Column.PLOT:
            return next(cells for wide, cells in _PLOTS.items() if self._limit >= wide)
        texts = [one.text(column) for one in some]
        if [*filter(FIGURES.__contains__, self._columns)] == [column]:
            texts += map(self._said, some)
        found = max(map(columns, texts), default=0)
        return max(len(column), min(found, _MOST.get(column, found)))

    def head(self) -> str:
        """The names of the columns, no wider than the terminal."""
        texts = [
            self._forest.head() if column is Column.PLOT
            else padded(column, self._wide[column], right=column in _RIGHT)
            for column in self._columns
        ]  # fmt: skip
        line = beginning("   " + (" " * _GAP).join(texts), self._limit)
        return styled(line.rstrip(), dim=True)

    def line(self, one: Cells) -> str:
        """A row, no wider than the terminal."""
        verdict = next((v for v in Verdict if v == one.mark), None)
        color = verdict_color(verdict)
        mark = mark_of(one, plain=self._plain)
        said = self._said(one)
        parts, room = [styled(mark, color, bold=True)], self._limit - 3
        for column, text in self._cells(one, said):
            shown = beginning(text, max(0, room))
            room -= columns(shown) + _GAP
            is_figure = column in {*FIGURES, Column.VERDICT} and not said
            parts.append(styled(shown, color) if is_figure else shown)
        return f"{parts[0]} {(' ' * _GAP).join(parts[1:])}".rstrip()

    def _said(self, one: Cells) -> str:
        """What stands in place of figures; a state only where no column of verdicts says it."""
        if one.estimate is not None:
            return ""
        if Column.VERDICT in self._columns:
            return one.said
        is_verdict = one.mark in {Verdict.CONFIRMED, Verdict.RULED_OUT, Verdict.INCONCLUSIVE}
        return one.said if is_verdict else ", ".join(filter(None, (one.mark, one.said)))

    def _cells(self, one: Cells, said: str) -> list[tuple[Column, str]]:
        found: list[tuple[Column, str]] = []
        left = iter(self._columns)
        for column in left:
            wide = self._wide[column]
            if said and column in FIGURES:
                # One text over all columns of figures that follow one another.
                rest = list(self._columns[self._columns.index(column) + 1 :])
                for other in itertools.takewhile(FIGURES.__contains__, rest):
                    wide += self._wide[other] + _GAP
                    next(left)
                found.append((column, padded(_begun(said, wide), wide)))
                said = ""
            elif column is Column.PLOT:
                drawn = self._forest.drawn(one.estimate) if one.estimate else self._forest.empty()
                found.append((column, drawn))
            else:
                text = self._fit(column, one.texts.get(column, ("",)), wide)
                found.append((column, padded(text, wide, right=column in _RIGHT)))
        return found

    def legend(self, marks: set[str]) -> str:
        """What the marks mean that no word beside them says."""
        told = marks - {*Verdict} if Column.VERDICT in self._columns else marks
        said = meanings(told, plain=self._plain)
        if Column.PLOT in self._columns and marks & {*Verdict}:
            said.append(asked_for(self._glyphs))
        return _in_lines(said)

    def _fit(self, column: Column, texts: Sequence[str], wide: int) -> str:
        """The fullest text that a column has room for; prose is cut at its end."""
        match column:
            case Column.HYPOTHESIS:
                return _begun(texts[0], wide)
            case Column.CHANGE:
                return fitted_change(texts, wide, self._arrow)
            case _:
                return shortened(texts[0], wide)


def _in_lines(entries: Sequence[str]) -> str:
    """A legend, broken between its entries."""
    lines = [""]
    for entry in entries:
        more = f"{lines[-1]}   {entry}" if lines[-1] else entry
        if columns(more) <= row_width():
            lines[-1] = more
        else:
            lines.append(entry)
    return "\n".join(lines)


def _arrow(*, plain: bool) -> str:
    return "->" if plain else "→"


def _begun(text: str, wide: int) -> str:
    """As much of a text as there is room for, and a sign that there is more."""
    return text if columns(text) <= wide else f"{beginning(text, wide - 1)}{cut_mark()}"


def _across(said: str, step: LadderStep, now: dt.datetime) -> str:
    """A line across the log: what is above it was judged in another way than what is below."""
    text = hanging("---- ", f"{age(step.time, now)} ago, {said}")
    room = row_width() - columns(text) - 1
    return f"{text} {'-' * room}" if room > 0 and "\n" not in text else text
