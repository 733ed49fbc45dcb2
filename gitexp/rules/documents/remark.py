"""A remark: what somebody wants others to know of an experiment, dated and signed with a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, write_line

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_REMARK = 2000  # characters


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

    def line(self) -> str:
        """Write it as one canonical line."""
        fields = {"commit": self.commit, "text": self.text, "by": self.by, "time": self.time}
        return write_line(Kind.REMARK, fields | ({"withdraws": True} if self.withdraws else {}))

    @classmethod
    def of(cls, content: Mapping[str, object]) -> Self:
        """Build it from the content of its line."""
        return cls(
            commit=str(content["commit"]),
            text=str(content["text"]),
            by=str(content["by"]),
            time=str(content["time"]),
            withdraws=bool(content.get("withdraws", False)),
        )


def parse_remarks(text: str, commit: str) -> list[Remark]:
    """Read the remarks in the note of an experiment, the oldest first."""
    remarks = map(Remark.of, read_contents(text, Kind.REMARK))
    mine = [remark for remark in remarks if remark.commit == commit]
    return sorted(mine, key=lambda remark: (remark.time, remark.text))
