from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import coolname
import pytest

from gitexp.lab.projects.experiment_name import new_name
from gitexp.store.experiment_refs import names_taken
from gitexp.store.repository import Repository
from tests.arrange import (
    REGISTERED,
    head_and_index_and_files,
    index_bytes,
    message,
    refs,
    settle,
    show,
    trailers,
    train_with,
)
from tests.project import BECAUSE, World, needs_ssh_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SET = ("--set", "model.C=10")


def refuses_without_a_trace(
    world: World, *words: str, code: int, text: str = BECAUSE, **variables: str
) -> str:
    """Run a start that must be refused and leave everything as it was; returns what it said."""
    before = refs(world), head_and_index_and_files(world)
    ran = world.gitexp("start", text, *words, code=code, **variables)  # type: ignore[arg-type]
    assert (refs(world), head_and_index_and_files(world)) == before
    assert not ran.out
    return ran.err


# --- with --set, from anywhere ------------------------------------------------------------------


def dirty(world: World) -> None:
    world.edit("C = 1.0", "C = 3.0")
    world.edit("0.9 +", "0.8 +", "train.py")


def staged(world: World) -> None:
    dirty(world)
    world.git("add", "--all")
    world.edit("lr = 1e-3", "lr = 2e-3")


def detached(world: World) -> None:
    world.git("switch", "--quiet", "--detach")


def on_another_branch(world: World) -> None:
    world.git("switch", "--quiet", "--create", "feature")
    world.edit("C = 1.0", "C = 3.0")
    world.commit("C on the branch")


def with_untracked_files(world: World) -> None:
    world.write("notes.ipynb", "{}")
    world.write("config.local.toml", "C = 1\n")


def with_a_config_that_does_not_parse(world: World) -> None:
    world.write("config.toml", "[model\n")


def without_the_config(world: World) -> None:
    (world.path / "config.toml").unlink()


def with_broken_settings(world: World) -> None:
    world.write("gitexp.toml", "config = [\n")


def in_the_middle_of_a_merge(world: World) -> None:
    on_another_branch(world)
    world.git("switch", "--quiet", "main")
    world.edit("C = 1.0", "C = 4.0")
    world.commit("C on main")
    assert world.try_git("merge", "feature").code == 1


@pytest.mark.parametrize(
    "arrange",
    [
        dirty,
        staged,
        detached,
        on_another_branch,
        with_untracked_files,
        with_a_config_that_does_not_parse,
        without_the_config,
        with_broken_settings,
        in_the_middle_of_a_merge,
    ],
)
def test_set_leaves_head_index_and_files_alone(
    ready: World, arrange: Callable[[World], None]
) -> None:
    arrange(ready)
    index = index_bytes(ready)
    untouched, before = head_and_index_and_files(ready), refs(ready)
    name = ready.start(*SET)
    assert index_bytes(ready) == index
    after = refs(ready)
    commit = after.pop(f"refs/heads/exp/{name}")
    assert head_and_index_and_files(ready) == untouched
    assert after == before
    assert ready.git("rev-parse", f"{commit}^@") == ready.git("rev-parse", "main")
    assert ready.git("diff-tree", "--name-only", "-r", "main", commit) == "config.toml"
    old = show(ready, "main:config.toml")
    line = re.search(rb"C = ([\d.]+)", old)
    assert line is not None
    assert show(ready, f"{commit}:config.toml") == old.replace(line[0], b"C = 10")


def test_set_works_from_a_subfolder(ready: World) -> None:
    folder = ready.write("deep/er/notes.txt", "").parent
    untouched = head_and_index_and_files(ready)
    name = ready.gitexp("start", BECAUSE, *SET, "--json", cwd=folder).json["name"]
    assert head_and_index_and_files(ready) == untouched
    assert b"C = 10  # strength" in show(ready, f"exp/{name}:config.toml")


def test_set_works_in_a_linked_work_tree(ready: World, tmp_path: Path) -> None:
    ready.git("worktree", "add", "--quiet", "-b", "elsewhere", str(tmp_path / "linked"))
    linked = World(tmp_path / "linked")
    linked.edit("C = 1.0", "C = 7.0")
    untouched = head_and_index_and_files(ready), head_and_index_and_files(linked)
    name = linked.start(*SET)
    assert (head_and_index_and_files(ready), head_and_index_and_files(linked)) == untouched
    assert b"C = 10  # strength" in show(ready, f"exp/{name}:config.toml")


