from __future__ import annotations

import contextlib
import json
import math
import os
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.metrics import collect, logged, nearest, printed, with_rate
from gitexp.engine.metrics_file import Unreadable, read_metrics

if TYPE_CHECKING:
    from pathlib import Path


def stdout(folder: Path, text: str | bytes) -> Path:
    path = folder / "stdout.log"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("accuracy=0.93", {"accuracy": 0.93}),
        ("accuracy = 0.93\n", {"accuracy": 0.93}),
        ("accuracy=0.93.\n", {"accuracy": 0.93}),
        ("accuracy=0.1 accuracy=0.2\naccuracy=0.3", {"accuracy": 0.3}),
        ("loss=1e-3, acc=.5, x=-1, y=+2.", {"loss": 1e-3, "acc": 0.5, "x": -1, "y": 2}),
        ("val/acc@1=1 test.f1=0.5 a-b=2", {"val/acc@1": 1, "test.f1": 0.5, "a-b": 2}),
        ("epoch 3: loss=0.5 (lr=1e-4)", {"loss": 0.5, "lr": 1e-4}),
        ("epoch=1/20\rloss=2\rloss=1\r", {"loss": 1}),
        ("loss=inf x=-INF", {"loss": math.inf, "x": -math.inf}),
        ("loss=1e999", {"loss": math.inf}),
        ("version=1.2.3 lr=1e-3abc ip=10.0.0.1 name=x seed==5 =3 a=", {}),
        ("accuracy: 0.93", {"accuracy": 0.93}),
        ("", {}),
        (b"\xff\xfe accuracy=0.5 \xff", {"accuracy": 0.5}),
    ],
)  # fmt: skip
def test_the_last_value_printed_for_a_name_counts(
    tmp_path: Path, text: str | bytes, found: dict[str, float]
) -> None:
    stdout(tmp_path, text)
    assert printed(tmp_path) == found


def test_nan_is_found_as_nan(tmp_path: Path) -> None:
    stdout(tmp_path, "loss=nan")
    assert math.isnan(printed(tmp_path)["loss"])


def test_of_a_long_output_the_end_is_read(tmp_path: Path) -> None:
    text = "early=1\n" + "x" * (2 << 20) + "\nlate=2\n"
    stdout(tmp_path, text)
    assert printed(tmp_path) == {"late": 2}
    assert printed(tmp_path / "missing") == {}


def test_half_a_name_at_the_beginning_of_the_end_is_no_metric(tmp_path: Path) -> None:
    path = stdout(tmp_path, "best_accuracy=0.9 loss=0.5\n")
    assert printed(tmp_path, tail=len("accuracy=0.9 loss=0.5\n")) == {"loss": 0.5}
    path.write_text('{"metrics": {"loss": 2}}\n{"metrics": {"acc": 0.5}}\n')
    assert logged(path, tail=30) == {"acc": 0.5}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("m.json", '{"accuracy": 0.93}', {"accuracy": 0.93}),
        ("m.json", '\ufeff{"t": {"loss": 1, "f": {"m": 0.5}}}', {"t.loss": 1, "t.f.m": 0.5}),
        ("m.json", '{"ok": true, "name": "x", "none": null, "list": [1, 2]}', {}),
        ("m.json", '{"loss": Infinity}', {"loss": math.inf}),
        ("m.json", f'{{"h": {10**400}, "d": -{10**400}}}', {"h": math.inf, "d": -math.inf}),
        ("m.json", "0.93", {}),
        ("m.json", "[]", {}),
        ("m.csv", "t,acc,loss\n1,0.5,\n2,,0.25\n3,0.75,x\n", {"t": 3, "acc": 0.75, "loss": 0.25}),
        ("m.csv", "a, b \n1,2,3\n1_0\n", {"a": 1, "b": 2}),
        ("m.csv", "", {}),
        ("m.jsonl", '{"a": 1, "t": {"b": 2}}\n\n{"a": 3}\n', {"a": 3, "t.b": 2}),
        ("m.toml", "accuracy = 0.93\n[test]\nloss = 1e-3\n", {"accuracy": 0.93, "test.loss": 1e-3}),
    ],
)  # fmt: skip
def test_numbers_of_a_file_are_named_by_the_way_to_them(
    tmp_path: Path, name: str, text: str, found: dict[str, float]
) -> None:
    (tmp_path / name).write_text(text)
    assert read_metrics(tmp_path / name) == found


