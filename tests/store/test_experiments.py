"""Experiments as commits and refs: one file differs, nothing is moved, everything is read back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.errors import NotReady, Refused
from gitexp.store.commits import commit_file, commit_tree, create_branches, replay
from gitexp.store.edited_trees import trees_with_file
from gitexp.store.experiment_refs import find_ref, names_taken
from gitexp.store.experiments import read_commits, read_experiments, read_range
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from gitexp.store.repository import Repository
from tests.project import World, git, needs_ssh_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

MESSAGE = "C raises accuracy because of this\n\nExperiment: x\nLevel: 0.005\n"


def repository_of(world: World) -> Repository:
    return Repository.discover(world.path)


def make(world: World, path: str, content: bytes = b"new\n", message: str = MESSAGE) -> str:
    return commit_file(repository_of(world), world.git("rev-parse", "HEAD"), path, content, message)


def raw_diff(world: World, commit: str) -> list[str]:
    """Differences from the parent as git tells them: modes and paths."""
    out = world.git("diff-tree", "--raw", "-r", "-z", "--no-commit-id", "--no-renames", commit)
    fields = out.split("\0")
    return [
        f"{header[1:14]} {path}" for header, path in zip(fields[::2], fields[1::2], strict=False)
    ]


def an_experiment(world: World, name: str, message: str = "", *, ref: str = "") -> str:
    """Make an experiment's commit under any ref; returns its id."""
    commit = commit_tree(
        repository_of(world), world.git("rev-parse", "HEAD^{tree}"),
        [world.git("rev-parse", "HEAD")], message or f"because {name}\n\nExperiment: {name}\n",
    )  # fmt: skip
    world.git("update-ref", ref or f"refs/heads/exp/{name}", commit)
    return commit


def test_a_trailer_hides_no_other_commit_of_a_range(world: World) -> None:
    hidden = an_experiment(world, "hidden")
    odd = an_experiment(world, "odd", f"odd\n\nExperiment: odd\u2028{hidden} none\n")
    raw = world.git("cat-file", "commit", odd)
    earlier = re.sub(r"> \d+", "> 1000000000", raw)  # so that git lists it after the other
    forged = world.git("hash-object", "-t", "commit", "-w", str(world.write("raw", earlier + "\n")))
    merge = world.git("commit-tree", "HEAD^{tree}", "-p", hidden, "-p", forged, "-m", "both")
    found = read_range(repository_of(world), f"HEAD..{merge}")
    assert found.keys() == {hidden, forged, merge}
    assert found[hidden] == "hidden"


# --- a commit without a work tree ----------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["config.toml", "a/config.toml", "a/deeply/nested/place/config.toml", "with space/my config",
     "größe/模型.toml", "-dash/-config.toml", "tab\tin/na\tme", 'quo"te/it\'s', "a.b/c", "a/b.c",
     os.fsdecode(b"latin\xe9/\xff.toml"), "star*/[x]?", ":(top)/:!x", "\x01/\x7f"],
)  # fmt: skip
def test_the_commit_differs_in_that_one_file_only(path: str, world: World) -> None:
    target = world.path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"old\n")
    for neighbour in ("before", "zz", f"{target.name}x", f"{target.name}.d/y"):
        beside = target.parent / neighbour
        beside.parent.mkdir(exist_ok=True)
        beside.write_bytes(b"beside\n")
    world.git("add", "--all")
    world.git("commit", "--quiet", "-m", "files")
    before = world.snapshot()
    commit = make(world, path)
    done = subprocess.run(
        ["git", "diff-tree", "--raw", "-r", "-z", "--no-commit-id", "--no-renames", commit],
        cwd=world.path, capture_output=True, check=True,
    ).stdout.split(b"\0")  # fmt: skip
    assert done[1:] == [os.fsencode(path), b""]
    assert done[0].startswith(b":100644 100644 ")
    assert world.git("rev-parse", f"{commit}^") == world.git("rev-parse", "HEAD")
    [content] = repository_of(world).git.objects([f"{commit}:{path}"])
    assert content == b"new\n"
    assert world.snapshot() == before
    world.git("fsck", "--strict", "--no-dangling")


def test_a_commit_made_from_a_subfolder_is_the_same(world: World) -> None:
    world.write("project/config.toml", "old\n")
    world.write("other/file", "x\n")
    head = world.commit("two folders")
    for folder in ("project", "other", "."):
        repository = Repository.discover(world.path / folder)
        commit = commit_file(repository, head, "project/config.toml", b"new\n", MESSAGE)
        assert raw_diff(world, commit) == ["100644 100644 project/config.toml"]


