"""A run to make, and its result."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.rules.documents.purpose import Purpose

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gitexp.engine.devices.grant import Granted
    from gitexp.engine.watchdog import Watchdog
    from gitexp.rules.documents.record import Record


class Job(NamedTuple):
    """What to run: one commit with one seed. `folder` is kept, the checkout is reused."""

    commit: str
    seed: int
    attempt: int
    metric: str
    folder: Path
    explore: str = ""  # why the gate was skipped, "" if it was not
    sample: float = 1.0  # share of the data that the run is asked to train on
    threads: int = 0  # that it computes with; 0: as many as the settings say, else one per core
    holdout: bool = False  # whether the run opens the holdout: then GITEXP_HOLDOUT is set
    purpose: Purpose = Purpose.RUN
    pair: str = ""  # the experiment that a run of its baseline is for alone
    granted: Granted | None = None  # the accelerators that it has to itself


class Conduct(NamedTuple):
    """Who takes part in a run while it goes on.

    The run ends early if `stop` is set. `condition` names the condition of an environment, so that
    runs that differ only in what else they loaded can share one. `begin` is told the time of the
    start, ISO 8601, before the command starts. `hold` are lock descriptors that must stay open as
    long as the child. `turn` is held while the command runs: what has to be done before and after
    may be done beside the command of another run.
    """

    watchdog: Watchdog
    stop: threading.Event
    condition: Callable[[dict[str, Any]], str]
    begin: Callable[[str], object]
    hold: Sequence[int] = ()
    turn: AbstractContextManager[object] = nullcontext()


class RunResult(NamedTuple):
    """The result of a job: its record, the lines to store with it, and its last output."""

    record: Record
    bulk: tuple[dict[str, Any], ...]
    log: dict[str, Any]
    last_lines: str
    warning: str = ""  # what is odd about a run that still counts

    @property
    def quoted(self) -> str:
        """The last output as an error message shows it, after a line break; "" if there is none."""
        return "".join(f"\n  | {line}" for line in self.last_lines.splitlines())


class Interrupted(Exception):
    """The run was stopped from outside, `seconds` after its command started: 0 if it never did."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds
