"""A project in figures, read from a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.lab.log.log import log, open_log
from gitexp.lab.projects.project import open_project
from gitexp.lab.standing.headline import Headline, headline, kept_headline
from tests.arrange import records, settle
from tests.lab.test_log_cache import age_refs, cache

if TYPE_CHECKING:
    from tests.project import World


def read(world: World) -> Headline:
    project = open_project(world.path)
    return headline(project, log(project), ())


def test_a_project_without_experiments_has_a_headline(ready: World) -> None:
    found = read(ready)
    assert (found.now, found.beginning, found.hours, found.hours_saved) == (None, None, 0.0, 0.0)
    assert (found.confirmed, found.ruled_out, found.inconclusive, found.open) == (0, 0, 0, 0)
    assert (found.metric, found.places_left) == ("accuracy", 20)


def test_a_headline_sums_up_what_was_tested_and_what_it_took(ready: World) -> None:
    settle(ready, repeats=[3, 6], planned=4, error_budget=0.4)
    won = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    ready.gitexp("accept", won)
    ready.gitexp("run", "--baseline")
    lost = ready.start("--set", "model.C=9.9", "--expect", "accuracy +0.2")
    ready.gitexp("run")
    ready.start("--set", "train.lr=2e-3")
    ready.gitexp("archive", ready.start("--set", "train.lr=3e-3"))
    found = read(ready)
    assert (found.confirmed, found.ruled_out, found.inconclusive, found.open) == (1, 1, 0, 1)
    assert (found.exploratory, found.withdrawn) == (0, 1)
    assert (found.campaign, found.places_left) == (1, 2)
    assert found.now is not None
    assert found.beginning is not None
    assert found.now.mean > found.beginning.mean + 0.005
    began = records(ready, f"exp/{won}~")
    assert found.beginning.runs == len(began)
    runs = [*began, *records(ready, "main"), *records(ready, f"exp/{won}")]
    mine = records(ready, f"exp/{lost}")
    took = sum(run["duration"] for run in runs + mine) / 3600
    assert found.hours == pytest.approx(took)
    decided = {row["name"]: row["pairs"] for row in ready.gitexp("log", "--json").json}
    saved = sum(
        (6 - decided[name]) * sum(one["duration"] for one in told) / len(told) / 3600
        for name, told in ((won, records(ready, f"exp/{won}")), (lost, mine))
    )
    assert saved > 0
    assert found.hours_saved == pytest.approx(saved)


def test_a_headline_is_kept_until_what_it_depends_on_changes(ready: World) -> None:
    settle(ready, repeats=[3])
    name = ready.start("--set", "model.C=10")

    def seen() -> tuple[Headline | None, str]:
        age_refs(ready)
        with open_log(open_project(ready.path)) as opened:
            kept = kept_headline(opened, ())
        return kept, "\n".join(ready.gitexp("log").out.splitlines()[:2])

    assert seen()[0] is None
    planned, said = seen()
    assert planned == read(ready)
    assert "0 confirmed, 0 ruled out, 1 open" in said
    ready.gitexp("run")
    assert seen()[0] is None
    confirmed, said = seen()
    assert confirmed == read(ready) != planned
    assert "1 confirmed, 0 ruled out, 0 open" in said
    ready.gitexp("accept", name)
    assert seen()[0] is None  # the baseline has moved
    cache(ready).unlink()
    assert seen()[0] is None


def test_the_headline_stands_above_a_whole_log_alone(ready: World) -> None:
    assert ready.gitexp("log").out.startswith("No experiments yet")
    name = ready.start("--set", "model.C=10")
    assert ready.gitexp("log").out.startswith("accuracy of the baseline: not measured yet\n")
    for words in (["-n", "1"], [name], ["--open"], ["--sort", "effect"]):
        assert "not measured yet" not in ready.gitexp("log", *words).out
