"""Where the command begins: Ctrl-C ends it without a traceback, even while modules load.

Loading typer and a command's modules takes 100 ms. Nothing has been done by then, so there is
nothing to end in order.
"""

from __future__ import annotations

import gc
import os
import sys

from gitexp.cli.signals import end_at_once, when_interrupted


def _open_what_is_closed() -> None:
    """Put nothing in place of an input or output that is closed, as by `>&-` or a daemon.

    Else the next file that is opened gets its number, and what is printed goes there.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free
            mode = "w" if descriptor else "r"
            setattr(sys, name, open(descriptor, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def main() -> None:
    """Run the command line."""
    when_interrupted(end_at_once)
    _open_what_is_closed()
    gc.disable()  # until a command is loaded: modules are many objects, and hardly any is dropped
    if shell := os.environ.get("_GITEXP_COMPLETE"):
        from gitexp.cli.completion.complete import main as complete  # a shell asks

        complete(shell)
    from gitexp.cli.app import main as run  # not before Ctrl-C is taken care of

    run()