def test_set_works_in_a_bare_repository(ready: World, tmp_path: Path) -> None:
    ready.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    bare = World(tmp_path / "bare.git")
    name = bare.start(*SET)
    assert b"C = 10  # strength" in show(bare, f"exp/{name}:config.toml")
    ran = bare.gitexp("start", BECAUSE, code=3)
    assert "has no work tree" in ran.err


def test_every_other_byte_of_the_config_stays(ready: World) -> None:
    lines = [
        "\ufeff# caf\u00e9 # C = 1.0", '"C = 1.0" = "C = 1.0"', "",
        "[ model ]\t# C = 1.0", "  C\t=\t1.0   # C = 1.0\t ", "text = '''", "C = 1.0", "'''",
        "[[layers]]", "C = 1.0", "[[layers]]", "C = 1.0", "[other]", "C = 1.0",
    ]  # fmt: skip
    content = "\r\n".join(lines).encode()
    ready.git("config", "core.autocrlf", "false")
    ready.write("config.toml", content)
    ready.commit("a config with traps")
    name = ready.start(*SET)
    lines[4] = "  C\t=\t10   # C = 1.0\t "
    assert show(ready, f"exp/{name}:config.toml") == "\r\n".join(lines).encode()
    name = ready.start("--set", "layers[1].C=2e0")
    assert trailers(ready, f"exp/{name}")["Change"] == "config.toml: layers[1].C = 1.0 -> 2.0"


def test_switch_checks_the_experiment_out(ready: World) -> None:
    name = ready.start(*SET, "--switch")
    assert ready.git("branch", "--show-current") == f"exp/{name}"
    assert "C = 10  # strength" in (ready.path / "config.toml").read_text()
    assert ready.git("status", "--porcelain") == ""


def test_switch_that_git_refuses_loses_nothing(ready: World) -> None:
    ready.edit("C = 1.0", "C = 3.0")
    files = head_and_index_and_files(ready)[2]
    ran = ready.gitexp("start", BECAUSE, *SET, "--switch", code=3)
    assert "is registered, but git could not switch to it" in ran.err
    assert head_and_index_and_files(ready)[2] == files
    [ref] = [ref for ref in refs(ready) if ref.startswith("refs/heads/exp/")]
    assert f"git switch {ref.removeprefix('refs/heads/')}" in ran.err


# --- what is registered -------------------------------------------------------------------------


def test_the_message_is_the_registration(ready: World) -> None:
    name = ready.start(*SET)
    text = message(ready, f"exp/{name}")
    assert text.startswith(
        "C raises accuracy because the model underfits: its training accuracy is\n0.93\n\n"
    )
    found = trailers(ready, f"exp/{name}")
    assert list(found) == REGISTERED
    assert found == {
        "Experiment": name,
        "Change": "config.toml: model.C = 1.0 -> 10",
        "Criterion": "accuracy +0.005",
        "Repeats": "5",
        "Seeds": "1-5",
        "Vary": "seed",
        "Campaign": "1",
        "Level": "0.005",
        "Rules": "2",
    }
    assert ready.git("log", "-1", "--format=%an <%ae>", f"exp/{name}") == (
        "Ada Tester <ada@example.org>"
    )


def test_what_was_predicted_is_registered(ready: World) -> None:
    name = ready.start(
        *SET, "--expect", "f1 +2e-2", "--evidence", "gap:at 0.93\nLevel: 0.4", "--gain", "0.01",
        "--chance", "0.3", "--cost", "2h",
    )  # fmt: skip
    found = trailers(ready, f"exp/{name}")
    assert list(found) == [*REGISTERED, "Evidence", "Gain", "Chance", "Cost"]
    assert (found["Criterion"], found["Level"]) == ("f1 +0.02", "0.005")
    assert found["Evidence"] == "gap at 0.93 Level: 0.4"
    assert (found["Gain"], found["Chance"], found["Cost"]) == ("0.01", "0.3", "2h")


