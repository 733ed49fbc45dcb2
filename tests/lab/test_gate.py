from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.arrange import message, records, refs, show, trailers, train_with
from tests.bench.projects import many_experiments, project
from tests.project import BECAUSE, World, git
from tests.team import measure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TWO_VALUES: Mapping[str, str] = {"C = 1.0": "C = 10", "epochs = 20": "epochs = 40"}


def by_hand(world: World, edits: Mapping[str, str], text: str = BECAUSE) -> None:
    """Commit edits on `exp/by-hand` past every hook."""
    world.git("switch", "--quiet", "--create", "exp/by-hand", "main")
    for old, new in edits.items():
        world.edit(old, new)
    world.commit(text, verify=False)


def rewritten(world: World, name: str, old: str, new: str) -> None:
    """Give an experiment's commit another message, as nobody's hook would let through."""
    text = message(world, f"exp/{name}")
    assert text.count(old) == 1
    commit = world.git(
        "commit-tree", f"exp/{name}^{{tree}}", "-p", f"exp/{name}^", "-m", text.replace(old, new)
    )
    world.git("update-ref", f"refs/heads/exp/{name}", commit)


def violations(world: World, name: str, code: int = 1) -> dict[str, dict[str, Any]]:
    """What check says is wrong, by rule id."""
    report = world.gitexp("check", name, "--json", code=code).json
    assert report["ok"] == (code == 0)
    assert all(
        set(found) == {"id", "message", "file", "line", "hint", "advice"}
        for found in report["violations"] + report["advice"]
    )
    return {found["id"]: found for found in report["violations"]}


