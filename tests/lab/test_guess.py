"""What `gitexp init` finds out from a project's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.lab.guess import guess, mentioned_files
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
    assert guess(tmp_path, DraftSettings()).metrics == "out/metrics.json"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        # What the script opens, imports, composes or is goes before names that are only usual.
        ({"opts/big.yaml": "a: 1\n", "config.toml": TOML, "train.py": "open('opts/big.yaml')"},
         "opts/big.yaml"),
        ({"data.json": "{}", "train.py": "open('data.json')"}, ""),
        ({"model_config.json": "{}", "train.py": "open('model_config.json')"}, "model_config.json"),
        ({"out.yaml": "a: 1\n", "config.toml": TOML, "train.py": "open('out.yaml', 'w')"},
         "config.toml"),
        ({"cfg.py": "LR = 0.1\n", "train.py": "from cfg import LR"}, "cfg.py"),
        ({"cfg.py": "LR = None\n", "train.py": "import cfg\nlr = 0.1"}, "train.py"),
        ({"train.py": "p.add_argument('--lr', default=0.1)"}, "train.py"),
        ({"train.py": "def get_config():\n    C.model.lr = 5e-4\n"}, "train.py"),
        ({"MLproject": "entry_points: {}\n", "train.py": "lr = 0.1"}, "MLproject"),
        ({"conf/config.yaml": "a: 1\n", "conf/db/x.yaml": "b: 1\n",
          "train.py": "@hydra.main(config_path='conf', config_name='config')"}, "conf/**/*.yaml"),
        ({"app/conf/c.yaml": "a: 1\n", "app/__init__.py": "",
          "app/train.py": "hydra.main(config_path='conf')"}, "app/conf/c.yaml"),
    ],
)  # fmt: skip
def test_the_config_is_what_the_script_opens_imports_or_is(
    files: dict[str, str], found: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        World(tmp_path).write(name, text)
    assert guess(tmp_path, DraftSettings()).config == found


MAIN = "if __name__ == '__main__':\n    main()\n"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"projects/adder/adder.py": MAIN, "mingpt/model.py": "", "setup.py": MAIN},
         "python projects/adder/adder.py"),
        ({"a.py": MAIN, "b.py": MAIN}, ""),
        ({"prepare.py": MAIN, "train_net.py": MAIN}, "python train_net.py"),
        ({"tests/test_a.py": MAIN, ".venv/x/y.py": MAIN, "fit.py": MAIN}, "python fit.py"),
    ],
)  # fmt: skip
def test_the_only_program_is_the_training_command(
    files: dict[str, str], command: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        World(tmp_path).write(name, text)
    assert guess(tmp_path, DraftSettings()).command == command


@pytest.mark.parametrize(
    ("script", "metric", "direction"),
    [
        ("loss = 1\nprint(f'Test accuracy: {a}')", "test_accuracy", "higher"),
        ("print(f'train_loss={a} val_loss={b}')", "val_loss", "lower"),
        ("print(f'train loss {a}, step: {n}')\nprint(f'train_loss: {a}')", "train_loss", "lower"),
        ("json.dump({'psnr': p, 'time': t}, f)", "psnr", "higher"),
        ("# accuracy\nprint(f'Final F1: {x}')", "F1", "higher"),
    ],
)
def test_the_metric_is_what_is_printed_before_a_number(
    script: str, metric: str, direction: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(script)
    found = guess(tmp_path, DraftSettings())
    assert (found.metric, found.direction) == (metric, direction)


def test_a_seed_in_python_or_in_a_folder_of_configs_is_found(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("def config():\n    C.system.seed = 3407\n")
    assert guess(tmp_path, DraftSettings()).seed_key == "config.C.system.seed"
    World(tmp_path).write("conf/train/t.yaml", "seed: 1\n")
    found = guess(tmp_path, DraftSettings(config="conf/**/*.yaml"))
    assert found.seed_key == "seed"


def test_what_a_script_writes_is_not_data_that_it_needs(tmp_path: Path) -> None:
    for name in ("raw/x.csv", "models/a/net.pt", "figs/f.png", "tb/e", "res/m.json"):
        World(tmp_path).write(name, "")
    (tmp_path / "train.py").write_text(
        "read_csv('raw/x.csv')\ntorch.save(net, 'models/a/net.pt')\nos.makedirs('figs')\n"
        "plt.savefig('figs/f.png')\nTrainer(log_dir='tb')\nopen('res/m.json', 'w')\n'models'\n"
    )
    assert mentioned_files(tmp_path, DraftSettings(command="python train.py")) == ["raw/x.csv"]


def test_a_file_that_grows_line_by_line_is_not_a_metrics_file(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("open('metrics.json', 'a').write(json.dumps(m))\n")
    assert guess(tmp_path, DraftSettings()).metrics == ""


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
        ("open('out/test_predictions.npz'); y_true, y_pred", "out/test_predictions.npz"),
        ("table.to_csv('predictions.csv', columns=['id', 'Survived'])", ""),
        ("predictions = model.predict(x)", ""),
    ],
)
def test_predictions_are_found(script: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(script)
    assert guess(tmp_path, DraftSettings()).predictions == found
