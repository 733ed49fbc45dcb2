"""What is settled: written down, refused at the next start, and read from any branch."""

from __future__ import annotations

import pytest

from tests.arrange import (
    head_and_index_and_files,
    records,
    settle,
    trailers,
)
from tests.project import World
from tests.team import an_experiment, measured_experiment

SET = ("--set", "model.C=10")


WHY = "C helps because the model underfits"


def test_a_settled_key_is_refused_unless_despite_says_why(ready: World) -> None:
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "team, 2025")
    [entry] = ready.gitexp("known", "--json").json
    assert (entry["claim"], entry["key"], entry["source"]) == (
        "C is tuned",
        "model.C",
        "team, 2025",
    )
    assert "C is tuned" in ready.gitexp("known").out
    before = ready.snapshot()
    ran = ready.gitexp("start", WHY, *SET, code=1)
    assert "K3" in ran.err
    assert "C is tuned" in ran.err
    assert ready.snapshot() == before
    name = ready.start(*SET, "--despite", "the data\nhas doubled")
    assert trailers(ready, f"exp/{name}")["Despite"] == "the data has doubled"
    assert ready.gitexp("check", name).code == 0
    ready.start("--set", "train.epochs=30", text="epochs 30 helps because it underfits")


def test_a_claim_may_hold_for_one_value_only(ready: World) -> None:
    ready.gitexp(
        "known", "add", "poly loses", "--key", "model.kernel", "--value", "poly", "--source", "x"
    )
    assert "K3" in ready.gitexp("start", WHY, "--set", "model.kernel=poly", code=1).err
    ready.start("--set", "model.kernel=linear", text=WHY)


@pytest.mark.parametrize("value", ["10", "10.0", "1e1"])
def test_a_number_is_settled_however_it_is_spelled(ready: World, value: str) -> None:
    ready.gitexp(
        "known", "add", "C is tuned", "--key", "model.C", "--value", value, "--source", "x"
    )
    assert "K3" in ready.gitexp("start", WHY, "--set", "model.C=10", code=1).err
    assert "K3" in ready.gitexp("start", WHY, "--set", "model.C=10.0", code=1).err
    ready.start("--set", "model.C=11", text=WHY)


def test_what_a_terminal_obeys_is_no_claim(ready: World) -> None:
    before = ready.snapshot()
    claim = ("known", "add", "red \x1b[31m", "--key", "model.C", "--source", "x")
    assert "acts on instead of showing" in ready.gitexp(*claim, code=2).err
    assert ready.snapshot() == before
    ready.write("KNOWN.toml", '[[known]]\nclaim = "\\u202e"\nkey = "model.C"\nsource = "x"\n')
    ready.commit("by hand")
    assert ready.gitexp("known", "--json").out.isascii()


def test_a_list_of_claims_that_is_too_long_is_not_taken_for_none(ready: World) -> None:
    ready.write("KNOWN.toml", "#" * 1_000_001)
    ready.commit("huge")
    assert "was not read" in ready.gitexp("start", WHY, *SET, code=3).err


def test_a_commit_by_hand_against_what_is_settled_does_not_run(ready: World) -> None:
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("C = 1.0", "C = 10")
    ready.commit(WHY)
    assert "K3" in ready.gitexp("run", code=1).err
    assert records(ready, "exp/by-hand") == []


def test_writing_down_a_claim_costs_no_baseline_run(ready: World) -> None:
    settle(ready, repeats=[3])
    ready.gitexp("run", "--baseline")
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    ready.gitexp("goal", "accuracy >= 0.99")
    ready.start("--set", "train.epochs=30", text="epochs 30 helps because it underfits")
    assert ready.gitexp("run", "--json").json["runs"] == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[known", "does not parse"),
        ("[[known]]\nclaim = 'x'\n", "needs claim, key and source"),
        ("known = 3\n", "needs claim, key and source"),
    ],
)
def test_a_broken_list_of_claims_is_named(ready: World, content: str, words: str) -> None:
    ready.write("KNOWN.toml", content)
    ready.commit("broken")
    assert words in ready.gitexp("start", WHY, *SET, code=3).err


def test_an_edited_list_is_left_alone(ready: World) -> None:
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    ready.write("KNOWN.toml", "# mine\n")
    before = head_and_index_and_files(ready)
    ran = ready.gitexp("known", "add", "more", "--key", "model.C", "--source", "x", code=3)
    assert "has uncommitted edits" in ran.err
    assert head_and_index_and_files(ready) == before


def test_claims_are_written_from_any_branch(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "elsewhere")
    before = head_and_index_and_files(ready)
    ready.gitexp("known", "add", "C is tuned", "--key", "model.C", "--source", "x")
    assert head_and_index_and_files(ready) == before
    assert "C is tuned" in ready.git("show", "main:KNOWN.toml")


def test_a_verdict_becomes_known_once(ready: World) -> None:
    commit = measured_experiment(ready, "brave-otter", accuracy=0.9)
    ready.gitexp("known", "add", "--from", "brave-otter")
    [known] = ready.gitexp("known", "--json").json
    assert known["claim"].startswith("model.C 1.0 -> 10 was ruled out: accuracy +0, ")
    assert known["claim"].endswith("5 pairs")
    assert (known["key"], known["value"], known["source"]) == (
        "model.C", "10", f"exp/brave-otter ({commit[:10]})",
    )  # fmt: skip
    ready.write("train.py", (ready.path / "train.py").read_text() + "# moved on\n")
    ready.commit("another baseline, which the verdict is not about")
    assert "K3" in ready.gitexp("start", WHY, *SET, code=1).err
    tip = ready.git("rev-parse", "main")
    assert "already says:" in ready.gitexp("known", "add", "--from", "brave-otter").out
    assert ready.git("rev-parse", "main") == tip


def test_what_settled_nothing_does_not_become_known(ready: World) -> None:
    an_experiment(ready, "calm-heron")
    before = ready.snapshot()
    for words, code, said in (
        (("--from", "calm-heron"), 1, "exp/calm-heron is not decided yet"),
        (("--from", "nobody"), 2, "there is no experiment nobody"),
        (("a claim", "--from", "calm-heron"), 2, "--from takes claim, key, value and source"),
        (("a claim",), 2, "a claim needs a text, a --key and a --source"),
    ):
        assert said in ready.gitexp("known", "add", *words, code=code).err
    assert ready.snapshot() == before
