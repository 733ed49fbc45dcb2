"""Registrations written by hand are held to what `start` would have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import message, seeds_of, settle, trailers
from tests.project import BECAUSE

if TYPE_CHECKING:
    from tests.project import World

SET = ("--set", "model.C=10")


def rewritten(world: World, name: str, old: str, new: str, code: int = 1) -> str:
    """Register the same with another message, with the hooks switched off."""
    text = message(world, f"exp/{name}")
    assert old in text
    world.git("switch", "--quiet", f"exp/{name}")
    world.git("commit", "--quiet", "--amend", "--no-verify", "-m", text.replace(old, new))
    world.git("switch", "--quiet", "main")
    return world.gitexp("check", name, code=code).out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Seeds: {0}-{4}", "Seeds: {1}-{5}", "Seeds begin at {1}, which"),
        ("Seeds: {0}-{4}", "Seeds: 1-5", "write: Seeds: {0}-{4}"),
        ("Seeds: {0}-{4}", "Seeds: {1000}-{1004}", "Seeds begin at {1000}, which"),
        ("Campaign: 1", "Campaign: 2", "Campaign is 2, but campaign 1 on accuracy is open"),
        ("accuracy +0.005", "accuracy +0", "asks for no gain"),
        ("accuracy +0.005", "accuracy +0%", "asks for no gain"),
        ("Rules: 2", f"Rules: 2\nReplicate: gone {'1' * 40}", "is not an experiment here"),
        ("Rules: 2", "Rules: 2\nRetest: gone", "is not an experiment here"),
    ],
)
def test_what_start_would_not_have_written_is_refused(
    drawn: World, old: str, new: str, said: str
) -> None:
    name = drawn.start(*SET)
    start = seeds_of(drawn, f"exp/{name}").start
    old, new, said = (text.format(*range(start, start + 1005)) for text in (old, new, said))
    out = " ".join(rewritten(drawn, name, old, new).split())
    assert "V16" in out
    assert said in out


def test_folds_begin_where_the_settings_say(ready: World) -> None:
    out = rewritten(ready, ready.start(*SET), "Seeds: 1-5", "Seeds: 2-6")
    assert "write: Seeds: 1-5" in out


def test_settings_that_are_a_config_by_a_pattern_leave_the_seeds_where_start_takes_them(
    drawn: World,
) -> None:
    settle(drawn, config=["*.toml"])
    settle(drawn, config=["*.toml"], planned=30)  # no run is another one
    drawn.gitexp("check", drawn.start("--set", "config.toml:model.C=10"))


def test_a_replication_of_another_change_is_refused(ready: World) -> None:
    other = ready.start("--set", "train.epochs=30", text=BECAUSE.replace("C", "epochs"))
    commit = ready.git("rev-parse", f"exp/{other}")
    out = rewritten(ready, ready.start(*SET), "Rules: 2", f"Rules: 2\nReplicate: {other} {commit}")
    assert "V16" in out


def test_what_start_and_retest_write_passes_after_an_acceptance(drawn: World) -> None:
    first = drawn.start(*SET)
    drawn.gitexp("run", first)
    planned = drawn.start("--set", "model.C=3")
    won = seeds_of(drawn, f"exp/{first}")
    assert seeds_of(drawn, f"exp/{planned}") == won
    drawn.gitexp("accept", first)
    drawn.gitexp("check", planned)  # it began before the acceptance
    following = drawn.start("--set", "model.C=20")
    fresh = seeds_of(drawn, f"exp/{following}")
    assert not {*won} & {*fresh}
    old, new = (f"Seeds: {one[0]}-{one[-1]}" for one in (fresh, won))
    assert f"Seeds begin at {won.start}" in rewritten(drawn, following, old, new)
    again = drawn.gitexp("retest", planned, "--json").json["name"]
    drawn.gitexp("check", again)


def test_seeds_stay_as_they_are_where_only_inert_files_changed(drawn: World) -> None:
    first = seeds_of(drawn, f"exp/{drawn.start(*SET)}")
    drawn.write("README.md", "Other words.\n")
    drawn.commit("words")
    settle(drawn, planned=30)
    assert seeds_of(drawn, f"exp/{drawn.start('--set', 'model.C=3')}") == first
    drawn.write("train.py", (drawn.path / "train.py").read_text() + "# another trainer\n")
    drawn.commit("code")
    assert seeds_of(drawn, f"exp/{drawn.start('--set', 'model.C=4')}") != first


def test_the_start_of_any_commit_with_the_same_config_values_passes(drawn: World) -> None:
    def registered(value: int) -> tuple[str, str]:
        name = drawn.start("--set", f"model.C={value}")
        return name, trailers(drawn, f"exp/{name}")["Seeds"]

    drawn.edit("C = 1.0", "C = 1.5")
    drawn.commit("another value")
    _, before = registered(2)
    drawn.edit("# knobs", "# settings")
    drawn.write("train.py", (drawn.path / "train.py").read_text() + "# neutral\n")
    drawn.commit("layout and code")
    name, present = registered(3)
    # Whoever can prove that the last commit is neutral keeps the seeds.
    assert before != present
    assert rewritten(drawn, name, f"Seeds: {present}", f"Seeds: {before}", code=0)
    drawn.edit("lr = 1e-3", "lr = 2e-3")
    drawn.commit("another value again")
    name, last = registered(4)
    assert "V16" in rewritten(drawn, name, f"Seeds: {last}", f"Seeds: {before}")


def test_a_second_test_on_seeds_that_the_change_was_tested_on_is_refused(drawn: World) -> None:
    first = drawn.start(*SET)
    drawn.gitexp("run", first)
    used = trailers(drawn, f"exp/{first}")["Seeds"]
    again = drawn.start(*SET, "--replicate")
    fresh = seeds_of(drawn, f"exp/{again}")
    assert fresh.start == int(used.partition("-")[0]) + 1000
    out = rewritten(drawn, again, f"Seeds: {fresh[0]}-{fresh[-1]}", f"Seeds: {used}")
    assert "on which its change was tested" in out
    assert f"write: Seeds: {fresh[0]}-{fresh[-1]}" in out
    later = f"Seeds: {fresh[0] + 1000}-{fresh[-1] + 1000}"
    out = rewritten(drawn, again, f"Seeds: {used}", later)
    assert "`gitexp start` would not choose" in out


def test_on_folds_nothing_is_tested_twice_before_the_code_has_changed(ready: World) -> None:
    first = ready.start(*SET)
    ready.gitexp("run", first)
    for words in (("retest", first), ("start", BECAUSE, *SET, "--replicate")):
        refused = ready.gitexp(*words, code=1).err
        assert "K6" in refused
        assert "first_seed = 1" in refused
    commit = ready.git("rev-parse", f"exp/{first}")
    ready.git("branch", "exp/second", "main")
    tree = ready.git("rev-parse", f"exp/{first}^{{tree}}")
    text = message(ready, f"exp/{first}").replace(first, "second").rstrip("\n")
    text += f"\nRetest: {first} {commit}\n"
    by_hand = ready.git("commit-tree", tree, "-p", "main", "-m", text)
    ready.git("update-ref", "refs/heads/exp/second", by_hand)
    assert "K6" in ready.gitexp("check", "second", code=1).out
    ready.write("train.py", (ready.path / "train.py").read_text() + "# another trainer\n")
    ready.commit("code")
    again = ready.gitexp("retest", first, "--json").json["name"]
    assert trailers(ready, f"exp/{again}")["Seeds"] == "1-5"


def test_no_gain_at_all_is_not_a_criterion(ready: World) -> None:
    assert "asks for no gain" in ready.gitexp("start", BECAUSE, *SET, "--expect", "accuracy +0",
                                              code=2).err  # fmt: skip
