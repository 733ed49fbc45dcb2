"""Runs that fail or are stopped: what is repeated, what counts, and what everybody is told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.start import parse_starts
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from tests.arrange import note, records, settle
from tests.team import repository_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import World

SET = ("--set", "model.C=10")
# What the gain reaches only if no seed counts like the worst pair.
SLIM = (*SET, "--expect", "accuracy +0.0177")
# Each attempt at a seed has another score.
NOISE = "accuracy += 0.00001 * int(os.environ['GITEXP_RUN_DIR'].rpartition('-')[2])"


def words(world: World, revision: str) -> str:
    return " ".join(note(world, "gitexp", revision).split())


def train(world: World, extra: str) -> None:
    """Let the script do something before it prints its score."""
    world.edit('print(f"accuracy', f'{extra}\nprint(f"accuracy', "train.py")
    world.commit("another script")


def abort(world: World, name: str, seeds: range) -> None:
    """Leave what a Ctrl-C during the first attempt at each of these seeds leaves."""
    world.gitexp("run", "--baseline")
    commit = world.git("rev-parse", f"exp/{name}")
    lines = []
    for start in parse_starts(note(world, RUNS, "main")):
        if start.seed in seeds:
            early = start._replace(commit=commit, batch=f"b{start.seed}")
            lines += [early.line(), early.ended_early(Ended.ABORT, 2.0).line()]
    append_lines(repository_of(world), RUNS, {commit: lines})


def test_a_seed_is_repeated_once_and_a_second_failure_ends_the_experiment(ready: World) -> None:
    train(ready, "if config['model']['C'] == 10 and seed == 2: raise SystemExit(3)")
    name = ready.start(*SET)
    first = ready.gitexp("run", code=4)
    assert "tries this seed once more" in first.err
    second = ready.gitexp("run", code=4)
    assert "seed 2 has failed 2 times" in second.err
    assert "gitexp retest" in second.err
    done = ready.gitexp("run", "--json").json
    assert (done["verdict"], done["reason"], done["runs"]) == ("INCONCLUSIVE", "repeats failed", 0)
    assert "of the experiment, 2 runs failed; of the baseline, none" in words(ready, f"exp/{name}")
    assert ready.gitexp("log", "--json").json[0]["state"] == "done"
    assert ready.gitexp("verify").code == 0
    # If as many fail again, as many will be repeated.
    told = ready.gitexp("retest", name, "--json").json
    ran, repeats = records(ready, f"exp/{name}"), int(told["trailers"]["Repeats"].split()[-1])
    assert told["outlook"]["failing"] == math.ceil(repeats * 2 / len(ran))


@pytest.mark.parametrize("noise", ["", NOISE])
def test_who_fails_until_the_score_is_good_confirms_nothing(
    ready: World, tmp_path: Path, noise: str
) -> None:
    # The first attempts of two seeds fail. Where the next one gives what it would give whenever it
    # is made, nothing was chosen.
    mark = f"open({str(tmp_path)!r} + f'/{{seed}}', 'x')"
    extra = f"""{noise}
if config['model']['C'] == 10 and seed < 3:
    try: {mark}
    except FileExistsError: pass
    else: print('accuracy=nan'); raise SystemExit"""
    train(ready, extra)
    name = ready.start(*SLIM)
    for code in (4, 4, 0):
        ran = ready.gitexp("run", code=code)
    assert "exp/" + name + ": 1 run to see whether seed 2 repeats its score" in ran.err
    if noise:
        assert "INCONCLUSIVE: failed runs may have chosen" in ran.out
    else:
        assert "CONFIRMED" in ran.out
    counts = "of the experiment, 2 runs failed; of the baseline, none; seed 2 gave "
    counts += "another score when run again" if noise else "the same score again"
    assert counts in words(ready, f"exp/{name}")
    found = " ".join(ready.gitexp("verify").out.split())
    assert f"exp/{name}: {counts}" in found
    shown = ready.gitexp("show", name).out
    assert " ".join(shown.split()).count(counts) == 1
    assert "seed 1, attempt 1: accuracy is nan" in shown
    # It is asked once.
    assert ready.gitexp("run", name, "--json").json["runs"] == 0


def test_a_verdict_is_written_down_although_ctrl_c_ends_what_could_better_it(
    ready: World, tmp_path: Path
) -> None:
    extra = f"""
