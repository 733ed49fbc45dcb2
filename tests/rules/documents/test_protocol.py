from __future__ import annotations

from typing import Any

import pytest

from gitexp.rules.documents.goal import changed_goals, parse_goal
from gitexp.rules.documents.protocol import changed_protocol
from gitexp.rules.documents.settings_file import parse_settings

BEFORE: dict[str, Any] = {
    "config": ["config.toml"],
    "command": "python train.py",
    "metric": "accuracy",
    "data": ["data/*.csv"],
    "protect": ["evaluate.py", "metrics/"],
    "holdout": "python final.py held.toml",
}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({}, ()),
        ({"planned": 30, "effect": 0.1, "timeout": "2h", "repeats": [3]}, ()),
        ({"metric": "f1"}, ('metric: "accuracy" -> "f1"',)),
        ({"direction": "lower"}, ('direction: "higher" -> "lower"',)),
        ({"command": "python fit.py"}, ('command: "python train.py" -> "python fit.py"',)),
        ({"shell": True}, ("shell: false -> true",)),
        ({"metrics": "m.json"}, ('metrics: "" -> "m.json"',)),
        ({"predictions": "p.csv"}, ('predictions: "" -> "p.csv"',)),
        ({"data": []}, ('data: ["data/*.csv"] -> []',)),
        ({"protect": ["metrics/", "score.py", "evaluate.py"]}, ()),  # to lock more is no change
        (
            {"protect": ["evaluate.py"]},
            ('protect: ["evaluate.py", "metrics/"] -> ["evaluate.py"]',),
        ),
        ({"holdout": ""}, ('holdout: "python final.py held.toml" -> ""',)),
        ({"config": ["config.toml", "conf/*.toml"]}, ()),
        (
            {"config": ["config.toml", "data/train.csv"]},  # an experiment might change data then
            ('config: ["config.toml"] -> ["config.toml", "data/train.csv"]',),
        ),
        (
            {"config": ["config.toml", "held.toml"]},
            ('config: ["config.toml"] -> ["config.toml", "held.toml"]',),
        ),
    ],
)
def test_settings_that_measure_are_told_from_all_others(
    after: dict[str, Any], said: tuple[str, ...]
) -> None:
    old, new = (parse_settings("gitexp.toml", table) for table in (BEFORE, BEFORE | after))
    assert changed_protocol(old, new) == said


def test_a_first_holdout_changes_nothing_that_was_measured() -> None:
    old, new = (parse_settings("gitexp.toml", BEFORE | {"holdout": h}) for h in ("", "python f.py"))
    assert changed_protocol(old, new) == ()


def test_goals_change_where_one_is_replaced_or_removed_and_not_where_one_is_new() -> None:
    first, second = parse_goal("accuracy >= 0.97 by 2027-01-31"), parse_goal("loss <= 0.1")
    lower = parse_goal("accuracy >= 0.95")
    assert changed_goals([first], [second, first]) == ()
    assert changed_goals([first], [lower]) == (
        "accuracy >= 0.97 by 2027-01-31 -> accuracy >= 0.95",
    )
    assert changed_goals([first, second], [first]) == ("loss <= 0.1 -> (none)",)
