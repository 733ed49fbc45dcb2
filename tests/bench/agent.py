"""A night of an agent that edits code: `python -m tests.bench.agent [--seed S] [--verbose]`.

A program plays the agent. It makes forty edits of a small regression in NumPy, each behind a config
line of its own, and has each judged by `gitexp start --code --run --accept --json` alone. Ten edits
add a feature that the target depends on, twenty-five do nothing, five break. Printed are what was
accepted of each kind, how soon the broken ones were told, whether the baseline branch ever held the
code of a failed one, and how many characters the agent had to write and to read for each.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.bench.projects import seal
from tests.project import World

BAR = 0.02  # of R2; each of the real features is worth 0.05 to 0.09
_MOST = 2500  # characters that an experiment may cost
_SOON = 3.0  # seconds until a broken edit is told
_MARK = "    # further features\n"

_TRAIN = """\
import json
import os

import numpy as np

CONFIG = json.load(open("config.json"))
rng = np.random.default_rng(20)
x = rng.normal(size=(20000, 10))
hidden = [np.abs(x[:, k]) - 0.8 if k % 2 else x[:, k] ** 2 - 1 for k in range(10)]
target = x[:, :3].sum(1) + sum(h / h.std() for h in hidden) + rng.normal(size=20000)


def features(x):
    columns = [np.ones(len(x)), *x.T]
    # further features
    return np.column_stack(columns)


order = np.random.default_rng(int(os.environ["GITEXP_SEED"])).permutation(20000)
train, test = order[:16000], order[16000:]
design = features(x)
weights, *_ = np.linalg.lstsq(design[train], target[train], rcond=None)
residual = target[test] - design[test] @ weights
print(f"r2={1 - residual.var() / target[test].var():.6f}")
"""

_SETTINGS = f"""\
config = ["config.json"]
command = "{sys.executable} train.py"
metric = "r2"
effect = {BAR}
repeats = [4, 6, 9]
vary = "split"
test_ratio = 0.25
planned = 20
rules = 2
"""


class Kind(Enum):
    """What an edit really does."""

    GAIN = "real gains"
    NOTHING = "do nothing"
    BROKEN = "break"


@dataclass(frozen=True, slots=True)
class Idea:
    """An edit: lines of code for the place of further features, switched on by one config line."""

    kind: Kind
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an idea; `characters` were written and read for it."""

    idea: Idea
    verdict: str
    accepted: bool
    error: str
    seconds: float
    characters: int


def ideas(rng: random.Random) -> list[Idea]:
    """Forty ideas in random order."""
    found = [
        Idea(
            Kind.GAIN,
            f"bend{k}",
            f"columns.append(np.abs(x[:, {k}]))" if k % 2 else f"columns.append(x[:, {k}] ** 2)",
        )
        for k in range(10)
    ]
    idle = (
        "columns.append(x[:, {k}] * 2)",
        "columns.append(np.random.default_rng({k}).normal(size=len(x)))",
        "columns.append(np.sign(x[:, {k}]) * 0)", "columns.append(x[:, {k}] - x[:, 0])",
        "columns = columns[::-1]",
    )  # fmt: skip
    found += [Idea(Kind.NOTHING, f"idle{n}", idle[n % 5].format(k=n // 5 + 1)) for n in range(25)]
    broken = (
        "columns.append(x[:, 99])", "raise RuntimeError('no memory')", "import no_such_module",
        "columns.append(np.full(len(x), np.nan))", "columns.append(np.ones(3))",
    )  # fmt: skip
    found += [Idea(Kind.BROKEN, f"crash{n}", code) for n, code in enumerate(broken)]
    rng.shuffle(found)
    return found


def project(folder: Path) -> World:
    """A project whose baseline was measured."""
    world = World(folder)
    folder.mkdir()
    world.git("init", "--quiet", "--initial-branch=main")
    world.write("train.py", _TRAIN)
    world.write("config.json", '{\n  "features": {\n    "none": false\n  }\n}\n')
    world.write("gitexp.toml", _SETTINGS)
    world.commit("baseline")
    world.gitexp("init", "--yes")
    world.gitexp("run", "--baseline", "--jobs", "2")
    return world


def propose(world: World, idea: Idea) -> Told:
    """Edit the code as an agent would, and have it judged in one call."""
    code = f'    if CONFIG["features"].get("{idea.name}"):\n        {idea.code}\n'
    world.edit(_MARK, code + _MARK, "train.py")
    hypothesis = f"{idea.name} raises r2 because the residuals bend along that feature"
    words = (
        "start", "--code", "--set", f"features.{idea.name}=true", "--run", "--accept", "--json",
        hypothesis,
    )  # fmt: skip
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "gitexp", *words], cwd=world.path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    seconds = time.monotonic() - began
    written = len(code) + len(_MARK) + len("gitexp " + " ".join(words))
    said = json.loads(done.stdout or done.stderr)
    return Told(
        idea,
        said.get("verdict") or "",
        bool(said.get("accepted")),
        (said.get("error") or {}).get("message", ""),
        seconds,
        written + len(done.stdout) + len(done.stderr),
    )


def held(world: World) -> set[str]:
    """Ideas whose code is on the baseline branch, or was."""
    out = world.git("log", "--first-parent", "-p", "--format=", "main", "--", "train.py")
    return {line.split('"')[3] for line in out.splitlines() if 'CONFIG["features"].get(' in line}


def main() -> None:
    """Let the agent work, and print what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--verbose", action="store_true")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seal(Path(folder))
        world = project(Path(folder, "project"))
        told = []
        for idea in ideas(random.Random(asked.seed)):
            told.append(propose(world, idea))
            if asked.verbose:
                print(told[-1], flush=True)
            assert not world.git("status", "--porcelain"), "the work tree was left edited"
            accepted = {one.idea.name for one in told if one.accepted}
            assert held(world) == accepted, "the baseline holds code that was not confirmed"
    for kind in Kind:
        mine = [one for one in told if one.idea.kind is kind]
        took = max(one.seconds for one in mine)
        print(
            f"{kind.value:12} {len(mine):3}   accepted {sum(one.accepted for one in mine):3}"
            f"   at most {took:5.1f} s"
        )
    wrong = [o for o in told if o.idea.kind is Kind.BROKEN and (not o.error or o.seconds > _SOON)]
    most = max(one.characters for one in told)
    typical = statistics.median(one.characters for one in told)
    print(f"broken ones not told within {_SOON:g} s: {len(wrong)}")
    print(f"characters an experiment: {typical:.0f}, at most {most} (aim: {_MOST})")


if __name__ == "__main__":
    main()
