"""What runs leave behind: listed, freed when old, never while in use, and said to be gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.arrange import SCORE, records, settle, train_with

if TYPE_CHECKING:
    from tests.project import World

AGES = 100 * 86_400  # seconds


def local(world: World) -> Path:
    return world.path / ".git" / "gitexp"


def run_folders(world: World) -> list[Path]:
    return sorted(path for path in (local(world) / "runs").glob("*/*") if path.is_dir())


def age(path: Path) -> None:
    """Let everything below a folder look as if it had been written long ago."""
    then = time.time() - AGES
    for folder, names, files in os.walk(path, topdown=False):
        for name in (*names, *files):
            os.utime(Path(folder, name), (then, then), follow_symlinks=False)
    os.utime(path, (then, then))


def age_everything(world: World) -> None:
    for place in (local(world) / "runs", local(world) / "slots", local(world) / "claims"):
        age(place)
    age(world.path / ".git" / "worktrees")


def states(world: World, *words: str) -> list[str]:
    found: list[dict[str, Any]] = world.gitexp("doctor", "--gc", *words, "--json").json
    return sorted(f"{one['kind']} {one['state']}" for one in found)


def test_what_is_old_is_freed_and_said_to_be_gone(ready: World) -> None:
    settle(ready, repeats=[3])
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run", name)
    before = records(ready, f"exp/{name}")
    assert states(ready) == ["checkout kept", *["run kept"] * 6]
    assert (
        "kept, as it was used in the last 30d: 6 run folders and 1 checkout"
        in ready.gitexp("doctor", "--gc").out
    )
    assert "not here" not in ready.gitexp("show", name).out
    age_everything(ready)
    half = local(ready) / "aside" / ".7-1-0.jsonl.x3k"  # a command was killed as it wrote
    half.write_text("")
    os.utime(half, (0, 0))
    assert states(ready, "--dry-run") == ["checkout old", *["run old"] * 6]
    assert "to be freed: 6 run folders and 1 checkout" in ready.gitexp("doctor", "--gc", "-n").out
    assert states(ready, "--older", "200d") == ["checkout kept", *["run kept"] * 6]
    assert len(run_folders(ready)) == 6
    ran = ready.gitexp("doctor", "--gc")
    assert "freed: 6 run folders and 1 checkout" in ran.out
    assert list((local(ready) / "runs").iterdir()) == []
    assert list((local(ready) / "claims").iterdir()) == []
    assert not half.exists()
    assert len(ready.git("worktree", "list").splitlines()) == 1
    # Records stay, and say what has gone.
    assert records(ready, f"exp/{name}") == before
    assert "output of seeds 1, 2, 3 is not here" in ready.gitexp("show", name).out
    sheet = ready.gitexp("show", name, "--json").json
    assert [run["folder_here"] for run in sheet["runs"]] == [None] * 3
    assert "nothing to free" in ready.gitexp("doctor", "--gc").out
    # And the next run makes what it needs anew.
    other = ready.start("--set", "model.C=11")
    ready.gitexp("run", other)
    here = [run["folder_here"] for run in ready.gitexp("show", other, "--json").json["runs"]]
    assert all(Path(folder, "stdout.log").exists() for folder in here)


def test_what_a_live_run_uses_is_left_alone(ready: World) -> None:
    train_with(
        ready,
        "import pathlib, time\npathlib.Path(os.environ['GITEXP_RUN_DIR'], 'began').touch()\n"
        "while not os.path.exists(os.environ['GOON']): time.sleep(0.02)\n" + SCORE,
        repeats=[3],
    )
    name, go_on = ready.start("--set", "model.C=10"), ready.path / ".git" / "go-on"
    process = subprocess.Popen(
        [sys.executable, "-m", "gitexp", "run", name], cwd=ready.path, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, env=os.environ | {"GOON": str(go_on)},
    )  # fmt: skip
    try:
        while not any((folder / "began").exists() for folder in run_folders(ready)):
            assert process.poll() is None
            time.sleep(0.02)
        age_everything(ready)
        assert states(ready, "--older", "1s") == ["checkout in use", "run in use"]
        assert "in use: 1 run folder and 1 checkout" in ready.gitexp("doctor", "--gc").out
    finally:
        go_on.touch()
    assert process.wait(timeout=120) == 0
    assert len(run_folders(ready)) == 6
    assert not list((local(ready) / "runs").glob("*/*.lock"))


def test_a_checkout_that_git_no_longer_knows_is_freed_too(ready: World) -> None:
    checkout = local(ready) / "slots" / "gitexp-0"
    checkout.mkdir(parents=True)
    (checkout / "left").write_text("over")
    age(checkout)
    assert states(ready) == ["checkout freed"]
    assert not checkout.exists()


def test_links_in_a_run_folder_are_removed_and_not_followed(ready: World) -> None:
    precious = ready.write("precious/data.csv", "1\n")
    folder = local(ready) / "runs" / "abc" / "1-1"
    folder.mkdir(parents=True)
    (folder / "data").symlink_to(precious.parent)
    (folder.parent / "elsewhere").symlink_to(precious.parent)
    age(folder)
    assert states(ready) == ["run freed"]
    assert precious.read_text() == "1\n"
