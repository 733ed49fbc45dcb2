from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from gitexp.engine.metrics_file import Unreadable
from gitexp.engine.predictions import read_predictions
from gitexp.rules.documents.outcomes import MOST_ROWS, Outcomes

ROOT = Path(__file__).parents[2]


def csv_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "p.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def npz_file(folder: Path, **columns: Any) -> Path:  # noqa: ANN401 - arrays
    np.savez(folder / "p.npz", **columns)
    return folder / "p.npz"


def parquet_file(folder: Path, **columns: Any) -> Path:  # noqa: ANN401 - arrays
    pyarrow.parquet.write_table(pa.table(columns), folder / "p.parquet")
    return folder / "p.parquet"


def refused(path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        read_predictions(path)
    said = str(caught.value)
    assert said.startswith(f"{path.name}: ") or said.endswith("not a regular file")
    return said.removeprefix(f"{path.name}: ")


# --- what is read -------------------------------------------------------------------------------


def test_rows_come_in_the_order_of_their_ids_with_all_columns(tmp_path: Path) -> None:
    text = (
        "\ufeffy_pred, id ,x1,y_true,y_score\r\n1,10,a,0,.5\r\n\r\n0,9,b,0,.25\r\n1, 100,c,1,1\r\n"
    )
    assert read_predictions(csv_file(tmp_path, text)) == Outcomes(
        ("9", "10", "100"),
        {
            "y_true": ("0", "0", "1"), "y_pred": ("0", "1", "1"), "y_score": (".25", ".5", "1"),
            "x1": ("b", "a", "c"),
        },
        3,
    )  # fmt: skip


def test_texts_are_kept_as_written(tmp_path: Path) -> None:
    text = 'id,y_true,y_pred\n"a,b","line\nbreak","say ""hm"""\n漢字,None,NA\n'
    read = read_predictions(csv_file(tmp_path, text))
    assert read.ids == ("漢字", "a,b")
    assert read.columns == {"y_true": ("None", "line\nbreak"), "y_pred": ("NA", 'say "hm"')}


def test_the_three_formats_say_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ids, true, score = rng.permutation(1000), rng.normal(size=1000), rng.random(1000)
    pred = np.where(rng.random(1000) < 0.5, "cat", "dog")
    columns = {"id": ids, "y_true": true, "y_pred": pred, "y_score": score}
    lines = [
        "id,y_true,y_pred,y_score",
        *map(",".join, zip(*(map(str, c.tolist()) for c in columns.values()), strict=True)),
    ]
    whole = read_predictions(csv_file(tmp_path, "\n".join(lines)))
    assert read_predictions(npz_file(tmp_path, **columns | {"y_true": true[:, None]})) == whole
    assert read_predictions(parquet_file(tmp_path, **columns)) == whole
    columns["y_pred"] = pred.astype("S")
    assert read_predictions(npz_file(tmp_path, **columns)) == whole
    assert float(whole.columns["y_true"][0]) == true[ids == 0][0]


def test_of_many_rows_the_same_are_kept_that_a_cut_keeps(tmp_path: Path) -> None:
    count = 3 * MOST_ROWS
    order = np.random.default_rng(0).permutation(count).tolist()
    text = "id,y_true,y_pred\n" + "".join(f"row {n},{n},0\n" for n in order)
    read = read_predictions(csv_file(tmp_path, text))
    ids = tuple(f"row {n}" for n in range(count))
    whole = Outcomes(
        ids, {"y_true": tuple(map(str, range(count))), "y_pred": ("0",) * count}, count
    )
    assert read == whole.cut(MOST_ROWS)
    assert (len(read.ids), read.count) == (MOST_ROWS, count)
    text += "".join(f"row {n},{n},0\n" for n in order[:10])
    assert "occurs twice" in refused(csv_file(tmp_path, text))


def test_further_columns_have_their_limits(tmp_path: Path) -> None:
    names = [f"x{n}" for n in range(150)]
    text = f"id,y_true,y_pred,{','.join(names)},y_score\n1,0,0,{'v' * 5000}{',1' * 149},0.5\n"
    read = read_predictions(csv_file(tmp_path, text))
    assert [*read.columns] == ["y_true", "y_pred", "y_score", *names[:97]]
    assert read.columns["x0"] == ("v" * 1000,)


# --- what is not --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no column id nor y_true nor y_pred; it is empty"),
        ("\n1,0,0\n", "no column id nor y_true nor y_pred; it is empty"),
        ("id,y_true\n1,0\n", "no column y_pred; the columns are id, y_true"),
        ("id;y_true;y_pred\n1;0;0\n", "no column id nor y_true nor y_pred; the columns are id;y_t"),
        ("y_true,y_pred\n1,0\n", "no column id; the columns are y_true, y_pred"),
        ("id,y_true,y_pred,id\n1,0,0,2\n", "two columns are called 'id'"),
        ("id,y_true,y_pred\n", "it has no rows"),
        ("id,y_true,y_pred\n1,0,0\n2,0\n", "row 2 has 2 values, but there are 3 columns"),
        ("id,y_true,y_pred\n1,0,0\n2,0,0,0\n", "row 2 has 4 values, but there are 3 columns"),
        ("id,y_true,y_pred\n1,0,0\n1,1,1\n", "the id '1' occurs twice; an id names one row"),
        ("id,y_true,y_pred\n,0,0\n", "row 1 has a missing value: id = ''"),
        ("id,y_true,y_pred\n1,,0\n", "row 1 has a missing value: id = '1', y_true = '', y_p"),
        ("id,y_true,y_pred\n1,0,0\n2,NaN,0\n", "row 2 has a missing value: id = '2', y_true = 'Na"),
        ("id,y_true,y_pred\n1,0,nan\n", "row 1 has a missing value"),
        ("id,y_true,y_pred\n1,0,-inf\n", "row 1 has a missing value"),
        ("id,y_true,y_pred,y_score\n1,0,0,\n", "y_score = ''"),
        ("id,y_true,y_pred,y_score\n1,0,0,nan\n", "y_score = 'nan'"),
        ("id,y_true,y_pred,y_score\n1,0,0,high\n", "y_score = 'high'"),
        ("id,y_true,y_pred\n1,0," + "y" * 1001, "row 1 has a value of over 1000 characters"),
        ("id,y_true,y_pred\n1,0," + "y" * 200_000, "field larger than field limit (131072)"),
        ('id,y_true,y_pred\n1,0,"y', "unexpected end of data"),
        (b"id,y_true,y_pred\n1,0,\xff\n", "it holds text that is not UTF-8"),
        ("id,y_true,y_pred\n1,0,0\n".encode("utf-16"), "it holds text that is not UTF-8"),
    ],
)  # fmt: skip
def test_bad_rows_are_told_in_plain_words(tmp_path: Path, text: str | bytes, reason: str) -> None:
    assert refused(csv_file(tmp_path, text)).startswith(reason) or reason in refused(
        csv_file(tmp_path, text)
    )


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.npz").mkdir()
    for name in ("pipe.csv", "folder.npz", "missing.parquet"):
        assert refused(tmp_path / name) == f"{name} is not a regular file"


