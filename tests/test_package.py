"""What a training script may import, and what the wheel brings along."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import gitexp
from gitexp.engine.metrics import logged
from gitexp.engine.predictions import read_predictions

ROOT = Path(__file__).parents[1]


def test_outside_of_a_run_everything_is_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEED", "SAMPLE", "RUN_DIR", "METRICS", "PREDICTIONS", "ARTIFACTS"):
        monkeypatch.delenv(f"GITEXP_{name}", raising=False)
    assert (gitexp.seed(), gitexp.seed(7)) == (0, 7)
    assert (gitexp.sample(), gitexp.sample(0.5)) == (1.0, 0.5)
    assert (gitexp.run_dir(), gitexp.run_dir("out")) == (".", "out")
    gitexp.log(accuracy=0.93)
    gitexp.predictions([1, 0], [1])
    gitexp.artifact("/no/such/file")
    rows, labels = [[1], [2]], np.array([0, 1])
    assert gitexp.sample(rows) is rows
    assert gitexp.sample(rows, labels) == (rows, labels)


def test_inside_a_run_they_say_what_the_run_was_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITEXP_SEED", "42")
    monkeypatch.setenv("GITEXP_SAMPLE", "0.1")
    monkeypatch.setenv("GITEXP_RUN_DIR", str(tmp_path))
    assert (gitexp.seed(7), gitexp.sample(), gitexp.run_dir()) == (42, 0.1, str(tmp_path))


def test_a_sample_keeps_the_shares_of_classes_whatever_holds_the_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITEXP_SAMPLE", "0.1")
    monkeypatch.setenv("GITEXP_SEED", "7")
    labels = ["a"] * 900 + ["b"] * 100
    rows, matrix, drawn, table = gitexp.sample(
        range(1000), csr_matrix(np.arange(1000)[:, None]), labels, Table(1000)
    )
    assert len(rows) == matrix.shape[0] == 100
    assert rows == matrix.toarray()[:, 0].tolist() == table.rows == sorted(rows)
    rows, drawn = gitexp.sample(range(1000), labels)
    assert (drawn.count("a"), drawn.count("b")) == (90, 10)
    assert (rows, drawn) == gitexp.sample(range(1000), labels)
    monkeypatch.setenv("GITEXP_SEED", "8")
    assert rows != gitexp.sample(range(1000), labels)[0]
    with pytest.raises(ValueError, match=r"the arrays have \[3, 2\] rows"):
        gitexp.sample([1, 2, 3], [1, 2])


class Table:
    """Rows that are taken by `iloc`, as a table of pandas has it."""

    def __init__(self, count: int) -> None:
        self.rows = [*range(count)]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def iloc(self) -> Table:
        return self

    def __getitem__(self, wanted: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Table:
        taken = Table(0)
        taken.rows = [self.rows[row] for row in wanted]
        return taken


class Scalar:
    """Stands for a NumPy scalar or a tensor of one element."""

    def __float__(self) -> float:
        return 0.25


class Attached(Scalar):
    """Stands for a tensor of a graph, whose float() PyTorch warns of."""

    def item(self) -> float:
        return 0.125


def test_logged_metrics_are_read_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    monkeypatch.setenv("GITEXP_METRICS", str(path))
    gitexp.log()
    assert not path.exists()
    gitexp.log(step=1, loss=2, accuracy=0.5)
    gitexp.log(2, loss=Scalar())  # type: ignore[arg-type]
    gitexp.log(f1=np.float32(0.5), auc=Attached())  # type: ignore[arg-type]
    assert logged(path) == {"loss": 0.25, "accuracy": 0.5, "f1": 0.5, "auc": 0.125}
    assert [json.loads(line).get("step") for line in path.read_text().splitlines()] == [1, 2, None]


def test_processes_that_log_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    script = "import gitexp, sys\nfor n in range(200): gitexp.log(**{f'{sys.argv[1]}.{n}': n})"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, who],
            env={"GITEXP_METRICS": str(path), "PYTHONPATH": str(ROOT)},
        )
        for who in "abcd"
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    assert len(logged(path)) == 800


def test_a_value_that_is_no_number_fails_where_it_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITEXP_METRICS", str(tmp_path / "metrics.jsonl"))
    with pytest.raises(ValueError, match="high"):
        gitexp.log(accuracy="high")  # type: ignore[arg-type]
    assert logged(tmp_path / "metrics.jsonl") == {}


class Tensor:
    """Stands for what torch hands out: no sequence of numbers, but it has tolist()."""

    def __init__(self, values: object) -> None:
        self.values = values

    def tolist(self) -> object:
        return self.values


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        (([0, 1], [1, 1]), {"0": "0 1", "1": "1 1"}),
        (((n for n in (0, 1)), range(1, 3)), {"0": "0 1", "1": "1 2"}),
        ((np.array([0, 1]), np.array([[1.0], [0.5]], np.float32)), {"0": "0 1.0", "1": "1 0.5"}),
        ((np.array(["a", "b"]), ["a", ",'\"\n"], ("y", "x")), {"x": "b ,'\"\n", "y": "a a"}),
        ((Tensor([0, 1]), [Tensor(0), Tensor([1])], Tensor([7, 5])), {"5": "1 1", "7": "0 0"}),
        (([np.int64(0), np.float64(1)], [(True,), [False]]), {"0": "0 True", "1": "1.0 False"}),
    ],
)
def test_predictions_are_read_back(
    given: tuple[object, ...], rows: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.csv"
    monkeypatch.setenv("GITEXP_PREDICTIONS", str(path))
    gitexp.predictions([9], [9])
    gitexp.predictions(*given, y_score=np.array([0.25, 0.5]))  # the last call counts
    read = read_predictions(path)
    columns = read.columns
    pairs = zip(columns["y_true"], columns["y_pred"], strict=True)
    assert dict(zip(read.ids, map(" ".join, pairs), strict=True)) == rows
    assert sorted(columns["y_score"]) == ["0.25", "0.5"]
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"y_pred": [1]}, "y_true has 2 rows, but y_pred has 1"),
        ({"ids": [1, 2, 3]}, "y_true has 2 rows, but ids has 3"),
        ({"y_score": [0.5]}, "y_true has 2 rows, but y_score has 1"),
        ({"y_score": np.zeros((2, 2))}, "y_score has 2 values in row 0; give each its own column"),
        ({"y_pred": 1}, "y_pred is one value, not a column"),
        ({"y_pred": np.float64(1)}, "y_pred is one value, not a column"),
        ({"id": [1, 2]}, "passed as ids="),
    ],
)
def test_predictions_that_do_not_fit_fail_where_they_are_given(
    columns: dict[str, object], reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITEXP_PREDICTIONS", str(tmp_path / "predictions.csv"))
    given = {"y_true": [0, 1], "y_pred": [0, 1]} | columns
    with pytest.raises(ValueError, match=reason):
        gitexp.predictions(**given)
    assert not [*tmp_path.iterdir()]


def test_importing_gitexp_loads_the_standard_library_alone() -> None:
    script = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nbefore = set(sys.modules)\n"
        "import gitexp\nprint(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded - {"gitexp"} <= sys.stdlib_module_names
    assert [name for name in done.stdout.split() if name.startswith("gitexp.")] == []


def test_what_is_promised_is_there() -> None:
    promised = {"artifact", "load", "log", "predictions", "run_dir", "sample", "seed"}
    assert set(gitexp.__all__) == promised
    assert all(getattr(gitexp, name).__doc__ for name in gitexp.__all__)
    assert f'version = "{gitexp.__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_the_wheel_holds_hooks_catalogue_and_what_a_page_is_made_of(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="comes with the dev extra")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    assert {path.name for path in (tmp_path / "installed/gitexp/_hooks").iterdir()} == {
        path.name for path in (ROOT / "hooks").iterdir()
    }
    page = tmp_path / "installed/gitexp/cli/page"
    assert all((page / name).is_file() for name in ("style.css", "script.js"))
    script = "from gitexp.lab.catalogue import find_rule; print(find_rule('C2').says)"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "installed", check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.stdout == "several values differ\n"
