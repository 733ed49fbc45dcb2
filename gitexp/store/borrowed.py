"""Folders of objects that a clone uses in place of copies, as `git clone --shared` sets it up."""

from __future__ import annotations

import os
import shlex

from gitexp.errors import NotReady
from gitexp.store.repository import Repository


def lacking(repository: Repository) -> NotReady | None:
    """Say which folder of objects a clone borrows from and cannot see, such as an unmounted disk.

    Until it is back, what lies in it is neither here nor lost.
    """
    objects = repository.common / "objects"
    listed = objects / "info" / "alternates"
    try:
        lines = listed.read_bytes().splitlines()
    except OSError:
        return None
    for line in lines:
        folder = os.path.normpath(objects / os.fsdecode(line))
        if line and not line.startswith((b"#", b'"')) and not os.path.isdir(folder):  # noqa: PTH112
            return NotReady(
                f"this clone uses the objects in {folder}, which is not there",
                "bring that folder back, or mount its disk; if it has moved, write where to into:"
                f" {shlex.quote(str(listed))}",
            )
    return None
