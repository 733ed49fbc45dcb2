"""Commands that look ahead: what is known, what to try next, what the project is after."""

# Not postponed: see main.py.
import dataclasses
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.lab.goals import Progress
    from gitexp.lab.project import Project
    from gitexp.workflows.gaps import Report

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


known = typer.Typer(
    help="What is settled already: KNOWN.toml on the baseline.", rich_markup_mode=None
)

_PLAN = 'gitexp start --set KEY=VALUE "HYPOTHESIS" --gain G --chance P --evidence TEXT'


@known.callback(invoke_without_command=True)
def _known(context: typer.Context, json_: AsJson = False) -> None:
    """List what is settled already, in KNOWN.toml on the baseline.

    `gitexp start` refuses a change of such a key, unless --despite says why it is tested again.
    """
    if context.invoked_subcommand:
        return
    from gitexp.lab.known import settled
    from gitexp.lab.project import open_project

    project = open_project()
    found = settled(project, project.tip)
    if json_:
        _print_json([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        at = f" = {one.value}" if one.value is not None else ""
        for line in (f"{one.key}{at}", f"  {one.claim}", f"  by {one.source}"):
            typer.echo(visible(line).replace("\n", " "))
    if not found:
        typer.echo('Nothing is written down: gitexp known add "CLAIM" --key KEY --source TEXT')


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
    from gitexp.lab.project import open_project
    from gitexp.workflows.known import learn

    project = open_project()
    done = learn(project, claim, key, source, value)
    if json_:
        _print_json(dataclasses.asdict(done))
    else:
        typer.echo(
            visible(f"KNOWN.toml on {project.baseline} has it now: {done.key}: {done.claim}")
        )


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="Words to look for.")],
    number: Annotated[int, typer.Option("--number", "-n", min=0, help="At most this many.")] = 10,
    json_: AsJson = False,
) -> None:
    """Find experiments by their words, best first.

    Those of hypotheses, trailers, reasons and verdicts.
    """
    from gitexp.cli.views import read as views
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
    from gitexp.errors import UsageError
    from gitexp.lab.project import open_project
    from gitexp.rules.verdict import words
    from gitexp.workflows.next import next_ideas

    project = open_project()
    order, chosen = next_ideas(project, hours=hours)
    if run:
        if not order:
            raise UsageError("nothing is planned on the present baseline", _PLAN)
        if not chosen:
            raise UsageError(f"nothing that is planned fits into {hours:g} hours", "more --hours")
        from gitexp.cli import live
        from gitexp.cli.views import run as views
        from gitexp.workflows.run import run as workflow

        with live.watcher() as watcher:
            answer = workflow(project, chosen[0].name, jobs=jobs, watcher=watcher)
        views.answered(answer, as_json=json_)
        return
    if json_:
        names = {idea.name for idea in chosen}
        _print_json([dataclasses.asdict(idea) | {"fits": idea.name in names} for idea in order])
        return
    if not order:
        typer.echo(f"Nothing is planned on the present baseline: {_PLAN}")
    fitting = {idea.name for idea in chosen}
    for place, idea in enumerate(order, start=1):
        late = "" if idea.name in fitting else "  (does not fit)"
        typer.echo(
            f"{place:3}. exp/{idea.name}  {idea.worth:.3g} an hour: {idea.chance:.2g} x"
            f" {idea.gain:.3g} in {words.span(idea.seconds)}{late}"
        )
        for doubt in idea.doubts:
            typer.echo(f"       {doubt}")
    if chosen:
        typer.echo(f"\nnext: gitexp run {chosen[0].name}")


def calibration(json_: AsJson = False) -> None:
    """Hold foretold gains and chances against what came."""
    from gitexp.lab.calibration import calibration as workflow
    from gitexp.lab.project import open_project
    from gitexp.rules.plan.expectation import in_words
    from gitexp.rules.verdict.words import number

    groups = workflow(open_project())
    if json_:
        _print_json([dataclasses.asdict(group) for group in groups])
        return
    if not groups:
        typer.echo(
            "Nothing was foretold and decided yet. Say what you expect:"
            " gitexp start --gain 0.01 --chance 0.3 ..., then run it"
        )
        return
    for group in groups:
        typer.echo(visible(group.group))
        if group.gains:
            typer.echo(
                f"  gain: {number(group.predicted, sign=True)} foretold,"
                f" {number(group.measured, sign=True)} measured ({group.gains})"
            )
        if group.decided or group.inconclusive:
            hits = "" if group.hits is None else f", {100 * group.hits:.0f} % confirmed"
            stated = "" if group.stated is None else f"{100 * group.stated:.0f} % stated"
            typer.echo(
                f"  chance: {stated or 'none decided'}{hits} ({group.decided} decided,"
                f" {group.inconclusive} inconclusive)"
                + ("" if group.brier is None else f", Brier score {group.brier:.3g}")
            )
    for sentence in in_words(groups[0]):
        typer.echo(f"\n{sentence}")


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
    from gitexp.lab.goals import progress
    from gitexp.lab.project import open_project
    from gitexp.workflows.goal import aim

    project, today = open_project(), dt.datetime.now(tz=dt.UTC).date()
    if text is not None:
        aim(project, text, today)
        project = open_project()
    found = progress(project, today)
    if json_:
        _print_json([one.as_json() for one in found])
        return
    if not found:
        typer.echo('No goal is set: gitexp goal "accuracy >= 0.97 by 2027-01-31"')
    for one in found:
        typer.echo(progress_line(one))


