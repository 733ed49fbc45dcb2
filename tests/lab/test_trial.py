"""`gitexp init --try`: what the runs tell, what is written, and that a failure changes nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gitexp.cli import live
from gitexp.lab.guess import guess
from gitexp.lab.measuring.trial import try_out
from gitexp.lab.projects.project import settings_at
from gitexp.rules.documents.draft import DraftSettings
from gitexp.store.repository import Repository
from gitexp.workflows.init import init
from tests.project import World

HEAD = """\
import os, random, sys, gitexp
SEED = int(os.environ["GITEXP_SEED"])
LUCK = random.Random(SEED)
"""
# Each is one way in which scripts use a seed, or do not.
NOISY = "print(f'accuracy={0.9 + LUCK.gauss(0, 0.01):.6f}')\n"
UNFIXED = "print(f'accuracy={random.random():.12f}')\n"
EXACT = "print('accuracy=0.9')\n"
ROWS = """\
right = {n: LUCK.random() < 0.8 for n in %s}
gitexp.predictions([n %% 7 for n in right], [n %% 7 if ok else 9 for n, ok in right.items()], %s)
print(f'accuracy={sum(right.values()) / len(right):.6f}')
"""
ONE_SPLIT = ROWS % ("range(300)", "right")
SPLITS = ROWS % ("LUCK.sample(range(900), 300)", "right")
UNNAMED = ROWS % ("LUCK.sample(range(900), 300)", "None")


@pytest.fixture
def project(tmp_path: Path) -> World:
    """A committed project that has never heard of gitexp."""
    world = World(tmp_path / "project")
    world.path.mkdir()
    world.git("init", "--quiet")
    world.write("config.toml", "[model]\nC = 1.0\n")
    return world


def trained_by(world: World, script: str) -> World:
    world.write("train.py", HEAD + script)
    world.commit("baseline")
    return world


def settings(world: World) -> dict[str, Any]:
    return tomllib.loads((world.path / "gitexp.toml").read_text())


def set_up(world: World) -> object:
    """What a failed trial must leave as it was: refs, files, git's configuration and the hooks."""
    folder = world.path / ".git"
    hooks = sorted(path.name for path in (folder / "hooks").iterdir())
    trusted = (folder / "gitexp" / "trust.json").exists()
    return world.snapshot(), (folder / "config").read_text(), hooks, trusted


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "runs", "vary", "words"),
    [
        (NOISY, 3, "split", ["the seed works", "the safe choice"]),
        (UNFIXED, 2, "split", ["the seed does not fix everything random"]),
        (EXACT, 3, "none", ["an experiment is one run", "GITEXP_SEED"]),
        (ONE_SPLIT, 3, "seed", ["tested on the same rows"]),
        (SPLITS, 3, "split", ["tested on different rows"]),
        (UNNAMED, 3, "split", ["same ids for different rows", "ids= of gitexp.predictions"]),
    ],
)
def test_a_trial_settles_what_a_seed_varies(
    project: World, script: str, runs: int, vary: str, words: list[str]
) -> None:
    ran = trained_by(project, script).gitexp("init", "--yes", "--try")
    assert re.search(rf"^{runs} trial runs, [\d.]+ s each;", ran.out)
    said = " ".join(ran.out.split())
    assert all(word in said for word in words), ran.out
    written = settings(project)
    assert (written["vary"], written["planned"]) == (vary, 20)
    # Nothing of a deterministic trainer is repeated, and only what redraws a split shares rows.
    assert ("repeats" in written, "test_ratio" in written) == (vary != "none", vary == "split")
    # Ids that name other rows in every run are of no use: each verdict would fail on them.
    assert ("predictions" in written) == ("predictions" in script and script is not UNNAMED)
    # The settings that were written are the approved ones, and the trial left no record.
    assert project.git("for-each-ref", "refs/notes/gitexp-runs") == ""
    assert list((project.path / ".git/gitexp/runs").iterdir()) == []
    project.gitexp("start", "--set", "model.C=10", "C raises accuracy because it underfits")


def test_the_costs_are_laid_out_with_what_three_repeats_cannot_confirm(project: World) -> None:
    out = trained_by(project, NOISY).gitexp("init", "--yes", "--try").out
    rows = [line.split() for line in out.splitlines() if " sd" in line]
    assert [row[-2:] for row in rows[:2]] == [["4.9", "sd"], ["2.7", "sd"]]
    assert rows[2][-4:] == ["2.2", "sd", "<-", "proposed"]
    assert "Three repeats detect nothing below 4.9 sd" in " ".join(out.split())


def test_what_the_seed_does_outranks_what_the_script_seems_to_say(project: World) -> None:
    project.write("net.py", HEAD + NOISY)
    project.write("train.py", "__import__('net')  # prints the accuracy\n")
    project.commit("baseline")
    asked: list[str] = []

    def answer(question: str, proposal: str) -> str:
        asked.append(question)
        return "try" if question.startswith("What does a new seed change") else proposal

    assert guess(project.path, DraftSettings()).warnings
    done = init(project.path, DraftSettings(), answer, live.watcher)
    assert done.trial is not None
    assert done.trial.runs == 3
    assert done.warnings == ()
    assert len(asked) == 3