def test_many_trees_are_written_at_once_and_each_differs_in_its_own_file(world: World) -> None:
    for path in ("a/b/config.toml", "a.b", "a/x"):
        world.write(path, "old\n")
    head = world.commit("folders")
    number = 103  # more than are written in one step
    edits = [(head, "a/b/config.toml", f"{at}\n".encode()) for at in range(number)]
    trees = trees_with_file(repository_of(world), [*edits, (head, "a.c", b"new\n")])
    assert len({*trees}) == number + 1
    for at, tree in ((0, trees[0]), (number - 1, trees[number - 1])):
        assert world.git("diff-tree", "-r", "--name-only", head, tree) == "a/b/config.toml"
        assert world.git("show", f"{tree}:a/b/config.toml") == str(at)
    assert world.git("diff-tree", "-r", "--name-status", head, trees[-1]) == "A\ta.c"
    world.git("fsck", "--strict", "--no-dangling")
    with pytest.raises(NotReady, match=r"a/x/config\.toml is not in"):
        trees_with_file(repository_of(world), [(head, "a/x/config.toml", b"")])


@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_the_mode_of_the_file_stays(mode: int, world: World) -> None:
    (world.path / "config.toml").chmod(mode)
    world.git("add", "--all")
    world.git("commit", "--quiet", "--allow-empty", "-m", "mode")
    wanted = "100755" if mode == 0o755 else "100644"
    assert raw_diff(world, make(world, "config.toml")) == [f"{wanted} {wanted} config.toml"]


def test_links_submodules_and_executables_beside_it_stay(world: World, tmp_path: Path) -> None:
    (world.path / "link").symlink_to("config.toml")
    (world.path / "tool").write_text("#!/bin/sh\n")
    (world.path / "tool").chmod(0o755)
    git(tmp_path, "clone", "--quiet", str(world.path), "inner")
    world.git("submodule", "--quiet", "add", str(tmp_path / "inner"), "lib")
    world.commit("neighbours")
    commit = make(world, "config.toml")
    assert raw_diff(world, commit) == ["100644 100644 config.toml"]
    before = world.git("ls-tree", "HEAD").replace(world.git("rev-parse", "HEAD:config.toml"), "*")
    after = world.git("ls-tree", commit).replace(
        world.git("rev-parse", f"{commit}:config.toml"), "*"
    )
    assert after == before


def test_the_content_is_stored_as_it_is(world: World) -> None:
    world.git("config", "core.autocrlf", "true")
    world.write(".gitattributes", "*.toml text eol=crlf filter=no ident\n")
    world.commit("attributes")
    content = b"a\r\n$Id$ \x00\xff\n no end"
    commit = make(world, "config.toml", content)
    assert repository_of(world).git.objects([f"{commit}:config.toml"]) == [content]


def test_a_file_that_is_not_there_is_added_beside_the_others(world: World) -> None:
    commit = make(world, "KNOWN.toml", b"new\n")
    assert world.git("show", f"{commit}:KNOWN.toml") == "new"
    changed = world.git("diff-tree", "-r", "--name-status", "main", commit)
    assert changed == "A\tKNOWN.toml"
    assert world.try_git("fsck", "--strict").code == 0


def test_a_folder_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(NotReady, match=r"no/such"):
        make(world, "no/such/config.toml")


@pytest.mark.slow
def test_a_flat_folder_of_twenty_thousand_files_is_no_obstacle(world: World) -> None:
    stream = ["commit refs/heads/main\ncommitter A <a@b> 0 +0000\ndata 0\nfrom refs/heads/main^0\n"]
    stream += [f"M 100644 inline f{number:05}.py\ndata 2\nx\n" for number in range(20_000)]
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=world.path, input="".join(stream).encode(),
        check=True,
    )  # fmt: skip
    commit = make(world, "config.toml")
    assert raw_diff(world, commit) == ["100644 100644 config.toml"]
    assert len(world.git("ls-tree", "--name-only", commit).splitlines()) >= 20_000


def test_a_partial_clone_fetches_nothing_for_it(world: World, tmp_path: Path) -> None:
    world.git("config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout",
        f"file://{world.path}", "partial")  # fmt: skip
    partial = World(tmp_path / "partial")
    shutil.move(world.path, tmp_path / "gone")
    assert raw_diff(partial, make(partial, "config.toml")) == ["100644 100644 config.toml"]


