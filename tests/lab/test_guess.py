"""What `gitexp init` finds out from a project's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.lab.guess import guess
from gitexp.rules.documents.draft import DraftSettings
from tests.project import World

if TYPE_CHECKING:
    from pathlib import Path

TOML = "[model]\nC = 1.0\n\n[train]\nepochs = 20\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"config.toml": TOML, "train.py": ""}, ("config.toml", "python train.py")),
        ({"knobs.toml": TOML, "main.py": ""}, ("knobs.toml", "python main.py")),
        ({"a.toml": TOML, "b.toml": TOML, "train.py": ""}, ("", "python train.py")),
        ({"a.toml": TOML, "params.toml": TOML, "run.py": ""}, ("params.toml", "python run.py")),
        ({"params.yaml": "C: 1\n", "scripts/train.py": ""},
         ("params.yaml", "python scripts/train.py")),
        ({"conf/config.yaml": "C: 1\n", "src/train.py": ""},
         ("conf/config.yaml", "python src/train.py")),
        ({"config.json": "{}", "src/net/__init__.py": "", "src/net/train.py": ""},
         ("config.json", "python -m net.train")),
        ({"config.toml": TOML, "params.yaml": "C: 1\n", "train.py": "open('params.yaml')"},
         ("params.yaml", "python train.py")),
        ({"package.json": "{}", "ruff.toml": "", "uv.toml": "", "KNOWN.toml": ""}, ("", "")),
        ({}, ("", "")),
    ],
)  # fmt: skip
def test_config_and_command_are_found(
    files: dict[str, str], found: tuple[str, str], tmp_path: Path
) -> None:
    for name, text in files.items():
        World(tmp_path).write(name, text)
    draft = guess(tmp_path, DraftSettings())
    assert (draft.config, draft.command) == found


@pytest.mark.parametrize(
    ("script", "metric", "direction", "effect"),
    [
        ("print(f'accuracy={a}')", "accuracy", "higher", 0.005),
        ("loss = 1; print('rmse', loss)", "rmse", "lower", 0.01),
        ("val_loss", "val_loss", "lower", 0.01),
        ("inaccuracy = lossless", "", "higher", 0.005),
        ("", "", "higher", 0.005),
    ],
)
def test_the_metric_is_found_with_its_direction(
    script: str, metric: str, direction: str, effect: float, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(script)
    found = guess(tmp_path, DraftSettings())
    assert (found.metric, found.direction, found.effect) == (metric, direction, effect)


@pytest.mark.parametrize(
    ("script", "config", "seed_key", "command"),
    [
        ("os.environ['GITEXP_SEED']", "[train]\nseed = 1\n", "", "python train.py"),
        ("gitexp.seed()", TOML, "", "python train.py"),
        ("config['train']", "[train]\nseed = 1\n", "train.seed", "python train.py"),
        ("config", "random_state = 3\n", "random_state", "python train.py"),
        ("parser.add_argument('--seed')", TOML, "", "python train.py --seed {seed}"),
        ("nothing", TOML, "", "python train.py"),
    ],
)
def test_the_way_of_the_seed_is_found(
    script: str, config: str, seed_key: str, command: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(script)
    (tmp_path / "config.toml").write_text(config)
    found = guess(tmp_path, DraftSettings())
    assert (found.seed_key, found.command) == (seed_key, command)
    assert bool(found.warning) == (script == "nothing")


def test_a_metrics_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("Path('out') / 'metrics.json'\n")
    assert guess(tmp_path, DraftSettings()).metrics == "metrics.json"


def test_what_was_given_stays(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("accuracy --seed 'metrics.json'\n")
    (tmp_path / "config.toml").write_text(TOML)
    given = DraftSettings("other.toml", "make train", "rmse", "lower", 2.5, "m.toml", "x.seed")
    assert guess(tmp_path, given) == given


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("gitexp.predictions(y, p)", "predictions.csv"),
        ("from gitexp import log, predictions", "predictions.csv"),
        ("open('out/test_predictions.npz'); y_true, y_pred", "test_predictions.npz"),
        ("table.to_csv('predictions.csv', columns=['id', 'Survived'])", ""),
        ("predictions = model.predict(x)", ""),
    ],
)
def test_predictions_are_found(script: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(script)
    assert guess(tmp_path, DraftSettings()).predictions == found
