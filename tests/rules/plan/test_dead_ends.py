"""What was ruled out on each key, and where nothing was tried."""

from __future__ import annotations

import pytest

from gitexp.rules.plan.dead_ends import Tried, dead_ends
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.plan.arrange import a_registration, judged

DEAD, UNSURE = Verdict.RULED_OUT, Verdict.INCONCLUSIVE


def tried(*changes: tuple[str, Verdict | None]) -> list[Tried]:
    """Experiments on keys of config.toml, newest first."""
    return [
        Tried(
            a_registration(change),
            None if verdict is None else judged(verdict, -0.02, lower=-0.03, upper=0.001),
        )
        for change, verdict in changes
    ]


SHOWN = "(-0.020 [-0.030, +0.001])"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [("g = 0.001 -> 1", DEAD), ("g = 0.001 -> 0.01", DEAD), ("g = 0.001 -> 0.1", DEAD)],
            (
                f"g: 0.01 {SHOWN}, 0.1 {SHOWN} and 1 {SHOWN} ruled out, all above 0.001;"
                " nothing tried below"
            ),
        ),
        (
            [("g = 5 -> 3", DEAD), ("g = 5 -> 9", None)],
            f"g: 3 {SHOWN} ruled out, all below 5",
        ),
        ([("g = 5 -> 3", DEAD)], f"g: 3 {SHOWN} ruled out, all below 5; nothing tried above"),
        (
            [("g = 5 -> 3", DEAD), ("g = 5 -> 9", DEAD)],
            f"g: 3 {SHOWN} and 9 {SHOWN} ruled out",
        ),
        # One value that was ruled out twice is one dead end, and words have no sides.
        (
            [('g = "a" -> "b"', DEAD), ('g = "a" -> "b"', DEAD)],
            f'g: "b" {SHOWN} ruled out',
        ),
    ],
)  # fmt: skip
def test_the_values_of_a_key_are_named_in_their_order(
    changes: list[tuple[str, Verdict | None]], said: str
) -> None:
    assert dead_ends(tried(*changes), "accuracy") == [said]


def test_only_what_was_ruled_out_on_the_metric_is_a_dead_end() -> None:
    changes = tried(("g = 1 -> 2", UNSURE), ("h = 1 -> 2", Verdict.CONFIRMED), ("i = 1 -> 2", None))
    assert dead_ends(changes, "accuracy") == []
    assert dead_ends(tried(("g = 1 -> 2", DEAD)), "loss") == []


def test_the_key_with_most_dead_ends_comes_first_and_many_values_are_counted() -> None:
    many = [(f"h = 0 -> {value}", DEAD) for value in range(1, 10)]
    first, second = dead_ends(tried(("g = 1 -> 2", DEAD), *many), "accuracy")
    assert first.startswith("h: 1 (")
    assert " and 3 more ruled out, all above 0; nothing tried below" in first
    assert second.startswith("g: 2 (")
