"""git as gitexp hears it: nothing in the caller's environment or settings changes the answer."""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import NotReady, StoreBusy, UsageError
from gitexp.store.git import Git
from gitexp.store.git_environment import clean_environment
from gitexp.store.git_errors import GitFailed, translated
from gitexp.store.repository import Repository
from tests.project import World, git, needs_ssh_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ABSENT = "000000"
ODD_NAMES = (
    "with space",
    'it\'s "quoted" $(id) `id`; \\',
    "line\nbreak",
    "größe-模型",
    "-leading-dash",
    "tab\there",
    "trailing ",
    "star*[a]?",
)


def a_repository(folder: Path, **files: str | bytes) -> World:
    """Make a repository with one commit; `__` in a name stands for a dot."""
    folder.mkdir(parents=True)
    world = World(folder)
    world.git("init", "--quiet")
    for name, text in (files or {"a__txt": "one\n"}).items():
        world.write(name.replace("__", "."), text)
    world.commit("first")
    return world


def paths_of(world: World, *command: str) -> list[str]:
    return [change.path for change in Git(world.path).differences(*command)]


# --- environment ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
     "GIT_NAMESPACE", "GIT_NOTES_REF", "GIT_ATTR_SOURCE", "GIT_PREFIX", "GIT_SHALLOW_FILE",
     "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_LITERAL_PATHSPECS"],
)  # fmt: skip
def test_where_the_caller_pointed_git_is_dropped(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "elsewhere")
    assert clean_environment().get(name) != "elsewhere"


@pytest.mark.parametrize(
    "name",
    ["GIT_AUTHOR_NAME", "GIT_COMMITTER_DATE", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL",
     "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0", "GIT_CONFIG_PARAMETERS",
     "GIT_ASKPASS", "GIT_TERMINAL_PROMPT", "GIT_SSL_CAINFO", "GIT_ALLOW_PROTOCOL", "GIT_TRACE",
     "GIT_DISCOVERY_ACROSS_FILESYSTEM", "SSH_AUTH_SOCK", "LANG"],
)  # fmt: skip
def test_who_the_user_is_and_how_remotes_are_reached_is_kept(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "as given")
    assert clean_environment()[name] == "as given"


def test_a_hook_keeps_the_index_that_git_pointed_it_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
    assert clean_environment(keep_location=True)["GIT_INDEX_FILE"] == ".git/next-index-1.lock"


def test_a_gitexp_command_works_where_it_is_called_whatever_git_was_pointed_at(
    ready: World, tmp_path: Path
) -> None:
    other = a_repository(tmp_path / "other")
    before = other.snapshot()
    ready.gitexp(
        "start", "--set", "model.C=10", "C raises accuracy because the model underfits",
        GIT_DIR=str(other.path / ".git"), GIT_WORK_TREE=str(other.path),
        GIT_INDEX_FILE=str(tmp_path / "index"), GIT_OBJECT_DIRECTORY=str(tmp_path / "objects"),
    )  # fmt: skip
    assert other.snapshot() == before
    assert not (tmp_path / "index").exists()
    assert not (tmp_path / "objects").exists()
    assert len(ready.git("for-each-ref", "refs/heads/exp").splitlines()) == 1


def test_replacement_refs_do_not_change_what_is_read(world: World) -> None:
    honest = world.git("rev-parse", "HEAD:config.toml")
    forged = world.path / "forged"
    forged.write_text("forged = true\n")
    world.git("replace", honest, world.git("hash-object", "-w", str(forged)))
    assert world.git("show", "HEAD:config.toml") == "forged = true"
    [content] = Git(world.path).objects(["HEAD:config.toml"])
    assert content == (world.path / "config.toml").read_bytes()


def test_a_replaced_commit_does_not_change_what_differs(world: World) -> None:
    base = world.git("rev-parse", "HEAD")
    world.edit("C = 1.0", "C = 10")
    tip = world.commit("an edit")
    world.git("replace", tip, base)
    assert world.git("diff", "--name-only", base, tip) == ""
    assert paths_of(world, "diff-tree", base, tip) == ["config.toml"]


def test_git_answers_in_the_language_that_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    with pytest.raises(NotReady, match="is not in a git repository"):
        Repository.discover(tmp_path)
    # The locale of what git starts in turn stays the user's.
    assert Git(tmp_path).environment["LC_ALL"] == os.environ["LC_ALL"]


