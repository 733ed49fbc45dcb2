"""Where a project stands, from registrations, summaries and records alone."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.record import Record
from gitexp.rules.documents.registration import Registration
from gitexp.rules.documents.settings import Settings
from gitexp.rules.documents.settings_file import parse_settings
from gitexp.rules.documents.summary import Stage, Summary
from gitexp.rules.plan.standing import LadderGains, claims_gain, ladder_gains, sum_up
from gitexp.rules.verdict.campaign import Member
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Judgement, Verdict


def some_settings(**change: object) -> Settings:
    table = {
        "config": ["config.toml"], "command": "python train.py", "metric": "accuracy",
        "planned": 4, "vary": "seed", "repeats": [5],
    } | change  # fmt: skip
    return parse_settings("gitexp.toml", table)


def a_registration(key: str = "model.C", criterion: str = "accuracy +0.005") -> Registration:
    change = parse_change(f"config.toml: {key} = 1 -> 2")
    return Registration(
        hypothesis="because", name="brave-otter", change=change,
        criterion=Criterion.parse(criterion), repeats=(5,), seeds=(1, 5), widening=0.0,
        campaign=1, level=0.025,
    )  # fmt: skip


def a_summary(effect: float | None = 0.02, verdict: Verdict = Verdict.CONFIRMED) -> Summary:
    judgement = Judgement(verdict, "", 1, 5, None, effect=effect)
    return Summary(Stage.DECIDED, judgement, ran=5, seconds=(1.0,) * 5, ids=("a",))


def record(seed: int, accuracy: float, condition: str = "c") -> Record:
    return Record(
        seed, 1, condition, "e", {"accuracy": accuracy}, "2026-01-01T00:00:00.000Z", 1.0, 0
    )


def test_a_full_campaign_is_shown_until_the_next_one_begins() -> None:
    settings = some_settings()
    members = [Member.of(a_registration(), Verdict.CONFIRMED, measured=True)] * 3
    now = sum_up(settings, members, [], None)
    assert (now.campaign, now.taken, now.confirmed) == (1, 3, 3)
    now = sum_up(settings, [*members, members[0]], [], None)
    assert (now.campaign, now.taken, now.confirmed) == (1, 4, 4)
    assert now.next_level == settings.error_budget / 4  # of the campaign that comes next


def test_shares_of_the_confirmed_gain() -> None:
    past = [
        (a_registration("model.C"), a_summary(0.03)),
        (a_registration("train.lr"), a_summary(0.01)),
        (a_registration("train.lr"), a_summary(0.05, Verdict.RULED_OUT)),
        (a_registration("data.rows", "recall +0.01"), a_summary(0.5)),
        (a_registration("data.rows", "accuracy >= 0.9"), a_summary(0.5)),
        (None, a_summary()),
    ]
    shares = sum_up(some_settings(), [], past, None).shares
    assert list(shares) == ["model", "training"]
    assert list(shares.values()) == pytest.approx([0.75, 0.25])


@pytest.mark.parametrize(
    ("vary", "ids", "asked", "sets"),
    [
        ("seed", [("a",), ("a",), ("a", "b")], 3, 2),
        ("seed", [(), (), ()], 3, 1),
        ("split", [(), (), ()], None, None),
        ("split", [("a",), ("b",), ()], 1, 2),
    ],
)
def test_how_often_a_test_set_was_used(
    vary: str, ids: list[tuple[str, ...]], asked: int | None, sets: int | None
) -> None:
    more = {"test_ratio": 0.25} if vary == "split" else {}
    past = [(a_registration(), a_summary()._replace(ids=names)) for names in ids]
    never_ran = (a_registration(), Summary(Stage.UNDECIDED))
    now = sum_up(some_settings(vary=vary, **more), [], [*past, never_ran], None)
    assert (now.asked, now.sets) == (asked, sets)


def test_a_ladder_is_measured_between_its_ends_as_welch_does() -> None:
    before = [record(seed, 0.90 + 0.01 * (seed % 3)) for seed in range(1, 6)]
    after = [record(seed, 0.95 + 0.02 * (seed % 2)) for seed in range(11, 15)]
    rungs = [(a_registration(), a_summary(0.02)), (a_registration(), a_summary(0.03))]
    gains = ladder_gains("accuracy", rungs, before, after)
    assert gains.accepted == 2
    assert gains.claimed == pytest.approx(0.05)
    new, old = ([r.metrics["accuracy"] for r in side] for side in (after, before))
    interval = stats.ttest_ind(new, old, equal_var=False).confidence_interval(0.95)
    assert gains.measured is not None
    assert gains.within is not None
    assert gains.measured - gains.within == pytest.approx(interval.low, rel=1e-9)
    assert gains.measured + gains.within == pytest.approx(interval.high, rel=1e-9)


@pytest.mark.parametrize(
    "after",
    [[], [record(11, 0.9), record(12, 0.9)], [record(s, 0.9, "other") for s in range(11, 15)]],
    ids=["nothing", "two runs", "another condition"],
)
def test_a_ladder_that_was_not_measured(after: list[Record]) -> None:
    before = [record(seed, 0.9) for seed in range(1, 6)]
    gains = ladder_gains("accuracy", [(a_registration(), a_summary(0.02))], before, after)
    assert gains == LadderGains(1, 0.02, None, None)


def test_a_claim_where_lower_is_better_is_in_the_metrics_own_direction() -> None:
    falls = a_registration(criterion="accuracy -0.005")
    assert math.isclose(ladder_gains("accuracy", [(falls, a_summary())], [], []).claimed, -0.02)


@pytest.mark.parametrize(
    ("criterion", "effect", "rung"),
    [
        ("accuracy +0.005", 0.02, True),
        ("accuracy +0.005", None, False),
        ("accuracy +1%", 0.02, False),
        ("recall +0.005", 0.02, False),
    ],
)
def test_what_counts_as_a_rung(criterion: str, effect: float | None, *, rung: bool) -> None:
    assert claims_gain("accuracy", a_registration(criterion=criterion), a_summary(effect)) is rung
    assert not claims_gain("accuracy", None, a_summary(effect))


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        (LadderGains(3, 0.0385621, None, None), "+0.039"),
        (LadderGains(3, 0.0385621, 0.0407, 0.0043), "+0.0386"),
        (LadderGains(3, 0.0385621, 0.0407, 0.02), "+0.039"),
    ],
)
def test_what_was_claimed_is_as_exact_as_what_was_measured(gains: LadderGains, said: str) -> None:
    assert gains.claimed_said == said
