"""A record: one line of JSON about one run, keyed by (commit, condition, seed, attempt)."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCHEMA = 1
LONGEST = 1000  # bytes; a note of 20 records stays small enough to merge and to read


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one run.

    `start` is ISO 8601 in UTC, `duration` and `cpu` seconds, `memory` the peak in bytes. `exit` is
    the command's exit code, negative for a signal. `failure` is empty where the run succeeded.
    `environment` is the sha256 of the bulk line that describes where it ran, `condition` names
    the part of it that pairs must share. `explore` says why the gate was skipped on purpose.
    `project` is the folder of the project whose command ran, empty at the top of the repository:
    a baseline commit may hold the records of several.
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
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the run counts as a measurement."""
        return not self.failure

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
            **self.rest,
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
    """Read the records of a note; lines of a newer schema, and what is no record, are left out."""
    records = []
    for line in dict.fromkeys(text.splitlines()):
        try:
            fields = json.loads(line)
            if fields["schema"] != SCHEMA:
                continue
            metrics = {str(k): float(v) for k, v in fields.get("metrics", {}).items()}
            records.append(
                Record(
                    seed=int(fields["seed"]),
                    attempt=int(fields["attempt"]),
                    condition=str(fields["condition"]),
                    environment=str(fields["environment"]),
                    metrics={k: v for k, v in metrics.items() if math.isfinite(v)},
                    start=str(fields["start"]),
                    duration=_finite(fields["duration"]),
                    cpu=_finite(fields.get("cpu", 0)),
                    memory=int(fields.get("memory", 0)),
                    exit=int(fields["exit"]),
                    failure=str(fields.get("failure", "")),
                    folder=str(fields.get("folder", "")),
                    explore=str(fields.get("explore", "")),
                    project=str(fields.get("project", "")),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
    return records


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
) -> tuple[list[tuple[int, float, float]], list[int]]:
    """Pair two sets of records by seed and condition, never by order.

    Returns the longest complete run of `seeds` from the first on, as (seed, baseline, candidate),
    and the candidate seeds that only ever failed.
    """
    baseline, candidate = list(baseline), list(candidate)
    measured = first_good(candidate, seeds, metric)
    partners = {
        condition: first_good(baseline, seeds, metric, [condition])
        for condition in {record.condition for record in measured.values()}
    }
    pairs: list[tuple[int, float, float]] = []
    for seed in seeds:
        mine = measured.get(seed)
        partner = mine and partners[mine.condition].get(seed)
        if mine is None or partner is None:
            break
        pairs.append((seed, partner.metrics[metric], mine.metrics[metric]))
    failed = {record.seed for record in candidate if not record.ok} - set(measured)
    return pairs, [seed for seed in seeds if seed in failed]
