"""`gitexp run`: imports inside functions load what only some kinds of runs need."""

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Gpus, Jobs, Yes, jobs_of
from gitexp.cli.running import print_script, run_here
from gitexp.cli.views import run as views
from gitexp.errors import UsageError
from gitexp.lab.measuring.driving import AskedRuns
from gitexp.lab.projects.project import Project, open_project
from gitexp.rules.documents.purpose import RunKind
from gitexp.rules.documents.where import Where

_ANY = sys.maxsize
# How many names an option goes with, and which other options that say what is run.
_BESIDE: dict[str, tuple[int, set[str]]] = {
    "--baseline": (0, {"--detach", "--on", "--script"}), "--resume": (0, set()),
    "--wait": (_ANY, {"--exit-code"}),
    "--detach": (_ANY, {"--all", "--baseline", "--smoke", "--screen", "--on"}),
    "--smoke": (1, {"--detach", "--on", "--script"}),
    "--screen": (_ANY, {"--all", "--detach", "--on", "--script"}),
    "--script": (_ANY, {"--all", "--on", "--baseline", "--smoke", "--screen"}),
}  # fmt: skip


def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Experiments; default: the one checked out, else the one you started last.",
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Every planned experiment, in the order of gitexp next; then what failed once.",
        ),
    ] = False,
    jobs: Jobs = "1",
    gpus: Gpus = "",
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
        typer.Option(
            "--smoke", help="Only run it on the settings' sample of the data; no verdict."
        ),
    ] = False,
    screen: Annotated[
        bool,
        typer.Option(
            "--screen", help="Only run each once or a few times, and rank them; no verdict."
        ),
    ] = False,
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="With --screen: runs of each; default: 1.")
    ] = None,
    sample: Annotated[
        float | None,
        typer.Option(metavar="S", help="With --screen: share of the data to run on; default: 1."),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 10 if ruled out, 11 if inconclusive.")
    ] = False,
    explore: Annotated[
        str,
        typer.Option(
            metavar="WHY", help="Run what a rule refuses; the verdict can only be EXPLORATORY."
        ),
    ] = "",
    detach: Annotated[
        bool, typer.Option("--detach", help="Run in the background, even after you log out.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume detached runs that were interrupted.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for detached runs, then print their results.")
    ] = False,
    on: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="Make the runs on other machines: ssh, slurm or dask (docs/clusters.md).",
        ),
    ] = "",
    remote: Annotated[
        str,
        typer.Option(metavar="NAME", help="With --on: the remote that results come back through."),
    ] = "",
    address: Annotated[
        str,
        typer.Option(metavar="URL", help="With --on dask: the scheduler, as tcp://host:8786."),
    ] = "",
    script: Annotated[
        bool,
        typer.Option("--script", help="With --on slurm: print the batch script; submit nothing."),
    ] = False,
    queued: Annotated[str, typer.Option("--queued", hidden=True)] = "",
    yes: Yes = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print one line per result, and nothing else.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Run experiments next to their baseline, and judge them.

    Runs only what is missing. A verdict is stored as a git note on its experiment's commit. If one
    experiment fails, the others go on; the exit code is then that of the worst failure.
    """
    if again and not baseline:
        raise UsageError("--again measures the baseline again", "gitexp run --baseline --again")
    if not screen and (runs is not None or sample is not None):
        option = "--runs" if runs is not None else "--sample"
        raise UsageError(f"{option} goes with --screen", f"gitexp run --screen {option} ...")
    where = Where(on, remote, address)
    names, number = names or [], _jobs_there(jobs, where, gpus)
    flags = {
        "--all": every, "--explore": explore, "--exit-code": exit_code, "--baseline": baseline,
        "--smoke": smoke, "--screen": screen, "--detach": detach, "--resume": resume,
        "--wait": wait, "--on": on, "--script": script,
    }  # fmt: skip
    given = [flag for flag, value in flags.items() if value]
    _demand_fitting(given, names)
    if queued or resume or wait:
        _of_queues(queued, names, resume=resume, by_verdict=exit_code, as_json=json_)
        return
    if explore:
        _demand_explorable(names, every=every, on=on)
    project = open_project()
    if every:
        _refuse_beside("--all", names)
        names = _planned(project, screen=screen, as_json=json_)
        if not names:
            return
    kind = RunKind.SMOKE if smoke else RunKind.EXPERIMENTS
    if baseline:
        kind = RunKind.BASELINE_AGAIN if again else RunKind.BASELINE
    screening = 1 if runs is None else runs, 1.0 if sample is None else sample
    asked = AskedRuns(
        names, number, every or script or len(names) > 1, kind, screening if screen else None,
        gpus, explore.strip(),
    )  # fmt: skip
    if script:
        print_script(project, asked, where)
    elif detach:
        from gitexp.cli.queued import run_detached

        run_detached(project, asked, where, yes=yes, as_json=json_)
    else:
        run_here(project, asked, where, as_json=json_, yes=yes, quiet=quiet, by_verdict=exit_code)


def _planned(project: Project, *, screen: bool, as_json: bool) -> list[str]:
    """The experiments that --all means; none, and what to print then, where nothing is planned."""
    from gitexp.cli.views import next as next_views
    from gitexp.workflows.next import next_ideas

    ideas = next_ideas(project)
    names = [idea.name for idea in ideas.order] + ([] if screen else ideas.failed)
    if not names and screen:
        hint = "\n".join(ideas.warnings) or next_views.PLAN
        raise UsageError("nothing is planned on this baseline", hint)
    if not names and as_json:
        views.all_ended([], as_json=True)
    elif not names:
        next_views.ranked(ideas, as_json=False)
    return names


def _jobs_there(jobs: str, where: Where, gpus: str) -> int | None:
    """Read --jobs; None where a cluster says itself how many runs it makes at once."""
    if where.on and gpus:
        raise UsageError(
            "--gpus names accelerators of this machine, and --on makes the runs on others",
            "what a run gets there is in the settings: see docs/clusters.md",
        )
    if where.remote and not where.on:
        raise UsageError("--remote goes with --on", "gitexp run --on ssh --remote NAME")
    if where.address and where.on != "dask":
        hint = "gitexp run --on dask --address tcp://host:8786"
        raise UsageError("--address goes with --on dask", hint)
    return None if where.on and jobs == "1" else jobs_of(jobs)


def _demand_explorable(names: Sequence[str], *, every: bool, on: str) -> None:
    """Refuse to explore several experiments at once, or one on other machines."""
    if every or len(names) > 1:
        raise UsageError("--explore goes with a single experiment", "gitexp run NAME --explore WHY")
    if on:
        raise UsageError(
            "--explore runs on this machine only: an experiment that a rule refuses is not shared,"
            " so other machines cannot get it",
            f"leave out --on: gitexp run {shlex.join(names) or 'NAME'} --explore WHY",
        )


def _demand_fitting(given: Sequence[str], names: Sequence[str]) -> None:
    """Refuse options that do not go with each other, or with so many names."""
    for option, (most, others) in _BESIDE.items():
        if option in given:
            unfit = [flag for flag in given if flag not in {option, *others}]
            _refuse_beside(option, [*names[most:], *unfit])


def _of_queues(
    queued: str, names: Sequence[str], *, resume: bool, by_verdict: bool, as_json: bool
) -> None:
    """Carry out a queue, resume those that were interrupted, or wait for one."""
    from gitexp.cli import queued as of_queue
    from gitexp.cli.views import queue as views
    from gitexp.workflows import queue as workflow

    if queued:
        of_queue.run_queue(queued)
    elif resume:
        views.resumed(workflow.resume(open_project()), as_json=as_json)
    else:
        ended = workflow.wait(open_project(), names, lambda said: typer.echo(said, err=True))
        of_queue.shown(ended, as_json=as_json, by_verdict=by_verdict)


def _refuse_beside(option: str, others: Sequence[str]) -> None:
    """Refuse what an option does not go with."""
    if others:
        raise UsageError(f"{option} does not take {others[0]}", f"gitexp run {option}")
