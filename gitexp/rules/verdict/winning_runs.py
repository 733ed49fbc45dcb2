"""Runs for which a change was accepted; they do not tell how good the baseline is since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitexp.rules.documents.registration import parse_message

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record


def without_winning_runs(records: Iterable[Record], message: str) -> list[Record]:
    """Leave out the runs on which a baseline commit was confirmed, with its message given.

    By a fast-forward, an experiment becomes a commit of the baseline. It was accepted for these
    runs, so it looks better on them than it is. Where all runs have the same seeds, there are no
    others.
    """
    found = [*records]
    registration = parse_message(message)[0] if found and "\nExperiment:" in message else None
    if registration is None or not registration.fresh_seeds:
        return found
    own = {*registration.registered_seeds()}
    return [record for record in found if record.seed not in own]
