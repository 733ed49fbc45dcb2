"""Make the notebook beside this file: experiments of version 0.1.0 with every kind of verdict.

It was run once, with the Python of an environment that has version 0.1.0, in an empty folder:

    python make.py FOLDER

Machines are described by what `_DRIVER` says, so that nothing in the notebook tells whose it was.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

# gitexp as its user starts it, on a machine without a name.
_DRIVER = """\
import dataclasses, sys
from gitexp.engine import record
record.machine = lambda: {"host": "bench", "os": "Linux", "arch": "any", "cpu": "any", "cpus": 2,
                          "memory": 2**32, "gpus": [], "gpu_driver": None}
described = record.describe
record.describe = lambda repository, settings, loaded, variables: described(
    repository, settings, dataclasses.replace(loaded, executable="python"), variables)
from gitexp.engine import run
run.describe = record.describe
from gitexp.cli.app import main
sys.argv[0] = "gitexp"
main()
"""

# A key whose value is not 1 moves the score by its gain, with noise of its own around it.
TRAIN = """\
import os, random, tomllib

EFFECTS = {
    "depth": (0.02, 0.001), "width": (0.008, 0.002), "flat": (0.0, 0.001),
    "heat": (-0.03, 0.002), "shift": (0.01, 0.0), "wobble": (0.0045, 0.004),
    "jitter": (0.004, 0.02), "crumb": (0.0045, 0.0009), "near": (0.011, 0.009),
    "alone": (0.0189, 0.02), "futile": (0.0009, 0.006), "slow": (0.02, 0.001),
    "slower": (0.02, 0.001), "loss": (0.02, 0.001), "goal": (0.03, 0.001),
    "flaky": (0.02, 0.001), "broken": (0.02, 0.001), "free": (0.02, 0.001),
    "guard": (0.02, 0.001), "margin": (0.02, 0.001),
}
config = tomllib.load(open("config.toml", "rb"))["model"]
seed = int(os.environ["GITEXP_SEED"])
attempt = os.environ["GITEXP_RUN_DIR"].rstrip("/").rpartition("-")[2]
score = 0.9 + random.Random(f"{seed}").gauss(0, 0.004)
for key, (gain, noise) in EFFECTS.items():
    if config[key] != 1:
        score += gain * (config[key] - 1) + random.Random(f"{seed} {key}").gauss(0, noise)
fails = config["broken"] != 1 or config["flaky"] != 1 and attempt == "1"
if fails and seed % 5 == 2:
    raise SystemExit(f"no memory left for seed {seed}")
latency = 10.0 + random.Random(f"{seed} l").gauss(0, 0.05)
if config["slow"] != 1:
    latency *= 1.2
if config["slower"] != 1:
    latency *= 1.02
if config["guard"] != 1:
    latency *= 1.03 + random.Random(f"{seed} guard").gauss(0, 0.03)
print(f"margin={score - 0.9:.6f}")
print(f"latency_ms={latency:.4f}")
print(f"loss={1 - score:.6f}")
print(f"accuracy={score:.6f}")
"""

# The same per example: a row is right where its own draw lies below the score.
EXAMPLES = """\
import csv, os, random, tomllib

