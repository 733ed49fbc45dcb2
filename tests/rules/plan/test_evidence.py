from __future__ import annotations

import pytest

from gitexp.rules.plan.evidence import (
    EvidenceKind,
    count_evidence,
    is_grounded,
    kind_of,
    say_evidence,
    trailer_of,
)

GAP, LOG, PAPER, HUNCH, UNSORTED = EvidenceKind


@pytest.mark.parametrize(
    ("given", "trailer", "kind"),
    [
        ("paper:Li 2024, table 3", "paper Li 2024, table 3", PAPER),
        ("gap: train 0.93 vs 0.97", "gap train 0.93 vs 0.97", GAP),
        ("gap train 0.93 vs 0.97", "gap train 0.93 vs 0.97", GAP),
        ("log:exp/otter:x", "log exp/otter:x", LOG),
        ("hunch", "hunch", HUNCH),
        ("hunch:", "hunch", HUNCH),
        ("papers say so", "papers say so", UNSORTED),
        ("paper-like: x", "paper-like: x", UNSORTED),
        ("3 taken for 8: ceiling +0.035", "3 taken for 8: ceiling +0.035", UNSORTED),
        ("https://arxiv.org", "https://arxiv.org", UNSORTED),
        ("unsorted:x", "unsorted:x", UNSORTED),
        ("", "", UNSORTED),
    ],
)
def test_the_first_word_is_the_kind(given: str, trailer: str, kind: EvidenceKind) -> None:
    assert trailer_of(given) == trailer
    assert kind_of(trailer) is kind
    assert trailer_of(trailer) == trailer


def test_a_trailer_that_somebody_wrote_by_hand_may_have_a_colon() -> None:
    assert kind_of("paper: Li 2024") is PAPER


def test_nothing_and_a_hunch_are_no_ground() -> None:
    grounds = {"": False, " ": False, "hunch it feels right": False, "I saw it": True, "gap": True}
    assert {text: is_grounded(text) for text in grounds} == grounds


def test_verdicts_are_counted_by_kind() -> None:
    found = [("paper a", i == 0) for i in range(9)] + [("gap b", i < 4) for i in range(7)]
    counts = count_evidence([*found, ("", True), ("seen it", True)])
    assert [(c.kind, c.confirmed, c.decided) for c in counts] == [
        (GAP, 4, 7), (PAPER, 1, 9), (UNSORTED, 1, 1),
    ]  # fmt: skip
    assert say_evidence(counts) == "gaps 4 of 7 confirmed, papers 1 of 9, other evidence 1 of 1"
    assert say_evidence(count_evidence([("", True)])) == ""
