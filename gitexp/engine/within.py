"""Whether a path stays in a folder of ours once its symbolic links are followed."""

from __future__ import annotations

from pathlib import Path


def is_within(path: Path, *folders: Path) -> bool:
    """Whether the entry that a path names lies in one of `folders`.

    The entry itself may be a symbolic link: removing or moving it leaves its target alone.
    """
    return reaches_into(path.parent, *folders)


def reaches_into(path: Path, *folders: Path) -> bool:
    """Whether what a path leads to, with all symbolic links followed, lies in one of `folders`."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # a loop of links
        return False
    return any(real.is_relative_to(folder.resolve()) for folder in folders)
