from pathlib import Path
from typing import Annotated

import typer

from gitexp.workflows.demo import demo as workflow


def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="New folder to make the project in.")
    ] = Path("gitexp-demo"),
) -> None:
    """Make a small project and run the whole loop in it.

    It sets up, registers, runs and judges with the commands that you would type.
    """
    workflow(directory, typer.echo)
