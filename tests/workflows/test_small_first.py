"""Small first: what fails on a part of the data ends the experiment before anything full-size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import Record
from gitexp.rules.verdict.small_first import SMALL_SEED, shares_due
from tests.arrange import SCORE, index_bytes, note, records, trailers, train_with

if TYPE_CHECKING:
    from tests.project import World

SET = ("--set", "model.C=10")
SMALL = "small = float(os.environ['GITEXP_SAMPLE']) < 1\n"


def a_run(sample: float = 1.0, **others: Any) -> Record:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "seed": 1, "attempt": 1, "condition": "c", "environment": "e", "metrics": {"accuracy": 0.9},
        "start": "2026-01-01T00:00:00Z", "duration": 100.0, "exit": 0, "sample": sample,
    }  # fmt: skip
    return Record(**(fields | others))


@pytest.mark.parametrize(
    ("tried", "full", "baseline", "due"),
    [
        ([], [], [], (0.1, 0.5)),
        ([], [], [a_run()], (0.1, 0.5)),
        ([a_run(0.1)], [], [a_run()], (0.5,)),
        ([a_run(0.1), a_run(0.5)], [], [a_run()], ()),
        ([a_run(0.1, failure="x", metrics={}), a_run(0.5, metrics={"f1": 1})], [], [], (0.1, 0.5)),
        # Where it was run on all of the data, whatever came of it.
        ([], [a_run(failure="x")], [], ()),
        # Where a full run is short, by the median of those that went well.
        ([], [], [a_run(duration=29), a_run(duration=9), a_run(duration=999)], ()),
        ([], [], [a_run(duration=9, failure="x"), a_run()], (0.1, 0.5)),
    ],
)
def test_samples_are_due_before_the_first_full_run_of_a_long_training(
    tried: list[Record], full: list[Record], baseline: list[Record], due: tuple[float, ...]
) -> None:
    found = shares_due((0.5, 0.1), tried=tried, full=full, baseline=baseline, metric="accuracy")
    assert found == due


def test_seeds_of_samples_are_used_by_no_verdict() -> None:
    assert SMALL_SEED < 100_000


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (
            "if small: raise SystemExit('bad')",
            "ended with exit code 1\n  | bad",
        ),
        ("if small: print('accuracy=nan'); raise SystemExit", "accuracy is nan"),
    ],
)
def test_what_fails_on_the_sample_never_runs_on_all_of_the_data(
    ready: World, fails: str, said: str
) -> None:
    train_with(ready, SMALL + fails + SCORE, sample=[0.1, 0.5])
    name = ready.start(*SET)
    err = ready.gitexp("run", code=4).err
    assert f"exp/{name} on 10 % of the data: " in err
    assert said in err
    assert "nothing was run on all of the data" in err
    [failed] = records(ready, f"exp/{name}")
    assert (failed["purpose"], failed["sample"], failed["seed"]) == ("sample", 0.1, SMALL_SEED)
    assert not records(ready, "main")
    [listed] = ready.gitexp("log", "--json").json
    assert (listed["state"], listed["verdict"]) == ("failed", None)
    shown = ready.gitexp("show", name)
    assert "on 10 % of the data, attempt 1: " in shown.out
    assert ready.gitexp("verify").code == 0
    # It takes no place in the campaign.
    ready.git("switch", "--quiet", "main")
    other = ready.start("--set", "model.C=5")
    assert trailers(ready, f"exp/{other}")["Level"] == trailers(ready, f"exp/{name}")["Level"]


def test_what_passes_on_the_sample_is_judged_by_full_runs_alone(ready: World) -> None:
    train_with(ready, SCORE, sample=0.1, repeats=[3])
    name = ready.start(*SET)
    [line] = ready.gitexp("run", "--smoke", "--quiet").out.splitlines()
    assert line.strip().startswith("10 % of the data: accuracy 0.9")
    small = ready.gitexp("run", "--smoke", "--json").json
    assert small["samples"][0]["sample"] == 0.1
    assert small["verdict"] is None
    done = ready.gitexp("run", "--json").json
    assert done["pairs"] == done["runs"] / 2 == 3
    purposes = [record.get("purpose", "") for record in records(ready, f"exp/{name}")]
    assert (purposes.count(Purpose.SAMPLE), purposes.count("")) == (2, 3)
    assert "on 10 % of the data, attempt 1: accuracy 0.9" in ready.gitexp("show", name).out
    assert len(ready.gitexp("show", name, "--json").json["samples"]) == 2
    assert ready.gitexp("verify").code == 0
    assert "sample" not in note(ready, "gitexp", f"exp/{name}")


def test_a_smoke_run_needs_a_sample(ready: World) -> None:
    ready.start(*SET)
    said = ready.gitexp("run", "--smoke", code=3).err
    assert "settings that have no sample" in said
    assert "sample = 0.1" in said
    assert (
        "--smoke does not take --exit-code"
        in ready.gitexp("run", "--smoke", "--exit-code", code=2).err
    )


def test_the_work_tree_is_tried_as_it_is_and_nothing_is_recorded(ready: World) -> None:
    script = "try: from fresh import score\nexcept ImportError: sys.exit('lacks a file')\n"
    train_with(ready, script + "print(f'accuracy={score}')", sample=[0.1, 0.5])
    failed = ready.gitexp("try", code=4).err
    assert "work tree on 10 % of the data: the command ended with exit code 1" in failed
    assert "lacks a file" in failed
    ready.write("fresh.py", "import os\nscore = float(os.environ['GITEXP_SAMPLE'])")
    ready.write("odd name é.txt", "")
    ready.write("large.bin", bytes(2 << 20))
    ready.edit("C = 1.0", "C = 10")
    ready.git("add", "config.toml")
    ready.edit("epochs = 20", "epochs = 30")
    before, index = ready.snapshot(), index_bytes(ready)
    done = ready.gitexp("try", "--json").json
    assert [(one["sample"], one["value"]) for one in done["samples"]] == [(0.1, 0.1), (0.5, 0.5)]
    assert done["left_out"] == ["large.bin"]
    assert (ready.snapshot(), index_bytes(ready)) == (before, index)
    shown = ready.gitexp("try")
    assert (
        "the work tree works; nothing was recorded\n  10 % of the data: accuracy 0.1" in shown.out
    )
    assert "left out, because git does not track them and they are large: large.bin" in shown.err
    ready.write("gitexp.toml", ready.path.joinpath("gitexp.toml").read_text() + "shell = true\n")
    ready.git("commit", "--quiet", "--message", "another command", "--", "gitexp.toml")
    assert "is not approved in this clone" in ready.gitexp("try", code=3).err