def test_looks_and_split_come_from_the_settings(ready: World) -> None:
    settle(ready, repeats=[3, 6, 12], vary="split", test_ratio=0.43, direction="lower", effect=0.02)
    found = trailers(ready, f"exp/{ready.start(*SET)}")
    assert (found["Repeats"], found["Seeds"]) == ("3 6 12", "1-12")
    assert (found["Vary"], found["Criterion"]) == ("split 0.43", "accuracy -0.02")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--expect", "better"),
        ("--expect", "accuracy"),
        ("--expect", "accuracy +nan"),
        ("--expect", "accuracy -0.01"),  # the settings say that higher is better
        ("--gain", "much"),
        ("--gain", "nan"),
        ("--gain", "inf"),
        ("--chance", "1.5"),
        ("--chance", "-0.1"),
        ("--chance", "nan"),
        ("--cost", "cheap"),
        ("--cost", "-5m"),
    ],
)
def test_a_prediction_that_makes_no_sense_is_refused(ready: World, option: str, value: str) -> None:
    said = refuses_without_a_trace(ready, *SET, f"{option}={value}", code=2)
    assert value.lstrip("-") in said


def test_the_first_paragraph_is_the_hypothesis_here_as_in_the_gate(ready: World) -> None:
    text = "C raises accuracy\n\nbecause it underfits"
    said = refuses_without_a_trace(ready, *SET, code=1, text=text)
    assert "C raises accuracy ‹because …›" in said
    name = ready.start(*SET, text=f"{BECAUSE}\n\nOpen: does it hold for other kernels?")
    assert ready.gitexp("check", name, "--json").json["ok"]


def test_a_hypothesis_in_any_script_and_of_many_lines_is_kept(ready: World) -> None:
    text = (
        "C=10 hebt die Genauigkeit, weil das Modell unterfittet 😀\n"
        "因为训练准确率只有 0.93。\n\nMore: see the plot.\n\tIndented.\n\nLevel: 0.4\nCampaign: 9"
    )
    name = ready.start(*SET, text=text)
    assert message(ready, f"exp/{name}").startswith(f"{text}\n\nExperiment: {name}\n")
    assert trailers(ready, f"exp/{name}")["Level"] == "0.005"
    [row] = ready.gitexp("log", "--json").json
    assert row["hypothesis"] == (
        "C=10 hebt die Genauigkeit, weil das Modell unterfittet 😀 因为训练准确率只有 0.93。"
    )
    assert row["trailers"]["Level"] == "0.005"


def test_a_hypothesis_that_is_not_utf8_stops_nothing(ready: World) -> None:
    text = os.fsdecode("C hebt accuracy weil es p\xe4\xdft because it underfits".encode("latin-1"))
    name = ready.start(*SET, text=text)
    for words in (("log",), ("log", "--json"), ("show",), ("check",)):
        ready.gitexp(*words, PYTHONIOENCODING="utf-8:strict")
    assert ready.gitexp("log", "--json").json[0]["name"] == name


def test_fresh_names_are_short_words_and_never_reused(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {ready.start("--set", f"model.C={value}") for value in (2, 3, 4)}
    assert len(names) == 3
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", name) for name in names)
    commit = ready.git("rev-parse", "main")
    ready.git("update-ref", "refs/gitexp/archive/old-heron", commit)
    ready.git("update-ref", "refs/remotes/somewhere/exp/their-otter", commit)
    taken = names_taken(Repository.discover(ready.path))
    assert taken == names | {"old-heron", "their-otter"}
    draws = iter(["old-heron", "their-otter", "Up Per", "a" * 61, "new-lynx"])
    monkeypatch.setattr(coolname, "generate_slug", lambda _words: next(draws))
    assert new_name(taken) == "new-lynx"


def test_names_grow_to_three_words_where_many_are_taken() -> None:
    many = {f"taken-{number}" for number in range(100)}
    assert all(new_name(many).count("-") >= 2 for _ in range(20))
    assert any(new_name(set()).count("-") == 1 for _ in range(20))


def test_starts_at_the_same_moment_are_all_registered(ready: World) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "gitexp", "start", BECAUSE, "--set", f"model.C={value}"],
            cwd=ready.path, stdout=subprocess.DEVNULL,
        )
        for value in (2, 2, 3, 3)
    ]  # fmt: skip
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    rows = ready.gitexp("log", "--json").json
    assert sorted(row["change"]["after"] for row in rows) == [2, 2, 3, 3]
    assert len({row["name"] for row in rows}) == len({row["commit"] for row in rows}) == 4