@pytest.mark.parametrize(
    ("written", "accuracy"),
    [
        ('{"test": {"accuracy": 0.9}}', 0.9),
        ('{"test/accuracy": 0.9}', 0.9),
        ('{"accuracy": 0.8, "test": {"accuracy": 0.9}}', 0.8),
        ('{"train": {"accuracy": 1.0}, "test": {"accuracy": 0.9}}', None),
        ('{"test": {"inaccuracy": 0.9}}', None),
    ],
)
def test_the_last_part_of_a_name_is_enough_if_it_is_the_only_one(
    tmp_path: Path, written: str, accuracy: float | None
) -> None:
    (tmp_path / "m.json").write_text(written)
    assert collect(tmp_path, tmp_path / "m.json", "accuracy")[0].get("accuracy") == accuracy


def test_a_name_of_nested_parts_can_have_underscores(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"train": {"mIoU": 1.0}, "test": {"mIoU": 0.9}}')
    assert collect(tmp_path, tmp_path / "m.json", "test_miou")[0]["test_miou"] == 0.9


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.json", b"{"),
        ("m.json", b""),
        ("m.json", b"\xff\xfe"),
        ("m.json", b"[" * 100_000),
        ("m.json", b'{"a": ' + b"1" * 5000 + b"}"),
        ("m.toml", b"accuracy ="),
        ("m.jsonl", b'{"a": 1}\n{"a"'),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match=rf"^{name}: "):
        read_metrics(tmp_path / name)


