"""Several experiments in one command: what they share, and what one of them does to the others."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.arrange import SCORE, note, records, settle, train_with
from tests.project import World
from tests.workflows.test_run import alive, run_beside, until

SEEN = """
with open({seen!r}, 'a') as handle:
    handle.write(f"{{CONFIG['model']['C']}}-{{SEED}}\\n")
"""


def planned(world: World, *values: str) -> list[str]:
    """Start an experiment for each value of C."""
    return [world.start("--set", f"model.C={value}") for value in values]


def figures(world: World) -> dict[str, tuple[Any, ...]]:
    """What the log says of each experiment, by its change."""
    wanted = ("state", "verdict", "reason", "effect", "lower", "upper", "p", "pairs")
    return {
        row["change"]["after"]: tuple(row[key] for key in wanted)
        for row in world.gitexp("log", "--json").json
    }


@pytest.mark.slow
def test_verdicts_are_those_of_one_after_another_and_the_baseline_is_run_once(
    ready: World, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    train_with(ready, SEEN.format(seen=str(seen)) + SCORE, repeats=[3, 6], threads=1)
    names = planned(ready, "10", "2", "2.3")
    alone = World(tmp_path / "alone")
    shutil.copytree(ready.path, alone.path, symlinks=True)
    for name in names:
        alone.gitexp("run", name)
    seen.unlink()
    ran = ready.gitexp("run", *names, names[0], f"exp/{names[1]}", "--jobs", "3", "--json").json
    assert [one["name"] for one in ran] == names
    assert figures(ready) == figures(alone)
    made = Counter(seen.read_text().split())
    assert set(made.values()) == {1}
    assert sum(one["runs"] for one in ran) == len(made)
    assert note(ready, "gitexp", f"exp/{names[0]}") == note(alone, "gitexp", f"exp/{names[0]}")
    assert ready.gitexp("verify").code == 0


def test_of_two_that_are_confirmed_at_once_the_later_one_is_in_doubt(ready: World) -> None:
    ready.edit("first_seed = 1\n", "", "gitexp.toml")  # whose runs have no fresh seeds
    # Whichever seeds are drawn, both are confirmed.
    gain = "gain = (0.02 + 0.001 * (SEED % 3)) * (CONFIG['model']['C'] / 10)"
    train_with(ready, f"{gain}\nprint(f'accuracy={{0.8 + SEED % 7 / 1000 + gain}}')", repeats=[3])
    first, second = planned(ready, "10", "11")
    ran = ready.gitexp("run", first, second, "--jobs", "2")
    assert "running fresh seeds too, because several experiments" in ran.err
    seeds = [record["seed"] for record in records(ready, "main")]
    assert (len(seeds), seeds[3] - seeds[0]) == (6, 1000)
    doubted = [name for name in (first, second)
               if '"doubted"' in note(ready, "gitexp-runs", f"exp/{name}")]  # fmt: skip
    # Two that began in the same millisecond are told apart by their commits.
    begun = {(min(r["start"] for r in records(ready, f"exp/{n}")),
              ready.git("rev-parse", f"exp/{n}")): n for n in (first, second)}  # fmt: skip
    assert doubted == [begun[max(begun)]]
    # Nothing is left to be tested again, as there is where two clones did not know of each other.
    assert "retest" not in ready.gitexp("verify").out


def test_who_needs_the_fewest_runs_to_its_next_look_goes_first(ready: World) -> None:
    long = ready.start("--set", "model.C=2", "--repeats", "5")
    short = ready.start("--set", "model.C=2.1", "--repeats", "3")
    err = ready.gitexp("run", long, short).err
    ended = [line.split()[0] for line in err.splitlines() if f"exp/{short} " in line
             or f"exp/{long} " in line]  # fmt: skip
    assert ended.index(f"exp/{short}") < ended.index(f"exp/{long}")
    assert err.index(f"exp/{short}: ") < err.index(f"exp/{long}: ")


def test_what_has_passed_a_look_is_decided_before_another_begins(ready: World) -> None:
    gain = "gain = (0.02 + 0.005 * (SEED % 3)) * (CONFIG['model']['C'] == 2)"
    train_with(ready, f"{gain}\nprint(f'accuracy={{0.8 + SEED / 1000 + gain}}')", repeats=[3])
    promising = ready.start("--set", "model.C=2", "--repeats", "6")
    fresh = ready.start("--set", "model.C=3")
    ready.gitexp("run", promising, fresh)
    began = {n: sorted(r["start"] for r in records(ready, f"exp/{n}")) for n in (promising, fresh)}
    assert len(began[promising]) == 6
    # One may begin while the look is judged.
    assert began[promising][-1] < began[fresh][1]


def test_one_that_fails_and_one_that_is_refused_stop_no_other(ready: World) -> None:
    train_with(ready, "if CONFIG['model']['C'] == 11: sys.exit('the disk is full')" + SCORE,
               repeats=[3])  # fmt: skip
    good, bad = planned(ready, "10", "11")
    ready.git("switch", "--quiet", "--create", "exp/two", "main")
    ready.edit("C = 1.0", "C = 12")
    ready.edit("epochs = 20", "epochs = 30")
    ready.commit("two changes", verify=False)
    ran = ready.gitexp("run", "two", bad, good, "--json", code=4)
    refused, failed, done = ran.json
    assert done["verdict"] == "CONFIRMED"
    assert "ended with exit code 1" in failed["error"]["message"]
    assert refused["error"]["violations"]
    assert f"gitexp: exp/{bad}" in ran.err
    assert "gitexp: exp/two" in ran.err
    assert f"exp/{good}: CONFIRMED: accuracy" in ran.err  # as soon as it is known
    assert [r["seed"] for r in records(ready, f"exp/{bad}")] == [
        records(ready, f"exp/{good}")[0]["seed"]
    ]
    # Where no run fails, the rule that refuses decides.
    assert len(ready.gitexp("run", "two", good, "--json", code=1).json) == 2


def test_a_run_of_the_baseline_that_fails_ends_all_that_need_it_and_is_told_once(
    ready: World,
) -> None:
    train_with(ready, "sys.exit(CONFIG['model']['C'] == 1)" + SCORE, repeats=[3])
    names = planned(ready, "10", "11")
    refused = ready.gitexp("run", *names, "--gpus", "0", code=2).err
    assert refused.startswith("gitexp: --gpus 0 chooses the accelerators of runs, but the settings")
    err = ready.gitexp("run", *names, code=4).err
    assert err.count("baseline main, seed") == 1
    assert f"gitexp: exp/{names[0]}, exp/{names[1]}\nbaseline main, seed" in err
    assert len(records(ready, "main")) == 1
    first, second = ready.gitexp("run", *names, "--json", code=4).json
    assert "stderr.log" in first["error"]["hint"]
    assert (second["same_as"], second["error"]["hint"]) == (names[0], "")
    assert ready.gitexp("run", *names, "--quiet", code=4).out.count("\n") == 2


def test_an_experiment_that_is_decided_frees_the_runs_that_it_has_no_use_for(
    ready: World, tmp_path: Path
) -> None:
    script = f"""