@pytest.mark.slow
def test_the_level_grows_with_each_confirmation_and_the_next_campaign_starts_anew(
    ready: World,
) -> None:
    settle(ready, repeats=[3], planned=2)  # an error budget of 0.1 over two places: 0.05 each

    def registered(value: int) -> tuple[str, str]:
        found = trailers(ready, f"exp/{ready.start('--set', f'model.C={value}')}")
        return found["Campaign"], found["Level"]

    assert registered(10) == ("1", "0.05")
    assert registered(11) == ("1", "0.05")  # a place is taken at the first record, not by a plan
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    assert registered(12) == ("1", "0.1")
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    assert registered(13) == ("2", "0.05")


def test_twenty_places_share_the_error_budget(ready: World) -> None:
    settle(ready, repeats=[3])
    first = ready.start(*SET)
    ready.gitexp("run", first)
    second = ready.start("--set", "model.C=11")
    assert [trailers(ready, f"exp/{name}")["Level"] for name in (first, second)] == [
        "0.005",
        "0.01",
    ]


@needs_ssh_keys
def test_the_commit_is_signed_where_git_is_told_to_sign(ready: World, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (tmp_path / "signers").write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "gpg.ssh.allowedSignersFile": str(tmp_path / "signers"),
        "commit.gpgSign": "true",
        "log.showSignature": "true",
    }.items():
        ready.git("config", name, value)
    name = ready.start(*SET)
    ready.git("verify-commit", f"exp/{name}")
    assert ready.gitexp("check").code == 0
    assert ready.gitexp("log", "--json").json[0]["name"] == name
    ready.git("config", "user.signingKey", str(tmp_path / "gone"))
    assert "could not sign" in refuses_without_a_trace(ready, *SET, code=3)


# --- without --set ------------------------------------------------------------------------------


def test_an_edit_becomes_the_experiment_and_the_file_is_put_back(ready: World) -> None:
    ready.write("scratch.txt", "mine")
    before = ready.snapshot()
    ready.edit("epochs = 20", "epochs = 40")
    name = ready.start()
    after = ready.snapshot()
    assert after[1:] == before[1:]
    assert after[0].splitlines()[0].endswith(f"refs/heads/exp/{name}")
    assert ready.git("rev-parse", f"exp/{name}^") == ready.git("rev-parse", "main")
    assert trailers(ready, f"exp/{name}")["Change"] == "config.toml: train.epochs = 20 -> 40"
    config = tomllib.loads(show(ready, f"exp/{name}:config.toml").decode())
    assert config["train"]["epochs"] == 40


def test_a_staged_edit_is_taken_and_put_back_too(ready: World) -> None:
    before = ready.snapshot()
    ready.edit("epochs = 20", "epochs = 40")
    ready.git("add", "config.toml")
    ready.start()
    assert ready.snapshot()[1:] == before[1:]


def test_a_new_key_is_added_by_hand(ready: World) -> None:
    ready.edit("kernel = 'rbf'\n", "kernel = 'rbf'\ngamma = 0.1\n")
    name = ready.start()
    assert trailers(ready, f"exp/{name}")["Change"] == "config.toml: model.gamma = (absent) -> 0.1"


def test_an_edit_on_another_branch_is_replayed_on_the_baseline(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "feature")
    ready.edit("lr = 1e-3", "lr = 5e-3")
    ready.commit("the branch's own learning rate")
    ready.edit("C = 1.0", "C = 10")
    name = ready.start()
    assert show(ready, f"exp/{name}:config.toml") == show(ready, "main:config.toml").replace(
        b"C = 1.0", b"C = 10"
    )
    assert ready.git("status", "--porcelain") == ""
    assert "lr = 5e-3" in (ready.path / "config.toml").read_text()


