"""gitexp in a terminal of 80 columns, with somebody who types."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.project import World


def typed(world: World, keys: str, *words: str) -> tuple[int, str]:
    """Run gitexp in a terminal and type; returns its exit code and the screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gitexp", *words], cwd=world.path, stdin=theirs, stdout=theirs,
        stderr=theirs, env=os.environ | {"COLUMNS": "80"},
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, keys.encode())
    shown = b""
    with contextlib.suppress(OSError):  # the terminal ends with the process
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")
