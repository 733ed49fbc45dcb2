"""Rules 1 against 140 cases that were computed in R: every kind of criterion, guards, failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitexp.rules.verdict.criterion import Criterion, Guard, Scale
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.verdict import Design, Judgement, Pair

Case = dict[str, Any]

LINES = Path(__file__).with_name("cases_from_r.jsonl").read_text().splitlines()
KINDS: dict[str, list[Case]] = {}
for case in map(json.loads, LINES):
    KINDS.setdefault(case["kind"], []).append(case)

FIGURES = {
    "effect": "effect", "sd": "sd", "standard_error": "se", "p": "p", "lower": "lower",
    "upper": "upper",
}  # fmt: skip


def limit(metric: str, scale: str, amount: float, higher_is_better: bool) -> Criterion:
    return Criterion(metric, amount, higher_is_better, Scale(scale))


def judged(case: Case) -> Judgement:
    guards = {
        Guard(limit(f"guarded {at}", *written)): [Pair(*row) for row in rows]
        for at, (*written, rows) in enumerate(case.get("guards", ()))
    }
    design = Design(
        limit("score", *case["criterion"]), tuple(case["looks"]), case["level"], case["c"],
        tuple(guards),
    )  # fmt: skip
    rows = enumerate(zip(case["baseline"], case["candidate"], strict=True))
    return judge(
        design,
        [Pair(seed, *scores) for seed, scores in rows],
        case.get("failed", ()),
        guards={guard.metric: pairs for guard, pairs in guards.items()},
    )


def test_no_kind_is_missing() -> None:
    assert {kind: len(cases) for kind, cases in KINDS.items()} == {
        "diff": 44, "percent": 20, "constant": 16, "guard": 20, "ties": 24, "scale": 9, "failed": 7,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_verdicts_and_figures_are_those_of_r(kind: str) -> None:
    for case in KINDS[kind]:
        found, expect = judged(case), case["expect"]
        decided = (found.verdict, found.reason, found.look)
        assert decided == (expect.get("verdict"), expect.get("reason", ""), expect["look"]), case
        for figure, name in FIGURES.items():
            expected = expect.get(name)
            close = None if expected is None else pytest.approx(expected, rel=1e-9, abs=0)
            assert getattr(found, figure) == close, (figure, case)
