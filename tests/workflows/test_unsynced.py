"""A clone before its first sync: what others decided is not planned, though git brings no notes."""

from __future__ import annotations

import pytest

from tests.arrange import settle
from tests.project import BECAUSE, World
from tests.team import clone_of, hub_of, measured_experiment, synced


@pytest.fixture
def fresh(ready: World) -> tuple[World, str, str]:
    """A clone with the names of two experiments; the first is decided and the second planned."""
    settle(ready, repeats=[3])
    hub = hub_of(ready)
    decided, planned = (ready.start("--set", f"model.C={value}") for value in (10, 11))
    ready.gitexp("run", decided, "--jobs", "2")
    ready.gitexp("sync")
    clone = clone_of(hub, "fresh")
    clone.gitexp("init", "--yes")
    return clone, decided, planned


SAID = "team may have results of {} that are not here: gitexp sync team"


def test_experiments_of_others_are_planned_only_once_a_sync_has_looked(
    fresh: tuple[World, str, str],
) -> None:
    clone, decided, planned = fresh
    assert {row["state"] for row in clone.gitexp("log", "--json").json} == {"unsynced"}
    log = clone.gitexp("log")
    assert log.err.strip() == f"gitexp: {SAID.format('2 experiments')}"
    assert "planned" not in log.out
    assert clone.gitexp("status", "--json").json["next"]["command"] == "gitexp sync team"
    assert "gitexp sync" in clone.gitexp("show", decided).out
    assert "gitexp sync team" in clone.gitexp("accept", decided, code=1).err
    told = clone.gitexp("status").out
    assert "2 may have results on team that are not here: gitexp sync team\n" in told
    ideas = clone.gitexp("next", "--json")
    assert ideas.json == []
    assert SAID.format("2 experiments") in ideas.err
    assert "gitexp sync team" in clone.gitexp("next", "--run", code=2).err
    clone.gitexp("sync")
    states = {row["name"]: row["state"] for row in clone.gitexp("log", "--json").json}
    assert states == {decided: "done", planned: "planned"}
    after = clone.gitexp("log"), clone.gitexp("next"), clone.gitexp("status")
    assert not any("gitexp sync" in ran.out + ran.err for ran in after)
    # What this clone adds waits to be shared.
    clone.gitexp("run", planned)
    assert "results that team does not have: gitexp sync team\n" in clone.gitexp("status").out
    clone.gitexp("sync")
    assert "gitexp sync" not in clone.gitexp("status").out


def test_a_branch_that_was_made_here_of_a_remote_ones_is_no_more_planned(
    fresh: tuple[World, str, str],
) -> None:
    clone, decided, _ = fresh
    clone.git("switch", "--quiet", f"exp/{decided}")
    assert clone.gitexp("status", "--json").json["next"]["command"] == "gitexp sync team"
    assert SAID.format("1 experiment") in clone.gitexp("run").err


def test_a_later_fetch_is_met_in_the_same_way_and_ones_own_is_planned(
    fresh: tuple[World, str, str], ready: World
) -> None:
    clone, *both = fresh
    clone.gitexp("sync")
    later = ready.start("--set", "model.C=12")
    ready.git("push", "--quiet", "hub", f"exp/{later}")
    clone.git("fetch", "--quiet")
    own = clone.start("--set", "model.C=13")
    states = {row["name"]: row["state"] for row in clone.gitexp("log", "--json").json}
    assert [states[name] for name in (*both, later, own)] == [
        "done", "planned", "unsynced", "planned",
    ]  # fmt: skip
    assert {idea["name"] for idea in clone.gitexp("next", "--json").json} == {both[1], own}
    twin = clone.gitexp("start", "--set", "model.C=12", BECAUSE)
    assert "has no verdict yet" in twin.out + twin.err
    assert "gitexp sync team" in twin.out + twin.err


def test_a_remote_that_is_gone_is_not_asked(fresh: tuple[World, str, str]) -> None:
    clone, *_ = fresh
    clone.git("config", "--remove-section", "remote.team")
    assert {row["state"] for row in clone.gitexp("log", "--json").json} == {"planned"}


def test_what_this_clone_pushed_itself_is_planned(ready: World) -> None:
    hub_of(ready)
    name = ready.start("--set", "model.C=10")
    ready.git("push", "--quiet", "hub", f"exp/{name}")
    ready.git("fetch", "--quiet", "hub")
    [row] = ready.gitexp("log", "--json").json
    assert row["state"] == "planned"
    # Without a reflog nobody can tell, and a sync may bring results.
    ready.git("reflog", "expire", "--expire=all", f"refs/remotes/hub/exp/{name}")
    [row] = ready.gitexp("log", "--json").json
    assert row["state"] == "unsynced"


def test_a_bare_clone_waits_for_results_too(ready: World) -> None:
    hub = hub_of(ready)
    measured_experiment(ready, "brave-otter")
    synced(ready)
    clone = clone_of(hub, "bare.git", "--bare")
    own = clone.start("--set", "model.C=12")
    assert _states(clone) == {"brave-otter": "unsynced", own: "planned"}
    assert "gitexp sync team" in clone.gitexp("log").err
    clone.gitexp("sync")
    assert _states(clone) == {"brave-otter": "done", own: "planned"}
    # Others push to the hub, so it waits for nothing, although it is a clone as well.
    assert _states(hub) == {"brave-otter": "done", own: "planned"}


def _states(world: World) -> dict[str, str]:
    return {row["name"]: row["state"] for row in world.gitexp("log", "--json").json}