def show_goals(project: "Project") -> None:
    """Print the progress towards each goal, if any is set."""
    from gitexp.errors import NotReady
    from gitexp.lab.goals import progress

    try:
        found = progress(project, dt.datetime.now(tz=dt.UTC).date())
    except NotReady as error:
        # The log is whole without them.
        typer.echo(f"gitexp: {error.message}", err=True)
        return
    for one in found:
        typer.echo(progress_line(one))


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
    from gitexp.cli.views import read as read_views
    from gitexp.cli.views import terminal as terminal_views
    from gitexp.errors import UsageError
    from gitexp.lab.project import open_project
    from gitexp.workflows.report import report as workflow

    found = workflow(open_project(), dt.datetime.now(tz=dt.UTC).date())
    if json_:
        text = terminal_views.in_json(found.as_json()) + "\n"
    else:
        campaign = read_views.standing_lines(found.standing, bound=True)
        text = markdown.document(found, [*map(progress_line, found.goals)], campaign, number)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}", "another --output"
        ) from None


def progress_line(one: "Progress") -> str:
    """One goal and how far it is."""
    from gitexp.rules.verdict.words import counted, number

    within = "" if one.within is None else f" ± {number(one.within)}"
    now = "not measured yet"
    if one.now is not None:
        now = f"at {number(one.now)}{within} ({counted(one.runs, 'run')})"
    if one.met:
        now = f"reached, {now}" if one.sure else f"reached within the error bar, {now}"
    elif one.days_left is not None:
        late = one.days_left < 0
        now += f", {-one.days_left} days late" if late else f", {one.days_left} days left"
    before = f" It was {one.before} until {one.since}." if one.before else ""
    return visible(f"Goal {one.goal}: {now}.{before}")


def _print_json(content: object) -> None:
    from gitexp.cli.views.terminal import in_json  # every command would wait for it

    typer.echo(in_json(content))


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
    from gitexp.lab.project import open_project
    from gitexp.workflows.gaps import gaps as workflow

    project = open_project()
    if curve:
        with live.watcher(yes=yes) as watcher:
            report = workflow(project, curve=watcher)
    else:
        report = workflow(project)
    if json_:
        _print_json(report.as_json())
    else:
        _gaps(report, number)


def _gaps(report: "Report", number: int) -> None:
    """Print at most a screenful."""
    from gitexp.rules.verdict.words import number as shown

    found = report.findings
    within = "" if report.within is None else f" ± {shown(report.within)} (95 %)"
    typer.echo(
        f"{report.metric} {shown(report.score)}{within} over {report.runs} runs;"
        f" {found.examples} examples"
    )
    unit = "" if found.unit == report.metric else f" {found.unit}"
    typer.echo(f"always the same answer would get{unit} {shown(found.dummy)}")
    if report.train is not None:
        typer.echo(f"in training {shown(report.train)}")
    if report.detectable is not None:
        typer.echo(
            f"an experiment confirms gains of {shown(report.detectable)} or more, four times in"
            f" five (by {report.seen_by})"
        )
    else:
        typer.echo("the smallest gain that an experiment can confirm is not known before one ran")
    for place, gap in enumerate(report.gaps[:number], start=1):
        (low, high), own = gap.interval, f" in {gap.unit}" if gap.unit else ""
        between = "" if low == high else f" [{shown(low)} to {shown(high)}]"
        typer.echo(f"\n{place}. {visible(gap.said)}")
        what = "if its power law goes on" if gap.kind == "data" else "a limit, no forecast"
        typer.echo(f"   ceiling {shown(gap.ceiling)}{between}{own}: {what}")
        line = gap.template(report.metric, higher_is_better=report.higher_is_better)
        typer.echo(visible(f"   {line}"))
    if not report.gaps:
        typer.echo("\nNo gap stands out: errors are spread as chance would spread them.")
    if found.calibration is not None:
        error = found.calibration["error"]
        typer.echo(f"\nprobabilities are off by {shown(error)} on average")
    if report.curve is not None and all(gap.kind != "data" for gap in report.gaps[:number]):
        low, high = report.curve.interval
        typer.echo(
            f"\ntwice the data would bring {shown(report.curve.gain, sign=True)}"
            f" [{shown(low, sign=True)} to {shown(high, sign=True)}]"
        )
    for line in report.skipped:
        typer.echo(f"skipped: {visible(line)}")
    typer.echo(
        "What predictions cannot tell: whether a gap can be closed, and what was never tested."
    )


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(known, name="known")
    for name, command in (
        ("gaps", gaps),
        ("search", search), ("next", next_), ("calibration", calibration),
        ("goal", goal), ("report", report),
    ):  # fmt: skip
        app.command(name)(command)
