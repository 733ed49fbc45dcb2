"""`gitexp export`: the log as a table that reads back as it was, and as a real store of MLflow."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from importlib.util import find_spec
from typing import Any

import pytest

from gitexp.lab.tables.as_mlflow import in_markdown
from gitexp.rules.text import visible
from tests.arrange import records
from tests.project import World

HOSTILE = "=cmd|' /C calc'!A0 lifts accuracy because <script>alert(1)</script> \u2192 \U0001f9a6"
# What start refuses, and plain git does not.
ESCAPES = " \x1b[31mred\x1b[0m \u202egnp.exe"


def told(markdown: str) -> str:
    """What MLflow shows of a description in which everything is escaped."""
    assert not re.search(r"(?<!\\)[<`*\[]", markdown)
    return html.unescape(re.sub(r"\\(.)", r"\1", markdown))


@pytest.mark.parametrize(
    "text",
    ["# a <img src=//x> **b** [l](//x) `c` a_b &lt; \\<b> ~~x~~", "1. a\n- b\n\\*c\n> d | e"],
)
def test_a_description_is_shown_by_mlflow_as_it_is(text: str) -> None:
    assert told(in_markdown(text)) == text
    assert not re.search(r"^\s*([-#>]|\d+\.)", in_markdown(text), re.MULTILINE)


def measured(world: World) -> tuple[str, str]:
    """A project with a verdict, and with an experiment that was never run; returns their names."""
    done = world.start("--set", "model.C=10", "--evidence", "gap train 0.93", "--gain", "0.02")
    world.gitexp("run")
    waiting = world.start("--set", "train.lr=2e-3", text=HOSTILE)
    message = world.git("log", "-1", "--format=%B", f"exp/{waiting}")
    smuggled = message.replace("\n\nExperiment:", f"{ESCAPES}\n\nExperiment:", 1)
    assert smuggled != message
    tree, base = f"exp/{waiting}^{{tree}}", f"exp/{waiting}~"
    commit = world.git("commit-tree", tree, "-p", base, "-m", smuggled)
    world.git("update-ref", f"refs/heads/exp/{waiting}", commit)
    return done, waiting


def table(text: str) -> list[dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{key: cell.removeprefix("'") for key, cell in row.items()} for row in rows]


def ended(record: dict[str, Any]) -> dt.datetime:
    began = dt.datetime.fromisoformat(record["start"])
    return began + dt.timedelta(seconds=record["duration"])


def test_csv_and_json_lines_read_back_as_the_log(ready: World) -> None:
    done, waiting = measured(ready)
    logged = {row["name"]: row for row in ready.gitexp("log", "--json").json}
    lines = [*map(json.loads, ready.gitexp("export", "--to", "jsonl").out.splitlines())]
    cells = table(ready.gitexp("export").out)
    # Two commits of one second stand in any order.
    assert {row["name"] for row in lines} == {waiting, done}
    assert [row["name"] for row in lines] == [row["name"] for row in cells]
    for line, row in zip(lines, cells, strict=True):
        was = logged[line["name"]]
        assert {key: line[key] for key in was["change"]} == was["change"]
        assert {key: row[key] for key in ("file", "key")} == {
            key: line[key] for key in ("file", "key")
        }
        assert [json.loads(row["before"]), json.loads(row["after"])] == [
            line["before"],
            line["after"],
        ]
        assert (line["verdict"], row["verdict"]) == (was["verdict"], was["verdict"] or "")
        assert line["hypothesis"] == was["hypothesis"]
        assert row["hypothesis"] == visible(was["hypothesis"])
        for figure in ("effect", "lower", "upper", "p", "level", "pairs"):
            assert line[figure] == was[figure]
            assert row[figure] == ("" if was[figure] is None else repr(was[figure]))
    assert logged[waiting]["hypothesis"] == HOSTILE + ESCAPES
    [one] = (line for line in lines if line["name"] == done)
    assert (one["evidence"], one["evidence_kind"], one["gain"]) == ("gap train 0.93", "gap", 0.02)
    single = logged[done]["single_runs"]
    assert [one["seeds_better"], one["seeds_not_better"], one["seeds_opposite"]] == [
        single["better"], single["not_better"], single["opposite"],
    ]  # fmt: skip
    assert one["finished"] == max(map(ended, records(ready, f"exp/{done}"))).isoformat(
        timespec="seconds"
    )
    assert (one["runs"], one["verdict"]) == (5, "CONFIRMED")
    assert one["experiment_mean"] - one["baseline_mean"] == pytest.approx(one["effect"])


def test_runs_have_the_metrics_of_their_records_and_the_values_that_they_read(ready: World) -> None:
    done, _ = measured(ready)
    rows = table(ready.gitexp("export", "--runs").out)
    lines = [*map(json.loads, ready.gitexp("export", "--runs", "--to", "jsonl").out.splitlines())]
    for role, commit in (("experiment", f"exp/{done}"), ("baseline", "main")):
        stored = {one["seed"]: one["metrics"] for one in records(ready, commit)}
        mine = [line for line in lines if line["role"] == role]
        assert len(mine) == 5
        assert {m["seed"]: {"accuracy": m["metrics.accuracy"], "epochs": m["metrics.epochs"]}
                for m in mine} == stored  # fmt: skip
        assert {m["params.model.C"] for m in mine} == {10 if role == "experiment" else 1.0}
        texts = [row for row in rows if row["role"] == role]
        assert [float(t["metrics.accuracy"]) for t in texts] == [
            m["metrics.accuracy"] for m in mine
        ]
    # Pairs are found by baseline, seed and condition.
    keys = [(line["baseline"], line["seed"], line["condition"]) for line in lines]
    assert len({*keys}) == 5


def test_a_file_is_replaced_whole_and_the_summary_says_what_it_holds(ready: World) -> None:
    done, waiting = (ready.start("--set", f"model.C={value}") for value in (2, 3))
    ready.gitexp("export", "--runs", "-o", "log.csv")
    summary = ready.gitexp("export", "-o", "log.csv", "--json").json
    assert summary == {"to": "csv", "output": "log.csv", "experiments": 2, "rows": 2, "known": 0}
    assert (ready.path / "log.csv").read_text("utf-8") == ready.gitexp("export").out
    one = ready.gitexp("export", waiting, "-o", "log.csv")
    assert (one.out, one.err) == ("", "log.csv: 1 row\n")
    assert done not in (ready.path / "log.csv").read_text("utf-8")
    assert "cannot be written" in ready.gitexp("export", "-o", "no/such/x.csv", code=2).err
    (ready.path / "link.csv").symlink_to("config.toml")
    os.mkfifo(ready.path / "pipe.csv")
    for name, why in (
        ("link.csv", "is a link"), ("pipe.csv", "is not a file"),
        ("config.toml", "did not write it"),
    ):  # fmt: skip
        assert why in ready.gitexp("export", "-o", name, code=2).err
    assert (ready.path / "link.csv").is_symlink()
    assert (ready.path / "pipe.csv").is_fifo()
    with closing(sqlite3.connect(ready.path / "mine.db")) as mine:
        mine.execute("CREATE TABLE results (score)")
    for name in ("mine.db", "config.toml"):
        before = (ready.path / name).read_bytes()
        refused = ready.gitexp("export", "--to", "mlflow", "-o", name, code=2)
        assert "is not a store of MLflow" in refused.err
        assert (ready.path / name).read_bytes() == before
    left = [path.name for path in ready.path.iterdir() if path.name.startswith(".gitexp-export")]
    assert left == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("no-such",), 2, "no experiment is called no-such"),
        (("known-otte",), 2, "did you mean: known-otter"),
        (("known-*", "no-such"), 2, "no experiment is called no-such"),
        (("--json",), 2, "--json needs --output"),
        (("--to", "parquet"), 2, "gitexp export --to parquet --output experiments.parquet"),
        (("--to", "mlflow"), 2, "gitexp export --to mlflow --output mlflow.db"),
    ],
)
def test_what_cannot_be_exported_says_what_to_type(
    ready: World, words: tuple[str, ...], code: int, said: str
) -> None:
    ready.git("branch", "exp/known-otter", "main")
    ran = ready.gitexp("export", *words, code=code)
    assert said in ran.err


@pytest.mark.slow
def test_parquet_has_the_types_of_the_columns(ready: World) -> None:
    from pyarrow import parquet

    measured(ready)
    ready.gitexp("export", "--to", "parquet", "-o", "log.parquet")
    read = parquet.read_table(ready.path / "log.parquet")
    types = {field.name: str(field.type) for field in read.schema}
    assert types["registered"] == "timestamp[us, tz=UTC]"
    assert (types["effect"], types["pairs"], types["name"]) == ("double", "int64", "string")
    lines = [*map(json.loads, ready.gitexp("export", "--to", "jsonl").out.splitlines())]
    for column in ("name", "verdict", "effect", "pairs", "hypothesis"):
        assert read.column(column).to_pylist() == [line[column] for line in lines]
    ready.gitexp("export", "--to", "parquet", "--runs", "-o", "runs.parquet")
    runs = parquet.read_table(ready.path / "runs.parquet")
    assert runs.num_rows == 10
    assert str(runs.schema.field("params.model.C").type) == "double"


# --- the real MLflow ----------------------------------------------------------------------------

STEPS = """\
import gitexp
for step in range(4):
    gitexp.log(step=step, loss=1.0 / (step + 1))
