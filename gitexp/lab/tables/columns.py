"""The columns of both tables: the one list that exports and frames are made by.

A row is a mapping of column to cell. Its cells are what JSON has: texts, numbers, true, false and
null; moments are ISO 8601 texts.
"""

from __future__ import annotations

import contextlib
import enum
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Cells = Mapping[str, Any]

# What comes before the names of a run's own metrics, and of the values in its configs.
METRIC = "metrics."
PARAMETER = "params."
_IN_MEMORY = 16 << 20  # bytes; what is more goes to a file


class Kind(enum.Enum):
    """What the cells of a column hold, where there is a value; VALUE is any value of a config."""

    TEXT = "text"
    MOMENT = "date and time"
    COUNT = "whole number"
    NUMBER = "number"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what its cells hold, and what that means."""

    name: str
    kind: Kind
    says: str


EXPERIMENTS = (
    Column("name", Kind.TEXT, "its name"),
    Column("branch", Kind.TEXT, "its branch; empty if it is archived"),
    Column("commit", Kind.TEXT, "the registration, full id"),
    Column("baseline", Kind.TEXT, "the baseline commit that it stands on"),
    Column("code", Kind.TEXT, "the code commit between the two, if there is one"),
    Column("author", Kind.TEXT, "who registered it"),
    Column("registered", Kind.MOMENT, "when it was registered"),
    Column("hypothesis", Kind.TEXT, "the hypothesis"),
    Column("file", Kind.TEXT, "the config file that it changes"),
    Column("key", Kind.TEXT, "the key that it changes there"),
    Column("before", Kind.VALUE, "the value on the baseline"),
    Column("after", Kind.VALUE, "the value of the experiment"),
    Column("metric", Kind.TEXT, "the metric of the criterion"),
    Column("direction", Kind.TEXT, "higher or lower: where that metric is better"),
    Column("criterion", Kind.TEXT, "what counts as success, as registered"),
    Column("evidence", Kind.TEXT, "what the hypothesis rests on, as registered"),
    Column("evidence_kind", Kind.TEXT, "its first word: gap, log, paper, hunch; else unsorted"),
    Column("gain", Kind.NUMBER, "the gain that was predicted"),
    Column("chance", Kind.NUMBER, "the probability that was predicted, 0 to 1"),
    Column("campaign", Kind.COUNT, "the campaign that it counts in"),
    Column("state", Kind.TEXT, "planned, running, done, accepted ... as in `gitexp log --json`"),
    Column("verdict", Kind.TEXT, "CONFIRMED, RULED OUT, INCONCLUSIVE or EXPLORATORY"),
    Column("reason", Kind.TEXT, "the reason of the verdict, in a word or two"),
    Column("effect", Kind.NUMBER, "mean paired difference of the metric; its sign is the metric's"),
    Column("lower", Kind.NUMBER, "lower bound of the effect"),
    Column("upper", Kind.NUMBER, "upper bound of the effect"),
    Column("p", Kind.NUMBER, "p of the test"),
    Column("level", Kind.NUMBER, "the limit that p is held against"),
    Column("pairs", Kind.COUNT, "pairs of runs that the verdict rests on"),
    Column("seeds_better", Kind.COUNT, "seeds that, judged alone, are better with the change"),
    Column("seeds_not_better", Kind.COUNT, "seeds that, judged alone, are not"),
    Column("seeds_opposite", Kind.COUNT, "those of them that point the other way than the verdict"),
    Column("baseline_mean", Kind.NUMBER, "mean of the metric over those runs of the baseline"),
    Column("experiment_mean", Kind.NUMBER, "mean of the metric over those of the experiment"),
    Column("runs", Kind.COUNT, "its runs on record, failed ones too"),
    Column("seconds", Kind.NUMBER, "seconds that its successful runs took together"),
    Column("finished", Kind.MOMENT, "when its last run ended, and so when a verdict came"),
)

RUNS = (
    Column("name", Kind.TEXT, "the experiment; empty for runs of a baseline"),
    Column("role", Kind.TEXT, "experiment or baseline"),
    Column("commit", Kind.TEXT, "the commit that ran"),
    Column("baseline", Kind.TEXT, "the baseline commit; of its own runs, the same as commit"),
    Column("pair", Kind.TEXT, "the experiment that a baseline run was made for alone, if any"),
    Column("seed", Kind.COUNT, "its seed"),
    Column("attempt", Kind.COUNT, "1 unless this seed was run before and failed"),
    Column("condition", Kind.TEXT, "what it stood on besides the commit; pairs share it"),
    Column("started", Kind.MOMENT, "when it started"),
    Column("seconds", Kind.NUMBER, "how long it took"),
    Column("cpu_seconds", Kind.NUMBER, "processor time"),
    Column("memory_bytes", Kind.COUNT, "peak memory"),
    Column("exit", Kind.COUNT, "the command's exit code, negative for a signal"),
    Column("failure", Kind.TEXT, "why it failed; empty if it did not"),
    Column("explore", Kind.TEXT, "why the gate was skipped on purpose; empty if it was not"),
)


class Extras:
    """The columns that rows have besides the fixed ones, found as the rows come.

    Metrics come first, each group in the order in which its names were met.
    """

    def __init__(self, fixed: tuple[Column, ...]) -> None:
        self._fixed = fixed
        self._known = {column.name for column in fixed}
        self._found: dict[str, Column] = {}

    def note(self, row: Cells) -> None:
        """Take note of the columns of a row."""
        for name, value in row.items():
            if name in self._known or value is None:
                continue
            kind, before = _kind_of(value), self._found.get(name)
            if before is None:
                self._found[name] = Column(name, kind, "")
            elif before.kind is not kind:
                numbers = {before.kind, kind} == {Kind.COUNT, Kind.NUMBER}
                both = Kind.NUMBER if numbers else Kind.VALUE
                self._found[name] = replace(before, kind=both)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns: the fixed ones, then what was found."""
        found = sorted(self._found.values(), key=lambda one: not one.name.startswith(METRIC))
        return (*self._fixed, *found)


def _kind_of(value: object) -> Kind:
    match value:
        case bool():
            return Kind.VALUE
        case int():
            return Kind.COUNT if abs(value) < 1 << 63 else Kind.VALUE
        case float():
            return Kind.NUMBER
        case str():
            return Kind.TEXT
    return Kind.VALUE


@contextlib.contextmanager
def hold(
    rows: Iterable[Cells], fixed: tuple[Column, ...]
) -> Iterator[tuple[tuple[Column, ...], Iterator[dict[str, Any]]]]:
    """Read all rows once; yields their columns, and the rows again."""
    extras = Extras(fixed)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, mode="w+", encoding="utf-8") as aside:
        for row in rows:
            extras.note(row)
            aside.write(json.dumps(row) + "\n")
        aside.seek(0)
        yield extras.columns, map(json.loads, aside)
