"""Pairs of runs beside each other, for trainings whose metric depends on the machine's load."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.devices.shares import PARTS, Shares
from gitexp.rules.verdict.interleaved import baseline_goes_first
from tests.arrange import note, records, seeds_of, trailers, train_with
from tests.workflows.test_run import run_beside, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

# A fixed time budget: the score is what was done in it. Load is a file of other runs under way,
# and of runs before which the machine became half as fast.
BUDGET = """
import pathlib, random, time
seen, c = pathlib.Path({seen!r}), CONFIG['model']['C']
before = seen.read_text().split() if seen.exists() else []
with seen.open('a') as handle:
    handle.write(f"{{c:g}}-{{SEED}}-in\\n")
speed = 0.5 if len(before) // 2 in {slow!r} else 1.0
time.sleep(0.02)
with seen.open('a') as handle:
    handle.write(f"{{c:g}}-{{SEED}}-out\\n")
steps = 1000 * speed
print(f"steps_per_second={{steps / 0.02:.1f}}")
noise = random.Random(f"{{SEED}} {{c}}").gauss(0, 0.001)
print(f"accuracy={{0.5 + 0.0001 * steps + 0.002 * c + noise:.6f}}")
"""


def project(world: World, seen: Path, slow: tuple[int, ...] = (), **settings: object) -> None:
    train_with(
        world, BUDGET.format(seen=str(seen), slow=slow),
        **{"repeats": [3], "threads": 1, "pairing": "interleaved", **settings},
    )  # fmt: skip


def order(seen: Path) -> list[str]:
    """The runs in the order in which they began, each of which ended before the next."""
    lines = seen.read_text().split()
    begun, ended = lines[::2], lines[1::2]
    assert [one.removesuffix("-in") for one in begun] == [e.removesuffix("-out") for e in ended]
    return [one.removesuffix("-in") for one in begun]


def pairs(world: World, name: str, value: str) -> list[str]:
    """What is to run for an experiment, in order."""
    found = []
    for seed in seeds_of(world, f"exp/{name}"):
        both = [f"1-{seed}", f"{value}-{seed}"]
        found += both if baseline_goes_first(seed) else both[::-1]
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("pairing", "verdict"), [("interleaved", "RULED OUT"), ("", "CONFIRMED")])
def test_what_earlier_runs_left_unseen_meets_both_arms_where_pairs_are_interleaved(
    pairing: str, verdict: str, ready: World, tmp_path: Path
) -> None:
    # Only the names of folders tell how many runs there were: no file is opened.
    train_with(
        ready,
        f"import random\nleft = len(os.listdir({str(tmp_path)!r}))\n"
        f"os.mkdir({str(tmp_path)!r} + f'/{{left}}')\n"
        "noise = random.Random(f\"{SEED} {CONFIG['train']['lr']}\").gauss(0, 0.001)\n"
        "print(f'accuracy={0.8 + 0.002 * left + noise:.6f}')\n",
        **({"pairing": pairing} if pairing else {}),
    )
    name = ready.start("--set", "train.lr=0.01")
    assert ready.gitexp("run", name, "--json").json["verdict"] == verdict


@pytest.mark.slow
def test_the_runs_of_a_pair_follow_each_other_and_no_experiment_shares_the_baseline(
    ready: World, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    project(ready, seen, canary="1h")
    first = ready.start("--set", "model.C=10")
    second = ready.start("--set", "model.C=8")
    assert trailers(ready, f"exp/{first}")["Pairing"] == "interleaved"
    for words in ((first, second), (first, "--screen"), ("--baseline",), (first, "--detach")):
        assert "--jobs 1" in ready.gitexp("run", *words, "--jobs", "2", code=2).err
    told = ready.gitexp("run", first, second, "--jobs", "auto", "--json")
    assert "canary is not used" in told.err
    done = told.json
    assert [one["verdict"] for one in done] == ["CONFIRMED", "CONFIRMED"]
    ran = order(seen)
    mine, theirs = pairs(ready, first, "10"), pairs(ready, second, "8")
    pairs_run = {tuple(ran[at : at + 2]) for at in range(0, len(ran), 2)}
    assert pairs_run == {tuple(w[at : at + 2]) for w in (mine, theirs) for at in range(0, 6, 2)}
    made_for = Counter(record["pair"] for record in records(ready, "main"))
    assert made_for == {ready.git("rev-parse", f"exp/{name}"): 3 for name in (first, second)}
    assert all("pair" not in record for record in records(ready, f"exp/{first}"))
    # Whoever reads them gives the same verdict, and nothing is run again.
    assert {row["verdict"] for row in ready.gitexp("log", "--json").json} == {"CONFIRMED"}
    assert ready.gitexp("verify").code == 0
    ready.gitexp("run", first)
    assert order(seen) == ran


def test_a_pair_whose_baseline_was_slow_is_made_once_more(ready: World, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    project(ready, seen, slow=(2, 3))  # the second pair
    name = ready.start("--set", "model.C=10")
    done = ready.gitexp("run", name, "--json")
    assert done.json["verdict"] == "CONFIRMED"
    assert done.json["effect"] < 0.03  # half as many steps would make 0.05
    planned = pairs(ready, name, "10")
    assert order(seen) == [*planned[:4], *planned[2:]]
    again = seeds_of(ready, f"exp/{name}")[1]
    lines = map(json.loads, filter(None, note(ready, "gitexp-runs", f"exp/{name}").splitlines()))
    (line,) = [one for one in lines if one.get("found") == "set-aside: slow"]
    assert (line["seed"], line["scores"]) == (again, [25000.0, 50000.0])
    assert "set-aside: slow" in done.err
    assert "1 pair repeated, because the baseline ran at another speed" in note(
        ready, "gitexp", f"exp/{name}"
    )
    both = records(ready, "main"), records(ready, f"exp/{name}")
    assert [[r["attempt"] for r in arm if r["seed"] == again] for arm in both] == [[1, 2]] * 2
    shown = ready.gitexp("show", name, "--json").json
    assert ready.gitexp("verify").code == 0
    assert shown["verdict"] == "CONFIRMED"
    ready.gitexp("run", name)
    assert len(order(seen)) == 8


def test_a_message_that_says_otherwise_than_the_settings_is_refused(
    ready: World, tmp_path: Path
) -> None:
    project(ready, tmp_path / "seen")
    name = ready.start("--set", "model.C=10")
    ready.git("switch", "--quiet", f"exp/{name}")
    text = ready.git("log", "-1", "--format=%B").replace("Pairing: interleaved", "")
    ready.git("commit", "--quiet", "--amend", "--no-verify", "-m", text)
    refused = ready.gitexp("run", name, code=1)
    assert "Pairing: interleaved" in refused.err


def test_a_command_waits_while_another_makes_a_pair_on_the_machine(
    ready: World, tmp_path: Path
) -> None:
    project(ready, tmp_path / "seen")
    name = ready.start("--set", "model.C=10")
    machine = Shares("machine")
    until(lambda: machine.take(PARTS))
    command = run_beside(ready, "run", name)
    assert command.stdout is not None
    try:
        line = next(line for line in command.stdout if "no device is free" in line)
        assert "another gitexp is running pairs" in line
        assert not (tmp_path / "seen").exists()
    finally:
        machine.free()
        command.communicate(timeout=60)
    assert command.returncode == 0
    assert len(order(tmp_path / "seen")) == 6
