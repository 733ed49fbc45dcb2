"""Openings of the holdout: data that should not influence any decision.

A result on the holdout is unbiased the first time. Every decision that you make after looking makes
the next result more optimistic, so gitexp counts the openings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import (
    fields_read,
    fields_to_write,
    read_contents,
    write_line,
)

UNFINISHED = "it did not end"
NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class Opening:
    """One look at the holdout, on one commit.

    `number` counts all openings that its clone knew of. `start` is ISO 8601 in UTC. `failure` is
    empty if the command reported the metric, and starts with NOT_STARTED if it never ran. `project`
    is the project's folder.
    """

    commit: str
    seed: int
    number: int
    start: str
    why: str
    metrics: Mapping[str, float]
    failure: str = ""
    project: str = ""

    def line(self) -> str:
        """Write it as one canonical line of the records' note."""
        fields = fields_to_write(Kind.HOLDOUT, self) | {"metrics": dict(self.metrics)}
        return write_line(Kind.HOLDOUT, fields)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Build an opening from the content of its line."""
        metrics = {name: float(value) for name, value in content.get("metrics", {}).items()}
        fields = {"why": ""} | fields_read(Kind.HOLDOUT, content) | {"metrics": metrics}
        return cls(**fields)


def parse_openings(text: str) -> list[Opening]:
    """Read the openings among the lines of notes, each once, oldest first.

    An opening is written before the command starts and again when it ends; the latter counts.
    """
    found: dict[tuple[str, str], Opening] = {}
    for opening in map(Opening.of, read_contents(text, Kind.HOLDOUT)):
        key = opening.commit, opening.start
        if key not in found or found[key].failure == UNFINISHED:
            found[key] = opening
    happened = [o for o in found.values() if not o.failure.startswith(NOT_STARTED)]
    return sorted(happened, key=lambda opening: (opening.start, opening.commit))
