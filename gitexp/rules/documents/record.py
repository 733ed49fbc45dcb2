"""A record: one line of JSON about one run, keyed by (commit, condition, seed, attempt)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from gitexp.rules.documents.lines import (
    Kind,
    finite,
    read_lines,
    text_of,
    without_empty,
    write_line,
)
from gitexp.rules.verdict.verdict import LARGEST_SCORE

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 1000  # bytes; a note of 20 records stays small enough to merge and to read
PROOF = (1, 2)  # seeds of the two baseline runs that prove that training is deterministic


class Purpose(StrEnum):
    """What a command was run for; only a run is evidence and takes part in verdicts."""

    RUN = ""
    CANARY = "canary"  # whether the baseline still gives what it gave
    SAMPLE = "sample"  # on a part of the data, before the whole
    SCREEN = "screen"  # on seeds that no verdict uses
    NEUTRAL = "neutral"  # whether a code commit leaves the baseline as it was


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one run.

    `start` is ISO 8601 in UTC, `duration` and `cpu` are seconds, `memory` is the peak in bytes.
    `exit` is the command's exit code, negative for a signal. `failure` is empty if the run
    succeeded. `environment` is the sha256 of the bulk line that describes where it ran, `condition`
    names the part of it that pairs must share. `explore` says why the gate was skipped on purpose.
    `project` is the folder of the project whose command ran, empty at the top of the repository: a
    baseline commit may have the records of several projects. `commit` is the commit that ran, even
    if a tool copied the record to another commit's note. `ids` is the fingerprint of the examples
    that it was tested on, if it reported them. `purpose` is what it was run for.
    """

    seed: int
    attempt: int
    condition: str
    environment: str
    metrics: Mapping[str, float]
    start: str
    duration: float
    exit: int
    cpu: float = 0.0
    memory: int = 0
    failure: str = ""
    folder: str = ""
    explore: str = ""
    project: str = ""
    commit: str = ""
    ids: str = ""
    purpose: Purpose = Purpose.RUN

    @property
    def ok(self) -> bool:
        """Whether the run counts as a measurement."""
        return not self.failure

    def is_of(self, commit: str) -> bool:
        """Whether this is the commit that ran; a record may have been copied to its note."""
        return self.commit in {"", commit}

    def line(self) -> str:
        """Write the record as one canonical line."""
        fields = {
            "seed": self.seed,
            "attempt": self.attempt,
            "condition": self.condition,
            "environment": self.environment,
            "metrics": dict(self.metrics),
            "start": self.start,
            "duration": round(self.duration, 3),
            "cpu": round(self.cpu, 3),
            "memory": self.memory,
            "exit": self.exit,
            "failure": self.failure,
            "folder": self.folder,
            "explore": self.explore,
            "project": self.project,
            "commit": self.commit,
            "ids": self.ids,
            "purpose": self.purpose.value,
        }
        return write_line(Kind.RECORD, without_empty(fields))

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Build a record from the content of its line; a metric that is not finite is dropped.

        Raises:
            TypeError, ValueError, KeyError, and what else `read_lines` catches: it is not a record.
        """
        metrics = content.get("metrics", {}).items()
        attempt = int(content["attempt"])
        if attempt < 1:
            # The first attempt counts, and gitexp numbers them from 1.
            raise ValueError(attempt)
        return cls(
            seed=int(content["seed"]),
            attempt=attempt,
            condition=text_of(content, "condition"),
            environment=text_of(content, "environment"),
            metrics={k: n for k, v in metrics if abs(n := float(v)) <= LARGEST_SCORE},
            start=text_of(content, "start"),
            duration=finite(content["duration"]),
            cpu=finite(content.get("cpu", 0)),
            memory=int(content.get("memory", 0)),
            exit=int(content["exit"]),
            failure=text_of(content, "failure", ""),
            folder=text_of(content, "folder", ""),
            explore=text_of(content, "explore", ""),
            project=text_of(content, "project", ""),
            commit=text_of(content, "commit", ""),
            ids=text_of(content, "ids", ""),
            purpose=Purpose(content.get("purpose", "")),
        )


def parse_records(text: str, purpose: Purpose | None = Purpose.RUN) -> list[Record]:
    """Read the records of a note that were made for one purpose, None: for any.

    Whatever is paired, counted or summed up comes from here, so a canary never gets among the runs
    by mistake. All other lines are skipped.
    """
    records = read_lines(text, Kind.RECORD, Record.of)
    return [record for record in records if purpose is None or record.purpose is purpose]
