"""The hooks as git runs them: what may be committed, run and pushed on exp/*, and nowhere else."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.arrange import message, trailers
from tests.project import World, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project import Ran

BECAUSE = "C raises accuracy because the model underfits"
TOKENS = [
    "Experiment", "Change", "Criterion", "Repeats", "Seeds", "Vary", "Campaign", "Level",
    "Rules",
]  # fmt: skip


@pytest.fixture
def hand(ready: World) -> World:
    """A project on `exp/by-hand`, where somebody is about to commit with git alone."""
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    return ready


def one_value(world: World) -> None:
    world.edit("C = 1.0", "C = 10")


def two_values(world: World) -> None:
    one_value(world)
    world.edit("epochs = 20", "epochs = 40")


def refused(world: World, *words: str, **variables: str) -> Ran:
    """Run a git command that a rule must stop, and that must leave everything as it was."""
    before = world.snapshot()
    ran = world.try_git(*words, **variables)
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    assert world.snapshot() == before
    return ran


def declare_unparsed(world: World) -> None:
    """Declare a config on the baseline that no parser reads."""
    world.write("knobs.xyz", "depth 3\nwidth 4\n")
    world.edit('["config.toml"]', '["config.toml", "knobs.xyz"]', "gitexp.toml")
    world.commit("a config of another kind")
    world.gitexp("trust", "--yes")


def editor(world: World, text: str) -> str:
    """An editor that writes a text above what git proposes."""
    script = world.path / ".git" / "editor"
    script.write_text(
        f'#!/bin/sh\n{{ printf %s {shlex.quote(text)}; cat "$1"; }} > "$1.new"\n'
        'cp "$1" "$1.seen"; mv "$1.new" "$1"\n'
    )
    script.chmod(0o755)
    return shlex.quote(str(script))


# --- what is committed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("C = 1.0  # strength\n", "C = 10  # strength\n\n"),  # C3
        ("C = 1.0  # strength\n", "C = 10  # strength\r\n"),  # C5
        ("# strength", "# regularisation"),  # C4
        ("C = 1.0", "C = 10\nepochs = 40"),  # C2
    ],
)
def test_what_a_refusal_tells_to_type_can_be_pasted(before: str, after: str, hand: World) -> None:
    hand.edit(before, after)
    said = refused(hand, "commit", "-am", BECAUSE).err
    commands = re.findall(r"(?:git checkout|gitexp start) .*", said)
    assert commands
    for command in commands:
        ran = hand.run("sh", "-c", command.replace("HYPOTHESIS", BECAUSE))
        assert ran.code == 0, (command, ran)
    if any(command.startswith("git checkout") for command in commands):
        assert hand.git("status", "--porcelain") == ""


def test_one_value_with_its_reason_becomes_a_registration(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    found = trailers(hand, "HEAD")
    assert list(found) == TOKENS
    assert found["Experiment"] == "by-hand"
    assert found["Change"] == "config.toml: model.C = 1.0 -> 10"
    assert (found["Criterion"], found["Repeats"], found["Seeds"]) == ("accuracy +0.005", "5", "1-5")
    assert hand.gitexp("check", "--json").json["ok"] is True
    assert hand.gitexp("run", "--json").json["verdict"] == "CONFIRMED"


def test_two_values_are_refused_with_what_differs_and_the_way_on(hand: World) -> None:
    two_values(hand)
    ran = refused(hand, "commit", "-am", BECAUSE)
    for words in ("C2 ·", "model.C", "1.0 -> 10", "train.epochs", "20 -> 40"):
        assert words in ran.err
    assert "gitexp start --set model.C=10" in ran.err
    assert "gitexp start --set train.epochs=40" in ran.err


def test_a_question_is_refused(hand: World) -> None:
    one_value(hand)
    ran = refused(hand, "commit", "-am", "Does C raise accuracy because it underfits?")
    assert "H1 ·" in ran.err


def test_a_missing_reason_is_refused(hand: World) -> None:
    one_value(hand)
    ran = refused(hand, "commit", "-am", "C raises accuracy")
    assert "H2 ·" in ran.err
    assert "the reason is missing" in ran.err


def test_advice_about_a_message_is_shown_and_refuses_nothing(hand: World) -> None:
    one_value(hand)
    ran = hand.try_git("commit", "-am", "use C=10 because everybody uses it")
    assert ran.code == 0, ran
    assert "gitexp: advice, nothing is refused" in ran.err
    assert "H5 (advice) ·" in ran.err
    assert trailers(hand, "HEAD")["Change"] == "config.toml: model.C = 1.0 -> 10"


def test_advice_about_a_file_is_shown_once_and_refuses_nothing(ready: World) -> None:
    declare_unparsed(ready)
    ready.git("switch", "--quiet", "--create", "exp/by-hand")
    ready.edit("depth 3", "depth 5", "knobs.xyz")
    ran = ready.try_git("commit", "-am", BECAUSE)
    assert ran.code == 0, ran
    assert ran.err.count("C11 (advice) ·") == 1
    assert trailers(ready, "HEAD")["Change"] == 'knobs.xyz: line 1 = "depth 3" -> "depth 5"'


def test_advice_is_shown_before_a_training_run(ready: World) -> None:
    declare_unparsed(ready)
    ready.edit("depth 3", "depth 5", "knobs.xyz")
    ready.gitexp("start", "--switch", BECAUSE)
    ran = ready.pre_run()
    assert ran.code == 0, ran
    assert "C11 (advice) ·" in ran.err


def test_characters_that_a_terminal_acts_on_are_refused_in_a_message(hand: World) -> None:
    one_value(hand)
    for said, rule in (
        (BECAUSE.replace("accuracy", "\x1b[8maccuracy"), "H6 ·"),
        (f"{BECAUSE}\n\nEvidence: \u202egap", "T4 ·"),
    ):
        ran = refused(hand, "commit", "-am", said)
        assert rule in ran.err
        assert ran.err.replace("\n", "").isprintable()


def test_a_notebook_is_refused(hand: World) -> None:
    one_value(hand)
    hand.write("explore.ipynb", "{}")
    hand.git("add", "--all")
    ran = refused(hand, "commit", "-m", BECAUSE)
    assert "N1 ·" in ran.err
    assert "jupyter nbconvert --to script explore.ipynb" in ran.err


@pytest.mark.parametrize("name", ["train.py", "new.py", "README.md"])
def test_another_file_is_refused(name: str, hand: World) -> None:
    one_value(hand)
    hand.write(name, "print('x')\n")
    hand.git("add", "--all")
    ran = refused(hand, "commit", "-m", BECAUSE)
    assert "C1 ·" in ran.err
    assert name in ran.err


def test_a_removed_file_and_a_mode_bit_are_refused(hand: World) -> None:
    hand.git("rm", "--quiet", "README.md")
    hand.git("update-index", "--chmod=+x", "config.toml")
    ran = refused(hand, "commit", "-m", BECAUSE)
    assert "README.md was removed" in ran.err
    assert "C6 ·" in ran.err


def test_everything_that_is_wrong_with_the_files_is_said_at_once(hand: World) -> None:
    two_values(hand)
    hand.write("explore.ipynb", "{}")
    hand.write("new.py", "x = 1\n")
    hand.git("add", "--all")
    ran = refused(hand, "commit", "-m", BECAUSE)
    for rule in ("C1 ·", "C2 ·", "N1 ·"):
        assert rule in ran.err


def test_an_empty_commit_is_not_an_experiment(hand: World) -> None:
    ran = refused(hand, "commit", "--allow-empty", "-m", BECAUSE)
    assert "C10 ·" in ran.err


def test_a_setting_that_hides_differences_hides_nothing_here(hand: World) -> None:
    two_values(hand)
    hand.git("config", "diff.external", "true")
    hand.git("config", "diff.ignoreSubmodules", "all")
    assert "C2 ·" in refused(hand, "commit", "-am", BECAUSE).err


def test_a_branch_whose_name_cannot_be_an_experiments_is_refused(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/Team_A/otter")
    one_value(ready)
    ran = ready.try_git("commit", "-am", BECAUSE)
    assert ran.code == 1  # git's own code for a hook that ended in 2
    assert "is not a valid experiment name" in ran.err


@pytest.mark.parametrize("branch", ["main", "feature", "experiment/x", "exp-x", "topic/exp/x"])
def test_other_branches_are_left_alone(branch: str, ready: World) -> None:
    if branch != "main":
        ready.git("switch", "--quiet", "--create", branch)
    two_values(ready)
    ready.write("explore.ipynb", "{}")
    ready.git("add", "--all")
    ready.git("commit", "--quiet", "-m", "what if?")
    assert message(ready, "HEAD") == "what if?"


def test_a_detached_head_is_left_alone(hand: World) -> None:
    hand.git("switch", "--quiet", "--detach")
    two_values(hand)
    hand.git("commit", "--quiet", "-am", "what if?")


def test_an_unborn_branch_under_exp_ends_in_words(hand: World) -> None:
    hand.git("switch", "--quiet", "--orphan", "exp/orphan")
    hand.write("config.toml", "[model]\nC = 10\n")
    hand.git("add", "--all")
    ran = hand.try_git("commit", "-m", BECAUSE)
    assert ran.code == 1
    assert "gitexp: " in ran.err
    assert "Traceback" not in ran.err


def test_a_branch_without_a_common_commit_is_told_how_to_begin(hand: World) -> None:
    hand.git("switch", "--quiet", "--orphan", "other")
    hand.git("commit", "--quiet", "--allow-empty", "-m", "another root")
    hand.git("switch", "--quiet", "--create", "exp/apart")
    ran = hand.try_git("commit", "--allow-empty", "-m", BECAUSE)
    assert ran.code == 1
    assert "no common commit" in ran.err
    assert "git switch --create exp/NAME main" in ran.err


# --- every way to commit -------------------------------------------------------------------------


def test_commit_all_shows_the_hook_what_it_is_about_to_commit(hand: World) -> None:
    one_value(hand)
    hand.git("add", "config.toml")
    hand.edit("epochs = 20", "epochs = 40")
    assert "C2 ·" in refused(hand, "commit", "-am", BECAUSE).err
    # The index alone holds one value, and that is what this commits.
    hand.git("commit", "--quiet", "-m", BECAUSE)
    assert trailers(hand, "HEAD")["Change"] == "config.toml: model.C = 1.0 -> 10"


def test_a_partial_commit_is_judged_by_what_it_takes(hand: World) -> None:
    one_value(hand)
    hand.write("train.py", "print('edited')\n")
    hand.git("add", "--all")
    hand.git("commit", "--quiet", "-m", BECAUSE, "--", "config.toml")
    assert hand.git("diff-tree", "--name-only", "-r", "--no-commit-id", "HEAD") == "config.toml"
    assert hand.git("diff", "--cached", "--name-only") == "train.py"
    assert trailers(hand, "HEAD")["Experiment"] == "by-hand"


def test_a_partial_commit_of_two_values_is_refused(hand: World) -> None:
    one_value(hand)
    hand.git("add", "config.toml")
    hand.edit("epochs = 20", "epochs = 40")
    assert "C2 ·" in refused(hand, "commit", "-m", BECAUSE, "--", "config.toml").err


def test_an_index_that_the_caller_names_is_the_one_that_is_judged(hand: World) -> None:
    one_value(hand)
    hand.git("add", "config.toml")
    hand.edit("epochs = 20", "epochs = 40")
    index = str(hand.path / ".git" / "another index")
    for words in (("read-tree", "HEAD"), ("add", "config.toml")):
        assert hand.try_git(*words, GIT_INDEX_FILE=index).code == 0
    assert "C2 ·" in refused(hand, "commit", "-m", BECAUSE, GIT_INDEX_FILE=index).err
    hand.git("commit", "--quiet", "-m", BECAUSE)


def test_an_amend_that_adds_a_second_value_is_refused(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    hand.edit("epochs = 20", "epochs = 40")
    assert "C2 ·" in refused(hand, "commit", "-a", "--amend", "--no-edit").err


def test_a_second_commit_is_held_against_the_baseline_and_not_against_the_first(
    hand: World,
) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    hand.edit("epochs = 20", "epochs = 40")
    assert "C2 ·" in refused(hand, "commit", "-am", "epochs help because of this").err


def test_a_baseline_that_moved_on_changes_nothing_for_an_amend(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    hand.git("switch", "--quiet", "main")
    hand.edit("epochs = 20", "epochs = 30")
    hand.commit("another value on the baseline")
    hand.git("switch", "--quiet", "exp/by-hand")
    hand.git("commit", "--quiet", "--amend", "--no-edit")
    assert trailers(hand, "HEAD")["Change"] == "config.toml: model.C = 1.0 -> 10"


def test_an_amend_keeps_the_trailers_as_they_are(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", f"{BECAUSE}\n\nRepeats: 3\nEvidence: gap train 0.93")
    before = message(hand, "HEAD")
    assert "Seeds: 1-3" in before
    hand.git("commit", "--quiet", "--amend", "--no-edit", "--reset-author")
    assert message(hand, "HEAD") == before
    assert hand.gitexp("check", "--json").json["ok"] is True


def test_an_amend_to_another_value_corrects_the_change_alone(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    before = message(hand, "HEAD")
    hand.edit("C = 10", "C = 100")
    hand.git("commit", "--quiet", "-a", "--amend", "--no-edit")
    assert message(hand, "HEAD") == before.replace("1.0 -> 10", "1.0 -> 100")


def test_a_renamed_branch_corrects_its_name_at_the_next_amend(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    hand.git("branch", "--move", "exp/another-name")
    hand.git("commit", "--quiet", "--amend", "--no-edit")
    assert trailers(hand, "HEAD")["Experiment"] == "another-name"


# --- messages ------------------------------------------------------------------------------------


def test_what_the_author_wrote_stays(hand: World) -> None:
    one_value(hand)
    text = (
        f"{BECAUSE}\n\nMore about it,\nin two lines.\n\n---\nbelow a line of dashes\n\n"
        "Criterion: rmse -0.5\nRepeats: 3 6\nSigned-off-by: Ada <ada@example.org>"
    )
    hand.git("commit", "--quiet", "-am", text)
    assert message(hand, "HEAD").startswith(text)
    out = hand.git("log", "-1", "--format=%(trailers:only,unfold)")
    found = dict(line.split(": ", 1) for line in out.splitlines())
    assert (found["Criterion"], found["Repeats"], found["Seeds"]) == ("rmse -0.5", "3 6", "1-6")
    assert set(found) == {*TOKENS, "Signed-off-by"}


def test_a_signed_off_commit_is_filled_in_too(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "--signoff", "-am", BECAUSE)
    assert set(trailers(hand, "HEAD")) == {*TOKENS, "Signed-off-by"}
    assert hand.gitexp("check", "--json").json["ok"] is True


def test_a_sign_off_among_other_text_stays_text(hand: World) -> None:
    one_value(hand)
    text = f"{BECAUSE}\n\nSee also the other one.\nSigned-off-by: Ada <ada@example.org>"
    hand.git("commit", "--quiet", "-am", text)
    assert message(hand, "HEAD").startswith(f"{text}\n\nExperiment: by-hand\n")
    assert list(trailers(hand, "HEAD")) == TOKENS
    assert hand.gitexp("check", "--json").json["ok"] is True


def test_settings_for_trailers_do_not_keep_ours_out(hand: World) -> None:
    for key, value in {
        "trailer.separators": "=#", "trailer.ifmissing": "doNothing", "trailer.where": "start",
        "trailer.ifexists": "add",
    }.items():  # fmt: skip
        hand.git("config", key, value)
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    hand.git("commit", "--quiet", "--amend", "--no-edit")
    written = message(hand, "HEAD").splitlines()[2:]
    assert [line.partition(": ")[0] for line in written] == TOKENS


def test_a_criterion_that_cannot_be_read_is_named(hand: World) -> None:
    one_value(hand)
    ran = hand.try_git("commit", "-am", f"{BECAUSE}\n\nCriterion: better")
    assert ran.code == 1
    assert "'better' is not a criterion" in ran.err


@pytest.mark.parametrize("mark", ["#", ";"])
@pytest.mark.parametrize("verbose", [(), ("--verbose",)])
def test_comments_and_the_diff_in_an_editor_are_not_part_of_the_message(
    mark: str, verbose: tuple[str, ...], hand: World
) -> None:
    one_value(hand)
    hand.git("config", "core.commentChar", mark)
    text = f"{mark} a comment above?\n{BECAUSE}\n{mark} and one below?\n\nRepeats: 3\n"
    hand.git("-c", f"core.editor={editor(hand, text)}", "commit", "--quiet", "-a", *verbose)
    assert (f"{mark} " in (hand.path / ".git" / "COMMIT_EDITMSG.seen").read_text()) is True
    assert message(hand, "HEAD").startswith(f"{BECAUSE}\n\nRepeats: 3\nExperiment: by-hand\n")
    assert set(trailers(hand, "HEAD")) == set(TOKENS)


def test_a_comment_mark_of_the_command_line_counts(hand: World) -> None:
    one_value(hand)
    text = f"; a comment?\n{BECAUSE}\n"
    hand.git(
        "-c", "core.commentChar=;", "-c", f"core.editor={editor(hand, text)}",
        "commit", "--quiet", "-a",
    )  # fmt: skip
    assert message(hand, "HEAD").startswith(f"{BECAUSE}\n\nExperiment: by-hand\n")


def test_a_line_with_a_hash_that_no_editor_saw_is_text(hand: World) -> None:
    one_value(hand)
    assert "H1 ·" in refused(hand, "commit", "-am", "# does C help because of this?").err
    hand.git("commit", "--quiet", "-am", f"{BECAUSE}\n\n#5 said so")
    assert message(hand, "HEAD").startswith(f"{BECAUSE}\n\n#5 said so\n\nExperiment: by-hand\n")
    assert hand.gitexp("check", "--json").json["ok"] is True


def test_cleanup_settings_of_git_are_followed(hand: World) -> None:
    one_value(hand)
    hand.git("config", "commit.cleanup", "strip")
    hand.git("commit", "--quiet", "-am", f"# a comment?\n{BECAUSE}")
    assert message(hand, "HEAD").startswith(f"{BECAUSE}\n\nExperiment")


def test_scissors_cut_what_git_cuts(hand: World) -> None:
    one_value(hand)
    hand.git("config", "commit.cleanup", "scissors")
    text = f"{BECAUSE}\n\n#5 said so\n"
    hand.git("-c", f"core.editor={editor(hand, text)}", "commit", "--quiet", "-a")
    assert message(hand, "HEAD").startswith(f"{BECAUSE}\n\n#5 said so\n\nExperiment: by-hand\n")
    assert ">8" not in message(hand, "HEAD")
    assert hand.gitexp("check", "--json").json["ok"] is True


def test_a_question_in_an_editor_is_refused_and_kept_for_the_next_try(hand: World) -> None:
    one_value(hand)
    before = hand.snapshot()
    ran = hand.try_git("-c", f"core.editor={editor(hand, 'Does C help?')}", "commit", "-a")
    assert (ran.code, "H1 ·" in ran.err) == (1, True)
    assert hand.snapshot() == before
    assert "Does C help?" in (hand.path / ".git" / "COMMIT_EDITMSG").read_text()


def test_an_empty_message_is_left_to_git(hand: World) -> None:
    one_value(hand)
    ran = hand.try_git("-c", "core.editor=true", "commit", "-a")
    assert ran.code == 1
    assert "empty commit message" in ran.err
    assert "gitexp" not in ran.err


def test_a_template_is_not_part_of_the_hypothesis(hand: World) -> None:
    template = hand.path / ".git" / "template"
    template.write_text("\n# Why do you think so?\n")
    one_value(hand)
    hand.git(
        "-c", f"commit.template={template}", "-c", f"core.editor={editor(hand, BECAUSE)}",
        "commit", "--quiet", "-a", "--verbose",
    )  # fmt: skip
    assert message(hand, "HEAD").startswith(f"{BECAUSE}\n\nExperiment")


def test_a_message_from_a_file_with_odd_bytes_is_filled_in(hand: World) -> None:
    one_value(hand)
    file = hand.path / ".git" / "message"
    file.write_bytes(b"Gr\xc3\xb6\xc3\x9fe C raises accuracy because \xe6\xa8\xa1\xe5\x9e\x8b\r\n")
    hand.git("commit", "--quiet", "-a", "-F", str(file))
    assert "Größe C" in message(hand, "HEAD")
    assert set(trailers(hand, "HEAD")) == set(TOKENS)
    assert hand.gitexp("check", "--json").json["ok"] is True


def test_no_verify_is_caught_by_the_gate_later(hand: World) -> None:
    two_values(hand)
    hand.git("commit", "--quiet", "--no-verify", "-am", "what if?")
    rules = {found["id"] for found in hand.gitexp("check", "--json", code=1).json["violations"]}
    assert {"C2", "H1", "T1"} <= rules
    hand.gitexp("run", code=1)


# --- merges, rebases, cherry-picks ---------------------------------------------------------------


def test_merge_rebase_cherry_pick_and_revert_on_other_branches_are_as_always(
    ready: World,
) -> None:
    ready.git("switch", "--quiet", "--create", "feature")
    two_values(ready)
    ready.commit("what if?")
    ready.git("switch", "--quiet", "main")
    ready.write("README.md", "Another text.\n")
    ready.commit("does it matter?")
    ready.git("merge", "--quiet", "--no-ff", "-m", "does it merge?", "feature")
    ready.git("revert", "--no-edit", "-m", "1", "HEAD")
    ready.git("switch", "--quiet", "--create", "second", "feature")
    ready.write("notes.ipynb", "{}")
    ready.commit("a notebook?")
    ready.git("rebase", "--quiet", "main")
    ready.git("switch", "--quiet", "main")
    ready.git("cherry-pick", "second")
    assert ready.git("log", "-1", "--format=%s") == "a notebook?"


def test_a_baseline_merged_into_an_experiment_is_refused(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    hand.git("switch", "--quiet", "main")
    hand.write("train.py", "print('new')\n")
    hand.commit("new code")
    hand.git("switch", "--quiet", "exp/by-hand")
    tip = hand.git("rev-parse", "HEAD")
    ran = hand.try_git("merge", "main", "-m", f"{BECAUSE} again")
    assert ran.code != 0
    assert "C1 ·" in ran.err
    assert hand.git("rev-parse", "HEAD") == tip


def test_an_experiment_may_be_rebased(hand: World) -> None:
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    hand.git("switch", "--quiet", "main")
    hand.write("README.md", "Another text.\n")
    hand.commit("a new text")
    hand.git("switch", "--quiet", "exp/by-hand")
    hand.git("rebase", "--quiet", "main")
    assert hand.gitexp("check", "--json").json["ok"] is True


# --- where the repository lies -------------------------------------------------------------------


def test_a_linked_work_tree_holds_the_rules_too(ready: World, tmp_path: Path) -> None:
    linked = World(tmp_path / "linked tree")
    ready.git("worktree", "add", "--quiet", "-b", "exp/linked", str(linked.path))
    two_values(linked)
    ran = linked.try_git("commit", "-am", BECAUSE)
    assert (ran.code, "C2 ·" in ran.err) == (1, True)
    linked.edit("epochs = 40", "epochs = 20")
    linked.git("commit", "--quiet", "-am", BECAUSE)
    assert trailers(ready, "exp/linked")["Experiment"] == "linked"
    assert linked.pre_run().code == 0


def test_a_commit_from_elsewhere_is_judged(hand: World, tmp_path: Path) -> None:
    two_values(hand)
    before = hand.snapshot()
    for words in (
        ("-C", str(hand.path)),
        (f"--git-dir={hand.path / '.git'}", f"--work-tree={hand.path}"),
    ):
        ran = hand.run("git", *words, "commit", "-am", BECAUSE, cwd=tmp_path)
        assert (ran.code, "C2 ·" in ran.err) == (1, True)
        assert hand.snapshot() == before
    hand.edit("epochs = 40", "epochs = 20")
    ran = hand.run("git", *words, "commit", "-qam", BECAUSE, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert trailers(hand, "exp/by-hand")["Experiment"] == "by-hand"


def test_a_git_folder_far_from_its_work_tree_is_judged(hand: World, tmp_path: Path) -> None:
    (hand.path / ".git").rename(tmp_path / "store.git")
    store, files = str(tmp_path / "store.git"), str(hand.path)
    away = (f"--git-dir={store}", f"--work-tree={files}")
    git(tmp_path, "init", "--quiet", "--bare", "server.git")
    two_values(hand)
    ran = hand.try_git(*away, "commit", "-am", BECAUSE)
    assert (ran.code, "C2 ·" in ran.err) == (1, True)
    hand.git(*away, "commit", "--quiet", "--no-verify", "-am", BECAUSE)
    assert "C2 ·" in hand.pre_run(GIT_DIR=store, GIT_WORK_TREE=files).err
    ran = hand.try_git(*away, "push", f"file://{tmp_path / 'server.git'}", "exp/by-hand")
    assert (ran.code, "C2 ·" in ran.err) == (1, True)
    hand.edit("epochs = 40", "epochs = 20")
    hand.git(*away, "commit", "--quiet", "-a", "--amend", "-m", BECAUSE)
    assert hand.pre_run(GIT_DIR=store, GIT_WORK_TREE=files).code == 0
    hand.git(*away, "push", "--quiet", f"file://{tmp_path / 'server.git'}", "exp/by-hand")


def test_a_project_in_a_subfolder_is_found_by_its_hooks(ready: World) -> None:
    ready.gitexp("init", "--undo")
    ready.git("rm", "--quiet", "gitexp.toml")
    ready.write("ml/config.toml", "[model]\nC = 1.0\n[train]\nepochs = 20\n")
    ready.write("ml/train.py", "accuracy = 1\nseed = 'GITEXP_SEED'\n")
    ready.commit("a project below")
    ready.gitexp("init", "--yes", cwd=ready.path / "ml")
    ready.git("switch", "--quiet", "--create", "exp/below")
    ready.edit("C = 1.0", "C = 10", "ml/config.toml")
    ready.edit("C = 1.0", "C = 10")
    assert "C1 ·" in refused(ready, "commit", "-am", BECAUSE).err
    ready.git("restore", "config.toml")
    ran = ready.run("git", "commit", "-qam", BECAUSE, cwd=ready.path / "ml")
    assert ran.code == 0, ran.err
    found = trailers(ready, "HEAD")
    assert (found["Change"], found["Project"]) == ("config.toml: model.C = 1.0 -> 10", "ml")
    assert ready.pre_run().code == 0


def test_modules_that_lie_about_in_the_work_tree_are_not_imported(hand: World) -> None:
    for name in ("gitexp", "tomli", "dataclasses", "json"):
        hand.write(f"{name}.py", "raise SystemExit(99)\n")
    hand.write("sitecustomize.py", "raise SystemExit(98)\n")
    one_value(hand)
    ran = hand.try_git(
        "commit", "-qam", BECAUSE, PYTHONPATH=str(hand.path), PYTHONSTARTUP="sitecustomize.py"
    )
    assert ran.code == 0, ran.err


# --- an interpreter that is gone -----------------------------------------------------------------


def without_interpreter(world: World) -> None:
    for path in (world.path / ".git" / "hooks").iterdir():
        text = path.read_text()
        if "gitexp.hook" in text:
            path.write_text(text.replace(shlex.quote(sys.executable), "/no/such/python"))


def test_without_its_interpreter_a_hook_stops_experiments_only_and_says_why(
    ready: World, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "server.git")
    without_interpreter(ready)
    two_values(ready)
    ready.git("commit", "--quiet", "-am", "what if?")
    ready.git("push", "--quiet", f"file://{tmp_path / 'server.git'}", "main")
    assert ready.pre_run().code == 0
    ready.git("switch", "--quiet", "--create", "exp/x")
    for hook, words in {
        "pre-commit": (), "commit-msg": (".git/COMMIT_EDITMSG",), "pre-run": (),
    }.items():  # fmt: skip
        ran = ready.run(str(ready.path / ".git" / "hooks" / hook), *words)
        assert ran.code == 3, hook
        assert "/no/such/python is gone; install gitexp again, then: gitexp init" in ran.err
    assert ready.try_git("commit", "--allow-empty", "-m", BECAUSE).code == 1
    ran = ready.try_git("push", f"file://{tmp_path / 'server.git'}", "exp/x")
    assert (ran.code, "is gone" in ran.err) == (1, True)
    ready.gitexp("init", "--yes")
    assert ready.pre_run().code == 1


# --- before a run --------------------------------------------------------------------------------


@pytest.fixture
def checked_out(hand: World) -> World:
    """A good experiment, checked out."""
    one_value(hand)
    hand.git("commit", "--quiet", "-am", BECAUSE)
    return hand


def pre_run(world: World, code: int = 0) -> str:
    ran = world.pre_run()
    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    return ran.err


def test_a_good_experiment_may_run(checked_out: World) -> None:
    assert pre_run(checked_out) == ""
    below = checked_out.path / "below"
    below.mkdir()
    assert checked_out.pre_run(cwd=below).code == 0


def test_what_is_not_an_experiment_may_run_as_it_is(ready: World) -> None:
    two_values(ready)
    assert pre_run(ready) == ""
    ready.git("switch", "--quiet", "--detach")
    assert pre_run(ready) == ""


def test_two_values_may_not_run(hand: World) -> None:
    two_values(hand)
    hand.git("commit", "--quiet", "--no-verify", "-am", BECAUSE)
    said = pre_run(hand, 1)
    assert "C2 ·" in said
    assert "T1 ·" in said


def test_an_experiment_of_two_commits_may_not_run(checked_out: World) -> None:
    checked_out.edit("C = 10", "C = 100")
    checked_out.git("commit", "--quiet", "-am", BECAUSE)
    assert "B1 ·" in pre_run(checked_out, 1)


def test_untracked_files_never_matter(checked_out: World) -> None:
    checked_out.write("explore.ipynb", "{}")
    checked_out.write("new.py", "x = 1\n")
    assert pre_run(checked_out) == ""


def test_a_file_that_was_only_touched_does_not_matter(checked_out: World) -> None:
    path = checked_out.path / "train.py"
    path.write_bytes(path.read_bytes())
    assert pre_run(checked_out) == ""


def overlook(flag: str, world: World) -> None:
    world.git("update-index", flag, "config.toml")
    dirty_config(world)


def dirty_config(world: World) -> None:
    # Of another size: git itself takes an edit of the same size in the same second for none.
    world.edit("epochs = 20", "epochs = 400")


def staged_config(world: World) -> None:
    dirty_config(world)
    world.git("add", "config.toml")


def staged_and_taken_back(world: World) -> None:
    staged_config(world)
    world.edit("epochs = 400", "epochs = 20")


def assumed_unchanged(world: World) -> None:
    overlook("--assume-unchanged", world)


def skipped(world: World) -> None:
    overlook("--skip-worktree", world)


def both_flags(world: World) -> None:
    world.git("update-index", "--assume-unchanged", "config.toml")
    overlook("--skip-worktree", world)


@pytest.mark.parametrize(
    "disturb",
    [dirty_config, staged_config, staged_and_taken_back, assumed_unchanged, skipped, both_flags],
)
def test_an_edited_work_tree_may_not_run_until_the_hint_is_followed(
    disturb: object, checked_out: World
) -> None:
    assert callable(disturb)
    disturb(checked_out)
    said = pre_run(checked_out, 1)
    assert "config.toml is not as committed, so what would run is not the experiment" in said
    hint = said.partition("W1 · ")[2].splitlines()[0]
    assert checked_out.run("sh", "-c", hint).code == 0
    assert pre_run(checked_out) == ""
    assert "epochs = 20" in (checked_out.path / "config.toml").read_text()


def test_code_that_is_not_as_committed_may_not_run(checked_out: World) -> None:
    checked_out.write("it's new.py", "x = 1\n")
    checked_out.git("add", "--all")
    checked_out.git("rm", "--quiet", "train.py")
    said = pre_run(checked_out, 1)
    assert said.count("W1 · ") == 2
    for line in said.splitlines():
        if "git restore" in line:
            assert checked_out.run("sh", "-c", line.removeprefix("W1 · ")).code == 0
    assert pre_run(checked_out) == ""
    assert (checked_out.path / "train.py").exists()


def test_a_filter_that_hides_an_edit_from_git_does_not_hide_it_here(ready: World) -> None:
    ready.write(".gitattributes", "config.toml filter=mute\n")
    ready.commit("a filter")
    ready.git("config", "filter.mute.clean", "sed 's/epochs = .*/epochs = 20/'")
    ready.git("switch", "--quiet", "--create", "exp/x")
    one_value(ready)
    ready.git("commit", "--quiet", "-am", BECAUSE)
    assert pre_run(ready) == ""
    ready.edit("epochs = 20", "epochs = 40")
    assert ready.git("status", "--porcelain") == ""
    assert "config.toml is not as committed" in pre_run(ready, 1)


def test_what_a_filter_writes_on_checkout_is_not_an_edit(ready: World) -> None:
    ready.write(".gitattributes", "config.toml filter=local\n")
    ready.commit("a filter")
    ready.git("config", "filter.local.smudge", "sed 's/# knobs/# knobs of this machine/'")
    ready.git("config", "filter.local.clean", "sed 's/# knobs of this machine/# knobs/'")
    ready.git("switch", "--quiet", "--create", "exp/x")
    one_value(ready)
    ready.git("commit", "--quiet", "-am", BECAUSE)
    (ready.path / "config.toml").unlink()
    ready.git("restore", "config.toml")
    assert "of this machine" in (ready.path / "config.toml").read_text()
    assert pre_run(ready) == ""


def test_line_endings_that_git_converts_are_not_an_edit(checked_out: World) -> None:
    checked_out.git("config", "core.autocrlf", "true")
    (checked_out.path / "config.toml").unlink()
    checked_out.git("restore", "config.toml")
    assert b"\r\n" in (checked_out.path / "config.toml").read_bytes()
    assert pre_run(checked_out) == ""


def test_a_sparse_checkout_may_run(checked_out: World) -> None:
    checked_out.git("sparse-checkout", "set", "--no-cone", "/*", "!/README.md")
    assert not (checked_out.path / "README.md").exists()
    assert pre_run(checked_out) == ""


def test_a_locked_index_does_not_stop_a_run(checked_out: World) -> None:
    path = checked_out.path / "train.py"
    path.write_bytes(path.read_bytes())
    (checked_out.path / ".git" / "index.lock").touch()
    dirty_config(checked_out)
    assert "config.toml is not as committed" in pre_run(checked_out, 1)


def test_a_baseline_that_is_gone_is_not_ready(checked_out: World) -> None:
    checked_out.git("config", "gitexp.baseline", "gone")
    assert "there is no baseline branch: gone not found" in pre_run(checked_out, 3)


# --- before a push -------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> World:
    """A bare remote."""
    git(tmp_path, "init", "--quiet", "--bare", "the server.git")
    return World(tmp_path / "the server.git")


def push(world: World, server: World, *words: str, code: int = 0) -> str:
    ran = world.try_git("push", *words[:-1], f"file://{server.path}", words[-1])
    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    return ran.err


def heads(server: World) -> list[str]:
    return server.git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()


def test_a_good_experiment_is_pushed(checked_out: World, server: World) -> None:
    push(checked_out, server, "exp/by-hand")
    push(checked_out, server, "main")
    assert heads(server) == ["exp/by-hand", "main"]


@pytest.mark.parametrize(
    "refspec",
    ["exp/broken", "HEAD", "+exp/broken", "exp/broken:exp/other", "feature:exp/broken",
     "refs/heads/*:refs/heads/*"],
)  # fmt: skip
def test_a_broken_experiment_stays_here(refspec: str, ready: World, server: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/broken")
    two_values(ready)
    ready.git("commit", "--quiet", "--no-verify", "-am", BECAUSE)
    ready.git("branch", "feature")
    said = push(ready, server, refspec, code=1)
    assert "gitexp: not pushed: exp/" in said
    assert "C2 ·" in said
    assert heads(server) == []


def test_other_branches_tags_and_notes_are_pushed(ready: World, server: World) -> None:
    two_values(ready)
    ready.commit("what if?")
    ready.git("tag", "v1")
    ready.git("notes", "--ref=gitexp", "add", "-m", "a note", "HEAD")
    for refspec in ("main", "main:experiment", "v1", "refs/notes/*:refs/notes/*"):
        push(ready, server, refspec)
    assert heads(server) == ["experiment", "main"]
    assert push(ready, server, "main").startswith("Everything up-to-date")


def test_an_experiment_is_deleted_without_questions(checked_out: World, server: World) -> None:
    for refspec in ("exp/by-hand", "main:feature", "exp/by-hand:exp/two"):
        checked_out.git("push", "--quiet", "--no-verify", f"file://{server.path}", refspec)
    assert heads(server) == ["exp/by-hand", "exp/two", "feature"]
    for refspec in (":exp/by-hand", ":refs/heads/exp/two", ":feature"):
        push(checked_out, server, refspec)
    assert heads(server) == []


def test_a_good_experiment_goes_beside_a_branch_with_an_odd_name(
    checked_out: World, server: World
) -> None:
    for words in (
        [b"git", b"branch", b"latin\xe9", b"main"],
        [b"git", b"push", b"--quiet", b"--all", f"file://{server.path}".encode()],
    ):
        subprocess.run(words, cwd=checked_out.path, check=True, stderr=subprocess.DEVNULL)
    assert len(server.git("for-each-ref", "--format=%(objectname)").splitlines()) == 3
