"""A project in figures, read from a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.lab.headline import Headline, headline
from gitexp.lab.log import log
from gitexp.lab.project import open_project
from tests.arrange import records, settle

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
    found = read(ready)
    assert (found.confirmed, found.ruled_out, found.inconclusive, found.open) == (1, 1, 0, 1)
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