import time
here = {str(tmp_path)!r}
seeds = int(os.environ['FIRST']) if 'FIRST' in os.environ else None
if CONFIG['model']['C'] == 10 and seeds is not None:
    if SEED == seeds + 1:
        while len([n for n in os.listdir(here) if n.startswith('waits')]) < 2: time.sleep(0.01)
        sys.exit('the second time')
    open(f'{{here}}/waits-{{SEED}}', 'w').close()
    time.sleep(60)
if CONFIG['model']['C'] == 10 and not os.path.exists(f'{{here}}/good'):
    open(f'{{here}}/good', 'w').close()
elif CONFIG['model']['C'] == 10:
    sys.exit('the first time')
"""
    train_with(ready, script + SCORE)
    (name,) = planned(ready, "10")
    ready.gitexp("run", name, code=4)
    first = records(ready, f"exp/{name}")[0]["seed"]
    assert "has failed 2 times" in ready.gitexp(
        "run", name, "--jobs", "3", code=4, FIRST=str(first)
    ).err  # fmt: skip
    ended = [(r["seed"] - first, r.get("ended")) for r in records(ready, f"exp/{name}")]
    assert ended == [(0, None), (1, "exit"), (1, "exit"), (2, "freed"), (3, "freed")]
    row = ready.gitexp("log", "--json").json[0]
    assert (row["verdict"], row["reason"]) == ("INCONCLUSIVE", "repeats failed")


def test_ctrl_c_ends_the_runs_of_all_and_the_same_command_goes_on(
    ready: World, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    script = f"""
