import contextlib
import math
from dataclasses import replace
from itertools import islice
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.pager import paged
from gitexp.cli.views import log as views
from gitexp.cli.views.log import Form, Look
from gitexp.cli.views.log_cells import Column
from gitexp.cli.views.terminal import OUTPUT, Color, has_color
from gitexp.cli.whole_log import begin_whole_log, goals_of, show_headline, show_standing
from gitexp.errors import UsageError
from gitexp.lab.log import log as workflow
from gitexp.lab.log.log_order import Order, ordered, row_condition
from gitexp.lab.log.missing_results import about_missing_results
from gitexp.lab.projects.project import Project, open_project
from gitexp.rules.plan.state import State
from gitexp.workflows.search import Query, read_query
from gitexp.workflows.search import search as workflow_search

_BEST = 10  # experiments that a search shows, unless told otherwise


def log(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|WORD]...",
            help="Show only these experiments, by name or by a pattern such as 'brave-*'. Any other"
            " words are searched for in hypotheses, changes, reasons and verdicts.",
        ),
    ] = None,
    number: Annotated[
        int | None,
        typer.Option(
            "--number", "-n", metavar="N", min=1,
            help=f"Show at most this many; default: all, or the best {_BEST} of a search.",
        ),
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="DATE", help="Only since then: 2026-01-31, or '2 weeks ago'.")
    ] = "",
    author: Annotated[
        str, typer.Option(metavar="TEXT", help="Only those whose author's name contains this.")
    ] = "",
    open_: Annotated[
        bool, typer.Option("--open", help="Only those without a verdict: not run, or failed.")
    ] = False,
    long: Annotated[
        bool, typer.Option("--long", help="Show hypotheses and whole changes, not one line each.")
    ] = False,
    calibration: Annotated[
        bool,
        typer.Option(
            "--calibration", help="Compare your predicted gains and chances with the results."
        ),
    ] = False,
    sort: Annotated[
        Order, typer.Option(help="The newest, the largest gain or the best mean score first.")
    ] = Order.DATE,
    condition: Annotated[
        str,
        typer.Option(
            "--filter", metavar="CONDITION",
            help="Only where this is true, such as 'verdict=confirmed and effect>0.01': columns of"
            " gitexp export, = != < <= > >=, and, or, not, parentheses.",
        ),
    ] = "",
    columns: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help=f"Columns, in this order: {', '.join(Column)}; with --csv, those of gitexp"
            " export.",
        ),
    ] = "",
    only_changed: Annotated[
        bool,
        typer.Option("--only-changed", help="Leave out columns that are the same in every row."),
    ] = False,
    csv: Annotated[
        bool,
        typer.Option(
            "--csv", help="Print CSV, with an apostrophe before what a spreadsheet would run."
        ),
    ] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a table to paste into Markdown.")
    ] = False,
    brief: Annotated[
        bool,
        typer.Option(
            "--brief", help="With --json: only name, change, verdict, effect and its bounds."
        ),
    ] = False,
    color: Annotated[
        Color, typer.Option(help="When to use color; auto: on a terminal, unless NO_COLOR is set.")
    ] = Color.AUTO,
    json_: AsJson = False,
) -> None:  # fmt: skip
    """List the experiments, newest first, or search them.

    One line each: what changed, its effect with the interval (right of zero is better), pairs of
    runs, age and name. A wider terminal shows more. git's pager shows what is longer than the
    screen.

    A word that is an experiment's name, or contains * ? or [, selects by name. Every other word is
    searched for, and the best matches come first. More: docs/log.md.
    """
    OUTPUT.color = color
    # Otherwise what goes to a pager loses its colors on the way.
    context.color = has_color()
    if calibration:
        if words or number or since or author or open_ or long:
            raise UsageError("--calibration takes no other options", "gitexp log --calibration")
        from gitexp.cli.views import calibration as calibration_views  # a log needs neither
        from gitexp.lab.log.calibration import calibration as calibrate

        calibration_views.calibration(calibrate(open_project()), as_json=json_)
        return
    form = views.form_of(json=json_, brief=brief, csv=csv, markdown=markdown, long=long)
    look = Look(form, views.columns_of(columns, form), only_changed=only_changed)
    project = open_project()
    query = read_query(project, words or [])
    views.mistyped(query.near)
    selection = workflow.Selection(
        query.names,
        workflow.parse_since(project, since) if since else -math.inf, author, open_, number,
        row_condition(condition) if condition else None,
    )  # fmt: skip
    with paged(project.repository) if form.is_for_people else contextlib.nullcontext():
        if query.words:
            show_matches(project, query, selection, look, sort)
        elif form.is_for_people and sort is Order.DATE:
            show_log(project, selection, look)
        else:
            # Steps of the baseline branch are not experiments, and were not measured as these are.
            show_sorted(project, selection, look, sort)


def show_log(project: Project, selection: workflow.Selection, look: Look) -> None:
    """Print the log, newest first, and where it is whole, above and below it what it comes to."""
    begin = 'No experiments yet: gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"'
    goals = None
    with workflow.open_log(project, selection) as opened:
        if look.form is Form.TABLE and selection == workflow.Selection():
            goals = goals_of(project)
            found, headline_is_owed = begin_whole_log(opened, goals)
        else:
            found, headline_is_owed = opened.with_steps(), False
        rows = views.log(found, look, begin if selection.is_all_of(0) else views.NO_MATCH)
        if goals is not None and headline_is_owed:
            typer.echo("")
            show_headline(opened, rows, goals)
    missing = [row.commit for row in rows if row.state is State.UNSYNCED]
    for said in about_missing_results(project.repository, missing) if missing else ():
        typer.echo(f"gitexp: {said}", err=True)
    # Part of a log says nothing about where the whole stands.
    if rows and selection.is_all_of(len(rows)):
        show_standing(project, rows, goals_of(project) if goals is None else goals)


def show_sorted(project: Project, selection: workflow.Selection, look: Look, sort: Order) -> None:
    """Print experiments alone, in any order."""
    if sort is Order.DATE:
        views.log(workflow.stream(project, selection), look)
        return
    rows = ordered(workflow.stream(project, replace(selection, most=None)), sort)
    views.log(islice(rows, selection.most), look)


def show_matches(
    project: Project, query: Query, selection: workflow.Selection, look: Look, sort: Order
) -> None:
    """Print what a search finds, best first unless it is sorted."""
    rows = workflow_search(project, " ".join(query.words), selection)[: selection.most or _BEST]
    views.log(ordered(rows, sort), look, "No experiment contains any of these words.")
