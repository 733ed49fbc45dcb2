"""Several projects in one repository: what is one's own stays apart, wherever somebody stands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.arrange import message, note, records, trailers
from tests.project import BECAUSE, TRAIN, World

if TYPE_CHECKING:
    from collections.abc import Callable


def names(world: World) -> list[str]:
    return [row["name"] for row in world.gitexp("log", "--json").json if row["name"]]


def violations(world: World, name: str) -> set[str]:
    report = world.gitexp("check", name, "--json", code=1).json
    return {found["id"] for found in report["violations"]}


@pytest.fixture
def make(world: World) -> Callable[[str], tuple[World, World, World]]:
    """A repository with two projects, and nothing else at its top.

    Their settings lie in a file of their own and in pyproject.toml, they say the same words, and
    train on other numbers.
    """

    def build(baseline: str) -> tuple[World, World, World]:
        settings = world.git("show", "main:gitexp.toml")
        config = world.git("show", "main:config.toml") + "\n"
        world.git("rm", "--quiet", "*")
        vision, text = (replace(world, path=world.path / name) for name in ("vision", "text"))
        for place, train in ((vision, TRAIN), (text, TRAIN.replace("0.9 +", "0.5 +"))):
            place.write("config.toml", config)
            place.write("train.py", train)
        vision.write("gitexp.toml", settings + "\n")
        text.write("pyproject.toml", f'[tool.gitexp]\n{settings}\nbaseline = "{baseline}"\n')
        world.write("shared.py", "x = 1\n")
        world.commit("two projects")
        if baseline != "main":
            world.git("switch", "--quiet", "--create", baseline)
            text.edit("epochs = 20", "epochs = 21")
            world.commit("text goes on elsewhere")
        vision.gitexp("init", "--yes", "--baseline", "main")
        text.gitexp("init", "--yes")
        return world, vision, text

    return build


@pytest.fixture
def two(make: Callable[[str], tuple[World, World, World]]) -> tuple[World, World, World]:
    """Two projects whose experiments start from the very same commits."""
    return make("main")


@pytest.mark.slow
def test_each_goes_through_the_whole_loop_as_if_it_were_alone(
    two: tuple[World, World, World],
) -> None:
    top, vision, text = two
    mine, theirs = vision.start("--set", "model.C=10"), text.start("--set", "model.C=10")
    assert "experiment 1 of 20" in text.gitexp("start", BECAUSE, "--set", "train.lr=0.1").out
    # Each measures the baseline by itself, although commit, seeds, metric and words are the same.
    for place in (vision, text):
        assert "5 runs to do" in place.gitexp("run", "--baseline").err
    assert (vision.gitexp("run", mine, "--json").json["verdict"]) == "CONFIRMED"
    assert (text.gitexp("run", theirs, "--json").json["verdict"]) == "CONFIRMED"
    lines = records(top, "main")
    assert sorted({line["project"] for line in lines}) == ["text", "vision"]
    assert len(lines) == 10
    for place, name, least in ((vision, mine, 0.85), (text, theirs, 0.45)):
        seeds = place.gitexp("show", name, "--json").json["seeds"]
        assert all(least < seed["baseline"] < least + 0.1 for seed in seeds)
    # A confirmation pays for more in its own campaign alone.
    assert names(vision) == [mine]
    assert len(names(text)) == 2
    vision.gitexp("accept", mine)
    assert trailers(top, "main")["Project"] == "vision"
    # What was accepted next door may alter what runs here, as far as anybody can tell.
    assert "the code on main has changed since" in text.gitexp("accept", theirs, code=1).err
    again = text.gitexp("retest", theirs, "--json").json
    assert again["trailers"]["Project"] == "text"
    fresh = vision.gitexp("start", BECAUSE, "--set", "model.C=20", "--json").json["trailers"]
    assert fresh["Level"] == "0.01"
    text.gitexp("run", again["name"])
    text.gitexp("accept", again["name"])
    assert (
        vision.gitexp("log", "--long").out.count("UNTESTED STEP") == 1
    )  # the other's accepted experiment


def test_what_is_declared_inert_next_door_costs_nothing(two: tuple[World, World, World]) -> None:
    top, vision, text = two
    vision.edit("effect = 0.005", 'effect = 0.005\ninert = ["*.md", "/text/"]', "gitexp.toml")
    top.commit("the text project cannot alter what runs here")
    vision.gitexp("trust", "--yes")
    name = vision.start("--set", "model.C=10")
    vision.gitexp("run", name)
    text.edit("epochs = 20", "epochs = 30")
    top.commit("text alone")
    assert "to do" not in vision.gitexp("run", "--baseline").err
    vision.gitexp("accept", name)
    vision.edit("effect = 0.005", 'effect = 0.005\ndata = ["/etc/"]', "gitexp.toml")
    top.commit("no path of this project")
    assert "paths inside the project" in vision.gitexp("log", code=3).err


def test_a_commit_by_hand_belongs_to_the_project_whose_file_it_changes(
    two: tuple[World, World, World],
) -> None:
    top, vision, text = two
    for place, name in ((vision, "seen"), (text, "read")):
        top.git("switch", "--quiet", "--create", f"exp/{name}", "main")
        place.edit("C = 1.0", "C = 10")
        top.git("commit", "--quiet", "--all", "--message", BECAUSE)
        assert trailers(top, "HEAD")["Project"] == place.path.name
        assert trailers(top, "HEAD")["Change"] == "config.toml: model.C = 1.0 -> 10"
        before = message(top, "HEAD")
        top.git("commit", "--quiet", "--amend", "--no-edit")
        assert message(top, "HEAD") == before
        assert top.gitexp("check", name, "--json").json["ok"]
        assert top.pre_run().code == 0
    top.git("switch", "--quiet", "main")
    reports = top.gitexp("check", "--all", "--json").json
    assert [(report["name"], report["ok"]) for report in reports] == [
        ("read", True),
        ("seen", True),
    ]
    assert (names(vision), names(text)) == (["seen"], ["read"])


def test_a_file_of_another_project_is_a_second_change(two: tuple[World, World, World]) -> None:
    top, vision, text = two
    for number, (place, path) in enumerate(
        ((text, "text/config.toml"), (text, "text/train.py"), (top, "shared.py"))
    ):
        top.git("switch", "--quiet", "--create", f"exp/both-{number}", "main")
        vision.edit("C = 1.0", "C = 10")
        top.write(path, (top.path / path).read_text().replace("1", "2", 1))
        ran = top.try_git("commit", "--all", "--message", BECAUSE)
        assert ran.code == 1
        assert "is outside this project" in ran.err
        top.commit(BECAUSE, verify=False)
        assert violations(place, f"both-{number}") >= {"C1", "T1"}
        top.git("switch", "--quiet", "main")


def test_the_trailer_must_name_the_project_of_the_change(two: tuple[World, World, World]) -> None:
    top, vision, text = two
    name = vision.start("--set", "model.C=10")
    told = message(top, f"exp/{name}")
    for lie in (told.replace("Project: vision", "Project: text"),
                told.replace("\nProject: vision", "")):  # fmt: skip
        commit = top.git("commit-tree", f"exp/{name}^{{tree}}", "-p", "main", "-m", lie)
        top.git("update-ref", f"refs/heads/exp/{name}", commit)
        assert violations(text, name) == {"T2"}
        assert "T2" in vision.gitexp("run", name, code=1).err


def test_an_unregistered_experiment_is_listed_by_the_project_of_its_files(
    two: tuple[World, World, World],
) -> None:
    top, vision, text = two
    top.git("switch", "--quiet", "--create", "exp/unsaid")
    text.edit("C = 1.0", "C = 10")
    top.commit(BECAUSE, verify=False)
    assert (names(vision), names(text)) == ([], ["unsaid"])


def test_an_experiment_is_run_by_its_own_project_from_anywhere(
    two: tuple[World, World, World],
) -> None:
    top, vision, text = two
    name = text.start("--set", "model.C=10")
    ran = vision.gitexp("run", name, "--json")
    assert ran.json["verdict"] == "CONFIRMED"
    assert "CONFIRMED" in note(top, "gitexp", f"exp/{name}")
    assert {line["project"] for line in records(top, f"exp/{name}")} == {"text"}
    assert vision.gitexp("show", name, "--json").json["seeds"][0]["baseline"] < 0.6
    # Without a name each project means the one that was last started there.
    other = vision.start("--set", "model.C=3")
    assert text.gitexp("check", "--json").json["name"] == name
    assert vision.gitexp("check", "--json").json["name"] == other
    assert vision.gitexp("accept", name, "--json").json["name"] == name


def test_settings_are_approved_for_each_project(two: tuple[World, World, World]) -> None:
    top, vision, text = two
    (top.path / ".git" / "gitexp" / "trust.json").unlink()
    vision.gitexp("trust", "--yes")
    name = text.start("--set", "model.C=10")
    assert f"gitexp trust {name}" in vision.gitexp("run", name, code=3).err
    assert "pyproject.toml is not approved" in text.gitexp("run", name, code=3).err
    text.gitexp("trust", "--yes")
    text.gitexp("run", name)


def test_where_no_project_is_meant_all_of_them_are_named(
    two: tuple[World, World, World],
) -> None:
    top, vision, _ = two
    name = vision.start("--set", "model.C=10")
    ran = top.gitexp("log", code=3)
    assert "several projects: vision/, text/" in ran.err
    assert "cd vision/" in ran.err
    assert top.gitexp("check", name, "--json").json["ok"]
    assert top.gitexp("check", "main..", "--json").json == []
    assert top.gitexp("doctor", "--json").json == []


@pytest.mark.slow
def test_projects_may_start_their_experiments_from_different_branches(
    make: Callable[[str], tuple[World, World, World]],
) -> None:
    top, vision, text = make("develop")
    assert text.git("config", "gitexp.text.baseline") == "develop"
    mine, theirs = vision.start("--set", "model.C=10"), text.start("--set", "model.C=10")
    assert top.git("rev-parse", f"exp/{mine}^") == top.git("rev-parse", "main")
    assert top.git("rev-parse", f"exp/{theirs}^") == top.git("rev-parse", "develop")
    top.git("switch", "--quiet", "--create", "exp/hand", "develop")
    text.edit("epochs = 21", "epochs = 22")
    top.git("commit", "--quiet", "--all", "--message", BECAUSE)
    assert all(report["ok"] for report in top.gitexp("check", "--all", "--json").json)
    # The right change, from the branch of the other project: two commits lie between.
    top.git("switch", "--quiet", "--create", "exp/astray", "develop")
    vision.edit("C = 1.0", "C = 10")
    ran = top.try_git("commit", "--all", "--message", BECAUSE)
    assert "text/config.toml differs" in ran.err
    top.commit(BECAUSE, verify=False)
    assert violations(top, "astray") >= {"B1", "C1"}
    assert text.gitexp("run", theirs, "--json").json["verdict"] == "CONFIRMED"
    top.git("switch", "--quiet", "develop")
    text.gitexp("accept", theirs)
    assert "C = 10" in top.git("show", "develop:text/config.toml")
    assert "C = 1.0" in top.git("show", "main:text/config.toml")
    rows = vision.gitexp("log", "--json").json
    assert {row["name"]: row["state"] for row in rows} == {
        mine: "planned", "astray": "stale",
    }  # fmt: skip


def test_undo_takes_every_project_back(two: tuple[World, World, World]) -> None:
    top, vision, _ = two
    assert "gitexp.vision.baseline" in top.git("config", "--list")
    vision.gitexp("init", "--undo")
    assert "gitexp." not in top.git("config", "--list", "--local")
    approved = top.path / ".git" / "gitexp" / "trust.json"
    assert not approved.exists()


def test_a_fresh_clone_checks_all_projects_from_the_top(
    two: tuple[World, World, World],
) -> None:
    top, vision, text = two
    made = {vision.start("--set", "model.C=10"), text.start("--set", "model.C=10")}
    top.git("clone", "--quiet", str(top.path), str(top.path.parent / "clone"))
    clone = World(top.path.parent / "clone")
    reports = clone.gitexp("check", "--all", "--json").json
    assert {report["name"] for report in reports if report["ok"]} == made
    assert json.dumps(reports).count('"model.C"') == 2


def test_a_project_in_a_folder_knows_the_goals_that_were_replaced(
    two: tuple[World, World, World],
) -> None:
    _, vision, text = two
    vision.gitexp("goal", "accuracy >= 0.97")
    assert "not measured yet" in vision.gitexp("goal").out
    vision.gitexp("goal", "accuracy >= 0.98")
    assert "It was accuracy >= 0.97 until " in vision.gitexp("goal").out
    assert "Goal      accuracy >= 0.98" in vision.gitexp().out
    assert "No goal is set" in text.gitexp("goal").out


def test_a_baseline_branch_that_was_renamed_is_told_by_its_new_name(ready: World) -> None:
    ready.git("branch", "--move", "main", "trunk")
    assert "if it was renamed: git config gitexp.baseline trunk\n" in ready.gitexp(code=3).err
    ready.git("config", "gitexp.baseline", "trunk")
    assert "Baseline  trunk" in ready.gitexp().out
