from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Jobs, jobs_of
from gitexp.cli.views import next as views
from gitexp.errors import UsageError
from gitexp.lab.projects.project import open_project
from gitexp.workflows.next import next_ideas


def next_(
    hours: Annotated[
        float | None, typer.Option(metavar="H", min=0, help="Only what fits into this time.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run the best one now.")] = False,
    jobs: Jobs = "1",
    json_: AsJson = False,
) -> None:
    """Rank the planned experiments, best first.

    By chance times gain, per hour of runs. Experiments without --evidence come last.
    """
    project = open_project()
    ideas = next_ideas(project, hours=hours)
    if not run:
        views.ranked(ideas, as_json=json_)
        return
    if not ideas.order:
        hint = "gitexp retest --planned" if ideas.waiting else views.PLAN
        hint = "\n".join(ideas.warnings) or hint
        raise UsageError("nothing is planned on this baseline", hint)
    if not ideas.chosen:
        raise UsageError(
            f"no planned experiment fits into {hours:g} hours",
            "see how long each takes: gitexp next",
        )
    # Running loads the engine, which ranking does without.
    from gitexp.cli.running import run_here
    from gitexp.lab.measuring.driving import AskedRuns

    run_here(project, AskedRuns([ideas.chosen[0].name], jobs_of(jobs)), as_json=json_)
