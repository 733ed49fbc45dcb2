from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import World

# Scores as the real models have them: gamma raises them, class_weight moves nothing but noise.
STAND_IN = """
import random
from types import SimpleNamespace
import gitexp

gitexp.predictions = lambda *_, **__: None  # what checks them would want the real scikit-learn
load_digits = lambda **_: ([], [])
train_test_split = lambda *_, random_state, **__: ["train", random_state] * 3

class Predicted(float):
    def __eq__(self, _):
        return SimpleNamespace(mean=lambda: float(self))

def SVC(gamma, class_weight, **_):
    mean = 0.97 if gamma == 0.001 else 0.94
    def score(_, seed):
        return random.Random(f"{seed} {gamma} {class_weight}").gauss(mean, 0.001)
    def predict(seed):
        return Predicted(score(None, seed))
    return SimpleNamespace(fit=lambda *_: None, score=score, predict=predict)
"""


@pytest.fixture
def no_training(tmp_path: Path) -> Path:
    """A scikit-learn that does what the demo's script asks of it, and in no time."""
    for name in ("__init__", "datasets", "model_selection", "svm"):
        World(tmp_path).write(f"site/sklearn/{name}.py", STAND_IN)
    return tmp_path / "site"


@pytest.mark.slow
def test_the_demo_runs_the_whole_loop_without_an_identity(
    tmp_path: Path, no_training: Path
) -> None:
    the_demo_runs_the_whole_loop(tmp_path, path=str(no_training))


@pytest.mark.slow
def test_the_demo_trains_for_real(tmp_path: Path) -> None:
    demo = the_demo_runs_the_whole_loop(tmp_path)
    assert "9 is missed" in demo.gitexp("gaps").out


def the_demo_runs_the_whole_loop(tmp_path: Path, path: str = "") -> World:
    home = tmp_path / "home"
    home.mkdir()
    # Somebody's own hooks and key have no business there.
    hook = World(tmp_path).write("hooks/pre-commit", "#!/bin/sh\necho mine >&2\nexit 1\n")
    hook.chmod(0o755)
    configuration = World(tmp_path).write(
        "gitconfig",
        f"[core]\nhooksPath = {hook.parent}\n[commit]\ngpgSign = true\n",
    )
    ran = World(tmp_path).gitexp(
        "demo", "a new folder",
        GIT_CONFIG_GLOBAL=str(configuration), HOME=str(home), XDG_CONFIG_HOME=str(home),
        PYTHONPATH=path,
    )  # fmt: skip
    said = ran.out + ran.err
    assert "mine" not in said.splitlines()
    for words in ("CONFIRMED: accuracy +0.0", "RULED OUT: accuracy ", "C2 · ", "H1 · "):
        assert words in said
    demo = World(tmp_path / "a new folder")
    assert demo.git("status", "--porcelain") == ""
    assert demo.git("branch", "--show-current") == "main"
    rows = demo.gitexp("log", "--json").json
    assert [row["verdict"] for row in rows] == ["RULED OUT", "CONFIRMED"]
    assert [row["change"]["key"] for row in rows] == ["model.class_weight", "model.gamma"]
    assert [path.name for path in home.iterdir()] == [".cache"]  # where runs have their checkouts
    # Shown is what was typed: each command, then its own output.
    shown = [line for line in ran.out.splitlines() if line.startswith("$ ")]
    assert any(line.startswith("$ gitexp start --set model.gamma=0.001") for line in shown)
    assert "$ git --no-pager log --branches --notes=gitexp" in shown
    return demo


def test_the_demo_wants_a_new_folder(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("mine", "dangling"):
        ran = World(tmp_path).gitexp("demo", name, code=2)
        assert "exists already" in ran.err
        assert f"gitexp demo {tmp_path / name}-2" in ran.err
        assert "rm -r" not in ran.err  # the folder may hold work of somebody's
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_demo_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be made" in World(tmp_path).gitexp("demo", "file/demo", code=3).err
