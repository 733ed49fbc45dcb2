"""The command line as a program: exit codes, streams, help."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import BECAUSE, World


@pytest.mark.parametrize(
    "words",
    [
        ("log", "-n", "few"),
        ("log", "-n", "-1"),
        ("start", BECAUSE, "--gain", "much"),
        ("start", "C", "raises", "accuracy"),
        ("start", BECAUSE, "--of", "brave-otter"),
        ("start", "--split", "--set", "model.C=10"),
        ("start", "--preset", "large", "model.C=10", "--switch"),
        ("run", "--baseline", "brave-otter"),
        ("run", "--baseline", "--explore", "why not"),
        ("archive", "--restore", "--ruled-out"),
        ("doctor", "--gc", "--fix"),
        ("doctor", "--older", "1d"),
        ("log", "--calibration", "brave-otter"),
    ],
)
def test_words_that_make_no_sense_end_in_2(ready: World, words: tuple[str, ...]) -> None:
    before = ready.snapshot()
    ran = ready.gitexp(*words, code=2)
    assert ran.out == ""
    assert re.search(r"^-> .*gitexp ", ran.err, re.MULTILINE)
    assert ready.snapshot() == before


@pytest.mark.parametrize(
    "words",
    [
        ("log",), ("show",), ("check",), ("run",), ("run", "--baseline"), ("accept",), ("retest",),
        ("trust",), ("init", "--yes"), ("init", "--undo"), ("start", BECAUSE, "--set", "a=1"),
    ],
)  # fmt: skip
def test_outside_of_a_repository_commands_end_in_3(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = World(tmp_path).gitexp(*words, code=3)
    assert ran.out == ""
    assert "is not in a git repository" in ran.err
    assert "-> cd into one" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_json_is_all_that_stands_on_standard_output(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    for words in (
        ("check",), ("run", "--jobs", "2"), ("run", "--baseline"), ("log",), ("show",), ("accept",),
    ):  # fmt: skip
        ran = ready.gitexp(*words, "--json")
        assert ran.json, words
    assert ready.gitexp("log", "--json").json[0]["name"] == name
    ran = ready.gitexp("retest", name, "--json", code=1)
    assert ran.json["error"]["id"] == "refused"
    assert "nothing left to test" in ran.err
    again = ready.gitexp("start", BECAUSE, "--set", "model.C=11", "--json").json
    assert again["trailers"]["Seeds"] == "1-5"


def test_news_of_runs_stands_on_standard_error(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ran = ready.gitexp("run")
    assert ran.out.startswith(f"exp/{name}\n  CONFIRMED: ")
    assert ran.out.endswith(f"next: gitexp accept {name}\n")
    assert "seed 5" not in ran.err  # of progress, one line a minute
    assert re.search(r"baseline main \([0-9a-f]{8}\): 5 runs to do", ran.err)


def test_exit_code_tells_the_verdict_only_where_asked(ready: World) -> None:
    ready.start("--set", "train.lr=2e-3")
    assert ready.gitexp("run", "--json").json["verdict"] == "RULED OUT"
    ready.gitexp("run", "--exit-code", code=10)


@pytest.mark.parametrize("command", ["log", "log --json", "show", "--help"])
def test_a_reader_that_has_gone_is_no_error(ready: World, command: str) -> None:
    ready.start("--set", "model.C=10")
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m gitexp {command} | head -0; exit ${{PIPESTATUS[0]}}"],
        cwd=ready.path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode in {0, 1}


@pytest.mark.parametrize("encoding", ["ascii", "utf-8:strict"])
def test_what_the_terminal_cannot_show_ends_nothing(ready: World, encoding: str) -> None:
    text = f"{BECAUSE} – größer 因为 😀"
    ready.gitexp("start", text, "--set", "model.C=10", PYTHONIOENCODING=encoding)
    for words in (("log",), ("show",), ("check",), ("log", "--json")):
        ready.gitexp(*words, PYTHONIOENCODING=encoding)
    ready.gitexp("start", "Größer?", "--set", "model.C=11", PYTHONIOENCODING=encoding, code=1)


def test_json_holds_in_any_encoding(ready: World) -> None:
    ready.gitexp("start", f"{BECAUSE} – größer 因为 😀", "--set", "model.C=10")
    for encoding in ("ascii", "utf-8"):
        [row] = ready.gitexp("log", "--json", PYTHONIOENCODING=encoding).json
        assert row["hypothesis"].endswith("– größer 因为 😀")


def test_the_installed_program_and_the_module_are_one(ready: World) -> None:
    ran = ready.run("gitexp", "log", "--json")
    assert (ran.code, ran.json) == (0, [])


def test_a_bug_ends_in_one_line_and_debug_tells_the_rest(ready: World) -> None:
    # Nobody foresaw that this file, which gitexp alone writes, holds anything else.
    approved = {"x": {"settings": 3, "time": "2026"}}
    (ready.path / ".git" / "gitexp" / "trust.json").write_text(json.dumps(approved))
    ran = ready.run(sys.executable, "-m", "gitexp", "run", "--baseline")
    assert ran.code == 70
    assert "a bug in gitexp, sorry: AttributeError" in ran.err
    assert "Traceback" not in ran.err
    assert "--debug" in ran.err
    ran = ready.run(sys.executable, "-m", "gitexp", "--debug", "run", "--baseline")
    assert ran.code == 70
    assert "Traceback" in ran.err


def test_what_cannot_be_written_is_no_bug(ready: World) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gitexp", "log"], cwd=ready.path, stdout=full,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 5
    assert "the disk is full" in done.stderr
    assert "a bug" not in done.stderr


def test_a_command_works_whose_input_and_outputs_are_closed(ready: World) -> None:
    for closed in (">&-", "2>&-", "<&- >&- 2>&-"):
        done = ready.run("sh", "-c", f"exec gitexp status {closed}")
        assert (done.code, done.err) == (0, "")


def test_colours_are_for_terminals(ready: World) -> None:
    ready.start("--set", "model.C=10")
    for command in ("run", "log", "show"):
        ran = ready.gitexp(command, NO_COLOR="", TERM="xterm-256color")
        assert "\x1b[" not in ran.out + ran.err


def test_start_up_loads_nothing_heavy(ready: World) -> None:
    script = (
        "import sys, runpy\nsys.argv = ['gitexp', *sys.argv[1:]]\n"
        "try: runpy.run_module('gitexp', run_name='__main__')\nexcept SystemExit: pass\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    heavy = {"numpy", "scipy", "sklearn", "git", "rich", "pydantic", "coolname", "tomlkit"}
    for words in (("--help",), ("log",), ("check", "--json"), ("start", "Is C better?")):
        ran = ready.run(sys.executable, "-c", script, *words, PATH=os.environ["PATH"])
        assert not heavy & set(ran.err.split()), words


def test_modules_in_the_current_folder_are_never_imported(world: World) -> None:
    for name in ("random", "tempfile", "tomli", "typer"):
        world.write(f"{name}.py", "raise SystemExit('the module of a user')\n")
    done = subprocess.run(
        [sys.executable, "-m", "gitexp", "--help"],
        cwd=world.path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Set up" in done.stdout
