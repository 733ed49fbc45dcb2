"""Looks at a run while it goes on, and ends it by the limits that the settings give it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.family import memory_of
from gitexp.engine.metrics import LOGGED, parse_logged
from gitexp.engine.printed import read_steps
from gitexp.engine.tail import Tail
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.quantities import said_size
from gitexp.rules.text import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitexp.rules.documents.settings import Settings
    from gitexp.rules.documents.stop_rule import StopRule

PERIOD = 0.25  # seconds between looks at what was reported
_MEMORY_PERIOD = 0.5  # seconds between looks at memory
_IDLE = 50  # of that time may be spent looking: on a busy host, the table of processes is long


class Halt(NamedTuple):
    """That gitexp ended a command, and why, in words."""

    ended: Ended
    reason: str


class StepRules:
    """Stop rules, and what they have seen so far."""

    def __init__(self, rules: Sequence[StopRule]) -> None:
        self._rules = [*rules]
        self._passed: set[StopRule] = set()  # that were about one value, which was good
        self._seen: dict[str, int | None] = {}  # last step of each metric; None: it had none

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that they are about."""
        return frozenset(rule.metric for rule in self._rules)

    def halt(self, step: int | None, values: Mapping[str, float]) -> Halt | None:
        """Hold what a run reported at once against every rule."""
        for rule in self._rules:
            if rule.metric not in values or rule in self._passed:
                continue
            value = values[rule.metric]
            last = self._seen.get(rule.metric)
            self._seen[rule.metric] = step if step is not None else last
            if rule.step is not None and (step is None or step < rule.step):
                continue
            if rule.holds(value):
                at = "" if step is None else f" at step {step}"
                return Halt(Ended.STOP_IF, f"stopped by `{rule}`: {rule.metric} was {value:g}{at}")
            if rule.step is not None:
                self._passed.add(rule)
        return None

    def unused(self) -> str:
        """Say which rules never applied and why; "" if all did."""
        for rule in self._rules:
            if rule.metric not in self._seen:
                return (
                    f"stop_if `{rule}` never applied: the run reported no {rule.metric}; call"
                    f" gitexp.log(step=1, {rule.metric}=0.5), or print step=1 {rule.metric}=0.5"
                )
            if rule.step is not None and rule not in self._passed:
                last = self._seen[rule.metric]
                had = "without a step" if last is None else f"only up to step {last}"
                return f"stop_if `{rule}` never applied: the run reported {rule.metric} {had}"
        return ""


class Watch:
    """The stop rules, the silence limit and the memory limit of one run in its folder."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.rules = StepRules(settings.stop_if)
        self._silent, self._memory = settings.silent, settings.memory
        self._printed = [Tail(folder / name) for name in ("stdout.log", "stderr.log")]
        self._logged = Tail(folder / LOGGED)
        self._quiet = 0.0  # seconds
        self._looked = self._weighed = time.monotonic()
        self._pause = _MEMORY_PERIOD

    def look(self, group: int, mark: str) -> Halt | None:
        """Look at a run, unless that was done a moment ago; why it has to end, if it has."""
        now = time.monotonic()
        passed = now - self._looked
        if passed < PERIOD:
            return None
        self._looked = now
        return self._reported() or self._hangs(passed) or self._too_large(group, mark, now)

    def last_look(self) -> Halt | None:
        """Look at what a run reported in the end.

        Whether a rule holds must not depend on how soon somebody looked.
        """
        return self._reported(to_the_end=True)

    def _reported(self, *, to_the_end: bool = False) -> Halt | None:
        if not self.rules.metrics:
            return None
        news = [*parse_logged(self._logged.read(to_the_end=to_the_end).split("\n"))]
        for stream in self._printed:
            news += read_steps(stream.read(to_the_end=to_the_end), self.rules.metrics)
        return next(filter(None, (self.rules.halt(*one) for one in news)), None)

    def _hangs(self, passed: float) -> Halt | None:
        """Whether there was no sign of life for too long."""
        if self._silent is None:
            return None
        grew = [tail.grew() for tail in (*self._printed, self._logged)]
        # Where gitexp itself was suspended, the run may have been, too.
        self._quiet = 0.0 if any(grew) else self._quiet + min(passed, 2 * PERIOD)
        if self._quiet < self._silent:
            return None
        said = f"stopped after {duration(self._silent)} in which it printed and logged nothing"
        return Halt(Ended.SILENCE, said)

    def _too_large(self, group: int, mark: str, now: float) -> Halt | None:
        if self._memory is None or now - self._weighed < self._pause:
            return None
        size = memory_of(group, mark, self._memory)
        self._weighed = time.monotonic()
        self._pause = max(_MEMORY_PERIOD, _IDLE * (self._weighed - now))
        if size <= self._memory:
            return None
        said = (
            f"stopped at {said_size(size)} of memory, over the limit of {said_size(self._memory)}"
        )
        return Halt(Ended.MEMORY, said)
