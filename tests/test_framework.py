"""The real pre-commit framework, which clones this repository and installs gitexp by itself."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.arrange import trailers
from tests.project import World, git

if TYPE_CHECKING:
    from tests.project import Ran

ROOT = Path(__file__).parents[1]
BECAUSE = "C raises accuracy because the model underfits"
FRAMEWORK = (sys.executable, "-m", "pre_commit")


@pytest.fixture
def framed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project that knows gitexp by its .pre-commit-config.yaml alone."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home"))
    source = tmp_path / "gitexp"
    source.mkdir()
    for name in (
        ".pre-commit-hooks.yaml",
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
    ):
        shutil.copy(ROOT / name, source)
    for name in ("gitexp", "hooks"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "gitexp as it is here")
    ids = ["gitexp-pre-commit", "gitexp-commit-msg"]
    world.write(
        ".pre-commit-config.yaml",  # which JSON is too
        json.dumps(
            {
                "default_install_hook_types": ["pre-commit", "commit-msg"],
                "repos": [
                    {
                        "repo": str(source),
                        "rev": git(source, "rev-parse", "HEAD"),
                        "hooks": [{"id": name} for name in ids],
                    }
                ],
            }
        ),
    )
    world.commit("with the framework")
    installed = world.run(*FRAMEWORK, "install", "--install-hooks")
    assert installed.code == 0, installed
    return world


def refused(world: World, *words: str) -> Ran:
    """Run a git command that a hook must stop, and that must leave everything as it was."""
    before = world.snapshot()
    ran = world.try_git(*words)
    assert ran.code == 1, ran
    assert "Traceback" not in ran.err
    assert world.snapshot() == before
    return ran


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pre_commit") is None, reason="not installed")
def test_the_framework_holds_experiments_to_the_rules_and_nothing_else(framed: World) -> None:
    framed.edit("epochs = 20", "epochs = 21")
    framed.edit("lr = 1e-3", "lr = 1e-2")
    framed.git("commit", "--quiet", "--all", "--message", "Two values on main, why not?")
    framed.git("switch", "--quiet", "--create", "exp/by-hand")
    framed.edit("C = 1.0", "C = 10")
    assert "H1 ·" in refused(framed, "commit", "--all", "--message", "Does C help?").err
    # What is not to be committed is put aside meanwhile, and comes back.
    framed.git("add", "config.toml")
    framed.edit("epochs = 21", "epochs = 42")
    framed.write("train.py", "print('accuracy=1')\n")
    framed.git("commit", "--quiet", "--message", BECAUSE)
    assert "epochs = 42" in (framed.path / "config.toml").read_text()
    assert trailers(framed, "HEAD")["Change"] == "config.toml: model.C = 1.0 -> 10"
    assert framed.gitexp("check", "by-hand", "--json").json["ok"]
    # An amend is no new commit, and --all shows what it takes through an index of its own.
    framed.git("restore", "train.py")
    for words in (("--all",), ("--", "config.toml")):
        for amended in ((), ("--amend", "--no-edit")):
            message = () if amended else ("--message", BECAUSE)
            assert "C2 ·" in refused(framed, "commit", *amended, *message, *words).err
    framed.edit("epochs = 42", "epochs = 21")
    framed.edit("C = 10", "C = 100")
    framed.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    assert trailers(framed, "HEAD")["Change"] == "config.toml: model.C = 1.0 -> 100"
    assert framed.gitexp("check", "by-hand", "--json").json["ok"]
    ran = framed.run(*FRAMEWORK, "run", "--all-files")
    assert (ran.code, "Passed" in ran.out) == (0, True), ran
