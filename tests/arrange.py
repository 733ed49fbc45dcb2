"""What several workflow tests arrange and read; git answers wherever it can."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.project import READ_CONFIG

if TYPE_CHECKING:
    from tests.project import World

# What git and gitexp must agree on, whatever else stands in a message.
REGISTERED = [
    "Experiment", "Change", "Criterion", "Repeats", "Seeds", "Vary", "Campaign", "Level",
    "Rules",
]  # fmt: skip


def head_and_index_and_files(world: World) -> tuple[object, ...]:
    """Everything of a work tree that nobody but its owner may change; works in linked ones too."""
    files = {
        str(path.relative_to(world.path)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(world.path.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(world.path).parts
    }
    head = world.try_git("symbolic-ref", "HEAD").out or world.git("rev-parse", "HEAD")
    return head, world.git("ls-files", "--stage", "-v"), files


def index_bytes(world: World) -> bytes:
    """The index as it lies there, with the time stamps that a refresh would change."""
    return (world.path / world.git("rev-parse", "--git-path", "index")).read_bytes()


def refs(world: World) -> dict[str, str]:
    """Every ref with the object that it names, as git lists them."""
    lines = world.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)


def show(world: World, name: str) -> bytes:
    """A blob's bytes, by git's own name for it (`main:config.toml`)."""
    return subprocess.run(
        ["git", "cat-file", "blob", name], cwd=world.path, capture_output=True, check=True
    ).stdout


def message(world: World, revision: str) -> str:
    """A commit message as git stores it."""
    return world.git("log", "-1", "--format=%B", revision)


def trailers(world: World, revision: str) -> dict[str, str]:
    """Trailers as git itself reads them."""
    (world.path / ".git" / "read-by-git").write_text(message(world, revision))
    out = world.git("interpret-trailers", "--parse", ".git/read-by-git")
    return {key: value for key, _, value in (line.partition(": ") for line in out.splitlines())}


def seeds_of(world: World, revision: str) -> range:
    """Seeds that an experiment registers."""
    first, last = map(int, trailers(world, revision)["Seeds"].split("-"))
    return range(first, last + 1)


def note(world: World, ref: str, revision: str) -> str:
    """A note's text, empty where there is none."""
    return world.try_git("notes", f"--ref={ref}", "show", revision).out


def records(world: World, revision: str) -> list[dict[str, Any]]:
    """Records of a commit in the order of seeds and attempts."""
    # git sets what it appends apart by a blank line.
    lines = map(json.loads, filter(None, note(world, "gitexp-runs", revision).splitlines()))
    runs = (line for line in lines if "kind" not in line)
    return sorted(runs, key=lambda r: (r["seed"], r["attempt"]))


def bulk(world: World, revision: str, kind: str) -> list[dict[str, Any]]:
    """Bulk lines of one kind."""
    lines = map(json.loads, note(world, "gitexp-data", revision).splitlines())
    return [line for line in lines if line["kind"] == kind]


def settle(world: World, **settings: object) -> None:
    """Change settings on the baseline, commit and approve them."""
    path = world.path / "gitexp.toml"
    lines = [
        line
        for line in path.read_text().splitlines()
        if line.partition(" =")[0].strip() not in settings
    ]
    lines += [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    path.write_text("\n".join(lines) + "\n")
    world.commit("settings")
    world.gitexp("trust", "--yes")


def train_with(world: World, script: str, **settings: object) -> None:
    """Give the project another training script; `CONFIG` in it is the config."""
    head = f"import os, sys\n{READ_CONFIG}CONFIG = config\n"
    world.write("train.py", head + "SEED = int(os.environ['GITEXP_SEED'])\n" + script)
    settle(world, **settings) if settings else world.commit("another script")


# The same numbers as in the template's script, for scripts that do something besides.
SCORE = """
import random
noise = random.Random(f"{SEED} {CONFIG['model']['C']}").gauss(0, 0.001)
print(f"accuracy={0.9 + 0.002 * CONFIG['model']['C'] + noise:.6f}")
"""


def lose_object(world: World, name: str) -> bytes:
    """Let an object vanish, as a bad disk does, from a pack or a file of its own; returns it."""
    objects = world.path / ".git" / "objects"
    for pack in objects.glob("pack/*.pack"):
        content = pack.read_bytes()
        for path in objects.glob(f"pack/{pack.stem}.*"):
            path.unlink()
        subprocess.run(["git", "unpack-objects", "-q"], cwd=world.path, input=content, check=True)
    name = world.git("rev-parse", name)
    path = objects / name[:2] / name[2:]
    content = path.read_bytes()
    path.unlink()
    return content