COLUMNS = {"id": np.arange(3), "y_true": np.zeros(3), "y_pred": np.zeros(3)}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, "no column id nor y_true nor y_pred; it is empty"),
        (COLUMNS | {"y_pred": np.zeros(2)}, "id has 3 rows and y_pred has 2"),
        (COLUMNS | {"x": np.zeros(4)}, "id has 3 rows and x has 4"),
        (COLUMNS | {"y_pred": np.zeros((3, 2))}, "y_pred has the shape (3, 2); a column has one"),
        (COLUMNS | {"y_pred": np.float64(1)}, "y_pred has the shape (); a column has one value"),
        (COLUMNS | {"y_true": np.array([0, 1, None])}, "it holds Python objects, which are not lo"),
        (COLUMNS | {"y_true": np.array([0, 1, np.nan])}, "row 3 has a missing value: id = '2', y"),
        (COLUMNS | {"id": np.zeros(3)}, "the id '0.0' occurs twice"),
        (COLUMNS | {"y_true": np.array([b"\xff"] * 3)}, "it holds text that is not UTF-8"),
        (COLUMNS | {"id": np.array(["\ud800", "b", "c"])}, "it holds text that is not UTF-8"),
        ({name: values[:0] for name, values in COLUMNS.items()}, "it has no rows"),
    ],
)
def test_bad_arrays_are_told_in_plain_words(
    tmp_path: Path, columns: dict[str, Any], reason: str
) -> None:
    assert refused(npz_file(tmp_path, **columns)).startswith(reason)