def test_an_edit_that_does_not_fit_the_baseline_changes_nothing(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "feature")
    ready.edit("C = 1.0", "C = 5.0")
    ready.commit("the branch's own C")
    ready.edit("C = 5.0", "C = 10")
    said = refuses_without_a_trace(ready, code=1)
    assert (
        "config.toml: the edit does not apply to the tip of main: both changed the same lines"
        in said
    )
    assert "gitexp start --set model.C=" in said


def test_advice_about_the_file_is_shown_beside_the_registration(ready: World) -> None:
    ready.write("knobs.xyz", "depth 3\nwidth 4\n")
    ready.edit('["config.toml"]', '["config.toml", "knobs.xyz"]', "gitexp.toml")
    ready.commit("a config of another kind")
    ready.edit("depth 3", "depth 5", "knobs.xyz")
    ran = ready.gitexp("start", BECAUSE, "--json")
    assert "C11" in {found["id"] for found in ran.json["advice"]}
    assert ran.json["change"]["after"] == "depth 5"


def test_a_command_that_runs_a_notebook_is_refused_before_anything_is_created(
    ready: World,
) -> None:
    text = (ready.path / "gitexp.toml").read_text()
    ready.write("gitexp.toml", re.sub("(?m)^command.*", 'command = "jupyter run a.ipynb"', text))
    ready.commit("run a notebook")
    assert "N1 ·" in refuses_without_a_trace(ready, "--set", "model.C=10", code=1)


def test_two_edited_lines_are_refused(ready: World) -> None:
    ready.edit("C = 1.0", "C = 10")
    ready.edit("epochs = 20", "epochs = 40")
    said = refuses_without_a_trace(ready, code=1)
    for words in ("C2", "model.C", "train.epochs", "20 -> 40", "gitexp start --set model.C=10"):
        assert words in said


def test_another_edited_file_is_refused(ready: World) -> None:
    ready.edit("C = 1.0", "C = 10")
    ready.edit("0.9 +", "0.8 +", "train.py")
    said = refuses_without_a_trace(ready, code=1)
    assert "C1" in said
    assert "train.py is edited too" in said


def test_one_edit_staged_and_another_in_the_work_tree_are_refused(ready: World) -> None:
    ready.edit("C = 1.0", "C = 10")
    ready.git("add", "config.toml")
    ready.edit("C = 10", "C = 20")
    assert "one edit staged and another in the work tree" in refuses_without_a_trace(ready, code=3)


def test_a_staged_edit_that_the_work_tree_took_back_is_refused(ready: World) -> None:
    ready.edit("C = 1.0", "C = 10")
    ready.git("add", "config.toml")
    ready.edit("C = 10", "C = 1.0")
    assert "one edit staged" in refuses_without_a_trace(ready, code=3)


def test_nothing_edited_is_refused(ready: World) -> None:
    said = refuses_without_a_trace(ready, code=1)
    assert "C10" in said
    assert "gitexp start --set KEY=VALUE" in said


def test_a_config_that_was_deleted_is_no_experiment(ready: World) -> None:
    (ready.path / "config.toml").unlink()
    assert (
        "git restore --source=HEAD --staged --worktree -- :/config.toml"
        in refuses_without_a_trace(ready, code=1)
    )


def test_everything_wrong_is_said_at_once(ready: World) -> None:
    ready.edit("0.9 +", "0.8 +", "train.py")
    said = refuses_without_a_trace(ready, code=1, text="Is C better?")
    for words in ("H1", "H2", "C1"):
        assert words in said


@pytest.mark.parametrize("committed", ["lf", "crlf"])
def test_line_ends_are_as_git_would_commit_them(ready: World, committed: str) -> None:
    if committed == "lf":  # LF in git, CRLF on disk
        ready.git("config", "core.autocrlf", "true")
    else:
        ready.git("config", "core.autocrlf", "false")
        path = ready.path / "config.toml"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        ready.commit("CRLF in git")
    (ready.path / "config.toml").unlink()
    ready.git("checkout", "--", "config.toml")
    assert b"\r\n" in (ready.path / "config.toml").read_bytes()
    files = ready.snapshot()[1:]
    ready.edit("C = 1.0", "C = 10")
    name = ready.start()
    assert ready.snapshot()[1:] == files
    old = show(ready, "main:config.toml")
    assert (b"\r\n" in old) == (committed == "crlf")
    assert show(ready, f"exp/{name}:config.toml") == old.replace(b"C = 1.0", b"C = 10")


