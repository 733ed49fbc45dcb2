"""What the README tells people to type does what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.arrange import message
from tests.project import World, git

if TYPE_CHECKING:
    from tests.project import Ran

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def recipe(containing: str) -> str:
    """The one fenced block of shell commands with these words in it."""
    blocks = [part.partition("```")[0] for part in README.split("```sh\n")[1:]]
    [found] = [block for block in blocks if containing in block]
    return found


def in_ci(world: World, folder: Path, *revision: str) -> Ran:
    """Run the recipe as a service does: in a fresh clone, on a detached HEAD."""
    git(folder.parent, "clone", "--quiet", f"file://{world.path}", str(folder))
    clone = World(folder)
    clone.git("fetch", "--quiet", "origin", *(revision or ("main",)))
    clone.git("switch", "--quiet", "--detach", "FETCH_HEAD")
    return clone.run("bash", "-euo", "pipefail", "-c", recipe("gitexp check --all"))


@pytest.mark.slow
def test_the_recipe_for_ci_lets_good_experiments_through_and_no_other(
    ready: World, tmp_path: Path
) -> None:
    ready.start("--set", "model.C=10")
    ready.gitexp("run")
    # A confirmation allows a higher level: known only to whoever has the notes.
    second = ready.start("--set", "train.epochs=30")
    assert "Level: 0.01\n" in f"{message(ready, f'exp/{second}')}\n"
    ran = in_ci(ready, tmp_path / "one")
    assert (ran.code, ran.out.splitlines()[-2]) == (0, "2 experiments, 0 refused")
    # Proposed from elsewhere: a commit that no branch here has.
    text = message(ready, f"exp/{second}").replace("Level: 0.01", "Level: 0.1")
    commit = ready.git("commit-tree", f"exp/{second}^{{tree}}", "-p", "main", "-m", text)
    ready.git("update-ref", "refs/pull/1/head", commit)
    ready.git("branch", "-D", f"exp/{second}")
    ran = in_ci(ready, tmp_path / "two", "refs/pull/1/head")
    assert ran.code == 1
    assert "T3 ·" in ran.out
    # Settings that name another baseline do not decide.
    ready.git("switch", "--quiet", "--create", "elsewhere")
    ready.edit('metric = "accuracy"', 'metric = "accuracy"\nbaseline = "elsewhere"', "gitexp.toml")
    ready.commit("another baseline, and who knows what besides")
    ready.git("switch", "--quiet", "--create", "exp/astray")
    ready.edit("C = 1.0", "C = 2")
    ready.commit("C raises accuracy because the model underfits", verify=False)
    ran = in_ci(ready, tmp_path / "three", "exp/astray")
    assert ran.code == 1
    assert "B1 ·" in ran.out
