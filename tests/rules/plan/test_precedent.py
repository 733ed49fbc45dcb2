from __future__ import annotations

import pytest

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.finding import Finding
from gitexp.rules.plan.limbo import keeps_coming_back
from gitexp.rules.plan.precedent import Precedent, lies_between
from gitexp.rules.plan.same_hypothesis import Hypotheses, same_hypothesis
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.plan.arrange import a_precedent

RULED_OUT, CONFIRMED, INCONCLUSIVE = Verdict.RULED_OUT, Verdict.CONFIRMED, Verdict.INCONCLUSIVE
CRITERION = Criterion("accuracy", 0.005, higher_is_better=True)


# --- a value between two that were ruled out ------------------------------------------------------


def ruled_out_at(*values: str) -> list[Precedent]:
    return [a_precedent(f"at-{v}", f"C = 1 -> {v}", RULED_OUT) for v in values]


@pytest.mark.parametrize(
    ("value", "ruled_out", "neighbors"),
    [
        ("10", ("2", "5", "20", "90"), ("at-5", "at-20")),
        ("1e1", ("9.5", "10.5"), ("at-9.5", "at-10.5")),
        ("10", ("2", "5"), None),
        ("10", ("20",), None),
        ("10", ("10", "20"), None),
        ("10", (), None),
        ('"10"', ("2", "20"), None),
        ("10", ('"2"', "true", "20"), None),
    ],
)
def test_a_value_between_two_that_were_ruled_out_names_both(
    value: str, ruled_out: tuple[str, ...], neighbors: tuple[str, str] | None
) -> None:
    found = lies_between(parse_change(f"c.toml: C = 1 -> {value}"), ruled_out_at(*ruled_out))
    if neighbors is None:
        assert found is None
    else:
        assert found is not None
        assert (found.id, found.advice) == ("K4", True)
        assert all(f"exp/{name}" in found.message for name in neighbors)


def test_only_what_was_ruled_out_counts_as_a_neighbor() -> None:
    other = a_precedent("other", "C = 1 -> 20", INCONCLUSIVE)
    change = parse_change("c.toml: C = 1 -> 10")
    assert lies_between(change, [*ruled_out_at("5"), other]) is None


# --- limbo ----------------------------------------------------------------------------------------


def limbo(*verdicts: Verdict, effect: float = 0.0, again: tuple[str, ...] = ()) -> Finding | None:
    tried = [a_precedent(f"t{n}", f"C = 1 -> {n}", v, effect) for n, v in enumerate(verdicts)]
    return keeps_coming_back(parse_change("c.toml: C = 1 -> 1"), CRITERION, tried, again)


def test_three_verdicts_without_a_confirmation_are_limbo() -> None:
    assert limbo(RULED_OUT, INCONCLUSIVE) is None
    assert limbo(RULED_OUT, INCONCLUSIVE, CONFIRMED) is None
    found = limbo(RULED_OUT, INCONCLUSIVE, RULED_OUT)
    assert found is not None
    assert (found.id, found.advice) == ("L1", True)
    assert "C keeps coming back: tested 3 times, never confirmed" in found.message
    assert "tried: 0, 1, 2; 1 lies between" in found.message
    assert "together" not in found.message


def test_other_values_never_settle_one_that_was_not_tried() -> None:
    tried = [a_precedent(f"t{n}", f"C = 1 -> {n}", RULED_OUT, -0.05) for n in (2, 3, 10)]
    found = keeps_coming_back(parse_change("c.toml: C = 1 -> 0.03"), CRITERION, tried, ())
    assert found is not None
    assert "tried: 2, 3, 10, all above 0.03" in found.message
    assert "settled" not in found.hint


def test_the_same_value_again_is_limbo_where_it_was_inconclusive() -> None:
    assert limbo(INCONCLUSIVE, again=("another",)) is None
    assert limbo(RULED_OUT, again=("t0",)) is None
    found = limbo(INCONCLUSIVE, again=("t0",))
    assert found is not None
    assert "tested once, never confirmed" in found.message


@pytest.mark.parametrize(
    ("effect", "next_step"),
    [
        (-0.05, "the question is settled: together they rule out accuracy +0.005"),
        (0.0049, "the effect is too close to accuracy +0.005 to be decided"),
        (0.004, "times as many repeats and test rows to settle it"),
        (0.05, "more repeats or larger test sets would settle it"),
    ],
)
def test_limbo_says_what_would_settle_it(effect: float, next_step: str) -> None:
    found = limbo(*[INCONCLUSIVE] * 3, effect=effect, again=("t0", "t1", "t2"))
    assert found is not None
    assert next_step in found.hint


def test_many_verdicts_are_counted_and_the_newest_shown() -> None:
    found = limbo(*[RULED_OUT] * 9)
    assert found is not None
    assert "exp/t4" in found.message
    assert "exp/t5" not in found.message
    assert "and 4 before them" in found.message


# --- hypotheses that say the same -----------------------------------------------------------------


def test_a_hypothesis_in_much_the_same_words_is_named() -> None:
    dropout = ("one", "dropout raises accuracy because the model overfits")
    others = Hypotheses([dropout, ("two", "a larger C helps because the model underfits")])
    again = "a larger C helps because the model underfits badly"
    found = same_hypothesis(again, others)
    assert found is not None
    assert (found.id, found.advice) == ("K5", True)
    assert found.message.startswith("exp/two has much the same hypothesis\n")
    assert same_hypothesis(again, others, {"two"}) is None
    assert same_hypothesis("the tokenizer drops accents because it is old", others) is None
    assert same_hypothesis("anything", Hypotheses([])) is None
