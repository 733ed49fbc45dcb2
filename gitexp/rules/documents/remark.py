"""A remark: what somebody wants others to know of an experiment, dated and signed with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypedDict

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import fields_read, fields_to_write, read_contents, write_line
from gitexp.rules.text import visible

LONGEST_REMARK = 2000  # characters


class RemarkJson(TypedDict):
    """What somebody wants others to know.

    `withdraws` says whether it is why the idea was given up.
    """

    time: str
    by: str
    text: str
    withdraws: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """What `by` said of the experiment at `commit`; `time` is ISO 8601 in UTC.

    `withdraws` says that it is why the idea was given up.
    """

    commit: str
    text: str
    by: str
    time: str
    withdraws: bool = False

    def __str__(self) -> str:
        return f"{self.what} {self.said}"

    @property
    def what(self) -> str:
        """What it is in a word."""
        return "withdrawn" if self.withdraws else "remark"

    @property
    def said(self) -> str:
        """When, who and what, on one plain line whatever somebody may have pushed."""
        text = " ".join(self.text.split())
        if len(text) > LONGEST_REMARK:
            text = f"{text[: LONGEST_REMARK - 1]}…"
        by = " ".join(self.by.split())[:100]
        return visible(f"{self.time[:10]} by {by}: {text}")

    def line(self) -> str:
        """Write it as one canonical line."""
        fields = fields_to_write(Kind.REMARK, self)
        if not self.withdraws:
            del fields["withdraws"]
        return write_line(Kind.REMARK, fields)

    def as_json(self) -> RemarkJson:
        """Return the remark as `--json` shows it."""
        return {
            "time": self.time, "by": self.by, "text": self.text, "withdraws": self.withdraws
        }  # fmt: skip

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Build it from the content of its line."""
        return cls(**fields_read(Kind.REMARK, content))


def parse_remarks(text: str, commit: str) -> list[Remark]:
    """Read the remarks in the note of an experiment, the oldest first."""
    if Kind.REMARK.mark not in text:
        return []
    remarks = map(Remark.of, read_contents(text, Kind.REMARK))
    mine = [remark for remark in remarks if remark.commit == commit]
    return sorted(mine, key=lambda remark: (remark.time, remark.text))
