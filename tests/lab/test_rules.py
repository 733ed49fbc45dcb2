"""Which rules of verdict hold: raised by `init`, frozen in registrations, never lowered again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import note, trailers
from tests.project import BECAUSE, World, copied

if TYPE_CHECKING:
    from pathlib import Path

SET = ("--set", "model.C=10")
LINE = "rules = 2\n"
OLDER = f"""{BECAUSE}

Experiment: older
Change: config.toml: model.C = 1.0 -> 10
Criterion: accuracy +0.005
Repeats: 5
Seeds: 1-5
Vary: seed
Campaign: 1
Level: 0.005
"""


@pytest.fixture
def older(ready: World) -> World:
    """A project that gitexp 0.1.0 has set up."""
    ready.edit(LINE, "", "gitexp.toml")
    ready.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    ready.gitexp("trust", "--yes")
    return ready


def by_hand(world: World, name: str, text: str, base: str = "main") -> str:
    """An experiment committed with the hooks switched off; returns the commit."""
    world.git("switch", "--quiet", "--create", f"exp/{name}", base)
    world.edit("C = 1.0", "C = 10")
    message = text.replace("Experiment: older", f"Experiment: {name}")
    world.git("commit", "--quiet", "--all", "--no-verify", "-m", message)
    commit = world.git("rev-parse", "HEAD")
    world.git("switch", "--quiet", "main")
    return commit


def test_a_new_experiment_needs_the_present_rules(older: World) -> None:
    ran = older.gitexp("start", BECAUSE, *SET, code=3)
    assert "lacks `rules = 2`" in ran.err
    assert "gitexp init" in ran.err
    older.git("switch", "--quiet", "--create", "exp/by-hand")
    older.edit("C = 1.0", "C = 10")
    assert older.try_git("commit", "--quiet", "--all", "-m", BECAUSE).code == 1
    older.git("restore", "--staged", "--worktree", ".")
    older.git("switch", "--quiet", "main")

    before = (older.path / "gitexp.toml").read_text()
    out = older.gitexp("init", "--yes").out
    assert "added `rules = 2` to gitexp.toml and committed it" in out
    assert (older.path / "gitexp.toml").read_text() == f"{before}{LINE}"
    assert older.git("status", "--porcelain") == ""
    assert trailers(older, f"exp/{older.start(*SET)}")["Rules"] == "2"
    head = older.git("rev-parse", "main")
    older.gitexp("init", "--yes")
    assert older.git("rev-parse", "main") == head


def test_what_was_registered_before_keeps_its_rules_and_is_named(older: World) -> None:
    by_hand(older, "older", OLDER)
    assert older.gitexp("run", "older", "--json").json["verdict"] == "CONFIRMED"
    decided = note(older, "gitexp", "exp/older")
    older.gitexp("init", "--yes")
    assert older.gitexp("run", "older", "--json").json["runs"] == 0
    assert note(older, "gitexp", "exp/older") == decided
    found = older.gitexp("verify", "--json").json
    assert [one["id"] for one in found["information"]] == ["V13"]
    assert "exp/older" in found["information"][0]["message"]


@pytest.mark.parametrize("rules", ["", "Rules: 1"])
def test_a_registration_without_its_baselines_rules_is_refused(ready: World, rules: str) -> None:
    by_hand(ready, "older", f"{OLDER}{rules}")
    for command in ("check", "run"):
        ran = ready.gitexp(command, "older", code=1)
        assert ("T4" if rules else "V11") in ran.out + ran.err
    assert note(ready, "gitexp-runs", "exp/older") == ""
    assert ready.try_git("push", ".", "exp/older:refs/heads/exp/elsewhere").code == 1


def test_later_rules_than_the_baseline_asks_for_are_taken(older: World) -> None:
    by_hand(older, "older", f"{OLDER}Rules: 2\n")
    assert older.gitexp("check", "older", "--json").json["ok"]


def test_settings_written_by_hand_are_no_trace_of_an_earlier_version(world: World) -> None:
    world.edit(LINE, "", "gitexp.toml")
    world.commit("settings by hand")
    assert trailers(world, f"exp/{world.start(*SET)}")["Rules"] == "2"
    assert "added `rules = 2`" in world.gitexp("init", "--yes").out


def test_a_baseline_whose_rules_were_lowered_is_refused_and_named(ready: World) -> None:
    high = ready.git("rev-parse", "main")
    ready.edit(LINE, "", "gitexp.toml")
    low = ready.commit("shorter settings")
    ready.gitexp("trust", "--yes")
    by_hand(ready, "older", OLDER)
    assert "V12" in ready.gitexp("check", "older", code=1).out
    assert "V12" in ready.gitexp("run", "older", code=1).err
    sweep = ready.gitexp("check", "--all", "--json", code=1).json
    assert sweep[-1]["violations"][0]["id"] == "V12"
    assert f"lowered by {low[:10]}" in sweep[-1]["violations"][0]["message"]
    assert "V12" in ready.gitexp("check", f"{high}..main", code=1).out
    assert [p["id"] for p in ready.gitexp("verify", "--json", code=1).json["problems"]] == ["V12"]


def test_a_server_takes_no_baseline_with_lower_rules(ready: World, tmp_path: Path) -> None:
    hub = World(tmp_path / "hub.git")
    ready.git("clone", "--quiet", "--bare", ".", str(hub.path))
    hub.gitexp("init")
    ready.git("remote", "add", "origin", str(hub.path))
    ready.edit(LINE, "rules = 1\n", "gitexp.toml")
    ready.commit("lower")
    ready.git("push", "--quiet", "origin", "HEAD:refs/heads/feature")
    pushed = ready.try_git("push", "origin", "main")
    assert pushed.code == 1
    assert "V12" in pushed.err
    ready.git("reset", "--quiet", "--hard", "HEAD~1")
    ready.git("rm", "--quiet", "gitexp.toml")
    ready.commit("no gitexp any more")
    ready.git("push", "--quiet", "origin", "main")


def test_init_adds_no_second_commit_where_upstream_has_the_line(
    older: World, tmp_path: Path
) -> None:
    colleague = copied(older.path, tmp_path / "colleague")
    older.gitexp("init", "--yes")
    colleague.git("remote", "add", "origin", str(older.path))
    colleague.git("fetch", "--quiet", "origin")
    colleague.git("branch", "--set-upstream-to=origin/main", "main")
    head = colleague.git("rev-parse", "main")
    ran = colleague.gitexp("init", "--yes")
    assert "has `rules = 2`: git pull" in ran.out + ran.err
    assert colleague.git("rev-parse", "main") == head
