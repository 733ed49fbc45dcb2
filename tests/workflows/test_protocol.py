"""The locked judge: what measures changes only on the baseline, and never unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.arrange import records, settle, trailers
from tests.project import BECAUSE, World, git

if TYPE_CHECKING:
    from pathlib import Path

# The evaluation is a file of its own, and one of the protected files is inert by its name.
JUDGE = "def score(value):\n    return round(value, 6)\n"


@pytest.fixture
def locked(ready: World) -> World:
    """A project whose evaluation is protected; C=10 was confirmed on it."""
    ready.edit("import os\n", "import os\nfrom evaluate import score\n", "train.py")
    ready.edit("{accuracy:.6f}", "{score(accuracy)}", "train.py")
    ready.write("evaluate.py", JUDGE)
    ready.write("data/labels.md", "what the labels mean\n")
    settle(ready, protect=["evaluate.py", "data/"])
    ready.start("--set", "model.C=10")
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    return ready


def test_a_protected_file_that_changed_is_used_after_approval_and_begins_anew(
    locked: World,
) -> None:
    before = locked.git("rev-parse", "main")
    measured = len(records(locked, "main"))
    locked.write("README.md", "An inert file.\n")
    locked.commit("inert")
    locked.gitexp("run", "--baseline")  # its records count, and nobody asks anything
    assert len(records(locked, "main")) == measured == 5
    assert trailers(locked, f"exp/{locked.start('--set', 'model.C=11')}")["Campaign"] == "1"

    locked.write("data/labels.md", "what the labels mean now\n")
    locked.commit("other labels")
    name = locked.start("--set", "model.C=12")
    registered = trailers(locked, f"exp/{name}")
    assert (registered["Campaign"], registered["Level"]) == ("2", "0.005")
    for words in (("run",), ("run", name), ("run", "--baseline"), ("run", name, "--detach")):
        said = locked.gitexp(*words, code=3).err
        assert "protected files differ from what you approved in this clone" in said
        assert "-what the labels mean\n" in said
        assert "+what the labels mean now\n" in said
        assert "-> approve it: gitexp trust\n" in said
    assert "gitexp trust" in locked.gitexp("status").out
    assert records(locked, "main") == []
    shown = locked.gitexp("trust", code=3).out
    assert "+what the labels mean now" in shown
    assert "gitexp.toml" not in shown
    locked.gitexp("trust", "--yes")
    locked.gitexp("run", name)
    # The file is inert by its name, and yet no record was taken over.
    own = {record["commit"] for record in records(locked, "main")}
    assert own == {locked.git("rev-parse", "main")}
    assert before not in own
    assert locked.gitexp("verify", "--json").json["ok"]


def test_an_older_baseline_runs_as_it_was_approved_and_other_clones_ask_for_it(
    locked: World, tmp_path: Path
) -> None:
    old = locked.start("--set", "model.C=11")
    locked.edit("6)", "5)", "evaluate.py")
    locked.commit("coarser scores")
    locked.gitexp("run", old)  # on the evaluation that was approved when it was the baseline's
    git(tmp_path, "clone", "--quiet", str(locked.path), "other")
    other = World(tmp_path / "other")
    other.gitexp("sync")
    assert "+ evaluate.py" in other.gitexp("trust", code=3).out
    other.gitexp("trust", "--yes")
    said = other.gitexp("run", old, code=3).err
    assert "-    return round(value, 5)\n" in said
    assert "+    return round(value, 6)\n" in said
    assert f"-> approve it: gitexp trust {old}\n" in said
    other.gitexp("trust", old, "--yes")
    other.gitexp("run", old)


def test_a_level_that_rests_on_another_protocol_is_refused(locked: World) -> None:
    locked.edit("6)", "5)", "evaluate.py")
    locked.commit("coarser scores")
    name = locked.start("--set", "model.C=12")
    locked.git("switch", "--quiet", f"exp/{name}")
    text = locked.git("log", "-1", "--format=%B")
    again = text.replace("Campaign: 2", "Campaign: 1")
    locked.git("commit", "--quiet", "--amend", "--no-verify", "-m", again)
    locked.gitexp("check")  # another clone may not know that the campaign is closed
    again = again.replace("Level: 0.005", "Level: 0.01")
    locked.git("commit", "--quiet", "--amend", "--no-verify", "-m", again)
    said = locked.gitexp("check", "--json", code=1).json["violations"]
    assert {one["id"] for one in said} == {"T3"}


def test_without_protect_data_changes_unasked_and_settings_open_a_campaign(ready: World) -> None:
    ready.write("data/rows.csv", "1\n")
    settle(ready, data=["data/*.csv"])
    ready.start("--set", "model.C=10")
    ready.gitexp("run")
    ready.write("data/rows.csv", "1\n2\n")
    ready.commit("new data")
    assert trailers(ready, f"exp/{ready.start('--set', 'model.C=11')}")["Campaign"] == "2"
    ready.gitexp("run", "--baseline")
    ready.edit('command = "', 'command = "nice ', "gitexp.toml")
    ready.commit("be nice")
    ready.gitexp("trust", "--yes")
    assert trailers(ready, f"exp/{ready.start('--set', 'model.C=12')}")["Campaign"] == "3"
    settle(ready, protect=["evaluate.py"], planned=30)  # to lock more changes nothing
    assert trailers(ready, f"exp/{ready.start('--set', 'model.C=13')}")["Campaign"] == "3"


def test_a_protected_config_is_refused_wherever_it_is_changed(locked: World) -> None:
    settle(locked, protect=["evaluate.py", "config.toml", "data/"])
    said = locked.gitexp("start", BECAUSE, "--set", "model.C=12", code=1).err
    assert "C16" in said
    locked.git("switch", "--quiet", "--create", "exp/by-hand")
    locked.edit("C = 1.0", "C = 12.0")
    locked.commit("x", verify=False)
    assert "C16" in locked.gitexp("run", "by-hand", code=1).err


def test_the_ladder_the_report_and_verify_name_what_changed_how_results_are_judged(
    locked: World,
) -> None:
    locked.gitexp("goal", "accuracy >= 0.97")
    locked.edit("6)", "5)", "evaluate.py")
    locked.git("config", "user.name", "Eve")
    locked.write("docs/\x01\x02\x03", "")  # what separates commits for whoever is not careful
    locked.commit("coarser \x01 scores \x02 \x03")
    locked.gitexp("goal", "accuracy >= 0.95")
    settle(locked, effect=0.002, planned=10)
    said = [
        "change of protocol: evaluate.py (",
        "goal: accuracy >= 0.97 -> accuracy >= 0.95 (",
        "criterion: accuracy +0.005 -> accuracy +0.002 (",
        "limit of p: 0.005 -> 0.01 (",
    ]
    for words in (("log",), ("log", "--long"), ("report",)):
        shown = " ".join(locked.gitexp(*words).out.split())
        assert all(one in shown for one in said), shown
        assert shown.count("by Eve") == 4
        assert shown.count("UNTESTED") == 0
        assert "Campaign 2 on accuracy: 0 of 10 experiments run, 0 confirmed." in shown
    steps = locked.gitexp("report", "--json").json["steps"]
    assert [step["protocol"] for step in steps] == [[], [], ["evaluate.py"]]
    report = locked.gitexp("verify", "--json").json
    assert report["ok"]
    told = {one["id"]: one["message"] for one in report["information"]}
    assert "by Eve" in told["V23"]
    assert "evaluate.py" in told["V23"]
    found = [one["message"] for one in report["information"] if one["id"] == "V24"]
    assert len(found) == 3
    assert "accuracy >= 0.97 -> accuracy >= 0.95" in found[2]


def test_what_was_asked_for_before_anything_ran_may_change(ready: World) -> None:
    ready.start("--set", "model.C=10")
    ready.gitexp("goal", "accuracy >= 0.97")
    ready.gitexp("goal", "accuracy >= 0.95")
    settle(ready, effect=0.002)
    ready.gitexp("run", ready.start("--set", "model.C=11"))
    assert "->" not in ready.gitexp("log", "--long").out.replace("= 1.0 ->", "")
    assert ready.gitexp("verify", "--json").json["information"] == []


@pytest.mark.slow
def test_a_server_takes_a_change_of_protocol_only_where_its_owner_allows_it(
    locked: World, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "server.git")
    bare = World(tmp_path / "server.git")
    locked.git("remote", "add", "origin", str(bare.path))
    bare.gitexp("init")
    locked.git("push", "--quiet", "--set-upstream", "origin", "main")
    locked.write("README.md", "An inert file.\n")
    locked.commit("inert")
    locked.git("push", "--quiet")
    start = locked.git("rev-parse", "main")
    # A branch that is pushed for the first time is compared with nothing.
    bare.git("config", "gitexp.baseline", "main")
    bare.git("config", "receive.denyDeleteCurrent", "ignore")
    assert "P4" in locked.try_git("push", "origin", ":main").err
    # A change that is taken back within one push is a change all the same.
    locked.edit("6)", "5)", "evaluate.py")
    locked.commit("coarser")
    locked.git("revert", "--no-edit", "HEAD")
    assert "P4" in locked.try_git("push").err
    locked.git("reset", "--quiet", "--hard", start)
    # So is one behind a path that looks like a commit.
    locked.edit("6)", "5)", "evaluate.py")
    locked.write(f"a\x01{start} ", "")
    locked.commit("coarser")
    assert "P4" in locked.try_git("push").err
    locked.git("reset", "--quiet", "--hard", start)
    steps = [
        ("evaluate.py", "6)", "5)", "evaluate.py"),
        ("gitexp.toml", 'metric = "accuracy"', 'metric = "f1"', "metric: "),
        ("gitexp.toml", 'protect = ["evaluate.py", "data/"]', "", "protect: "),
        ("gitexp.toml", "config = [", "config = [[", ""),  # broken, and then mended as f1
    ]
    for file, old, new, said in steps:
        locked.edit(old, new, file)
        locked.commit("a better measure", verify=False)
        pushed = locked.try_git("push")
        if said:
            assert pushed.code == 1
            assert "P4" in pushed.err
            assert f"by Ada Tester is a change of protocol: {said}" in pushed.err
            assert "git config gitexp.allowProtocol true" in pushed.err
            locked.git("reset", "--quiet", "--hard", start)
        else:
            assert pushed.code == 0
    locked.edit("config = [[", "config = [", "gitexp.toml")
    locked.edit('metric = "accuracy"', 'metric = "f1"', "gitexp.toml")
    locked.commit("mended")
    assert "P4" in locked.try_git("push").err
    bare.git("config", "gitexp.allowProtocol", "true")
    locked.git("push", "--quiet")
    # Another branch is nobody's baseline.
    bare.git("config", "gitexp.allowProtocol", "false")
    locked.git("push", "--quiet", "origin", "main:other")
    locked.edit("6)", "4)", "evaluate.py")
    locked.commit("coarser still")
    locked.git("push", "--quiet", "origin", "main:other")


def test_init_proposes_to_protect_committed_files_whose_names_say_that_they_evaluate(
    bare_project: World,
) -> None:
    for name in ("evaluate.py", "src/eval_model.py", "src/metrics.py", "tests/eval.py", "evil.py"):
        bare_project.write(name, "")
    bare_project.write("prepare.py", "")
    bare_project.commit("more files")
    bare_project.write("score.py", "")  # not committed
    (bare_project.path / "prepare.py").unlink()
    said = bare_project.gitexp("init", "--yes", "--metric", "accuracy").out
    assert "protect" in said.partition("Guessed: ")[2]
    settings = bare_project.git("show", "main:gitexp.toml")
    assert 'protect    = ["evaluate.py", "src/eval_model.py", "src/metrics.py"]' in settings
    bare_project.write("prepare.py", "")
    bare_project.gitexp("start", BECAUSE, "--set", "model.C=10")
    bare_project.gitexp("run", "--baseline")  # init has approved them


@pytest.mark.slow
def test_two_clones_agree_on_the_campaign_and_each_approves_for_itself(
    locked: World, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "server.git")
    locked.git("remote", "add", "origin", str(tmp_path / "server.git"))
    locked.git("push", "--quiet", "--set-upstream", "origin", "main")
    locked.gitexp("sync")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "server.git"), "other")
    other = World(tmp_path / "other")
    other.gitexp("init", "--yes")
    other.gitexp("sync")

    locked.edit("6)", "5)", "evaluate.py")
    locked.commit("coarser scores")
    locked.gitexp("trust", "--yes")
    first = locked.start("--set", "model.C=12")
    locked.gitexp("run", first)
    locked.git("push", "--quiet")
    locked.gitexp("sync")

    behind = other.start("--set", "model.C=13")  # it does not know of the change yet
    other.gitexp("run", behind)
    other.git("pull", "--quiet", "--rebase")
    other.gitexp("sync")
    later = other.start("--set", "model.C=14")
    assert trailers(other, f"exp/{behind}")["Campaign"] == "1"
    assert trailers(other, f"exp/{later}")["Campaign"] == "2"
    assert trailers(other, f"exp/{later}")["Level"] == "0.01"  # the first one was confirmed
    assert "-    return round(value, 6)" in other.gitexp("run", later, code=3).err
    other.gitexp("trust", "--yes")
    other.gitexp("run", later)
    other.gitexp("sync")
    locked.gitexp("sync")
    for clone in (locked, other):
        report = clone.gitexp("verify", "--json").json
        assert report["ok"], report["problems"]
        assert [c["taken"] for c in report["campaigns"]] == [2, 2]
        assert "V23" in {one["id"] for one in report["information"]}
    locked.gitexp("accept", first)
    assert "retest" in other.gitexp("accept", behind, code=1).err
