"""Commands that look ahead: what is known, what to try next, what the project is after."""

# Not postponed: see main.py.
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gitexp.lab.project import Project

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


known = typer.Typer(
    help="What is settled already: KNOWN.toml on the baseline.", rich_markup_mode=None
)


@known.callback(invoke_without_command=True)
def _known(context: typer.Context, json_: AsJson = False) -> None:
    """List what is settled already, in KNOWN.toml on the baseline.

    `gitexp start` refuses a change of such a key, unless --despite says why it is tested again.
    """
    if context.invoked_subcommand:
        return
    from gitexp.cli.views import plan as views
    from gitexp.lab.project import open_project
    from gitexp.lab.settled import settled

    project = open_project()
    views.settled(settled(project, project.tip), as_json=json_)


@known.command("add")
def _add(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="What is settled, in a sentence.")],
    key: Annotated[str, typer.Option(metavar="KEY", help="Config key that the claim is about.")],
    source: Annotated[str, typer.Option(metavar="TEXT", help="Who settled it: a paper, a run.")],
    value: Annotated[
        str | None, typer.Option(metavar="VALUE", help="Only this value of the key.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Write down what is settled, and commit it on the baseline."""
    from gitexp.cli.views import plan as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.known import learn

    project = open_project()
    views.learned(learn(project, claim, key, source, value), project.baseline, as_json=json_)


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="Words to look for.")],
    number: Annotated[int, typer.Option("--number", "-n", min=0, help="At most this many.")] = 10,
    json_: AsJson = False,
) -> None:
    """Find experiments by their words, best first.

    Those of hypotheses, trailers, reasons and verdicts.
    """
    from gitexp.cli.views import log as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.search import search as workflow

    rows = workflow(open_project(), " ".join(words))[:number]
    if not rows and not json_:
        typer.echo("No experiment has any of these words.")
        return
    (views.log_json if json_ else views.log)(rows)


def next_(
    hours: Annotated[
        float | None, typer.Option(metavar="H", min=0, help="Only what fits into this time.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run the best one now.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=256, help="Runs at the same time.")
    ] = 1,
    json_: AsJson = False,
) -> None:
    """Rank the planned experiments, best first.

    By chance x gain per hour of runs; those that rest on evidence go before the others.
    """
    from gitexp.cli.views import plan as plan_views
    from gitexp.errors import UsageError
    from gitexp.lab.project import open_project
    from gitexp.workflows.next import next_ideas

    project = open_project()
    order, chosen = next_ideas(project, hours=hours)
    if run:
        if not order:
            raise UsageError("nothing is planned on the present baseline", plan_views.PLAN)
        if not chosen:
            raise UsageError(f"nothing that is planned fits into {hours:g} hours", "more --hours")
        from gitexp.cli import live
        from gitexp.cli.views import run as views
        from gitexp.workflows.run import run as workflow

        with live.watcher() as watcher:
            answer = workflow(project, chosen[0].name, jobs=jobs, watcher=watcher)
        views.answered(answer, as_json=json_)
        return
    plan_views.ranked(order, chosen, as_json=json_)


def calibration(json_: AsJson = False) -> None:
    """Hold foretold gains and chances against what came."""
    from gitexp.cli.views import calibration as views
    from gitexp.lab.calibration import calibration as workflow
    from gitexp.lab.project import open_project

    views.calibration(workflow(open_project()), as_json=json_)


def goal(
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[GOAL]",
            help='What to reach: "accuracy >= 0.97 by 2027-01-31"; without it, the progress.',
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Say what the project is after, or show the progress.

    Goals are committed on the baseline, in GOALS.toml.
    """
    from gitexp.cli.views import plan as views
    from gitexp.lab.goals import progress
    from gitexp.lab.project import open_project
    from gitexp.workflows.goal import aim

    project, today = open_project(), dt.datetime.now(tz=dt.UTC).date()
    if text is not None:
        aim(project, text, today)
        project = open_project()
    views.goals(progress(project, today), as_json=json_)


def show_goals(project: "Project") -> None:
    """Print the progress towards each goal, if any is set."""
    from gitexp.cli.views import plan as views
    from gitexp.errors import NotReady
    from gitexp.lab.goals import progress

    try:
        found = progress(project, dt.datetime.now(tz=dt.UTC).date())
    except NotReady as error:
        # The log is whole without them.
        typer.echo(f"gitexp: {error.message}", err=True)
        return
    for one in found:
        typer.echo(views.progress(one))


def report(
    number: Annotated[
        int, typer.Option("--number", "-n", min=1, help="At most this many lines of a table.")
    ] = 20,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Write where the project stands, as Markdown.

    Goals, ladder, verdicts, what is open, and what the campaign allows: to be pasted into a pull
    request.
    """
    from gitexp.cli import markdown
    from gitexp.cli.views import plan as plan_views
    from gitexp.cli.views import standing as standing_views
    from gitexp.cli.views import terminal as terminal_views
    from gitexp.errors import UsageError
    from gitexp.lab.project import open_project
    from gitexp.workflows.report import report as workflow

    found = workflow(open_project(), dt.datetime.now(tz=dt.UTC).date())
    if json_:
        text = terminal_views.in_json(found.as_json()) + "\n"
    else:
        campaign = standing_views.standing_lines(found.standing, bound=True)
        text = markdown.document(found, [*map(plan_views.progress, found.goals)], campaign, number)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}", "another --output"
        ) from None


def gaps(
    number: Annotated[int, typer.Option("--number", "-n", min=0, help="At most this many.")] = 5,
    curve: Annotated[
        bool, typer.Option("--curve", help="Train on parts of the data, too: a learning curve.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before more than 30 minutes of runs.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Show where the baseline loses most.

    From the predictions that its runs saved, most recoverable first, each with its ceiling.
    """
    from gitexp.cli import live
    from gitexp.cli.views import gaps as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.gaps import gaps as workflow

    project = open_project()
    if curve:
        with live.watcher(yes=yes) as watcher:
            report = workflow(project, curve=watcher)
    else:
        report = workflow(project)
    views.gaps(report, number, as_json=json_)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(known, name="known")
    for name, command in (
        ("gaps", gaps),
        ("search", search), ("next", next_), ("calibration", calibration),
        ("goal", goal), ("report", report),
    ):  # fmt: skip
        app.command(name)(command)