# --- as `git commit` would -----------------------------------------------------------------------


def test_author_and_committer_are_those_of_git_commit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GIT_AUTHOR_NAME": "Grace Größe", "GIT_AUTHOR_EMAIL": "grace@example.org",
        "GIT_AUTHOR_DATE": "2020-01-02T03:04:05+0130", "GIT_COMMITTER_NAME": "Bot",
        "GIT_COMMITTER_EMAIL": "bot@example.org", "GIT_COMMITTER_DATE": "1600000000 -0700",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    form = "--format=%an <%ae> %aI, %cn <%ce> %cI"
    mine = world.git("log", "-1", form, make(world, "config.toml"))
    world.git("commit", "--quiet", "--allow-empty", "-m", "by git")
    assert mine == world.git("log", "-1", form)
    assert "Grace Größe <grace@example.org> 2020-01-02T03:04:05+01:30, Bot" in mine


def test_the_message_is_stored_word_for_word(world: World) -> None:
    world.git("config", "i18n.commitEncoding", "latin1")
    message = "größe 模型 because\n\n# no comment\n--- \n\n\nExperiment: x\n"
    commit = make(world, "config.toml", message=message)
    raw = subprocess.run(
        ["git", "cat-file", "commit", commit], cwd=world.path, capture_output=True, check=True
    ).stdout
    head, _, body = raw.partition(b"\n\n")
    assert body.decode() == message
    assert b"encoding" not in head
    [entry] = read_commits(repository_of(world), [("refs/heads/exp/x", commit)])
    assert entry.message == message.rstrip("\n")


def test_a_missing_identity_creates_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.gitexp("init", "--yes")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    world.git("config", "user.useConfigOnly", "true")
    before = world.snapshot()
    ran = world.gitexp("start", "--set", "model.C=10", "C helps because it underfits", code=3)
    assert "git does not know who you are" in ran.err
    assert world.snapshot() == before


@needs_ssh_keys
def test_commits_are_signed_where_git_commit_would_sign(ready: World, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signers = tmp_path / "signers"
    signers.write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh", "user.signingKey": str(key), "commit.gpgSign": "true",
        "gpg.ssh.allowedSignersFile": str(signers), "log.showSignature": "true",
    }.items():  # fmt: skip
        ready.git("config", name, value)
    name = ready.start("--set", "model.C=10")
    assert "Good" in ready.try_git("verify-commit", f"exp/{name}").err
    # With signatures shown by default, everything is still read as it was.
    ready.gitexp("run", name)
    ready.gitexp("accept", name)
    assert "Good" in ready.try_git("verify-commit", "main").err
    [row] = ready.gitexp("log", "--json").json
    assert (row["name"], row["verdict"], row["state"]) == (name, "CONFIRMED", "accepted")


def test_nothing_is_signed_where_git_commit_would_not(ready: World) -> None:
    ready.git("config", "user.signingKey", "/no/such/key")
    name = ready.start("--set", "model.C=10")
    assert "gpgsig" not in ready.git("cat-file", "commit", f"exp/{name}")


@pytest.mark.parametrize("program", ["false", "/no/such/program"])
@pytest.mark.parametrize("form", ["openpgp", "ssh"])
def test_a_signature_that_fails_creates_nothing(form: str, program: str, ready: World) -> None:
    (ready.path / ".git" / "key").write_text("no key")
    (ready.path / ".git" / "key.pub").write_text("ssh-ed25519 AAAA no key")
    for name, value in {
        "gpg.format": form, "gpg.program": program, "gpg.ssh.program": program,
        "user.signingKey": str(ready.path / ".git" / "key"), "commit.gpgSign": "true",
    }.items():  # fmt: skip
        ready.git("config", name, value)
    before = ready.snapshot()
    ran = ready.gitexp("start", "--set", "model.C=10", "C helps because it underfits", code=3)
    assert "git could not sign the commit" in ran.err
    assert "git config commit.gpgsign false" in ran.err
    assert ready.snapshot() == before


# --- branches ------------------------------------------------------------------------------------


def test_an_existing_branch_is_never_moved(world: World) -> None:
    first, second = an_experiment(world, "otter"), make(world, "config.toml")
    with pytest.raises(NotReady, match="exp/otter could not be made"):
        create_branches(repository_of(world), {"otter": second})
    world.git("pack-refs", "--all")
    with pytest.raises(NotReady, match="exp/otter could not be made"):
        create_branches(repository_of(world), {"otter": second})
    assert world.git("rev-parse", "exp/otter") == first


