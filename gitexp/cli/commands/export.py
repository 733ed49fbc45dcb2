import contextlib
import sys
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import export as views
from gitexp.errors import UsageError
from gitexp.lab.progress import heard_by
from gitexp.lab.projects.project import open_project
from gitexp.workflows.export import Format
from gitexp.workflows.export import export as workflow


def export(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Names of experiments, or patterns such as 'brave-*'."
        ),
    ] = None,
    to: Annotated[
        Format, typer.Option("--to", metavar="csv|jsonl|parquet|mlflow", help="What to write.")
    ] = Format.CSV,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="PATH",
            help="File to write; for mlflow an SQLite file, its folder, or a server's URL. Default:"
            " standard output, for csv and jsonl.",
        ),
    ] = "",
    runs: Annotated[
        bool, typer.Option("--runs", help="A row for each run, including those of baselines.")
    ] = False,
    json_: AsJson = False,
) -> None:  # fmt: skip
    """Export the log as a table, or into an MLflow store.

    A row for each experiment, with its change, criterion, verdict and figures; or for each run. A
    store of MLflow gets both, and each run only once. The columns: docs/export.md.
    """
    if json_ and not output:
        raise UsageError(
            "--json needs --output: otherwise the export itself is printed",
            f"gitexp export --to {to.value} --output PATH --json",
        )
    # The rows themselves show how far it is where they go to the terminal.
    with contextlib.nullcontext() if output or not sys.stdout.isatty() else heard_by():
        done = workflow(open_project(), to, output, sys.stdout, names=names or (), runs=runs)
    views.exported(done, as_json=json_)
