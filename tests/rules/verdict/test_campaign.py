from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.documents.registration import Registration
from gitexp.rules.verdict.campaign import (
    Member,
    Place,
    count_confirmed,
    count_places,
    false_expected,
    next_place,
)
from gitexp.rules.verdict.criterion import Criterion
from gitexp.rules.verdict.verdict import Verdict

unhurried = settings(deadline=None, max_examples=100)

OUTCOMES = (None, Verdict.RULED_OUT, Verdict.INCONCLUSIVE)


def a_standing(
    campaign: int = 1,
    verdict: Verdict | None = None,
    *,
    measured: bool = True,
    metric: str = "accuracy",
    key: str = "C",
    base: str = "a",
    first_seed: int = 1,
    current: bool = True,
) -> Member:
    registration = Registration(
        hypothesis="C raises accuracy because it is too low",
        name="brave-otter",
        change=parse_change(f"config.toml: {key} = 1 -> 2"),
        criterion=Criterion(metric, 0.005, higher_is_better=True),
        repeats=(5,),
        seeds=(first_seed, first_seed + 4),
        widening=0.0,
        campaign=campaign,
        level=0.005,
    )
    return Member.of(registration, verdict, base, measured=measured)._replace(current=current)


def confirmed_ones(count: int, campaign: int = 1) -> list[Member]:
    """Confirmed experiments on as many keys."""
    return [a_standing(campaign, Verdict.CONFIRMED, key=f"k{n}") for n in range(count)]


_standings = st.lists(
    st.builds(
        a_standing,
        campaign=st.integers(1, 3),
        verdict=st.sampled_from((None, *Verdict)),
        measured=st.booleans(),
        metric=st.sampled_from(("accuracy", "loss")),
    ),
    max_size=30,
)


def test_the_first_experiment_opens_the_first_campaign_at_its_level() -> None:
    assert next_place([], "accuracy", planned=20, budget=0.1) == Place(1, 1, 0.1 / 20)


def test_a_place_is_taken_at_the_first_record() -> None:
    planned = [a_standing(measured=False)] * 5
    assert next_place(planned, "accuracy", planned=20, budget=0.1) == Place(1, 1, 0.1 / 20)
    running = [a_standing()] * 5
    assert next_place(running, "accuracy", planned=20, budget=0.1) == Place(1, 6, 0.1 / 20)


@pytest.mark.parametrize("confirmed", range(4))
def test_each_confirmation_pays_for_a_higher_level(confirmed: int) -> None:
    standings = confirmed_ones(confirmed) + [a_standing(verdict=verdict) for verdict in OUTCOMES]
    place = next_place(standings, "accuracy", planned=20, budget=0.1)
    assert (place.campaign, place.number) == (1, confirmed + 4)
    assert place.level == pytest.approx(0.1 * (confirmed + 1) / 20)


def test_a_key_of_one_baseline_is_discovered_once() -> None:
    sweep = [a_standing(verdict=Verdict.CONFIRMED)] * 3
    place = next_place(sweep, "accuracy", planned=20, budget=0.1)
    assert place.number == 4
    assert place.level == pytest.approx(0.1 * 2 / 20)
    later = [*sweep, a_standing(verdict=Verdict.CONFIRMED, base="b")]
    assert next_place(later, "accuracy", planned=20, budget=0.1).level == pytest.approx(0.015)


def test_a_commit_that_leaves_the_seeds_as_they_are_makes_no_other_baseline() -> None:
    def confirmed(base: str, first_seed: int) -> Member:
        return a_standing(verdict=Verdict.CONFIRMED, base=base, first_seed=first_seed)

    replicated = [confirmed("a", 725_918), confirmed("b", 726_918), confirmed("c", 725_918)]
    assert next_place(replicated, "accuracy", planned=20, budget=0.1).level == pytest.approx(0.01)
    elsewhere = [*replicated, confirmed("d", 725_917)]
    assert next_place(elsewhere, "accuracy", planned=20, budget=0.1).level == pytest.approx(0.015)


def test_registrations_of_rules_1_count_every_confirmation() -> None:
    sweep = [a_standing(verdict=Verdict.CONFIRMED)] * 3
    assert count_confirmed(1, sweep) == 3
    assert count_confirmed(2, sweep) == 1


def test_the_level_never_exceeds_the_budget() -> None:
    standings = confirmed_ones(19)
    assert next_place(standings, "accuracy", planned=20, budget=0.1).level <= 0.1


def test_a_full_campaign_opens_the_next_one_with_no_confirmation() -> None:
    full = confirmed_ones(20)
    assert next_place(full, "accuracy", planned=20, budget=0.1) == Place(2, 1, 0.1 / 20)
    begun = [*full, a_standing(2, Verdict.CONFIRMED)]
    assert next_place(begun, "accuracy", planned=20, budget=0.1) == Place(2, 2, 0.1 * 2 / 20)


