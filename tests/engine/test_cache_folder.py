from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.cache_folder import (
    abandoned_folders,
    checkouts_folder,
    demand_trusted_folders,
    make_checkouts_folder,
)
from gitexp.errors import NotReady
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.project import World


def repository_of(world: World) -> Repository:
    return Repository.discover(world.path)


def test_a_clone_has_a_folder_of_its_own_that_is_yours_alone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = os.umask(0o002)
    try:
        folder = make_checkouts_folder(repository_of(world))
    finally:
        os.umask(before)
    common = os.fsencode((world.path / ".git").resolve())
    host = os.uname().nodename
    name = hashlib.sha256(common).hexdigest()[:16]
    assert folder == tmp_path / "cache" / "gitexp" / str(os.getuid()) / host / name
    for place in (folder, *folder.parents[:3]):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert (folder / "owner").read_text() == f"{world.path / '.git'}\n"
    assert make_checkouts_folder(repository_of(world)) == folder


def test_the_setting_comes_before_the_environment(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path.home() / ".cache" / "gitexp"
    assert checkouts_folder(repository_of(world)).parents[2] == home
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert checkouts_folder(repository_of(world)).parents[2] == home
    world.git("config", "gitexp.cache", str(tmp_path / "named"))
    assert checkouts_folder(repository_of(world)).parents[2] == tmp_path / "named"
    world.git("config", "gitexp.cache", "~/named")
    assert checkouts_folder(repository_of(world)).parents[2] == Path.home() / "named"


def test_a_user_without_a_name_has_a_folder_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # as in a container: --user 12345
    cache = checkouts_folder(repository_of(world)).parents[2]
    assert cache == Path(f"/var/tmp/gitexp-{os.getuid()}")
    world.git("config", "gitexp.cache", "~/named")
    with pytest.raises(NotReady, match="is not an absolute path"):
        checkouts_folder(repository_of(world))


@pytest.mark.parametrize("home", ["a file", "relative"])
def test_who_has_no_home_has_a_folder_of_its_own_all_the_same(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / home) if home == "a file" else home)
    cache = checkouts_folder(repository_of(world)).parents[2]
    assert cache == Path(f"/var/tmp/gitexp-{os.getuid()}")


def linked(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    (folder.parent / "elsewhere").mkdir()
    folder.symlink_to("elsewhere")


def open_to_the_group(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o770)


def a_file(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (linked, "it is a symbolic link"),
        (open_to_the_group, "can be written to by other users"),
        (a_file, "cannot be"),
    ],
)
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_folder_that_others_could_change_is_refused(
    world: World, spoil: Callable[[Path], None], said: str, depth: int
) -> None:
    repository = repository_of(world)
    folder = checkouts_folder(repository)
    spoil((folder, *folder.parents)[depth])
    with pytest.raises(NotReady, match=said) as found:
        make_checkouts_folder(repository)
    assert "git config gitexp.cache" in found.value.hint
    with pytest.raises(NotReady):
        demand_trusted_folders(repository)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give folders away")
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_folder_of_another_user_is_refused(world: World, depth: int) -> None:
    repository = repository_of(world)
    folder = make_checkouts_folder(repository)
    os.chown((folder, *folder.parents)[depth], 65534, 65534)
    with pytest.raises(NotReady, match="belongs to another user"):
        make_checkouts_folder(repository)


def test_a_shared_cache_needs_the_sticky_bit(world: World, tmp_path: Path) -> None:
    shared = tmp_path / "scratch"
    shared.mkdir()
    world.git("config", "gitexp.cache", str(shared))
    shared.chmod(0o777)
    with pytest.raises(NotReady, match="can be written to by other users"):
        make_checkouts_folder(repository_of(world))
    shared.chmod(0o1777)
    assert make_checkouts_folder(repository_of(world)).is_dir()


@pytest.mark.parametrize(
    ("named", "said"),
    [("cache", "is not an absolute path"), ("@/cache", "is inside the repository"),
     ("@/.git/cache", "is inside the repository"), ("/proc/cache", "cannot be used")],
)  # fmt: skip
def test_a_cache_of_no_use_is_named_with_the_way_on(world: World, named: str, said: str) -> None:
    world.git("config", "gitexp.cache", named.replace("@", str(world.path)))
    with pytest.raises(NotReady, match=said) as found:
        make_checkouts_folder(repository_of(world))
    assert "git config gitexp.cache /path/to/folder" in found.value.hint
    if not named.startswith("/proc"):  # where root may write, as far as modes say
        with pytest.raises(NotReady):
            demand_trusted_folders(repository_of(world))


def test_folders_of_clones_that_are_gone_are_found(world: World) -> None:
    repository = repository_of(world)
    folder = make_checkouts_folder(repository)
    other = folder.with_name("0" * 16)
    other.mkdir(mode=0o700)
    assert list(abandoned_folders(repository)) == []  # nobody knows whose it is
    (other / "owner").write_text("/nowhere/project/.git\n")
    assert list(abandoned_folders(repository)) == [other]
