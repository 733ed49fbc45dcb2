"""Paths as people write them, with `~` for a home."""

from __future__ import annotations

import os
from pathlib import Path


def user_path(text: str) -> Path:
    """Replace `~`, as a shell does: it stays where nobody says which folder that is.

    pathlib raises an error instead, as in a container whose user has no name.
    """
    return Path(os.path.expanduser(text))  # noqa: PTH111 - see above
