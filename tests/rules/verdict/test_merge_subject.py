from __future__ import annotations

import pytest

from gitexp.rules.documents.change import Change
from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.gate.formats.values import ABSENT
from gitexp.rules.verdict.merge_subject import WIDTH, merge_subject
from gitexp.rules.verdict.verdict import Judgement, Verdict
from tests.rules.verdict.test_words import CONFIRMED, a_registration, ended

RULED_OUT = ended(Verdict.RULED_OUT, "below the bar")
FAILED = Judgement(Verdict.INCONCLUSIVE, "repeats failed", 0, 2, None)
GAIN = "accuracy +0.012 [+0.002, +0.022]"


@pytest.mark.parametrize(
    ("change", "judgement", "subject"),
    [
        ("c.toml: C = 1.0 -> 10", CONFIRMED, f"C 1.0 -> 10: {GAIN} (exp/brave-otter)"),
        (
            "c.toml: model.C = 1.0 -> 10", CONFIRMED,
            f"model.C 1.0 -> 10: {GAIN} (exp/brave-otter)",
        ),
        (
            "c.toml: trainer.model.C = 0.000012 -> 10", CONFIRMED,
            f"C 0.000012 -> 10: {GAIN} (exp/brave-otter)",
        ),
        (
            'c.toml: name = "adam-with-betas" -> "sgd"', CONFIRMED,
            f'name -> "sgd": {GAIN} (exp/brave-otter)',
        ),
        (
            "c.toml: C = 1.0 -> 10", RULED_OUT,
            f"C 1.0 -> 10: ruled out, {GAIN} (exp/brave-otter)",
        ),
        (
            "c.toml: C = 1.0 -> 10", FAILED, "C 1.0 -> 10: inconclusive (exp/brave-otter)",
        ),
        (
            "c.toml: C = 1.0 -> 10", None,
            "C 1.0 -> 10: accepted without a verdict (exp/brave-otter)",
        ),
        (
            "c.toml: C = (absent) -> 10", CONFIRMED,
            f"C (absent) -> 10: {GAIN} (exp/brave-otter)",
        ),
    ],
)  # fmt: skip
def test_a_merge_says_what_changed_and_what_that_did(
    change: str, judgement: Judgement | None, subject: str
) -> None:
    registration = a_registration()._replace(change=parse_change(change))
    assert merge_subject("brave-otter", registration, judgement) == subject


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (Change("c.toml", ("k" * 200, 3, "x" * 300), "a" * 500, "b" * 500), "otter"),
        (Change("c.toml", ("a\n\u202eb",), "1\n\nAccepted: 2", "\x1b[2J\u2066 # x"), "otter"),
        (Change("c.toml", (), ABSENT, "x\ny"), "otter"),
    ],
)
def test_hostile_and_long_changes_stay_on_one_plain_short_line(change: Change, name: str) -> None:
    for judgement in (CONFIRMED, FAILED, None):
        said = merge_subject(name, a_registration()._replace(change=change), judgement)
        assert said.isprintable()
        assert said == " ".join(said.split())
        assert len(said) <= WIDTH
        assert said.endswith(f"(exp/{name})")


def test_a_long_name_costs_the_bounds_and_nothing_else_is_lost() -> None:
    name = "n" * 60
    said = merge_subject(name, a_registration(), CONFIRMED)
    assert said == f"C -> 2: accuracy +0.012 (exp/{name})"
