"""How tasks are shared out among workers, by what is known of how long they take."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.engine.engine import Order
from gitexp.lab.workers.batches import Durations
from gitexp.lab.workers.flight import Flight
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.task import Task
from tests.team import a_record

KNOWN, NEW = "a" * 40, "b" * 40


def flights(text: str) -> list[Flight]:
    """A task for each letter: of a commit that is known, of one that is new, or lost once."""
    found = []
    for seed, letter in enumerate(text):
        commit = NEW if letter == "n" else KNOWN
        task = Task("hub", "main", commit, seed, "accuracy", "0" * 64)
        order = Order("", commit, seed, "", "accuracy", 1)
        found.append(Flight(order, task, Path(), tries=1 + (letter == "L")))
    return found


@pytest.mark.parametrize(
    ("due", "places", "most", "given"),
    [
        ("kkkk", 2, 2, ["kk", "kk"]),
        ("kkkkk", 2, 9, ["kkkkk"]),
        ("kkkkkn", 2, 3, ["kkk", "kkn"]),  # nothing waits for a run that may take hours
        ("kkkkn", 2, 2, ["kk", "kk"]),
        ("nnn", 2, 9, ["n", "n"]),
        ("nkk", 2, 9, ["n", "kk"]),
        ("kkLk", 3, 9, ["kk", "L", "k"]),  # what was lost once takes nothing with it
    ],
)
def test_nothing_waits_behind_the_first_run_of_a_commit(
    due: str, places: int, most: int, given: list[str]
) -> None:
    durations = Durations()
    durations.learn(KNOWN, parse_records(a_record(KNOWN, 1)))
    every = flights(due)
    letters = {id(flight): letter for flight, letter in zip(every, due, strict=True)}
    found = durations.share_out(every, places, most)
    assert ["".join(letters[id(one)] for one in batch) for batch in found] == given
