"""Files that a run has put on record by `gitexp.artifact`: what they are, not what is in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import parse_object, stamped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOST = 100  # files of one run
_LARGEST = 1 << 20  # bytes of the list of them


def artifact_lines(
    path: Path, run: Mapping[str, Any], places: tuple[Path, ...]
) -> list[dict[str, Any]]:
    """Bulk lines of a run's files, from what it wrote to `path`; at most 100, the last ones.

    A file in one of the `places` is named by its path there: where a checkout lies says nothing.
    """
    try:
        with path.open("rb") as handle:
            written = handle.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return []
    lines: dict[str, dict[str, Any]] = {}
    for text in written.split("\n"):
        content = parse_object(text) or {}
        fields = {name: content.get(name) for name in ("path", "size", "sha256")}
        line = stamped(Kind.ARTIFACT, {**run, **fields})
        # The script may have written anything.
        if any(shape.read(line) for shape in Kind.ARTIFACT.shapes) and line.get("path"):
            name = _named(line["path"], places)
            lines[name] = line | {"path": name}
    return list(lines.values())[-_MOST:]


def _named(path: str, places: tuple[Path, ...]) -> str:
    for place in places:
        for root in (str(place), os.path.realpath(place)):
            if path.startswith(f"{root}{os.sep}"):
                return path[len(root) + 1 :]
    return path
