from __future__ import annotations

from typing import Any

import pytest

from gitexp.rules.documents.settings_file import parse_settings
from gitexp.rules.gate.code_commit import inspect_code
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.protected import is_protected

JUDGED: dict[str, Any] = {
    "config": ["config.toml", "conf/*.toml"],
    "command": "python train.py --threads=2",
    "metric": "accuracy",
    "protect": ["evaluate.py", "eval*.py", "scoring/", "bench", "conf/eval.toml", "/shared/"],
    "data": ["data/*.csv", "images", "rows/**/*.npy"],
    "holdout": "./score.py --rows=held.csv -m lib.judge train.py secret/",
}


@pytest.mark.parametrize(
    ("path", "protected"),
    [
        ("evaluate.py", True),
        ("src/evaluate.py", True),
        ("eval_all.py", True),
        ("scoring/deep/rule.py", True),
        ("scoring", True),  # the folder became a link or a submodule
        ("evaluate/__init__.py", True),  # Python would import it in place of evaluate.py
        ("evaluate.abi3.so", True),
        ("src/__pycache__/evaluate.cpython-312.pyc", True),  # may be used without its source
        ("__pycache__/train.cpython-312.pyc", False),
        ("evaluate/other.py", False),
        ("bench/one.py", True),  # a folder without its slash is a folder all the same
        ("benchmark.py", False),
        ("conf/eval.toml", True),  # `protect` names this config
        ("conf/model.toml", False),
        ("/shared/judge.py", True),
        ("/other/judge.py", False),
        ("data/train.csv", True),
        ("data/README.md", False),
        ("data", True),  # a link, where the settings expect a folder
        ("conf", True),
        ("images/cat/1.png", True),
        ("rows/a/b/c.npy", True),
        ("score.py", True),
        ("src/score.py", False),
        ("held.csv", True),
        ("lib/judge.py", True),
        ("secret/rows.csv", True),
        ("train.py", False),  # the holdout runs it, too, but it is what experiments change
        ("config.toml", False),
    ],
)
def test_what_measures_is_protected(path: str, *, protected: bool) -> None:
    assert is_protected(parse_settings("gitexp.toml", JUDGED), path) is protected


@pytest.mark.parametrize("protect", [["evaluate.py"], []])
def test_code_does_not_decide_how_protected_files_are_written(protect: list[str]) -> None:
    table = JUDGED | {"protect": protect, "data": [], "holdout": ""}
    attributes = Edited("src/.gitattributes", "000000", "100644", None, None)
    found = inspect_code([attributes], parse_settings("gitexp.toml", table))
    assert [finding.id for finding in found] == ["A2"] * len(protect)


@pytest.mark.parametrize(("path", "protected"), [("judge.py", True), ("a/judge.py", False)])
def test_at_the_top_of_a_repository_a_leading_slash_names_the_project_itself(
    path: str, *, protected: bool
) -> None:
    settings = parse_settings("gitexp.toml", JUDGED | {"protect": ["/judge.py"], "holdout": ""})
    assert is_protected(settings, path) is protected


def test_a_config_inside_declared_data_stays_a_config() -> None:
    table = JUDGED | {"protect": [], "data": ["conf/"]}
    settings = parse_settings("gitexp.toml", table)
    assert not is_protected(settings, "conf/model.toml")
    assert is_protected(settings, "conf/rows.csv")


def test_without_a_holdout_no_path_of_the_command_is_protected() -> None:
    table = JUDGED | {"protect": [], "data": [], "holdout": ""}
    settings = parse_settings("gitexp.toml", table)
    assert not any(is_protected(settings, path) for path in ("train.py", "score.py", "a/b.py"))
