"""Real trainings from the first run on a sample to the verdict, with real frameworks."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest

from tests.arrange import bulk, records

if TYPE_CHECKING:
    from tests.project import World

pytestmark = pytest.mark.slow

# A target with a step in it, which trees of depth 1 cannot see in two features at once.
DATA = """
import gitexp, numpy as np
rng = np.random.default_rng(gitexp.seed())
X = rng.normal(size=(1500, 4))
y = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(int)
y ^= rng.random(1500) < 0.05
test = slice(1000, None)
rows, labels = gitexp.sample(X[:1000], y[:1000])
"""
XGBOOST = f"""
import xgboost, yaml
from gitexp.callbacks import XGBoostCallback
{DATA}
config = yaml.safe_load(open("config.yaml"))["model"]
how = dict(objective="binary:logistic", nthread=1, max_depth=config["depth"], eta=config["eta"])
train, held = xgboost.DMatrix(rows, labels), xgboost.DMatrix(X[test], y[test])
model = xgboost.train(how, train, config["rounds"], evals=[(held, "held")], verbose_eval=False,
                      callbacks=[XGBoostCallback()])
model.save_model("model.json")
gitexp.artifact("model.json")
gitexp.log(accuracy=float(((model.predict(held) > 0.5) == y[test]).mean()))
"""
LIGHTGBM = f"""
import lightgbm, tomllib
from gitexp.callbacks import lightgbm_callback
{DATA}
config = tomllib.load(open("config.toml", "rb"))["model"]
how = dict(objective="binary", num_threads=1, verbose=-1, max_depth=config["depth"],
           learning_rate=config["eta"], min_data_in_leaf=5)
train = lightgbm.Dataset(rows, labels)
model = lightgbm.train(how, train, config["rounds"], callbacks=[lightgbm_callback],
                       valid_sets=[train.create_valid(X[test], y[test])], valid_names=["held"])
model.save_model("model.json")
gitexp.artifact("model.json")
gitexp.log(accuracy=float(((model.predict(X[test]) > 0.5) == y[test]).mean()))
"""


@pytest.mark.parametrize(
    ("framework", "script", "config", "text", "loss"),
    [
        ("xgboost", XGBOOST, "config.yaml",
         "model:\n  depth: 1  # of a tree\n  eta: 0.3\n  rounds: 20\n", "held_logloss"),
        ("lightgbm", LIGHTGBM, "config.toml",
         "[model]\ndepth = 1\neta = 0.3\nrounds = 20\n", "held_binary_logloss"),
    ],
)  # fmt: skip
def test_a_boosted_model_goes_from_its_sample_to_a_verdict(
    bare_project: World, framework: str, script: str, config: str, text: str, loss: str
) -> None:
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed: pip install -e .[dev]")
    world = bare_project
    for name in ("config.toml", "train.py"):
        (world.path / name).unlink()
    world.write(config, text)
    world.write("train.py", script)
    world.write(
        "gitexp.toml",
        f'config = ["{config}"]\ncommand = "{sys.executable} train.py"\nmetric = "accuracy"\n'
        "effect = 0.01\nrepeats = [3]\nrules = 2\nfirst_seed = 1\nthreads = 1\n"
        'sample = 0.2\nmemory = "2 GB"\n'
        f'stop_if = ["{loss} is nan", "step 5: {loss} > 5"]\n',
    )
    world.commit("a training")
    world.gitexp("init", "--yes")
    assert world.gitexp("try", "--json").json["samples"][0]["sample"] == 0.2

    deeper = world.start("--set", "model.depth=4", text="Depth 4 lifts accuracy because of xor")
    done = world.gitexp("run", "--jobs", "2", "--json").json
    assert done["verdict"] == "CONFIRMED"
    assert done["effect"] > 0.1
    made = bulk(world, f"exp/{deeper}", "artifact")
    assert [line["path"] for line in made] == ["model.json"] * 3

    world.git("switch", "--quiet", "main")
    wild = world.start("--set", "model.eta=1e9", text="A step of 1e9 helps because it is large")
    failed = world.gitexp("run", code=4).err
    assert f"stopped by `step 5: {loss} > 5`" in failed or f"`{loss} is nan`" in failed
    ended = {record.get("ended") for record in records(world, f"exp/{wild}")}
    assert ended == {"stop_if"}
    assert world.gitexp("verify").code == 0
