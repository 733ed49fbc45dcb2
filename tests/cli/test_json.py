"""What --json prints is what docs/json.md says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Literal, NotRequired, TypedDict

import pytest

from docs.shapes import PRINTED, printed_by
from gitexp.cli.lazy import load
from gitexp.cli.overview import COMMANDS
from gitexp.rules.verdict.verdict import Verdict
from tests.arrange import train_with
from tests.project import BECAUSE, World, needs_ssh_keys
from tests.shapes import mismatches
from tests.team import hub_of

# C = 10 gets 60 more of 400 rows right than C = 1 does; C = 11 takes its time.
SCRIPT = """
import csv, random, time
C = CONFIG['model']['C']
time.sleep(60 if C == 11 else 0)
rng = random.Random(f"{SEED} {CONFIG}")
truth = [n % 2 for n in range(400)]
right = 300 + 60 * (C == 10) + rng.randrange(-5, 6)
guess = [y if n < right else 1 - y for n, y in enumerate(truth)]
with open('p.csv', 'w', newline='') as handle:
    rows = csv.writer(handle)
    rows.writerow(['id', 'y_true', 'y_pred'])
    rows.writerows(zip(range(400), truth, guess))
print(f"accuracy={right / 400}")
import gitexp
for step in range(3):
    gitexp.log(step=step, loss=1 / (step + C))
"""


class Inner(TypedDict):
    verdict: Verdict | None
    way: Literal["up", "down"]
    left: NotRequired[int]


class Outer(TypedDict):
    name: str
    share: float
    rows: list[Inner]
    counts: dict[str, int]


GOOD = {
    "name": "a", "share": 1, "rows": [{"verdict": "RULED OUT", "way": "up"}], "counts": {"x": 1},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"name": None}, "at.name: None is not str"),
        ({"share": True}, "at.share: True is not float"),
        ({"counts": {"x": 1.5}}, "at.counts.x: 1.5 is not int"),
        ({"more": 1}, "more is not a field of Outer"),
        ({"rows": [{"verdict": None}]}, "at.rows[0]: way of Inner is missing"),
        ({"rows": [{"verdict": "WON", "way": "up"}]}, "at.rows[0].verdict: 'WON' is not"),
        ({"rows": [{"verdict": None, "way": "out"}]}, "at.rows[0].way: 'out' is not"),
        ({"rows": [{"verdict": None, "way": "up", "left": "1"}]}, "at.rows[0].left: '1' is not"),
        ({"rows": {}}, "at.rows: {} is not list"),
    ],
)
def test_what_is_not_of_the_type_is_found_at_its_place(change: dict[str, Any], said: str) -> None:
    found = mismatches(GOOD | change, Outer, "at")
    assert (said in found[0]) if said else found == []


def test_every_command_with_json_is_listed_and_every_word_is_its_own() -> None:
    with_json = {
        name
        for name in COMMANDS
        if any("--json" in parameter.opts for parameter in load(name).params)
    }
    of_commands = [one for one in PRINTED if one.command]
    assert {one.command for one in of_commands} == with_json == {*COMMANDS} - {"demo"}  # a show
    for one in of_commands:
        command = load(one.command)
        words = {option for parameter in command.params for option in parameter.opts}
        words |= {*getattr(command, "commands", {})}
        assert one.word in {"", *words}, one


@pytest.mark.slow
@needs_ssh_keys
def test_every_command_prints_what_is_documented(ready: World) -> None:
    printed: dict[str, Any] = {}

    def did(*words: str, code: int = 0) -> Any:  # noqa: ANN401 - parsed JSON
        """Run a command; reading its JSON compares it with the types."""
        found = printed_by(words)
        assert found is not None
        content = ready.gitexp(*words, "--json", code=code).json
        assert content or found.line == "gitexp doctor", words  # an empty list shows nothing
        printed[found.line] = content
        return content

    ready.write("evaluate.py", "print('accuracy=0.5')\n")
    train_with(
        ready, SCRIPT, repeats=[3], predictions="p.csv", sample=0.5,
        holdout=f"{sys.executable} evaluate.py",
    )  # fmt: skip
    ready.write(".git/runs.csv", "lr,accuracy\n1,0.8\n1,0.81\n2,0.9\n")
    hub_of(ready)
    did("audit", ".git/runs.csv")
    did("init", "--yes")
    did("init", "--agents")
    did("init", "--agents", "--remove")
    did("trust")
    key = ready.path / ".git" / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signers = ready.write(".git/signers", f"ada@example.org {key.with_suffix('.pub').read_text()}")
    ready.git("config", "gpg.ssh.allowedSignersFile", str(signers))
    did("trust", "--signer", f"{key}.pub")
    did("try")
    did("run", "--baseline")
    did("gaps")
    predicted = ("--gain", "0.1", "--chance", "0.5")
    best = did("start", BECAUSE, "--set", "model.C=10", *predicted)["name"]
    did("run", "--smoke", best)
    assert did("run", best)["verdict"] == "CONFIRMED"
    did("check", best)
    did("check", "--all")
    did("holdout", best, "--why", "the last check before the release")
    [first, second] = did("start", BECAUSE, "--sweep", "train.epochs=30,40")
    did("start", BECAUSE, "--sweep", "train.epochs=50,60", "--run")
    ready.write(".git/plan", json.dumps({"hypothesis": BECAUSE, "set": "train.lr=0.1"}) + "\n")
    [planned] = did("start", "--from", ".git/plan")
    ready.edit("epochs = 20", "epochs = 70")
    did("start", "--split", BECAUSE)
    ready.git("restore", ".")
    ready.write("train.py", f"{(ready.path / 'train.py').read_text()}# code\n")
    coded = did("start", BECAUSE, "--code", "--set", "model.D=1")["name"]
    ready.git("switch", "--quiet", f"exp/{coded}")
    ready.write("train.py", f"{(ready.path / 'train.py').read_text()}# better code\n")
    did("start", "--again")
    ready.git("switch", "--quiet", "main")
    did("run", "--screen", first["name"])
    did("run", first["name"], second["name"])
    did("next")
    did("next", "--run")
    did("start", BECAUSE, "--set", "model.C=12", "--run")
    slow = did("start", BECAUSE, "--set", "model.C=11")["name"]
    did("run", first["name"], "--detach")
    did("run", "--wait", first["name"])
    did("run", slow, "--detach")
    did("stop", slow)
    did("run", "--resume")
    did("known", "add", "rbf is best", "--key", "model.kernel", "--source", "a paper")
    did("known")
    did("goal", "accuracy >= 0.97 by 2999-01-31")
    for words in ("log", "show", "report", "verify", "status", "status --for-agent", "help",
                  "help C2", "log --calibration", "log --brief", "blame"):  # fmt: skip
        did(*words.split())
    did("note", best, "a remark")
    did("show", "--curves", "--metric", "loss", best)
    did("export", "--output", ".git/log.csv")
    did("--version")
    did("doctor")
    did("doctor", "--gc", "--older", "1s", "--dry-run")
    did("redact", "nothing has this", "--dry-run")
    did("sync")
    did("accept", "--pr", best)
    did("accept", best)
    did("retest", planned["name"])
    did("retest", "--planned")
    did("archive", first["name"])
    did("archive", "--restore", first["name"])
    did("start", "--preset", "long", "train.epochs=90", "train.lr=0.2")
    did("init", "--undo")
    assert {one.line for one in PRINTED} == printed.keys()