# --- finding the repository ----------------------------------------------------------------------


def test_outside_of_a_repository_the_way_in_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotReady) as raised:
        Repository.discover(tmp_path)
    assert str(tmp_path) in raised.value.message
    assert "git init" in raised.value.hint


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"the folder .*gone does not exist"):
        Repository.discover(tmp_path / "gone")


def test_git_missing_from_the_path_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotReady, match="git is not installed"):
        Repository.discover(tmp_path)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_folder_name_is_found(name: str, tmp_path: Path) -> None:
    world = a_repository(tmp_path / name)
    below = world.path / name
    below.mkdir()
    found = Repository.discover(below)
    assert (found.top, found.common, found.git_dir) == (
        world.path,
        world.path / ".git",
        world.path / ".git",
    )
    assert found.prefix == f"{name}/"
    assert found.shallow is False
    assert Repository.discover(world.path).prefix == ""


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_folder_name_can_hold_a_project(name: str, world: World) -> None:
    moved = World(world.path.rename(world.path.with_name(name)))
    moved.gitexp("init", "--yes")
    moved.git("switch", "--quiet", "--create", "exp/by-hand")
    moved.edit("C = 1.0", "C = 10")
    moved.git("commit", "--quiet", "-am", "C raises accuracy because the model underfits")
    moved.edit("epochs = 20", "epochs = 40")
    refused = moved.try_git("commit", "-a", "--amend", "--no-edit")
    assert (refused.code, "C2" in refused.err) == (1, True)
    moved.git("switch", "--quiet", "--discard-changes", "main")
    moved.gitexp("check", "by-hand")


def test_a_bare_repository_has_no_work_tree(world: World, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(world.path), "line\nbreak.git")
    bare = Repository.discover(tmp_path / "line\nbreak.git")
    assert (bare.top, bare.prefix) == (None, "")
    assert bare.common == tmp_path / "line\nbreak.git"
    with pytest.raises(NotReady, match="no work tree"):
        bare.work_tree()


def test_inside_the_git_folder_there_is_no_work_tree(world: World) -> None:
    found = Repository.discover(world.path / ".git" / "refs")
    assert (found.top, found.common) == (None, world.path / ".git")


def test_a_linked_work_tree_shares_the_common_folder(world: World, tmp_path: Path) -> None:
    world.git("worktree", "add", "--quiet", "-b", "feature", str(tmp_path / "linked tree"))
    linked = Repository.discover(tmp_path / "linked tree")
    assert linked.top == tmp_path / "linked tree"
    assert linked.common == world.path / ".git"
    assert linked.git_dir == world.path / ".git" / "worktrees" / "linked-tree"
    assert linked.local == Repository.discover(world.path).local
    assert linked.head_branch() == "feature"
    assert linked.checked_out() == {
        "refs/heads/main": world.path,
        "refs/heads/feature": tmp_path / "linked tree",
    }


def test_a_submodule_is_a_repository_of_its_own(world: World, tmp_path: Path) -> None:
    inner = a_repository(tmp_path / "inner")
    world.git("submodule", "--quiet", "add", str(inner.path), "lib/inner")
    found = Repository.discover(world.path / "lib" / "inner")
    assert found.top == world.path / "lib" / "inner"
    assert found.common == world.path / ".git" / "modules" / "lib" / "inner"


def test_a_shallow_clone_knows_that_it_is_one(world: World, tmp_path: Path) -> None:
    world.write("more.txt", "more\n")
    world.commit("second")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{world.path}", "shallow")
    assert Repository.discover(tmp_path / "shallow").shallow
    assert not Repository.discover(world.path).shallow


def test_an_unborn_branch_has_a_name_and_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    found = Repository.discover(tmp_path)
    assert found.head_branch() == "trunk"
    assert found.git.resolve("HEAD") is None
    assert found.branches(["refs/heads/"]) == {}


def test_a_detached_head_has_no_branch(world: World) -> None:
    world.git("switch", "--quiet", "--detach")
    assert Repository.discover(world.path).head_branch() is None


