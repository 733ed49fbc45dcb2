"""What a sync did, in numbers and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import parse_records
from gitexp.store.refs import ARCHIVE, HEADS, LOGS, RUNS

if TYPE_CHECKING:
    from gitexp.lab.sharing.deliver import Delivery, Rename
    from gitexp.lab.sharing.incoming import ChangedVerdict
    from gitexp.store.merge import Merged

    Lines = Mapping[str, Iterable[str]]  # by the commit that is noted


@dataclass(slots=True)
class Flow:
    """How much a sync transferred in one direction."""

    experiments: int = 0
    archived: int = 0
    records: int = 0
    logs: int = 0


class RenamedJson(TypedDict):
    """An experiment that was renamed because somebody else had used its name."""

    commit: str
    old: str
    new: str


# Two of the names are words of Python.
SyncedJson = TypedDict(
    "SyncedJson",
    {
        "remote": str,
        "dry_run": bool,
        "in": Flow,
        "out": Flow,
        "verdicts": "list[ChangedVerdict]",
        "renamed": list[RenamedJson],
        "away": list[str],
        "folded": int,
        "redacted": int,
        "kept": dict[str, str],
        "refused": dict[str, str],
        "pending": list[str],
        "replaced": list[str],
        "warnings": list[str],
    },
)
SyncedJson.__doc__ = (
    "What a sync shared. `kept` is what stays here and `refused` what the remote refused, each with"
    " the reason."
)


@dataclass(slots=True)
class Synced:
    """What a sync did or, if `dry`, would do; if `redacting`, it may rewrite notes on the remote.

    `folded` counts runs of other machines that became notes, `redacted` the notes refs from which
    others redacted something. `away` are experiments of the remote that were deleted here, and are
    not brought back. `kept` says which experiments stay here and why, `refused` which refs the
    remote did not take and why. `pending` are notes that were redacted here and go out only on
    request, `replaced` those that did.
    """

    remote: str
    dry: bool = False
    redacting: bool = False
    came: Flow = field(default_factory=Flow)
    went: Flow = field(default_factory=Flow)
    verdicts: list[ChangedVerdict] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    folded: int = 0
    redacted: int = 0
    kept: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the remote took all but archived experiments, which it may do without."""
        return self.notes_taken and not any(ref.startswith(HEADS) for ref in self.refused)

    @property
    def notes_taken(self) -> bool:
        """Whether the remote took the notes, without which no result is shared."""
        return not any(ref.startswith("refs/notes/") for ref in self.refused)

    def warn(self, *texts: str) -> None:
        """Add warnings, each once however often a sync has to try."""
        self.warnings += [text for text in dict.fromkeys(texts) if text not in self.warnings]

    def count_in(self, delivery: Delivery, merged: Mapping[str, Merged]) -> None:
        """Count what came in."""
        runs, logs = merged[RUNS], merged.get(LOGS)
        self.came.experiments += len(delivery.experiments)
        self.came.archived += len(delivery.archived)
        self.came.records += _records(runs.came, runs.ours_stale)
        if logs is not None:
            self.came.logs += _logs(logs.came, logs.ours_stale)
        self.renames += delivery.renames
        self.away = [*delivery.away]

    def count_out(self, refs: Sequence[str], merged: Mapping[str, Merged]) -> None:
        """Count what went out with these refs."""
        runs, logs = merged[RUNS], merged.get(LOGS)
        for ref in refs:
            self.went.experiments += ref.startswith(HEADS)
            self.went.archived += ref.startswith(ARCHIVE)
        if RUNS in refs:
            self.went.records += _records(runs.went, runs.theirs_stale)
        if LOGS in refs and logs is not None:
            self.went.logs += _logs(logs.went, logs.theirs_stale)

    def as_json(self) -> SyncedJson:
        """Return it as `gitexp sync --json` prints it."""
        return {
            "remote": self.remote,
            "dry_run": self.dry,
            "in": self.came,
            "out": self.went,
            "verdicts": list(self.verdicts),
            "renamed": [{"commit": r.commit, "old": r.old, "new": r.new} for r in self.renames],
            "away": list(self.away),
            "folded": self.folded,
            "redacted": self.redacted,
            "kept": dict(self.kept),
            "refused": dict(self.refused),
            "pending": list(self.pending),
            "replaced": list(self.replaced),
            "warnings": list(self.warnings),
        }


def _records(new: Lines, stale: Lines) -> int:
    """Count new records, without redacted ones that take the place of stale ones.

    A copy in another commit's note does not count.
    """

    def count(lines: Lines) -> int:
        return sum(
            record.purpose is Purpose.RUN and record.is_of(commit)
            for commit, found in lines.items()
            for record in parse_records("\n".join(found), None)
        )

    return max(0, count(new) - count(stale))


def _logs(new: Lines, stale: Lines) -> int:
    """Count new logs in the same way."""

    def count(lines: Lines) -> int:
        text = "\n".join(line for found in lines.values() for line in found)
        return sum(1 for _ in read_contents(text, Kind.LOG))

    return max(0, count(new) - count(stale))
