"""Which files a defaults list chooses."""

from __future__ import annotations

import pytest

from gitexp.rules.gate.composed import chosen_files, inherited_files

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


@pytest.mark.parametrize(
    ("bases", "others"),
    [
        ({"configs/x.py": "_base_ = ['base/a.py', 'base/b.py']"}, ["base/a.py", "base/b.py"]),
        ({"configs/x.py": "_base_ = './base/a.py'"}, ["base/a.py"]),
        ({"configs/x.yaml": '_BASE_: "base/a.yaml"', "configs/base/a.yaml": "_BASE_: b.yaml"},
         ["base/a.yaml", "base/b.yaml"]),
        ({"configs/x.yml": "_BASE_: [base/a.yml, 3, ../../out.yml]"}, ["base/a.yml"]),
        ({"configs/x.yml": "_BASE_: x.yml"}, None),
        ({"configs/x.yml": "_BASE_: ["}, None),
        ({"configs/x.yml": "lr: 1"}, None),
    ],
)  # fmt: skip
def test_a_config_that_a_command_names_inherits_from_others(
    bases: dict[str, str], others: list[str] | None
) -> None:
    (name, *_), ending = bases, next(iter(bases)).rpartition(".")[2]
    files = {f"configs/base/{base}.{ending}": b"" for base in "abc"}
    files |= {path: text.encode() for path, text in bases.items()}
    wanted = [] if others is None else [name, *(f"configs/{other}" for other in others)]
    assert inherited_files(files, f"python tools/train.py --config={name}") == wanted
    assert inherited_files(files, "python tools/train.py") == []