def test_a_registered_experiment_passes(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("check", name)
    assert "one change, and it may run" in ran.out
    report = ready.gitexp("check", f"exp/{name}", "--json").json
    assert report["ok"] is True
    assert report["violations"] == []
    assert report["change"] == {
        "file": "config.toml", "key": "model.C", "before": 1.0, "after": 10,
    }  # fmt: skip


def test_check_finds_the_experiment_that_is_checked_out_or_was_started_last(ready: World) -> None:
    assert "which experiment?" in ready.gitexp("check", code=2).err
    first, second = (ready.start("--set", f"model.C={value}") for value in (2, 3))
    assert ready.gitexp("check", "--json").json["name"] == second
    ready.git("switch", "--quiet", f"exp/{first}")
    assert ready.gitexp("check", "--json").json["name"] == first
    assert "no experiment nobody" in ready.gitexp("check", "nobody", code=2).err
    assert "is not a valid experiment name" in ready.gitexp("check", "No Body", code=2).err


def test_everything_wrong_is_found_at_once(ready: World) -> None:
    by_hand(ready, TWO_VALUES, "Would both help?")
    ready.edit("0.9 +", "0.8 +", "train.py")
    ready.write("explore.ipynb", "{}")
    ready.git("add", "--all")
    ready.git("commit", "--quiet", "--amend", "--no-edit", "--no-verify")
    found = violations(ready, "by-hand")
    assert set(found) == {"C1", "C2", "H1", "H2", "N1", "T1"}
    assert found["C1"]["file"] == "train.py"
    assert (found["C2"]["file"], found["C2"]["line"]) == ("config.toml", 3)
    assert "model.C       1.0 -> 10" in found["C2"]["message"]
    assert "gitexp start --set train.epochs=40" in found["C2"]["hint"]
    assert "refused, 6 rules broken" in ready.gitexp("check", "by-hand", code=1).out


def test_the_commands_in_a_refusal_fix_what_is_wrong(ready: World) -> None:
    by_hand(ready, TWO_VALUES)
    ready.git("switch", "--quiet", "main")
    hint = violations(ready, "by-hand")["C2"]["hint"]
    commands = [
        line.strip()
        for line in hint.splitlines()
        if line.strip().startswith("gitexp start --set") and "preset=" not in line
    ]
    assert len(commands) == 2
    for command in commands:
        setting = command.split()[3]
        assert ready.gitexp("check", ready.start("--set", setting)).code == 0


def test_run_executes_nothing_of_a_commit_that_check_refuses(ready: World, tmp_path: Path) -> None:
    proof = tmp_path / "it-ran"
    train_with(ready, f"open({str(proof)!r}, 'a').close()\nprint('accuracy=0.9')\n")
    by_hand(ready, TWO_VALUES)
    before = refs(ready)
    ran = ready.gitexp("run", "by-hand", code=1)
    assert "C2" in ran.err
    assert not proof.exists()
    assert refs(ready) == before
    # The same command does run what one line changes, so that the file would have been there.
    ready.git("switch", "--quiet", "main")
    ready.start("--set", "model.C=10")
    ready.gitexp("run")
    assert proof.exists()


def test_two_commits_ahead_are_not_an_experiment(ready: World) -> None:
    name = ready.start("--set", "model.C=10", "--switch")
    ready.write("README.md", "More words.\n")
    ready.commit("and a README", verify=False)
    assert "2 commits away from main" in violations(ready, name)["B1"]["message"]


def test_a_branch_without_a_commit_of_its_own_is_named_so(ready: World) -> None:
    ready.git("branch", "exp/empty")
    found = violations(ready, "empty")
    assert "no commit of its own" in found["B1"]["message"]
    assert "C1" not in found


def test_a_merge_is_not_an_experiment(ready: World) -> None:
    first = ready.start("--set", "model.C=10", "--switch")
    ready.git("switch", "--quiet", "--create", "exp/merged", "main")
    ready.git("merge", "--quiet", "--no-ff", "--no-verify", "-m", BECAUSE, f"exp/{first}")
    assert "B1" in violations(ready, "merged")


def test_an_experiment_is_not_on_a_baseline_that_was_rewritten(
    ready: World,
) -> None:
    ready.write("README.md", "first\n")
    ready.commit("to be rewritten")
    name = ready.start("--set", "model.C=10")
    ready.git("commit", "--quiet", "--amend", "-m", "rewritten")
    found = violations(ready, name)
    assert f"gitexp retest {name}" in found["B1"]["hint"]
    again = ready.gitexp("retest", name, "--json").json["name"]
    assert ready.gitexp("check", again).code == 0


def test_an_experiment_on_an_older_baseline_still_passes(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.edit("0.9 +", "0.8 +", "train.py")
    ready.commit("a fix on main")
    assert ready.gitexp("check", name).code == 0


def test_histories_without_a_common_commit_are_reported(ready: World) -> None:
    ready.git("switch", "--quiet", "--orphan", "exp/orphan")
    ready.write("config.toml", "[model]\nC = 2\n")
    ready.commit(BECAUSE, verify=False)
    assert "no common commit" in ready.gitexp("check", "orphan", code=3).err


@pytest.mark.parametrize(
    ("old", "new", "rule", "words"),
    [
        ("Level: 0.005\n", "", "T1", "lacks Level"),
        ("1.0 -> 10", "1.0 -> 2", "T2", "the trailer Change says"),
        ("Experiment: ", "Experiment: not-", "T2", "the trailer Experiment says"),
        ("Level: 0.005", "Level: 0.05", "T3", "allows 0.005 (0 confirmed, 20 planned)"),
        ("Campaign: 1", "Campaign: 0", "T4", "Campaign: '0' cannot be read"),
        ("Level: 0.005", "Level: 0.9", "T4", "Level: '0.9' cannot be read"),
        ("Level: 0.005", "Level: nan", "T4", "Level: 'nan' cannot be read"),
        ("Seeds: 1-5", "Seeds: 1-4", "T4", "Seeds and Repeats disagree"),
        ("Repeats: 5", "Repeats: 5 3", "T4", "Repeats: '5 3' cannot be read"),
        ("accuracy +0.005", "better", "T4", "Criterion: 'better' cannot be read"),
        ("Vary: seed", "Vary: luck", "T4", "Vary: 'luck' cannot be read"),
    ],
)
def test_a_registration_that_is_not_true_is_refused(
    ready: World, old: str, new: str, rule: str, words: str
) -> None:
    name = ready.start("--set", "model.C=10")
    rewritten(ready, name, old, new)
    found = violations(ready, name)
    assert set(found) == {rule}
    assert words in found[rule]["message"]
    assert rule in ready.gitexp("run", name, code=1).err


def test_the_key_that_an_early_registration_has_for_an_option_stays_true(ready: World) -> None:
    ready.edit('["config.toml"]', '["config.toml", "train.py"]', "gitexp.toml")
    ready.edit(
        "import os\n",
        "import argparse\nimport os\n\np = argparse.ArgumentParser()\n"
        "p.add_argument('--depth', default=3)\n",
        "train.py",
    )
    ready.commit("an option")
    name = ready.start("--set", "depth=4")
    rewritten(ready, name, "train.py: --depth =", 'train.py: "(p.add_argument)".default =')
    assert ready.gitexp("check", name).code == 0
    rewritten(ready, name, ".default = 3 -> 4", ".default = 3 -> 5")
    assert set(violations(ready, name)) == {"T2"}
    # Once it has a verdict, the change is known under its present key, wherever it stands now.
    rewritten(ready, name, ".default = 3 -> 5", ".default = 3 -> 4")
    measure(ready, ready.git("rev-parse", "main"), 0.9)
    measure(ready, ready.git("rev-parse", f"exp/{name}"), 0.8)
    again = ("start", "again, because luck may have hidden it", "--set", "depth=4")
    assert "K1" in ready.gitexp(*again, code=1).err
    ready.edit(
        "p.add_argument(", "p.add_argument('--first', default=1)\np.add_argument(", "train.py"
    )
    ready.commit("another option")
    assert f"exp/{name} made the same change" in ready.gitexp(*again).out


def test_a_lower_bar_is_another_commit_without_results(ready: World) -> None:
    name = ready.start("--set", "model.C=2")
    assert ready.gitexp("run", "--json").json["verdict"] != "CONFIRMED"
    assert records(ready, f"exp/{name}")
    rewritten(ready, name, "accuracy +0.005", "accuracy +0.0001")
    assert records(ready, f"exp/{name}") == []
    assert ready.gitexp("log", "--json").json[0]["verdict"] is None


def test_a_renamed_branch_is_told_its_registered_name(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.git("branch", "-m", f"exp/{name}", "exp/other")
    found = violations(ready, "other")
    assert set(found) == {"T2"}
    ready.git(*found["T2"]["hint"].split()[1:])
    assert ready.gitexp("check", name).code == 0


def test_what_a_hint_tells_to_paste_executes_nothing_of_a_message(
    ready: World, tmp_path: Path
) -> None:
    name = ready.start("--set", "model.C=10")
    rewritten(ready, name, f"Experiment: {name}", f"Experiment: x; touch {tmp_path}/pasted; $(id)")
    for line in violations(ready, name)["T2"]["hint"].splitlines():
        ready.run("sh", "-c", line)
    assert not (tmp_path / "pasted").exists()


def test_advice_does_not_refuse(ready: World) -> None:
    name = ready.start("--set", "model.C=10", text="use C=10 because everybody uses it")
    report = ready.gitexp("check", name, "--json")
    assert report.json["ok"] is True
    assert report.json["advice"]
    assert "H5 (advice) ·" in ready.gitexp("check", name).out


def test_a_config_without_a_parser_is_compared_by_line_with_advice(ready: World) -> None:
    ready.write("knobs.xyz", "depth 3\nwidth 4\n")
    text = (ready.path / "gitexp.toml").read_text()
    ready.write("gitexp.toml", text.replace('["config.toml"]', '["config.toml", "knobs.xyz"]'))
    ready.commit("a config of another kind")
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("depth 3", "depth 5", "knobs.xyz")
    ready.commit(BECAUSE, verify=False)
    report = ready.gitexp("check", "by-hand", "--json", code=1).json
    assert "C11" in {found["id"] for found in report["advice"]}
    assert "C1" not in {found["id"] for found in report["violations"]}


def test_the_settings_that_count_are_those_of_the_experiments_own_baseline(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.git("mv", "config.toml", "knobs.toml")
    for path in ("train.py", "gitexp.toml"):
        ready.edit("config.toml", "knobs.toml", path)
    ready.commit("the config has another name")
    assert ready.gitexp("check", name, "--json").json["change"]["file"] == "config.toml"


def test_what_a_terminal_would_obey_is_shown_escaped(ready: World) -> None:
    by_hand(
        ready,
        TWO_VALUES,
        "Is \x1b[31mC\x9b0m better?\n\nExperiment: \x1b[31mred\x1b[0m\nChange: \u202etxt",
    )
    ready.git("mv", "README.md", "READ\x1bME.md")
    ready.git("commit", "--quiet", "--amend", "--no-edit", "--no-verify")
    for words in (("check", "by-hand"), ("run", "by-hand"), ("show", "by-hand"), ("log",)):
        ran = ready.gitexp(*words, code=int(words[0] in {"check", "run"}))
        shown = ran.out + ran.err
        assert all(c == "\n" or c.isprintable() for c in shown), ascii(shown)


def test_hand_made_trailers_are_what_git_reads(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("C = 1.0", "C = 10")
    ready.commit(BECAUSE)
    assert ready.gitexp("check", "by-hand").code == 0
    assert trailers(ready, "exp/by-hand")["Change"] == "config.toml: model.C = 1.0 -> 10"
    assert b"C = 10" in show(ready, "exp/by-hand:config.toml")


# --- several at once ------------------------------------------------------------------------------


def test_all_experiments_are_judged_whatever_state_one_of_them_is_in(ready: World) -> None:
    assert ready.gitexp("check", "--all", "--json").json == []
    good = ready.start("--set", "model.C=10")
    ready.git("update-ref", f"refs/remotes/origin/exp/{good}", "main")  # this clone's goes first
    ready.git("update-ref", "refs/remotes/origin/exp/elsewhere", f"exp/{good}")
    assert {r["id"] for r in by_name(ready, code=1)["elsewhere"]["violations"]} == {"T2"}
    by_hand(ready, TWO_VALUES)
    ready.git("update-ref", "refs/gitexp/archive/broken", "exp/by-hand")
    ready.git("switch", "--quiet", "--orphan", "exp/orphan")
    ready.write("config.toml", "[model]\nC = 2\n")
    ready.commit(BECAUSE, verify=False)
    found = by_name(ready, code=1)
    assert {name for name, report in found.items() if report["ok"]} == {good}
    assert found.keys() == {good, "elsewhere", "by-hand", "orphan"}
    assert found[good]["change"]["key"] == "model.C"
    assert [r["id"] for r in found["orphan"]["violations"]] == ["B3"]
    ran = ready.gitexp("check", "--all", code=1)
    assert f"exp/{good}: config.toml: model.C = 1.0 -> 10" in ran.out
    assert ran.out.endswith("\n4 experiments, 3 refused\n")
    assert "not both" in ready.gitexp("check", good, "--all", code=2).err


def by_name(world: World, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """What check says about several experiments, by their names."""
    reports = world.gitexp("check", *(words or ("--all",)), "--json", code=code).json
    for report in reports:
        assert set(report) == {"name", "ok", "change", "code", "code_size", "violations", "advice"}
    return {report["name"]: report for report in reports}


def test_in_a_range_experiments_are_judged_and_other_commits_counted(ready: World) -> None:
    first, second = (ready.start("--set", f"model.C={value}") for value in (2, 3))
    by_hand(ready, TWO_VALUES)
    assert by_name(ready, f"main..exp/{first}").keys() == {first}
    assert by_name(ready, "main..", code=1).keys() == {"by-hand"}  # where HEAD is
    assert by_name(ready, f"exp/{second}...exp/{first}").keys() == {first, second}
    ready.git("switch", "--quiet", "main")
    ready.edit("epochs = 20", "epochs = 30")
    ready.commit("no experiment")
    ready.git("merge", "--quiet", "--no-ff", "-m", "take it in", f"exp/{first}")
    ran = ready.gitexp("check", "main~2..main")
    assert ran.out.endswith(
        "1 experiment, 0 refused; 2 other commits do not belong to an experiment\n"
    )
    for odd in ("main..nowhere", "..--output=x", "-x..y"):
        assert "is not a range of commits" in ready.gitexp("check", "--", odd, code=2).err
    assert not (ready.path / "x").exists()


def test_a_registered_commit_whose_branch_is_missing_is_judged_all_the_same(
    ready: World, tmp_path: Path
) -> None:
    name = ready.start("--set", "model.C=10")
    rewritten(ready, name, "Level: 0.005", "Level: 0.05")
    # As a service checks out what somebody proposes from a fork: no branch has it.
    git(tmp_path, "clone", "--quiet", "--branch=main", "--single-branch", str(ready.path), "ci")
    clone = World(tmp_path / "ci")
    clone.git("fetch", "--quiet", "origin", f"exp/{name}")
    clone.git("switch", "--quiet", "--detach", "FETCH_HEAD")
    found = by_name(clone, "origin/main..", code=1)
    assert [r["id"] for r in found[name]["violations"]] == ["T3"]


def test_hundreds_of_experiments_cost_no_more_git_processes_than_two(tmp_path: Path) -> None:
    counts = []
    for experiments in (2, 501):
        world = project(tmp_path / f"project-{experiments}")
        many_experiments(world, experiments)
        # Refs that changed within the last tick of the clock are listed again; these are older.
        for place in ("packed-refs", "refs/heads/exp", "refs/gitexp/archive", "refs/gitexp/kept"):
            if (path := world.path / ".git" / place).exists():
                os.utime(path, (0, 0))
        world.gitexp("log")  # judges the records, 500 experiments at a time: in two goes
        trace = tmp_path / f"trace-{experiments}"
        ran = world.gitexp("check", "--all", "--json", GIT_TRACE=str(trace))
        assert [report["ok"] for report in ran.json] == [True] * experiments
        counts.append(trace.read_text().count("trace: built-in: git"))
    # Of many notes all are listed at once; of a few, each is looked up.
    assert counts[1] <= counts[0] + 1 < 19


def test_a_branch_from_before_gitexp_is_nobodys_experiment(bare_project: World) -> None:
    bare_project.git("switch", "--quiet", "--create", "exp/old-idea")
    bare_project.write("notes.txt", "x\n")
    bare_project.commit("an old try")
    bare_project.git("switch", "--quiet", "main")
    bare_project.write("train.py", "print('accuracy=0.9')\n")
    bare_project.commit("other work")
    bare_project.gitexp("init", "--yes", "--metric", "accuracy", "--command", "python train.py")
    assert bare_project.gitexp("check", "--all", "--json").json == []
    assert bare_project.gitexp("log", "--json").json == []
    assert "UNTESTED" not in bare_project.gitexp("log").out
    assert "old-idea" not in bare_project.gitexp("status").out
    # Asked for by name, it is checked like any other.
    assert "no gitexp settings" in bare_project.gitexp("check", "old-idea", code=3).err
    # Who goes on there may commit whatever it is.
    bare_project.git("switch", "--quiet", "exp/old-idea")
    bare_project.write("notes.txt", "y\n")
    bare_project.git("add", "notes.txt")
    ran = bare_project.try_git("commit", "--message", "more of it")
    assert (ran.code, "exp/old-idea is from before gitexp" in ran.err) == (0, True)
    assert bare_project.git("log", "-1", "--format=%B") == "more of it"
    bare_project.git("switch", "--quiet", "main")
    # A branch without a registration that stands on settings is an experiment, done badly.
    bare_project.git("switch", "--quiet", "--create", "exp/by-hand")
    bare_project.edit("epochs", "rounds")
    bare_project.git("commit", "--quiet", "--all", "--no-verify", "--message", "by hand")
    [report] = bare_project.gitexp("check", "--all", "--json", code=1).json
    assert report["name"] == "by-hand"
