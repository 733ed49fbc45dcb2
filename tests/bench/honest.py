"""What gitexp says of honest experiments: `python -m tests.bench.honest [--rounds N]`.

A small NumPy project has the habits of real ones: caches and downloads in the home folder, lock
files, worker processes, folders named by date, checkpoints named by score, early stopping, progress
bars, a module that only one option loads. Its baseline is measured in one terminal, and honest
changes are registered and run in another. Printed is how often which finding was shown. Advice
about the design (S2) comes before any run, and is not counted.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.bench.projects import seal
from tests.project import World

_TRAIN = """\
import datetime, fcntl, hashlib, json, os, pathlib, subprocess, sys, tomllib
import numpy as np

config = tomllib.loads(pathlib.Path("config.toml").read_text())
data, model, fit = config["data"], config["model"], config["fit"]
cache = pathlib.Path.home() / ".cache"
r = np.random.default_rng(int(os.environ["GITEXP_SEED"]))

key = hashlib.sha256(json.dumps(data).encode()).hexdigest()[:12]
features = cache / "project" / f"features-{key}.npy"
features.parent.mkdir(parents=True, exist_ok=True)
with open(f"{features}.lock", "a+") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not features.exists():
        x = np.random.default_rng(0).normal(size=(600, 6))
        np.save(features, np.hstack([x**power for power in range(1, data["degree"] + 1)]))
x = np.load(open(features, "rb"))
y = (x[:, 0] + x[:, 1] * x[:, 2] + np.random.default_rng(1).normal(size=600) > 0).astype(float)
if data["words"]:
    words = pathlib.Path.home() / "project_data" / "stop_words"
    if not words.exists():
        words.parent.mkdir(exist_ok=True)
        words.write_text("the of and")
    x = x * (1 + 0.01 * len(words.read_text().split()))

w = r.normal(size=x.shape[1]) * 0.1
if model["pretrained"]:
    (weights,) = (cache / "torch/hub/checkpoints").glob("net-*.pth")
    w += np.frombuffer(open(weights, "rb").read())[: len(w)]
if fit["optimizer"] == "adam":
    from optimizers import step
else:
    def step(w, gradient):
        return w - fit["lr"] * gradient
subprocess.run([sys.executable, "-S", "-c", "sum(range(300000))"])  # a worker that loads data
started = datetime.datetime.now().isoformat()
out = pathlib.Path("outputs") / started / f"lr{fit['lr']}"
out.mkdir(parents=True)
order = r.permutation(600)
train, test = order[:400], order[400:]
best, since = 0.0, 0
for epoch in range(fit["epochs"]):
    for batch in np.split(train, range(fit["batch"], 400, fit["batch"])):
        noise = r.normal(size=(len(batch), x.shape[1])) * 0.1 if fit["augment"] else 0
        p = 1 / (1 + np.exp(-(x[batch] + noise) @ w))
        w = step(w, x[batch].T @ (p - y[batch]) / len(batch))
    accuracy = float(np.mean((x[test] @ w > 0) == y[test]))
    print(f"\\repoch {epoch + 1}: val accuracy {accuracy:.4f}", end="", file=sys.stderr)
    if accuracy > best:
        best, since = accuracy, 0
        np.save(out / f"epoch{epoch}-{accuracy:.4f}.npy", w)
    else:
        since += 1
        if since > fit["patience"]:
            print("stopping early", file=sys.stderr)
            break
with open(pathlib.Path.home() / "results.csv", "a") as results:
    results.write(f"{started},{best}\\n")
