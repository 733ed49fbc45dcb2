"""Projects of two usual shapes, adopted as they are: a verdict two commands after `init`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.project import World

# --- settings in Python code, a loss printed as prose, everything else below out/ ----------------

UTILS = """
import json, os, random

class Node:
    def __init__(self, **values):
        self.__dict__.update(values)

def set_seed(seed):
    random.seed(seed)

def set_up_logging(config):
    os.makedirs(config.system.work_dir, exist_ok=True)
    with open(os.path.join(config.system.work_dir, "config.json"), "w") as handle:
        json.dump({"seed": config.system.seed}, handle)
"""
TRAINER = """
import random
from tinynet.utils import Node

class Trainer:
    @staticmethod
    def defaults():
        C = Node()
        C.steps = 20
        C.rate = 1e-3
        return C

    def __init__(self, config):
        self.config, self.weight = config, 0.0

    def run(self, callback):
        for self.step in range(self.config.steps + 1):
            x = random.gauss(1, 0.1)
            error = (self.weight - 1) * x
            self.loss = (self.weight - 1) ** 2 + abs(random.gauss(0, 0.01))
            self.weight -= self.config.rate * 10 * error * x
            callback(self)
"""
SUMS = '''
"""Teaches a network to add."""
import os
import sys

sys.path.insert(0, os.getcwd())

from tinynet.trainer import Trainer
from tinynet.utils import Node, set_seed, set_up_logging

def get_config():
    C = Node()

    # system
    C.system = Node()
    C.system.seed = 3407
    C.system.work_dir = "./out/sums"

    # training
    C.trainer = Trainer.defaults()
    C.trainer.rate = 5e-3  # small networks may go faster

    return C

if __name__ == "__main__":
    config = get_config()
    set_up_logging(config)
    set_seed(config.system.seed)
    trainer = Trainer(config.trainer)

    def report(trainer):
        if trainer.step % 10 == 0:
            print(f"took {0.1:.2f}ms; step {trainer.step}: train loss {trainer.loss:.5f}")
        if trainer.step == trainer.config.steps:
            right = int(50 / (1 + trainer.loss))
            print("%s score: %d/%d = %.2f%% correct" % ("test", right, 50, 2 * right))

    trainer.run(report)
'''

# --- a folder of configs in groups, composed by the program, and metrics in a log ---------------

COMPOSE = """
import logging, pathlib
from ruamel.yaml import YAML

def read(path):
    return YAML(typ="safe").load(path.read_text())

def main(config_path, config_name):
    def decorate(function):
        def start():
            folder = pathlib.Path(__file__).parent / config_path
            config = read(folder / f"{config_name}.yaml")
            for group in config.pop("defaults"):
                for name, choice in group.items():
                    config[name] = read(folder / name / f"{choice}.yaml")
            form = "[%(asctime)s][%(name)s][%(levelname)s] - %(message)s"
            logging.basicConfig(level="INFO", format=form)
            function(config)
        return start
    return decorate
"""
APP = """
import logging
import random

import compose

log = logging.getLogger(__name__)

@compose.main(config_path="conf", config_name="config")
def app(config):
    draw = random.Random(f"{config['seed']} {config['optimizer']['rate']}")
    for epoch in range(config["epochs"]):
        log.info("epoch %d: train loss %.3f", epoch, 1 / (epoch + 1))
    accuracy = 0.8 + 2 * config["optimizer"]["rate"] + draw.gauss(0, 0.002)
    log.info(f"Test accuracy: {accuracy:.4f}")

if __name__ == "__main__":
    app()
"""

PROJECTS = {
    "python": {
        "tinynet/__init__.py": "", "tinynet/utils.py": UTILS, "tinynet/trainer.py": TRAINER,
        "projects/sums/sums.py": SUMS, ".gitignore": "out/\n", "setup.py": "import setuptools\n",
    },
    "groups": {
        "compose.py": COMPOSE, "main.py": APP, ".gitignore": "outputs/\n",
        "conf/config.yaml": "defaults:\n  - optimizer: adam\n\nseed: 42\nepochs: 2\n",
        "conf/optimizer/adam.yaml": "rate: 0.001\n",
        "conf/optimizer/sgd.yaml": "rate: 0.01\nmomentum: 0.9\n",
    },
}  # fmt: skip
FOUND = {
    "python": {
        "command": "python projects/sums/sums.py", "config": ["projects/sums/sums.py"],
        "metric": "train_loss", "direction": "lower", "seed_key": "get_config.C.system.seed",
    },
    "groups": {
        "command": "python main.py", "config": ["conf/**/*.yaml"], "metric": "test_accuracy",
        "direction": "higher", "seed_key": "seed",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "key", "value"),
    [
        ("python", "get_config.C.trainer.rate", "2e-2"),
        ("groups", "conf/optimizer/adam.yaml:rate", "0.02"),
    ],
)
def test_a_project_is_adopted_as_it_is(tmp_path: Path, shape: str, key: str, value: str) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet")
    for name, text in PROJECTS[shape].items():
        world.write(name, text)
    world.commit("as it was")
    out = world.gitexp("init", "--yes", "--vary", "seed", COLUMNS="80").out
    settings = tomllib.loads((tmp_path / "gitexp.toml").read_text())
    assert {name: settings[name] for name in FOUND[shape]} == FOUND[shape]
    assert f"next: gitexp start --set {key}=VALUE" in out
    hypothesis = "a larger rate is better because the loss still falls after the last step"
    name = world.start("--set", f"{key}={value}", text=hypothesis)
    assert world.gitexp("run", name, "--json").json["verdict"] == "CONFIRMED"
    assert world.git("status", "--porcelain") == ""


def test_a_group_of_configs_is_named_where_its_key_is_typed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet")
    for name, text in PROJECTS["groups"].items():
        world.write(name, text)
    world.commit("as it was")
    world.gitexp("init", "--yes")
    err = world.gitexp("start", "--set", "optimizer.momentum=1", "C because D is E", code=2).err
    assert "did you mean conf/optimizer/sgd.yaml:momentum?" in err
    world.start("--set", "optimizer.rate=1", text="C because D is E")  # adam, by the defaults list
    assert "conf/optimizer/adam.yaml: rate" in world.git("log", "-1", "--format=%B", "--branches")


def test_a_value_is_set_where_a_config_inherits_it_or_overrides_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.git("init", "--quiet")
    world.write("tools/train.py", "print(f'acc={a}')\n")
    world.write("configs/rcnn/x.py", "_base_ = '../base.py'\nepochs = 3\n")
    world.write("configs/rcnn/y.py", "_base_ = '../base.py'\nepochs = 4\n")
    world.write("configs/base.py", "epochs = 12\noptimizer = dict(type='SGD', lr=0.02)\n")
    world.commit("as it was")
    command = "python tools/train.py configs/rcnn/x.py --seed {seed}"
    out = world.gitexp("init", "--yes", "--command", command).out
    assert "next: gitexp start --set optimizer.lr=VALUE" in out
    assert (
        "configs/base.py:2\n" in world.gitexp("start", "--set", "lr=0.05", "C because D is E").out
    )
    out = world.gitexp("start", "--set", "epochs=5", "C because E is F").out
    assert "configs/rcnn/x.py:2\n" in out
    err = world.gitexp("start", "--set", "optimizer[0]=1", "C because D is E", code=2).err
    assert "no config file on" in err
