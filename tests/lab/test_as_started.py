"""Registrations written by hand are held to what `start` would have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import message
from tests.project import BECAUSE

if TYPE_CHECKING:
    from tests.project import World

SET = ("--set", "model.C=10")


def rewritten(world: World, name: str, old: str, new: str) -> str:
    """Register the same with another message, with the hooks switched off."""
    text = message(world, f"exp/{name}")
    assert old in text
    world.git("switch", "--quiet", f"exp/{name}")
    world.git("commit", "--quiet", "--amend", "--no-verify", "-m", text.replace(old, new))
    world.git("switch", "--quiet", "main")
    return world.gitexp("check", name, code=1).out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Seeds: 1-5", "Seeds: 142397-142401", "Seeds begin at 142397"),
        ("Seeds: 1-5", "Seeds: 2-6", "Seeds begin at 2"),
        ("Campaign: 1", "Campaign: 2", "Campaign is 2, but campaign 1 on accuracy is open"),
        ("accuracy +0.005", "accuracy +0", "asks for no gain"),
        ("accuracy +0.005", "accuracy +0%", "asks for no gain"),
        ("Rules: 2", f"Rules: 2\nReplicate: gone {'1' * 40}", "is not an experiment here"),
        ("Rules: 2", "Rules: 2\nRetest: gone", "is not an experiment here"),
    ],
)
def test_what_start_would_not_have_written_is_refused(
    ready: World, old: str, new: str, said: str
) -> None:
    out = " ".join(rewritten(ready, ready.start(*SET), old, new).split())
    assert "V16" in out
    assert said in out


def test_a_replication_of_another_change_is_refused(ready: World) -> None:
    other = ready.start("--set", "train.epochs=30", text=BECAUSE.replace("C", "epochs"))
    commit = ready.git("rev-parse", f"exp/{other}")
    out = rewritten(ready, ready.start(*SET), "Rules: 2", f"Rules: 2\nReplicate: {other} {commit}")
    assert "V16" in out


def test_what_start_and_retest_write_passes_after_an_acceptance(ready: World) -> None:
    first = ready.start(*SET)
    ready.gitexp("run", first)
    planned = ready.start("--set", "model.C=3")
    ready.gitexp("accept", first)
    ready.gitexp("check", planned)  # it began before the acceptance
    following = ready.start("--set", "model.C=20")
    assert "Seeds: 6-10" in message(ready, f"exp/{following}")
    assert "Seeds begin at 1" in rewritten(ready, following, "Seeds: 6-10", "Seeds: 1-5")
    again = ready.gitexp("retest", planned, "--json").json["name"]
    ready.gitexp("check", again)


def test_no_gain_at_all_is_not_a_criterion(ready: World) -> None:
    assert "asks for no gain" in ready.gitexp("start", BECAUSE, *SET, "--expect", "accuracy +0",
                                              code=2).err  # fmt: skip