"""

# What its own client finds in a store: run names, parents, tags, parameters, metrics, series.
READ = """\
import json, sys
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
[experiment] = [e for e in client.search_experiments() if e.name != "Default"]
runs = client.search_runs([experiment.experiment_id])
print(json.dumps([
    {"id": r.info.run_id, "name": r.info.run_name, "status": r.info.status, "tags": r.data.tags,
     "params": r.data.params, "metrics": r.data.metrics,
     "loss": [(m.step, m.value) for m in client.get_metric_history(r.info.run_id, "loss")]}
    for r in runs
]))
"""


def read_store(world: World, uri: str) -> list[dict[str, Any]]:
    ran = world.run(sys.executable, "-W", "ignore", "-c", READ, uri, MLFLOW_DISABLE_TELEMETRY="1")
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def exported(world: World, place: str) -> dict[str, Any]:
    """Export in a process of its own: MLflow starts threads."""
    ran = world.gitexp("export", "--to", "mlflow", "-o", place, "--json", PYTHONUTF8="1")
    content: dict[str, Any] = ran.json
    return content


def asked(url: str, content: object = None) -> Any:  # noqa: ANN401 - whatever JSON can hold
    body = None if content is None else json.dumps(content).encode()
    with urllib.request.urlopen(
        urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=10
    ) as answer:
        text = answer.read()
    return text if content is None else json.loads(text)


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("mlflow") is None,
    reason="MLflow is not installed, so its store is NOT tested: pip install 'gitexp[mlflow]'",
)
def test_a_store_of_mlflow_has_what_the_log_has_and_its_interface_shows_it(ready: World) -> None:
    ready.write("train.py", (ready.path / "train.py").read_text() + STEPS)
    ready.commit("Log the loss")
    done, waiting = measured(ready)
    place = ready.path.parent / "store"
    place.mkdir()
    assert exported(ready, str(place))["rows"] == 10
    logged = {row["name"]: row for row in ready.gitexp("log", "--json").json}
    stored = records(ready, f"exp/{done}")
    uri = f"sqlite:///{place}/mlflow.db"

    def check(runs: list[dict[str, Any]]) -> None:
        parents = {run["name"]: run for run in runs if "mlflow.parentRunId" not in run["tags"]}
        assert {done, waiting} < parents.keys()
        assert len(parents) == 3
        for name in (done, waiting):
            was, tags = logged[name], parents[name]["tags"]
            assert tags["gitexp.hypothesis"] == was["hypothesis"]
            assert told(tags["mlflow.note.content"]) == was["hypothesis"]
            assert tags.get("gitexp.verdict") == was["verdict"]
            assert [tags["gitexp.key"], json.loads(tags["gitexp.after"])] == [
                was["change"]["key"], was["change"]["after"],
            ]  # fmt: skip
            assert parents[name]["metrics"].get("gitexp.effect") == was["effect"]
        assert (parents[done]["status"], parents[waiting]["status"]) == ("FINISHED", "SCHEDULED")
        nested = [r for r in runs if r["tags"].get("mlflow.parentRunId") == parents[done]["id"]]
        for run, record in zip(
            sorted(nested, key=lambda one: int(one["tags"]["gitexp.seed"])), stored, strict=True
        ):
            assert run["metrics"] == record["metrics"]
            assert run["params"]["model.C"] == "10"
            assert [value for _, value in sorted(run["loss"])] == pytest.approx(
                [1, 1 / 2, 1 / 3, 1 / 4, 1 / 4][: len(run["loss"])], rel=1e-5
            )
            assert len(run["loss"]) >= 4
        assert len(runs) == 13

    check(read_store(ready, uri))
    again = exported(ready, str(place))
    assert (again["rows"], again["known"]) == (0, 10)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", "127.0.0.1",
         "--port", str(port), "--workers", "1"],
        cwd=place, env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "1"}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    at = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                page = asked(f"{at}/")
                break
            except OSError:
                time.sleep(0.5)
        assert b"<html" in page
        listed = asked(f"{at}/api/2.0/mlflow/experiments/search", {"max_results": 10})
        ids = [one["experiment_id"] for one in listed["experiments"] if one["name"] != "Default"]
        shown = asked(
            f"{at}/api/2.0/mlflow/runs/search", {"experiment_ids": ids, "max_results": 100}
        )
        names = {run["info"]["run_name"] for run in shown["runs"]}
        assert {done, waiting} < names
        assert len(shown["runs"]) == 13
        # The same store through its server, which knows every run already.
        through = exported(ready, at)
        assert (through["rows"], through["known"]) == (0, 10)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    assert ready.git("status", "--short") == ""


# --- pandas -------------------------------------------------------------------------------------

LOAD = """\
import json, sys
import gitexp
assert "pandas" not in sys.modules
frame, runs = gitexp.load(), gitexp.load(sys.argv[1], runs=True)
said = []
for one in (frame, runs):
    said += [{name: str(kind) for name, kind in one.dtypes.items()}]
    said += [json.loads(one.to_json(orient="records"))]
