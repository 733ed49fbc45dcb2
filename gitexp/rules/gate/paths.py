"""The files that a pattern in the settings matches."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    """Whether a path is a declared config file; a pattern without a slash matches at the top."""
    return any(
        fnmatch.fnmatchcase(path, pattern) and path.count("/") == pattern.count("/")
        for pattern in patterns
    )
