from __future__ import annotations

import pytest

from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.notebook import find_notebook, inspect_command
from gitexp.rules.gate.one_change import inspect

COMMANDS = (
    ("python train.py", ""),
    ("python -m train --seed {seed}", ""),
    ("papermill train.ipynb out.ipynb -p seed {seed}", "train.ipynb"),
    ("papermill 'my notes.ipynb' /dev/null", "my notes.ipynb"),
    ("jupyter nbconvert --to notebook --execute src/Train.IPYNB", "src/Train.IPYNB"),
    ("jupyter nbconvert --execute --output=out train.ipynb", "train.ipynb"),
    ("python -m papermill train.ipynb /dev/null", "train.ipynb"),
    ("python -m jupyter nbconvert --execute train.ipynb", "train.ipynb"),
    ("python -m nbconvert.nbconvertapp train.ipynb", "train.ipynb"),
    ("ipython train.ipynb", "train.ipynb"),
    ("env SEED={seed} papermill --input=train.ipynb", "train.ipynb"),
    ("./train.ipynb", "./train.ipynb"),
    # with `shell = true`
    ("cd src && python prepare.py; papermill train.ipynb out.ipynb", "train.ipynb"),
    ("python prepare.py && papermill train.ipynb", "train.ipynb"),
    ("python prepare.py\npapermill train.ipynb", "train.ipynb"),
    ("sh -c 'python prepare.py; papermill train.ipynb'", "train.ipynb"),
    ("sh -c 'papermill train.ipynb'", "train.ipynb"),
    ('sh -c "python prepare.py; papermill train.ipynb"', "train.ipynb"),
    # data of a program, or out of reach
    ("python report.py --template report.ipynb", ""),
    ("python -m report report.ipynb", ""),
    ("bash run.sh", ""),
    ("papermill notebooks/", ""),
)


@pytest.mark.parametrize(("command", "notebook"), COMMANDS)
def test_a_command_that_runs_a_notebook_is_known_by_its_words(command: str, notebook: str) -> None:
    assert find_notebook(command) == notebook


def test_notebooks_that_cannot_run_are_files_like_any_other() -> None:
    """Any second file is refused; what turns a notebook into a script helps only where it runs."""
    was, now = b"{}", b"{ }"
    changed = Edited("docs/tour.ipynb", "100644", "100644", was, now)
    removed = Edited("old.ipynb", "100644", "000000", was, None)
    found = inspect([changed, removed], ["config.toml"], inert=["docs/"])
    assert [finding.id for finding in found.findings] == ["C1", "C1"]
    found = inspect([changed, removed], ["config.toml"])
    assert [finding.id for finding in found.findings] == ["N1", "C1"]


def test_a_training_command_that_runs_a_notebook_is_refused_with_the_way_out() -> None:
    [finding] = inspect_command("papermill 'my notes.ipynb' /dev/null")
    assert finding.id == "N1"
    assert "runs the notebook my notes.ipynb;" in finding.message
    assert finding.hint.startswith("jupyter nbconvert --to script 'my notes.ipynb'\n")
    assert inspect_command("python train.py notes.ipynb") == ()
    assert inspect_command("PAPERMILL TRAIN.IPYNB") != ()
