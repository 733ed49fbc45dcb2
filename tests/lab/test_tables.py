"""Tables of the log: which columns there are, and cells that are safe and can be read back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitexp.lab.tables.as_mlflow import _named_apart
from gitexp.lab.tables.as_text import safe, write_csv, write_json_lines
from gitexp.lab.tables.columns import EXPERIMENTS, RUNS, Column, Extras, Kind, hold

PAGE = Path(__file__).parents[2] / "docs" / "export.md"
NAMED = (Column("name", Kind.TEXT, ""), Column("effect", Kind.NUMBER, ""))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("brave-otter", "brave-otter"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("'quoted'", "''quoted'"),
        ("because C=10", "because C=10"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\r=1", "\\r=1"),
        ("", ""),
    ],
)
def test_a_cell_is_harmless_in_a_spreadsheet_and_in_a_terminal(text: str, cell: str) -> None:
    assert safe(text) == cell


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=("C", "Z"))))
def test_the_text_of_a_cell_can_be_read_back(text: str) -> None:
    assert safe(text).removeprefix("'") == text


def test_numbers_in_csv_stay_numbers() -> None:
    handle = io.StringIO()
    write_csv([{"name": "=x", "effect": -0.5}, {"name": 'a "b",\nc'}], NAMED, handle)
    assert handle.getvalue() == 'name,effect\n\'=x,-0.5\n"a ""b"",\nc",\n'
    rows = [*csv.DictReader(io.StringIO(handle.getvalue(), newline=""))]
    assert [float(rows[0]["effect"]), rows[1]["name"].removeprefix("'")] == [-0.5, 'a "b",\nc']


def test_json_lines_hold_every_text_as_it_is() -> None:
    rows: list[dict[str, object]] = [{"name": "=x\x1b[31m\u202e\n"}, {"name": None, "after": [1]}]
    handle = io.StringIO()
    write_json_lines(rows, handle)
    assert "\x1b" not in handle.getvalue()
    assert [*map(json.loads, handle.getvalue().splitlines())] == rows


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1, None, 2), Kind.COUNT),
        ((1, 2.5), Kind.NUMBER),
        (("rbf", None), Kind.TEXT),
        ((1, "rbf"), Kind.VALUE),
        ((True,), Kind.VALUE),
        (([1, 2],), Kind.VALUE),
        ((1 << 70,), Kind.VALUE),
    ],
)
def test_a_further_column_has_the_kind_that_all_its_values_have(
    values: tuple[object, ...], kind: Kind
) -> None:
    extras = Extras(NAMED)
    for value in values:
        extras.note({"name": "x", "params.k": value})
    assert [(one.name, one.kind) for one in extras.columns[2:]] == [("params.k", kind)]


def test_metrics_come_before_parameters_and_rows_come_back_as_they_were() -> None:
    rows = [{"params.C": 1, "metrics.loss": 0.5}, {"metrics.accuracy": 0.9}]
    with hold(iter(rows), ()) as (columns, held):
        assert [one.name for one in columns] == ["metrics.loss", "metrics.accuracy", "params.C"]
        assert [*held] == rows


def test_names_that_mlflow_refuses_are_spelled_apart() -> None:
    assert _named_apart(["acc", "acc@5", "acc#5", "../x", "a//b", ""]) == {
        "acc": "acc", "acc@5": "acc_5", "acc#5": "acc_5_", "../x": "_/x", "a//b": "a/_/b", "": "_",
    }  # fmt: skip
    # A tag puts twelve characters before a name, and MLflow stores 250.
    endless = _named_apart([200 * "x/", 200 * "x/" + "@", 200 * "x/" + "#"]).values()
    assert len({*endless}) == 3
    assert max(map(len, endless)) <= 250 - len("gitexp.name.")
    assert all(name.endswith("_") for name in endless)


@pytest.mark.parametrize("column", [*EXPERIMENTS, *RUNS], ids=lambda column: column.name)
def test_the_page_on_exports_has_every_column(column: Column) -> None:
    assert f"| `{column.name}` | {column.kind.value} | {column.says} |" in PAGE.read_text("utf-8")