def test_nothing_runs_unless_it_was_asked_for(project: World) -> None:
    trained_by(project, "sys.exit(1)  # accuracy\n")
    done = init(project.path, DraftSettings(), lambda _, proposal: proposal, live.watcher)
    assert done.trial is None
    project.gitexp("init", "--undo")
    assert "trial" not in project.gitexp("init", "--yes").err
    assert settings(project)["vary"] == "split"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sys.exit('the data has gone')  # accuracy\n",
         ["ended with exit code 1", "| the data has gone", "git does not track", "link"]),
        ("print('acc=0.9')\n",
         ["no metric accuracy was reported; it reported acc", "print accuracy=0.93", "--metric"]),
        ("print('accuracy=nan')\n", ["accuracy is nan"]),
        ("if SEED == 2: sys.exit('too unlucky')\nprint('accuracy=0.9')\n", ["| too unlucky"]),
        ("open('predictions.csv', 'w').write('y_true,y_pred\\n')\nprint('accuracy=0.9')\n",
         ["the predictions cannot be read", "no column id", "fix that"]),
    ],
)  # fmt: skip
def test_a_trial_that_fails_says_why_and_sets_nothing_up(
    project: World, script: str, words: list[str]
) -> None:
    trained_by(project, script)
    before = set_up(project)
    ran = project.gitexp("init", "--yes", "--try", "--metric", "accuracy", code=4)
    assert "the trial failed, and nothing was set up" in ran.err
    assert all(word in ran.err for word in words), ran.err
    assert set_up(project) == before
    # What it printed is kept where the message says.
    folder = Path(ran.err.rpartition("the whole output is in ")[2].strip())
    assert (folder / "stderr.log").exists()
    project.write("train.py", HEAD + NOISY)
    project.commit("mended")
    project.gitexp("init", "--yes", "--try")


def test_the_commit_is_tried_not_the_work_tree(project: World) -> None:
    trained_by(project, NOISY)
    project.write("train.py", "not Python, not committed either\n")
    project.gitexp("init", "--yes", "--try", "--metric", "accuracy")
    assert project.git("status", "--porcelain") == "M train.py".rjust(11)


def test_a_trial_that_is_interrupted_leaves_nothing(project: World) -> None:
    trained_by(project, "import time; print(flush=True); time.sleep(60)  # accuracy\n")
    before = set_up(project)
    running = subprocess.Popen(
        [sys.executable, "-m", "gitexp", "init", "--yes", "--try"], cwd=project.path,
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    logs = project.path / ".git/gitexp/runs"
    until = time.monotonic() + 30
    while not any(log.stat().st_size for log in logs.glob("*/*/stdout.log")):
        assert time.monotonic() < until
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode == 130
    assert set_up(project) == before
    assert list(logs.iterdir()) == []


def test_a_long_run_stays_the_only_one(ready: World) -> None:
    repository = Repository.discover(ready.path)
    tip = ready.git("rev-parse", "main")
    _, found = settings_at(repository, tip, "")
    with live.watcher() as watcher:
        trial = try_out(repository, "", found, tip, watcher, long=0.0)
    assert (trial.runs, trial.vary) == (1, "seed")
    assert (trial.proposed.repeats, trial.proposed.planned) == ((5,), 5)
    assert "not tested" in trial.reasons[0]


def test_a_project_that_is_set_up_can_be_tried_and_stays_as_it_is(ready: World) -> None:
    before = ready.snapshot()
    out = ready.gitexp("init", "--yes", "--try").out
    assert 'vary = "seed" is kept' in out
    assert "nothing was changed" in out
    ready.write("train.py", EXACT)
    ready.commit("exact")
    out = " ".join(ready.gitexp("init", "--yes", "--try").out.split())
    assert 'the settings on main say vary = "seed", but the trial says "none"' in out
    assert ready.snapshot()[3] != before[3]  # by the commit above alone
    assert ready.git("status", "--porcelain") == ""


def test_a_project_below_is_tried_where_it_lies(project: World) -> None:
    project.write("below/config.toml", "C = 1.0\n")
    project.write("below/train.py", HEAD + "open('config.toml')\n" + NOISY)
    trained_by(project, "sys.exit(1)\n")
    out = project.gitexp("init", "--yes", "--try", cwd=project.path / "below").out
    assert "the seed works" in out


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ((), ["repeats", "planned", "test_ratio"]),
        (("--vary", "seed"), ["repeats", "planned"]),
        (("--vary", "none"), ["planned"]),
    ],
)
def test_what_a_seed_varies_can_be_said(
    project: World, given: tuple[str, ...], lines: list[str]
) -> None:
    trained_by(project, NOISY).gitexp("init", "--yes", *given)
    written = settings(project)
    assert written["vary"] == (given[1] if given else "split")
    assert [line for line in ("repeats", "planned", "test_ratio") if line in written] == lines
