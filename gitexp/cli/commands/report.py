import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli import markdown, reporting
from gitexp.cli.options import AsJson
from gitexp.cli.reporting import Figure, Format
from gitexp.cli.views import goal as goal_views
from gitexp.cli.views import standing as standing_views
from gitexp.cli.views.terminal import in_json
from gitexp.errors import UsageError
from gitexp.lab.log.log import Row, log, row_of
from gitexp.lab.progress import in_one_piece
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import Project, open_project
from gitexp.lab.standing.goals import progress
from gitexp.rules.text import visible
from gitexp.store.output_file import write_output
from gitexp.workflows.report import Report
from gitexp.workflows.report import report as workflow

_ROWS = 20  # of a table in Markdown


def report(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Experiment whose pairs or curves are drawn."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write it to a file; its suffix chooses the format: .html, .md or .json; with"
            " --only, .svg, .png or .pdf.",
        ),
    ] = None,
    only: Annotated[
        Figure | None,
        typer.Option("--only", help="Draw one picture; pairs and curves are of one experiment."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the file in the browser.")] = False,
    number: Annotated[
        int | None,
        typer.Option(
            "--number",
            "-n",
            metavar="N",
            min=1,
            help="Show at most this many rows of a table.  [default: 20; on a page 500]",
            show_default=False,
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Write up where the project stands: Markdown, page, pictures.

    Markdown is ready to paste into a pull request. A page (-o report.html) is one file that needs
    no network. It draws every experiment, and you can sort, filter and search them. With --only,
    it is a picture for a paper (-o forest.svg --only forest); .png and .pdf need gitexp[plot].
    """
    form = _form(output, only, json_=json_)
    _demand(name, output, only, open_=open_)
    project, today = open_project(), dt.datetime.now(tz=dt.UTC).date()
    content: bytes | str
    with in_one_piece("writing the report"):
        if only is not None:
            row = _row(project, name) if only in {Figure.PAIRS, Figure.CURVES} else None
            drawing = reporting.draw(project, only, row, lambda: progress(project, today), number)
            content = reporting.picture(drawing, form)
        elif form is Format.HTML:
            content = _page(project, today, number)
        else:
            content = _text(workflow(project, today), form, number)
    if output is None:
        typer.echo(content, nl=False)
        return
    written = content.encode() if isinstance(content, str) else content
    write_output(output, written, reporting.MARKS[form])
    if open_ and not reporting.opened(output):
        typer.echo(f"There is no display to open it on: {visible(str(output.absolute()))}")


def _form(output: Path | None, only: Figure | None, *, json_: bool) -> Format:
    form = reporting.format_of(output, only) if output else None
    if json_ and form not in {None, Format.JSON}:
        raise UsageError(f"--json does not go into {visible(str(output))}", "-o report.json")
    return form or (Format.JSON if json_ else Format.MARKDOWN)


def _demand(name: str | None, output: Path | None, only: Figure | None, *, open_: bool) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: they do not.
    """
    if only is not None and output is None:
        raise UsageError("--only needs a file", f"gitexp report -o {only}.svg --only {only}")
    if open_ and output is None:
        raise UsageError("--open needs a file", "gitexp report -o report.html --open")
    if name is not None and only not in {Figure.PAIRS, Figure.CURVES}:
        raise UsageError(
            "only pairs and curves are of one experiment",
            f"gitexp report -o pairs.svg --only pairs {name}",
        )


def _row(project: Project, name: str | None) -> Row:
    """The experiment that a picture is of."""
    ref, commit = find_experiment(project.repository, name)
    return row_of(log(project), ref, commit)


def _page(project: Project, today: dt.date, number: int | None) -> str:
    # Markdown and JSON need neither them nor NumPy.
    from gitexp.cli.page.document import page
    from gitexp.workflows.full_report import full_report

    found = full_report(project, today)
    return page(found, *_sentences(found.report), number)


def _text(found: Report, form: Format, number: int | None) -> str:
    if form is Format.JSON:
        return in_json(found) + "\n"
    return markdown.document(found, *_sentences(found), number or _ROWS)


def _sentences(found: Report) -> tuple[list[str], list[str]]:
    """How far the goals are, and what the campaign allows."""
    goals = [*map(goal_views.progress, found.goals)]
    return goals, standing_views.standing_lines(found.standing)
