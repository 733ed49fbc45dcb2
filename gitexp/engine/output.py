"""What a run printed: the log line to store, and the last lines for an error message."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from gitexp.engine.masking import hide_secrets
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import stamped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitexp.engine.job import Job

_LOG = 1000, 3000  # first and last bytes of the output that are stored
_HALF_AT_THE_END = re.compile(rb"[^\r\n]+\Z")
_HALF_AT_THE_START = re.compile(rb"\A[^\r\n]*[\r\n]?")
_LAST = 8192  # bytes in which they are looked for
_LAST_LINES = 15  # of a failed run's output, shown to the user


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
