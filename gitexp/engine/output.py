"""What a run gave besides its scores: what it printed, logged step by step, and put on record."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.masking import hide_secrets
from gitexp.engine.metrics import parse_logged
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import parse_object, stamped
from gitexp.rules.documents.series import Curve

if TYPE_CHECKING:
    from gitexp.engine.job import Job

_LOG = 1000, 3000  # first and last bytes of the output that are stored
_HALF_AT_THE_END = re.compile(rb"[^\r\n]+\Z")
_HALF_AT_THE_START = re.compile(rb"\A[^\r\n]*[\r\n]?")
_LAST = 8192  # bytes in which they are looked for
_LAST_LINES = 15  # of a failed run's output, shown to the user
_LONGEST_LINE = 1 << 16  # bytes; whatever is longer was not written by gitexp
_MOST_METRICS = 200  # metrics of one run
_LARGEST_STEP = 1 << 53  # what every reader of JSON holds exactly
_MOST_ARTIFACTS = 100  # files of one run
_LARGEST_LIST = 1 << 20  # bytes of the list of them


def log_line(job: Job, condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    """Log line of a run: the beginning and the end of what it printed, without secrets."""
    printed = {
        name: hide_secrets(_ends(job.folder / f"{name}.log"), values)
        for name in ("stdout", "stderr")
    }
    fields = {"seed": job.seed, "attempt": job.attempt, "condition": condition, **printed}
    return stamped(Kind.LOG, fields)


def _ends(path: Path) -> str:
    """Beginning and end of a file in whole lines, as a terminal shows them after the run."""
    first, last = _LOG
    try:
        with path.open("rb") as handle:
            text = handle.read(first + last)
            if path.stat().st_size > len(text):
                handle.seek(-last, os.SEEK_END)
                # Half a line may hold half a secret, which would not be recognized.
                ends = _HALF_AT_THE_END.sub(b"", text[:first]), handle.read(last)
                text = b"[...]\n".join((ends[0], _HALF_AT_THE_START.sub(b"", ends[1])))
    except OSError:
        return ""
    lines = text.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    # A progress bar overwrites itself.
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def last_lines(folder: Path) -> str:
    """Last lines of the errors, or else of the output, of the run in a folder."""
    for name in ("stderr.log", "stdout.log"):
        try:
            with (folder / name).open("rb") as handle:
                handle.seek(max(0, handle.seek(0, os.SEEK_END) - _LAST))
                text = handle.read(_LAST).decode("utf-8", "replace")
        except OSError:
            continue
        lines = [line for line in text.splitlines() if line.strip()]
        if lines:
            return "\n".join(lines[-_LAST_LINES:])
    return ""


def read_curves(path: Path) -> dict[str, Curve]:
    """Series of each metric, in whatever memory the file would not fit; {} if there is no file.

    Values that are not finite are left out, and those that were logged without a step.
    """
    curves: dict[str, Curve] = {}
    with suppress(OSError), path.open("rb") as handle:
        for step, metrics in parse_logged(iter(partial(handle.readline, _LONGEST_LINE), b"")):
            if step is None or abs(step) > _LARGEST_STEP:
                continue
            for name, value in metrics.items():
                if math.isfinite(value) and (name in curves or len(curves) < _MOST_METRICS):
                    curves.setdefault(name, Curve()).add(step, value)
    return curves


def artifact_lines(
    path: Path, run: Mapping[str, Any], places: tuple[Path, ...]
) -> list[dict[str, Any]]:
    """Bulk lines of a run's files, from what it wrote to `path`; at most 100, the last ones.

    A file in one of the `places` is named by its path there: where a checkout lies says nothing.
    """
    try:
        with path.open("rb") as handle:
            written = handle.read(_LARGEST_LIST).decode("utf-8", "replace")
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
    return list(lines.values())[-_MOST_ARTIFACTS:]


def _named(path: str, places: tuple[Path, ...]) -> str:
    for place in places:
        for root in (str(place), os.path.realpath(place)):
            if path.startswith(f"{root}{os.sep}"):
                return path[len(root) + 1 :]
    return path
