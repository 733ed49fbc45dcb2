"""A record: one line of JSON about one run, keyed by (commit, condition, seed, attempt)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from gitexp.rules.documents.ended import Ended, ended_as_told
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import (
    fields_read,
    fields_to_write,
    read_contents,
    write_line,
)
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.verdict.verdict import LARGEST_SCORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST = 1000  # bytes; a note of 20 records stays small enough to merge and to read
PROOF = (1, 2)  # seeds of the two baseline runs that prove that training is deterministic
SKEW = 120  # seconds that two clocks may differ by; with a time server it is far less


class Record(NamedTuple):
    """What became of one run.

    `start` is ISO 8601 in UTC, `duration` and `cpu` are seconds, `memory` is the peak in bytes.
    `exit` is the command's exit code, negative for a signal. `failure` is empty if the run
    succeeded. `environment` is the sha256 of the bulk line that describes where it ran, `condition`
    names the part of it that pairs must share. `explore` says why the gate was skipped on purpose.
    `project` is the folder of the project whose command ran, empty at the top of the repository: a
    baseline commit may have the records of several projects. `commit` is the commit that ran, even
    if a tool copied the record to another commit's note. `ids` is the fingerprint of the examples
    that it was tested on, if it reported them, `tested` their number, `truth` the fingerprint of
    what is true of them, and `output` that of what was predicted for them. `purpose` is what it was
    run for, and `sample` the share of the data that it was given. `ended` is how a failed attempt
    ended; where somebody stopped it, `batch` names the command that was stopped. `pair` is the
    experiment that a run of its baseline was made for alone, empty where experiments share it.
    `replaced` is not written: it says that the run was of code that the experiment has replaced.
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
    tested: int = 0
    truth: str = ""
    output: str = ""
    purpose: Purpose = Purpose.RUN
    sample: float = 1.0
    ended: Ended = Ended.WELL
    batch: str = ""
    pair: str = ""
    replaced: bool = False

    @property
    def ok(self) -> bool:
        """Whether the run counts as a measurement."""
        return not self.failure and not self.ended

    @property
    def end(self) -> Ended:
        """How it ended; read from the text where the record is of gitexp 0.1.0."""
        if self.ended or not self.failure:
            return self.ended
        return ended_as_told(self.failure)

    @property
    def began(self) -> float:
        """When it started, in seconds since 1970."""
        return datetime.fromisoformat(self.start).timestamp()

    @property
    def finished(self) -> float:
        """When it ended, in seconds since 1970."""
        return self.began + self.duration

    def is_of(self, commit: str) -> bool:
        """Whether this is the commit that ran; a record may have been copied to its note."""
        return self.commit in {"", commit}

    def of_replaced(self) -> Self:
        """Return it as a run of code that the experiment has replaced."""
        return self._replace(replaced=True)

    def line(self) -> str:
        """Write the record as one canonical line."""
        fields = fields_to_write(Kind.RECORD, self) | {
            "metrics": dict(self.metrics),
            "duration": round(self.duration, 3),
            "cpu": round(self.cpu, 3),
        }
        if not self.tested:
            del fields["tested"]
        if self.sample >= 1:
            del fields["sample"]
        return write_line(Kind.RECORD, fields)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Build a record from the content of its line; a metric beyond all scores is dropped."""
        metrics = content.get("metrics", {}).items()
        fields = fields_read(Kind.RECORD, content)
        fields |= {
            "metrics": {k: n for k, v in metrics if abs(n := float(v)) <= LARGEST_SCORE},
            "duration": float(content["duration"]),
            "cpu": float(content.get("cpu", 0)),
            "purpose": Purpose(content.get("purpose", "")),
            "sample": float(content.get("sample", 1)),
            "ended": Ended(content.get("ended", "")),
        }
        return cls(**fields)


def parse_records(text: str, purpose: Purpose | None = Purpose.RUN, pair: str = "") -> list[Record]:
    """Read the records of a note that were made for one purpose and `pair`; without one, all.

    Whatever is paired, counted or summed up comes from here, so a canary never gets among the runs
    by mistake, nor a run of the baseline that was made for one experiment among those that are
    shared. All other lines are skipped.
    """
    records = map(Record.of, read_contents(text, Kind.RECORD))
    if purpose is None:
        return list(records)
    return [record for record in records if record.purpose is purpose and record.pair == pair]


def made_by(records: Iterable[Record], commit: str, project: str) -> list[Record]:
    """Those that a commit itself made, by the command of the project in this folder."""
    return [one for one in records if one.project == project and one.is_of(commit)]
