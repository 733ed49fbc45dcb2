"""A run's result files: old ones are removed before it, and what is to be kept is moved after it.

Whatever lies outside the checkout is yours, even if a symbolic link leads there, and stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from gitexp.engine.within import is_within
from gitexp.errors import NotReady
from gitexp.rules.documents.settings import Settings
from gitexp.store.aside import make_durable
from gitexp.store.local import make_writable


def remove_results(root: Path, place: Path, settings: Settings) -> None:
    """Remove the result files that the settings name, so that no run can report old results.

    Raises:
        NotReady: a symbolic link of the commit leads from `place` out of the checkout `root`.
    """
    for key, name in (("metrics", settings.metrics), ("predictions", settings.predictions)):
        if not name:
            continue
        if not is_within(place / name, root):
            raise NotReady(
                f"{name} ({key} in the settings) lies behind a symbolic link that leads out of the"
                " repository, where a run may not remove an old one",
                f"let the command write it to a folder of the repository, and correct {key}",
            )
        # A folder of that name is reported after the run, when its file cannot be read.
        with contextlib.suppress(IsADirectoryError, NotADirectoryError):
            (place / name).unlink(missing_ok=True)


def keep_files(root: Path, place: Path, folder: Path, patterns: Sequence[str]) -> str:
    """Move the files that the settings keep into the run's folder; returns what could not be."""
    left: list[str] = []
    # The list comes first: moving a folder also moves the files in it that match.
    for source in [source for pattern in patterns for source in place.glob(pattern)]:
        target = folder / source.relative_to(place)
        if not os.path.lexists(source):
            continue
        name = source.relative_to(place)
        if not is_within(source, root):
            left.append(f"{name} lies outside the checkout, and stays there")
            continue
        if not is_within(target, folder):
            left.append(f"{name}: a link in the run's folder leads out of it")
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _move(source, target)
        except OSError as error:
            left.append(f"{name}: {error.strerror or error}")
    return (
        f"not kept: {left[0]}{f' (and {len(left) - 1} more)' if left[1:] else ''}" if left else ""
    )


def _move(source: Path, target: Path) -> None:
    with contextlib.suppress(OSError):
        source.rename(target)
        return
    # Another disk, a folder of that name, or a folder that may not be written to: a copy, which
    # must be on the disk before the original goes.
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        for inner, _, names in os.walk(target):
            for name in names:
                make_durable(target.joinpath(inner, name))
        make_writable(source)
        shutil.rmtree(source)
    else:
        shutil.copy2(source, target, follow_symlinks=False)
        make_durable(target)
        source.unlink()
