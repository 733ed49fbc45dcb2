"""A checkout is the commit, whatever the clone, its configuration and earlier runs would do."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.engine import look
from gitexp.engine.checkout import take_checkout
from gitexp.errors import NotReady
from gitexp.store.repository import Repository
from tests.project import World

if TYPE_CHECKING:
    from collections.abc import Callable


def checked_out(world: World, commit: str = "HEAD") -> World:
    """The checkout of a commit after it was given back."""
    repository = Repository.discover(world.path)
    with take_checkout(repository, world.git("rev-parse", commit)) as checkout:
        return World(checkout.path)


def text(tree: World, name: str) -> str:
    return (tree.path / name).read_bytes().decode()


def smudge(world: World) -> None:
    world.write(".git/info/attributes", "config.toml filter=f\n")
    world.git("config", "filter.f.smudge", "sed s/20/30/")
    world.git("config", "filter.f.clean", "sed s/30/20/")


def smudge_for_all_clones(world: World) -> None:
    attributes = world.write("../attributes", "config.toml filter=f\n")
    world.git("config", "--global", "core.attributesFile", str(attributes))
    world.git("config", "--global", "filter.f.smudge", "sed s/20/30/")


def line_ends(world: World) -> None:
    world.git("config", "core.autocrlf", "true")
    world.git("config", "core.eol", "crlf")


def sparse(world: World) -> None:
    world.git("sparse-checkout", "set", "--cone", "nothing")


def sparse_for_all_trees(world: World) -> None:
    world.git("config", "core.sparseCheckout", "true")
    world.write(".git/info/sparse-checkout", "/README.md\n")


def replaced(world: World) -> None:
    other = world.path / "other.toml"
    other.write_text("[train]\nepochs = 30\n")
    world.git(
        "replace",
        world.git("rev-parse", "HEAD:config.toml"),
        world.git("hash-object", "-w", str(other)),
    )
    other.unlink()


def a_hook(world: World) -> None:
    hook = world.write(".git/hooks/post-checkout", "#!/bin/sh\necho 'epochs = 30' > config.toml\n")
    hook.chmod(0o755)


def ident(world: World) -> None:
    world.write(".git/info/attributes", "* ident working-tree-encoding=UTF-16\n")


@pytest.mark.parametrize(
    "spoil",
    [smudge, smudge_for_all_clones, line_ends, sparse, sparse_for_all_trees, replaced, a_hook,
     ident],
)  # fmt: skip
def test_nothing_of_the_clone_makes_a_checkout_another(
    world: World, spoil: Callable[[World], None]
) -> None:
    world.write("nested/deep.txt", "$Id$\n")
    commit = world.commit("one more")
    files = {name: text(world, name) for name in ("config.toml", "nested/deep.txt", "train.py")}
    spoil(world)
    for _ in range(2):
        here = checked_out(world, commit)
        assert {name: text(here, name) for name in files} == files


def skipped(here: World) -> None:
    here.git("update-index", "--skip-worktree", "config.toml")
    here.edit("epochs = 20", "epochs = 30")


def assumed(here: World) -> None:
    here.git("update-index", "--assume-unchanged", "config.toml")
    here.edit("epochs = 20", "epochs = 30")


def of_the_same_size_and_time(here: World) -> None:
    path = here.path / "config.toml"
    state = path.stat()
    here.edit("epochs = 20", "epochs = 30")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def its_own_configuration(here: World) -> None:
    here.git("config", "extensions.worktreeConfig", "true")
    here.git("config", "--worktree", "core.sparseCheckout", "true")
    here.git("sparse-checkout", "set", "nothing")


def a_folder_for_a_link(here: World) -> None:
    outside = here.path.parent / "outside"
    outside.mkdir()
    (outside / "deep.txt").write_text("yours")
    (here.path / "nested" / "deep.txt").unlink()
    (here.path / "nested").rmdir()
    (here.path / "nested").symlink_to(outside)


def a_commit_of_its_own(here: World) -> None:
    here.git("switch", "--quiet", "--create", f"made-{os.getpid()}")
    here.edit("epochs = 20", "epochs = 30")
    here.git("add", "--all")


def modes(here: World) -> None:
    (here.path / "train.py").chmod(0o755)


@pytest.mark.parametrize(
    "spoil",
    [skipped, assumed, of_the_same_size_and_time, its_own_configuration, a_folder_for_a_link,
     a_commit_of_its_own, modes],
)  # fmt: skip
def test_nothing_that_a_run_leaves_makes_the_next_checkout_another(
    world: World, spoil: Callable[[World], None]
) -> None:
    world.write("nested/deep.txt", "$Id$\n")
    commit = world.commit("one more")
    here = checked_out(world)
    spoil(here)
    here = checked_out(world)
    assert here.git("rev-parse", "--symbolic-full-name", "HEAD") == "HEAD"
    assert here.git("rev-parse", "HEAD") == commit
    assert here.git("status", "--porcelain", "--ignored") == ""
    for name in ("config.toml", "nested/deep.txt"):
        assert text(here, name) == text(world, name)
    assert not (here.path / "train.py").stat().st_mode & 0o111
    outside = here.path.parent / "outside" / "deep.txt"
    assert not outside.exists() or outside.read_text() == "yours"


def an_ignored_file(here: World) -> None:
    here.write(".gitignore", "*.cache\n")
    here.write("nested/left.cache", "left")


def an_empty_folder(here: World) -> None:
    (here.path / "nested" / "left").mkdir()


def a_repository_of_its_own(here: World) -> None:
    here.git("init", "--quiet", "left")


def a_file_less(here: World) -> None:
    (here.path / "nested" / "deep.txt").unlink()


def the_file_that_changes(here: World) -> None:
    here.edit("epochs = 20", "epochs = 31")


def results_and_a_seed(here: World) -> None:
    here.write("metrics.json", "{}")
    here.write("__pycache__/train.pyc", "compiled")
    here.write("nested/out/deep/er.txt", "left")
    (here.path / "nested" / "away").symlink_to(here.path.parent)
    here.edit("[train]", "[train]\nseed = 7")


def a_folder_for_a_file(here: World) -> None:
    (here.path / "train.py").unlink()
    here.write("train.py/inside.txt", "left")


def attributes(here: World) -> None:
    here.write(".gitattributes", "* text eol=crlf\n")
    here.edit("epochs = 20", "epochs = 31")


def a_link_for_a_file(here: World) -> None:
    (here.path / "config.toml").rename(here.path / "moved.toml")
    (here.path / "config.toml").symlink_to("moved.toml")


def a_second_name(here: World) -> None:
    (here.path.parent / "outside.toml").hardlink_to(here.path / "config.toml")


def nothing(here: World) -> None:
    """A run may leave all as it was."""


@pytest.mark.parametrize(
    ("change", "spoil"),
    [
        ("edited", nothing),
        ("edited", skipped),
        ("edited", the_file_that_changes),
        ("edited", results_and_a_seed),
        ("edited", a_folder_for_a_file),
        ("edited", attributes),
        ("edited", a_link_for_a_file),
        ("edited", a_second_name),
        ("edited", modes),
        ("the same", results_and_a_seed),
        ("a link", nothing),
        ("a program", the_file_that_changes),
        ("edited", a_repository_of_its_own),
        ("added", nothing),
        ("added", an_ignored_file),
        ("added", a_file_less),
        ("removed", nothing),
        ("removed", an_empty_folder),
        ("a file for a folder", nothing),
        ("a file for a folder", a_folder_for_a_link),
    ],
)
def test_the_next_commit_is_written_whatever_a_run_left(
    world: World, change: str, spoil: Callable[[World], None]
) -> None:
    world.write("nested/deep.txt", "$Id$\n")
    world.commit("one more")
    here = checked_out(world)
    if change == "edited":
        world.edit("epochs = 20", "epochs = 30")
    elif change == "added":
        world.write("nested/more/new.txt", "new\n")
    elif change == "removed":
        world.git("rm", "--quiet", "README.md")
    elif change == "a link":
        (world.path / "README.md").unlink()
        (world.path / "README.md").symlink_to("train.py")
    elif change == "a program":
        (world.path / "train.py").chmod(0o755)
    elif change == "a file for a folder":
        world.git("rm", "--quiet", "nested/deep.txt")
        world.write("nested", "now a file\n")
    commit = world.git("rev-parse", "HEAD") if change == "the same" else world.commit("the next")
    spoil(here)
    here = checked_out(world)
    assert here.git("rev-parse", "HEAD") == commit
    assert here.git("status", "--porcelain", "--ignored") == ""
    assert here.git("write-tree") == world.git("rev-parse", f"{commit}^{{tree}}")
    assert files_of(here) == files_of(world)


def test_git_looks_at_large_folders_as_closely(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "_LARGE", 0)
    world.write("nested/deep.txt", "$Id$\n")
    world.write("other/less.txt", "gone\n")
    world.commit("one more")
    here = checked_out(world)
    world.edit("epochs = 20", "epochs = 30")
    world.commit("the next")
    for spoil in (results_and_a_seed, a_folder_for_a_file, an_ignored_file):
        spoil(here)
    (here.path / "other" / "less.txt").unlink()
    (here.path / "README.md").chmod(0o755)
    here = checked_out(world)
    assert here.git("status", "--porcelain", "--ignored") == ""
    assert files_of(here) == files_of(world)
    assert here.path.with_name("gitexp-0.now").exists()  # and not compared as a whole


def files_of(tree: World) -> dict[str, object]:
    """What a tree has below it, apart from git's own: modes and contents of files, and folders."""
    found = (path for path in tree.path.rglob("*") if ".git" not in path.parts)
    return {
        str(path.relative_to(tree.path)): (path.lstat().st_mode, path.read_bytes())
        if path.is_file()
        else None
        for path in found
    }