config = tomllib.load(open("config.toml", "rb"))["model"]
seed = int(os.environ["GITEXP_SEED"]) if config["seeded"] else 0
score = 0.7 + 0.1 * (config["depth"] - 1) + 0.01 * (config["width"] - 1)
score -= 0.1 * (config["heat"] - 1)
right = 0
with open("predictions.csv", "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["id", "y_true", "y_pred"])
    for row in range(300):
        draw = 0.9 * random.Random(f"{row}").random()
        draw += 0.1 * random.Random(f"{row} {seed}").random()
        true = row % 2
        hit = draw < score
        right += hit
        out.writerow([row, true, true if hit else 1 - true])
print(f"accuracy={right / 300}")
"""

KEYS = (
    *("depth", "width", "flat", "heat", "shift", "wobble", "jitter", "crumb", "near", "slow"),
    *("slower", "loss", "goal", "flaky", "broken", "free", "alone", "futile", "guard", "margin"),
    *("idle", "seeded"),
)
SETTINGS = """\
config = ["config.toml"]
command = "python3 train.py"
metric = "accuracy"
repeats = [5, 10]
vary = "seed"
effect = 0.005
planned = 10
holdout = "python3 train.py"
"""
FIELDS = (
    *("name", "commit", "verdict", "reason", "effect", "lower", "upper", "p", "level", "pairs"),
    *("examples", "guards"),
)


class Notebook:
    """A repository in which git and gitexp run sealed from the machine."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "project"
        self.path.mkdir(parents=True)
        (folder / "home").mkdir()
        self.environment = {
            "HOME": str(folder / "home"), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada Tester",
            "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada Tester",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }  # fmt: skip

    def run(self, *words: str) -> str:
        done = subprocess.run(words, cwd=self.path, env=self.environment, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)  # fmt: skip
        if done.returncode:
            print(words[3:], done.returncode, done.stdout[-600:], done.stderr[-600:])
        return done.stdout

    def gitexp(self, *words: str) -> str:
        return self.run(sys.executable, "-c", _DRIVER, *words)

    def baseline(self, text: str, script: str, **config: int) -> None:
        """Commit settings, script and config values on main, and approve them."""
        (self.path / "gitexp.toml").write_text(text)
        (self.path / "train.py").write_text(script)
        values = "".join(f"{key} = {config.get(key, 1)}\n" for key in KEYS)
        (self.path / "config.toml").write_text("[model]\n" + values)
        self.run("git", "add", "--all")
        self.run("git", "commit", "-q", "-m", "Change the settings")
        self.gitexp("trust", "--yes")

    def experiment(self, key: str, value: int, *words: str, run: bool = True) -> str:
        """Register a change of one value, and measure it."""
        hypothesis = f"{key}={value} lifts accuracy because training accuracy is low"
        started = self.gitexp(
            "start", "--set", f"model.{key}={value}", hypothesis, *words, "--json"
        )
        name: str = json.loads(started)["name"]
        if run:
            self.gitexp("run", name)
            [entry] = json.loads(self.gitexp("log", name, "--json"))
            print("   ", key, entry["verdict"], "|", entry["reason"], entry["pairs"], flush=True)
        return name


def make(folder: Path) -> None:
    """Make the notebook in a folder, and store it beside this file."""
    book = Notebook(folder)
    book.run("git", "init", "-q", "-b", "main")
    book.baseline(SETTINGS, TRAIN)
    book.gitexp("init", "--yes")
    judge_scores(book)
    judge_guards_and_criteria(book)
    judge_failures_and_exploration(book)
    book.baseline(SETTINGS.replace('"seed"', '"split"'), TRAIN)
    book.experiment("width", 3)
    book.experiment("wobble", 3)
    examples = SETTINGS + 'predictions = "predictions.csv"\n'
    book.baseline(examples, EXAMPLES)
    for key in ("depth", "width", "heat", "idle"):
        book.experiment(key, 3)
    book.baseline(examples.replace('"seed"', '"none"'), EXAMPLES, seeded=0)
    for key in ("depth", "heat", "idle"):
        book.experiment(key, 4)
    book.baseline(SETTINGS.replace('"seed"', '"none"'), EXAMPLES, seeded=0)
    book.experiment("depth", 5)
    book.baseline(SETTINGS.replace("[5, 10]", "[2]"), TRAIN)
    book.experiment("depth", 6)
    book.baseline(SETTINGS, TRAIN)
    strong = book.experiment("depth", 2)
    book.gitexp("holdout", strong, "--why", "to see whether the gain is real")
    book.gitexp("accept", strong)
    book.gitexp("run", "--baseline")
    book.experiment("flat", 3)
    store(book)


def judge_scores(book: Notebook) -> None:
    """Pairs of scores, with no more than a bar."""
    for key in ("alone", "flat", "idle", "shift", "heat", "crumb", "futile", "jitter", "near"):
        name = book.experiment(key, 2)
    book.gitexp("retest", name)
    book.gitexp("run")
    book.experiment("width", 2)


def judge_guards_and_criteria(book: Notebook) -> None:
    """Guards that hold, are broken, are not shown; relative gains and constants."""
    for key in ("slow", "slower", "guard"):
        book.experiment(key, 2, "--guard", "latency_ms +5%")
    book.experiment("loss", 2, "--expect", "loss -2%")
    book.experiment("margin", 2, "--expect", "margin +2%")
    book.experiment("goal", 2, "--expect", "accuracy >= 0.92")


def judge_failures_and_exploration(book: Notebook) -> None:
    """A run that is repeated, one that fails twice, one that skipped the gate, one that waits."""
    for key in ("flaky", "broken"):
        name = book.experiment(key, 2, run=False)
        for _ in range(2):
            book.gitexp("run", name)
    book.experiment("free", 3, run=False)
    explored = book.experiment("free", 2, run=False)
    book.run("git", "switch", "-q", f"exp/{explored}")
    config = book.path / "config.toml"
    config.write_text(config.read_text().replace("flat = 1", "flat = 2"))
    book.run("git", "commit", "-q", "--no-verify", "--all", "--amend", "--no-edit")
    book.gitexp("run", explored, "--explore", "both belong together")
    book.run("git", "switch", "-q", "main")


def store(book: Notebook) -> None:
    """Write the bundle, and what version 0.1.0 says of each experiment."""
    book.gitexp("verify")
    entries = json.loads(book.gitexp("log", "--json"))
    lines = [json.dumps({field: entry.get(field) for field in FIELDS}) for entry in entries]
    (HERE / "log.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    refs = book.run("git", "for-each-ref", "--format=%(refname)", "refs/heads", "refs/notes")
    kept = [ref for ref in refs.split() if ref != "refs/notes/gitexp-logs"]
    book.run("git", "bundle", "create", "-q", str(HERE / "notebook.bundle"), *kept)


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute())
