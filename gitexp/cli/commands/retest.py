from typing import Annotated

import typer

from gitexp.cli.options import AsJson, Name
from gitexp.cli.views import plan as views
from gitexp.errors import UsageError
from gitexp.lab.project import open_project
from gitexp.workflows.retest import carry_on
from gitexp.workflows.retest import retest as workflow


def retest(
    name: Name = None,
    planned: Annotated[
        bool,
        typer.Option(
            "--planned",
            help="All that were planned on an older baseline, which archives them, or confirmed"
            " there.",
        ),
    ] = False,
    json_: AsJson = False,
) -> None:
    """Test a change again: new baseline, fresh seeds.

    Registers the same change on the current tip of the baseline branch, as a new experiment.
    """
    if planned and name:
        raise UsageError(f"give --planned or {name}, not both", "gitexp retest --planned")
    if planned:
        views.carried_on(carry_on(open_project()), as_json=json_)
    else:
        views.started(workflow(open_project(), name), as_json=json_)
