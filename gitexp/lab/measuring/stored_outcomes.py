"""The per-example outcomes that runs stored beside their records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import NotReady
from gitexp.rules.documents.outcomes import parse_outcomes
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.rules.documents.outcomes import Outcomes
    from gitexp.rules.documents.record import Record
    from gitexp.store.repository import Repository


def stored_outcomes(
    repository: Repository, commit: str, records: Sequence[Record]
) -> list[Outcomes]:
    """Outcomes that these runs of a commit stored, in the same order.

    Raises:
        NotReady: some are missing.
    """
    wanted = [(record.seed, record.attempt, record.condition) for record in records]
    text = read_notes(repository, BULK, [commit]).get(commit, "")
    found = parse_outcomes(text, set(wanted))
    for key in wanted:
        if key not in found:
            raise NotReady(
                f"the outcomes of seed {key[0]} of {commit[:8]} are not here, but the criterion"
                " is judged per example",
                "if they were measured elsewhere: gitexp sync",
            )
    return [found[key] for key in wanted]
