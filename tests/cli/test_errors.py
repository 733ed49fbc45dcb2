"""What ends a command early: prose on standard error, an object on standard output under --json."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click  # noqa: TID251 - import-linter installs it
import pytest

from gitexp.cli.errors import as_failure, commands_in, failure_json
from gitexp.errors import NotReady, Refused, UsageError
from gitexp.rules.finding import Finding
from tests.project import BECAUSE, World


def error_of(world: World, *words: str, code: int) -> dict[str, Any]:
    """What a failing command answers under --json; the prose comes once, on standard error."""
    ran = world.gitexp(*words, "--json", code=code)
    [(key, error)] = ran.json.items()
    assert key == "error"
    assert {"id", "message", "hint", "commands"} <= error.keys()
    assert ran.err.count(error["message"].split("\n")[0]) == 1
    found: dict[str, Any] = error
    return found


@pytest.mark.parametrize(
    ("words", "message", "command"),
    [
        (("frobnicate",), "there is no command 'frobnicate'", "gitexp --help"),
        (("lgo",), "there is no command 'lgo'", "gitexp log"),
        (("log", "--frobnicate"), "no such option: --frobnicate", "gitexp log --help"),
        (("log", "--fliter", "x"), "no such option: --fliter", "gitexp log --help"),
        (
            ("run", "--jobs", "0"),
            "--jobs must be auto or a number from 1 to 256",
            "gitexp run --jobs 2",
        ),
        (("accept", "one", "two"), "too many arguments: two", "gitexp accept --help"),
        (("next", "--hours", "x"), "'--hours': 'x' is not a number", "gitexp next --help"),
        (("next", "--hours", "-1"), "'--hours': -1.0 is less than 0", "gitexp next --help"),
        (("log", "-n", "x"), "'x' is not a whole number", "gitexp log --help"),
        (("known", "add"), "a claim needs a text, a --key and", 'gitexp known add "CLAIM" --key'),
        (("start",), "an experiment starts with a hypothesis", "gitexp start --set KEY=VALUE"),
        (("help", "strat"), "there is no command and no rule 'strat'", "gitexp help start"),
    ],
)
def test_wrong_usage_is_an_object(
    ready: World, words: tuple[str, ...], message: str, command: str
) -> None:
    before = ready.snapshot()
    error = error_of(ready, *words, code=2)
    assert error["id"] == "usage"
    assert message in error["message"]
    assert error["commands"][0].startswith(command)
    assert ready.snapshot() == before


@pytest.mark.parametrize(
    ("typed", "is_text"),
    [("-5", True), ("-.5", True), ("- ", True), ("--frobnicate", False), ("-x", False)],
)
def test_text_that_begins_with_a_dash_is_told_where_to_go(typed: str, is_text: bool) -> None:
    said = as_failure(click.NoSuchOption(typed)).hint
    assert ("goes behind --" in said) is is_text


def test_a_refusal_carries_the_rules(ready: World) -> None:
    error = error_of(ready, "start", "Is C better?", "--set", "model.C=10", code=1)
    assert error["id"] == error["violations"][0]["id"]
    assert error["violations"][0]["id"].startswith("H")
    assert all(one["message"] and one["hint"] for one in error["violations"])
    assert all(one["hint"] in error["hint"] for one in error["violations"])


def test_check_keeps_its_violations(ready: World) -> None:
    ready.git("switch", "--quiet", "--create", "exp/two-values")
    ready.edit("C = 1.0", "C = 10")
    ready.edit("epochs = 20", "epochs = 40")
    ready.commit(BECAUSE, verify=False)
    report = ready.gitexp("check", "--json", code=1).json
    assert "error" not in report
    assert "C2" in [violation["id"] for violation in report["violations"]]


def test_what_is_not_ready_is_an_object(tmp_path: Path) -> None:
    error = error_of(World(tmp_path), "log", code=3)
    assert error["id"] == "not-ready"
    assert "git init && git add -A && git commit -m 'first'" in error["commands"]


def test_a_failed_training_is_an_object(ready: World) -> None:
    ready.edit('print(f"accuracy', 'raise SystemExit(3)  # (f"accuracy', "train.py")
    ready.commit("break it")
    ready.start("--set", "model.C=10")
    error = error_of(ready, "run", code=4)
    assert error["id"] == "command-failed"


def test_a_bug_is_an_object(ready: World) -> None:
    # Nobody foresaw that this file, which gitexp alone writes, holds anything else.
    approved = {"x": {"settings": 3, "time": "2026"}}
    (ready.path / ".git" / "gitexp" / "trust.json").write_text(json.dumps(approved))
    error = error_of(ready, "run", "--baseline", code=70)
    assert error["id"] == "bug"
    assert "AttributeError" in error["message"]
    assert "--debug" in error["hint"]


def test_an_interruption_is_an_object(ready: World) -> None:
    ready.edit("import os\n", "import os\nimport time\n\ntime.sleep(60)\n", "train.py")
    ready.commit("sleep")
    ready.start("--set", "model.C=10")
    running = subprocess.Popen(
        [sys.executable, "-m", "gitexp", "run", "--json"], cwd=ready.path, env=os.environ,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not list((ready.path / ".git" / "gitexp" / "runs").glob("*/*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert json.loads(out)["error"]["id"] == "interrupted"
    assert err.count("interrupted; nothing that had finished is lost") == 1


def test_prose_alone_leaves_standard_output_empty(ready: World) -> None:
    ran = ready.gitexp("run", "no-such-one", code=2)
    assert ran.out == ""
    assert "there is no experiment no-such-one" in ran.err


def test_an_option_without_its_argument_points_to_the_help_of_its_command(tmp_path: Path) -> None:
    ran = World(tmp_path).gitexp("start", "--set", code=2)
    assert "option '--set' requires an argument\n-> gitexp start --help" in ran.err


def test_a_mistyped_experiment_gets_a_suggestion(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    for wrong in (name[:4].rstrip("-"), name[:-1]):
        assert f"did you mean: {name}\n" in ready.gitexp("run", wrong, code=2).err


def test_json_as_a_value_is_no_option(tmp_path: Path) -> None:
    ran = World(tmp_path).gitexp("log", "--", "--json", code=3)
    assert ran.out == ""


@pytest.mark.parametrize(
    ("hint", "commands"),
    [
        ("", ()),
        ("mend KNOWN.toml", ()),
        ("write them: gitexp init", ("gitexp init",)),
        ("gitexp run brave-otter", ("gitexp run brave-otter",)),
        ("gitexp log lists what there is", ("gitexp log",)),
        ("gitexp goal shows the progress", ("gitexp goal",)),
        ("read the above, then: gitexp trust --yes", ("gitexp trust --yes",)),
        (
            'register one: gitexp start --set KEY=VALUE "HYPOTHESIS"\nor name one: gitexp log',
            ('gitexp start --set KEY=VALUE "HYPOTHESIS"', "gitexp log"),
        ),
        (
            "git add -A && git commit -m 'baseline' && gitexp init",
            ("git add -A && git commit -m 'baseline' && gitexp init",),
        ),
        (
            'gitexp accept a-b --anyway "WHY, in words" takes it in and records the reason',
            ('gitexp accept a-b --anyway "WHY, in words"',),
        ),
        ("wait, or there: git switch main", ("git switch main",)),
        ("did you mean: gitexp help start or gitexp help show",
         ("gitexp help start", "gitexp help show")),
        ("room: gitexp doctor --gc --older 1d\nand again", ("gitexp doctor --gc --older 1d",)),
        ("gitexp demo x-2, or: rm -r x", ("gitexp demo x-2", "rm -r x")),
        ("gitexp log; gitexp log", ("gitexp log",)),
        ("as one preset:\n  gitexp start --preset NAME a=1", ("gitexp start --preset NAME a=1",)),
        ("cd into one, or make one: git init", ("git init",)),
        ("rm a.lock, then fetch it", ("rm a.lock",)),
        ("gitexp redact - < FILE; or: gitexp redact --key KEY",
         ("gitexp redact - < FILE", "gitexp redact --key KEY")),
        ("nothing is left; gitexp log shows what was accepted", ("gitexp log",)),
        ("split it: gitexp run a-b   then   gitexp run c-d", ("gitexp run a-b", "gitexp run c-d")),
        ("name it once: git config gitexp.baseline BRANCH", ("git config gitexp.baseline BRANCH",)),
        ("if no git is running: rm -f .git/index.lock", ("rm -f .git/index.lock",)),
    ],
)  # fmt: skip
def test_commands_of_a_hint(hint: str, commands: tuple[str, ...]) -> None:
    assert commands_in(hint) == commands


def test_the_id_of_a_refusal_is_the_first_rules() -> None:
    advice = Finding("C11", "perhaps", "look", advice=True)
    rule = Finding("C2", "two values", "split it: gitexp start --split")
    error = failure_json(Refused("not registered", [advice, rule], "try again"))["error"]
    assert error["id"] == "C2"
    assert [one.id for one in error["violations"]] == ["C2"]
    assert error["hint"] == "try again\nsplit it: gitexp start --split"
    assert error["commands"] == ["gitexp start --split"]
    assert failure_json(Refused("a hook refused"))["error"]["id"] == "refused"


def test_what_the_system_refuses_is_not_a_bug() -> None:
    full = as_failure(OSError(28, "No space left on device"))
    assert (full.kind, full.exit_code) == ("store-busy", 5)
    denied = as_failure(PermissionError(13, "Permission denied", "/x"))
    assert isinstance(denied, NotReady)
    assert str(denied) == "/x: Permission denied"
    assert as_failure(UsageError("no")).exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["typer", "gitexp.lab.projects.project"])
def test_an_interruption_while_modules_load_is_no_traceback(
    ready: World, tmp_path: Path, module: str, number: signal.Signals
) -> None:
    # The process interrupts itself as it begins to load a module.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {module!r}:\n"
        f"            os.kill(os.getpid(), {number:d})\n"
        "sys.meta_path.insert(0, Interrupting())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "gitexp", "log"], cwd=ready.path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "words",
    [("show",), ("check",), ("run",), ("retest",), ("accept",), ("archive",),
     ("archive", "--restore"), ("log",)],
)  # fmt: skip
def test_a_mistyped_experiment_is_suggested(ready: World, words: tuple[str, ...]) -> None:
    name = ready.start("--set", "model.C=10")
    typed = name[:-2] + name[-1]
    ran = ready.gitexp(*words, typed, code=0 if words == ("log",) else 2)
    assert name in ran.out + ran.err


def test_a_repository_without_settings_is_told_to_init(world: World) -> None:
    world.git("rm", "--quiet", "gitexp.toml")
    world.commit("nothing set up")
    for words in (
        *(("check",), ("show",), ("run",), ("next",), ("retest",), ("accept",)),
        *(("check", "brave-otter"), ("trust", "brave-otter"), ("run", "brave-otter")),
    ):
        ran = world.gitexp(*words, code=3)
        assert "there are no gitexp settings on main" in ran.err
        assert "gitexp init" in ran.err


def test_a_verdict_as_json_has_its_figures_and_the_next_step(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    found = ready.gitexp("run", "--json").json
    assert found["lower"] <= found["effect"] <= found["upper"]
    assert found["p"] < found["level"]
    assert found["pairs"] == 5
    assert found["next"] == f"gitexp accept {name}"
    listed = ready.gitexp("log", "--json").json[0]
    for key in ("effect", "lower", "upper", "p", "level", "pairs"):
        assert listed[key] == found[key]