@pytest.mark.parametrize("packed", [False, True])
def test_a_branch_called_exp_is_refused_in_words(packed: bool, ready: World) -> None:
    ready.git("branch", "exp")
    if packed:
        ready.git("pack-refs", "--all")
    before = ready.snapshot()
    ran = ready.gitexp("start", "--set", "model.C=10", "C helps because it underfits", code=3)
    assert "a branch called exp exists" in ran.err
    assert "git branch -m exp another-name" in ran.err
    assert ready.snapshot() == before


def test_two_experiments_of_the_same_second_are_two_commits(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2026-01-01T00:00:00Z")
    names = {ready.start("--set", "model.C=10") for _ in range(2)}
    commits = {ready.git("rev-parse", f"exp/{name}") for name in names}
    assert len(names) == len(commits) == 2


# --- reading -------------------------------------------------------------------------------------


def names_of(world: World, name: str | None = None) -> list[str]:
    return [entry.name for entry in read_experiments(repository_of(world), name)]


def test_without_experiments_the_list_is_empty(world: World) -> None:
    assert names_of(world) == []
    assert names_taken(repository_of(world)) == set()
    assert find_ref(repository_of(world), "otter") is None


def test_experiments_are_found_wherever_their_ref_lives(world: World) -> None:
    an_experiment(world, "local")
    an_experiment(world, "remote", ref="refs/remotes/origin/exp/remote")
    an_experiment(world, "stored", ref="refs/gitexp/archive/stored")
    an_experiment(world, "ignored", ref="refs/heads/feature/ignored")
    entries = {entry.name: entry for entry in read_experiments(repository_of(world))}
    assert {name: entry.archived for name, entry in entries.items()} == {
        "local": False, "remote": False, "stored": True,
    }  # fmt: skip
    assert names_taken(repository_of(world)) == set(entries)
    for name, entry in entries.items():
        assert names_of(world, name) == [name]
        assert find_ref(repository_of(world), name) == (entry.ref, entry.commit)
        assert entry.message == f"because {name}\n\nExperiment: {name}\n"
        assert entry.parents == (world.git("rev-parse", "HEAD"),)
        assert (entry.author, entry.runs) == ("Ada Tester", "")
        assert entry.time == world.git("log", "-1", "--format=%cI", entry.commit)


@pytest.mark.parametrize("packed", [False, True])
def test_this_clones_branch_comes_before_an_archived_one_and_a_remotes(
    packed: bool, world: World
) -> None:
    refs = ["refs/heads/exp/x", "refs/gitexp/archive/x", "refs/remotes/origin/exp/x"]
    for number, ref in enumerate(reversed(refs)):
        an_experiment(world, "x", f"because {number}", ref=ref)
    if packed:
        world.git("pack-refs", "--all")
    for ref in refs:
        commit = world.git("rev-parse", ref)
        [entry] = read_experiments(repository_of(world))
        assert (entry.ref, entry.commit) == (ref, commit)
        assert find_ref(repository_of(world), "x") == (ref, commit)
        world.git("update-ref", "-d", ref)


def test_the_same_commit_here_and_there_is_one_experiment(world: World, tmp_path: Path) -> None:
    an_experiment(world, "x")
    git(tmp_path, "clone", "--quiet", "--bare", str(world.path), "server.git")
    world.git("remote", "add", "up/stream", str(tmp_path / "server.git"))
    world.git("fetch", "--quiet", "up/stream")
    [entry] = read_experiments(repository_of(world))
    assert entry.ref == "refs/heads/exp/x"
    world.git("update-ref", "-d", "refs/heads/exp/x")
    [entry] = read_experiments(repository_of(world))
    assert entry.ref == "refs/remotes/up/stream/exp/x"


def test_a_branch_below_exp_hides_no_experiment(world: World) -> None:
    commit = an_experiment(world, "otter")
    an_experiment(world, "otter", "because later", ref="refs/heads/exp/team/otter")
    [entry] = read_experiments(repository_of(world))
    assert entry.commit == commit


def test_one_experiment_is_read_by_its_whole_name(world: World) -> None:
    for name in ("brave-otter", "brave-otter-2", "a"):
        an_experiment(world, name)
    assert names_of(world, "brave-otter") == ["brave-otter"]
    assert names_of(world, "a") == ["a"]
    assert names_of(world, "brave") == []


def test_experiments_come_newest_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, time in (("old", 1_600_000_000), ("newest", 1_800_000_000), ("mid", 1_700_000_000)):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{time} +0000")
        an_experiment(world, name)
    assert names_of(world) == ["newest", "mid", "old"]


@pytest.mark.parametrize(
    "message",
    ["one\x01two\x01three because\n\nExperiment: x\n", "because\n\n\x01\n\x01refs/heads/exp/y\n",
     "\x1e\x1f\x02 because \x7f\n", "größe 模型 because\n\nLevel: 0.1\n", "no end", "a\n\n\n\nb\n"],
)  # fmt: skip
@pytest.mark.parametrize("runs", [(), ('{"a":1}', '{"b":"\\u0001"}')])
def test_no_message_shifts_a_field(message: str, runs: Sequence[str], world: World) -> None:
    commit = an_experiment(world, "x", message)
    an_experiment(world, "y", "another because\n")
    if runs:
        append_lines(repository_of(world), RUNS, {commit: runs})
    entries = {entry.name: entry for entry in read_experiments(repository_of(world))}
    assert set(entries) == {"x", "y"}
    entry = entries["x"]
    assert entry.commit == commit
    assert entry.message.rstrip("\n") == message.rstrip("\n")
    assert entry.runs == "\n".join(runs)
    [alone] = read_commits(repository_of(world), [(entry.ref, commit)])
    assert (alone.message, alone.author, alone.time, alone.parents) == (
        message.rstrip("\n"), entry.author, entry.time, entry.parents,
    )  # fmt: skip


def test_no_author_shifts_a_field(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "A\x01B\x1fC %H | ; 模型")
    commit = an_experiment(world, "x", "because\n")
    [entry] = read_experiments(repository_of(world))
    assert (entry.author, entry.commit, entry.message.strip()) == (
        "A\x01B\x1fC %H | ; 模型", commit, "because",
    )  # fmt: skip


def test_a_message_in_latin1_is_read_as_text(world: World) -> None:
    (world.path / ".git" / "message").write_bytes("Größe because\n".encode("latin1"))
    commit = world.git(
        "-c", "i18n.commitEncoding=latin1", "commit-tree", "-p", "HEAD", "-F", ".git/message",
        "HEAD^{tree}",
    )  # fmt: skip
    world.git("update-ref", "refs/heads/exp/x", commit)
    world.git("config", "i18n.logOutputEncoding", "latin1")
    [entry] = read_experiments(repository_of(world))
    assert entry.message.strip() == "Größe because"


def test_a_root_commit_is_an_entry_without_parents(world: World) -> None:
    commit = world.git("commit-tree", "-m", "because\n\nmore", "HEAD^{tree}")
    world.git("update-ref", "refs/heads/exp/root", commit)
    [entry] = read_experiments(repository_of(world))
    assert (entry.parents, entry.message.strip()) == ((), "because\n\nmore")
    [alone] = read_commits(repository_of(world), [(entry.ref, commit)])
    assert alone.parents == ()


# --- an edit on another version of the file ------------------------------------------------------

BEFORE = b"a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n"


@pytest.mark.parametrize(
    ("after", "onto", "result"),
    [
        (BEFORE.replace(b"5", b"50"), BEFORE, BEFORE.replace(b"5", b"50")),
        (
            BEFORE.replace(b"5", b"50"),
            BEFORE.replace(b"1", b"10"),
            BEFORE.replace(b"1", b"10").replace(b"5", b"50"),
        ),
        (BEFORE.replace(b"5", b"50"), b"new\n" + BEFORE, b"new\n" + BEFORE.replace(b"5", b"50")),
        (BEFORE.replace(b"5", b"50"), BEFORE.replace(b"5", b"50"), BEFORE.replace(b"5", b"50")),
        (BEFORE.rstrip(b"\n"), b"z = 0\n" + BEFORE, b"z = 0\n" + BEFORE.rstrip(b"\n")),
    ],
)  # fmt: skip
def test_an_edit_is_replayed_where_both_sides_touch_other_lines(
    after: bytes, onto: bytes, result: bytes, world: World
) -> None:
    assert replay(repository_of(world), BEFORE, after, onto) == result


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_edits_of_the_same_line_are_refused(style: str, world: World) -> None:
    world.git("config", "merge.conflictStyle", style)
    with pytest.raises(Refused, match="both changed the same lines") as raised:
        replay(
            repository_of(world), BEFORE, BEFORE.replace(b"3", b"30"), BEFORE.replace(b"3", b"33")
        )
    assert "gitexp start --set KEY=VALUE" in raised.value.hint
