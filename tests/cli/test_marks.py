"""The marks of verdicts and states."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitexp.cli.figures.drawing import drawn_as
from gitexp.cli.marks import UNTESTED, mark_for
from gitexp.rules.plan.state import State
from gitexp.rules.verdict.verdict import Verdict

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("plain", [False, True])
def test_each_verdict_has_a_mark_of_its_own(plain: bool) -> None:
    apart = [*Verdict, UNTESTED, State.RUNNING, State.FAILED, State.PLANNED]
    marks = [mark_for(what, plain=plain) for what in apart]
    assert len({*marks}) == len(apart)
    assert all(mark.isascii() == plain or mark in "?!-" for mark in marks)
    assert len({drawn_as(verdict) for verdict in (*Verdict, None)}) == len(Verdict) + 1


@pytest.mark.parametrize("page", ["log.md", "report.md"])
def test_the_docs_list_the_marks_of_verdicts(page: str) -> None:
    told = (DOCS / page).read_text("utf-8")
    assert all(mark_for(verdict) in told for verdict in Verdict)
