"""gitexp audit, from a record to what it prints, outside of any repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import World
from tests.test_imports import HEAVY, loaded

HEADER = "commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"
REPEATS = "aaa\t0.9986\t44\tkeep\tbaseline\naaa\t0.9969\t44\tkeep\tbaseline\n"
RESULTS = (
    "aaa\t0.9979\t44\tkeep\tbaseline\n"
    "bbb\t0.9672\t44\tkeep\traise LR\n"
    "ccc\t1.0050\t44\tdiscard\tGeLU\n"
    "ddd\t0.0000\t0\tcrash\ttwice as wide\n"
    "eee\t0.9651\t44\tkeep\twarm\x1b[31mup \u202e\n"
)


@pytest.fixture
def outside(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_record_with_repeats_says_which_wins_stand(outside: World) -> None:
    outside.write("results.tsv", HEADER + REPEATS + RESULTS)
    out = outside.gitexp("audit", "results.tsv", COLUMNS="80").out
    lines = out.splitlines()
    assert "Noise between repeats: sd 0.00085, from 1 repeated configuration (2 df)." in lines
    assert "2 wins: 1 would stand" in out
    assert "     -0.031  stands         raise LR" in lines
    assert "within noise   warm\\x1b[31mup \\u202e" in out
    assert "gitexp init --metric val_bpb --direction lower" in out
    assert "gitexp start --code --repeats 8 " in out  # only commits tell the wins apart
    assert [path.name for path in outside.path.iterdir()] == ["results.tsv"]


def test_a_record_without_repeats_says_what_depends_on_the_noise(outside: World) -> None:
    outside.write("results.tsv", HEADER + RESULTS)
    out = outside.gitexp("audit", "results.tsv").out
    assert "Noise unknown: no configuration was run twice." in out
    assert "2 of 2" in out
    assert "0 of 2" in out
    assert "for seed in 1 2 3" in out


@pytest.mark.parametrize("repeat", ["", "1,0.95,\n"])
def test_many_wins_fit_one_screen(outside: World, repeat: str) -> None:
    name = "a long description of what was tried " * 3
    rows = [f"{n},{1 - 0.01 * n * n},{name}\n" for n in range(1, 40)]
    outside.write("a" * 70 + ".csv", f"lr,validation_loss,name\n{repeat}{''.join(rows)}9,nan,\n")
    lines = outside.gitexp("audit", "a" * 70 + ".csv", COLUMNS="80").out.splitlines()
    assert len(lines) <= 24
    assert max(len(line) for line in lines if "gitexp audit" not in line) <= 80


def test_json_holds_every_figure(outside: World) -> None:
    outside.write("results.tsv", HEADER + REPEATS + RESULTS)
    found = outside.gitexp("audit", "results.tsv", "--json").json
    assert (found["metric"], found["direction"], found["failed"]) == ("val_bpb", "lower", 1)
    assert found["noise"]["df"] == 2
    assert found["best_of"]["tries"] == 3
    assert found["best_of"]["gain"] == pytest.approx(0.8463 * found["noise"]["sd"], rel=1e-3)
    assert [win["standing"] for win in found["wins"]] == ["stands", "within noise"]
    assert [one["pairs"] for one in found["retests"]] == [8]


def test_the_one_parameter_that_a_win_changed_is_what_to_start_with(outside: World) -> None:
    rows = ("0.1,1,0.5", "0.1,2,0.6", "0.2,1,0.62")
    outside.write("sweep.csv", "\n".join(("optim.lr,seed,accuracy", *rows)))
    out = outside.gitexp("audit", "sweep.csv").out
    assert "  +0.070  28 pairs       optim.lr=0.2\n" in out
    assert '  gitexp start --set optim.lr=0.2 --repeats 28 "HYPOTHESIS because REASON"' in out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("loss\n", "holds no runs"),
        ("loss\n1\n", "1 run of 1 configuration with loss: there is nothing to compare"),
        ("commit,loss\na,1\na,2\n", "2 runs of 1 configuration with loss"),
        ("loss\nnan\ninf\n", "no column has the name of a known metric"),
        ("a\x1b[31m,b\n1,2\n", "name it with --metric: 'a\\x1b[31m', b"),
    ],
)
def test_a_record_that_says_nothing_is_refused(outside: World, content: str, says: str) -> None:
    outside.write("r.csv", content)
    assert says in outside.gitexp("audit", "r.csv", code=2).err


def test_extreme_scores_end_in_figures(outside: World) -> None:
    outside.write("r.csv", "lr,loss\n1,1e99\n1,-1e99\n2,-9.9e99\n3,1e308\n4,1e-320\n")
    assert outside.gitexp("audit", "r.csv", "--json").json["failed"] == 1
    outside.write("r.csv", "lr,loss\n1,1e99\n2,1e-320\n3,-1e-99\n4,-1e-98\n")
    assert "Noise unknown" in outside.gitexp("audit", "r.csv").out


def test_a_missing_file_is_named(outside: World) -> None:
    assert "there is no file gone.tsv" in outside.gitexp("audit", "gone.tsv", code=2).err


def test_an_audit_loads_nothing_heavy(outside: World) -> None:
    outside.write("results.tsv", HEADER + RESULTS)
    modules = loaded(outside, "-m", "gitexp", "audit", "results.tsv")
    assert not modules & HEAVY
    assert not any(name.startswith("gitexp.engine") for name in modules)
