"""Which files a defaults list chooses."""

from __future__ import annotations

import pytest

from gitexp.rules.gate.composed import chosen_files

GROUPS = {"conf/optimizer/adam.yaml": b"lr: 1\n", "conf/optimizer/sgd.yaml": b"lr: 2\n"}


@pytest.mark.parametrize(
    ("defaults", "chosen"),
    [
        ("- optimizer: adam", ["conf/optimizer/adam.yaml"]),
        ("- override /optimizer@train.optimizer: sgd", ["conf/optimizer/sgd.yaml"]),
        ("- optimizer/adam\n- _self_", ["conf/optimizer/adam.yaml"]),
        ("- optimizer: null", None),
        ("- optimizer: other", []),
        ("optimizer: adam", None),
        ("[", None),
    ],
)
def test_a_defaults_list_chooses_files(defaults: str, chosen: list[str] | None) -> None:
    files = {"conf/config.yaml": f"defaults:\n{defaults}\n".encode(), **GROUPS}
    assert chosen_files(files) == ([] if chosen is None else ["conf/config.yaml", *chosen])


@pytest.mark.parametrize(
    ("command", "chosen"),
    [
        ("python train.py optimizer=sgd", "conf/optimizer/sgd.yaml"),
        ("python train.py +optimizer@train.optimizer=sgd", "conf/optimizer/sgd.yaml"),
        ("python train.py optimizer.lr=1 --optimizer=sgd", "conf/optimizer/adam.yaml"),
    ],
)
def test_what_the_command_chooses_counts_instead(command: str, chosen: str) -> None:
    files = {"conf/config.yaml": b"defaults:\n- optimizer: adam\n", **GROUPS}
    assert chosen_files(files, command) == ["conf/config.yaml", chosen]
