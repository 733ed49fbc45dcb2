"""The command line: each command parses, calls one workflow and shows one view.

Workflows load inside the commands: `gitexp --help` and a refused start must not wait for what only
a run needs.
"""

# Not postponed: typer would compile and evaluate 130 annotations anew at every start, for 5 ms.
import errno
import gc
import io
import math
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from gitexp.cli import foresight, sharing, storing
from gitexp.errors import GitexpError, NotReady, UsageError, disk_full

app = typer.Typer(
    name="gitexp",
    help="Git as the lab notebook of machine learning.\n\n"
    "An experiment is a branch whose commit message is a hypothesis; it may run only when exactly"
    " one config line differs from the baseline; its results are git notes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_BUG = 70
_FULL = {errno.EDQUOT, errno.ENOSPC}
_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
_INTERRUPTED = 130

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="Experiment; without it the one checked out, else the one last started here.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before more than 30 minutes of runs.")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, max=256, help="Runs at the same time.")]


def _version(wanted: bool) -> None:
    if wanted:
        from gitexp import __version__

        typer.echo(f"gitexp {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback if gitexp itself fails.")
    ] = False,
) -> None:
    pass


@app.command()
def init(
    config: Annotated[
        str, typer.Option(metavar="FILE", help="Config file of which one line may change.")
    ] = "",
    command: Annotated[
        str,
        typer.Option(
            metavar="COMMAND", help="Training command; {seed} and {config} are filled in."
        ),
    ] = "",
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="Metric that the command reports.")
    ] = "",
    direction: Annotated[
        str, typer.Option(metavar="WAY", help="Which is better, higher or lower; unset, by name.")
    ] = "",
    effect: Annotated[
        float | None,
        typer.Option(metavar="G", help="Smallest gain worth having; unset, by name."),
    ] = None,
    metrics: Annotated[
        str, typer.Option(metavar="FILE", help="JSON or TOML file with the metrics.")
    ] = "",
    seed_key: Annotated[
        str, typer.Option(metavar="KEY", help="Config key that holds the seed.")
    ] = "",
    vary: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="What a seed changes: split (the rows tested, and the training), seed (the"
            " training alone) or none; unset, split.",
        ),
    ] = "",
    baseline: Annotated[
        str, typer.Option(metavar="BRANCH", help="Branch that experiments start from.")
    ] = "",
    try_: Annotated[
        bool,
        typer.Option(
            "--try",
            help="First run the command, up to three times: does it report the metric, what does it"
            " cost, what does a seed change? If it fails, nothing is set up.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing, and run nothing without --try.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back what init did; experiments stay.")
    ] = False,
) -> None:
    """Set this repository up: settings, hooks, approval.

    Finds config file, command and metric, or asks; says what it changed and how to undo that. In a
    bare repository, which only takes pushes, the server's hook is all that it installs.
    """
    from gitexp.cli import live
    from gitexp.cli.views import setup as views
    from gitexp.rules.documents.draft import DraftSettings
    from gitexp.workflows import init as workflow

    if undo:
        views.undone(workflow.undo(Path.cwd()))
        return
    given = DraftSettings(
        config=config, command=command, metric=metric, direction=direction, effect=effect,
        metrics=metrics, seed_key=seed_key, vary=vary,
    )  # fmt: skip
    asking = None if yes or not sys.stdin.isatty() else _ask
    views.initialised(
        workflow.init(Path.cwd(), given, asking, live.watcher, baseline=baseline, trial=try_)
    )


def _ask(question: str, proposal: str) -> str:
    return str(typer.prompt(question, default=proposal or None))


@app.command()
def trust(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Experiment whose own settings are meant; without it, the baseline branch's.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve without asking.")] = False,
) -> None:
    """Show the settings that would run here, and approve them."""
    from gitexp.lab import trust as workflow
    from gitexp.lab.project import open_project

    if name is None:
        project = open_project()
        where = f"{project.settings_path} on {project.baseline}"
    else:
        from gitexp.lab.gate import check
        from gitexp.store.repository import Repository

        report = check(Repository.discover(Path.cwd()), name)
        project = report.project
        where = f"{project.settings_path} that exp/{report.name} runs by"
    if workflow.is_trusted(project):
        typer.echo(f"{where} is approved in this clone already.")
        return
    typer.echo(f"{where}, against what was approved last:")
    typer.echo(workflow.difference(project))
    if not yes:
        again = f"gitexp trust {name}" if name else "gitexp trust"
        if not sys.stdin.isatty():
            raise NotReady("nobody is here to approve", f"read the above, then: {again} --yes")
        if not typer.confirm("Let this clone run that?"):
            raise NotReady("not approved, so nothing here runs by these settings", again)
    workflow.trust(project)
    typer.echo("Approved.")


