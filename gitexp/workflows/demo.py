"""The whole loop in a small real project, run by the commands that you would type."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from gitexp.errors import GitexpError, UsageError
from gitexp.lab.setup.demo_project import make_project
from gitexp.store.git_environment import script_environment

# Does what the sed command does that is shown; sed -i differs between systems.
_TWO_EDITS = """
from pathlib import Path
path = Path("config.toml")
path.write_text(path.read_text().replace("C = 1.0", "C = 10.0").replace("rbf", "poly"))
"""


def demo(folder: Path, say: Callable[[str], None]) -> None:
    """Make a project in a new folder and run the whole loop there.

    Raises:
        UsageError: the folder exists already.
        NotReady: the folder cannot be made.
        GitexpError: a step did not end as it should; its own output says why.
    """
    folder = folder.absolute()
    if folder.exists() or folder.is_symlink():
        raise UsageError(
            f"{folder} exists already, and the demo needs a new folder",
            f"gitexp demo {shlex.quote(str(folder) + '-2')}",
        )
    make_project(folder)
    loop = _Shell(folder, say)
    say(
        f"A small project in {folder}: an SVC on scikit-learn's digits. Each seed is another split."
    )
    # If no environment is activated, gitexp can only be called by its whole path.
    program = "gitexp" if shutil.which("gitexp") else shlex.quote(str(Path(sys.argv[0]).absolute()))
    if program != "gitexp":
        say(f"gitexp is not on your PATH: type {program} instead of gitexp.")
    loop.shell("cat config.toml", ["cat", "config.toml"])
    loop.gitexp("init", "--yes")
    loop.title("The baseline, ten times")
    loop.gitexp("run", "--baseline", "--jobs", "2")
    loop.title("A hypothesis, one changed line, a verdict")
    loop.gitexp(
        "start", "--set", "model.gamma=0.001",
        "gamma 0.001 lifts accuracy because at 0.0001 the kernel is so wide that the model"
        " underfits: it misses digits even in its own training set",
    )  # fmt: skip
    loop.gitexp("run", "--jobs", "2")
    loop.title("Another idea that is just as plausible")
    loop.gitexp(
        "start", "--set", "model.class_weight=balanced",
        "class_weight balanced lifts accuracy because some digits are rarer than others, and"
        " rare ones are missed more often",
    )  # fmt: skip
    loop.gitexp("run", "--jobs", "2")
    loop.title("Two changes at once, committed by hand: the hook refuses them")
    loop.git("switch", "--quiet", "--create", "exp/two-at-once")
    loop.shell(
        "sed -i 's/C = 1.0/C = 10.0/; s/rbf/poly/' config.toml",
        [sys.executable, "-c", _TWO_EDITS],
    )
    loop.git(
        "commit", "--all", "--message",
        "C=10 with a polynomial kernel lifts accuracy because both fit more", refused=True,
    )  # fmt: skip
    loop.git("restore", "config.toml")
    loop.git("switch", "--quiet", "main")
    loop.git("branch", "--quiet", "--delete", "exp/two-at-once")
    loop.title("A question instead of a hypothesis: refused, too")
    loop.gitexp("start", "--set", "model.C=10", "Would a larger C help?", refused=True)
    loop.title("The notebook, read with plain git")
    loop.git("--no-pager", "log", "--branches", "--notes=gitexp")
    there = shlex.quote(os.path.relpath(folder))
    say(f"\nEverything is in {folder}. Go on there: cd {there} && {program} log")


class _Shell:
    """Runs commands as a user would and shows each before its output."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._environment = script_environment() | {"GIT_PAGER": "cat"}

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
