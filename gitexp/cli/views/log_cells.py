"""What a row of the log says in each column, as text."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gitexp.cli.marks import UNTESTED
from gitexp.cli.views.forest import Estimate, estimate
from gitexp.cli.views.terminal import columns, shortened
from gitexp.lab.log.ladder import LadderStep
from gitexp.rules.documents.change import Change
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.text import visible
from gitexp.rules.verdict import effects, figures
from gitexp.rules.verdict.verdict import Verdict
from gitexp.store.experiments import timestamp

if TYPE_CHECKING:
    import datetime as dt

    from gitexp.lab.log.log import Row

AColumn = TypeVar("AColumn", bound=str)

_LONGEST_TEXT = 200  # characters of a free text that a line could ever show
_LEAST_ROOM = 8  # columns for a key and a value, below which the arrow between them is cut as well


class Column(enum.StrEnum):
    """What a table of the log can show, by the names that --columns takes."""

    CHANGE = "change"
    VERDICT = "verdict"
    METRIC = "metric"
    EFFECT = "effect"
    INTERVAL = "interval"
    PLOT = "plot"
    PAIRS = "pairs"
    P = "p"
    AGE = "age"
    DATE = "date"
    STATE = "state"
    AUTHOR = "author"
    HYPOTHESIS = "hypothesis"
    COMMIT = "commit"
    NAME = "name"


FIGURES = (Column.EFFECT, Column.INTERVAL, Column.PLOT)  # what a row without an effect has none of


@dataclass(frozen=True, slots=True)
class Cells:
    """A row's texts by column, each in words that get shorter; nothing where a column is empty.

    `mark` names what the row is: a verdict, else a state, else UNTESTED. `said` stands in place of
    figures where there are none.
    """

    mark: str
    state: str
    said: str
    estimate: Estimate | None = None
    texts: dict[Column, tuple[str, ...]] = field(default_factory=dict)

    def text(self, column: Column) -> str:
        """The text of a column in full."""
        return self.texts.get(column, ("",))[0]


def cells_of(row: Row | LadderStep, now: dt.datetime, arrow: str = "->") -> Cells:
    """What a row says; of a change, `arrow` stands between the values."""
    return _step(row, now) if isinstance(row, LadderStep) else _experiment(row, now, arrow)


def _experiment(row: Row, now: dt.datetime, arrow: str) -> Cells:
    result = row.result
    entry, judgement, registration = result.entry, result.judgement, result.registration
    texts: dict[Column, tuple[str, ...]] = {
        Column.NAME: (visible(result.name),),
        Column.AGE: (age(row.time, now),),
        Column.DATE: (row.time[:10],),
        Column.STATE: (str(row.state),),
        Column.AUTHOR: (visible(entry.author),),
        Column.COMMIT: (result.commit[:8],),
        Column.HYPOTHESIS: (visible(hypothesis_of(entry.message)[:_LONGEST_TEXT]),),
    }
    mark, said, measured = str(row.state), "", None
    if registration is not None:
        texts[Column.CHANGE] = in_fewer_words(registration.change, arrow)
        texts[Column.METRIC] = (visible(registration.criterion.metric),)
    else:
        texts[Column.CHANGE] = texts[Column.HYPOTHESIS]
    if result.explored:
        mark = str(Verdict.EXPLORATORY)
    elif judgement is not None and judgement.verdict is not None and registration is not None:
        mark, said = str(judgement.verdict), judgement.reason
        texts[Column.PAIRS] = (str(judgement.pairs),)
        if judgement.p is not None:
            texts[Column.P] = (figures.p_value(judgement.p).removeprefix("p = ").lstrip("p "),)
        measured = estimate(registration.criterion, judgement)
    if measured is not None and judgement is not None and registration is not None:
        whole = effects.measured(registration.criterion, judgement)
        effect, _, interval = whole.partition(" ")
        texts |= {Column.EFFECT: (effect,), Column.INTERVAL: (interval,)}
        said = ""
    texts[Column.VERDICT] = (mark,)
    return Cells(mark, str(row.state), said, measured, texts)


def differing(names: Sequence[AColumn], rows: Sequence[Mapping[AColumn, str]]) -> list[AColumn]:
    """Those columns that are not the same in every row; of a single row, all."""
    return [name for name in names if len(rows) < 2 or len({row[name] for row in rows}) > 1]


def _step(step: LadderStep, now: dt.datetime) -> Cells:
    effect = "not measured"
    if step.effect is not None:
        moved = figures.rounded_like(step.effect.mean, step.effect.sd or 0.0, sign=True)
        effect = "neutral" if step.effect.neutral else f"moved {moved}"
    texts: dict[Column, tuple[str, ...]] = {
        Column.CHANGE: (visible(step.subject),),
        Column.VERDICT: (UNTESTED,),
        Column.AGE: (age(step.time, now),),
        Column.DATE: (step.time[:10],),
        Column.AUTHOR: (visible(step.author),),
        Column.COMMIT: (step.commit[:8],),
        Column.NAME: (step.commit[:8],),
    }
    return Cells(UNTESTED, "", effect, None, texts)


def in_fewer_words(change: Change, arrow: str = "->") -> tuple[str, ...]:
    """A change whole, then in forms that get shorter.

    They lack the value before it, the tables that its key is in, and both.
    """
    # Values may be of any length, and no line shows more.
    before, after = (visible(text[:_LONGEST_TEXT]) for text in change.shown_values)
    key = visible(change.shown_key)
    names = [place for place, part in enumerate(change.key) if isinstance(part, str)]
    last = visible(spell_key(change.key[names[-1] if names else 0 :]))
    return (
        f"{key} {before} {arrow} {after}", f"{key} {arrow} {after}",
        f"{last} {before} {arrow} {after}", f"{last} {arrow} {after}",
    )  # fmt: skip


def fitted_change(
    texts: Sequence[str],
    most: int,
    arrow: str = "->",
    cut: Callable[[str, int], str] = shortened,
) -> str:
    """The fullest form of a change that there is room for; no arrow and no key is lost."""
    if (found := next((text for text in texts if columns(text) <= most), None)) is not None:
        return cut(found, most)
    key, sign, after = texts[-1].partition(f" {arrow} ")
    room = most - columns(sign)
    if not sign or room < _LEAST_ROOM:
        return cut(texts[-1], most)
    # Each side has half of the room, and what the other does not need.
    key = cut(key, max(room // 2, room - columns(after)))
    return f"{key}{sign}{cut(after, room - columns(key))}"


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
