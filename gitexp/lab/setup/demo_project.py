"""The small project that the demo runs in: a support vector machine on handwritten digits."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from gitexp.errors import NotReady
from gitexp.rules.gate.formats.values import spell
from gitexp.store.git import Git

_TRAIN = '''\
"""Recognize handwritten digits; the seed redraws the split, so every repeat is a new test."""

import os
import tomllib

import gitexp
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

with open("config.toml", "rb") as handle:
    config = tomllib.load(handle)

seed = int(os.environ.get("GITEXP_SEED", 0))
images, labels = load_digits(return_X_y=True)
rows = range(len(labels))
train_x, test_x, train_y, test_y, _, test_rows = train_test_split(
    images, labels, rows, test_size=config["data"]["test_size"], random_state=seed
)

model = config["model"]
weight = model["class_weight"]
classifier = SVC(
    kernel=model["kernel"],
    C=model["C"],
    gamma=model["gamma"],
    class_weight=None if weight == "none" else weight,
)
classifier.fit(train_x, train_y)

print(f"train_accuracy={classifier.score(train_x, train_y):.6f}")
predicted = classifier.predict(test_x)
print(f"accuracy={(predicted == test_y).mean():.6f}")
gitexp.predictions(test_y, predicted, ids=test_rows)  # for `gitexp gaps`; does nothing elsewhere
'''

_CONFIG = """\
[data]
test_size = 0.3

[model]
kernel = "rbf"
C = 1.0
gamma = 0.0001          # width of the kernel: how far the influence of one digit reaches
class_weight = "none"   # "balanced" weighs rare digits more
"""

# 30 % of the rows are tested: n_test / n_train = 0.3 / 0.7. Drawn seeds would differ from demo to
# demo, and now and then one would not confirm what it is to show.
_SETTINGS = """\
baseline   = "main"
config     = ["config.toml"]
command    = {command}
metric     = "accuracy"
direction  = "higher"
effect     = 0.005
repeats    = [10]
vary       = "split"
test_ratio = 0.43
first_seed = 1    # so that everybody sees the same numbers; leave it out in a project of yours
rules      = 2
"""

_README = """\
# Digits
A support vector machine on scikit-learn's digits, made by `gitexp demo`. Read its history with
`git log --branches --notes=gitexp`, or with `gitexp log`.
"""


def make_project(folder: Path) -> None:
    """Write the project into a new folder and commit it.

    Raises:
        NotReady: the folder cannot be made.
    """
    import git  # noqa: TID251 - GitPython, which takes long to load, makes repositories simply

    # The interpreter that runs this has scikit-learn, even if no environment is activated.
    command = shlex.join([sys.executable, "train.py"])
    try:
        folder.mkdir(parents=True)
        for name, text in (
            ("train.py", _TRAIN),
            ("config.toml", _CONFIG),
            ("README.md", _README),
            ("gitexp.toml", _SETTINGS.format(command=spell(command))),
        ):
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise NotReady(f"{folder} cannot be made: {error.strerror}") from None
    repository = git.Repo.init(folder, initial_branch="main")
    try:
        plain = Git(folder)
        if not plain.text("config", "user.name", allow=(1,)):
            repository.git.config("user.name", "gitexp demo")
        if not plain.text("config", "user.email", allow=(1,)):
            repository.git.config("user.email", "demo@gitexp.invalid")
        # Your signing key and global hooks have no business in a demo.
        repository.git.config("commit.gpgSign", "false")
        if plain.text("config", "core.hooksPath", allow=(1,)):
            repository.git.config("core.hooksPath", str(folder / ".git" / "hooks"))
        repository.git.add("--all")
        repository.git.commit("--quiet", "--no-verify", "--message", "Digits: the baseline")
    finally:
        repository.close()
