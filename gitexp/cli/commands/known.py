from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.overview import COMMANDS
from gitexp.cli.views import known as views
from gitexp.errors import UsageError
from gitexp.lab.projects.project import open_project
from gitexp.lab.registering.known_claims import read_known
from gitexp.workflows.known import learn, learn_from

_BY_HAND = 'gitexp known add "CLAIM" --key KEY --source TEXT'
_FROM = "gitexp known add --from NAME"

known = typer.Typer(add_completion=False, rich_markup_mode=None, epilog=COMMANDS["known"].epilog)


@known.callback(invoke_without_command=True)
def _list(context: typer.Context, json_: AsJson = False) -> None:
    """List what is already settled, or add to it.

    The list is KNOWN.toml on the baseline branch. `gitexp start` refuses to test again what is in
    it, unless you say why with --despite.
    """
    if context.invoked_subcommand:
        return
    project = open_project()
    views.settled(read_known(project, project.tip), as_json=json_)


@known.command("add", epilog=COMMANDS["known"].epilog)
def _add(
    claim: Annotated[
        str, typer.Argument(metavar="[CLAIM]", help="What is settled, in a sentence.")
    ] = "",
    key: Annotated[
        str, typer.Option(metavar="KEY", help="Config key that the claim is about.")
    ] = "",
    source: Annotated[
        str, typer.Option(metavar="TEXT", help="Who settled it: a paper, an experiment.")
    ] = "",
    value: Annotated[
        str | None,
        typer.Option(metavar="VALUE", help="The value that it is about; default: every value."),
    ] = None,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Take all of it from this experiment, which was confirmed or ruled out.",
        ),
    ] = "",
    json_: AsJson = False,
) -> None:
    """Write down what is settled, and commit it on the baseline branch."""
    project = open_project()
    if from_:
        if claim or key or source or value is not None:
            raise UsageError("--from takes claim, key, value and source from the experiment", _FROM)
        views.learned(learn_from(project, from_), as_json=json_)
        return
    if not (claim and key and source):
        raise UsageError("a claim needs a text, a --key and a --source", f"{_BY_HAND}\n{_FROM}")
    views.learned(learn(project, claim, key, source, value), as_json=json_)
