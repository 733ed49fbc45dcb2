"""Links git-ignored inputs of yours into a checkout, without touching what the commit has there."""

from __future__ import annotations

from pathlib import Path

from gitexp.engine.within import is_within, reaches_into
from gitexp.errors import NotReady


def link_inputs(
    root: Path, place: Path, sources: list[Path], patterns: tuple[str, ...]
) -> tuple[Path, ...]:
    """Link inputs into `place`, a folder of the checkout `root`; returns what the links lead to.

    The first of `sources` that has a match serves a pattern. Files of the commit stay as they are:
    of a folder that the commit has, too, only what the commit lacks is linked.

    Raises:
        NotReady: an input is not in any of `sources`, or its place lies outside the checkout.
    """
    linked: list[Path] = []
    for pattern in patterns:
        found: list[Path] = []
        for source in sources:
            found = sorted(source.glob(pattern.rstrip("/")))
            for path in found:
                linked += _link(root, path, place / path.relative_to(source))
            if found:
                break
        if not found and not any(place.glob(pattern.rstrip("/"))):
            where = f"in {sources[0]}" if sources else "on this machine"
            raise NotReady(
                f"{pattern} (named by `link` in the settings) is not {where}",
                "put it there, or remove it from `link`"
                if sources
                else "say where it is: `tree` in the table of the settings that runs elsewhere use",
            )
    return tuple(linked)


def _link(root: Path, source: Path, target: Path) -> list[Path]:
    if not is_within(target, root):
        raise NotReady(
            f"{target.relative_to(root)} cannot be linked: a folder above it is a symbolic link of"
            " the commit that leads out of the repository",
            "name that folder itself in `link`",
        )
    if target.is_symlink():
        if target.exists() and reaches_into(target, root):
            return []  # a link of the commit to another file of it
        # The settings say where this input comes from. From here, the commit's own link may lead
        # elsewhere than from your tree, or nowhere.
        target.unlink()
    elif target.is_dir() and source.is_dir():
        return [
            path
            for entry in sorted(source.iterdir())
            if entry.name != ".git"
            for path in _link(root, entry, target / entry.name)
        ]
    elif target.exists():
        return []
    target.parent.mkdir(parents=True, exist_ok=True)
    real = source.resolve()
    target.symlink_to(real)
    return [real]
