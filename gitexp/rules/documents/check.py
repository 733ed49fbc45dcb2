"""A check: what was found beside the runs of an experiment, such as when one was made again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from gitexp.rules.documents.found import Found
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import (
    fields_read,
    fields_to_write,
    read_contents,
    write_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Check(NamedTuple):
    """What was found for the experiment at `commit`, mostly when one seed was run again.

    `scores` are the one on record and the new ones. `start` is when it was found, ISO 8601 in UTC;
    `changed` says what differs between the environments of the old run and the new ones, or which
    metric code has altered. Where a baseline commit was compared with an ancestor, `baseline` is
    that ancestor and `project` the folder of the project whose command ran.
    """

    commit: str
    found: Found
    start: str
    seed: int = 0
    condition: str = ""
    scores: tuple[float, ...] = ()
    changed: tuple[str, ...] = ()
    baseline: str = ""
    project: str = ""

    @property
    def moment(self) -> float:
        """When it was found, in seconds since 1970."""
        return datetime.fromisoformat(self.start).timestamp()

    def line(self) -> str:
        """Write it as one canonical line."""
        listed = {"scores": [*self.scores], "changed": [*self.changed]}
        return write_line(Kind.CHECK, fields_to_write(Kind.CHECK, self) | listed)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Build it from the content of its line."""
        fields = fields_read(Kind.CHECK, content) | {
            "found": Found(content["found"]),
            "scores": tuple(map(float, content.get("scores", ()))),
            "changed": tuple(content.get("changed", ())),
        }
        return cls(**fields)


def parse_checks(text: str, commit: str) -> list[Check]:
    """Read the checks in the note of an experiment, without those of another that were copied.

    They come in the order in which they were found, wherever their lines are: merging sorts these.
    """
    checks = map(Check.of, read_contents(text, Kind.CHECK))
    return sorted((c for c in checks if c.commit == commit), key=lambda c: (c.moment, c.line()))