def test_a_deep_file_is_read_or_named(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"a":' * 900 + "1" + "}" * 900)
    with contextlib.suppress(Unreadable):
        assert [*read_metrics(tmp_path / "m.json").values()] == [1]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    for name in ("pipe.json", "folder.json"):
        with pytest.raises(Unreadable, match="not a regular file"):
            read_metrics(tmp_path / name)
    assert read_metrics(tmp_path / "missing.json") == {}


def test_the_last_value_logged_for_a_name_counts_and_a_cut_line_does_not(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    lines = [
        '{"metrics": {"loss": 2, "acc": 0.5}}', '{"metrics": {"loss": 1}, "step": 3}',
        '{"metrics": {"loss": NaN, "big": 1' + "0" * 400 + "}}", "[]", "{}", '{"metrics": [1]}',
        '{"metrics": {"loss": "x"}}', "", '{"metrics": {"los',
    ]  # fmt: skip
    path.write_text("\n".join(lines))
    found = logged(path)
    assert math.isnan(found.pop("loss"))
    assert found == {"acc": 0.5, "big": math.inf}
    assert logged(tmp_path / "missing") == {}


def test_a_log_call_outranks_the_file_and_the_file_what_was_printed(tmp_path: Path) -> None:
    stdout(tmp_path, "a=1 b=1 c=1")
    (tmp_path / "stderr.log").write_text("a=0 d=4")
    (tmp_path / "m.json").write_text(json.dumps({"b": 2, "c": 2}))
    (tmp_path / "metrics.jsonl").write_text(json.dumps({"metrics": {"c": 3}}))
    assert collect(tmp_path, tmp_path / "m.json")[0] == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert collect(tmp_path, None)[0] == {"a": 1, "b": 1, "c": 3, "d": 4}


@pytest.mark.parametrize(
    ("output", "file", "logged", "source"),
    [
        ("accuracy=1", "", "", "accuracy in its output"),
        ("Test accuracy: 0.5", "", "", "test accuracy in its output"),
        ("loss=1", "", "", ""),
        ("accuracy=1", '{"accuracy": 2}', "", "accuracy in the metrics file"),
        ("", '{"test": {"accuracy": 2}}', "", "test.accuracy in the metrics file"),
        # What is printed under its name comes before what is nested in the file.
        ("accuracy=1", '{"test": {"accuracy": 2}}', "", "accuracy in its output"),
        ("accuracy=1", '{"accuracy": 2}', '{"metrics": {"accuracy": 3}}', "accuracy in gitexp.log"),
    ],
)
def test_it_is_known_where_the_metric_was_read(
    tmp_path: Path, output: str, file: str, logged: str, source: str
) -> None:
    stdout(tmp_path, output)
    (tmp_path / "metrics.jsonl").write_text(logged)
    (tmp_path / "m.json").write_text(file or "{}")
    assert collect(tmp_path, tmp_path / "m.json", "accuracy")[1] == source


def test_the_nearest_line_of_either_stream_is_found(tmp_path: Path) -> None:
    assert nearest(tmp_path, "loss") == ""
    (tmp_path / "stderr.log").write_text("INFO loss: 5 %\n")
    assert nearest(tmp_path, "loss") == "INFO loss: 5 %"


def test_of_very_many_metrics_the_judged_one_is_kept(tmp_path: Path) -> None:
    stdout(tmp_path, "accuracy=0.5\n" + "\n".join(f"x{n}={n}" for n in range(1000)))
    found, _ = collect(tmp_path, None, metric="accuracy")
    assert len(found) == 201
    assert found["accuracy"] == 0.5
    assert "x999" in found
    assert "accuracy" not in collect(tmp_path, None)[0]


@pytest.mark.parametrize(
    "line",
    [
        '{"metrics":' * 50_000, "[" * 100_000, '{"metrics":{"x":' + "9" * 5000 + "}}",
        '{"metrics":5}', '{"metrics":{"x":"high"}}', '{"metrics":{"x":{}}}', "null", "\x00",
    ],
    ids=range(8),
)  # fmt: skip
def test_a_log_line_that_is_something_else_is_passed_over(line: str, tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{line}\n{{"metrics":{{"acc":0.5,"\\ud800":1}}}}\n{line}\n')
    assert logged(path) == {"acc": 0.5}


def test_a_metrics_file_of_megabytes_is_refused_and_one_of_odd_names_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "metrics.json"
    path.write_text('{"\\ud800": 1, "acc": 0.5, "deep": {"\\udfff": 2, "b": 1e999}}')
    assert read_metrics(path) == {"acc": 0.5, "deep.b": math.inf}
    path.write_text('{"acc": 0.5}' + " " * (17 << 20))
    with pytest.raises(Unreadable, match="more than 16,777,216 bytes"):
        read_metrics(path)


@pytest.mark.parametrize(
    ("output", "log", "rate"),
    [
        ("steps_per_second=40", '{"metrics": {"loss": 1.0}, "step": 500}', 40.0),
        ("step=300 loss=1", '{"metrics": {"loss": 1.0}, "step": 500}', 50.0),
        ("step=300 loss=1", '{"metrics": {"loss": 1.0}}', 30.0),
        ("step=300 loss=1", '{"metrics": {}, "step": "many"}\n[1]\n{"step": tr', 30.0),
        ("step=0 loss=1", "", None),
        ("loss=1", "", None),
    ],
)
def test_steps_per_second_are_those_reported_else_the_last_step_by_the_duration(
    output: str, log: str, rate: float | None, tmp_path: Path
) -> None:
    (tmp_path / "stdout.log").write_text(output + "\n")
    (tmp_path / "metrics.jsonl").write_text(log)
    found = with_rate(collect(tmp_path, None)[0], tmp_path, 10.0)
    assert found.get("steps_per_second") == rate
    assert with_rate(found, tmp_path, 0.0) == found
