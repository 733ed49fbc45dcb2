"""A project that is made once for several tests, each of which gets a copy of its own."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.project import World, copied
from tests.sealed import sealed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def made_once(source: Path, folder: Path) -> Iterator[World]:
    """Copy an initialised project, for whatever all these tests begin with to be done in it."""
    home = folder / "home"
    home.mkdir()
    world = copied(source, folder / "project")
    with sealed(home):
        yield world
        # A copy of this project begins without a checkout, as one on another machine does.
        shutil.rmtree(home)
        world.git("worktree", "prune")


def fresh(made: Path, place: Path) -> World:
    """Return a copy whose index knows the copied files, as where the files were made."""
    world = copied(made, place)
    world.git("update-index", "--refresh")
    return world
