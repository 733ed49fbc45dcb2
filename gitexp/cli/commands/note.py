import sys
from typing import Annotated

import typer

from gitexp.cli.editor import edited
from gitexp.cli.options import AsJson
from gitexp.cli.views import note as views
from gitexp.errors import UsageError
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import open_project
from gitexp.store.repository import Repository
from gitexp.workflows.note import note as workflow

_TEMPLATE = """

# A remark on {name}. Lines that begin with # are left out.
# Leave it empty to note nothing.
"""


def note(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Experiment, archived or not.")],
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]",
            help="The remark; without it, git's editor opens.",
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Add a dated remark to an experiment.

    It stays with the results: log, show and report have it, git log shows it below the verdict, and
    sync shares it. It changes no verdict. To remove a remark, use gitexp redact.
    """
    repository = open_project().repository
    if text is None:
        text = _edited(repository, name)
    views.noted(workflow(repository, name, text), as_json=json_)


def _edited(repository: Repository, name: str) -> str:
    """Have the remark written in git's editor."""
    ref, _ = find_experiment(repository, name)  # before anybody writes something for nothing
    short = ref.rpartition("/")[2]
    way = f'gitexp note {short} "TEXT"'
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("what do you want to note?", way)
    written = edited(repository, _TEMPLATE.format(name=f"exp/{short}"), way)
    return "\n".join(line for line in written.splitlines() if not line.startswith("#"))