def test_attributes_alone_may_make_a_file_another(world: World) -> None:
    checked_out(world)
    world.write(".gitattributes", "train.py text eol=crlf\n")
    world.commit("line ends of another system")
    assert "\r\n" in text(checked_out(world), "train.py")
    assert "\r\n" not in text(checked_out(world, "HEAD~1"), "train.py")


def test_a_file_that_nobody_touched_is_not_written_again(world: World) -> None:
    here = checked_out(world)
    index = here.path.with_name("gitexp-0.index")
    before, time = (here.path / "train.py").stat(), index.stat().st_mtime_ns
    world.edit("epochs = 20", "epochs = 30")
    world.commit("another config")
    here.write("left", "by a run")
    lock = here.path.with_name("gitexp-0.few.index.lock")
    lock.write_text("of a git that was killed")
    assert "epochs = 30" in text(checked_out(world), "config.toml")
    assert (here.path / "train.py").stat() == before
    assert not lock.exists()
    # git reads files again that are not older than its index.
    written = (here.path / "config.toml").stat().st_mtime_ns
    assert time < index.stat().st_mtime_ns <= written


def test_after_a_crash_of_the_machine_every_file_is_written_again(world: World) -> None:
    here = checked_out(world)
    proven = here.path.with_name("gitexp-0.proven")
    proven.write_bytes(b"another start\n" + proven.read_bytes().partition(b"\n")[2])
    before = (here.path / "train.py").stat().st_ino, (here.path / "train.py").stat().st_ctime_ns
    here = checked_out(world)
    after = (here.path / "train.py").stat().st_ino, (here.path / "train.py").stat().st_ctime_ns
    assert before != after


