"""What is under way: something that needs runs until it has an answer, and knows which are due."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from gitexp.engine.engine import Order
from gitexp.errors import CommandFailed, NotReady
from gitexp.lab.measuring.failed_run import failed_run
from gitexp.lab.measuring.small_first import about_ignored, on_share
from gitexp.rules.verdict.due import Due
from gitexp.rules.verdict.due_run import Arm, Run, Why
from gitexp.rules.verdict.small_first import full_seconds

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from gitexp.engine.engine import Made, Slot
    from gitexp.errors import GitexpError
    from gitexp.lab.measuring.bench import Bench
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.lab.measuring.run_maker import RunMaker
    from gitexp.lab.measuring.watcher import Watcher
    from gitexp.rules.documents.record import Record


class SessionTools(NamedTuple):
    """What a session works with; `name` is that of its experiment, "" for a baseline alone."""

    ledger: Ledger
    bench: Bench
    maker: RunMaker
    watcher: Watcher
    name: str = ""


class Session(ABC):
    """Runs of a baseline, and of the experiment beside it, until there is an answer.

    `due` is what was due when somebody last asked. Whoever drives it calls `advance` whenever a
    note has changed, and again when its first run is to start and `begun` is set. `error` is why it
    could not go on.
    """

    def __init__(self, tools: SessionTools) -> None:
        self.ledger, self.bench, self.name = tools.ledger, tools.bench, tools.name
        self.maker, self.watcher = tools.maker, tools.watcher
        self.due = Due()
        self.begun = self.over = False
        self.error: GitexpError | None = None
        self.beside: list[threading.Thread] = []  # what it does while runs go on
        self._made: set[Run] = set()  # runs that went well, and yet may be asked for again
        self._told: set[tuple[object, ...]] = set()
        self._own: list[str] = []  # conditions that runs of the experiment had

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.label(Arm.EXPERIMENT if self.name else Arm.BASELINE)

    @property
    def command(self) -> str:
        """What goes on with it."""
        return f"gitexp run {self.name}"

    @property
    def is_open(self) -> bool:
        """Whether it may still ask for runs."""
        return not self.over and self.error is None

    @property
    def has_passed_a_look(self) -> bool:
        """Whether it was judged and goes on: what would not be confirmed has mostly ended."""
        return False

    @abstractmethod
    def advance(self) -> None:
        """Find out what is due now, by what the ledger has read; `over` is set if nothing is.

        Raises:
            GitexpError: it cannot go on.
        """

    def is_outdated(self) -> bool:
        """Whether what it found out before its first run is so long ago that it is asked again."""
        return False

    def fail(self, error: GitexpError) -> None:
        """Let it ask for nothing more; after a failed run, those that are going on may end."""
        if self.error is None:
            self.error = error
        if not isinstance(error, CommandFailed):
            self.due = Due()

    def leave(self) -> None:
        """Ask for nothing more, as the command ends before this is over, and leave git in order."""
        self.due = Due()

    @property
    def commits(self) -> set[str]:
        """The commits whose notes it reads."""
        found = {self.bench.base, self.ledger.experiment, self.ledger.code}
        return {commit for commit in found if commit}

    def commit(self, arm: Arm) -> str:
        """The commit that an arm runs."""
        if arm is Arm.CODE:
            return self.ledger.code
        return self.bench.base if arm is Arm.BASELINE else self.ledger.experiment

    def label(self, arm: Arm) -> str:
        """What a person calls an arm."""
        if arm is Arm.BASELINE:
            return f"baseline {self.ledger.project.baseline}"
        return f"code of exp/{self.name}" if arm is Arm.CODE else f"exp/{self.name}"

    def label_of(self, run: Run) -> str:
        """What a person calls the arm of a run, and the part of the data that it is given."""
        return on_share(self.label(run.arm), run.share)

    def key(self, run: Run) -> tuple[str, str, int]:
        """What only one run is made of at a time, or one interleaved pair, whatever for."""
        ledger = self.ledger
        commit = ledger.experiment if ledger.beside else self.commit(run.arm)
        return ledger.project.prefix, commit, run.seed

    def needs(self, key: tuple[str, str, int]) -> bool:
        """Whether a run of this is of use."""
        return any(self.key(run) == key for run in (*self.due.now, *self.due.later))

    def order(self, run: Run) -> Order:
        """Put a due run into an order, and announce the first of its kind.

        Raises:
            NotReady: the runs would take long, and nobody agreed to that.
        """
        ledger = self.ledger
        ledger.environments.read(self.commit(run.arm))
        threads = self.bench.threads(ledger)
        self._announce(run)
        return Order(
            ledger.project.prefix,
            self.commit(run.arm),
            run.seed,
            self.label_of(run),
            ledger.metric,
            threads,
            run.why.purpose,
            run.conditions,
            ledger.why if run.arm is Arm.EXPERIMENT else "",
            run.share,
            ledger.experiment if self.commit(run.arm) == ledger.beside else "",
            None if run.then is None else self.order(run.then),
            ledger.experiment if ledger.beside else "",
        )

    def make(self, order: Order, slot: Slot) -> Made:
        """Make a run that was ordered; called in a thread of its own."""
        return self.maker.make(order, self.ledger, slot, self.bench.expected, self._named)

    def came(self, run: Run, made: Made) -> GitexpError | None:
        """Note that a run which was ordered has ended; returns what to tell if it failed."""
        if made.job is None or made.result is None:
            return None
        if made.result.record.ok:
            self._made.add(run)
            return None
        return failed_run(self.ledger, self.label_of(run), made.job, made.result)

    def _doubt_share(self, run: Run, record: Record) -> None:
        """Say so if a run on a part of the data seems to have seen all of it."""
        full = full_seconds(self.ledger.records(self.bench.base))
        if said := about_ignored(self.label_of(run), record, full):
            self.watcher.said(said)

    def learn_condition(self, commit: str, condition: str) -> None:
        """Take note of the condition that a run has had elsewhere."""
        self._named(commit)(condition)

    def _named(self, commit: str) -> Callable[[str], None]:
        """Who is told the condition of a run."""
        return self.bench.add_condition if commit == self.bench.base else self._own.append

    def _demand_progress(self) -> None:
        """Ask for no run a second time that went well and does not count.

        Raises:
            NotReady: one is due again.
        """
        stuck = next((r for r in self.due.now if r in self._made and not _repeats(r)), None)
        if stuck is None:
            return
        self.due = Due()
        if stuck.why is Why.PROOF:
            raise NotReady(
                "two runs that must give the same result did not run in the same condition",
                "keep python, packages and declared data unchanged between the two runs",
            )
        raise NotReady(
            f"{self.label(stuck.arm)}, seed {stuck.seed}: it has run, but its record does not"
            " count",
            "find out why: gitexp doctor",
        )

    def _announce(self, run: Run) -> None:
        """Say what is run, once for all runs of its kind, and ask if that takes long."""
        told = self.bench.told if run.arm is Arm.BASELINE else self._told
        kind = run.why, run.conditions if run.why in {Why.BLOCK, Why.MATCH, Why.PROOF} else None
        due = (*self.due.now, *self.due.later)
        alike = [r for one in due for r in (one, one.then) if r is not None and r.why is run.why]
        new = [one.seed for one in alike if (*kind, one.seed) not in told]
        if run.seed not in new:
            return
        told |= {(*kind, seed) for seed in new}
        commit = self.commit(run.arm)
        self.bench.announce(self.ledger, self.label(run.arm), commit, len(new))


def _repeats(run: Run) -> bool:
    return run.why in {Why.CHECK, Why.REPEAT}
