from pathlib import Path
from typing import Annotated

import typer

from gitexp.cli.options import AsJson
from gitexp.cli.views import audit as views
from gitexp.workflows.audit import audit_file


def audit(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="results.tsv, a CSV file with one row per run, an mlruns or a wandb folder.",
        ),
    ],
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="Metric to judge by; default: found by its name.")
    ] = "",
    lower: Annotated[bool, typer.Option("--lower", help="Lower values are better.")] = False,
    higher: Annotated[bool, typer.Option("--higher", help="Higher values are better.")] = False,
    json_: AsJson = False,
) -> None:
    """Check which wins recorded by other tools would stand.

    Compares each change that was kept with the noise between repeats of one configuration, and with
    what the best of that many tries would show by luck. Needs no repository and changes nothing.
    """
    views.audited(audit_file(file, metric, lower=lower, higher=higher), file, as_json=json_)
