from __future__ import annotations

import pytest

from gitexp.rules.documents.summary import Stage, Summary, parse_summary, summary_text
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.judge import judge
from gitexp.rules.verdict.reading import says_the_same
from gitexp.rules.verdict.single_run import (
    first_run_misled,
    judge_singly,
    say_single_runs,
    told_opposite,
)
from gitexp.rules.verdict.verdict import Design, Judgement, Pair, SingleRuns, Verdict
from gitexp.rules.verdict.words import note
from tests.rules.verdict.test_words import CONFIRMED, a_registration

HIGHER = Criterion.parse("accuracy +0.005")


def pairs(*scores: tuple[float, float]) -> list[Pair]:
    return [Pair(seed, *both) for seed, both in enumerate(scores, start=1)]


@pytest.mark.parametrize(
    ("criterion", "scores", "found"),
    [
        ("accuracy +0.005", [(0.90, 0.91), (0.90, 0.89), (0.90, 0.90)], SingleRuns(1, 2, True)),
        ("accuracy +0.005", [(0.90, 0.90), (0.90, 0.91), (0.90, 0.92)], SingleRuns(2, 1, False)),
        # More than nothing is better, however little; the rounding of the last digit is nothing.
        ("accuracy +0.005", [(0.90, 0.900001)], SingleRuns(1, 0, True)),
        ("accuracy +0.005", [(0.3, 0.1 + 0.2)], SingleRuns(0, 1, False)),
        ("rmse -2%", [(2.0, 1.9), (2.0, 2.1)], SingleRuns(1, 1, True)),
        ("rmse -0.1", [(2.0, 2.1), (2.0, 1.9)], SingleRuns(1, 1, False)),
        # Whatever the baseline scores; reached is reached.
        ("accuracy >= 0.97", [(0.98, 0.97), (0.90, 0.969)], SingleRuns(1, 1, True)),
        ("ms <= 100", [(90.0, 101.0), (120.0, 99.0)], SingleRuns(1, 1, False)),
    ],
)  # fmt: skip
def test_each_seed_alone_is_judged_by_whether_the_number_got_better(
    criterion: str, scores: list[tuple[float, float]], found: SingleRuns
) -> None:
    assert judge_singly(Criterion.parse(criterion), pairs(*scores)) == found


def ended(verdict: Verdict | None, single: SingleRuns | None) -> Judgement:
    return CONFIRMED._replace(verdict=verdict, reason="", single_runs=single)


@pytest.mark.parametrize(
    ("verdict", "single", "opposite", "said"),
    [
        (Verdict.CONFIRMED, SingleRuns(6, 4, True), 4,
         "4 of these 10 seeds would have told you the opposite"),
        (Verdict.CONFIRMED, SingleRuns(6, 4, False), 4,
         "4 of these 10 seeds would have told you the opposite, the first among them"),
        (Verdict.CONFIRMED, SingleRuns(9, 1, False), 1,
         "1 of these 10 seeds would have told you the opposite: the first"),
        (Verdict.CONFIRMED, SingleRuns(10, 0, True), 0, ""),
        (Verdict.RULED_OUT, SingleRuns(4, 6, True), 4,
         "4 of these 10 seeds would have told you the opposite, the first among them"),
        (Verdict.RULED_OUT, SingleRuns(1, 9, False), 1,
         "1 of these 10 seeds would have told you the opposite"),
        (Verdict.RULED_OUT, SingleRuns(0, 5, False), 0, ""),
        (Verdict.RULED_OUT, SingleRuns(1, 0, True), 1,
         "this one run alone would have told you the opposite"),
        (Verdict.INCONCLUSIVE, SingleRuns(6, 4, True), None, "each seed alone: 6 better, 4 not"),
        (Verdict.EXPLORATORY, SingleRuns(0, 3, False), None, "each seed alone: 0 better, 3 not"),
        (Verdict.CONFIRMED, None, None, ""),
        (None, SingleRuns(6, 4, True), None, ""),
    ],
)  # fmt: skip
def test_a_verdict_says_how_many_of_its_seeds_alone_point_the_other_way(
    verdict: Verdict | None, single: SingleRuns | None, opposite: int | None, said: str
) -> None:
    judgement = ended(verdict, single)
    assert told_opposite(judgement) == opposite
    assert say_single_runs(judgement) == said


@pytest.mark.parametrize("verdict", [*Verdict, None])
@pytest.mark.parametrize("single", [SingleRuns(4, 6, True), SingleRuns(4, 6, False), None])
def test_the_first_run_misled_where_it_would_have_kept_what_is_ruled_out(
    verdict: Verdict | None, single: SingleRuns | None
) -> None:
    expected = verdict == "RULED OUT" and single is not None and single.first_better
    assert first_run_misled(ended(verdict, single)) is expected


def test_the_seeds_of_the_deciding_look_count_and_no_others() -> None:
    ups = [0.02, 0.03, -0.001, 0.025, 0.03]
    ran = pairs(*((0.9, 0.9 + up) for up in (*ups, -0.5, -0.5)))
    design = Design(HIGHER, looks=(5, 10), level=0.2, widening=0.0, rules=2)
    found = judge(design, ran)
    assert (found.verdict, found.pairs) == (Verdict.CONFIRMED, 5)
    assert found.single_runs == SingleRuns(4, 1, True)


def test_what_has_no_figures_says_nothing_of_single_runs() -> None:
    design = Design(Criterion.parse("rmse -2%"), looks=(3,), level=0.05, widening=0.0, rules=2)
    no_ratio = judge(design, pairs((-1.0, -2.0), (1.0, 2.0), (1.0, 2.0)))
    failed = judge(design, pairs((1.0, 2.0)), failed_seeds=[2])
    assert (no_ratio.reason, failed.reason) == ("not positive", "repeats failed")
    assert no_ratio.single_runs is failed.single_runs is None


def test_the_note_says_it_under_rules_2_and_reads_older_notes_that_do_not() -> None:
    registration = a_registration()._replace(rules=2)
    judgement = ended(Verdict.CONFIRMED, SingleRuns(3, 2, True))
    said = "2 of these 5 seeds would have told you the opposite\n"
    today = note(registration, judgement)
    assert said in today
    assert said not in note(a_registration(), judgement)  # rules 1
    older = today.replace(said, "")
    assert says_the_same(today, registration, judgement)
    assert says_the_same(older, registration, judgement)
    assert not says_the_same(today.replace("2 of these", "4 of these"), registration, judgement)


@pytest.mark.parametrize("single", [SingleRuns(4, 6, True), None])
def test_a_summary_keeps_what_single_runs_would_have_told(single: SingleRuns | None) -> None:
    kept = Summary(Stage.DECIDED, ended(Verdict.RULED_OUT, single), ran=5)
    assert parse_summary(summary_text(kept)) == kept


@pytest.mark.parametrize("damaged", ['"better": -1', '"better": "4"', '"better": true'])
def test_a_damaged_summary_of_single_runs_is_not_read(damaged: str) -> None:
    text = summary_text(Summary(Stage.DECIDED, ended(Verdict.RULED_OUT, SingleRuns(4, 6, True))))
    with pytest.raises(ValueError, match="not a count"):
        parse_summary(text.replace('"better": 4', damaged))
