"""Foreign lines by the million, through everything that reads notes.

`python -m tests.bench.fuzz notes [LINES]` prints what they took; nothing may raise.
"""

from __future__ import annotations

import json
import random
import resource
import time
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.check import parse_checks
from gitexp.rules.documents.example_spread import parse_spreads
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.holdout import parse_openings
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import count_lines, count_newer, kind_of, parse_line, write_line
from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.redaction import Sought, redact_note, still_holds
from gitexp.rules.documents.start import parse_starts
from gitexp.rules.documents.tombstones import merge_lines, merge_texts
from gitexp.store.sifting import sift

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTE = 200  # lines of a note

_RUN = {"seed": 7, "attempt": 1, "condition": "9f3c2a"}
# A line of each kind, to be spoilt.
SOUND: dict[Kind, dict[str, Any]] = {
    Kind.RECORD: _RUN | {
        "environment": "e3b0", "start": "2026-11-01T08:00:00.000Z", "duration": 61.25, "exit": 0,
        "metrics": {"accuracy": 0.93, "f1": 1}, "cpu": 60.5, "memory": 1 << 30, "failure": "x",
        "folder": "runs/4b/7-1", "explore": "why", "project": "a", "commit": "4b" * 20, "ids": "0a",
    },
    Kind.START: _RUN | {
        "commit": "4b" * 20, "start": "2026-11-01T08:00:00.000Z", "host": "h", "clone": "c",
        "batch": "b", "boot": "1",
    },
    Kind.CHECK: {
        "commit": "4b" * 20, "found": Found.MOVED.value, "start": "2026-11-01T08:00:00.000Z",
        "seed": 7, "condition": "9f3c2a", "scores": [0.9, 0.9], "changed": ["numpy 1 -> 2"],
    },
    Kind.EXAMPLES: {"pairs": 5, "inputs": "01", "count": 500, "variance": 1e-5},
    Kind.HOLDOUT: {
        "commit": "4b" * 20, "seed": 7, "number": 2, "start": "2026-11-01T08:00:00Z", "why": "it",
        "metrics": {"accuracy": 0.9},
    },
    Kind.REMARK: {
        "commit": "4b" * 20, "text": "x", "by": "Ada", "time": "2026-11-01T08:00:00Z",
        "withdraws": True,
    },
    Kind.ARTIFACT: _RUN | {"size": 1024, "sha256": "0a1b", "path": "model.pkl"},
    Kind.ENVIRONMENT: {
        "condition": "9f3c2a", "packages": {"numpy": "2.1"}, "python": "3.11", "machine": {},
        "accelerators": [], "variables": {"A": "1"}, "data": {}, "command": "python train.py",
    },
    Kind.PARAMETERS: {"values": {"c.toml": {"model.C": 10, "names": ["a", {"b": None}]}}},
    Kind.METRICS: _RUN | {"values": {"f1": 0.9}},
    Kind.OUTCOMES: _RUN | {
        "count": 2, "rows": 2, "ids": "facd",
        "data": "eNrLTNFJ1Eni5aqMLykqTdUx1DEAsQuKUlN0DEBsAJtNCLo=",
    },
    Kind.SERIES: _RUN | {"steps": [1, 2], "values": {"loss": [0.5, 0.25]}},
    Kind.SAMPLE: {"seed": 7, "sample": 0.5, "values": {"accuracy": 0.9}},
    Kind.LOG: _RUN | {"stdout": "epoch 1\n", "stderr": ""},
    Kind.TOMBSTONE: {"paths": [["folder"], ["values", "x", 0]], "rest": "ab12", "number": 1},
}  # fmt: skip
ANYTHING: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1 << 62, 1 << 63, 10**30, 10**400, -0.0, 0.5, 1e308, float("inf"),
    float("nan"), "", "x", "\ud800", "\udcff", "\x00", "\x1b[2J", "\u2028", "é", "x" * 5000, [], {},
    ["x"], [[]], {"x": 1}, {"": {}}, [None], {"accuracy": "high"}, {"\ud800": 1}, [["metrics"]],
    [["failure"]], [["values", 0, -1]], [[0]], [["packages", "numpy"]], "2026-06-30T23:59:60Z",
    "0000-01-01T00:00:00Z", "2500-01-01T00:00:00Z", "99999-01-01", "[redacted]", "redacted",
    "secret", "eJwrtS0GAAJGAUk=",
)  # fmt: skip
MARKS = ('"', "{", "}", "[", "]", ",", ":", "\\", "\r", "\x1c", "\u2028", "\x00", "\udcff", "1e999",
         "9" * 5000, "[" * 2000, '{"a":' * 2000, '"schema":1,', "NaN", " ", "secret")  # fmt: skip


