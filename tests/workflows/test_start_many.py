"""Sweeps and plans: several experiments registered at once, all or none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.arrange import settle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.project import World

WHY = "C={value} raises accuracy because the model underfits"


def branches(world: World) -> list[str]:
    return world.git("for-each-ref", "--format=%(refname)", "refs/heads/exp/").split()


def test_a_sweep_registers_one_experiment_for_each_value(ready: World) -> None:
    ran = ready.gitexp("start", "--sweep", "model.C=3,10,30", WHY, "--gain", "0.01", "--json")
    registered = json.loads(ran.out)
    assert [one["change"]["after"] for one in registered] == [3, 10, 30]
    for one in registered:
        message = ready.git("log", "-1", "--format=%B", one["branch"])
        assert message.startswith(f"C={one['change']['after']} raises accuracy because")
        assert "Gain: 0.01" in message
        assert ready.git("rev-list", "--count", f"main..{one['branch']}") == "1"
        ready.gitexp("check", one["name"])
    assert ready.git("status", "--porcelain") == ""


def test_a_sweep_leaves_out_the_value_that_the_baseline_has(ready: World) -> None:
    ran = ready.gitexp("start", "--sweep", "model.C=1,1.0,10.0,100.0", WHY)
    assert ran.err.splitlines() == [
        "left out: model.C=1, which main has already",
        "left out: model.C=1.0, which main has already",
    ]
    assert "model.C 1.0 -> 10.0" in ran.out
    assert "2 experiments registered on main" in ran.out
    assert len(branches(ready)) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--sweep", "model.C=10", WHY], 2, "names only one value"),
        (["--sweep", "C=1..9", "log", "3", WHY], 2, "gitexp start --sweep 'C=1..9 log 3' "),
        (["--sweep", "C=1..9", "3", WHY], 2, "gitexp start --sweep 'C=1..9 3' "),
        (["--sweep", "model.C=3,10;20", WHY], 1, "model.C=10;20: "),
        (["--sweep", "model.C=3,3.0", WHY], 2, "makes the same change as model.C=3"),
        (["--sweep", "model.X=3,4", WHY], 2, "no config file on main has the key model.X"),
        (["--sweep", "model.C=3,10", "does C help?"], 1, "model.C=3: "),
        (["--sweep", "model.C=3,10"], 2, "starts with a hypothesis"),
        (["--sweep", "model.C=1,1.0", WHY], 2, "main has model.C=1 and model.C=1.0 already"),
        (["--sweep", "model.C=3,4", "--sweep", "a=1,2", WHY], 2, "a sweep is of one key"),
        (["--sweep", "model.C=3,10", WHY, "--set", "model.C=3"], 2, "does not take --set"),
        (["--set", "model.C=3,10", WHY], 1, "gitexp start --sweep model.C=3,10"),
        (["--set", "model.C", "10", WHY], 2, "start --set model.C=10 'C={value} "),
        (["--set", "model.C=10", "C", "helps"], 2, "gitexp start --set model.C=10 'C helps'"),
        (["model.C=10"], 2, 'gitexp start --set model.C=10 "HYPOTHESIS because REASON"'),
        (["--from", "no.jsonl"], 2, "no.jsonl cannot be read"),
        (["--from", "plan.jsonl", WHY], 2, "does not take a hypothesis"),
        (["--from", "."], 2, "cannot be read"),
    ],
)
def test_nothing_is_registered_where_one_is_refused(
    arguments: list[str], code: int, said: str, ready: World
) -> None:
    before = ready.snapshot()
    ran = ready.gitexp("start", *arguments, code=code)
    assert said in ran.err
    assert ready.snapshot() == before


def ideas(path: Path, *ideas: Mapping[str, object]) -> str:
    path.write_text("\n".join(json.dumps(idea) for idea in ideas))
    return str(path)


def test_a_plan_registers_each_idea_with_what_is_expected_of_it(
    ready: World, tmp_path: Path
) -> None:
    plan = ideas(
        tmp_path / "plan.jsonl",
        {"hypothesis": "C=3 helps because it underfits", "set": "model.C=3", "gain": 0.01},
        {
            "hypothesis": "C=9 helps because it underfits", "set": "model.C=9", "chance": 0.5,
            "cost": "5m", "evidence": "gap train", "expect": "accuracy +0.02",
        },
    )  # fmt: skip
    ran = ready.gitexp("start", "--from", plan, "--json")
    first, second = (one["trailers"] for one in json.loads(ran.out))
    assert first["Gain"] == "0.01"
    assert (second["Chance"], second["Cost"], second["Evidence"], second["Criterion"]) == (
        "0.5", "5m", "gap train", "accuracy +0.02",
    )  # fmt: skip
    # Of a plan, what ranks best comes next, wherever it stands in the file.
    best = json.loads(ran.out)[1]["name"]
    assert ready.gitexp("status", "--json").json["next"]["command"] == f"gitexp run {best}"


def test_a_plan_names_every_line_that_is_refused(ready: World, tmp_path: Path) -> None:
    good = {"hypothesis": "C=3 helps because it underfits", "set": "model.C=3"}
    asks = {"hypothesis": "does C=4 help?", "set": "model.C=4"}
    plan = ideas(tmp_path / "plan.jsonl", good, asks, {**good, "set": "model.C=4,5"})
    before = ready.snapshot()
    ran = ready.gitexp("start", "--from", plan, code=1)
    assert f"{plan}, line 2: " in ran.err
    assert f"{plan}, line 3: " in ran.err
    assert "line 1" not in ran.err
    same = ideas(tmp_path / "same.jsonl", good, good)
    ran = ready.gitexp("start", "--from", same, code=2)
    assert "line 2 makes the same change as" in ran.err
    bad = ideas(tmp_path / "bad.jsonl", good, {**good, "set": "model.C=4", "cost": "soon"})
    ran = ready.gitexp("start", "--from", bad, code=2)
    assert f"{bad}, line 2: --cost" in ran.err
    keys = [{**good, "set": f"model.{key}=4"} for key in "XY"]
    ran = ready.gitexp("start", "--from", ideas(tmp_path / "mixed.jsonl", *keys, asks), code=2)
    assert [f"line {number}: " in ran.err for number in (1, 2, 3)] == [True] * 3
    assert ready.snapshot() == before


def test_each_idea_takes_one_git_process_and_advice_on_many_is_cut(
    ready: World, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    values = ",".join(map(str, range(2, 14)))
    ready.gitexp("start", "--sweep", f"model.C={values}", WHY, GIT_TRACE=str(trace))
    begun = [line for line in trace.read_text().splitlines() if "built-in: git " in line]
    commits = sum("commit-tree" in line for line in begun)
    assert commits == 12
    assert len(begun) - commits < 20
    out = ready.gitexp("start", "--sweep", f"model.C={values}", WHY).out
    assert out.count("makes the same change, and has no verdict yet (") == 3
    assert "K2 and 9 more like these\n" in out


# --- at once ------------------------------------------------------------------------------------


def test_one_call_registers_runs_judges_and_accepts(ready: World) -> None:
    settle(ready, repeats=[3], planned=1, error_budget=0.4)
    before = ready.git("rev-parse", "main")
    call = ("start", "--set", "model.C=10", WHY, "--run", "--accept", "--json")
    done = ready.gitexp(*call).json
    assert done["verdict"] == "CONFIRMED"
    assert done["change"]["after"] == 10
    assert done["lower"] <= done["effect"] <= done["upper"]
    assert done["p"] < done["level"]
    assert (done["pairs"], done["runs"]) == (3, 6)
    assert done["seconds"] > 0
    assert done["accepted"] == ready.git("rev-parse", "main") != before
    assert done["next"] == "gitexp run --baseline"
    refused = ready.gitexp(*call, code=1)
    assert refused.json["error"]["id"] == "C10"


def test_what_is_not_confirmed_is_not_accepted(ready: World) -> None:
    settle(ready, repeats=[3])
    before = ready.git("rev-parse", "main")
    done = ready.gitexp(
        "start", "--set", "train.epochs=30", WHY, "--run", "--accept", "--json"
    ).json
    assert (done["verdict"], "accepted" in done) == ("RULED OUT", False)
    assert ready.git("rev-parse", "main") == before


def test_a_sweep_that_runs_at_once_is_a_list_of_verdicts(ready: World) -> None:
    settle(ready, repeats=[2])
    done = ready.gitexp("start", "--sweep", "model.C=3,10", WHY, "--run", "--jobs", "2", "--json")
    assert [one["change"]["after"] for one in done.json] == [3, 10]
    assert all(one["verdict"] for one in done.json)
    shown = ready.gitexp("start", "--set", "train.epochs=30", WHY, "--run").out
    assert "accuracy +0" in shown
    for words in (["--sweep", "model.C=4,5", "--run"], ["--set", "model.C=4"]):
        ran = ready.gitexp("start", *words, WHY, "--accept", code=2)
        assert "--accept needs --run and a single experiment" in ran.err


def test_a_run_that_fails_is_part_of_what_is_printed(ready: World) -> None:
    settle(ready, repeats=[2])
    ran = ready.gitexp("start", "--set", "model.C=lots", WHY, "--run", "--json", code=4)
    assert ran.json["error"]["id"] == "command-failed"
    assert ran.json["change"]["after"] == "lots"
    assert ready.git("rev-parse", "--verify", f"exp/{ran.json['name']}")
