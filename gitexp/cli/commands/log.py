import datetime as dt
import math
from collections.abc import Sequence
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import log as views
from gitexp.errors import NotReady, UsageError
from gitexp.lab import log as workflow
from gitexp.lab.missing_results import about_missing_results
from gitexp.lab.project import Project, open_project
from gitexp.lab.state import State
from gitexp.workflows.search import Query, read_query
from gitexp.workflows.search import search as workflow_search

_BEST = 10  # experiments that a search shows, unless told otherwise


def log(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|WORD]...",
            help="Names of experiments, or patterns such as 'brave-*', list these alone. Any other"
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
        str, typer.Option(metavar="DATE", help="Since then: 2026-01-31, or '2 weeks ago'.")
    ] = "",
    author: Annotated[
        str, typer.Option(metavar="TEXT", help="Whose author's name contains this.")
    ] = "",
    open_: Annotated[
        bool, typer.Option("--open", help="Only those without a verdict: not run, or failed.")
    ] = False,
    long: Annotated[
        bool, typer.Option("--long", help="Show hypotheses and whole changes, not a line each.")
    ] = False,
    calibration: Annotated[
        bool,
        typer.Option(
            "--calibration", help="Compare the gains and chances that you predicted with what came."
        ),
    ] = False,
    json_: AsJson = False,
) -> None:  # fmt: skip
    """List the experiments, newest first, or search them.

    Each is one line that fits the terminal; its end, the change, is cut if it must be.

    A word that is an experiment's name, or contains * ? or [, selects by name. Every other word is
    searched for, and the best matches come first.
    """
    if calibration:
        if words or number or since or author or open_ or long:
            raise UsageError("--calibration takes no other options", "gitexp log --calibration")
        show_calibration(as_json=json_)
        return
    project = open_project()
    query = read_query(project, words or [])
    views.mistyped(query.near)
    selection = workflow.Selection(
        query.names,
        workflow.parse_since(project, since) if since else -math.inf, author, open_, number,
    )  # fmt: skip
    if query.words:
        show_matches(project, query, selection, long=long, as_json=json_)
        return
    # Programs that read JSON asked for experiments, which the baseline's untested steps are not.
    if json_:
        views.log_json(workflow.stream(project, selection))
        return
    begin = 'No experiments yet: gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"'
    found = workflow.read_log(project, selection)
    rows = views.log(found, begin if selection.is_all_of(0) else views.NO_MATCH, long=long)
    missing = [row.commit for row in rows if row.state is State.UNSYNCED]
    for said in about_missing_results(project.repository, missing) if missing else ():
        typer.echo(f"gitexp: {said}", err=True)
    # Part of a log says nothing about where the whole stands.
    if rows and selection.is_all_of(len(rows)):
        show_standing(project, rows)


def show_matches(
    project: Project,
    query: Query,
    selection: workflow.Selection,
    *,
    as_json: bool,
    long: bool = False,
) -> None:
    """Print what a search finds, best first."""
    rows = workflow_search(project, " ".join(query.words), selection)[: selection.most or _BEST]
    if as_json:
        views.log_json(rows)
    else:
        views.log(rows, "No experiment contains any of these words.", long=long)


def show_standing(project: Project, rows: Sequence[workflow.Row]) -> None:
    """Print where the whole log stands, and how far the goals are."""
    # Statistics take 10 ms to load, which a part of the log, or JSON, does without.
    from gitexp.cli.views.goal import goals_reached
    from gitexp.cli.views.standing import marked, switches
    from gitexp.cli.views.standing import standing as print_standing
    from gitexp.lab.dead_switches import dead_switches
    from gitexp.lab.goals import progress
    from gitexp.lab.standing import standing
    from gitexp.lab.to_retest import to_retest

    print_standing(standing(project, rows))
    marked(to_retest(row.result for row in rows))
    switches(dead_switches(project, rows))
    try:
        found = progress(project, dt.datetime.now(tz=dt.UTC).date())
    except NotReady as error:
        # The log is complete without them.
        typer.echo(f"gitexp: {error.message}", err=True)
        return
    goals_reached(found)


def show_calibration(*, as_json: bool) -> None:
    """Print predictions next to what came."""
    from gitexp.cli.views import calibration as calibration_views  # as above
    from gitexp.lab.calibration import calibration as calibrate

    calibration_views.calibration(calibrate(open_project()), as_json=as_json)


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="Words to search for.")],
    number: Annotated[
        int, typer.Option("--number", "-n", metavar="N", min=0, help="Show at most this many.")
    ] = _BEST,
    json_: AsJson = False,
) -> None:
    """Former name of `gitexp log WORDS`."""
    project = open_project()
    selection = workflow.Selection(most=number)
    show_matches(project, Query(words=tuple(words)), selection, as_json=json_)


def calibration(json_: AsJson = False) -> None:
    """Former name of `gitexp log --calibration`."""
    show_calibration(as_json=json_)
