"""Where the command begins: Ctrl-C ends it without a traceback, even while modules load.

Loading typer and a command's modules takes 100 ms. Nothing has been done by then, so there is
nothing to end in order.
"""

from __future__ import annotations

import gc
import os

from gitexp.cli.signals import end_at_once, when_interrupted


def main() -> None:
    """Run the command line."""
    when_interrupted(end_at_once)
    gc.disable()  # until a command is loaded: modules are many objects, and hardly any is dropped
    if shell := os.environ.get("_GITEXP_COMPLETE"):
        from gitexp.cli.completion.complete import main as complete  # a shell asks

        complete(shell)
    from gitexp.cli.app import main as run  # not before Ctrl-C is taken care of

    run()