def test_the_commits_own_attributes_count(world: World) -> None:
    world.write(".gitattributes", "*.bat text eol=crlf\n*.txt working-tree-encoding=UTF-16LE\n")
    world.write("run.bat", "echo\r\n")
    (world.path / "a.txt").write_bytes("ä\n".encode("utf-16-le"))
    world.commit("files of another system")
    for _ in range(2):
        here = checked_out(world)
        assert (here.path / "run.bat").read_bytes() == b"echo\r\n"
        assert (here.path / "a.txt").read_bytes() == "ä\n".encode("utf-16-le")


def test_a_filter_of_the_commit_is_named_and_not_applied(world: World) -> None:
    world.write(".gitattributes", "*.toml filter=crypt\n")
    world.git("config", "filter.crypt.smudge", "tr a-z b-za")
    commit = world.commit("a filter")
    with take_checkout(Repository.discover(world.path), commit) as checkout:
        assert "epochs = 20" in text(World(checkout.path), "config.toml")
        assert checkout.warning.startswith("files with the filter crypt are as committed")


CONTENT = b"weights " * 100


def stored(world: World, content: bytes = CONTENT) -> Path:
    """Where the clone's Git LFS store has, or would have, a content."""
    oid = hashlib.sha256(CONTENT).hexdigest()
    path = world.path / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def pointed(world: World) -> None:
    oid = hashlib.sha256(CONTENT).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(CONTENT)}\n"
    world.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    for name in ("a.bin", "deep/b.bin", "text.txt"):
        world.write(name, pointer)
    world.commit("large files")


