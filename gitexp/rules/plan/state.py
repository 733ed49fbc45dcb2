"""What has become of an experiment: planned, running, decided, accepted or archived."""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    """What has become of an experiment.

    STALE was never run, and what runs on the baseline branch has changed since. UNSYNCED has no
    results here, but a remote that no sync has asked for them has its branch. REFUSED was never
    run, because its code changes what it should not.
    """

    PLANNED = "planned"
    UNSYNCED = "unsynced"
    STALE = "stale"
    REFUSED = "refused"
    RUNNING = "running"
    FAILED = "failed"
    DONE = "done"
    ACCEPTED = "accepted"
    ARCHIVED = "archived"

    @property
    def is_open(self) -> bool:
        """Whether it was never run, or run and never decided, as far as this clone knows."""
        return self not in {State.DONE, State.ACCEPTED, State.ARCHIVED}
