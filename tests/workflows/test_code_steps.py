"""A baseline commit that changes only code is compared with its ancestor before it is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import records, train_with
from tests.lab.test_code_commits import ON_TOP, code
from tests.workflows.test_neutral import NOISY, PRINT, TRAINER, checks

if TYPE_CHECKING:
    from tests.project import World

SET = ("--set", "model.C=10")
SECONDS = PRINT + "import time; print(f'seconds={time.time()!r}')\n"


def measured(world: World, end: str = PRINT, **settings: object) -> str:
    """A baseline on record; returns its commit."""
    train_with(world, TRAINER + end, **{"repeats": [3], "canary": False, **settings})
    world.gitexp("run", "--baseline")
    return world.git("rev-parse", "main")


def code_changes(world: World, new: str = "LINE = 1") -> str:
    world.edit("LINE = 0", new, "train.py")
    return world.commit("other code", verify=False)


def purposes(world: World, revision: str) -> list[str]:
    commit = world.git("rev-parse", revision)
    return [r.get("purpose", "") for r in records(world, commit) if r["commit"] == commit]


def test_a_comment_costs_one_run_and_planned_experiments_carry_over(ready: World) -> None:
    old = measured(ready)
    planned = ready.start(*SET)
    new = code_changes(ready)
    assert ready.gitexp("log", "--json").json[0]["state"] == "stale"
    ran = ready.gitexp("run", "--baseline")
    assert f"gives what {old[:8]} gave, so its records count" in " ".join(ran.err.split())
    assert purposes(ready, new) == ["neutral"]
    [check] = checks(ready, new)
    assert (check["found"], check["baseline"]) == ("neutral", old)
    assert ready.gitexp("log", "--json").json[0]["state"] == "planned"
    assert "neutral, identical over 1 seed" in ready.gitexp("log", "--long").out
    ready.gitexp("run", planned)
    ready.gitexp("accept", planned)
    ready.gitexp("verify")
    # Everything that follows goes on from there.
    assert "1 run" not in ready.gitexp("run", "--baseline", "--json").err


def test_an_experiment_that_was_started_first_uses_the_records_as_well(ready: World) -> None:
    measured(ready, SECONDS)
    new = code_changes(ready)
    ready.start(*SET)
    ran = ready.gitexp("run", "--json")
    assert ran.json["verdict"] == "CONFIRMED"
    # Wall time differs, so the ancestor runs that seed once more.
    assert purposes(ready, new) == ["neutral"]
    assert purposes(ready, f"{new}~").count("canary") == 1
    ready.gitexp("verify")


@pytest.mark.parametrize(
    ("end", "line"), [(PRINT, "accuracy += 1e-9"), (NOISY + PRINT, "LINE = 1")]
)
def test_code_that_alters_results_or_cannot_be_proven_is_measured_as_before(
    ready: World, end: str, line: str
) -> None:
    measured(ready, end)
    new = code_changes(ready, line)
    ran = ready.gitexp("run", "--baseline")
    assert "so it is measured" in " ".join(ran.err.split())
    assert sorted(purposes(ready, new)) == ["", "", "", "neutral"]
    assert [check["found"] for check in checks(ready, new)] == ["altered"]
    ready.gitexp("run", "--baseline")
    assert len(purposes(ready, new)) == 4


def test_config_values_settings_and_what_measures_are_never_compared(ready: World) -> None:
    measured(ready, protect=["judge.py"])
    for change in (
        lambda: ready.edit("epochs = 20", "epochs = 30"),
        lambda: ready.write("judge.py", "pass\n"),
        lambda: ready.edit("command = ", "timeout = '1h'\ncommand = ", "gitexp.toml"),
    ):
        change()
        new = ready.commit("more than code", verify=False)
        ready.gitexp("trust", "--yes")
        ready.gitexp("run", "--baseline")
        assert purposes(ready, new) == [""] * 3


def test_records_of_several_steps_count_and_a_forged_check_is_found(ready: World) -> None:
    old = measured(ready)
    code_changes(ready)
    ready.gitexp("run", "--baseline")
    ready.edit("LINE = 1", "LINE = 2", "train.py")
    ready.commit("more code", verify=False)
    ready.edit("LINE = 2", "LINE = 3", "train.py")
    new = ready.commit("and more", verify=False)
    ready.gitexp("run", "--baseline")
    assert purposes(ready, new) == ["neutral"]
    assert {r["commit"] for r in records(ready, new) if "purpose" not in r} == {old}
    ready.start(*SET)
    ready.gitexp("run")
    ready.gitexp("verify")
    text = ready.git("notes", "--ref=gitexp-runs", "show", new)
    kept = "\n".join(line for line in text.splitlines() if '"purpose":"neutral"' not in line)
    ready.git("notes", "--ref=gitexp-runs", "add", "--force", "-m", kept, new)
    assert "V22" in ready.gitexp("verify", code=1).out


def test_a_switch_whose_code_was_accepted_can_be_taken_out_for_one_run(ready: World) -> None:
    train_with(ready, TRAINER + PRINT, repeats=[3], canary=False)
    ready.git("switch", "--quiet", "--create", ON_TOP)
    gain = "(0.02 + 0.0001 * (SEED % 3))"
    ready.edit("LINE = 0", f"accuracy += {gain} * CONFIG.get('cosine', False)", "train.py")
    code(ready)
    config = (ready.path / "config.toml").read_text()
    ready.write("config.toml", "cosine = true\n" + config)
    ready.git("commit", "--quiet", "--all", "-m", "The cosine schedule helps because it overshoots")
    ready.gitexp("run")
    ready.git("switch", "--quiet", "main")
    ready.gitexp("accept", "otter")
    assert "switched on for good: config.toml: cosine" in " ".join(ready.gitexp("log").out.split())
    ready.gitexp("run", "--baseline")
    ready.edit("CONFIG.get('cosine', False)", "True", "train.py")
    ready.write("config.toml", config)
    new = ready.commit("take the switch out", verify=False)
    ready.gitexp("run", "--baseline")
    assert purposes(ready, new) == ["neutral"]
    assert "switched on for good" not in ready.gitexp("log").out
