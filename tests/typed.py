"""gitexp in a terminal, with somebody who types."""

from __future__ import annotations

import contextlib
import os
import pty
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from tests.forked import ended, start_forked

if TYPE_CHECKING:
    from tests.project import World

TERMINAL = "terminal"  # in the place of a file's name


def typed(world: World, keys: str, *words: str) -> tuple[int, str]:
    """Run gitexp in a terminal of 80 columns and type; returns its exit code and the screen."""
    environment = os.environ | {"COLUMNS": "80"}
    return on_terminal(world, words, environment, (TERMINAL, TERMINAL, TERMINAL), keys)


def on_terminal(
    world: World,
    words: tuple[str, ...],
    environment: dict[str, str],
    streams: tuple[str, str, str],
    keys: str = "",
) -> tuple[int, str]:
    """Run gitexp with some of its streams on a terminal; returns its exit code and the screen."""
    ours, theirs = pty.openpty()
    stdin, stdout, stderr = (os.ttyname(theirs) if one == TERMINAL else one for one in streams)
    process = start_forked(words, world.path, environment, (stdin, stdout, stderr))
    os.write(ours, keys.encode())
    shown = b""
    while ours in wait([ours, process.sentinel]):  # else it has ended, and all is read
        shown += os.read(ours, 4096)
    os.close(theirs)
    with contextlib.suppress(OSError):  # what it started may still write
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    return ended(process), shown.decode().replace("\r\n", "\n")