def test_an_editor_that_ends_the_line_that_it_edits_makes_no_second_change(ready: World) -> None:
    ready.write("config.toml", "[train]\nepochs = 20\nlr = 1e-3")
    ready.commit("no newline at the end")
    ready.write("config.toml", "[train]\nepochs = 20\nlr = 5e-3\n")
    name = ready.start()
    assert show(ready, f"exp/{name}:config.toml") == b"[train]\nepochs = 20\nlr = 5e-3"
    assert ready.gitexp("check", name).code == 0
    ready.write("config.toml", "[train]\nepochs = 40\nlr = 1e-3\n")
    assert "C5" in refuses_without_a_trace(ready, code=1)
    ready.write("config.toml", "[train]\nepochs = 20\nlr = 1e-3\n")
    assert "C5" in refuses_without_a_trace(ready, code=1)


def test_a_project_in_a_subfolder_ignores_edits_elsewhere_only_with_set(ready: World) -> None:
    ready.write("other/gitexp.toml", (ready.path / "gitexp.toml").read_text())
    ready.write("other/config.toml", "C = 1\n")
    ready.commit("a second project")
    ready.edit("epochs = 20", "epochs = 40")
    folder = ready.path / "other"
    ran = ready.gitexp("start", BECAUSE, "--set", "C=2", "--json", cwd=folder)
    found = trailers(ready, ran.json["branch"])
    assert (found["Project"], found["Change"]) == ("other", "config.toml: C = 1 -> 2")
    assert ready.git("diff-tree", "--name-only", "-r", "main", ran.json["branch"]) == (
        "other/config.toml"
    )
    ready.edit("C = 1\n", "C = 3\n", "other/config.toml")
    assert "C1" in ready.gitexp("start", BECAUSE, code=1, cwd=folder).err


# --- refusals and missing ground ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("model.c=10", 2, "did you mean model.C?"),
        ("c=10", 2, "did you mean model.C?"),
        ("model.D=10", 2, "did you mean model.C, model.kernel?"),
        ("model.C", 2, "has no value"),
        ("=3", 2, "has no key"),
        ("model C=3", 2, "is not a key"),
        ("other.toml:model.C=3", 2, "is not a config file on main"),
        ("model.C=1.0", 1, "model.C is already 1.0 on main"),
        ("model.kernel=rbf", 1, 'model.kernel is already "rbf" on main'),
    ],
)
def test_a_setting_that_cannot_be_made_is_refused_with_the_way_on(
    ready: World, setting: str, code: int, words: str
) -> None:
    assert words in refuses_without_a_trace(ready, "--set", setting, code=code)


def test_a_key_is_typed_by_its_last_names_where_only_one_ends_so(ready: World) -> None:
    ready.write(
        "config.toml",
        "[a.b]\nlr = 1\ndepth = 2\n[c]\ndepth = 3\nsizes = [1, 2]\n[d.rate]\ndefault = 1\n",
    )
    ready.commit("nested")
    for typed in ("lr", "b.lr", "rate", "d.rate"):
        ran = ready.gitexp("start", BECAUSE, "--set", f"{typed}={len(typed)}9")
        assert f"{'default' if 'rate' in typed else 'lr'} = {len(typed)}9" in ran.out
    assert "did you mean a.b.depth, c.depth?" in refuses_without_a_trace(
        ready, "--set", "depth=4", code=2
    )
    err = refuses_without_a_trace(ready, "--set", "sizes[0]=4", code=2)
    assert "did you mean c.sizes?" in err
    err = refuses_without_a_trace(ready, "--set", "c.sizes[0]=4", code=2)
    assert "c.sizes is one value, a list: set it as a whole" in err


