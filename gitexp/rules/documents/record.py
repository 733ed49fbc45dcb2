"""A record: one line of JSON about one run, keyed by (commit, condition, seed, attempt)."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules.verdict.verdict import LARGEST_SCORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCHEMA = 1
_DECODER = json.JSONDecoder()  # json.loads asks for encoding and white space first, at every line
LONGEST = 1000  # bytes; a note of 20 records stays small enough to merge and to read
PROOF = (1, 2)  # seeds of the two baseline runs that prove a trainer deterministic


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one run.

    `start` is ISO 8601 in UTC, `duration` and `cpu` seconds, `memory` the peak in bytes. `exit` is
    the command's exit code, negative for a signal. `failure` is empty where the run succeeded.
    `environment` is the sha256 of the bulk line that describes where it ran, `condition` names
    the part of it that pairs must share. `explore` says why the gate was skipped on purpose.
    `project` is the folder of the project whose command ran, empty at the top of the repository:
    a baseline commit may hold the records of several.
    `commit` is the one that ran: records that a tool copied to another commit's note stay its own.
    `ids` is the fingerprint of the examples that it was tested on, where it told them.
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

    @property
    def ok(self) -> bool:
        """Whether the run counts as a measurement."""
        return not self.failure

    def is_of(self, commit: str) -> bool:
        """Whether this commit ran, and not one whose note was copied or whose record was added."""
        return self.commit in {"", commit}

    def line(self) -> str:
        """Write the record as one canonical line."""
        fields = {
            "schema": SCHEMA,
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
        }
        return canonical({name: value for name, value in fields.items() if value not in ("", {})})


def canonical(content: Mapping[str, Any]) -> str:
    """Write an object on one line, the same on every machine, so that identical lines merge."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(content: Mapping[str, Any]) -> str:
    """Identity of an object: the hash of its canonical line."""
    import hashlib  # loads OpenSSL

    return hashlib.sha256(canonical(content).encode()).hexdigest()


def parse_records(text: str) -> list[Record]:
    """Read the records of a note; lines of a newer schema, and what is no record, are left out.

    A line that names its `kind` is none: what examples say, an opening of the holdout.
    """
    records = []
    for line in dict.fromkeys(text.splitlines()):
        try:
            fields, end = _DECODER.raw_decode(line)
            if end != len(line) or fields["schema"] != SCHEMA or "kind" in fields:
                continue
            metrics = fields.get("metrics", {}).items()
            records.append(
                Record(
                    seed=int(fields["seed"]),
                    attempt=int(fields["attempt"]),
                    condition=str(fields["condition"]),
                    environment=str(fields["environment"]),
                    metrics={k: n for k, v in metrics if abs(n := float(v)) <= LARGEST_SCORE},
                    start=str(fields["start"]),
                    duration=_finite(fields["duration"]),
                    cpu=_finite(fields.get("cpu", 0)),
                    memory=int(fields.get("memory", 0)),
                    exit=int(fields["exit"]),
                    failure=str(fields.get("failure", "")),
                    folder=str(fields.get("folder", "")),
                    explore=str(fields.get("explore", "")),
                    project=str(fields.get("project", "")),
                    commit=str(fields.get("commit", "")),
                    ids=str(fields.get("ids", "")),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
    return records


def count_newer(text: str) -> dict[int, int]:
    """Count the lines of a note that a newer gitexp wrote, by their schema."""
    found: dict[int, int] = {}
    for line in text.splitlines():
        if f'"schema":{SCHEMA},' in line or f'"schema":{SCHEMA}}}' in line:
            continue
        with suppress(ValueError, KeyError, TypeError, RecursionError):
            schema = json.loads(line)["schema"]
            if isinstance(schema, int) and schema > SCHEMA:
                found[schema] = found.get(schema, 0) + 1
    return found


def _finite(value: Any) -> float:  # noqa: ANN401 - parsed data
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def first_good(
    records: Iterable[Record],
    seeds: Iterable[int],
    metric: str,
    conditions: Sequence[str] | None = None,
) -> dict[int, Record]:
    """Pick for each seed the first attempt that reported the metric, in one of the conditions.

    None stands for any condition.

    The first, not the best: choosing among attempts would be choosing the result.
    """
    wanted = set(seeds)
    found: dict[int, Record] = {}
    for record in sorted(records, key=_place):
        if (
            record.seed in wanted
            and record.ok
            and metric in record.metrics
            and (conditions is None or record.condition in conditions)
        ):
            found.setdefault(record.seed, record)
    return found


def _place(record: Record) -> tuple[Any, ...]:
    """Order of attempts; two machines' attempts of one second stand as if written in one place."""
    return (
        record.attempt,
        record.start,
        record.environment,
        record.condition,
        sorted(record.metrics.items()),
        record.folder,
    )


def pair(
    seeds: Sequence[int],
    baseline: Iterable[Record],
    candidate: Iterable[Record],
    metric: str,
) -> tuple[list[tuple[Record, Record]], list[int]]:
    """Pair two sets of records by seed and condition, never by order.

    Returns the longest complete run of `seeds` from the first on, as (baseline, candidate), and the
    candidate seeds that only ever failed.
    """
    baseline, candidate = list(baseline), list(candidate)
    measured = first_good(candidate, seeds, metric)
    partners = {
        condition: first_good(baseline, seeds, metric, [condition])
        for condition in {record.condition for record in measured.values()}
    }
    pairs: list[tuple[Record, Record]] = []
    for seed in seeds:
        mine = measured.get(seed)
        partner = mine and partners[mine.condition].get(seed)
        if mine is None or partner is None:
            break
        pairs.append((partner, mine))
    failed = {record.seed for record in candidate if not record.ok} - set(measured)
    return pairs, [seed for seed in seeds if seed in failed]


@dataclass(frozen=True, slots=True)
class ExampleSpread:
    """What the examples of a look's runs say, kept beside the records that it was computed from.

    `pairs` is the look, `inputs` names its runs, `count` the distinct examples and `variance` what
    having tested just these adds to the mean difference.
    """

    pairs: int
    inputs: str
    count: int
    variance: float

    def line(self) -> str:
        """Write it as one canonical line of the records' note."""
        return canonical(
            {
                "schema": SCHEMA,
                "kind": "examples",
                "pairs": self.pairs,
                "inputs": self.inputs,
                "count": self.count,
                "variance": self.variance,
            }
        )


def parse_spreads(text: str) -> list[ExampleSpread]:
    """Read the example spreads of a note; whatever else stands there is left out."""
    spreads = []
    for line in text.splitlines():
        if '"kind":"examples"' not in line:
            continue
        with suppress(ValueError, KeyError, TypeError, OverflowError, RecursionError):
            fields = json.loads(line)
            if fields["schema"] == SCHEMA:
                variance = _finite(fields["variance"])
                spreads.append(
                    ExampleSpread(
                        int(fields["pairs"]), str(fields["inputs"]), int(fields["count"]), variance
                    )
                )
    return spreads


def inputs_of(pairs: Iterable[tuple[Record, Record]]) -> str:
    """Name the runs of paired records: what was computed from them holds for no others."""
    runs = [[r.commit, r.seed, r.attempt, r.start, r.ids] for both in pairs for r in both]
    return sha256({"runs": runs})[:16]
