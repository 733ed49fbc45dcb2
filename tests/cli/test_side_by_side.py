"""Experiments side by side: what differs and nothing else, in columns as long as they fit."""

from __future__ import annotations

import pytest

from gitexp.cli.views.side_by_side import table
from gitexp.cli.views.terminal import columns
from gitexp.workflows.side_by_side import Difference, Group, differences

NAMES = ["brave-otter", "calm-owl", "discreet-bullfinch"]
CHANGE = Difference(
    Group.EXPERIMENT, "change",
    ("train.lr 0.001 -> 0.003", 'train.schedule "constant" -> "cosine"', "model.depth 4 -> 12"),
)  # fmt: skip
VERDICT = Difference(Group.EXPERIMENT, "verdict", ("CONFIRMED", "RULED OUT", ""))
METRIC = Difference(
    Group.METRIC, "accuracy", ("+0.021 [+0.013, +0.025]", "-0.029 [-0.040, -0.023]", "")
)


def first(one: Difference, number: int) -> Difference:
    return Difference(one.group, one.what, one.values[:number])


def drawn(width: int, number: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = [first(one, number) for one in (CHANGE, VERDICT, METRIC)]
    return list(table(NAMES[:number], shown))


def test_two_experiments_have_a_column_each_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(80, 2, monkeypatch) == [
        "          brave-otter                         calm-owl",
        'change    train.lr 0.001 -> 0.003             train.schedule "constant" ->',
        '                                              "cosine"',
        "verdict   CONFIRMED                           RULED OUT",
        "",
        "Metrics, against the baseline",
        "accuracy  +0.021 [+0.013, +0.025]             -0.029 [-0.040, -0.023]",
    ]


def test_three_stand_one_below_the_other_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(80, 3, monkeypatch)
    assert lines[:4] == [
        "change",
        "  brave-otter         train.lr 0.001 -> 0.003",
        '  calm-owl            train.schedule "constant" -> "cosine"',
        "  discreet-bullfinch  model.depth 4 -> 12",
    ]
    assert "  discreet-bullfinch  -" in lines  # what it lacks


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("number", [2, 3])
def test_it_fits_whatever_a_value_holds(
    width: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    hostile = "\x1b[31m" + "x" * 500 + " 宽" * 300
    one = Difference(Group.PARAMETER, "layers." * 30, (hostile, "1", "2")[:number])
    lines = list(table(NAMES[:number], [one]))
    assert max(map(columns, lines)) <= width
    assert not any("\x1b" in line for line in lines)


def test_only_what_differs_is_listed() -> None:
    cells = [{"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}]
    found = list(differences(Group.PARAMETER, cells, [True, True]))
    assert [(one.what, one.values) for one in found] == [("b", ("2", "3")), ("c", (None, "4"))]
    # An experiment without runs has no parameters on record; the others are compared.
    third = [*cells, {}]
    assert len(list(differences(Group.PARAMETER, third, [True, True, False]))) == 2
    assert not list(differences(Group.PARAMETER, [cells[0], {}], [True, False]))
