"""A file that differs, as git lists it."""

from __future__ import annotations

from typing import NamedTuple


class Edited(NamedTuple):
    """A file that differs between baseline and experiment.

    Modes as git writes them ("000000": absent). Contents are raw blobs and only needed for declared
    config files; None where the file is absent or was not read.
    """

    path: str
    old_mode: str
    new_mode: str
    before: bytes | None = None
    after: bytes | None = None