def lines(count: int, seed: int) -> Iterator[str]:
    """Make lines that are sound, nearly so, or nothing of the kind; the same for the same seed."""
    rng = random.Random(seed)
    names = sorted({name for fields in SOUND.values() for name in fields})
    for _ in range(count):
        kind = rng.choice([*Kind])
        content: dict[str, Any] = {"schema": 1} | SOUND.get(kind, {})
        if kind.value:
            content["kind"] = kind.value
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
            name = rng.choice([*content, "kind", "schema", "redacted", rng.choice(names)])
            if rng.random() < 0.2:
                content.pop(name, None)
            else:
                content[name] = rng.choice(ANYTHING)
        try:
            line = json.dumps(content, sort_keys=True, separators=(",", ":"))
        except ValueError:  # an integer that Python does not write
            line = json.dumps(content | {"x": 1}, default=str)[:-1]
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            at = rng.randrange(len(line) + 1)
            line = line[:at] + rng.choice(MARKS) + line[at + rng.choice((0, 1, 8)) :]
        yield line.replace("\n", " ")


def hold(note: list[str]) -> int:
    """Put a note through everything that reads notes; returns how many of its lines are foreign."""
    text = "\n".join(note)
    for record in parse_records(text, None):
        assert record.attempt >= 1
        assert parse_records(record.line(), None) == [record]
    written = [spread.line() for spread in parse_spreads(text)]
    written += [start.line() for start in parse_starts(text)]
    written += [check.line() for check in parse_checks(text, "4b" * 20)]
    written += [opening.line() for opening in parse_openings(text)]
    assert None not in map(parse_line, written)
    for outcomes in parse_outcomes(text).values():
        assert 0 < len(outcomes.ids) <= outcomes.count
    census = count_lines(note)
    count_newer(text)
    merged = merge_lines(text)
    assert merge_lines("\n".join(merged)) == merged
    kept = sift([text.encode(errors="surrogateescape")]).decode(errors="surrogateescape")
    assert count_lines(kept.split("\n")).foreign == 0
    redacted, _ = redact_note(text, Sought("secret"), {})
    assert not any("secret" in line for line in redacted if parse_line(line) is None)
    for line in redacted:
        still_holds(line, Sought("secret"))
    merge_texts("\n".join(redacted).encode(errors="surrogateescape"))
    return census.foreign


def main(count: int) -> None:
    """Hold so many lines, and print what they took."""
    began, foreign, slowest, note = time.monotonic(), 0, 0.0, list[str]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, line in enumerate(lines(count, seed=1), start=1):
        note.append(line)
        if len(note) == NOTE or number == count:
            start = time.process_time()
            foreign += hold(note)
            slowest = max(slowest, time.process_time() - start)
            note.clear()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        f"{count:,} lines, {foreign:,} of them foreign: no error;"
        f" {used.ru_utime + used.ru_stime:.0f} s of processor time ({time.monotonic() - began:.0f}"
        f" s in all), the slowest note of {NOTE} lines {1000 * slowest:.0f} ms,"
        f" {(used.ru_maxrss - before) / 1024:.0f} MiB more memory"
    )


def sound_lines() -> list[str]:
    """A line of each kind as gitexp writes it."""
    return [write_line(kind, fields) for kind, fields in SOUND.items()]


def kinds_of(text: str) -> set[Kind | None]:
    """Kinds of the lines of a note that are not foreign."""
    return {kind_of(found) for line in text.split("\n") if (found := parse_line(line)) is not None}