def test_an_overrun_campaign_opens_the_next_one_too() -> None:
    assert next_place([a_standing()] * 23, "accuracy", planned=20, budget=0.1).campaign == 2


def test_an_exploratory_run_takes_no_place() -> None:
    standings = [a_standing(verdict=Verdict.EXPLORATORY)] * 5
    assert count_places(standings, "accuracy", 1) == (0, 0)
    assert next_place(standings, "accuracy", planned=5, budget=0.1) == Place(1, 1, 0.1 / 5)


def test_each_metric_has_campaigns_of_its_own() -> None:
    standings = [a_standing(4, metric="loss"), a_standing(1, Verdict.CONFIRMED)]
    assert next_place(standings, "accuracy", planned=20, budget=0.1) == Place(1, 2, 0.1 * 2 / 20)
    assert next_place(standings, "loss", planned=20, budget=0.1) == Place(4, 2, 0.1 / 20)
    assert next_place(standings, "f1", planned=20, budget=0.1) == Place(1, 1, 0.1 / 20)


def test_places_and_confirmations_are_counted_within_one_campaign() -> None:
    standings = [
        a_standing(1, Verdict.CONFIRMED), a_standing(1), a_standing(1, measured=False),
        a_standing(2, Verdict.CONFIRMED), a_standing(1, Verdict.CONFIRMED, metric="loss"),
    ]  # fmt: skip
    assert count_places(standings, "accuracy", 1) == (2, 1)
    assert count_places(iter(standings), "accuracy", 2) == (1, 1)
    assert count_places(standings, "accuracy", 3) == (0, 0)


def test_the_levels_spent_are_the_false_confirmations_to_expect() -> None:
    members = [
        a_standing(1, Verdict.CONFIRMED), a_standing(2), a_standing(measured=False),
        a_standing(verdict=Verdict.EXPLORATORY), a_standing(metric="loss"),
    ]  # fmt: skip
    assert false_expected(members, "accuracy") == pytest.approx(2 * 0.005)
    assert false_expected([], "accuracy") == 0


@unhurried
@given(_standings, st.integers(1, 8), st.floats(0.001, 0.49), st.integers(0, 2**32))
def test_the_next_place_does_not_depend_on_the_order_in_which_clones_list_them(
    standings: list[Member], planned: int, budget: float, seed: int
) -> None:
    place = next_place(standings, "accuracy", planned=planned, budget=budget)
    random.Random(seed).shuffle(standings)
    assert next_place(iter(standings), "accuracy", planned=planned, budget=budget) == place
    assert 1 <= place.number <= planned
    assert 0 < place.level <= budget
    assert place.level >= budget / planned


@unhurried
@given(_standings, st.integers(1, 8))
def test_knowing_fewer_confirmations_is_never_an_advantage(
    standings: list[Member], planned: int
) -> None:
    known = next_place(standings, "accuracy", planned=planned, budget=0.1)
    late = [s._replace(verdict=None) if s.verdict is Verdict.CONFIRMED else s for s in standings]
    behind = next_place(late, "accuracy", planned=planned, budget=0.1)
    if behind.campaign == known.campaign:
        assert behind.level <= known.level


def test_a_change_of_protocol_opens_a_campaign_whose_places_and_level_begin_again() -> None:
    before = [one._replace(current=False) for one in confirmed_ones(3)]
    assert next_place(before, "accuracy", planned=20, budget=0.1) == Place(2, 1, 0.1 / 20)
    begun = [*before, a_standing(2, Verdict.CONFIRMED), a_standing(2, key="D")]
    assert next_place(begun, "accuracy", planned=20, budget=0.1) == Place(2, 3, 0.1 * 2 / 20)
    planned = [a_standing(measured=False, current=False)]  # it may still run on its own baseline
    assert next_place(planned, "accuracy", planned=20, budget=0.1).campaign == 2
    assert next_place(planned, "loss", planned=20, budget=0.1).campaign == 1


def test_a_confirmation_by_another_protocol_raises_no_level_in_a_shared_campaign() -> None:
    # Two clones opened the second campaign, one of them before it knew of the change.
    late = [a_standing(2, Verdict.CONFIRMED, key="k1", current=False)]
    mixed = [*late, a_standing(2, Verdict.RULED_OUT)]
    assert next_place(mixed, "accuracy", planned=20, budget=0.1) == Place(2, 3, 0.1 / 20)
    assert next_place(mixed, "accuracy", planned=2, budget=0.1) == Place(3, 1, 0.1 / 2)
