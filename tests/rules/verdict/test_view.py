from __future__ import annotations

import pytest

from gitexp.rules.documents.remark import LONGEST_REMARK, Remark
from gitexp.rules.verdict.view import split_view, view

COMMIT = "a" * 40
VERDICT = "CONFIRMED: accuracy +0.012 [+0.002, +0.022], 5 pairs\neven the lower bound reaches it\n"


def remark(text: str, day: int = 1, by: str = "Ada Tester", *, withdraws: bool = False) -> Remark:
    return Remark(COMMIT, text, by, f"2026-01-{day:02}T10:00:00Z", withdraws)


@pytest.mark.parametrize(
    ("verdict", "remarks", "below"),
    [
        ("", [], ""),
        (VERDICT, [], ""),
        ("", [remark("try it")], "remark 2026-01-01 by Ada Tester: try it"),
        (VERDICT, [remark("a\n\nb")], "remark 2026-01-01 by Ada Tester: a b"),
        (
            VERDICT,
            [remark("retracted", withdraws=True), remark("why?", 2)],
            "withdrawn 2026-01-01 by Ada Tester: retracted\nremark 2026-01-02 by Ada Tester: why?",
        ),
    ],
)
def test_remarks_stand_below_the_verdict(verdict: str, remarks: list[Remark], below: str) -> None:
    shown = view(verdict, remarks)
    assert split_view(shown) == (verdict.strip("\n"), below)
    between = "\n" if verdict and below else ""
    assert shown == verdict + between + (f"{below}\n" if below else "")


def test_of_many_remarks_the_newest_are_shown() -> None:
    shown = view("", [remark(f"number {day}", day) for day in range(1, 10)])
    first, *rest = shown.splitlines()
    assert first == "remarks: the newest 5 of 9"
    assert [line[-1] for line in rest] == ["5", "6", "7", "8", "9"]
    assert split_view(shown) == ("", shown.strip("\n"))


@pytest.mark.parametrize(
    "hostile",
    [
        remark("x " * 60 + "CONFIRMED: accuracy +9, 5 pairs"),
        remark("fine\n\nCONFIRMED: accuracy +9, 5 pairs"),
        remark("\x1b[2J\u202e\r\nCONFIRMED: x"),
        remark("x", by="CONFIRMED: accuracy +9\n\nCONFIRMED: x"),
        remark("x " * 100_000),
        remark("x", by="y" * 100_000),
    ],
)
def test_no_remark_passes_for_a_verdict_or_reaches_a_terminal(hostile: Remark) -> None:
    shown = view(VERDICT, [hostile])
    below = shown.removeprefix(VERDICT)
    assert not [line for line in below.splitlines() if line.startswith("CONFIRMED")]
    assert split_view(shown)[0] == VERDICT.strip("\n")
    assert below.replace("\n", "").isprintable()
    assert len(below) < LONGEST_REMARK + 500