if config['model']['C'] == 10:
    try: open({str(tmp_path)!r} + f'/{{seed}}', 'x')
    except FileExistsError:
        import signal, time
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(60)"""
    train(ready, extra)
    settle(ready, repeats=[3])
    name = ready.start(*SLIM)
    abort(ready, name, range(2, 4))
    ready.gitexp("run", name, code=130)
    assert "failed runs may have chosen" in words(ready, f"exp/{name}")
    ready.gitexp("verify")
    (tmp_path / "3").unlink()
    assert ready.gitexp("run", name, "--json").json["verdict"] == "CONFIRMED"
    ready.gitexp("verify")


@pytest.mark.parametrize("noisy", [False, True])
def test_aborts_count_unless_a_run_that_was_aborted_gives_its_score_again(
    ready: World, *, noisy: bool
) -> None:
    if noisy:
        train(ready, NOISE)
    settle(ready, repeats=[3])
    name = ready.start(*SLIM)
    abort(ready, name, range(2, 4))
    ran = ready.gitexp("run", name)
    assert "1 run to see whether seed 3 repeats its score" in ran.err
    said = words(ready, f"exp/{name}")
    assert "of the experiment, runs were aborted twice by their user" in said
    verdict = "INCONCLUSIVE: failed runs may have chosen" if noisy else "CONFIRMED"
    assert said.startswith(verdict)
    # It is asked once.
    assert ready.gitexp("run", name, "--json").json["runs"] == 0
    purposes = [r.get("purpose", "") for r in records(ready, f"exp/{name}")]
    assert purposes.count("canary") == 1
    assert ready.gitexp("log", "--json").json[0]["pairs"] == 3
    assert ready.gitexp("verify").code == 0


def test_a_clear_gain_bears_that_failed_seeds_count_like_the_worst_pair(ready: World) -> None:
    train(ready, NOISE)
    name = ready.start(*SET)
    abort(ready, name, range(2, 4))
    done = ready.gitexp("run", name, "--json").json
    assert (done["verdict"], done["runs"]) == ("CONFIRMED", 5)
    counts = "seeds 2, 3 count like the worst pair; of the experiment, runs were aborted twice"
    assert counts in words(ready, f"exp/{name}")
    assert counts in " ".join(ready.gitexp("show", name).out.split())
    assert ready.gitexp("verify").code == 0


def test_one_abort_is_told_and_costs_nothing(ready: World) -> None:
    name = ready.start(*SET)
    abort(ready, name, range(2, 3))
    assert ready.gitexp("run", name, "--json").json["verdict"] == "CONFIRMED"
    assert "runs were aborted once by their user" in words(ready, f"exp/{name}")


def test_stopped_runs_are_failures_like_any_other(ready: World) -> None:
    train(ready, 'print(f\'step=1 loss={config["model"]["C"] + 4 - seed}\')')
    settle(ready, stop_if=["loss > 10", "step 1: los > 3"])
    name = ready.start(*SET)
    said = ready.gitexp("run", code=4).err
    assert "seed 1: stopped by `loss > 10`: loss was 13 at step 1" in said
    assert "`step 1: los > 3` never applied: the run reported no los" in said
    ready.gitexp("run", code=4)
    done = ready.gitexp("run", "--json").json
    assert (done["verdict"], done["reason"]) == ("INCONCLUSIVE", "repeats failed")
    ended = [record.get("ended") for record in records(ready, f"exp/{name}")]
    assert ended.count("stop_if") == 2
    assert ready.gitexp("verify").code == 0