def test_a_key_inside_a_list_is_found_for_an_edit_by_hand(ready: World) -> None:
    ready.write("conf.yaml", "defaults:\n  - model: rf\n  - _self_\nlr: 1\n")
    settle(ready, config=["conf.yaml"])
    err = refuses_without_a_trace(ready, "--set", "model=svm", code=2)
    assert "it stands in the list defaults of conf.yaml: edit the line there" in err


def test_a_change_of_type_alone_is_a_change_and_is_shown(ready: World) -> None:
    ran = ready.gitexp("start", BECAUSE, "--set", "model.C=1")
    assert "(float to integer)" in ran.out
    assert "- C = 1.0  # strength" in ran.out
    assert "+ C = 1  # strength" in ran.out


def test_a_question_is_refused_before_anything_is_created(ready: World) -> None:
    assert "H1" in refuses_without_a_trace(ready, *SET, code=1, text="Would C=10 help?")


def test_without_an_identity_nothing_is_created(ready: World) -> None:
    ready.git("config", "user.useConfigOnly", "true")
    said = refuses_without_a_trace(ready, *SET, code=3, GIT_CONFIG_GLOBAL=os.devnull)
    assert "git does not know who you are" in said
    assert 'git config --global user.name "Your Name"' in said


def test_a_baseline_config_that_does_not_parse_is_refused(ready: World) -> None:
    ready.write("config.toml", "[model]\nC = 1.0\nC = 2.0\n")
    ready.commit("broken")
    said = refuses_without_a_trace(ready, *SET, code=1)
    assert "C7" in said
    assert "config.toml on main does not parse" in said


def test_a_missing_config_is_named(ready: World) -> None:
    ready.git("rm", "--quiet", "config.toml")
    ready.git("commit", "--quiet", "-m", "no config")
    assert "config.toml is not on main" in refuses_without_a_trace(ready, *SET, code=3)


def test_a_repository_without_commits_is_told_how_to_begin(tmp_path: Path) -> None:
    empty = World(tmp_path)
    empty.git("init", "--quiet")
    ran = empty.gitexp("start", BECAUSE, *SET, code=3)
    assert "has no commits yet" in ran.err
    assert "git commit" in ran.err


def test_a_project_without_settings_is_told_about_init(ready: World) -> None:
    ready.git("rm", "--quiet", "gitexp.toml")
    ready.git("commit", "--quiet", "-m", "no settings")
    assert "gitexp init" in refuses_without_a_trace(ready, *SET, code=3)


def test_a_branch_called_exp_is_named_as_the_obstacle(ready: World) -> None:
    ready.git("branch", "exp")
    said = refuses_without_a_trace(ready, *SET, code=3)
    assert "a branch called exp exists" in said
    assert "git branch -m exp" in said


def test_the_seed_is_never_the_change(ready: World) -> None:
    train_with(ready, "print('accuracy=0.9')", seed_key="train.epochs")
    assert "C8" in refuses_without_a_trace(ready, "--set", "train.epochs=3", code=1)


def test_started_experiments_differ_though_all_else_is_equal(ready: World) -> None:
    commits = [
        ready.gitexp("start", BECAUSE, *SET, "--json", **{  # type: ignore[arg-type]
            f"GIT_{who}_DATE": "2026-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")
        }).json["commit"]
        for _ in range(2)
    ]  # fmt: skip
    assert all(one != other for one, other in itertools.pairwise(commits))


def test_a_second_set_is_refused_and_never_dropped(ready: World) -> None:
    said = refuses_without_a_trace(ready, *SET, "--set", "train.lr=0.1", code=1)
    assert "2 values are set" in said
    assert "gitexp start --set train.lr=0.1" in said
    assert "gitexp start --preset NAME model.C=10 train.lr=0.1" in said


def test_a_setting_that_no_run_reads_makes_no_plan_stale(ready: World) -> None:
    name = ready.start(*SET)
    ready.edit('metric = "accuracy"', 'metric = "accuracy"\nplanned = 30 # more', "gitexp.toml")
    ready.git("commit", "--quiet", "--all", "--message", "Plan more")
    ready.gitexp("trust", "--yes")
    [row] = ready.gitexp("log", "--json").json
    assert (row["name"], row["state"]) == (name, "planned")
    assert "UNTESTED" not in ready.gitexp("log").out
