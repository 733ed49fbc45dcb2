from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import registered as views
from gitexp.errors import UsageError
from gitexp.lab.projects.project import open_project
from gitexp.workflows.retest import carry_on
from gitexp.workflows.retest import retest as workflow


def retest(
    name: Name = None,
    planned: Annotated[
        bool,
        typer.Option(
            "--planned",
            help="Every experiment planned or confirmed on an older baseline; the planned ones are"
            " archived.",
        ),
    ] = False,
    repeats: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Maximum number of repeats; default: the settings', or what it was planned with.",
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Test a change again: new baseline, fresh seeds.

    Registers the same change on the current tip of the baseline branch, as a new experiment with
    its own place in the campaign. Each verdict rests on its own runs; what both measured together
    is shown as an estimate.
    """
    if planned and (name or repeats is not None):
        other = name or "--repeats"
        raise UsageError(f"give --planned or {other}, not both", "gitexp retest --planned")
    if planned:
        views.carried_on(carry_on(open_project()), as_json=json_)
    else:
        views.started(workflow(open_project(), name, repeats), as_json=json_)
