"""A small real project in a new folder, and the whole loop run there by the code that users run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.errors import GitexpError, NotReady, UsageError
from gitexp.store.git import Git
from gitexp.store.git_environment import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TRAIN = '''\
"""Recognise handwritten digits; the seed redraws the split, so every repeat is a new test."""

import os
import tomllib

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

with open("config.toml", "rb") as handle:
    config = tomllib.load(handle)

seed = int(os.environ.get("GITEXP_SEED", 0))
images, labels = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(
    images, labels, test_size=config["data"]["test_size"], random_state=seed
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
print(f"accuracy={classifier.score(test_x, test_y):.6f}")
'''

_CONFIG = """\
[data]
test_size = 0.3

[model]
kernel = "rbf"
C = 1.0
gamma = 0.0001          # width of the kernel: how far one digit's influence reaches
class_weight = "none"   # "balanced" weighs rare digits more
"""

# 30 % test: n_test / n_train = 0.3 / 0.7.
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
"""

_README = """\
# Digits
A support vector machine on scikit-learn's digits, made by `gitexp demo`. Read its history with
`git log --branches --notes=gitexp`, or with `gitexp log`.
"""


def demo(folder: Path, say: Callable[[str], None]) -> None:
    """Write the project into a new folder and run the loop there.

    Raises:
        UsageError: the folder exists already.
        NotReady: it cannot be made.
        GitexpError: a step did not end as it should; its own output says why.
    """
    folder = folder.absolute()
    if folder.exists() or folder.is_symlink():
        raise UsageError(
            f"{folder} exists already, and the demo wants a new folder",
            f"gitexp demo {shlex.quote(folder.name + '-2')}, or: rm -r {shlex.quote(str(folder))}",
        )
    _make_project(folder)
    loop = _Loop(folder, say)
    say(f"A small project in {folder}: an SVC on scikit-learn's digits, one seed a split.")
    # Where no environment is activated, only the whole path calls this gitexp again.
    program = "gitexp" if shutil.which("gitexp") else shlex.quote(str(Path(sys.argv[0]).absolute()))
    if program != "gitexp":
        say(f"It is not on PATH here, so type {program} where gitexp stands below.")
    loop.shell("cat config.toml", ["cat", "config.toml"])
    loop.gitexp("init", "--yes")
    loop.title("The baseline, ten times over")
    loop.gitexp("baseline", "--jobs", "2")
    loop.title("A hypothesis, one changed line, an answer")
    loop.gitexp(
        "start", "--set", "model.gamma=0.001",
        "gamma 0.001 lifts accuracy because at 0.0001 the kernel is so wide that the model"
        " underfits: it misses digits even in its own training set",
    )  # fmt: skip
    loop.gitexp("run", "--jobs", "2")
    loop.title("Another idea, as plausible")
    loop.gitexp(
        "start", "--set", "model.class_weight=balanced",
        "class_weight balanced lifts accuracy because some digits are rarer than others, and"
        " rare ones are missed more often",
    )  # fmt: skip
    loop.gitexp("run", "--jobs", "2")
    loop.title("Two changes at once, committed by hand: the hook refuses")
    loop.git("switch", "--quiet", "--create", "exp/two-at-once")
    loop.shell(
        "sed -i 's/C = 1.0/C = 10.0/; s/rbf/poly/' config.toml",
        [
            sys.executable,
            "-c",
            _TWO_EDITS,
        ],
    )
    loop.git(
        "commit", "--all", "--message",
        "C=10 with a polynomial kernel lifts accuracy because both fit more", refused=True,
    )  # fmt: skip
    loop.git("restore", "config.toml")
    loop.git("switch", "--quiet", "main")
    loop.git("branch", "--quiet", "--delete", "exp/two-at-once")
    loop.title("A question instead of a hypothesis: refused as well")
    loop.gitexp("start", "--set", "model.C=10", "Would a larger C help?", refused=True)
    loop.title("The notebook, read with git alone")
    loop.git("--no-pager", "log", "--branches", "--notes=gitexp")
    there = shlex.quote(os.path.relpath(folder))
    say(f"\nIt is all in {folder}. Go on there: cd {there} && {program} log")


def _make_project(folder: Path) -> None:
    import git  # noqa: TID251 - late, and the plainest way to make a repository

    # The command names the interpreter that runs this: it has scikit-learn, activated or not.
    command = shlex.join([sys.executable, "train.py"])
    try:
        folder.mkdir(parents=True)
        for name, text in (
            ("train.py", _TRAIN),
            ("config.toml", _CONFIG),
            ("README.md", _README),
            ("gitexp.toml", _SETTINGS.format(command=_toml_string(command))),
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
        # Somebody's signing key or global hooks have no business in a demo.
        repository.git.config("commit.gpgSign", "false")
        if plain.text("config", "core.hooksPath", allow=(1,)):
            repository.git.config("core.hooksPath", str(folder / ".git" / "hooks"))
        repository.git.add("--all")
        repository.git.commit("--quiet", "--no-verify", "--message", "Digits: the baseline")
    finally:
        repository.close()


def _toml_string(text: str) -> str:
    from gitexp.rules.gate.formats import spell

    return spell(text)


# What the sed command shown does, on systems whose sed spells -i differently.
_TWO_EDITS = """
from pathlib import Path
path = Path("config.toml")
path.write_text(path.read_text().replace("C = 1.0", "C = 10.0").replace("rbf", "poly"))
"""


class _Loop:
    """Runs commands as a user would and shows each before its output."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._environment = clean_environment() | {"GIT_PAGER": "cat"}
        for name in ("GIT_NO_REPLACE_OBJECTS", "GIT_LITERAL_PATHSPECS", "GIT_OPTIONAL_LOCKS"):
            self._environment.pop(name)

    def title(self, text: str) -> None:
        self._say(f"\n== {text}")

    def gitexp(self, *words: str, refused: bool = False) -> None:
        self.shell(
            shlex.join(["gitexp", *words]),
            [sys.executable, "-m", "gitexp", *words],
            refused=refused,
        )

    def git(self, *words: str, refused: bool = False) -> None:
        self.shell(shlex.join(["git", *words]), ["git", *words], refused=refused)

    def shell(self, shown: str, command: Sequence[str], *, refused: bool = False) -> None:
        self._say(f"\n$ {shown}")
        sys.stdout.flush()
        code = subprocess.run(
            command, cwd=self._folder, env=self._environment, check=False
        ).returncode
        if bool(code) != refused:
            raise GitexpError(
                f"the demo expected `{shown}` to {'be refused' if refused else 'work'},"
                f" and it ended with exit code {code}",
                f"what it did so far is in {self._folder}",
            )