@pytest.mark.parametrize("name", ["p.npz", "p.parquet"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write = npz_file if name == "p.npz" else parquet_file
    whole = write(tmp_path, **COLUMNS).read_bytes()
    for content in (b"", b"id,y_true,y_pred\n", whole[: len(whole) // 2], whole[:40] + b"x" * 400):
        path.write_bytes(content)
        assert refused(path)
    np.save(tmp_path / "p.npy", np.zeros(3))
    path.write_bytes((tmp_path / "p.npy").read_bytes())
    assert refused(path)


def test_parquet_is_read_in_batches_and_nulls_are_missing_values(tmp_path: Path) -> None:
    count = 70_000
    columns = {"id": range(count), "y_true": [True] * count, "y_pred": [True] * count}
    read = read_predictions(parquet_file(tmp_path, **{k: [*v] for k, v in columns.items()}))
    assert (read.count, len(read.ids)) == (count, MOST_ROWS)
    assert {*read.columns["y_true"]} == {"True"}
    path = parquet_file(tmp_path, id=[1, 2], y_true=[0, None], y_pred=[0, 0])
    assert refused(path).startswith("row 2 has a missing value")
    path = parquet_file(tmp_path, id=[1], y_true=[[0, 1]], y_pred=[float("nan")])
    assert refused(path).startswith("row 1 has a missing value")


def test_without_pyarrow_what_to_install_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet_file(tmp_path, **COLUMNS)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "python -m pip install pyarrow" in refused(path)


READ = """
import sys
from pathlib import Path
from gitexp.engine.predictions import read_predictions
read = read_predictions(Path(sys.argv[1]))
# The parent's peak is no part of it, as it would be in getrusage().
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(read.count, len(read.ids), int(peak) // 1024)
"""


@pytest.mark.slow
def test_ten_million_rows_take_little_memory(tmp_path: Path) -> None:
    count, path = 10_000_000, tmp_path / "p.csv"
    with path.open("w") as handle:
        handle.write("id,y_true,y_pred\n")
        for begin in range(0, count, 100_000):
            part = range(begin, begin + 100_000)
            handle.write("".join(f"{n},{n % 7},{n % 7}\n" for n in part))
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows, kept, megabytes = map(int, done.stdout.split())
    print(f"{time.monotonic() - began:.1f} s, {megabytes} MB at the peak")
    assert (rows, kept) == (count, MOST_ROWS)
    assert megabytes < 200


# --- files that unpack to far more than they are ------------------------------------------------


def test_a_wide_table_is_refused_at_once(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(200_000))
    began = time.monotonic()
    assert refused(csv_file(tmp_path, f"{names}\n")).startswith("it has 200,000 columns")
    assert time.monotonic() - began < 2


def test_a_row_without_an_end_is_read_only_so_far(tmp_path: Path) -> None:
    head = "id,y_true,y_pred\n1,0,"
    for text in ("0" * 5_000_000, '"0\n",' * 1_500_000):
        said = refused(csv_file(tmp_path, head + text))
        assert said == "a row has more than 4,194,304 characters" or "field limit" in said


def test_an_array_that_packs_well_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("id", "y_true", "y_pred"):
            with archive.open(f"{name}.npy", "w") as handle:
                fields = {"descr": "<U64000", "fortran_order": False, "shape": (300,)}
                np.lib.format.write_array_header_1_0(handle, fields)
                for _ in range(300):
                    handle.write(b"1\0\0\0" + b"\0" * 255_996)
    assert path.stat().st_size < 1_000_000
    tracemalloc.start()
    assert "occurs twice" in refused(path)
    assert tracemalloc.get_traced_memory()[1] < 60 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("{'descr': '<U1000000', 'fortran_order': False, 'shape': (9,)}", "a value of id takes"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (-1,)}", "it is damaged"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': ()}", "id has the shape ()"),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': (10**9,)}", "it is damaged"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (9,)}", "it holds Python objects"),
        ("(" * 9000, "it is damaged"),
        ("{'descr': " + "[" * 4000, "it is damaged"),
    ],
)
def test_a_header_that_lies_is_refused(header: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    content = header.encode() + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("id", "y_true", "y_pred"):
            magic = b"\x93NUMPY\x01\x00" + len(content).to_bytes(2, "little")
            archive.writestr(f"{name}.npy", magic + content)
    assert refused(path).startswith(said)


def test_a_long_text_that_many_rows_share_is_in_memory_once(tmp_path: Path) -> None:
    rows = 20_000
    note = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * 1_000_000])
    ids = pa.array([str(number) for number in range(rows)])
    path = parquet_file(tmp_path, id=ids, y_true=ids, y_pred=ids, note=note)
    before = pa.default_memory_pool().max_memory()
    found = read_predictions(path)
    assert {*found.columns["note"]} == {"x" * 1000}
    assert pa.default_memory_pool().max_memory() - before < 200 << 20
