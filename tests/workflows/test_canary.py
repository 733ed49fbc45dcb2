"""A baseline is asked whether it still gives the same before its old records are used again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.arrange import note, records, settle
from tests.project import BECAUSE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

SET = ("--set", "model.C=10")
CHECK = "1 run to check that the baseline still gives the same"


def words(world: World, revision: str) -> str:
    return " ".join(note(world, "gitexp", revision).split())


def hidden(world: World, tmp_path: Path, effect: str = "0.03", **changes: object) -> Path:
    """Let a file that no condition knows change every score; a baseline is measured without it."""
    secret = tmp_path / "secret"
    world.edit(
        'print(f"accuracy',
        f'accuracy += {effect} * os.path.exists({str(secret)!r})\nprint(f"accuracy',
        "train.py",
    )
    world.edit("import os\n", "import os\n\n", "train.py")
    settle(world, **changes)
    world.gitexp("run", "--baseline")
    return secret


def canaries(world: World) -> list[int]:
    return [r["seed"] for r in records(world, "main") if r.get("purpose") == "canary"]


@pytest.mark.slow
def test_a_baseline_that_gives_the_same_costs_one_run_of_another_seed_each_time(
    ready: World, tmp_path: Path
) -> None:
    hidden(ready, tmp_path, canary="always", repeats=[3])
    for number, value in enumerate(("10", "11"), start=1):
        name = ready.start("--set", f"model.C={value}")
        assert (
            "about 4 runs (1 run to check the baseline)"
            in ready.gitexp("start", "--set", f"model.C={value}.5", BECAUSE).out
        )
        ran = ready.gitexp("run", name)
        assert ran.err.count(CHECK) == 1
        assert "CONFIRMED" in ran.out
        assert sorted(canaries(ready)) == [1, 2][:number]
        assert ready.gitexp("run", name).err == ""  # nothing is used again
    # They are no repeats of the baseline, and no runs of anybody's.
    assert "over 3 repeats" in ready.gitexp("run", "--baseline").out
    assert ready.gitexp("verify").code == 0


def test_a_fresh_agreement_is_not_asked_again(ready: World, tmp_path: Path) -> None:
    hidden(ready, tmp_path, repeats=[3])
    ready.start(*SET)
    assert CHECK not in ready.gitexp("run").err
    assert canaries(ready) == []


@pytest.mark.slow
def test_a_baseline_that_moved_is_compared_with_nothing(ready: World, tmp_path: Path) -> None:
    secret = hidden(ready, tmp_path, canary="always", repeats=[3])
    secret.touch()
    name = ready.start(*SET)
    ran = ready.gitexp("run", "--json")
    assert (ran.json["verdict"], ran.json["reason"]) == ("INCONCLUSIVE", "the baseline has moved")
    assert "nothing on record differs" in ran.json["detail"]
    assert records(ready, f"exp/{name}") == []
    assert canaries(ready) == [1, 1, 1]
    row = ready.gitexp("log", "--json").json[0]
    assert (row["state"], row["verdict"]) == ("done", "INCONCLUSIVE")
    assert ready.gitexp("verify").code == 0
    assert ready.gitexp("run", "--json").json["runs"] == 0
    # On with it: the baseline is measured again, once, and old records pair with nothing new.
    refused = ready.gitexp("run", "--baseline", code=3)
    assert "gitexp run --baseline --again" in refused.err
    ready.gitexp("run", "--baseline", "--again")
    runs = [r for r in records(ready, "main") if not r.get("purpose")]
    old, new = sorted({r["condition"] for r in runs})
    assert new == f"{old}.2"
    assert [r["seed"] for r in runs if r["condition"] == new] == [1, 2, 3]
    ready.gitexp("retest", name)
    ran = ready.gitexp("run", "--json")
    assert ran.json["verdict"] == "CONFIRMED"
    assert float(ran.json["note"].split("accuracy +")[1].split()[0]) < 0.025
    again = ready.start("--set", "model.C=11")
    ready.gitexp("run", again)
    assert {r["condition"] for r in records(ready, f"exp/{again}")} == {new}
    assert ready.gitexp("verify").code == 0


def test_a_baseline_that_did_not_move_is_not_measured_again(ready: World, tmp_path: Path) -> None:
    hidden(ready, tmp_path, repeats=[3])
    ran = ready.gitexp("run", "--baseline", "--again")
    assert "has not moved, so its records stay" in ran.err
    assert len({r["condition"] for r in records(ready, "main")}) == 1
    ready.gitexp("run", "--again", code=2)


def test_too_few_records_do_not_tell_whether_a_baseline_moved(ready: World, tmp_path: Path) -> None:
    ready.edit(
        'print(f"accuracy',
        'accuracy += random.SystemRandom().gauss(0, 0.0001)\nprint(f"accuracy', "train.py",
    )  # fmt: skip
    ready.edit(":.6f}", ":.12f}", "train.py")  # in six digits, one run in 350 repeats another
    hidden(ready, tmp_path, repeats=[3]).touch()
    ran = ready.gitexp("run", "--baseline", "--again")
    assert "too few records to tell whether it has moved, so its records stay" in ran.err


def test_without_canaries_notes_say_so_where_records_are_old(ready: World, tmp_path: Path) -> None:
    hidden(ready, tmp_path, canary=False, repeats=[3])
    name = ready.start(*SET)
    ready.gitexp("run")
    assert "without a check" not in words(ready, f"exp/{name}")
    # As after an hour.
    text = re.sub('"start":"20..', '"start":"2020', note(ready, "gitexp-runs", "main"))
    path = ready.write(".git/note", text)
    ready.git("notes", "--ref=gitexp-runs", "add", "-f", "-F", str(path), "main")
    name = ready.start("--set", "model.C=11")
    assert CHECK not in ready.gitexp("run").err
    assert "without a check (canary is off)" in words(ready, f"exp/{name}")


@pytest.mark.parametrize(("effect", "moved"), [("0", False), ("0.1", True)])
def test_a_noisy_baseline_has_moved_where_noise_does_not_explain_it(
    ready: World, tmp_path: Path, effect: str, *, moved: bool
) -> None:
    ready.edit(
        'print(f"accuracy',
        'accuracy += random.SystemRandom().gauss(0, 0.0001)\nprint(f"accuracy', "train.py",
    )  # fmt: skip
    ready.edit(":.6f}", ":.12f}", "train.py")  # in six digits, one run in 350 repeats another
    hidden(ready, tmp_path, effect, canary="always").touch()
    ready.start(*SET)
    ran = ready.gitexp("run", "--json")
    assert (ran.json["reason"] == "the baseline has moved") is moved
    assert canaries(ready) == [1, 1]


def test_an_exploratory_run_asks_nothing(ready: World, tmp_path: Path) -> None:
    hidden(ready, tmp_path, canary="always", repeats=[3])
    ready.git("switch", "--quiet", "--create", "exp/two")
    ready.edit("C = 1.0", "C = 10")
    ready.edit("epochs = 20", "epochs = 30")
    ready.commit("two changes", verify=False)
    ran = ready.gitexp("run", "two", "--explore", "to see both")
    assert "EXPLORATORY" in ran.out
    assert canaries(ready) == []


def test_a_deterministic_baseline_has_moved_where_it_gives_anything_else(
    ready: World, tmp_path: Path
) -> None:
    ready.edit("noise = ", "noise = 0 * ", "train.py")
    secret = hidden(ready, tmp_path, canary="always", vary="none")
    secret.touch()
    ready.start("--set", "train.epochs=30", text="30 epochs lift accuracy because it underfits")
    ran = ready.gitexp("run", "--json")
    assert (ran.json["verdict"], ran.json["reason"]) == ("INCONCLUSIVE", "the baseline has moved")
    assert canaries(ready) == [1, 1]
