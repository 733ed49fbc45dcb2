"""What `gitexp report` writes: which format a file gets, and what is drawn."""

from __future__ import annotations

import enum
import os
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.cli.figures import svg
from gitexp.cli.figures.climb import climb, goals_on
from gitexp.cli.figures.curves import curves
from gitexp.cli.figures.forest import forest
from gitexp.cli.figures.measured import measured, most_common
from gitexp.cli.figures.pairs import pairs
from gitexp.errors import NotReady, UsageError
from gitexp.lab.log.log import Row, log
from gitexp.lab.log.seed_runs import seed_scores
from gitexp.lab.projects.project import Project
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.cli.figures.drawing import Drawing
    from gitexp.lab.standing.goals import GoalProgress

MOST_IN_FOREST = 100  # experiments in one picture, unless somebody asks for more


class Figure(enum.StrEnum):
    """A picture by itself."""

    FOREST = "forest"
    CLIMB = "climb"
    CURVES = "curves"
    PAIRS = "pairs"


class Format(enum.StrEnum):
    """What a file holds, by its suffix."""

    HTML = ".html"
    MARKDOWN = ".md"
    JSON = ".json"
    SVG = ".svg"
    PNG = ".png"
    PDF = ".pdf"


_TEXTS = (Format.HTML, Format.MARKDOWN, Format.JSON)
_PICTURES = (Format.SVG, Format.PNG, Format.PDF)
_ALSO = {".htm": Format.HTML, ".markdown": Format.MARKDOWN}
# What each format has in it near an end, so that the next report may replace the file.
MARKS = {
    Format.HTML: svg.WRITTEN_BY.encode(),
    Format.MARKDOWN: b"Written by `gitexp report`",
    Format.JSON: b'"day"',
    Format.SVG: svg.WRITTEN_BY.encode(),
    Format.PNG: svg.WRITTEN_BY.encode(),
    Format.PDF: svg.WRITTEN_BY.encode(),
}


def format_of(output: Path, only: Figure | None) -> Format:
    """The format that a file's suffix asks for.

    Raises:
        UsageError: it is none that there is, or none of a picture or of a report.
    """
    suffix = output.suffix.lower()
    known = _PICTURES if only else _TEXTS
    try:
        found = _ALSO.get(suffix) or Format(suffix)
    except ValueError:
        found = None
    if found in known:
        return found
    listed = f"{', '.join(known[:-1])} or {known[-1]}"
    if found is not None and only is None:
        hint = f"gitexp report -o {output} --only forest"
        raise UsageError(f"{visible(str(output))} can only hold a picture, not a report", hint)
    what = "A picture is" if only else "A report is"
    said = f"has no suffix that says what to write: {what.lower()} {listed}"
    stem = output.stem or "report"
    again = f" --only {only}" if only else ""
    raise UsageError(f"{visible(str(output))} {said}", f"gitexp report -o {stem}{known[0]}{again}")


# --- pictures ---------------------------------------------------------------------------------


def draw(
    project: Project,
    only: Figure,
    row: Row | None,
    goals: Callable[[], Sequence[GoalProgress]],
    most: int | None,
) -> Drawing:
    """Draw one picture; `row` is the experiment that pairs and curves are of.

    Raises:
        NotReady: there is nothing to draw.
    """
    if only in {Figure.PAIRS, Figure.CURVES}:
        if row is None:
            raise TypeError(only)
        drawing = _of_one(project, only, row)
        if drawing is None:
            name, what = row.result.name, "pairs" if only is Figure.PAIRS else "step metrics"
            raise NotReady(f"exp/{visible(name)} has no {what} here", f"gitexp show {name}")
        return drawing
    found = [one for each in log(project) if (one := measured(each)) is not None]
    if only is Figure.FOREST:
        rows = most_common(found, project.settings.metric)[: most or MOST_IN_FOREST]
        drawing = forest(rows) if rows else None
    else:
        metric = project.settings.metric
        mine = [one for one in found if one.criterion.metric == metric]
        drawing = climb(mine[:most] if most else mine, goals_on(metric, goals()), alone=True)
    if drawing is None:
        raise NotReady("no experiment has been measured yet", "gitexp run")
    return drawing


def _of_one(project: Project, only: Figure, row: Row) -> Drawing | None:
    registration = row.result.registration
    if registration is None:
        return None
    criterion = registration.criterion
    if only is Figure.PAIRS:
        higher = criterion.higher_is_better
        scores = seed_scores(row.result)
        return pairs(
            scores, criterion.metric, higher_is_better=higher, width=520, height=280, alone=True
        )
    from gitexp.lab.log.curves import read_curves  # loads NumPy

    found = read_curves(project.repository, row.result)
    if not found:
        return None
    one = found[0]
    return curves(one.metric, one.experiment, one.baseline, width=520, height=280, alone=True)


def picture(drawing: Drawing, form: Format) -> bytes:
    """A picture as a file.

    Raises:
        NotReady: Matplotlib is needed, and missing.
    """
    if form is Format.SVG:
        return svg.file(drawing).encode()
    from gitexp.cli.figures.paper import render  # Matplotlib takes a second to load

    try:
        return render(drawing, form.removeprefix("."))
    except ModuleNotFoundError as error:
        raise NotReady(
            f"{form} needs Matplotlib ({error.name} is not installed); SVG does not",
            "pip install 'gitexp[plot]'",
        ) from None


# --- opening ----------------------------------------------------------------------------------


def opened(path: Path) -> bool:
    """Open a file in the browser; False where there is no display, or no browser."""
    desktop = sys.platform in {"darwin", "win32"}
    if not desktop and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    return webbrowser.open(path.absolute().as_uri())
