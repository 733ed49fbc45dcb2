"""The table of experiments with the forest plot in it, to sort, filter and search."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitexp.cli.figures.forest import axis_shapes, forest_scale, row_shapes, rulers
from gitexp.cli.figures.markup import NOTHING, Markup, breakable, joined, tag
from gitexp.cli.figures.measured import Measured, measured, most_common
from gitexp.cli.figures.svg import in_row, shared, symbols, use
from gitexp.cli.page.section import (
    Section,
    anchor,
    in_brief_of,
    marked,
    shortened,
    verdict_of,
)
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.text import counted
from gitexp.rules.verdict import figures, words
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.cli.figures.drawing import Drawn
    from gitexp.cli.figures.scale import Scale
    from gitexp.lab.log.log import Row
    from gitexp.rules.verdict.criterion import Scale as Unit
    from gitexp.workflows.full_report import FullReport

MOST_ROWS = 500  # each has 16 elements, and a slow browser has to lay them out
_HEIGHT = 20.0  # pixels of a row's picture
_RULED = 60.0  # pixels of its lines, which reach the next row's
_LONGEST_CHANGE, _LONGEST_NAME = 90, 80  # characters
_ORDER = [Verdict.CONFIRMED, Verdict.INCONCLUSIVE, Verdict.RULED_OUT, Verdict.EXPLORATORY]
_OPEN = "open"
_RULERS = "rulers"  # name of the lines that rows share


def experiments(report: FullReport, most: int | None = None) -> Section | None:
    """The table, newest first; None where there is no experiment."""
    most = MOST_ROWS if most is None else most
    every = report.report.experiments
    if not every:
        return None
    rows = every[:most]
    found = {row.commit: one for row in rows if (one := measured(row)) is not None}
    drawn = most_common(found.values(), report.report.standing.metric)
    plot = None
    if drawn:
        bars = Counter(one.bar for one in drawn)
        usual = next(one for one in drawn if one.bar == bars.most_common(1)[0][0])
        plot = _Plot(forest_scale(drawn, 4, 96), drawn[0].kind, usual)
    body = [
        _row(row, found.get(row.commit), plot, in_full=row.commit in report.details) for row in rows
    ]
    caption = _caption(len(rows), len(every), drawn, len(found))
    head = _head(plot)
    listing = tag("table", tag("caption", caption), head, tag("tbody", *body), id="table")
    common = symbols(shared(_RULERS, plot.rulers(plot.usual))) if plot else NOTHING
    content = joined((common, _controls(rows), tag("div", listing, class_="wide")))
    return Section("experiments", "Experiments", content)


def _caption(listed: int, every: int, drawn: list[Measured], judged: int) -> str:
    said = []
    if every > listed:
        said.append(f"The newest {listed:,} of {every:,} experiments; all of them: gitexp log.")
    if drawn:
        criterion = drawn[0].criterion
        side = "right" if criterion.higher_is_better else "left"
        said.append(
            f"{criterion.metric} is better to the {side} of the solid line, which is zero. The"
            f" dashed line is the bar for success, {criterion.target} for the newest. A short line"
            " shows the predicted gain; an arrow points to what lies beyond the scale."
        )
        if judged > len(drawn):
            said.append(
                f"{counted(judged - len(drawn), 'experiment')} with a criterion of another kind"
                " cannot be drawn on this scale."
            )
    return " ".join(said)


def _controls(rows: list[Row]) -> Markup:
    """Search and filter, which need the script."""
    there = {_word(row) for row in rows}
    boxes = (
        tag("label", tag("input", type="checkbox", value=word, checked=""), word)
        for word in (*(verdict.lower() for verdict in _ORDER), _OPEN)
        if word in there
    )
    return tag(
        "div",
        tag(
            "label", tag("span", "Search the experiments", class_="unseen"),
            tag("input", type="search", id="search", placeholder="Search: key, value, name"),
        ),
        tag("fieldset", tag("legend", "Verdicts to show", class_="unseen"), *boxes, id="verdicts"),
        tag("span", "", id="shown", class_="soft", role="status"),
        class_="controls needs-script",
    )  # fmt: skip


def _head(plot: _Plot | None) -> Markup:
    axis = in_row(axis_shapes(plot.scale, plot.usual, 12, most=3), 16) if plot else NOTHING
    drawn = joined((tag("span", "Effect, drawn", class_="unseen"), axis))
    cells = [
        tag("th", drawn, scope="col", class_="plot")
        if name is None
        else tag("th", tag("button", name, type="button"), scope="col")
        for name in ("Verdict", "Change", None, "Effect", "Predicted", "Pairs", "Day")
    ]
    return tag("thead", tag("tr", *cells))


def _row(row: Row, one: Measured | None, plot: _Plot | None, *, in_full: bool) -> Markup:
    verdict, result = verdict_of(row), row.result
    registration, judgement = result.registration, result.judgement
    told: str = breakable(shortened(in_brief_of(row), _LONGEST_CHANGE))
    if in_full:
        told = tag("a", told, href=f"#{anchor(row.commit)}")
    state = str(row.state) if verdict and row.state != "done" else ""
    predicted = pairs = ""
    if one is not None and one.predicted is not None:
        predicted = figures.number(one.predicted, sign=True)
    if registration is not None and judgement is not None and judgement.pairs:
        pairs = f"1 to {registration.borrowed}" if registration.borrowed else str(judgement.pairs)
    return tag(
        "tr",
        tag("td", marked(verdict, row.state), _small(state)),
        tag("td", tag("code", told), _small(shortened(f"exp/{result.name}", _LONGEST_NAME))),
        tag("td", plot.drawn(one) if plot and one else NOTHING, class_="plot"),
        _effect(one) if one else tag("td", _small(_why(row)), data_n=""),
        tag("td", predicted),
        tag("td", pairs),
        tag("td", row.time[:10]),
        data_v=_word(row),
    )


@dataclass(frozen=True, slots=True)
class _Plot:
    """The scale of the effects that can be drawn on it, and the bar that most of them share."""

    scale: Scale
    kind: tuple[str, Unit]
    usual: Measured

    def drawn(self, one: Measured) -> Markup:
        if one.kind != self.kind:
            return NOTHING
        shapes = row_shapes(one, self.scale, _HEIGHT / 2)
        if one.bar == self.usual.bar:
            return in_row(shapes, _HEIGHT, use(_RULERS))
        return in_row([*self.rulers(one), *shapes], _HEIGHT)

    def rulers(self, one: Measured) -> list[Drawn]:
        return rulers(one, self.scale, _HEIGHT / 2, height=_RULED)


def _small(text: str) -> Markup:
    return tag("small", text) if text else NOTHING


def _effect(one: Measured) -> Markup:
    value, _, bounds = one.said.partition(" ")
    return tag("td", value, _small(bounds), data_n=f"{one.effect:.4g}")


def _why(row: Row) -> str:
    """What there is to say where nothing was measured: the reason, or what it wants to know."""
    judgement, registration = row.result.judgement, row.result.registration
    if row.result.explored:
        said = row.result.why
    elif judgement is not None and registration is not None:
        said = words.meaning(registration, judgement)
    elif registration is None:
        said = "not a registration"
    else:
        said = hypothesis_of(row.result.entry.message)
    return shortened(said, 100)


def _word(row: Row) -> str:
    """The word that a filter chooses an experiment by."""
    verdict = verdict_of(row)
    return verdict.lower() if verdict else _OPEN
