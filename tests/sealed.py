"""An environment without any setting of the machine or of its owner."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# First what is started most: each folder without it is searched for every process.
_GIT = Path(shutil.which("git") or os.defpath).parent


def seal(home: Path, patch: pytest.MonkeyPatch) -> None:
    """Let programs find `home`, which is empty, and nothing of their caller's settings."""
    config = home / ".gitconfig"
    config.write_text(
        "[user]\n\tname = Ada Tester\n\temail = ada@example.org\n"
        "[init]\n\tdefaultBranch = main\n[commit]\n\tgpgsign = false\n"
        '[protocol "file"]\n\tallow = always\n[gc]\n\tauto = 0\n'
    )
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "PATH": os.pathsep.join((f"{Path(sys.executable).parent}", f"{_GIT}", os.environ["PATH"])),
    }.items():
        patch.setenv(name, value)
    for name in ("XDG_CACHE_HOME", "VIRTUAL_ENV", "CONDA_PREFIX", "EDITOR", "VISUAL"):
        patch.delenv(name, raising=False)


@contextmanager
def sealed(home: Path) -> Iterator[None]:
    """What is made once for several tests is made in such an environment too."""
    with pytest.MonkeyPatch.context() as patch:
        seal(home, patch)
        yield
