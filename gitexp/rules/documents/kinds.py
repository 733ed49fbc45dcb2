"""The kinds of lines in notes: what each is about, its schema, and its shape.

A new kind is one entry here. The types explain the fields of their kind: Record, Outcomes, Opening
and so on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.shape import (
    Shape,
    anything,
    digits,
    flag,
    listed,
    maybe,
    moment,
    named,
    number,
    one_of,
    text,
    whole,
)

_COUNT = whole(0, (1 << 63) - 1)
_SEED = whole(0, (1 << 63) - 1)
MOST_ATTEMPTS = 1_000_000
_ATTEMPT = whole(1, MOST_ATTEMPTS)
_EXIT = whole(-(1 << 31), (1 << 32) - 1)
_SECONDS = number(0, 1e12)
_STEP = whole(-(1 << 53), 1 << 53)
# Where a tombstone's value stood: names, and places in lists.
_PATH = listed(lambda step: text(step) or _COUNT(step))
# The run that a bulk line belongs to.
_RUN = {"seed": _SEED, "attempt": _ATTEMPT, "condition": text}


class Kind(StrEnum):
    """What a line is about, as its field `kind` says; only a record has no such field.

    A line has one of the `shapes` of its kind, and `fields` are the names in them.
    """

    schema: int
    shapes: tuple[Shape, ...]
    fields: frozenset[str]

    def __new__(cls, name: str, schema: int, *shapes: Shape) -> Self:
        """Make a kind from the entries below."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.schema, kind.shapes = schema, shapes
        kind.fields = frozenset(n for one in shapes for n in (*one.required, *one.optional))
        return kind

    # --- beside the records ---------------------------------------------------------------------
    RECORD = (
        "",
        1,
        Shape(
            {
                "seed": _SEED, "attempt": _ATTEMPT, "condition": text, "environment": text,
                "start": moment, "duration": _SECONDS, "exit": _EXIT,
            },
            {
                "metrics": named(number()), "cpu": _SECONDS, "memory": _COUNT, "failure": text,
                "folder": text, "explore": text, "project": text, "commit": text, "ids": text,
                "tested": _COUNT, "truth": text, "output": text, "purpose": one_of(*Purpose),
                "ended": one_of(*Ended), "batch": text, "sample": number(0, 1), "pair": text,
            },
        ),
    )  # fmt: skip
    # An attempt, before its command starts.
    START = (
        "start",
        1,
        Shape(
            {
                "commit": text, "seed": _SEED, "attempt": _ATTEMPT, "start": moment, "host": text,
                "clone": text, "batch": text,
            },
            {
                "boot": text, "condition": text, "scheduler": text, "project": text,
                "explore": text, "purpose": one_of(*Purpose), "pair": text,
            },
        ),
    )  # fmt: skip
    # What the examples of a look add to its standard error.
    EXAMPLES = (
        "examples",
        1,
        Shape({"pairs": _COUNT, "inputs": text, "count": _COUNT, "variance": number(0)}),
    )
    # An opening of the holdout.
    HOLDOUT = (
        "holdout",
        1,
        Shape(
            {"commit": digits, "seed": _SEED, "number": _COUNT, "start": moment},
            {"why": text, "metrics": named(number()), "failure": text, "project": text},
        ),
    )
    # What a check found, as when a run was made again.
    CHECK = (
        "check",
        1,
        Shape(
            {"commit": text, "found": one_of(*Found), "start": moment},
            {
                "seed": _SEED, "condition": text, "scores": listed(number()),
                "changed": listed(text), "baseline": text, "project": text,
            },
        ),
    )  # fmt: skip
    # What somebody wants others to know.
    REMARK = (
        "remark",
        1,
        Shape({"commit": text, "text": text, "by": text, "time": moment}, {"withdraws": flag}),
    )
    # --- in the bulk ----------------------------------------------------------------------------
    ENVIRONMENT = (
        "environment",
        1,
        Shape(
            {"condition": text},
            {
                "python": maybe(text), "implementation": maybe(text), "executable": maybe(text),
                "packages": named(text), "accelerators": listed(text), "machine": named(anything),
                "git": text, "command": text, "variables": named(anything), "data": named(text),
                "build": maybe(text), "threads": _COUNT,
                "modules": named(text), "startup": named(text), "place": named(text),
                "hashed": named(text), "read": listed(text), "unwatched": anything,
                "inert": listed(text), "files": named(text), "carried": listed(text),
                "sources": named(text), "changed": named(_SECONDS),
            },
        ),
    )  # fmt: skip
    PARAMETERS = ("parameters", 1, Shape({}, {"values": named(anything)}))
    # Metrics that a record had no room for.
    METRICS = ("metrics", 1, Shape({**_RUN, "values": named(number())}))
    OUTCOMES = (
        "outcomes",
        1,
        Shape({**_RUN, "count": _COUNT, "rows": _COUNT, "ids": text, "data": text}),
    )
    # A file that a run has made.
    ARTIFACT = (
        "artifact",
        1,
        Shape({**_RUN, "size": _COUNT, "sha256": digits}, {"path": text}),
    )
    # What metrics were from step to step.
    SERIES = (
        "series",
        1,
        Shape({**_RUN, "steps": listed(_STEP), "values": named(listed(number()))}),
    )
    # A score on a part of the data.
    SAMPLE = (
        "sample",
        1,
        Shape({"seed": _SEED, "sample": number(0, 1)}, {"values": named(number())}),
    )
    # --- in the logs ----------------------------------------------------------------------------
    LOG = ("log", 1, Shape({**_RUN, "stdout": text, "stderr": text}))
    # --- in any note ----------------------------------------------------------------------------
    TOMBSTONE = (
        "redacted",
        1,
        Shape({"paths": listed(_PATH), "rest": digits, "number": _COUNT}, closed=True),
        Shape({"line": digits}, closed=True),
    )

    @property
    def mark(self) -> str:
        """A text that is in every line of this kind, to look for before parsing."""
        return f'"{self.value}"' if self.value else ""
