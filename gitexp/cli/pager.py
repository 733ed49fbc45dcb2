"""git's pager, for what is longer than a terminal."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from gitexp.cli.views.terminal import OUTPUT, is_dumb
from gitexp.store.repository import Repository

# As git sets them: quit where all fits on one screen, show colors, leave the screen as it is.
_LESS, _LV = "FRX", "-c"


@contextlib.contextmanager
def paged(repository: Repository) -> Iterator[None]:
    """Show what is printed in the pager that git would use, where standard output is a terminal.

    Whoever leaves the pager has seen enough: what is left is not printed.
    """
    command = _pager(repository)
    if not command:
        yield
        return
    # Programs in a pipe cannot ask how wide the terminal is.
    os.environ.setdefault("COLUMNS", str(shutil.get_terminal_size().columns))
    environment = {"LESS": _LESS, "LV": _LV} | dict(os.environ)
    sys.stdout.flush()
    # A shell reads the command, as with git: it is the user's own, and may have options.
    pager = subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, env=environment)
    assert pager.stdin is not None  # noqa: S101 - for the type checker
    terminal = os.dup(1)
    os.dup2(pager.stdin.fileno(), 1)
    pager.stdin.close()
    OUTPUT.is_paged = True
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_rest()
    finally:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        os.dup2(terminal, 1)
        os.close(terminal)
        OUTPUT.is_paged = False
        pager.wait()


def _pager(repository: Repository) -> str:
    """The command of the pager; empty where there is none to use."""
    if not sys.stdout.isatty() or is_dumb():
        return ""
    # git's own order; what gitexp starts does not inherit the first one.
    command = os.environ.get("GIT_PAGER")
    if command is None:
        command = repository.git.text("var", "GIT_PAGER").strip()
    return "" if command == "cat" else command


def _drop_rest() -> None:
    """Throw away what the reader who has gone did not take."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
