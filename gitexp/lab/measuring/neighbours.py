"""What the experiments on one baseline mean for each other: whether one of them is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitexp.lab.log.results import read_results
from gitexp.lab.measuring.one_baseline import decided_on
from gitexp.rules.plan.seeds import on_one_baseline
from gitexp.rules.verdict.next_block import shares_runs
from gitexp.rules.verdict.unlucky import Decided, in_doubt, next_block_due, spared

if TYPE_CHECKING:
    from gitexp.lab.log.result import Result
    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.registration import Registration


class Neighbour(Protocol):
    """What neighbours know of an experiment; `decided` and `began_at` are None until it is so."""

    ledger: Ledger
    registration: Registration

    @property
    def is_open(self) -> bool:
        """Whether runs of it are still due."""

    @property
    def began_at(self) -> tuple[float, str] | None:
        """When its runs began, and its commit."""

    @property
    def decided(self) -> Decided | None:
        """How it ended."""


class Neighbours:
    """The experiments that one command has under way, and those that were decided before.

    Which of two is held against the next block follows from when their runs began, so a confirmed
    one waits for those that began before it, and the order in which they end decides nothing.
    """

    def __init__(self) -> None:
        self._sessions: list[Neighbour] = []
        self._results: dict[str, list[Result]] = {}  # by project

    @property
    def are_several(self) -> bool:
        """Whether the command has more than one experiment under way."""
        return len(self._sessions) > 1

    def add(self, session: Neighbour) -> None:
        """Put one more experiment under way."""
        self._sessions.append(session)

    def doubt(self, session: Neighbour) -> bool:
        """Whether the others make an experiment doubtful before it is decided."""
        if not shares_runs(session.registration):
            return False
        return in_doubt(session.registration.seeds[0], self._decided(session))

    def need_block(self, session: Neighbour, mine: Decided) -> bool:
        """Whether an experiment that is decided asks for the baseline's next block."""
        if mine.confirmed:
            # By now another command may have confirmed one.
            self._results.pop(session.ledger.project.folder, None)
        others = self._decided(session)
        return next_block_due(mine, others) or spared(mine, others)

    def must_wait(self, session: Neighbour, mine: Decided) -> bool:
        """Whether an experiment that began earlier, and is not decided yet, may put it in doubt."""
        return (
            mine.confirmed
            and not mine.doubted
            and any(
                other.is_open and (began := other.began_at) is not None and began < mine.place
                for other in self._beside(session)
                if other.decided is None
            )
        )

    def _decided(self, session: Neighbour) -> list[Decided]:
        registration, project = session.registration, session.ledger.project
        if project.folder not in self._results:
            self._results[project.folder] = read_results(project)
        named = registration.project, registration.criterion.metric, registration.seeds[0]
        found = {one.commit: one for one in decided_on(self._results[project.folder], *named)}
        found |= {one.commit: one for other in self._beside(session) if (one := other.decided)}
        found.pop(session.ledger.experiment, None)
        return list(found.values())

    def _beside(self, session: Neighbour) -> list[Neighbour]:
        mine = session.registration
        return [
            other
            for other in self._sessions
            if other is not session and _on_one_baseline(other.registration, mine)
        ]


def _on_one_baseline(one: Registration, other: Registration) -> bool:
    return (
        shares_runs(one)
        and one.project == other.project
        and one.criterion.metric == other.criterion.metric
        and on_one_baseline(one.seeds[0], other.seeds[0])
    )