@needs_ssh_keys
def test_sha256_repositories_hold_experiments_and_results(tmp_path: Path, world: World) -> None:
    other = World(tmp_path / "sha256")
    other.path.mkdir()
    other.git("init", "--quiet", "--object-format=sha256")
    for path in world.path.iterdir():
        if path.is_file():
            other.write(path.name, path.read_bytes())
    other.commit("baseline")
    other.gitexp("init", "--yes")
    other.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "../key")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.org {(tmp_path / 'key.pub').read_text()}")
    for key, value in (
        ("gpg.format", "ssh"), ("user.signingKey", "../key"), ("gitexp.sign", "true"),
        ("gpg.ssh.allowedSignersFile", str(allowed)),
    ):  # fmt: skip
        other.git("config", key, value)
    name = other.start("--set", "model.C=10")
    other.gitexp("run", name)
    assert len(other.git("rev-parse", f"exp/{name}")) == 64
    assert "accuracy" in other.git("notes", "--ref=gitexp-runs", "show", f"exp/{name}")
    other.git("verify-commit", "refs/notes/gitexp-runs")


# --- reading objects -----------------------------------------------------------------------------


def test_objects_come_back_in_order_with_none_for_what_is_missing(tmp_path: Path) -> None:
    every_byte = bytes(range(256)) * 40
    world = a_repository(tmp_path / "r", a__bin=every_byte, empty="", line="no end")
    empty = world.git("rev-parse", "HEAD:empty")
    git = Git(world.path)
    asked = ["HEAD:nope", "HEAD:a.bin", "HEAD:empty", "", "HEAD:line", empty, "0" * 40, "no:a.bin",
             "HEAD:a missing", "HEAD:x blob 5", "HEAD:a.bin"]  # fmt: skip
    assert git.objects(asked) == [
        None, every_byte, b"", None, b"no end", b"", None, None, None, None, every_byte,
    ]  # fmt: skip
    assert git.objects([]) == []


@pytest.mark.parametrize(
    "name",
    [b"with space", b"ends missing", b"x blob 5", "größe".encode(), b"latin\xe9\xff", b"tab\tname",
     b'"quoted"', b"-dash", b"colon:name", b":(glob)x", b"a\\b", b"\x01control"],
)  # fmt: skip
def test_objects_are_found_under_any_file_name(name: bytes, tmp_path: Path) -> None:
    world = a_repository(tmp_path / "r")
    (world.path / os.fsdecode(name)).write_bytes(b"found\n")
    base = world.git("rev-parse", "HEAD")
    world.commit("odd")
    [content] = Git(world.path).objects([f"HEAD:{os.fsdecode(name)}"])
    assert content == b"found\n"
    assert [os.fsencode(path) for path in paths_of(world, "diff-tree", base, "HEAD")] == [name]


def test_many_commits_are_compared_as_each_by_itself(tmp_path: Path) -> None:
    world = a_repository(tmp_path / "r")
    commits = [world.git("rev-parse", "HEAD")]
    for name in ODD_NAMES:
        world.write(name, f"{name}\n")
        world.write("a.txt", name)
        commits.append(world.commit("another"))
    world.git("commit", "--quiet", "--allow-empty", "-m", "the same")
    commits.append(world.git("rev-parse", "HEAD"))
    pairs = [(one, other) for one in commits[::3] for other in commits]
    git = Git(world.path)
    assert git.differences_of(pairs) == [git.differences("diff-tree", *both) for both in pairs]
    assert git.differences_of([]) == []


