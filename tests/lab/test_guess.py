"""What `gitexp init` finds out from a project's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitexp.lab.guess import guess, mentioned_files
from gitexp.lab.setup.new_settings import settle
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
        ("parser.add_argument('--manual_seed')", TOML, "", "python train.py --manual_seed {seed}"),
        ("flags.DEFINE_integer('seed', 0, '')", TOML, "", "python train.py --seed {seed}"),
        ("@app.command()\ndef main(seed=0): f()", TOML, "", "python train.py --seed {seed}"),
        (
            "def main(random_state=0): f()\nfire.Fire(main)",
            TOML,
            "",
            "python train.py --random-state {seed}",
        ),
        ("def main(seed=0): f()", TOML, "", "python train.py"),
        ("os.environ.get('SEED', 1)", TOML, "", "SEED={seed} python train.py"),
        ("trainer", "seed_everything = 1\n", "seed_everything", "python train.py"),
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
    gets_none = not seed_key and command == "python train.py" and "gitexp" not in script.lower()
    assert bool(found.warnings) == gets_none


@pytest.mark.parametrize(
    ("given", "seeded"),
    [
        ("python train.py", "python train.py --seed {seed}"),
        ("python train.py --seed 42 --lr 1", "python train.py --seed {seed} --lr 1"),
        ("uv run python train.py", "uv run python train.py --seed {seed}"),
        ("cd sub && python fit.py", "cd sub && python fit.py --seed {seed}"),
        ("bash all.sh", "bash all.sh --seed {seed}"),
        ("bash one.sh", "SEED={seed} bash one.sh"),
        ("make fit", "make fit SEED={seed}"),
        ("python train.py | tee log", "python train.py | tee log"),
        ("bash fixed.sh", "bash fixed.sh"),
        ("bash one.sbatch", "SEED={seed} bash one.sbatch"),
    ],
)
def test_a_command_that_is_given_gets_the_seed_if_it_takes_one(
    given: str, seeded: str, tmp_path: Path
) -> None:
    world = World(tmp_path)
    for name in ("train.py", "sub/fit.py"):
        world.write(name, "parser.add_argument('--seed')\nprint(f'acc={a}')")
    world.write("all.sh", 'python train.py "$@"\n')
    world.write("one.sh", "python train.py --lr 1 --seed ${SEED:-0}\n")
    world.write("one.sbatch", "#SBATCH --time=1\npython train.py --lr 1 --seed ${SEED:-0}\n")
    world.write("fixed.sh", "export SEED=3\npython train.py --seed $SEED\n")
    world.write("Makefile", "fit:\n\tpython train.py --lr 0.1 \\\n\t--seed $(SEED)\n")
    found = guess(tmp_path, DraftSettings(command=given))
    assert (found.command, found.metric) == (seeded, "acc")
    assert bool(found.warnings) == ("|" in given)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("Path('out') / 'metrics.json'", "out/metrics.json"),
        ("open('out/metrics.csv', 'w')", "out/metrics.csv"),
        ("open('metrics.jsonl', 'a')", "metrics.jsonl"),
        ("open('scores.csv', 'w')", ""),
    ],
)
def test_a_metrics_file_is_found(script: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(script)
    assert guess(tmp_path, DraftSettings()).metrics == found


@pytest.mark.parametrize(
    ("files", "found"),
    [
        # What the script opens, imports, composes or is goes before names that are only usual.
        ({"opts/big.yaml": "a: 1\n", "config.toml": TOML, "train.py": "open('opts/big.yaml')"},
         "opts/big.yaml"),
        ({"net.yaml": "a: 1\n", "cfg/base.yaml": "b: 1\n",
          "train.py": "YOLO('net.yaml').train(cfg='cfg/base.yaml')"}, "cfg/base.yaml"),
        ({"data.json": "{}", "train.py": "open('data.json')"}, ""),
        ({"model_config.json": "{}", "train.py": "open('model_config.json')"}, "model_config.json"),
        ({"out.yaml": "a: 1\n", "config.toml": TOML, "train.py": "open('out.yaml', 'w')"},
         "config.toml"),
        ({"cfg.py": "LR = 0.1\n", "train.py": "from cfg import LR"}, "cfg.py"),
        ({"cfg.py": "LR = None\n", "train.py": "import cfg\nlr = 0.1"}, "train.py"),
        ({"train.py": "p.add_argument('--lr', default=0.1)"}, "train.py"),
        ({"train.py": "def get_config():\n    C.model.lr = 5e-4\n"}, "train.py"),
        ({"MLproject": "entry_points: {}\n", "train.py": "lr = 0.1"}, "train.py"),
        ({"conf/config.yaml": "a: 1\n", "conf/db/x.yaml": "b: 1\n",
          "train.py": "@hydra.main(config_path='conf', config_name='config')"}, "conf/**/*.yaml"),
        # What is given on the command line, also by the script or the makefile that starts it.
        ({"a.gin": "f.lr = 0.1\n", "train.py": "p.add_argument('-g', default='a.gin')"}, "a.gin"),
        ({"x.ini": "[a]\nlr = 1\n", "config.toml": TOML, "train.py": "c.read('x.ini')"}, "x.ini"),
        ({"train.env": "LR=1\n", "train.py": "open('train.env')"}, "train.env"),
        ({".env.train": "LR=1\n", "train.py": "Path('.env.train')"}, ".env.train"),
        ({".env": "LR=1\n", "train.py": "Path('.env')\nlr = 1"}, ".env"),
        ({".env": "KEY=a\n", "train.py": "Path('.env')\nlr = 1"}, "train.py"),
        ({"configs/bert.json": "{}", "data/x.json": "{}",
          "train.py": "open('data/x.json')\nopen('configs/bert.json')"}, "configs/bert.json"),
        ({"configs/base.py": "C = {'lr': 0.1}\n", "train.py": "from configs.base import C"},
         "configs/base.py"),
        ({"run.sh": "python train.py \\\n  --lr 0.1\n", "train.py": "p.add_argument('--lr')"},
         "run.sh"),
        ({"run.sh": "python train.py --props m.props\n", "m.props": "lr=1\n", "train.py": ""},
         "m.props"),
        ({"Makefile": "train:\n\tpython train.py --lr 0.1\n", "train.py": ""}, "Makefile"),
        ({"Makefile": "fit: ## it\n\t$(PYTHON) train.py --lr 0.1\n", "train.py": ""}, "Makefile"),
        ({"Makefile": "test:\n\tpytest\n", "train.py": "lr = 0.1"}, "train.py"),
        ({"run.sh": "python other.py --lr 0.1\n", "train.py": "lr = 0.1"}, "train.py"),
        ({"run.sh": "torchrun --nproc=2 train.py\n", "train.py": "lr = 0.1"}, "train.py"),
        ({"conf/a.yaml": "a: 1\n", "conf/db/x.yaml": "b: 1\n", "src/train.py":
          "hydra.main(config_path=os.path.join('..', 'conf'))"}, "conf/**/*.yaml"),
        ({"conf/base/parameters.yml": "a: 1\n", "main.py": ""}, "conf/base/parameters.yml"),
        ({"train.py": "class H:\n    n = int(os.environ.get('N', 20))\n"}, "train.py"),
        ({"train.R": "n_trees <- 500\n"}, "train.R"),
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


def test_an_mlproject_is_the_config_of_mlflow_run_alone(tmp_path: Path) -> None:
    World(tmp_path).write("MLproject", "entry_points: {}\n")
    World(tmp_path).write("train.py", "lr = 0.1")
    assert guess(tmp_path, DraftSettings(command="mlflow run .")).config == "MLproject"
    assert guess(tmp_path, DraftSettings(command="python train.py")).config == "train.py"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("python tools/train.py c/rcnn/x.py", "c/**/*.py"),
        ("python tools/train.py --config-file=c/rcnn/x.yaml", "c/**/*.yaml"),
        ("python tools/train.py c/one.yaml", "c/one.yaml"),
        ("allennlp train c/x.jsonnet -s out", "c/x.jsonnet"),
    ],
)
def test_the_config_of_a_command_is_found_with_those_that_it_inherits_from(
    command: str, found: str, tmp_path: Path
) -> None:
    world = World(tmp_path)
    world.write("tools/train.py", "")
    world.write("c/rcnn/x.py", "_base_ = ['../base/a.py']\n")
    world.write("c/base/a.py", "optimizer = dict(lr=0.1)\n")
    world.write("c/rcnn/x.yaml", "_BASE_: ../Base.yaml\n")
    world.write("c/Base.yaml", "LR: 0.1\n")
    world.write("c/one.yaml", "_BASE_: none.yaml\n")
    world.write("c/x.jsonnet", "{}")
    assert guess(tmp_path, DraftSettings(command=command)).config == found


MAIN = "if __name__ == '__main__':\n    main()\n"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"projects/adder/adder.py": MAIN, "mingpt/model.py": "", "setup.py": MAIN},
         "python projects/adder/adder.py"),
        ({"a.py": MAIN, "b.py": MAIN}, ""),
        ({"mnist_cnn.py": "import net\nprint(1)\n", "net.py": "print(2)\n"}, "python mnist_cnn.py"),
        ({"a.py": "print(1)\n", "b.py": "for i in a:\n    f()\n"}, ""),
        ({"prepare.py": MAIN, "train_net.py": MAIN}, "python train_net.py"),
        ({"train.R": "set.seed(1)"}, "Rscript train.R"),
        ({"src/main.jl": "", "a.py": MAIN}, "julia --project=. src/main.jl"),
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
        ("print({'train': {'acc': a}, 'test': {'loss': 1, 'acc': b}})", "test_acc", "higher"),
        ("print(f'  F1 ...... {v:.4f}')", "F1", "higher"),
        ("# accuracy\nprint(f'Final F1: {x}')", "F1", "higher"),
        ("print('Accuracy on test set:', a)", "Accuracy_on_test_set", "higher"),
        ("print('ppl=%.3f' % p)", "ppl", "lower"),
        ("print(f'Loss: {v:.4f}, Accuracy: {n}/{m} ({p:.0f}%)')", "Loss", "lower"),
        ("print('loss: {:.4f}, accuracy: {}/{}'.format(v, n, m))", "loss", "lower"),
        ("print(f'\\x1b[36maccuracy\\x1b[0m | \\x1b[32m{v:.4f}')", "accuracy", "higher"),
        ("table.add_row('val_acc', f'{v:.4f}')", "val_acc", "higher"),
        ("print(tabulate([['auc', v]]))", "auc", "higher"),
        ("w.writerow(['epoch', 'val_acc', 'took'])", "val_acc", "higher"),
        ("f(scoring='f1')\nprint(classification_report(y, p))", "accuracy", "higher"),
        ("print(f'F1: {x}')\nprint(classification_report(y, p))", "F1", "higher"),
        ("print(f'loss: {a} Acc@1: {b:>7.3f} ({c:>7.3f})')", "Acc@1", "higher"),
        ("print(f'loss: {a} - mIoU: {b:.4f}')", "mIoU", "higher"),
        ("print(f'loss: {a}')\nd = {'train_samples_per_second': n}", "loss", "lower"),
        ("print(f'Test error rate: {err:.4f}')", "test_error_rate", "lower"),
        ("print('Mean Absolute Error (MAE):', e)", "MAE", "lower"),
        ("json.dump({'cv': {'rmse_mean': e, 'rmse_std': s}}, f)", "rmse_mean", "lower"),
        ("basicConfig(format='%(asctime)s: %(message)s', datefmt='%H:%M')", "", "higher"),
        ("print(f'Results saved to {d}')\nprint('Usage:\\n')", "", "higher"),
    ],
)
def test_the_metric_is_what_is_printed_before_a_number(
    script: str, metric: str, direction: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(script)
    found = guess(tmp_path, DraftSettings())
    assert (found.metric, found.direction) == (metric, direction)


def test_a_metric_that_is_printed_as_a_percentage_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("p.add_argument('--seed')\nprint(f'Accuracy: {a:.1f}%')")
    found = guess(tmp_path, DraftSettings())
    assert found.metric == "Accuracy"
    assert "percentage" in found.warnings[0]


def test_a_config_that_does_not_parse_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("gitexp.seed()\nprint(f'acc={a}')")
    (tmp_path / "config.yaml").write_text("lr: 1\n  x: [\n")
    (warning,) = guess(tmp_path, DraftSettings()).warnings
    assert warning.startswith("config.yaml does not parse (mapping values are not allowed here")


@pytest.mark.parametrize(
    ("vary", "seed_key"), [("", "model.random_state"), ("split", '"(a, b)".random_state')]
)
def test_a_fixed_split_stays_fixed_unless_the_seed_is_to_redraw_it(
    vary: str, seed_key: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(
        "a, b = train_test_split(x, y, random_state=42)\nmodel = RF(depth=3, random_state=42)\n"
    )
    found = guess(tmp_path, DraftSettings(vary=vary))
    assert (found.vary, found.seed_key) == (vary or "seed", seed_key)


def test_the_seed_is_one_of_the_configs_that_the_command_uses(tmp_path: Path) -> None:
    World(tmp_path).write("train.py", "")
    World(tmp_path).write("c/a.py", "seed = 1\n")
    World(tmp_path).write("c/b.py", "_base_ = 'base.py'\n")
    World(tmp_path).write("c/base.py", "run = dict(seed=1)\n")
    found = guess(tmp_path, DraftSettings(command="python train.py c/b.py"))
    assert (found.config, found.seed_key) == ("c/**/*.py", "run.seed")


def test_a_seed_that_is_a_number_in_the_code_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("lr = 1\nrandom.seed(1337 + rank)\nprint(f'acc={a}')")
    (warning,) = guess(tmp_path, DraftSettings()).warnings
    assert (
        "train.py:2: random.seed(1337 + rank) is the seed of every run; instead of 1337" in warning
    )
    # A fixed generator for the evaluation is not the seed, which has a name.
    script = "default_rng(0)\nseed = 7\nrandom.seed(seed)\nprint(f'acc={a}')"
    (tmp_path / "train.py").write_text(script)
    (tmp_path / "config.toml").write_text("lr = 1\n")
    (warning,) = guess(tmp_path, DraftSettings()).warnings
    assert "train.py:2: seed = 7 is the seed of every run; instead of 7" in warning
    (tmp_path / "train.py").write_text("lr = 1\nrandom.seed(seed)\nprint(f'acc={a}')")
    (warning,) = guess(tmp_path, DraftSettings()).warnings
    assert "differ by chance alone" in warning


def test_what_a_program_in_another_language_prints_and_takes_is_found(tmp_path: Path) -> None:
    script = 'make_option(c("--seed"))\ncat("Usage:\\n")\ncat(sprintf("Test RMSE = %.3f\\n", e))\n'
    (tmp_path / "train.R").write_text(script)
    found = guess(tmp_path, DraftSettings())
    assert (found.command, found.metric) == ("Rscript train.R --seed {seed}", "test_rmse")
    (tmp_path / "fit.jl").write_text('println("loss = $(l), test_accuracy = $(a)")')
    found = guess(tmp_path, DraftSettings(command="julia fit.jl"))
    assert (found.config, found.metric) == ("fit.jl", "test_accuracy")


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


@pytest.mark.parametrize(
    ("size", "config", "ratio"),
    [
        ("cfg['data']['test_size']", "data:\n  test_size: 0.2\n", 0.25),
        ("cfg.data.holdout", "data:\n  holdout: 0.5\n", 1.0),
        ("0.5", "data:\n  test_size: 0.2\n", 1.0),
        ("test_size", "test_size: 200\n", None),
        ("test_size", "test_size: 0.2\nother:\n  test_size: 0.5\n", None),
        ("rows // 5", "test_size: 0.2\n", None),
    ],
)
def test_the_share_of_test_rows_is_what_the_split_is_given(
    size: str, config: str, ratio: float | None, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text(config)
    split = f"train_test_split(x, y, test_size={size}, random_state=seed)"
    (tmp_path / "train.py").write_text(f"cfg = load('config.yaml')\n{split}\n")
    assert guess(tmp_path, DraftSettings()).test_ratio == ratio


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


@pytest.mark.parametrize(("last", "vary", "asked"), [("Seed", "seed", 3), ("test rows", "none", 4)])
def test_an_answer_is_taken_as_it_is_meant_or_asked_for_once_more(
    last: str, vary: str, asked: int, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text("lr = 1\nprint(f'RMSE: {a} R2: {b}')")
    answers = ["python train.py", "Test  accuracy", last, "none"]
    given: list[str] = []

    def answer(question: str, proposal: str) -> str:
        given.append(f"{question} {proposal}")
        return answers[len(given) - 1]

    settled = settle(tmp_path, DraftSettings(), answer, trial=False)
    assert (settled.draft.metric, settled.draft.vary) == ("Test_accuracy", vary)
    assert len(given) == asked
    assert "(the script prints RMSE, R2) R2" in given[1]
    option = DraftSettings(command="python train.py", metric="Test accuracy")
    assert settle(tmp_path, option, None, trial=False).said.metric == "Test_accuracy"
