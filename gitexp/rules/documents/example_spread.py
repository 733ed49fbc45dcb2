"""Per-example evidence as it is stored: what a look's examples add to its variance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import fields_to_write, read_contents, write_line


@dataclass(frozen=True, slots=True)
class ExampleSpread:
    """What the examples of a look say, stored beside the records that it was computed from.

    `pairs` is the number of pairs at that look, `inputs` identifies their runs, and `count` is the
    number of distinct examples. `variance` is what testing on just these examples adds to the
    variance of the mean difference.
    """

    pairs: int
    inputs: str
    count: int
    variance: float

    def line(self) -> str:
        """Write it as one canonical line of the records' note."""
        return write_line(Kind.EXAMPLES, fields_to_write(Kind.EXAMPLES, self))

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Build it from the content of its line."""
        return cls(
            content["pairs"], content["inputs"], content["count"], float(content["variance"])
        )


def parse_spreads(text: str) -> list[ExampleSpread]:
    """Read the example spreads of a note; all other lines are skipped."""
    return [ExampleSpread.of(content) for content in read_contents(text, Kind.EXAMPLES)]
