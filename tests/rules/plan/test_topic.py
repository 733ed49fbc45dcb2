from __future__ import annotations

import pytest

from gitexp.rules.documents.change_line import parse_change
from gitexp.rules.plan.standing import topic_of


@pytest.mark.parametrize(
    ("key", "topic"),
    [
        ("model.class_weight", "data"),
        ("model.features", "features"),
        ("train.lr", "training"),
        ("net[0].hidden", "model"),
        ("C", "other"),
    ],
)
def test_the_last_name_of_a_key_says_what_a_change_is_about(key: str, topic: str) -> None:
    assert topic_of(parse_change(f"data.toml: {key} = 1 -> 2")) == topic
