"""The code below an experiment is proven to change nothing while its switch is off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.registration import parse_message
from gitexp.rules.verdict.neutrality import drawn_seeds
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from tests.arrange import note, records, train_with
from tests.lab.test_code_commits import ON_TOP, code, experiment
from tests.team import clone_of, hub_of, synced

if TYPE_CHECKING:
    from tests.project import World

# C is the switch: 1.0 is off. LINE is replaced by what the code commit brings.
TRAINER = """
import random
noise = random.Random(f"{SEED}").gauss(0, 0.001)
C = CONFIG['model']['C']
accuracy = 0.9 + noise + 0.0001 * SEED * (C != 1.0)
LINE = 0
if C != 1.0:
    accuracy += 0.02 + random.Random(f"{SEED} {C}").gauss(0, 0.001)
"""
PRINT = 'print(f"accuracy={accuracy!r}")\n'
NOISY = "accuracy += random.Random(os.urandom(8)).gauss(0, 0.001)\n"


def on_code(world: World, line: str, end: str = PRINT, **settings: object) -> tuple[str, str]:
    """An experiment on a code commit that replaces LINE; returns both commits."""
    train_with(world, TRAINER + end, **{"repeats": [3], "canary": False, **settings})
    world.git("switch", "--quiet", "--create", ON_TOP)
    world.edit("LINE = 0", line, "train.py")
    below = code(world)
    return below, experiment(world)


def checks(world: World, revision: str) -> list[dict[str, Any]]:
    lines = map(json.loads, filter(None, note(world, "gitexp-runs", revision).splitlines()))
    return [line for line in lines if line.get("kind") == "check"]


def proofs(world: World, below: str) -> list[int]:
    assert {r["purpose"] for r in records(world, below)} <= {"neutral"}
    return [r["seed"] for r in records(world, below)]


def again(world: World) -> list[int]:
    return [r["seed"] for r in records(world, "main") if r.get("purpose") == "canary"]


def test_code_of_a_deterministic_trainer_is_proven_with_one_run_and_another_to_confirm(
    ready: World,
) -> None:
    below, top = on_code(ready, "LINE = 1")
    ran = ready.gitexp("run", "--json")
    assert (ran.json["verdict"], ran.err.count("with the switch off")) == ("CONFIRMED", 2)
    assert len({*proofs(ready, below)}) == 2
    assert again(ready) == []
    assert [check["found"] for check in checks(ready, top)] == ["neutral"] * 2
    assert len(records(ready, top)) == len(records(ready, "main")) == 3
    seeds = ", ".join(map(str, sorted(proofs(ready, below))))
    [row] = ready.gitexp("log", "--json").json
    assert row["proof"] == f"neutral, proven on seeds {seeds}"
    assert f"code neutral, proven on seeds {seeds}" in ready.gitexp("show", "otter").out
    assert f"code neutral, proven on seeds {seeds}" in note(ready, "gitexp", top)
    told = f"train.py, +2 -1 lines{{}}neutral, proven on seeds {seeds}"
    assert told.format(" (") in ready.gitexp("report").out
    ready.gitexp("report", "-o", "report.html")
    assert told.format("; ") in (ready.path / "report.html").read_text("utf-8")
    assert ready.gitexp("run").err == ""
    ready.gitexp("verify")


@pytest.mark.slow
def test_code_that_alters_the_last_digit_is_refused_and_nothing_of_the_experiment_runs(
    ready: World,
) -> None:
    below, top = on_code(ready, "accuracy += 1e-9")
    ran = ready.gitexp("run", code=1)
    assert "A6" in ran.err
    assert "gitexp start --again" in ran.err
    assert records(ready, top) == []
    assert len(proofs(ready, below)) == 1
    assert len(again(ready)) == 2  # the baseline gives the same each time
    [found] = checks(ready, top)
    assert (found["found"], found["changed"]) == ("altered", ["accuracy"])
    before, after = found["scores"]
    assert f"{after:.15g}" in " ".join(ran.err.split())
    assert 0 < after - before < 2e-9
    error = ready.gitexp("run", "--json", code=1)
    assert (proofs(ready, below), len(again(ready))) == ([found["seed"]], 2)
    assert "A6" in error.out
    [row] = ready.gitexp("log", "--json").json
    assert (row["verdict"], row["pairs"], row["state"]) == (None, 0, "refused")
    # What goes on from here is new code, wherever one asks.
    assert "1 more run to see what it repeats" in " ".join(ran.err.split())
    name = row["name"]
    assert f"was not run: gitexp show {name}" in " ".join(ready.gitexp("log").out.split())
    for shown in (ready.gitexp("show", name), ready.gitexp("log", "--long")):
        assert f"refused: git switch exp/{name}, edit its code, then: gitexp start --again" in (
            " ".join(shown.out.split())
        )
    assert ready.gitexp("status", "--json").json["next"]["command"] == "gitexp start --again"
    assert "- gitexp start --again  #" in ready.gitexp("status", "--for-agent").out
    ready.git("switch", "--quiet", "main")
    assert ready.gitexp("status", "--json").json["next"]["command"] == f"git switch exp/{name}"
    ready.gitexp("verify")


def test_wall_time_is_no_result_that_code_could_alter(ready: World) -> None:
    end = PRINT + "import time; print(f'seconds={time.time()!r}')\n"
    below, _ = on_code(ready, "LINE = 1", end)
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    assert len(proofs(ready, below)) == 2
    assert len(again(ready)) == 1  # which shows it for every seed


@pytest.mark.slow
def test_where_the_baseline_does_not_repeat_itself_code_and_switch_are_judged_together(
    ready: World,
) -> None:
    below, top = on_code(ready, "accuracy -= 0.0001", NOISY + PRINT)
    ran = ready.gitexp("run", COLUMNS="")
    assert "CONFIRMED" in ran.out
    said = "the baseline does not repeat its own score, so the code cannot be proven neutral"
    assert f"\n  code and switch together: {said}\n" in ran.out  # nothing is wrapped for a pipe
    brief = ready.gitexp("run", "--quiet", COLUMNS="40").out
    assert brief.endswith("3 pairs, code and switch together\n")
    assert len(proofs(ready, below)) == len(again(ready)) == 1
    assert [check["found"] for check in checks(ready, top)] == ["unrepeated"]
    for command in (("log", "--long"), ("show", "otter"), ("report",)):
        assert "code and switch together" in " ".join(ready.gitexp(*command).out.split()), command
    assert "code and switch together" in note(ready, "gitexp", top)
    ready.gitexp("verify")


def test_a_gain_that_the_code_brings_by_itself_confirms_nothing(ready: World) -> None:
    below, _ = on_code(ready, "accuracy += 0.05 * (C == 1.0)", NOISY + PRINT)
    ran = ready.gitexp("run", "--json")
    assert (ran.json["verdict"], ran.json["reason"]) == (
        "INCONCLUSIVE", "no better than its own code",
    )  # fmt: skip
    assert len(proofs(ready, below)) == 1


def test_what_the_second_seed_shows_takes_the_confirmation_back(ready: World) -> None:
    _, top = on_code(ready, "LINE = 1")
    registration, _ = parse_message(ready.git("show", "--no-patch", "--format=%B", top))
    assert registration is not None
    ready.git("switch", "--quiet", "main")
    ready.git("branch", "--quiet", "-D", ON_TOP)
    ready.git("switch", "--quiet", "--create", ON_TOP)
    # Some message has its second seed where the code goes wrong.
    bad = registration.registered_seeds()[1]
    ready.edit("LINE = 0", f"accuracy += 0.001 * (SEED == {bad})", "train.py")
    code(ready)
    for number in range(99):
        top = experiment(ready, "-m", f"try {number}")
        if drawn_seeds(top, registration)[1] == bad:
            break
        ready.git("reset", "--quiet", "--hard", "HEAD~")
    ran = ready.gitexp("run", "--json")
    assert (ran.json["verdict"], ran.json["reason"]) == (
        "INCONCLUSIVE", "the code changes what it should not",
    )  # fmt: skip
    assert f"seed {bad} gives accuracy" in ran.json["detail"]
    ready.gitexp("verify")


def test_experiments_on_one_code_commit_share_its_runs(ready: World) -> None:
    below, _ = on_code(ready, "LINE = 1")
    ready.git("switch", "--quiet", "--create", "exp/sibling", below)
    ready.edit("C = 1.0", "C = 11")
    ready.git("commit", "--quiet", "--all", "-m", "More C helps because the model underfits")
    ready.gitexp("run", "otter", "sibling")
    assert len(proofs(ready, below)) == len({*proofs(ready, below)}) <= 3
    assert [row["verdict"] for row in ready.gitexp("log", "--json").json] == ["CONFIRMED"] * 2


def test_interleaved_pairs_and_trainers_without_seeds_are_proven_too(ready: World) -> None:
    below, _ = on_code(ready, "LINE = 1", pairing="interleaved")
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    assert len(proofs(ready, below)) == 2
    assert len(again(ready)) == 1  # before the first pair, the baseline has not run yet


@pytest.mark.slow
def test_a_check_without_the_runs_that_it_tells_of_is_found(ready: World) -> None:
    below, _ = on_code(ready, "LINE = 1")
    ready.gitexp("run")
    ready.gitexp("verify")
    # Another project's experiment on that code is proven by its own runs.
    found = parse_records(note(ready, RUNS, below), Purpose.NEUTRAL)
    unlike: dict[str, Any] = {
        "project": "other",
        "start": "2000-01-01T00:00:00+00:00",
        "metrics": {"accuracy": 0.1},
    }
    others = [record._replace(**unlike).line() for record in found]
    append_lines(Repository.discover(ready.path), RUNS, {below: others})
    ready.gitexp("verify")
    # A clone that lacks the commits of those runs, accuses nobody.
    hub = hub_of(ready)
    synced(ready)
    for depth in ("1", "2"):
        shallow = clone_of(hub, f"shallow{depth}", "--depth", depth, "--no-single-branch")
        synced(shallow)
        assert "V22" not in shallow.gitexp("verify").out
    ready.git("notes", "--ref=gitexp-runs", "remove", below)
    append_lines(Repository.discover(ready.path), RUNS, {below: others})
    ran = ready.gitexp("verify", code=1)
    assert ran.out.count("V22") == 2
    assert "says of its code that it is neutral on seed" in " ".join(ran.out.split())
