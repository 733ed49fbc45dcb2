"""A real project for tests, and the two programs that work in it: git and gitexp."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.forked import run_forked
from tests.shapes import demand_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

# A script's first lines. Importing tomllib takes longer than all else that these scripts do, and
# the tests run them thousands of times; their values are spelled the same in Python.
READ_CONFIG = """\
table = config = {}
with open("config.toml") as handle:
    for line in handle:
        if line.startswith("["):
            table = config[line.strip("[]\\n")] = {}
        elif "=" in line:
            name, _, value = line.partition("=")
            table[name.strip()] = eval(value, {"true": True, "false": False})
"""

# Trains nothing, but reads its config and seed as a real script does. The effect of C is known:
# +0.002 a unit, with seed noise of a standard deviation near 0.001 that C shifts a little.
TRAIN = f"""\
import os
import random

{READ_CONFIG}
seed = int(os.environ["GITEXP_SEED"])
noise = random.Random(f"{{seed}} {{config['model']['C']}}").gauss(0, 0.001)
accuracy = 0.9 + 0.002 * config["model"]["C"] + noise
print(f"epochs={{config['train']['epochs']}}")
print(f"accuracy={{accuracy:.6f}}")
"""

# Variables that decide something while an interpreter starts; a fork obeys one of them, too.
_READ_BY_PYTHON = ("PYTHON", "LANG", "LC_")
_OBEYED = "PYTHONIOENCODING"

needs_ssh_keys = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="no ssh-keygen to sign with"
)

BECAUSE = "C raises accuracy because the model underfits: its training accuracy is 0.93"


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command; of gitexp's, the words that followed its name."""

    code: int
    out: str
    err: str
    words: tuple[str, ...] = ()

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever was printed
        """Standard output as JSON; gitexp's must be what its documentation says."""
        content = json.loads(self.out)
        if self.words:
            demand_shape(self.words, content)
        return content


def git(folder: Path, *words: str, environment: Mapping[str, str] | None = None) -> str:
    """Run git, which must succeed; returns its output without the last line end."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.rstrip("\n")


def has_git(*least: int) -> bool:
    """Whether git is of this version, or newer."""
    version = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= least


def needs_git(*least: int) -> None:
    """Skip a test of what an older git does not have."""
    if not has_git(*least):
        pytest.skip(f"needs git {'.'.join(map(str, least))}")


def copied(source: Path, target: Path) -> World:
    """Copy a repository that `gitexp init` has set up; it may be a bare one."""
    shutil.copytree(source, target, symlinks=True)
    return World(target)


@dataclass(frozen=True, slots=True)
class World:
    """A work tree, with git and gitexp run in it as a user would."""

    path: Path

    def git(self, *words: str) -> str:
        """Run git, which must succeed."""
        return git(self.path, *words)

    def try_git(self, *words: str, **variables: str) -> Ran:
        """Run git, whatever comes of it."""
        return self.run("git", *words, cwd=None, **variables)

    def run(self, *words: str, cwd: Path | None = None, **variables: str) -> Ran:
        """Run any program in the work tree."""
        done = subprocess.run(
            words, cwd=cwd or self.path, env=os.environ | variables, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def pre_run(self, cwd: Path | None = None, **variables: str) -> Ran:
        """Run the hook for before a training run; `git hook run` needs an option from 2.54 on."""
        return self.run(
            "sh", "-c", '"$(git rev-parse --git-path hooks/pre-run)"', cwd=cwd, **variables
        )

    def gitexp(self, *words: str, code: int = 0, cwd: Path | None = None, **variables: str) -> Ran:
        """Run gitexp as an installed program; it must end with `code` and never in a traceback."""
        if os.environ.get("GITEXP_FRESH") or any(
            name.startswith(_READ_BY_PYTHON) and name != _OBEYED for name in variables
        ):
            ran = self.run(sys.executable, "-m", "gitexp", *words, cwd=cwd, **variables)
        else:
            ran = Ran(*run_forked(words, cwd or self.path, os.environ | variables))
        assert "Traceback" not in ran.err, ran.err
        assert ran.code == code, f"gitexp {' '.join(words)}: {ran.code}\n{ran.out}\n{ran.err}"
        return replace(ran, words=words)

    def start(self, *words: str, text: str = BECAUSE) -> str:
        """Register an experiment; returns its name."""
        name: str = self.gitexp("start", text, *words, "--json").json["name"]
        return name

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the work tree."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def commit(self, message: str = "a commit", *, verify: bool = True) -> str:
        """Commit everything; returns the commit id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message, *([] if verify else ["--no-verify"]))
        return self.git("rev-parse", "HEAD")

    def edit(self, old: str, new: str, name: str = "config.toml") -> None:
        """Replace a text in a file of the work tree; it must occur once."""
        path = self.path / name
        content = path.read_bytes().decode()
        assert content.count(old) == 1, (old, content)
        path.write_bytes(content.replace(old, new).encode())

    def snapshot(self) -> tuple[str, str, str, tuple[tuple[str, bytes], ...]]:
        """Everything that a refused command must leave as it was: refs, HEAD, index, files."""
        files = tuple(
            (str(path.relative_to(self.path)), path.read_bytes())
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(self.path).parts
        )
        return (
            self.try_git("for-each-ref").out,
            (self.path / ".git" / "HEAD").read_text(),
            self.try_git("status", "--porcelain").out,
            files,
        )
