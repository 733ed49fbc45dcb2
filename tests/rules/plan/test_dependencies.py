from __future__ import annotations

import pytest

from gitexp.rules.plan.dependencies import added, declares

_PROJECT = '[project]\ndependencies = ["numpy"]\n'
_GROWN = (
    '[project]\ndependencies = ["numpy", "xgboost[gpu]>=2"]\n'
    '[project.optional-dependencies]\nmore = ["shap"]\n'
)
_POETRY = '[tool.poetry.dependencies]\npython = "^3"\njax = "1"\n'
_CONDA = "dependencies:\n  - python\n  - pip:\n    - jax\n"
CASES = {
    "a requirement": ("requirements.txt", "numpy\n", "numpy>=2\nLight_GBM==4 # x\n", ["light-gbm"]),
    "comments and options": ("a/requirements-dev.in", "", "# x\n-r a.txt\ntorch\n", ["torch"]),
    "a version alone": ("requirements.txt", "numpy==1\n", "numpy==2\n", []),
    "a project": ("pyproject.toml", _PROJECT, _GROWN, ["shap", "xgboost"]),
    "poetry": ("pyproject.toml", "", _POETRY, ["jax"]),
    "conda": ("environment.yml", "", _CONDA, ["jax", "python"]),
    "nothing that parses": ("pyproject.toml", "x", "[[[", []),
}


@pytest.mark.parametrize("name", CASES)
def test_dependencies_that_an_edit_adds_are_named(name: str) -> None:
    path, before, after, expected = CASES[name]
    assert declares(path)
    assert added(path, before.encode(), after.encode()) == expected


def test_a_new_or_removed_file_counts_as_empty_on_one_side() -> None:
    assert added("requirements.txt", None, b"torch\n") == ["torch"]
    assert added("requirements.txt", b"torch\n", None) == []


def test_other_files_declare_nothing() -> None:
    assert not declares("config.toml")
    assert not declares("notes/requirements.md")
