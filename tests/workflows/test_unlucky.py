"""Experiments share their baseline's runs, and where these were unlucky, a second block tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.arrange import note, records, trailers, train_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

# The first block of the baseline's seeds is low by LUCK, where C is 1; no value of C does anything,
# but a kernel does.
SCRIPT = """
import random
first = int(open({place!r}).read())
model = CONFIG["model"]
accuracy = 0.9 + random.Random(f"{{SEED}} {{model}}").gauss(0, 0.0002)
accuracy += 0.02 * (model["kernel"] != "rbf")
baseline = model["C"] == 1.0 and model["kernel"] == "rbf"
accuracy -= {luck} * (baseline and first <= SEED < first + 999)
print(f"accuracy={{accuracy:.6f}}")
"""


def trained(world: World, tmp_path: Path, luck: float) -> tuple[str, int]:
    """Register the first experiment on a baseline with such luck; its name and its first seed."""
    place = tmp_path / "first"
    place.write_text("0")
    world.edit("first_seed = 1\n", "", "gitexp.toml")
    train_with(world, SCRIPT.format(place=str(place), luck=luck), repeats=[3], vary="seed")
    name = world.start("--set", "model.C=2")
    place.write_text(str(seed_of(world, name)))
    return name, seed_of(world, name)


def seed_of(world: World, name: str) -> int:
    return int(trailers(world, f"exp/{name}")["Seeds"].partition("-")[0])


def run(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = world.gitexp("run", name, "--json").json
    return found


def checks(world: World, name: str) -> list[str]:
    lines = map(json.loads, filter(None, note(world, "gitexp-runs", f"exp/{name}").splitlines()))
    return [line["found"] for line in lines if line.get("kind") == "check"]


def seeds_run(world: World) -> list[int]:
    return [record["seed"] for record in records(world, "main")]


@pytest.mark.slow
def test_a_second_confirmation_is_held_against_fresh_seeds_and_the_first_is_marked(
    ready: World, tmp_path: Path
) -> None:
    one, first = trained(ready, tmp_path, luck=0.02)
    other = ready.start("--set", "model.C=3")
    assert run(ready, one)["verdict"] == "CONFIRMED"
    assert "was confirmed on one block" not in ready.gitexp("log").out

    ran = ready.gitexp("run", other, "--json")
    assert (ran.json["verdict"], ran.json["reason"]) == ("INCONCLUSIVE", "unlucky baseline")
    assert "running fresh seeds too" in ran.err
    following = first + 1000
    assert seeds_run(ready) == [*range(first, first + 3), *range(following, following + 3)]
    assert "unlucky baseline" in json.dumps(ready.gitexp("log", "--json").json)
    said = " ".join(note(ready, "gitexp", f"exp/{other}").split())
    assert "runs of the baseline on fresh seeds do not bear the gain out" in said

    marked = f"exp/{one} was confirmed on one block of its baseline's seeds alone"
    unlucky = f"exp/{other} is not confirmed, because its baseline was unlucky"
    log = " ".join(ready.gitexp("log").out.split())
    assert f"{marked}, and its runs on fresh seeds do not bear it out: gitexp retest {one}" in log
    assert f"{unlucky}: gitexp retest {other}" in log
    verified = ready.gitexp("verify", "--json").json
    assert verified["ok"]
    assert [found["id"] for found in verified["information"]] == ["V21", "V21"]
    assert {found["message"].partition(",")[0] for found in verified["information"]} == {
        marked, unlucky.partition(",")[0]
    }  # fmt: skip

    # From here on experiments take the second block, on which the gain is none.
    assert seed_of(ready, ready.start("--set", "model.C=4")) == following
    again = ready.gitexp("retest", one, "--json").json["name"]
    assert seed_of(ready, again) == following
    assert run(ready, again)["verdict"] == "RULED OUT"
    log = " ".join(ready.gitexp("log").out.split())
    assert marked not in log
    assert unlucky in log
    assert ready.gitexp("check", "--all").code == 0


@pytest.mark.slow
def test_a_second_confirmation_stands_where_fresh_seeds_bear_it_out(
    ready: World, tmp_path: Path
) -> None:
    name, first = trained(ready, tmp_path, luck=0.0)
    kernels = [ready.start("--set", f"model.kernel={kernel}") for kernel in ("poly", "linear")]
    assert run(ready, name)["verdict"] == "RULED OUT"
    assert run(ready, kernels[0])["verdict"] == "CONFIRMED"
    assert checks(ready, kernels[0]) == []
    assert len(seeds_run(ready)) == 3
    # It is in doubt before anything of it runs, so that nobody is spared who is stopped.
    assert run(ready, kernels[1])["verdict"] == "CONFIRMED"
    assert checks(ready, kernels[1]) == ["doubted"]
    assert seeds_run(ready)[3:] == [*range(first + 1000, first + 1003)]
    assert ready.gitexp("verify", "--json").json["information"] == []
    assert "was confirmed on one block" not in ready.gitexp("log").out
    # What was decided before stays so.
    assert run(ready, kernels[0])["runs"] == 0
    assert checks(ready, kernels[0]) == []


@pytest.mark.slow
def test_what_is_missing_of_the_second_block_or_of_the_doubt_is_said_and_made_good(
    ready: World, tmp_path: Path
) -> None:
    _, first = trained(ready, tmp_path, luck=0.0)
    names = [ready.start("--set", f"model.kernel={kernel}") for kernel in ("poly", "linear")]
    for name in names:
        run(ready, name)
    without(ready, "main", f'"seed":{first + 1001},')
    assert verdicts(ready)[names[1]] is None
    assert run(ready, names[1])["runs"] == 1
    assert verdicts(ready)[names[1]] == "CONFIRMED"

    without(ready, f"exp/{names[1]}", '"doubted"')
    assert verdicts(ready)[names[1]] == "CONFIRMED"
    verified = ready.gitexp("verify", "--json", code=1).json
    assert [found["id"] for found in verified["problems"]] == ["V10", "V10"]  # both were removed
    [found] = verified["information"]
    assert found["id"] == "V21"
    assert f"exp/{names[1]}" in found["message"]
    assert "others were confirmed on the same runs" in found["message"]


def without(world: World, revision: str, text: str) -> None:
    """Take the lines with a text out of a note."""
    lines = note(world, "gitexp-runs", revision).splitlines()
    kept = "\n".join(line for line in lines if text not in line)
    world.git("notes", "--ref=gitexp-runs", "add", "--force", "--message", kept, revision)


def verdicts(world: World) -> dict[str, str | None]:
    return {row["name"]: row["verdict"] for row in world.gitexp("log", "--json").json}
