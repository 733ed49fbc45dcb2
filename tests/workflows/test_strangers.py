"""Two projects of others, written small: a verdict takes two commands after `gitexp init --yes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.project import World

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

# A script whose settings are code in a function, altered by --section.key=value.
SETTINGS_IN_CODE = {
    "adder/__init__.py": "",
    "adder/settings.py": """\
from ast import literal_eval


class Node:
    def merge_from_args(self, args):
        for arg in args:
            path, value = arg.removeprefix("--").split("=")
            *sections, last = path.split(".")
            node = self
            for section in sections:
                node = getattr(node, section)
            setattr(node, last, literal_eval(value))
""",
    "projects/adder/adder.py": """\
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))

from adder.settings import Node as N


def get_config():
    C = N()
    C.system = N()
    C.system.seed = 3407
    C.system.work_dir = "./out/adder"
    C.model = N()
    C.model.bias = 1
    C.trainer = N()
    C.trainer.max_iters = 10
    C.trainer.learning_rate = 1e-4
    return C


def train(config, rows):
    weights = [0.0, 0.0, 0.0]
    for step in range(config.trainer.max_iters):
        total = 0.0
        for a, b in rows:
            inputs = (a, b, config.model.bias)
            error = sum(w * x for w, x in zip(weights, inputs)) - (a + b)
            total += error * error
            for n, x in enumerate(inputs):
                weights[n] -= config.trainer.learning_rate * error * x
        print(f"iter_dt 0.41ms; iter {step}: train loss {total / len(rows):.5f}")
    return weights


if __name__ == "__main__":
    config = get_config()
    config.merge_from_args(sys.argv[1:])
    random.seed(config.system.seed)
    os.makedirs(config.system.work_dir, exist_ok=True)
    rows = [(random.randrange(10), random.randrange(10)) for _ in range(50)]
    weights = train(config, rows[:40])
    tested = rows[40:]
    right = sum(round(weights[0] * a + weights[1] * b) == a + b for a, b in tested)
    print("test final score: %d/%d = %.2f%% correct" % (right, len(tested), 10 * right))
""",
}

# Configs in groups, composed by a framework that also formats what is logged.
CONFIG_GROUPS = {
    "conf/config.yaml": "defaults:\n  - model: small\n  - _self_\n\nseed: 1\nepochs: 20\n",
    "conf/model/small.yaml": "width: 8  # of the hidden layer\ndropout: 0.5\n",
    "conf/model/large.yaml": "width: 512\ndropout: 0.5\n",
    ".gitignore": "outputs/\n",
    "train.py": """\
import logging
import random

import hydra

log = logging.getLogger(__name__)


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    draw = random.Random(f"{cfg['seed']} {cfg['model']['width']}")
    gain = 0.0005 * cfg["model"]["width"] + draw.gauss(0, 0.002)
    for epoch in range(cfg["epochs"]):
        log.info("epoch %d loss: %.4f", epoch, 1 / (epoch + 1))
    log.info("test accuracy: %.5f", 0.9 + gain)


if __name__ == "__main__":
    main()
""",
}
FRAMEWORK = """\
import logging
import os
import sys
from pathlib import Path


def _read(path):
    lines = [line.partition("#")[0].rstrip() for line in path.read_text().splitlines()]
    return {k: float(v) for k, v in (x.split(": ") for x in lines if x[:1].isalpha() and ": " in x)}


def main(version_base, config_path, config_name):
    def decorate(function):
        def run():
            folder = Path(sys.argv[0]).resolve().parent / config_path
            text = (folder / f"{config_name}.yaml").read_text()
            cfg = _read(folder / f"{config_name}.yaml")
            for line in text.splitlines():
                if line.startswith("  - ") and ": " in line:
                    group, chosen = line[4:].split(": ")
                    cfg[group] = _read(folder / group / f"{chosen}.yaml")
            cfg["epochs"] = int(cfg["epochs"])
            out = Path("outputs") / "2026-01-02" / "03-04-05"
            os.makedirs(out, exist_ok=True)
            said = "[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"
            logging.basicConfig(level="INFO", format=said, stream=sys.stdout)
            function(cfg)
        return run
    return decorate
"""


def adopted(folder: Path, files: dict[str, str], **variables: str) -> World:
    """Commit these files as somebody's project, and let gitexp guess everything."""
    world = World(folder / "project")
    world.path.mkdir()
    world.git("init", "--quiet")
    for name, text in files.items():
        world.write(name, text)
    world.commit("as we found it")
    world.gitexp("init", "--yes", cwd=None, **variables)  # type: ignore[arg-type]
    return world


def test_a_script_with_its_settings_in_code(tmp_path: Path) -> None:
    world = adopted(tmp_path, SETTINGS_IN_CODE)
    said = "trainer.learning_rate 1e-3 lowers train_loss because 10 steps leave it far from zero"
    world.gitexp("start", "--set", "get_config.C.trainer.learning_rate=1e-3", said)
    done = world.gitexp("run", "--json").json
    assert done["verdict"] == "CONFIRMED"
    assert world.gitexp("verify").code == 0


def test_configs_in_groups_that_a_framework_composes(tmp_path: Path) -> None:
    site = tmp_path / "site"
    World(site).write("hydra/__init__.py", FRAMEWORK)
    variables = {"PYTHONPATH": str(site)}
    world = adopted(tmp_path, CONFIG_GROUPS, **variables)
    said = "model.width 64 raises test_accuracy because 8 units underfit the training rows"
    world.gitexp("start", "--set", "conf/model/small.yaml:width=64", said, cwd=None, **variables)  # type: ignore[arg-type]
    done = world.gitexp("run", "--json", cwd=None, **variables).json  # type: ignore[arg-type]
    assert done["verdict"] == "CONFIRMED"
    assert world.gitexp("verify").code == 0
