"""Callbacks with the real frameworks; those that are large were tried by hand."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp import callbacks
from gitexp.engine.metrics import logged
from gitexp.rules.documents.ended import Ended
from gitexp.rules.documents.stop_rule import parse_stop_rule
from tests.engine.test_run import Trainer, trainer

__all__ = ["trainer"]

ROOT = Path(__file__).parents[1]

DATA = """
import numpy as np, gitexp
rng = np.random.default_rng(gitexp.seed())
X = rng.normal(size=(200, 3))
y = (X[:, 0] + rng.normal(size=200) / 4 > 0).astype(int)
X, y = gitexp.sample(X, y)
"""
XGBOOST = """
import xgboost
from gitexp.callbacks import XGBoostCallback
data = xgboost.DMatrix(X, label=y)
how = {"objective": "binary:logistic", "nthread": 1, "eval_metric": ["logloss", "error"]}
xgboost.train(how, data, 5, evals=[(data, "train")], callbacks=[XGBoostCallback()], verbose_eval=0)
xgboost.cv(how, data, 5, nfold=2, callbacks=[XGBoostCallback()])
"""
LIGHTGBM = """
import lightgbm
from gitexp.callbacks import lightgbm_callback
how = {"objective": "binary", "num_threads": 1, "verbose": -1}
data = lightgbm.Dataset(X, y)
lightgbm.train(how, data, 5, valid_sets=[data], valid_names=["train"],
               callbacks=[lightgbm_callback])
lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(
    X, y, eval_set=[(X, y)], callbacks=[lightgbm_callback])
"""
SEARCH = """
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from gitexp.callbacks import log_search
search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1, 10]}, scoring=["accuracy", "f1"],
                      refit="f1").fit(X, y)
log_search(search)
"""
END = "gitexp.log(accuracy=0.5)"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("framework", "script", "names", "hopeless"),
    [
        ("xgboost", XGBOOST, {"train_logloss", "train_error", "test_error"}, "train_logloss < 9"),
        ("lightgbm", LIGHTGBM, {"train_binary_logloss", "training_binary_logloss"},
         "train_binary_logloss < 9"),
        ("sklearn", SEARCH, {"mean_test_accuracy", "mean_test_f1", "best_score"},
         "mean_test_f1 > 0"),
    ],
)  # fmt: skip
def test_a_framework_reports_its_steps(
    trainer: Trainer, framework: str, script: str, names: set[str], hopeless: str
) -> None:
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed: pip install -e .[dev]")
    done = trainer(DATA + script + END)
    assert done.record.ok, done.last_lines
    steps = (trainer.folder(done) / "metrics.jsonl").read_text()
    assert names <= logged(trainer.folder(done) / "metrics.jsonl").keys()
    assert '"step": 1}' in steps
    assert '"step": 3}' in steps
    stopped = trainer(DATA + script + END, stop_if=(parse_stop_rule(f"step 2: {hopeless}"),))
    assert stopped.record.ended is Ended.STOP_IF
    assert stopped.record.failure.endswith("at step 2")


def test_a_framework_is_loaded_only_with_its_callback() -> None:
    script = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nbefore = set(sys.modules)\n"
        "import gitexp.callbacks\nprint(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded - {"gitexp"} <= sys.stdlib_module_names


def test_every_callback_has_its_file_and_nothing_else_is_offered() -> None:
    folder = ROOT / "gitexp" / "callbacks"
    assert set(callbacks.__all__) == set(callbacks._HOMES)
    for name, home in callbacks._HOMES.items():
        text = (folder / f"{home}.py").read_text()
        assert f"class {name}(" in text or f"def {name}(" in text
    with pytest.raises(AttributeError, match="no attribute 'TorchCallback'"):
        callbacks.TorchCallback  # noqa: B018
