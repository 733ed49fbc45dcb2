"""Reading what other tools recorded: tables, MLflow's file store, W&B's summaries."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gitexp.errors import UsageError
from gitexp.lab.past_runs import files, mlflow, table
from gitexp.lab.past_runs.reading import choose_direction, choose_metric, read_past_runs
from gitexp.rules.plan.past_runs import Kept, PastRun, configurations


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def mlflow_run(
    store: Path, name: str, *, start: int, status: str = "3", stage: str = "active",
    metrics: dict[str, str] | None = None, params: dict[str, str] | None = None,
) -> None:  # fmt: skip
    folder = store / "0" / name
    write(
        folder / "meta.yaml",
        f"run_name: {name}\nstart_time: {start}\nstatus: {status}\nlifecycle_stage: {stage}\n",
    )
    (folder / "metrics").mkdir()
    for key, value in (metrics or {}).items():
        write(folder / "metrics" / key, value)
    for key, value in (params or {}).items():
        write(folder / "params" / key, value)


def wandb_run(folder: Path, name: str, summary: object, config: str) -> None:
    write(folder / name / "files" / "wandb-summary.json", json.dumps(summary))
    write(folder / name / "files" / "config.yaml", config)


def test_a_results_tsv_is_read_by_commit_and_status(tmp_path: Path) -> None:
    path = write(
        tmp_path / "results.tsv",
        "commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"
        "aaa\t0.99\t44.0\tkeep\tbaseline\n"
        'aaa\t0.98\t44.2\tkeep\tthe "baseline again\n'
        "bbb\t0.97\t44.0\tdiscard\tGeLU\n"
        "\n"
        "bbb\t0.96\t44.0\tkeep\tgating\n"
        "ccc\t0.00\t0.0\tcrash\ttwice as wide\n",
    )
    runs = read_past_runs(path)
    assert choose_metric(runs, "") == "val_bpb"
    assert [run.kept for run in runs] == [
        Kept.KEPT, Kept.KEPT, Kept.DISCARDED, Kept.KEPT, Kept.FAILED,
    ]  # fmt: skip
    assert [dict(run.settings) for run in runs[:2]] == [{"commit": "aaa"}] * 2
    assert [one.scores for one in configurations(runs, "val_bpb")] == [
        (0.99, 0.98),
        (0.97,),  # a change that was reset may be logged with the commit that it started from
        (0.96,),
    ]
    assert runs[1].label == 'the "baseline again'


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_of_a_sweep_is_read_by_parameters_and_seed(tmp_path: Path, mark: str) -> None:
    rows = ["run_id,lr,seed,elapsed_time,train_loss,val_loss", "r1,0.1,1,7,0.1,0.5",
            "r2,0.1,2,8,0.2,0.6", "r3,0.2,1,9,0.3,0.4", "r4,0.2,2,,nan,inf"]  # fmt: skip
    path = write(tmp_path / "sweep.csv", "\r\n".join(rows).replace(",", mark))
    runs = read_past_runs(path)
    assert choose_metric(runs, "") == "val_loss"
    assert [(dict(run.settings), run.seed) for run in runs[:2]] == [
        ({"lr": "0.1"}, "1"),
        ({"lr": "0.1"}, "2"),
    ]
    assert "val_loss" not in runs[3].scores
    assert [one.scores for one in configurations(runs, "val_loss")] == [(0.5, 0.6), (0.4,)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_with_a_mark_of_its_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "r.csv", "name,accuracy\nä,0.5\n".encode(encoding))
    assert read_past_runs(path) == (PastRun("ä", {"accuracy": 0.5}),)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x7fELF\0\0\xff", "is a binary file"),
        (b"a\0b", "is a binary file"),
        ("name,accuracy\né,1\n".encode("latin1"), "is not UTF-8: byte 15"),
        (b"accuracy,accuracy\n1,2\n", "two columns accuracy"),
        (b'a,b\n"' + b"x" * 200_000 + b'",1\n', "is not a table"),
        (b"a," * 1_001 + b"b\n", "over 1,000 columns"),
    ],
)
def test_what_is_not_a_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_past_runs(write(tmp_path / "results.tsv", content))
    assert says in refused.value.message
    assert refused.value.hint


def test_files_and_tables_have_a_largest_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(files.MOST_BYTES + 1)
    with pytest.raises(UsageError, match="larger than 32 MB"):
        read_past_runs(tmp_path / "large.csv")
    monkeypatch.setattr(table, "MOST_ROWS", 2)
    with pytest.raises(UsageError, match="over 2 rows"):
        read_past_runs(write(tmp_path / "r.csv", "loss\n1\n2\n3\n"))
    monkeypatch.setattr(mlflow, "MOST_RUNS", 1)
    for name in ("a", "b"):
        mlflow_run(tmp_path / "mlruns", name, start=1)
    with pytest.raises(UsageError, match="over 1 runs"):
        read_past_runs(tmp_path / "mlruns")


def test_a_pipe_or_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="not a regular file"):
        read_past_runs(tmp_path / "pipe")
    with pytest.raises(UsageError, match="holds neither MLflow runs nor W&B summaries"):
        read_past_runs(tmp_path)


def test_an_mlflow_store_is_read_in_the_order_of_its_runs(tmp_path: Path) -> None:
    store = tmp_path / "mlruns"
    write(store / "0" / "meta.yaml", "experiment_id: '0'\n")
    write(store / "0" / "models" / "m-1" / "meta.yaml", "name: model\n")
    write(store / "0" / "models" / "m-1" / "metrics" / "val" / "loss", "1 0.1 0\n")
    mlflow_run(
        store, "second", start=2,
        metrics={"val/loss": "2 0.5 2\n3 0.7 1\n1 0.9 0\n"}, params={"lr": "0.1", "seed": "2"},
    )  # fmt: skip
    mlflow_run(store, "first", start=1, metrics={"val/loss": "1 0.8 0\n2 nan 1\nx\n"})
    mlflow_run(store, "failed", start=3, status="4")
    mlflow_run(store, "deleted", start=4, stage="deleted")
    runs = read_past_runs(store)
    assert runs == (
        PastRun("first", {"val/loss": 0.8}),
        PastRun("second", {"val/loss": 0.5}, {"lr": "0.1"}, "2"),
        PastRun("failed", {}, kept=Kept.FAILED),
    )
    assert read_past_runs(store / "0") == runs
    assert read_past_runs(store / "0" / "second") == runs[1:2]


def test_of_several_mlflow_experiments_one_is_asked_for(tmp_path: Path) -> None:
    mlflow_run(tmp_path / "mlruns", "a", start=1)
    write(tmp_path / "mlruns" / "1" / "b" / "metrics" / "loss", "1 0.5 0\n")
    write(tmp_path / "mlruns" / "1" / "b" / "meta.yaml", "status: 3\n")
    with pytest.raises(UsageError, match="holds 2 experiments") as refused:
        read_past_runs(tmp_path / "mlruns")
    assert refused.value.hint.endswith("mlruns/0")
    assert len(read_past_runs(tmp_path / "mlruns" / "1")) == 1


def test_an_mlflow_store_does_not_lead_out_of_itself(tmp_path: Path) -> None:
    mlflow_run(tmp_path / "mlruns", "a", start=1, metrics={"loss": "1 2 3"}, params={"lr": "1"})
    secret = write(tmp_path / "secret", "token")
    (tmp_path / "mlruns" / "0" / "a" / "params" / "secret").symlink_to(secret)
    assert dict(read_past_runs(tmp_path / "mlruns")[0].settings) == {"lr": "1"}


def test_summaries_of_wandb_are_read_with_their_configuration(tmp_path: Path) -> None:
    config = "wandb_version: 1\n\nlr:\n    desc: null\n    value: {}\nseed:\n    value: {}\n"
    summary = {"val_loss": 0.5, "_runtime": 7, "best": {"max": 0.9}, "nan": float("nan"),
               "picture": {"_type": "image-file"}, "done": True}  # fmt: skip
    wandb_run(tmp_path, "run-20250102_000000-b", {"val_loss": 0.4}, config.format(0.2, 1))
    wandb_run(tmp_path, "offline-run-20250101_000000-a", summary, config.format(0.1, 3))
    (tmp_path / "latest-run").symlink_to("run-20250102_000000-b")
    runs = read_past_runs(tmp_path)
    assert runs == (
        PastRun(
            "offline-run-20250101_000000-a", {"val_loss": 0.5, "best": 0.9}, {"lr": "0.1"}, "3"
        ),
        PastRun("run-20250102_000000-b", {"val_loss": 0.4}, {"lr": "0.2"}, "1"),
    )
    alone = tmp_path / "run-20250102_000000-b" / "files" / "wandb-summary.json"
    assert read_past_runs(alone) == runs[1:]


@pytest.mark.parametrize("content", ["[1]", "{", "[" * 100_000, '{"a": ' + "9" * 5_000 + "}"])
def test_a_summary_that_is_not_an_object_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(UsageError, match="is not a JSON object"):
        read_past_runs(write(tmp_path / "wandb-summary.json", content))


@pytest.mark.parametrize(
    ("names", "wanted", "says"),
    [
        (["lr", "elo"], "", "no column has the name of a known metric"),
        (["f1", "accuracy"], "", "several columns may be the metric"),
        (["accuracy"], "loss", "no run has a number for loss"),
        ([], "", "no column has the name of a known metric"),
    ],
)
def test_a_metric_that_is_not_clear_is_asked_for(names: list[str], wanted: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        choose_metric([PastRun("a", dict.fromkeys(names, 1.0))], wanted)
    assert says in refused.value.message
    assert all(name in refused.value.hint for name in names)


def test_the_direction_is_as_asked_else_by_the_name() -> None:
    assert choose_direction("accuracy", lower=False, higher=False)
    assert not choose_direction("accuracy", lower=True, higher=False)
    assert not choose_direction("val_bpb", lower=False, higher=False)
    for name, both in (("elo", False), ("accuracy", True)):
        with pytest.raises(UsageError, match=r"--lower|better"):
            choose_direction(name, lower=both, higher=both)
