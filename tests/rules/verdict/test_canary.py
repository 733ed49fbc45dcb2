"""What repeated runs of the baseline show, and how old an agreement may be."""

from __future__ import annotations

import math

import pytest
import scipy.stats

from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.verdict.canary import LONG_RUN, SPAN, compare, span_of
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.paired_t import standard_deviation
from gitexp.rules.verdict.ties import same_score
from gitexp.rules.verdict.verdict import Verdict
from tests.rules.verdict.test_objections import arms, registered

FIRST = (0.90, 0.91, 0.89, 0.905, 0.895)
N = len(FIRST)
MEAN = math.fsum(FIRST) / N
REACH = (
    -scipy.stats.t.ppf(0.0005, N - 1) * standard_deviation(FIRST) * math.sqrt(1 + 1 / N)
)  # written as the rule is stated, with another library's quantile


@pytest.mark.parametrize(
    ("new", "first", "found"),
    [
        ((0.90,), FIRST, Found.SAME),
        ((0.90 * (1 + 1e-13),), FIRST, Found.SAME),
        ((0.90 * (1 + 1e-11),), FIRST, None),
        ((), FIRST, None),
        ((0.93,), FIRST, None),
        ((0.9000001, 0.9000001), FIRST, None),
        ((0.9000001, 0.9000001, 0.9000001), FIRST, Found.MOVED),
        ((0.9000001, 0.9000001 * (1 + 1e-13), 0.9000001), FIRST, Found.MOVED),
        ((0.93, 0.93, 0.93), FIRST[:2], Found.MOVED),
        # Equal twice by chance, as the scores of a few hundred rows may be.
        ((0.93, 0.93, 0.92), FIRST[:2], Found.UNCLEAR),
        ((0.91, 0.91, 0.92), FIRST, Found.NOISE),
        ((0.93, 0.92), FIRST[:4], Found.UNCLEAR),
        ((0.93, 0.92), FIRST, Found.NOISE),
        # One that agrees with the record after one that does not: the trainer is noisy.
        ((0.99, 0.90), FIRST, Found.NOISE),
        ((MEAN + 1.001 * REACH, MEAN + 1.01 * REACH), FIRST, Found.MOVED),
        ((MEAN + 1.001 * REACH, MEAN - 1.01 * REACH), FIRST, Found.MOVED),
        ((MEAN + 1.001 * REACH, MEAN + 0.999 * REACH), FIRST, Found.NOISE),
        ((MEAN - 0.999 * REACH, MEAN - 1.5 * REACH), FIRST, Found.NOISE),
        # Where seeds tie, two equal runs prove nothing.
        ((0.91, 0.91), (0.90, 0.91, 0.90, 0.89, 0.90), Found.NOISE),
        ((0.91, 0.91), (0.90, 0.90), Found.UNCLEAR),
    ],
)
def test_what_repeated_runs_show(
    new: tuple[float, ...], first: tuple[float, ...], found: Found | None
) -> None:
    assert compare(0.90, new, first) is found


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ((0.90,), Found.SAME),
        ((0.91,), None),
        ((0.91, 0.91), Found.MOVED),
        ((0.91, 0.90), Found.MOVED),
    ],
)
def test_noise_explains_nothing_where_a_trainer_is_deterministic(
    new: tuple[float, ...], found: Found | None
) -> None:
    assert compare(0.90, new, (0.90, 0.90), exact=True) is found


@pytest.mark.parametrize("n", [5, 10, 20, 100])
def test_the_interval_is_that_of_scipy(n: int) -> None:
    first = [0.9 + 0.001 * math.sin(i) for i in range(n)]
    t = scipy.stats.t.ppf(0.9995, n - 1)
    reach = t * standard_deviation(first) * math.sqrt(1 + 1 / n)
    mean = math.fsum(first) / n
    for factor, found in ((0.999999, Found.NOISE), (1.000001, Found.MOVED)):
        new = mean + factor * reach, mean - factor * 1.0000001 * reach
        assert compare(first[0], new, first) is found


@pytest.mark.parametrize("score", [0.0, 1e-9, 0.9, 1e6])
def test_scores_agree_to_twelve_digits(score: float) -> None:
    assert same_score(score, score * (1 + 5e-13))
    assert same_score(score, score * (1 + 5e-12)) is (score == 0)


@pytest.mark.parametrize(
    ("setting", "durations", "span"),
    [
        (None, [], SPAN),
        (None, [1.0, 2.0], SPAN),
        (None, [LONG_RUN + 1], math.inf),
        (0.0, [LONG_RUN + 1], 0.0),
        (math.inf, [1.0], math.inf),
        (60.0, [LONG_RUN + 1], 60.0),
    ],
)
def test_how_long_an_agreement_counts(
    setting: float | None, durations: list[float], span: float
) -> None:
    assert span_of(setting, durations) == span


EARLY, MIDDLE, LATE = (f"2026-01-02T03:04:{s}Z" for s in ("04", "05.500", "06"))


def moved(start: str, *changed: str) -> Check:
    scores = 0.9, 0.93, 0.93
    return Check("c", Found.MOVED, start, 3, "9f3c2a", scores, changed)


def test_a_move_objects_to_what_ran_after_it_and_to_nothing_before() -> None:
    baseline, candidate = arms(5)
    late = [candidate[0]._replace(start=LATE), *candidate[1:]]
    for records, check, reason in (
        (candidate, moved(MIDDLE), "strong"),
        (candidate, moved(EARLY), "the baseline has moved"),
        (late, moved(MIDDLE), "the baseline has moved"),
        (candidate[:3], moved(MIDDLE), "the baseline has moved"),
        ([], moved(MIDDLE), "the baseline has moved"),
    ):
        judgement = judge_records(registered(5), baseline, records, checks=[check])
        assert judgement.reason == reason
        assert (judgement.verdict is Verdict.CONFIRMED) is (reason == "strong")
    assert (
        judge_records(registered(5, rules=1), baseline, [], checks=[moved(EARLY)]).verdict is None
    )


def test_a_move_says_what_the_environment_knows() -> None:
    one = judge_records(registered(5), [], [], checks=[moved(MIDDLE)])
    assert one.detail == "seed 3 gave 0.9, and now 0.93 and 0.93; nothing on record differs"
    two = judge_records(registered(5), [], [], checks=[moved(MIDDLE, *"abcdef")])
    assert two.detail.endswith("what differs: a, b, c, d, and 2 more")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found.OFF, "were used again without a check"),
        (Found.UNCLEAR, "too few records to tell whether it has moved"),
        (Found.NOISE, ""),
        (Found.SAME, ""),
    ],
)
def test_what_was_not_claimed_is_told_beside_the_verdict(found: Found, said: str) -> None:
    judgement = judge_records(registered(5), *arms(5), checks=[Check("c", found, EARLY)])
    assert judgement.verdict is Verdict.CONFIRMED
    assert said in judgement.detail
    assert bool(judgement.detail) is bool(said)
