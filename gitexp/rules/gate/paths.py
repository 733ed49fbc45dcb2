"""The files that a pattern in the settings matches."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether any pattern matches a path (relative to the project, with slashes).

    `docs/` matches everything in that folder, `*.md` a file name in any folder, and a pattern with
    a slash inside the whole path.
    """
    for pattern in patterns:
        if pattern.endswith("/"):
            if path.startswith(pattern):
                return True
        elif fnmatch.fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern):
            return True
    return False


def is_config(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is a declared config file.

    A pattern is a whole path: `*` stays inside one folder, `**` stands for any number of folders,
    also none, and at the end for every file below. Hidden files are like any other.
    """
    return any(_is_whole(path.split("/"), pattern.split("/")) for pattern in patterns)


def is_pattern(declared: str) -> bool:
    """Whether a declared config may stand for several files."""
    return any(character in declared for character in "*?[")


def _is_whole(path: list[str], pattern: list[str]) -> bool:
    """Whether a pattern matches a path, both split at slashes; in time len(path) * len(pattern)."""
    if pattern[-1] == "**":
        pattern = [*pattern, "*"]
    reached = {0}  # the parts of the pattern at which the rest of the path may go on
    for name in [*path, None]:
        for at, part in enumerate(pattern):
            if at in reached and part == "**":
                reached.add(at + 1)
        if name is None:
            break
        reached = {
            at if part == "**" else at + 1
            for at, part in enumerate(pattern)
            if at in reached and (part == "**" or fnmatch.fnmatchcase(name, part))
        }
    return len(pattern) in reached
