import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import note as views
from gitexp.errors import UsageError
from gitexp.lab.projects.experiment import find_experiment
from gitexp.lab.projects.project import open_project
from gitexp.store.git_errors import GitFailed
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


def edited(repository: Repository, text: str, without: str) -> str:
    """Return a text as its writer leaves it in the editor; `without` is a command that needs none.

    Raises:
        UsageError: there is no editor, or it failed.
    """
    command = _editor(repository, without)
    with tempfile.TemporaryDirectory(prefix="gitexp-") as folder:
        path = Path(folder, "text.txt")
        path.write_text(text, encoding="utf-8")
        # A shell reads the command, as with git: it is the user's own, and may have options.
        ended = subprocess.run(["/bin/sh", "-c", f'{command} "$@"', command, path], check=False)
        if ended.returncode:
            raise UsageError(f"the editor failed: {command}", without)
        return path.read_text(encoding="utf-8", errors="replace")


def _editor(repository: Repository, without: str) -> str:
    # Our git does not see the variable, and knows the other places to look.
    if named := os.environ.get("GIT_EDITOR"):
        return named
    try:
        return repository.git.text("var", "GIT_EDITOR").strip()
    except GitFailed as error:
        raise UsageError(f"there is no editor: {error}", without) from None
