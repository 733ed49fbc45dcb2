import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import status as views
from gitexp.errors import UsageError
from gitexp.rules.plan.briefing import FEWEST, MOST, as_json, as_text, fitted
from gitexp.workflows.status import status as workflow

_CHARACTERS = 2000  # of a briefing, about 500 tokens


def status(
    json_: AsJson = False,
    for_agent: Annotated[
        bool,
        typer.Option("--for-agent", help="Print what an agent needs to know before its next idea."),
    ] = False,
    chars: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=FEWEST,
            max=MOST,
            help=f"With --for-agent: maximum number of characters; default: {_CHARACTERS}.",
        ),
    ] = None,
) -> None:
    """Show where you stand, and the next step.

    The baseline, your current experiment, what is planned or waits to be accepted, the campaign and
    your goals. `gitexp` without a command does the same.
    """
    today = dt.datetime.now(tz=dt.UTC).date()
    if not for_agent:
        if chars is not None:
            raise UsageError(
                "--chars goes with --for-agent", f"gitexp status --for-agent --chars {chars}"
            )
        views.status(workflow(Path.cwd(), today), as_json=json_)
        return
    # Gaps and ranks take longer to load than the status takes.
    from gitexp.workflows.briefing import FIRST, briefing

    most = (chars or _CHARACTERS) - 1  # the end of the last line counts, too
    typer.echo(fitted(briefing(Path.cwd(), today), FIRST, most, as_json if json_ else as_text))
