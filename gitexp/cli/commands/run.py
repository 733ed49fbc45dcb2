from typing import Annotated

import typer

from gitexp.cli import live
from gitexp.cli.options import AsJson, Jobs, Name, Yes
from gitexp.cli.views import run as views
from gitexp.errors import UsageError
from gitexp.lab.project import Project, open_project
from gitexp.workflows.baseline import measure_baseline
from gitexp.workflows.run import Conclusion
from gitexp.workflows.run import run as workflow
from gitexp.workflows.smoke import smoke as smoke_workflow


def run(
    name: Name = None,
    jobs: Jobs = 1,
    baseline: Annotated[
        bool,
        typer.Option("--baseline", help="Only measure the baseline, at the tip of its branch."),
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="With --baseline: measure it again where it has moved."),
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="Only run it on the sample of the settings; no verdict."),
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 10 if ruled out, 11 if inconclusive.")
    ] = False,
    explore: Annotated[
        str,
        typer.Option(
            metavar="WHY", help="Run what a rule refuses; the verdict can only be EXPLORATORY."
        ),
    ] = "",
    yes: Yes = False,
    json_: AsJson = False,
) -> None:
    """Run an experiment next to its baseline, and judge it.

    Runs only what is missing. The verdict is stored as a git note on the experiment's commit.
    """
    if again and not baseline:
        raise UsageError("--again measures the baseline again", "gitexp run --baseline --again")
    if baseline:
        if name or explore or exit_code or smoke:
            flags = {"--explore": explore, "--exit-code": exit_code, "--smoke": smoke}
            idle = name or next(flag for flag, given in flags.items() if given)
            raise UsageError(f"--baseline does not take {idle}", "gitexp run --baseline")
        run_baseline(jobs=jobs, yes=yes, as_json=json_, again=again)
        return
    if smoke:
        if explore or exit_code:
            idle = "--explore" if explore else "--exit-code"
            raise UsageError(f"--smoke does not take {idle}", "gitexp run --smoke")
        with live.watcher(yes=yes) as watcher:
            done = smoke_workflow(open_project(), name, watcher=watcher)
        views.smoked(done, as_json=json_)
        return
    conclusion = run_one(open_project(), name, jobs=jobs, yes=yes, explore=explore, as_json=json_)
    if exit_code:
        raise typer.Exit(views.exit_code(conclusion))


def run_one(
    project: Project,
    name: str | None,
    *,
    jobs: int,
    as_json: bool,
    yes: bool = False,
    explore: str = "",
) -> Conclusion:
    """Run one experiment, and print its verdict."""
    with live.watcher(yes=yes) as watcher:
        conclusion = workflow(project, name, jobs=jobs, watcher=watcher, explore=explore.strip())
    views.concluded(conclusion, as_json=as_json)
    return conclusion


def run_baseline(*, jobs: int, yes: bool, as_json: bool, again: bool = False) -> None:
    """Run the repeats that the baseline lacks, and print what they say."""
    project = open_project()
    with live.watcher(yes=yes) as watcher:
        done = measure_baseline(project, jobs=jobs, watcher=watcher, again=again)
    views.measured(project, done, as_json=as_json)


def baseline(jobs: Jobs = 1, yes: Yes = False, json_: AsJson = False) -> None:
    """Former name of `gitexp run --baseline`."""
    run_baseline(jobs=jobs, yes=yes, as_json=json_)
