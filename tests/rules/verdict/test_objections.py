"""What may object to a verdict, from the records alone; rules 1 hears nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.example_spread import ExampleSpread
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict import words
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.experiment import judge_records
from gitexp.rules.verdict.pairs import inputs_of
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAINS = (0.030, 0.034, 0.028, 0.031, 0.033, 0.029, 0.032, 0.030, 0.031, 0.033)


def registered(*looks: int, rules: int = 2, widening: float = 0.0) -> Registration:
    return Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change("config.toml: C = 1 -> 2"),
        criterion=Criterion("accuracy", 0.005, higher_is_better=True),
        repeats=looks,
        seeds=(1, looks[-1]),
        widening=widening,
        campaign=1,
        level=0.005,
        rules=rules,
    )


def folded(count: int, folds: int, gain: float = 0.03) -> tuple[list[Record], list[Record]]:
    """Runs of both arms whose script takes the seed modulo the number of its folds."""
    at = [n % folds for n in range(count)]
    baseline = [0.9 + 0.001 * fold**2 for fold in at]
    candidate = [score + gain + 0.002 * fold for score, fold in zip(baseline, at, strict=True)]
    first, second = ([a_run(n, x) for n, x in enumerate(arm, 1)] for arm in (baseline, candidate))
    return first, second


def a_run(seed: int, accuracy: float, ids: str = "", **changes: Any) -> Record:  # noqa: ANN401
    record = Record(
        seed=seed,
        attempt=1,
        condition="c",
        environment="e",
        metrics={"accuracy": accuracy},
        start="2026-01-02T03:04:05Z",
        duration=1.0,
        exit=0,
        ids=ids,
    )
    return record._replace(**changes)


def arms(
    count: int, baseline: Iterable[str] = (), candidate: Iterable[str] = ()
) -> tuple[list[Record], list[Record]]:
    """Runs of both arms with a clear gain, and the ids that they report."""
    before, after = [*baseline], [*candidate]
    before += [""] * (count - len(before))
    after += [""] * (count - len(after))
    return (
        [a_run(n + 1, 0.9, before[n]) for n in range(count)],
        [a_run(n + 1, 0.9 + GAINS[n], after[n]) for n in range(count)],
    )


@pytest.mark.parametrize(
    ("widening", "baseline", "candidate", "detail"),
    [
        (0.0, "aaaaa", "aabba", "in 2 pairs of 5 (seeds 3, 4) the experiment reports other"),
        (0.25, "abcde", "abcdf", "in 1 pair of 5 (seeds 5) the experiment reports other"),
        (0.0, "aaaaa", "aaaa", "in 1 pair of 5 (seeds 5) only one run says"),
        (0.0, "", "aaaaa", "the baseline does not"),
        (0.0, "aaaaa", "", "the experiment does not"),
        (0.0, "aabaa", "aabaa", "5 seeds were tested on 2 different sets of examples, but Vary"),
    ],
)
def test_runs_on_other_rows_are_no_evidence(
    widening: float, baseline: str, candidate: str, detail: str
) -> None:
    registration = registered(5, widening=widening)
    judgement = judge_records(registration, *arms(5, baseline, candidate))
    assert (judgement.verdict, judgement.reason) == (
        Verdict.INCONCLUSIVE, "other rows were tested",
    )  # fmt: skip
    assert detail in judgement.detail
    assert judgement.effect is None
    assert judgement.detail in " ".join(words.note(registration, judgement).split())
    assert judge_records(registration._replace(rules=1), *arms(5, baseline, candidate)).verdict is (
        Verdict.CONFIRMED
    )


@pytest.mark.parametrize(
    ("widening", "baseline", "candidate"),
    [(0.0, "aaaaa", "aaaaa"), (0.25, "abcde", "abcde"), (0.0, "", ""), (0.25, "aabbc", "aabbc")],
)
def test_runs_on_the_rows_that_they_should_have_are_judged(
    widening: float, baseline: str, candidate: str
) -> None:
    judgement = judge_records(registered(5, widening=widening), *arms(5, baseline, candidate))
    assert judgement.verdict is Verdict.CONFIRMED
    assert judgement.detail == ""


@pytest.mark.parametrize(
    ("baseline", "candidate", "seeds"),
    [
        ("ttttt", "ttuut", "3, 4"),
        ("ttttt", "uuuuu", "1, 2, 3, 4, 5"),
        ("ttttt", "ttttt", ""),
        # What a run draws itself says nothing, nor does what was not reported.
        ("tuvwx", "uvwxt", ""),
        ("", "uuuuu", ""),
        ("ttttt", "", ""),
    ],
)
def test_rows_of_which_something_else_is_true_are_other_rows(
    baseline: str, candidate: str, seeds: str
) -> None:
    both = arms(5, "aaaaa", "aaaaa")
    before, after = (
        [run._replace(truth=arm[n : n + 1]) for n, run in enumerate(runs)]
        for arm, runs in zip((baseline, candidate), both, strict=True)
    )
    judgement = judge_records(registered(5), before, after)
    assert (judgement.reason == "other rows were tested") is bool(seeds)
    assert (f"(seeds {seeds}) the experiment reports" in judgement.detail) is bool(seeds)


def test_other_rows_end_an_experiment_at_the_first_look_that_shows_them() -> None:
    undecided = [0.01, -0.01, 0.02, -0.012, 0.015]
    baseline = [a_run(n, 0.9, "a") for n in range(1, 6)]
    candidate = [a_run(n, 0.9 + d, "b") for n, d in enumerate(undecided, start=1)]
    judgement = judge_records(registered(5, 10), baseline, candidate)
    assert (judgement.reason, judgement.look, judgement.pairs, judgement.due) == (
        "other rows were tested", 1, 5, None,
    )  # fmt: skip


def test_rows_beyond_the_look_that_decides_change_nothing() -> None:
    baseline, candidate = arms(10, "aaaaaaaaaa", "aaaaabbbbb")
    judgement = judge_records(registered(5, 10), baseline, candidate)
    assert (judgement.verdict, judgement.look) == (Verdict.CONFIRMED, 1)


def test_what_a_verdict_itself_says_stands_beside_the_remarks() -> None:
    registration = registered(5)._replace(level=0.4)
    before = [a_run(n, score) for n, score in enumerate((0.90, 0.91, 0.60, 0.90, 0.91), 1)]
    after = [a_run(n, score) for n, score in enumerate((0.903, 0.913, 0.90, 0.903, 0.913), 1)]
    failed = a_run(2, 0.0, attempt=2, metrics={}, exit=1, failure="it ended", ended=Ended.EXIT)
    judgement = judge_records(registration, before, [*after, failed])
    assert judgement.verdict is Verdict.CONFIRMED
    first, _, second = judgement.detail.partition("; ")
    assert first.startswith("without seed 3")
    assert second.startswith("of the experiment, 1 run failed")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('eval.average = "macro" -> "micro"', "eval.average may decide what is measured"),
        ("data.split_seed = 1 -> 2", "data.split_seed is a seed, by its name"),
        ("C = 1 -> 2", ""),
    ],
)
def test_a_verdict_says_where_its_change_may_not_be_about_the_model(change: str, said: str) -> None:
    registration = registered(5)._replace(change=parse_change(f"config.toml: {change}"))
    before = [a_run(n, 0.90 + n / 1000) for n in range(1, 6)]
    after = [a_run(n, 0.95 + n / 1010) for n in range(1, 6)]
    judgement = judge_records(registration, before, after)
    assert judgement.verdict is Verdict.CONFIRMED
    assert judgement.detail.startswith(said)
    assert bool(judgement.detail) is bool(said)


# --- one run of the experiment --------------------------------------------------------------------


def a_single_run() -> Registration:
    single = {"seeds": (1, 5), "by_examples": True, "borrowed": 5}
    return registered(1)._replace(**single)  # type: ignore[arg-type]


def lenders(*ids: str) -> list[Record]:
    scores = (0.900, 0.903, 0.897, 0.901, 0.899)
    return [a_run(n, scores[n - 1], ids[n - 1] if ids else "") for n in range(1, 6)]


def weighed(baseline: Sequence[Record], run: Record) -> list[ExampleSpread]:
    return [ExampleSpread(5, inputs_of([(one, run) for one in baseline]), 10_000, 4e-6)]


def test_a_single_run_is_paired_with_all_that_lend_to_it() -> None:
    run, baseline = a_run(1, 0.93), lenders()
    decided = judge_records(a_single_run(), baseline, [run], weighed(baseline, run))
    assert (decided.verdict, decided.reason) == (Verdict.CONFIRMED, "seed spread borrowed")
    # In another condition, or with one of them missing, nothing is compared.
    elsewhere = run._replace(condition="d")
    for runs, mine in ((baseline, elsewhere), (baseline[:4], run)):
        waiting = judge_records(a_single_run(), runs, [mine], weighed(runs, mine))
        assert (waiting.verdict, waiting.due) == (None, 1)
    # What its examples say of other runs says nothing of these.
    assert judge_records(a_single_run(), baseline, [run]).verdict is None


def test_runs_that_lend_must_be_tested_on_the_same_rows() -> None:
    run, baseline = a_run(1, 0.93, "a"), lenders("a", "a", "b", "a", "a")
    decided = judge_records(a_single_run(), baseline, [run], weighed(baseline, run))
    assert (decided.verdict, decided.reason) == (Verdict.INCONCLUSIVE, "other rows were tested")
    assert "in 1 pair of 5 (seeds 3)" in decided.detail


def test_a_single_run_that_predicts_what_the_baseline_did_changed_nothing() -> None:
    baseline = [one._replace(output=f"o{one.seed}") for one in lenders()]
    for output, verdict in (("o1", Verdict.RULED_OUT), ("o2", Verdict.INCONCLUSIVE)):
        run = a_run(1, 0.900, output=output)
        decided = judge_records(a_single_run(), baseline, [run], weighed(baseline, run))
        assert decided.verdict is verdict


@pytest.mark.parametrize(
    ("count", "folds", "gain", "repeated"),
    [
        (10, 3, 0.03, True),
        (10, 5, 0.03, True),
        (10, 5, -0.03, True),
        # Seen once each, or some of them twice: less than half of the pairs came again.
        (5, 5, 0.03, False),
        (10, 6, 0.03, False),
        (10, 10, 0.03, False),
        # Few pairs of coarse scores agree by chance.
        (5, 2, 0.03, False),
    ],
)
def test_pairs_that_come_again_are_not_counted_twice(
    count: int, folds: int, gain: float, repeated: bool
) -> None:
    judgement = judge_records(registered(count), *folded(count, folds, gain))
    assert (judgement.reason == "seeds repeat each other") is repeated
    assert not repeated or f"of {count} pairs only {folds} are different" in judgement.detail
    rules_1 = judge_records(registered(count, rules=1), *folded(count, folds, gain))
    assert rules_1.reason != "seeds repeat each other"


def test_a_single_pair_that_differs_shows_that_seeds_do_not_repeat_each_other() -> None:
    baseline, candidate = folded(10, 5)
    candidate[-1] = a_run(10, candidate[-1].metrics["accuracy"] + 1e-6)
    assert judge_records(registered(10), baseline, candidate).verdict is Verdict.CONFIRMED
    # What a change that does nothing repeats is no evidence of a gain, and says so itself.
    assert judge_records(registered(10), baseline, baseline).verdict is Verdict.RULED_OUT
    # Equal scores may be of different predictions.
    told = ([run._replace(output=f"{run.seed}") for run in arm] for arm in folded(10, 5))
    baseline, candidate = told
    assert judge_records(registered(10), baseline, candidate).verdict is Verdict.CONFIRMED