@app.command()
def start(
    hypothesis: Annotated[
        str,
        typer.Argument(
            metavar="HYPOTHESIS", help='A statement with its reason: "X raises Y because Z".'
        ),
    ],
    set_: Annotated[
        str | None,
        typer.Option("--set", metavar="KEY=VALUE", help="The one change; no file is touched."),
    ] = None,
    expect: Annotated[
        str,
        typer.Option(
            metavar="CRITERION",
            help='What counts as success: "accuracy +0.005", "rmse -2%", "accuracy >= 0.97".',
        ),
    ] = "",
    evidence: Annotated[str, typer.Option(metavar="TEXT", help="What the idea rests on.")] = "",
    gain: Annotated[
        float | None, typer.Option(metavar="G", help="Gain that you expect, in the metric's unit.")
    ] = None,
    chance: Annotated[
        float | None, typer.Option(metavar="P", help="Chance that it works, 0 to 1.")
    ] = None,
    cost: Annotated[str, typer.Option(metavar="TIME", help="What it will take: 5m, 2h.")] = "",
    guard: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIMIT", help='What may not get worse by more: "latency_ms +5%"; repeat it.'
        ),
    ] = None,
    replicate: Annotated[
        bool, typer.Option("--replicate", help="Test a change again that has its answer.")
    ] = False,
    despite: Annotated[
        str, typer.Option(metavar="REASON", help="Why it is tested against what KNOWN.toml says.")
    ] = "",
    switch: Annotated[bool, typer.Option("--switch", help="Check the new branch out.")] = False,
    json_: AsJson = False,
) -> None:
    """Register an experiment: one commit on the baseline's tip.

    It is the branch exp/NAME, and the name is drawn. Without --set, the one line that you edited
    in the work tree becomes the experiment, and the file goes back to its committed state.
    """
    from gitexp.cli.views import plan as views
    from gitexp.lab.project import open_project
    from gitexp.workflows import start as workflow

    options = workflow.Options(expect, evidence, gain, chance, cost, tuple(guard or ()), despite)
    started = workflow.start(
        open_project(), hypothesis, set_=set_, options=options, switch=switch, replicate=replicate
    )
    views.started(started, as_json=json_)