print(f"{model['name']} accuracy: {best:.4f}")
"""
_CONFIG = """\
[data]
degree = 1
words = false
[model]
name = "logistic"
pretrained = false
[fit]
optimizer = "sgd"
lr = 0.1
batch = 64
epochs = 6
patience = 2
augment = false
log_every = 10
"""
_SETTINGS = f"""\
config = ["config.toml"]
command = "{sys.executable} train.py"
metric = "accuracy"
repeats = [3]
vary = "split"
test_ratio = 0.5
rules = 2
sample = 0.5
canary = "always"
"""
# What they set, as lists of variables in public bug reports have it.
_TERMINALS: dict[str, dict[str, str]] = {
    "VS Code": {
        "TERM_PROGRAM": "vscode", "VSCODE_INJECTION": "1", "CHROME_DESKTOP": "code.desktop",
        "ORIGINAL_XDG_CURRENT_DESKTOP": "ubuntu:GNOME", "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1",
        "BUNDLED_DEBUGPY_PATH": "/x", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHON_BASIC_REPL": "1", "GSM_SKIP_SSH_AGENT_WORKAROUND": "true",
        "MEMORY_PRESSURE_WATCH": "/sys/fs/cgroup/a", "GJS_DEBUG_TOPICS": "JS ERROR;JS LOG",
    },
    "tmux over ssh": {
        "TERM": "tmux-256color", "TMUX": "/tmp/tmux-1000/default,1,0", "TMUX_PANE": "%1",
        "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22", "XDG_SESSION_ID": "7", "MOTD_SHOWN": "pam",
    },
    "PyCharm": {
        "TERMINAL_EMULATOR": "JetBrains-JediTerm", "IDEA_INITIAL_DIRECTORY": "/home/u",
        "FIG_TERM": "1", "PROCESS_LAUNCHED_BY_Q": "1", "__INTELLIJ_COMMAND_HISTFILE__": "/x",
    },
    "an agent": {
        "CLAUDECODE": "1", "CLAUDE_CODE_ENTRYPOINT": "cli", "COREPACK_ENABLE_AUTO_PIN": "0",
        "GIT_EDITOR": "true", "NODE_OPTIONS": "--max-old-space-size=8192", "OTEL_SDK_DISABLED": "1",
        "npm_config_user_agent": "npm/10",
    },
    "iTerm": {
        "TERM_PROGRAM": "iTerm.app", "ITERM_PROFILE": "Default", "COLORFGBG": "7;0",
        "__CFBundleIdentifier": "com.googlecode.iterm2", "XPC_FLAGS": "0x0",
    },
}  # fmt: skip


class Idea(NamedTuple):
    """An honest change; `how` is what comes before its runs: nothing, a smoke run, a download."""

    change: str
    how: str = ""


IDEAS = (
    Idea("fit.lr=0.3"),
    Idea("fit.batch=50"),
    Idea("fit.epochs=12"),
    Idea("fit.patience=5"),
    Idea("fit.augment=true"),
    Idea("fit.log_every=1"),
    Idea("fit.optimizer=adam"),
    Idea("model.name=probit"),
    Idea("model.pretrained=true", "download"),
    Idea("data.degree=2", "--smoke"),
    Idea("data.degree=3"),
    Idea("data.words=true"),
)


def one_round(folder: Path, first: str, then: str) -> Counter[str]:
    """Run all ideas in a project whose baseline was measured in another terminal.

    Returns how many experiments had each finding or reason, and under "" how many there were.
    """
    world = World(folder / "project")
    for name, text in (
        ("config.toml", _CONFIG), ("train.py", _TRAIN), ("gitexp.toml", _SETTINGS),
        ("optimizers.py", "def step(w, gradient):\n    return w - 0.05 * gradient.clip(-1, 1)\n"),
        (".gitignore", "__pycache__/\noutputs/\n"),
    ):  # fmt: skip
        world.write(name, text)
    world.git("init", "--quiet")
    world.commit("first version")
    shown = world.gitexp("init", "--yes").err
    shown += world.gitexp("run", "--baseline", **_TERMINALS[first]).err  # type: ignore[arg-type]
    found = Counter(_ids(shown))
    for idea in IDEAS:
        because = "raises accuracy because the model underfits: its training accuracy is 0.8"
        started = world.gitexp("start", "--set", idea.change, f"{idea.change} {because}", "--json")
        name = started.json["name"]
        if idea.how == "download":
            weights = bytes(64)
            place = folder / ".cache/torch/hub/checkpoints"
            place.mkdir(parents=True)
            (place / f"net-{hashlib.sha256(weights).hexdigest()[:8]}.pth").write_bytes(weights)
        elif idea.how:
            shown += world.gitexp("run", name, idea.how, **_TERMINALS[then]).err  # type: ignore[arg-type]
        ran = world.gitexp("run", name, **_TERMINALS[then])  # type: ignore[arg-type]
        found[""] += 1
        text = started.out + ran.out + ran.err
        reason = re.search(r"may have chosen|has moved|rows were tested|repeat each other", text)
        found.update({*_ids(text), *([reason[0]] if reason else [])})
    found.update(_ids(world.gitexp("verify").out.partition("Also worth")[0]))
    return found


def _ids(text: str) -> set[str]:
    """Ids of findings in what was printed, as a mark of their own."""
    marked = re.findall(r"(?m)\(([A-Z]\d+)\)|\b([A-Z]\d+)(?: exp/| \(advice\)| ·)", text)
    return {one or other for one, other in marked} - {"S2"}


def main() -> None:
    """Print what was shown of honest experiments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    names = [*_TERMINALS]
    found: Counter[str] = Counter()
    for number in range(rounds):
        first, then = names[number % len(names)], names[(number + 1) % len(names)]
        with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as folder:
            seal(Path(folder))
            found += one_round(Path(folder), first, then)
    print(f"{found.pop('')} honest experiments in {rounds} projects; with findings:")
    print("\n".join(f"  {what}: {count}" for what, count in sorted(found.items())) or "  none")


if __name__ == "__main__":
    main()