def test_large_files_come_from_the_clones_own_store(world: World) -> None:
    pointed(world)
    stored(world)
    here = checked_out(world)
    assert (here.path / "a.bin").read_bytes() == CONTENT
    assert (here.path / "deep" / "b.bin").read_bytes() == CONTENT
    assert (here.path / "text.txt").read_text().startswith("version ")
    before = (here.path / "a.bin").stat().st_ino
    (here.path / "deep" / "b.bin").write_bytes(CONTENT.swapcase())
    here = checked_out(world)
    assert (here.path / "a.bin").stat().st_ino == before  # moved, not copied
    assert (here.path / "deep" / "b.bin").read_bytes() == CONTENT
    assert sorted(path.name for path in here.path.parent.glob("gitexp-0*.json")) == [
        "gitexp-0.json"
    ]
    assert not here.path.with_name("gitexp-0.contents").exists()


@pytest.mark.parametrize("content", [b"", CONTENT[:-1]])
def test_a_large_file_that_is_missing_or_damaged_is_refused(world: World, content: bytes) -> None:
    pointed(world)
    path = stored(world, content)
    if not content:
        path.unlink()
    with pytest.raises(NotReady, match=r"R3: a\.bin is kept in Git LFS") as found:
        checked_out(world)
    assert "git lfs fetch" in found.value.hint


def test_folders_that_may_not_be_written_to_are_in_nobodys_way(world: World) -> None:
    here = checked_out(world)
    here.write("cache/pkg/blob", "x")
    (here.path / "cache" / "pkg").chmod(0o555)
    (here.path / "cache").chmod(0o555)
    assert not (checked_out(world).path / "cache").exists()


def test_a_submodules_commit_may_be_in_this_clone_alone(world: World, tmp_path: Path) -> None:
    part = World(tmp_path / "part")
    part.path.mkdir()
    part.git("init", "--quiet")
    part.write("part.py", "X = 1\n")
    part.commit("part")
    world.git("submodule", "--quiet", "add", str(part.path), "lib/part")
    old = world.commit("a submodule")
    own = World(world.path / "lib" / "part")
    own.write("part.py", "X = 2\n")
    own.commit("not pushed")
    world.commit("its new commit")
    here = checked_out(world)
    assert text(here, "lib/part/part.py") == "X = 2\n"
    here.write("lib/part/part.py", "X = 3\n")
    here.write("lib/part/left", "over")
    assert text(checked_out(world), "lib/part/part.py") == "X = 2\n"
    assert not (here.path / "lib" / "part" / "left").exists()
    assert text(checked_out(world, old), "lib/part/part.py") == "X = 1\n"


def test_what_a_partial_clone_lacks_is_fetched(world: World, tmp_path: Path) -> None:
    world.git("config", "uploadpack.allowFilter", "true")
    world.git(
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=blob:none",
        f"file://{world.path}",
        str(tmp_path / "partial"),
    )
    assert "epochs = 20" in text(checked_out(World(tmp_path / "partial")), "config.toml")