@app.command()
def check(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|RANGE]",
            help="Experiment, or a range of commits such as main..; without it the experiment that"
            " is checked out, else the one last started here.",
        ),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Every experiment of this repository, archived ones not.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Hold experiments against every rule of the gate.

    One line, one value, a hypothesis with its reason, trailers that tell the truth. In a range each
    experiment is judged whose commit lies there; other commits are only counted.
    """
    from gitexp.cli.views import integrity as views
    from gitexp.lab import gate as workflow
    from gitexp.store.repository import Repository

    if all_ and name:
        raise UsageError(f"either --all or {name}", "gitexp check --all")
    repository = Repository.discover(Path.cwd())
    if all_ or (name and ".." in name):
        sweep = (
            workflow.check_all(repository) if all_ else workflow.check_range(repository, name or "")
        )
        views.swept(sweep, as_json=json_)
        ok = sweep.ok
    else:
        report = workflow.check(repository, name)
        views.checked(report, as_json=json_)
        ok = report.ok
    if not ok:
        raise typer.Exit(1)


@app.command()
def run(
    name: Name = None,
    jobs: Jobs = 1,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 10 if ruled out, 11 if inconclusive.")
    ] = False,
    explore: Annotated[
        str,
        typer.Option(metavar="WHY", help="Run what the gate refuses; it can only be EXPLORATORY."),
    ] = "",
    yes: Yes = False,
    json_: AsJson = False,
) -> None:
    """Run an experiment beside its baseline, and note the verdict."""
    from gitexp.cli import live
    from gitexp.cli.views import run as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.run import run as workflow

    with live.watcher(yes=yes) as watcher:
        answer = workflow(open_project(), name, jobs=jobs, watcher=watcher, explore=explore.strip())
    views.answered(answer, as_json=json_)
    if exit_code:
        raise typer.Exit(views.exit_code(answer))


@app.command()
def baseline(jobs: Jobs = 1, yes: Yes = False, json_: AsJson = False) -> None:
    """Run the baseline's repeats alone, at its branch's tip."""
    from gitexp.cli import live
    from gitexp.cli.views import run as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.baseline import measure_baseline

    project = open_project()
    with live.watcher(yes=yes) as watcher:
        done = measure_baseline(project, jobs=jobs, watcher=watcher)
    views.measured(project, done, as_json=json_)


@app.command()
def log(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Names, or patterns as of a shell: 'brave-*'."),
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", "-n", min=1, help="Show at most this many.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="DATE", help="Since then: 2026-01-31, or '2 weeks ago'.")
    ] = "",
    author: Annotated[
        str, typer.Option(metavar="TEXT", help="By somebody with this in the name.")
    ] = "",
    open_: Annotated[
        bool, typer.Option("--open", help="Only what was never run, or run and never decided.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """List the experiments, newest first, with what became of each."""
    from gitexp.cli.views import log as views
    from gitexp.lab import log as workflow
    from gitexp.lab.project import open_project

    project = open_project()
    part = workflow.Part(
        tuple(name.removeprefix("exp/") for name in names or ()),
        workflow.second_of(project, since) if since else -math.inf, author, open_, number,
    )  # fmt: skip
    # What reads JSON asked for experiments, and the baseline's untested steps are none.
    if json_:
        views.log_json(workflow.stream(project, part))
        return
    begin = 'No experiments yet: gitexp start --set KEY=VALUE "HYPOTHESIS because REASON"'
    found = workflow.read_log(project, part)
    rows = views.log(found, begin, long=True) if part.is_all_of(0) else views.log(found, long=True)
    # A part of the log says nothing of where the whole stands.
    if rows and part.is_all_of(len(rows)):
        from gitexp.cli.views import standing as standing_view
        from gitexp.lab.standing import standing

        standing_view.standing(standing(project, rows))
        foresight.show_goals(project)


@app.command()
def show(name: Name = None, json_: AsJson = False) -> None:
    """Show one experiment in full.

    Hypothesis, criterion, verdict, every pair of runs, environment.
    """
    from gitexp.cli.views import show as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.show import show as workflow

    views.show(workflow(open_project(), name), as_json=json_)


@app.command()
def verify(
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Write verdict notes anew that are not what records give."),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Recompute every verdict, and say what does not fit.

    From messages and records, beside notes, levels, the gate and the notes' history. Ends with
    1 where something is wrong. Each campaign is listed with its error bound.
    """
    from gitexp.cli.views import integrity as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.verify import verify as workflow

    report = workflow(open_project(), fix=fix)
    views.verified(report, as_json=json_)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def holdout(
    name: Name = None,
    why: Annotated[
        str, typer.Option(metavar="TEXT", help="What the look is for; it stays on record.")
    ] = "",
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Look at the tip of the baseline branch instead.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Open the locked holdout once; every opening is kept.

    Runs the setting `holdout` on the first seed. Nothing else runs that command or sets
    GITEXP_HOLDOUT=1, which it gets.
    """
    from gitexp.cli import live
    from gitexp.cli.views import integrity as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.holdout import open_holdout

    with live.watcher() as watcher:
        done = open_holdout(open_project(), name, baseline=baseline, why=why, watcher=watcher)
    views.opened(done, as_json=json_)


@app.command()
def accept(
    name: Name = None,
    anyway: Annotated[
        str, typer.Option(metavar="WHY", help="Accept without a confirmation; the reason is kept.")
    ] = "",
    pr: Annotated[
        bool, typer.Option("--pr", help="Push the branch and its results for review instead.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Merge a confirmed experiment into the baseline branch."""
    from gitexp.cli.views import keep as views
    from gitexp.lab.project import open_project
    from gitexp.workflows import accept as workflow

    if pr:
        views.offered(workflow.offer(open_project(), name, anyway=anyway), as_json=json_)
    else:
        views.accepted(workflow.accept(open_project(), name, anyway=anyway), as_json=json_)


@app.command()
def retest(name: Name = None, json_: AsJson = False) -> None:
    """Register a change anew: on the present tip, on fresh seeds."""
    from gitexp.cli.views import plan as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.retest import retest as workflow

    views.started(workflow(open_project(), name), as_json=json_)


@app.command()
def split(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Experiment to split; without it the work tree."),
    ] = None,
    message: Annotated[
        list[str] | None,
        typer.Option("--message", "-m", help="Hypothesis of a change, in their order; repeat it."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Turn several one-line changes into as many experiments."""
    from gitexp.cli.views import plan as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.split import split as workflow

    asking = None if json_ or message or not sys.stdin.isatty() else _ask_hypothesis
    views.split(workflow(open_project(), name, message or [], asking), as_json=json_)


def _ask_hypothesis(change: str) -> str:
    return str(typer.prompt(f"{change}\nhypothesis"))


@app.command()
def preset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the preset.")],
    settings: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="Values that belong together.")
    ],
    json_: AsJson = False,
) -> None:
    """Write coupled values as one preset; choosing it is one line."""
    from gitexp.cli.views import plan as views
    from gitexp.lab.project import open_project
    from gitexp.workflows.preset import preset as workflow

    views.preset(workflow(open_project(), name, settings), as_json=json_)


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="New folder for the demo project.")
    ] = Path("gitexp-demo"),
) -> None:
    """Make a small project and run the whole loop there, for real."""
    from gitexp.workflows.demo import demo as workflow

    workflow(directory, typer.echo)


foresight.register(app)
storing.register(app)
sharing.register(app)


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; the one place that turns errors into exit codes."""
    # A batch system that stops a job gets the same orderly end as Ctrl-C; nohup's wish is kept.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _terminate)
    # A command makes hardly any cycles and ends soon; a log of thousands would be searched for them
    # again and again.
    gc.set_threshold(100_000)
    # What the terminal's encoding lacks must not end a command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = _run()
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a stream may have been closed outside
        try:
            stream.flush()
        except OSError:
            code = code or 1
    # Taking the interpreter apart would cost 10 ms, a tenth of most commands.
    os._exit(code)


def _run() -> int:
    """Run the command; returns its exit code."""
    try:
        # Outside of standalone mode an Exit comes back as its code, and Ctrl-C as one.
        code = int(app(prog_name="gitexp", standalone_mode=False) or 0)
    except GitexpError as error:
        return _expected(error)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except OSError as error:
        if "--debug" in sys.argv:
            return _reported(error)
        if error.errno in _FULL:
            return _expected(disk_full())
        if error.errno in _UNWRITABLE:
            place = "what was to be written" if error.filename is None else error.filename
            return _failed(f"gitexp: {place}: {error.strerror}", NotReady.exit_code)
        return _failed(f"gitexp: the system refused: {error}", NotReady.exit_code)
    except SystemExit as left:  # typer's own end where the reader (head, less) has gone
        return left.code if isinstance(left.code, int) else 1
    except Exception as error:  # noqa: BLE001 - the edge: a bug must end in one readable line
        return _reported(error)
    return _interrupted() if code == _INTERRUPTED else code


def _interrupted() -> int:
    # A terminal shows ^C where the cursor stood.
    begin = "\n" if sys.stderr.isatty() else ""
    return _failed(f"{begin}gitexp: interrupted; what had finished is stored", _INTERRUPTED)


def _expected(error: GitexpError) -> int:
    from gitexp.rules.rendering import error_text  # what succeeds needs no such text

    return _failed(error_text(error, "gitexp"), error.exit_code)


def _failed(text: str, code: int) -> int:
    from gitexp.rules.text import visible

    typer.echo(visible(text), err=True)
    return code


def _reported(error: Any) -> int:  # noqa: ANN401 - click's usage errors and our bugs
    if hasattr(error, "exit_code") and hasattr(error, "show"):
        error.show()
        return int(error.exit_code)
    if "--debug" in sys.argv:
        import traceback

        traceback.print_exception(error)
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    at = f" ({Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno})" if where else ""
    return _failed(
        f"gitexp: a bug of ours, sorry: {type(error).__name__}: {error}{at}\n"
        "-> the same command with --debug (gitexp --debug ...) prints all that a report needs",
        _BUG,
    )
