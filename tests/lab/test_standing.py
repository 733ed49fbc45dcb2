"""What the log adds up: the share of gains by kind, what was never decided, what a step cost."""

from __future__ import annotations

from tests.arrange import (
    settle,
    train_with,
)
from tests.project import World

SET = ("--set", "model.C=10")


def test_what_was_never_run_or_never_decided_is_listed(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.start(*SET)
    ready.gitexp("run")
    planned = ready.start("--set", "model.C=11")
    assert [row["name"] for row in ready.gitexp("log", "--open", "--json").json] == [planned]
    out = ready.gitexp("log", "--open").out
    assert planned in out
    assert "Campaign" not in out


def test_a_step_that_adds_a_dependency_says_which_and_what_came_of_it(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.write("requirements.txt", "numpy\n")
    ready.commit("requirements")
    ready.start(*SET)
    ready.gitexp("run")
    ready.write("requirements.txt", "numpy\nshinynet>=1\n")
    ready.commit("Try the new shinynet")
    ready.gitexp("run", "--baseline")
    ready.start("--set", "model.C=11")
    out = ready.gitexp("log", "--long").out
    assert "Try the new shinynet" in out
    assert "adds shinynet; neutral, identical over 1 seed" in out


def test_the_log_ends_with_shares_of_gain_by_kind_and_with_goals(ready: World) -> None:
    train = (
        "import random\n"
        "more = 0.004 * (CONFIG['train']['epochs'] - 20)\n"
        'noise = random.Random(f"{SEED} {CONFIG}").gauss(0, 0.0005)\n'
        "print(f\"accuracy={0.8 + 0.002 * CONFIG['model']['C'] + more + noise:.6f}\")\n"
    )
    train_with(ready, train, repeats=[3], planned=1, error_budget=0.4)
    ready.gitexp("goal", "accuracy >= 0.97")
    for setting in ("model.C=10", "train.epochs=25"):
        ready.start("--set", setting)
        assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    out = ready.gitexp("log").out
    assert "Confirmed gain by kind of change: training 5" in out
    assert "Goal accuracy >= 0.97: at 0.80" in out.splitlines()[-1]
