import datetime as dt
from pathlib import Path

from gitexp.cli.options import AsJson
from gitexp.cli.views import status as views
from gitexp.workflows.status import status as workflow


def status(json_: AsJson = False) -> None:
    """Show where you stand, and the next step.

    The baseline, your current experiment, what is planned or waits to be accepted, the campaign and
    your goals. `gitexp` without a command does the same.
    """
    today = dt.datetime.now(tz=dt.UTC).date()
    views.status(workflow(Path.cwd(), today), as_json=json_)
