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
    repeats: Annotated[
        int | None,
        typer.Option(metavar="N", help="Repeats at most, in place of the settings'."),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Test a change again: new baseline, fresh seeds.

    Registers the same change on the current tip of the baseline branch, as a new experiment in a
    new place of its campaign. What both measured is shown together, as an estimate: the verdict of
    each rests on its own runs.
    """
    if planned and (name or repeats is not None):
        other = name or "--repeats"
        raise UsageError(f"give --planned or {other}, not both", "gitexp retest --planned")
    if planned:
        views.carried_on(carry_on(open_project()), as_json=json_)
    else:
        views.started(workflow(open_project(), name, repeats), as_json=json_)
