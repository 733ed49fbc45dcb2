"""An experiment and its code commit are one, whatever becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import message, seeds_of
from tests.lab.test_code_commits import code, experiment
from tests.project import BECAUSE, World
from tests.team import clone_of, hub_of, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

OTHER = "Longer training helps because it underfits"


def on_code(world: World, text: str = "# a new schedule\n", name: str = "otter") -> tuple[str, str]:
    """Make an experiment on a code commit by hand; returns the two commits."""
    world.git("switch", "--quiet", "--create", f"exp/{name}", "main")
    below = code(world, text=text)
    return below, experiment(world)


def measured(world: World, commit: str, gain: float = 0.02) -> None:
    measure(world, world.git("rev-parse", "main"), 0.9, seeds_of(world, commit))
    measure(world, commit, 0.9 + gain, seeds_of(world, commit))


def accepted(world: World) -> Sequence[str]:
    rows = world.gitexp("log", "--json").json
    return [row["name"] for row in rows if row["state"] == "accepted"]


def test_accepting_merges_the_code_with_the_experiment(ready: World) -> None:
    below, commit = on_code(ready)
    size = {"files": ["train.py"], "added": 1, "removed": 0}
    for command in ("check", "show"):
        shown = ready.gitexp(command, "otter", "--json").json
        assert (shown["code"], shown["code_size"]) == (below, size)
        assert "train.py, +1 -0 lines" in ready.gitexp(command, "otter").out
    ready.git("switch", "--quiet", "--create", "exp/sibling", below)
    ready.edit("epochs = 20", "epochs = 30")
    ready.git("commit", "--quiet", "--all", "-m", OTHER)
    ready.git("switch", "--quiet", "main")
    measured(ready, commit)
    ready.write("README.md", "more\n")
    before = ready.commit("what runs is the same")
    done = ready.gitexp("accept", "otter", "--anyway", "a test", "--json").json
    assert ready.git("rev-list", "--parents", "-1", "main").split()[1:] == [before, commit]
    assert ready.git("diff", "--name-only", before, "main").split() == ["config.toml", "train.py"]
    assert f"{below[:10]}: train.py, +1 -0 lines" in message(ready, "main")
    assert ready.git("status", "--porcelain") == ""
    assert (ready.path / "train.py").read_text().endswith("# a new schedule\n")
    assert accepted(ready) == ["otter"]
    assert "its code: train.py, +1 -0 lines" in ready.gitexp("report").out
    assert ready.gitexp("report", "--json").json["code"] == {below: size}
    assert done["commit"] == ready.gitexp("accept", "otter", "--json").json["commit"]
    # Its sibling stays what it is, and was measured on another baseline.
    ready.gitexp("check", "sibling")
    said = ready.gitexp("accept", "sibling", "--anyway", "a test", code=1).err
    assert "gitexp retest sibling" in said
    # What was reverted is not there any more; accepting again would bring the code, too.
    ready.git("revert", "--no-edit", "-m", "1", "main")
    assert accepted(ready) == []


def test_a_pull_request_brings_the_code_and_its_host_merges_it_in_other_words(
    ready: World,
) -> None:
    below, commit = on_code(ready)
    ready.git("switch", "--quiet", "main")
    measured(ready, commit)
    hub = hub_of(ready)
    done = ready.gitexp("accept", "otter", "--pr", "--anyway", "a test", "--json").json
    assert f"{below[:10]}: train.py, +1 -0 lines" in done["message"]
    assert hub.git("rev-parse", "exp/otter", "exp/otter~").split() == [commit, below]
    # A merge that takes nothing along accepts nothing.
    start = ready.git("rev-parse", "main")
    ready.git("merge", "--quiet", "--strategy=ours", "-m", "Merge pull request", "exp/otter")
    assert accepted(ready) == []
    ready.git("reset", "--quiet", "--hard", start)
    ready.git("merge", "--quiet", "--no-ff", "-m", "Merge pull request", "exp/otter")
    assert accepted(ready) == ["otter"]
    assert "UNTESTED" not in ready.gitexp("log").out
    assert "already accepted" in ready.gitexp("accept", "otter").out
    # Whoever merges what was not confirmed is named.
    found = ready.gitexp("verify", "--json", code=1).json["problems"]
    assert "V8" in {problem["id"] for problem in found}
    ready.git("revert", "--no-edit", "-m", "1", "main")
    assert accepted(ready) == []


def test_a_squash_counts_as_the_experiment_only_with_its_code(ready: World) -> None:
    below, commit = on_code(ready)
    ready.git("switch", "--quiet", "main")
    start = ready.git("rev-parse", "main")
    said = f"Accept exp/otter\n\nAccepted: {commit}\n"
    for words, counts in (
        (["merge", "--quiet", "--squash", "exp/otter"], True),
        (["cherry-pick", "--no-commit", commit], False),
    ):
        ready.git(*words)
        ready.git("commit", "--quiet", "-m", said)
        assert accepted(ready) == ["otter"] * counts
        ready.git("reset", "--quiet", "--hard", start)
    # The buttons of hosting services copy both commits, or the experiment with its code.
    ready.write("README.md", "more\n")
    tip = ready.commit("what runs is the same")
    for picked, counts in ((f"{below} {commit}", True), (commit, False)):
        ready.git("cherry-pick", *picked.split())
        assert accepted(ready) == ["otter"] * counts
        ready.git("reset", "--quiet", "--hard", tip)
    ready.git("merge", "--quiet", "--squash", "exp/otter")
    ready.git("commit", "--quiet", "-m", message(ready, commit))
    assert accepted(ready) == ["otter"]


def test_the_same_switch_on_other_code_is_another_change(ready: World) -> None:
    text = "# a new schedule\n"
    _, commit = on_code(ready, text)
    ready.git("switch", "--quiet", "main")
    measured(ready, commit, -0.02)
    for name, other, refused in (("equal", text, 1), ("other", f"    {text}", 0)):
        on_code(ready, other, name)
        said = ready.gitexp("check", name, "--json", code=refused).json["violations"]
        assert [one["id"] for one in said if one["id"] == "K1"] == ["K1"] * refused
    ready.git("switch", "--quiet", "main")
    ready.gitexp("check", ready.start("--set", "model.C=10"))  # without code, it is another, too


def test_a_retest_carries_the_code_to_the_new_baseline(ready: World) -> None:
    ready.write("model.py", "".join(f"line {n}\n" for n in range(20)))
    ready.commit("a model")
    ready.git("switch", "--quiet", "--create", "exp/otter")
    ready.edit("line 2\n", "line 2, faster\n", "model.py")
    below = code(ready)
    experiment(ready)
    ready.git("switch", "--quiet", "main")
    again = ready.gitexp("retest", "otter", "--json").json["name"]
    assert ready.git("rev-parse", f"exp/{again}~") == below  # the baseline is the same
    ready.edit("line 15\n", "line 15, fixed\n", "model.py")
    ready.edit("epochs = 20", "epochs = 30")
    tip = ready.commit("a fix")
    name = ready.gitexp("retest", "otter", "--json").json["name"]
    carried, base = ready.git("rev-parse", f"exp/{name}~", f"exp/{name}~2").split()
    assert base == tip
    assert ready.git("diff", "--name-only", base, carried).split() == ["model.py", "train.py"]
    text = ready.git("show", f"{carried}:model.py")
    assert "line 2, faster" in text
    assert "line 15, fixed" in text
    assert f"Code: {carried}\nBase: {tip}" in message(ready, f"exp/{name}")
    ready.gitexp("check", name)
    assert "already approved" in ready.gitexp("trust").out
    # Where the baseline has the code, the experiment goes there alone.
    ready.git("merge", "--quiet", "--no-edit", carried)
    alone = ready.gitexp("retest", "otter", "--json").json["name"]
    assert ready.git("rev-parse", f"exp/{alone}~") == ready.git("rev-parse", "main")
    assert "Code:" not in message(ready, f"exp/{alone}")
    # If it was reverted there, it comes again; where both changed a line, the message says which.
    ready.git("revert", "--no-edit", carried)
    name = ready.gitexp("retest", "otter", "--json").json["name"]
    assert "line 2, faster" in ready.git("show", f"exp/{name}:model.py")
    ready.edit("line 2\n", "line two\n", "model.py")
    ready.commit("another edit")
    said = ready.gitexp("retest", "otter", code=1).err
    assert "changed the same lines: model.py (line 3)" in " ".join(said.split())


@pytest.mark.slow
def test_code_travels_with_its_experiment(ready: World) -> None:
    hub = hub_of(ready)
    hub.gitexp("init")
    colleague = clone_of(hub, "colleague")
    colleague.gitexp("init", "--yes")
    below, commit = on_code(ready, "token = 'hunter2-hunter2'\n")
    ready.git("switch", "--quiet", "main")
    said = ready.gitexp("check", "main..exp/otter").out
    assert "do not belong" not in said
    measured(ready, commit, -0.02)
    ready.gitexp("sync", "hub")
    assert hub.git("rev-parse", "exp/otter~") == below
    colleague.gitexp("sync", "team")
    assert colleague.git("rev-parse", "exp/otter~") == below
    row = colleague.gitexp("log", "--json").json[0]
    assert row["code"] == below
    # In the archive, under a branch that was deleted, and after a gc, both are still there.
    colleague.gitexp("archive", "otter")
    colleague.gitexp("sync", "team")
    ready.git("branch", "--quiet", "-D", "exp/otter")
    for one in (ready, colleague, hub):
        one.git("reflog", "expire", "--expire=now", "--all")
        one.git("gc", "--quiet", "--prune=now")
        assert one.git("cat-file", "-t", below) == "commit"
        assert "token" in one.git("show", f"{commit}~:train.py")
    colleague.gitexp("archive", "--restore", "otter")
    colleague.gitexp("check", "otter")
    found = colleague.gitexp("verify", "--json", code=1).json["problems"]
    assert {problem["id"] for problem in found} == {"V15"}  # the records are older, as made here
    redacted = colleague.gitexp("redact", "hunter2-hunter2", "--dry-run", "--json").json
    assert redacted["code"] == ["otter"]
    # A clone without its history says so.
    shallow = clone_of(hub, "shallow", "--depth", "1", "--no-single-branch")
    shallow.gitexp("init", "--yes")
    shallow.git("branch", "exp/otter", "team/exp/otter")
    assert "--unshallow" in shallow.gitexp("check", "otter", code=3).err


@pytest.mark.slow
def test_the_server_refuses_code_that_is_more_than_code(ready: World) -> None:
    ready.write("evaluate.py", "")
    ready.write("gitexp.toml", (ready.path / "gitexp.toml").read_text() + 'protect = ["eval*"]\n')
    ready.commit("protect the evaluation", verify=False)
    hub = hub_of(ready)
    hub.gitexp("init")
    for path, text, rule in (
        ("config.toml", "[more]\nswitch = false\n", "A1"),
        ("evaluate.py", "# kinder\n", "A2"),
    ):
        ready.git("switch", "--quiet", "--force-create", "exp/otter", "main")
        code(ready, path, text)
        experiment(ready)
        assert rule in pushed(ready, "exp/otter"), path
    ready.git("reset", "--quiet", "--hard", "main")
    code(ready)
    code(ready)
    experiment(ready)
    assert "A3" in pushed(ready, "exp/otter")
    # Without its experiment, code is nothing to accept either.
    assert "A4" in pushed(ready, "exp/otter~")
    assert "exp/otter" not in hub.git("for-each-ref")
    ready.git("switch", "--quiet", "main")
    on_code(ready, name="fine")
    ready.git("push", "--quiet", "hub", "exp/fine")


def test_a_push_of_code_and_config_in_one_commit_stops_in_the_clone(ready: World) -> None:
    hub = hub_of(ready)  # its own hook is not installed
    ready.git("switch", "--quiet", "--create", "exp/otter")
    ready.write("train.py", (ready.path / "train.py").read_text() + "# another loss\n")
    ready.edit("C = 1.0", "C = 2.0")
    ready.git("commit", "--quiet", "--all", "--no-verify", "-m", BECAUSE)
    ran = ready.try_git("push", "hub", "exp/otter")
    assert ran.code
    said = " ".join(ran.err.split())
    assert "train.py differs, and only" in said
    assert said.index("gitexp start --code") < said.index("or commit it on main first")
    assert "exp/otter" not in hub.git("for-each-ref")
    # Nothing of it runs here either.
    ran = ready.gitexp("run", "otter", code=1)
    assert "train.py differs, and only" in " ".join(ran.err.split())


def pushed(world: World, revision: str) -> str:
    """Push past the clone's hooks what the server refuses; returns what it said."""
    ran = world.try_git("push", "--no-verify", "hub", f"{revision}:refs/heads/exp/otter")
    assert ran.code
    return ran.err
