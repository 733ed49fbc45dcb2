"""Which files a settings pattern means."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Say whether a path (relative to the project, with slashes) is meant by any pattern.

    `docs/` means everything below that folder, `*.md` a file name in any folder, and a pattern with
    a slash inside is held against the whole path.
    """
    for pattern in patterns:
        if pattern.endswith("/"):
            if path.startswith(pattern):
                return True
        elif fnmatch.fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern):
            return True
    return False


def is_config(path: str, patterns: Iterable[str]) -> bool:
    """Say whether a path is a declared config file; one without a slash is at the top."""
    return any(
        fnmatch.fnmatchcase(path, pattern) and path.count("/") == pattern.count("/")
        for pattern in patterns
    )
