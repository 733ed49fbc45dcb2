"""One baseline that runs are made beside: threads, conditions that hold, and what was told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gitexp.engine.condition import changes_between
from gitexp.engine.present import present_environment
from gitexp.engine.threads import about_threads, about_threads_elsewhere, share_of_cores
from gitexp.errors import NotReady
from gitexp.rules.documents.conditions import generation_of, newest_generation
from gitexp.rules.text import counted, duration
from gitexp.store.local import locked, read_json, write_json
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.watcher import Watcher

LONG = 30 * 60  # seconds of a baseline's runs that are not started without asking


class Bench:
    """What the experiments of one baseline share while they run, at most `jobs` at once.

    `here` are the conditions that hold today, None while they are not known; `at_once` is how many
    runs are made at once, 0 where a cluster has not said so yet.
    """

    def __init__(self, base: str, jobs: int, watcher: Watcher, *, away: bool = False) -> None:
        self.base = base
        self.here: list[str] | None = None
        self.told: set[tuple[object, ...]] = set()  # runs that were announced
        self.jobs, self._watcher = jobs, watcher
        self.away = away  # whether other machines make its runs
        self.at_once = 0 if away else jobs
        self._asked = False
        self._fresh = False  # whether nothing was on record at first
        self._threads: int | None = None
        self._agreed: bool | None = None  # to a long time, if somebody was asked

    @property
    def expected(self) -> str:
        """The condition that the next run will probably have; "" where nothing was on record."""
        return self.here[-1] if self.here and not self._fresh else ""

    def threads(self, ledger: Ledger) -> int:
        """How many threads each run computes with; found out once, from the baseline's records."""
        if self._threads is None:
            ledger.environments.read(self.base)
            fixed = fixed_threads(ledger)
            self._threads = fixed or agree_on_threads(
                ledger.repository, ledger.project.prefix, share_of_cores(self.jobs)
            )
            said = about_threads(self._threads, self.jobs, fixed=bool(fixed))
            if self.away:
                said = "" if fixed else about_threads_elsewhere(self._threads)
            if said:
                self._watcher.said(said)
        return self._threads

    def find_conditions(self, ledger: Ledger, label: str) -> None:
        """Find out which conditions of the baseline's records hold today, once for all runs."""
        if self._asked:
            return
        self._asked = True
        records = ledger.records(self.base)
        ledger.environments.read(self.base)
        known = ledger.environments.of_good(records)
        if not known:
            self._fresh = not any(record.ok for record in records)
            return
        if self.away:
            return  # what holds there, each run finds out
        now = present_environment(
            ledger.repository, ledger.project.prefix, ledger.settings, self.threads(ledger),
            known.values(),
        )  # fmt: skip
        if now is None:
            return
        newest = newest_generation(known)
        self.here = [
            name
            for name, then in known.items()
            if generation_of(name) == newest and not changes_between(then, now)
        ]
        if not self.here:
            said = say_changed([*known.values()][-1], now)
            self._watcher.said(f"{label}: {said}; its seeds are run again")

    def add_condition(self, name: str) -> None:
        """Remember the condition that a run of the baseline has turned out to have."""
        if self.here is None:
            self.here = [name] if self._fresh else None
        elif name not in self.here:
            self.here.append(name)

    def announce(self, ledger: Ledger, label: str, commit: str, count: int) -> None:
        """Say how many runs are to be made and how long they will take.

        Raises:
            NotReady: the baseline's would take long, and nobody agreed to that.
        """
        took = [record.duration for record in ledger.records(commit) if record.ok]
        seconds = sum(took) / len(took) * max(1, count / self.jobs) if took else 0
        long = duration(seconds)
        cost = f", about {long}" if took else ""
        self._watcher.said(f"{label} ({commit[:8]}): {counted(count, 'run')} to do{cost}")
        if commit != self.base or seconds <= LONG:
            return
        if self._agreed is None:
            self._agreed = self._watcher.agrees(f"Spend {long} on that?")
        if not self._agreed:
            raise NotReady(
                f"the baseline's runs would take about {long}, and nobody agreed to that",
                "the same command with --yes",
            )


def fixed_threads(ledger: Ledger) -> int | None:
    """Threads of a run by the settings or by the baseline's first run; None if neither says."""
    return ledger.settings.threads or ledger.threads()


def say_changed(then: dict[str, Any], now: dict[str, Any]) -> str:
    """Say what is different between two environments."""
    return f"the environment has changed ({', '.join(changes_between(then, now)) or 'unknown'})"


def agree_on_threads(repository: Repository, prefix: str, mine: int) -> int:
    """Return the number that a command running now has chosen for this project, else `mine`.

    Until a run of the baseline is on record, nothing else fixes the number, and commands with
    another --jobs would measure the baseline in another condition.
    """
    path = repository.local / "threads.json"
    with locked(repository.local / "threads.lock"):
        chosen = read_json(path)
        match chosen.get(prefix):
            case {"threads": int(number), "process": int(process)} if number > 0:
                if _is_alive(process):
                    return number
        write_json(path, chosen | {prefix: {"threads": mine, "process": os.getpid()}})
    return mine


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return process > 0