def test_objects_can_be_read_one_at_a_time(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    world = a_repository(tmp_path / "r", a__bin=content, empty="")
    ids = [world.git("rev-parse", f"HEAD:{name}") for name in ("a.bin", "empty")]
    asked = [*ids, "0" * 40, f"{ids[0]}^{{tree}}", ids[0]]
    assert list(Git(world.path).each(asked)) == [content, b"", None, None, content]
    left = Git(world.path).each(asked)
    assert next(left) == content
    left.close()  # type: ignore[attr-defined]


def test_a_line_break_in_a_file_name_is_told_apart_but_not_asked_for(tmp_path: Path) -> None:
    world = a_repository(tmp_path / "r")
    base = world.git("rev-parse", "HEAD")
    (world.path / "line\nbreak").write_text("x")
    world.commit("odd")
    [change] = Git(world.path).differences("diff-tree", base, "HEAD")
    assert change.path == "line\nbreak"
    with pytest.raises(UsageError, match="line break"):
        Git(world.path).objects([f"HEAD:{change.path}"])
    assert Git(world.path).objects([change.new_id]) == [b"x"]


def test_an_object_that_only_a_submodule_has_is_missing(world: World, tmp_path: Path) -> None:
    inner = a_repository(tmp_path / "inner")
    world.git("submodule", "--quiet", "add", str(inner.path), "inner")
    world.commit("a submodule")
    assert Git(world.path).objects(["HEAD:inner", "HEAD:README.md"]) == [None, b"A project.\n"]


# --- what differs --------------------------------------------------------------------------------


def edit_the_config(world: World) -> None:
    world.edit("C = 1.0", "C = 10")


def hide_by_external_diff(world: World) -> None:
    world.git("config", "diff.external", "true")


def hide_by_textconv(world: World) -> None:
    world.git("config", "diff.blank.textconv", "true")
    (world.path / ".git" / "info" / "attributes").write_text("*.toml diff=blank\n")


def hide_by_binary(world: World) -> None:
    (world.path / ".git" / "info" / "attributes").write_text("*.toml -diff -text\n")


def hide_by_settings(world: World) -> None:
    for key, value in {
        "diff.renames": "copies", "diff.noprefix": "true", "diff.relative": "true",
        "diff.orderFile": os.devnull, "diff.algorithm": "histogram", "diff.ignoreSubmodules": "all",
        "diff.mnemonicPrefix": "true", "diff.wsErrorHighlight": "all", "color.ui": "always",
        "core.quotePath": "true", "core.abbrev": "4", "diff.interHunkContext": "9",
        "diff.suppressBlankEmpty": "true", "diff.colorMoved": "zebra", "core.pager": "false",
    }.items():  # fmt: skip
        world.git("config", key, value)


@pytest.mark.parametrize(
    "hide", [hide_by_external_diff, hide_by_textconv, hide_by_binary, hide_by_settings]
)
def test_no_setting_hides_a_difference(hide: Callable[[World], None], world: World) -> None:
    base = world.git("rev-parse", "HEAD")
    old = world.git("rev-parse", "HEAD:config.toml")
    edit_the_config(world)
    tip = world.commit("an edit")
    hide(world)
    (world.path / "sub").mkdir()
    for folder in (world.path, world.path / "sub"):
        [change] = Git(folder).differences("diff-tree", base, tip)
        assert (change.path, change.old_mode, change.new_mode, change.old_id, change.new_id) == (
            "config.toml", "100644", "100644", old, world.git("rev-parse", "HEAD:config.toml"),
        )  # fmt: skip
        assert [c.path for c in Git(folder).differences("diff-index", "--cached", base, "--")] == [
            "config.toml"
        ]


@pytest.mark.parametrize("renames", ["true", "copies"])
def test_a_rename_stays_a_removal_and_an_addition(renames: str, world: World) -> None:
    world.git("config", "diff.renames", renames)
    base = world.git("rev-parse", "HEAD")
    world.git("mv", "config.toml", "knobs.toml")
    tip = world.commit("renamed")
    changes = {c.path: (c.old_mode, c.new_mode) for c in Git(world.path).differences(
        "diff-tree", base, tip)}  # fmt: skip
    assert changes == {"config.toml": ("100644", ABSENT), "knobs.toml": (ABSENT, "100644")}


@pytest.mark.parametrize("level", ["diff.ignoreSubmodules", "submodule.inner.ignore"])
def test_a_submodule_bump_is_seen_whatever_is_ignored(
    level: str, world: World, tmp_path: Path
) -> None:
    inner = a_repository(tmp_path / "inner")
    world.git("submodule", "--quiet", "add", str(inner.path), "inner")
    base = world.commit("a submodule")
    world.git("config", level, "all")
    bumped = World(world.path / "inner")
    bumped.write("a.txt", "two\n")
    bumped.commit("bumped")
    assert paths_of(world, "diff-index", "HEAD", "--") == ["inner"]
    world.git("update-index", "--cacheinfo", f"160000,{bumped.git('rev-parse', 'HEAD')},inner")
    assert paths_of(world, "diff-index", "--cached", "HEAD", "--") == ["inner"]
    world.git("commit", "--quiet", "--allow-empty", "-m", "bump")
    assert paths_of(world, "diff-tree", base, "HEAD") == ["inner"]


def test_untracked_files_in_a_submodule_are_no_difference(world: World, tmp_path: Path) -> None:
    inner = a_repository(tmp_path / "inner")
    world.git("submodule", "--quiet", "add", str(inner.path), "inner")
    world.commit("a submodule")
    (world.path / "inner" / "scratch.txt").write_text("mine\n")
    assert paths_of(world, "diff-index", "HEAD", "--") == []
    (world.path / "inner" / "a.txt").write_text("edited\n")
    assert paths_of(world, "diff-index", "HEAD", "--") == ["inner"]


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_index_flags_hide_nothing_that_is_staged(flag: str, world: World) -> None:
    edit_the_config(world)
    world.git("add", "config.toml")
    world.git("update-index", flag, "config.toml")
    assert paths_of(world, "diff-index", "--cached", "HEAD", "--") == ["config.toml"]


def test_a_clean_filter_decides_what_is_committed_and_that_is_what_is_compared(
    world: World,
) -> None:
    world.git("config", "filter.mute.clean", "sed s/10/1.0/")
    world.write(".gitattributes", "*.toml filter=mute\n")
    base = world.commit("a filter")
    edit_the_config(world)
    world.git("add", "config.toml")
    assert paths_of(world, "diff-index", "--cached", base, "--") == []
    world.git("config", "filter.mute.clean", "cat")
    world.git("add", "--renormalize", "config.toml")
    assert paths_of(world, "diff-index", "--cached", base, "--") == ["config.toml"]


@pytest.mark.parametrize("autocrlf", ["true", "input"])
def test_turned_line_ends_of_the_work_tree_are_no_difference(autocrlf: str, world: World) -> None:
    world.git("config", "core.autocrlf", autocrlf)
    path = world.path / "config.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    world.git("add", "config.toml")
    assert paths_of(world, "diff-index", "--cached", "HEAD", "--") == []
    world.git("config", "core.autocrlf", "false")
    path.write_bytes(path.read_bytes().replace(b"1.0", b"2.0"))
    world.git("add", "config.toml")
    [change] = Git(world.path).differences("diff-index", "--cached", "HEAD", "--")
    [content] = Git(world.path).objects([change.new_id])
    assert content == path.read_bytes()


def test_a_mode_bit_is_a_difference_of_its_own(world: World) -> None:
    base = world.git("rev-parse", "HEAD")
    world.git("update-index", "--chmod=+x", "config.toml")
    [change] = Git(world.path).differences("diff-index", "--cached", base, "--")
    assert (change.old_mode, change.new_mode) == ("100644", "100755")
    assert change.old_id == change.new_id


def test_a_file_that_became_a_link_is_seen(world: World) -> None:
    base = world.git("rev-parse", "HEAD")
    (world.path / "config.toml").unlink()
    (world.path / "config.toml").symlink_to("gitexp.toml")
    tip = world.commit("a link")
    [change] = Git(world.path).differences("diff-tree", base, tip)
    assert (change.old_mode, change.new_mode) == ("100644", "120000")


# --- settings of git -----------------------------------------------------------------------------


def test_configuration_keeps_every_value_of_a_key(world: World) -> None:
    for value in ("refs/notes/a", "refs/notes/b\nwith a line break", ""):
        world.git("config", "--add", "notes.displayRef", value)
    with (world.path / ".git" / "config").open("a") as handle:
        handle.write('[remote "My Server"]\n\tURL = x=y z\n[flag]\n\tset\n')
    found = Repository.discover(world.path)
    assert found.config["notes.displayref"] == (
        "refs/notes/a",
        "refs/notes/b\nwith a line break",
        "",
    )
    assert found.setting("notes.displayref") == ""
    assert found.setting("remote.My Server.url") == "x=y z"
    assert found.setting("flag.set") == ""
    assert found.setting("no.such") is None


def test_configuration_of_the_command_line_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("COUNT", "1"), ("KEY_0", "gitexp.baseline"), ("VALUE_0", "trunk")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert Repository.discover(world.path).setting("gitexp.baseline") == "trunk"


# --- what git says, in plain words ---------------------------------------------------------------


@pytest.mark.parametrize("empty", [False, True])
def test_a_missing_identity_is_explained(
    empty: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    world.git("config", "user.useConfigOnly", "true")
    if empty:
        world.git("config", "user.name", "")
        world.git("config", "user.email", "a@example.org")
    with pytest.raises(NotReady, match="does not know who you are") as raised:
        Git(world.path).run("commit", "--allow-empty", "-m", "x")
    assert "git config --global user.email" in raised.value.hint


@pytest.mark.parametrize("form", ["openpgp", pytest.param("ssh", marks=needs_ssh_keys)])
def test_a_key_that_cannot_sign_is_explained(form: str, world: World) -> None:
    world.git("config", "gpg.format", form)
    world.git("config", "gpg.program", "/no/such/gpg")
    world.git("config", "user.signingKey", "/no/such/key")
    with pytest.raises(NotReady, match="could not sign the commit") as raised:
        Git(world.path).run("commit", "--allow-empty", "-S", "-m", "x")
    assert "commit.gpgsign false" in raised.value.hint
    assert "/no/such/" in raised.value.message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another owner")
def test_a_repository_of_somebody_else_gets_gits_own_advice(world: World) -> None:
    for path in (world.path, world.path / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(NotReady) as raised:
        Repository.discover(world.path)
    assert "belongs to another user" in raised.value.message
    assert raised.value.hint.endswith(f"safe.directory {world.path}")


def test_a_full_disk_is_said_in_plain_words(world: World, tmp_path: Path) -> None:
    stub = tmp_path / "bin" / "git"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\necho 'fatal: write error: No space left on device' >&2\nexit 128\n")
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    full = Git(world.path)
    full.environment["PATH"] = str(stub.parent)
    with pytest.raises(StoreBusy, match="the disk is full"):
        full.run("hash-object", "-w", "--stdin")


@pytest.mark.parametrize(
    "said",
    [
        "error: unable to create temporary file: Read-only file system\nfatal: no",
        "fatal: Unable to create '.git/index.lock': Permission denied",
        "error: insufficient permission for adding an object to repository database .git/objects",
    ],
)
def test_a_repository_that_cannot_be_written_is_said_so(said: str) -> None:
    error = translated(["hash-object"], 128, said)
    assert isinstance(error, NotReady)
    assert "the repository cannot be written" in error.message
    refused = translated(["push"], 128, "git@host: Permission denied (publickey).")
    assert "cannot be written" not in refused.message


@pytest.mark.parametrize("name", ["HEAD", "config"])
def test_a_lock_that_is_in_the_way_is_named_with_what_to_do(name: str, world: World) -> None:
    lock = world.path / ".git" / f"{name}.lock"
    lock.touch()
    words = {"HEAD": ("checkout", "--detach"), "config": ("config", "a.b", "c")}[name]
    with pytest.raises(GitFailed, match=r"another git command holds .*, or left it") as raised:
        Git(world.path).run(*words)
    path = raised.value.hint.rpartition("rm ")[2]
    assert (world.path / path) == lock


def test_messages_are_read_as_text_whatever_encoding_is_shown(world: World) -> None:
    world.git("commit", "--allow-empty", "-m", "Größe")
    for encoding in ("latin1", "UTF-16"):
        world.git("config", "i18n.logOutputEncoding", encoding)
        assert Git(world.path).text("log", "-1", "--format=%s") == "Größe"


def test_any_other_failure_names_the_command_and_what_git_said(world: World) -> None:
    with pytest.raises(GitFailed) as raised:
        Git(world.path).run("-c", "a.b=c", "rev-list", "no-such-branch", "--")
    assert raised.value.message.startswith("git ")
    assert "no-such-branch" in raised.value.message
    assert (raised.value.exit_code, raised.value.code) == (3, 128)


def test_allowed_exit_codes_are_answers(world: World) -> None:
    git = Git(world.path)
    assert git.run(
        "diff", "--quiet", "--no-index", "config.toml", "README.md", allow=(1,)
    ).returncode
    assert git.succeeds("merge-base", "--is-ancestor", "HEAD", "HEAD")
    assert not git.succeeds("merge-base", "--is-ancestor", "HEAD", "no-such")
    assert git.resolve("--all") is None
    assert git.resolve("HEAD") == world.git("rev-parse", "HEAD")


def test_nothing_is_read_from_the_callers_standard_input(world: World) -> None:
    code = (
        "from pathlib import Path\nfrom gitexp.store.git import Git\n"
        "Git(Path.cwd()).run('hash-object', '--stdin')\nprint(input())\n"
    )
    done = subprocess.run(
        ["python", "-c", code], cwd=world.path, input="left alone\n", capture_output=True,
        text=True, check=True, timeout=30,
    )  # fmt: skip
    assert done.stdout == "left alone\n"
