"""Guesses which files evaluate, from their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitexp.rules.gate.paths import is_config, matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitexp.rules.documents.settings import Settings

_NAME = re.compile(r"(eval[\w-]*|metrics?|prepare|scor(e|er|ing))\.(py|sh|r|jl)", re.IGNORECASE)
_PLAIN = re.compile(r"\w[\w ./-]*")  # what a setting takes as a path, and not as a pattern
_MOST = 8  # files that one line of settings holds


def evaluating_files(tracked: Iterable[str], settings: Settings, script: str) -> tuple[str, ...]:
    """Tracked files whose names say that they evaluate, but for the training script itself."""
    found = [
        path
        for path in tracked
        if _NAME.fullmatch(path.rpartition("/")[2])
        and path != script
        and _PLAIN.fullmatch(path)
        and not is_config(path, settings.config)
        and not matches(path, settings.inert)
    ]
    return tuple(sorted(found)[:_MOST])