import time
if os.path.exists({str(flag)!r}) and CONFIG['model']['C'] > 2:
    open({str(tmp_path)!r} + f"/waits-{{CONFIG['model']['C']}}", 'w').write(str(os.getpid()))
    time.sleep(60)
"""
    train_with(ready, script + SCORE, repeats=[1])
    flag.touch()
    names = planned(ready, "10", "11")
    running = run_beside(ready, "run", "--all", "--jobs", "2")
    until(lambda: len([p for p in tmp_path.glob("waits-*") if p.read_text()]) == 2)
    trainers = [int(path.read_text()) for path in tmp_path.glob("waits-*")]
    os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 130, out
    assert "on record as one failure" in out
    assert not any(map(alive, trainers))
    assert {r["ended"] for name in names for r in records(ready, f"exp/{name}")} == {"abort"}
    flag.unlink()
    assert len(ready.gitexp("run", *names, "--json").json) == 2


def test_two_terminals_share_the_work_of_all_and_run_each_seed_once(
    ready: World, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    script = "import time\ntime.sleep(0.1)\n" + SEEN.format(seen=str(seen)) + SCORE
    train_with(ready, script, repeats=[3])
    names = planned(ready, "2", "2.1", "2.2")
    running = [run_beside(ready, "run", *names, "--jobs", "2", "--json") for _ in range(2)]
    for process in running:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0, out
        printed = json.loads(out[out.index("[\n") :])
        assert all(one["verdict"] for one in printed)
    assert set(Counter(seen.read_text().split()).values()) == {1}
    assert len(seen.read_text().split()) == 12


def test_all_means_what_is_planned_on_this_baseline(ready: World) -> None:
    settle(ready, repeats=[3])
    (stale,) = planned(ready, "10")
    ready.edit("0.9 +", "0.8 +", "train.py")
    ready.commit("what runs has changed")
    assert ready.gitexp("run", "--all", "--json").json == []
    assert "gitexp retest" in ready.gitexp("run", "--all").out
    # Without a name, it is not meant either.
    refused = ready.gitexp("run", code=2)
    assert "was planned on an older baseline" in refused.err
    assert f"gitexp retest {stale}" in refused.err
    new = planned(ready, "11")
    assert [one["name"] for one in ready.gitexp("run", "--all", "--json").json] == new
    assert ready.gitexp("run", stale, "--json").json["verdict"] == "CONFIRMED"


def test_all_tries_once_more_what_has_failed_once(ready: World) -> None:
    train_with(ready, "if CONFIG['model']['C'] == 11: raise SystemExit(3)\n" + SCORE, repeats=[1])
    good, bad = planned(ready, "10", "11")
    ready.gitexp("run", "--all", code=4)
    (again,) = ready.gitexp("run", "--all", "--json", code=4).json
    assert again["name"] == bad
    assert len(records(ready, f"exp/{bad}")) == 2
    assert ready.gitexp("run", "--all", "--json").json == []
    assert {row["name"]: row["state"] for row in ready.gitexp("log", "--json").json} == {
        good: "done", bad: "done"
    }  # fmt: skip


def test_wrong_words_run_nothing(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(ready, repeats=[3])
    (name,) = planned(ready, "10")
    monkeypatch.setenv("COLUMNS", "200")
    for words, said in (
        (("--jobs", "0", name), "--jobs must be auto or a number from 1 to 256, not 0"),
        (("--jobs", "many", "--all"), "--jobs must be auto or a number"),
        (("nix", name), "there is no experiment nix"),
        (("--all", name), f"--all does not take {name}"),
        (("--baseline", name), f"--baseline does not take {name}"),
        (("--explore", "why", name, "x"), "--explore goes with a single experiment"),
    ):
        assert said in ready.gitexp("run", *words, code=2).err
    assert records(ready, "main") == []
    assert ready.gitexp("run", name, "--jobs", "auto", "--json").json["verdict"] == "CONFIRMED"