print(json.dumps(said))
"""


def test_load_without_pandas_says_how_to_install_it(ready: World) -> None:
    hidden = 'import sys; sys.modules["pandas"] = None; import gitexp; gitexp.load()'
    ran = ready.run(sys.executable, "-c", hidden)
    assert "NotReady: gitexp.load() needs pandas, which is not installed" in ran.err
    assert "python -m pip install 'gitexp[pandas]'" in ran.err


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("pandas") is None,
    reason="pandas is not installed, so gitexp.load() is NOT tested: pip install 'gitexp[pandas]'",
)
def test_load_gives_a_frame_with_the_columns_of_an_export(ready: World) -> None:
    done, waiting = measured(ready)
    ran = ready.run(sys.executable, "-c", LOAD, str(ready.path))
    assert ran.code == 0, ran.err
    types, rows, run_types, runs = json.loads(ran.out)
    lines = [*map(json.loads, ready.gitexp("export", "--to", "jsonl").out.splitlines())]
    assert [*types] == [*lines[0]]
    assert types["registered"].startswith("datetime64[")
    assert types["registered"].endswith(", UTC]")
    assert (types["effect"], types["gain"], types["pairs"]) == ("float64", "float64", "int64")
    # Both may be of the same second, and then stand in either order.
    assert {row["name"] for row in rows} == {waiting, done}
    for row, line in zip(rows, lines, strict=True):
        for column in ("verdict", "hypothesis", "key", "before", "after", "commit"):
            assert row[column] == line[column]
        assert row["effect"] == (line["effect"] and pytest.approx(line["effect"]))
    assert (run_types["metrics.accuracy"], run_types["seed"]) == ("float64", "int64")
    assert len(runs) == 10
    assert {run["role"] for run in runs} == {"experiment", "baseline"}
