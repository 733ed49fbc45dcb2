"""Completion at the prompt: what the shells are answered, by the protocol and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitexp.cli.completion.candidates import filters
from gitexp.cli.completion.scripts import SCRIPTS, install
from tests.arrange import head_and_index_and_files, refs
from tests.project import Ran, World

SHELLS = [name for name in SCRIPTS if shutil.which(name)]


def completed(world: World, *words: str, shell: str = "zsh") -> tuple[str, list[str]]:
    """Whether files may follow, and the words that may."""
    kind, *lines = world.gitexp(*words, _GITEXP_COMPLETE=shell).out.splitlines()
    return kind, [line.split("\t")[0] for line in lines]


@pytest.fixture
def two(ready: World) -> World:
    for name in ("brave-otter", "calm-heron"):
        ready.git("branch", f"exp/{name}", "main")
    return ready


@pytest.mark.parametrize(
    ("words", "kind", "found"),
    [
        (("sho",), "words", ["show"]),
        (("--ver",), "words", ["--version"]),
        (("show", ""), "words", ["brave-otter", "calm-heron"]),
        (("show", "br"), "words", ["brave-otter"]),
        (("accept", "brave-otter", ""), "words", []),
        (("run", "brave-otter", "c"), "words", ["calm-heron"]),
        (("start", "--on", "b"), "words", ["brave-otter"]),
        (("show", "--lo"), "words", ["--logs"]),
        (("start", "--set", "model."), "words", ["model.C=", "model.kernel="]),
        (("start", "--set", "model.C="), "words", ["model.C=1.0"]),
        (("start", "--set=model.k"), "words", ["--set=model.kernel="]),
        (("start", "--set", "config.toml:model.C="), "words", ["config.toml:model.C=1.0"]),
        (("start", "--sweep", "train.l"), "words", ["train.lr="]),
        (("blame", ""), "words", ["config.toml"]),
        (("export", "--to", ""), "words", ["csv", "jsonl", "parquet", "mlflow"]),
        (("export", "-o", ""), "files", []),
        (("help", "C1"), "words", ["C1", *(f"C{n}" for n in range(10, 20))]),
        (("help", "sta"), "words", ["status", "start"]),
        (("known", "a"), "words", ["add"]),
        (("init", "--metric", ""), "words", []),
        (("log", "--sort", ""), "words", ["date", "effect", "metric"]),
        (("start", "--evidence", "p"), "words", ["paper:"]),
        (("no-such", ""), "words", []),
    ],
)
def test_what_may_follow(two: World, words: tuple[str, ...], kind: str, found: list[str]) -> None:
    assert completed(two, *words) == (kind, found)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("start", "--set", "model.C", "="), ["1.0"]),
        (("start", "--set", "model.C", "=", "1"), ["1.0"]),
        (("start", "--set", "config.toml", ":", "model.C"), ["model.C="]),
        (("start", "--set", "mod"), ["model.C=", "model.kernel="]),
        (("show", "'br"), ["brave-otter"]),
    ],
)
def test_bash_divides_words_and_gets_the_part_that_it_replaces(
    ready: World, words: tuple[str, ...], found: list[str]
) -> None:
    if "'br" in words:
        ready.git("branch", "exp/brave-otter", "main")
    assert completed(ready, *words, shell="bash") == ("words", found)


def test_a_condition_on_the_log_is_completed() -> None:
    assert [*filters("ver")] == ["verdict=", "state="]
    assert [*filters("verdict=")][:2] == ["verdict=confirmed", 'verdict="ruled out"']


def test_what_a_repository_holds_is_never_run_at_the_prompt(ready: World) -> None:
    ready.edit("kernel = 'rbf'", "kernel = '$(touch pwned)'\nname = \"a\\u001b[31m\"")
    ready.commit("Hostile values")
    assert completed(ready, "start", "--set", "model.kernel", "=", shell="bash")[1] == [
        "'$(touch pwned)'"
    ]
    assert completed(ready, "start", "--set", "model.name=")[1] == []


def test_nothing_is_written_and_what_goes_wrong_is_silent(two: World, tmp_path: Path) -> None:
    before = head_and_index_and_files(two), refs(two), sorted(two.path.rglob("*"))
    for words in (("show", ""), ("start", "--set", "m"), ("blame", "")):
        completed(two, *words)
    assert (head_and_index_and_files(two), refs(two), sorted(two.path.rglob("*"))) == before
    outside = World(tmp_path / "outside")
    outside.path.mkdir()
    for words in (("show", ""), ("start", "--set", "m"), ("sync", "")):
        ran = outside.gitexp(*words, _GITEXP_COMPLETE="fish")
        assert (ran.out, ran.err) == ("words\n", "")
    # A script of another gitexp gets no answer, and starts no command.
    old = two.gitexp(_GITEXP_COMPLETE="complete_bash")
    assert (old.out, old.err) == ("", "")


def test_an_answer_loads_no_parser(two: World) -> None:
    code = (
        "import sys; from gitexp.cli.completion.complete import answer; answer('zsh', ['show', ''])"
        "; print({'typer', 'rich', 'numpy', 'ruamel.yaml'} & {*sys.modules})"
    )
    assert two.run(sys.executable, "-c", code).out == "set()\n"


def in_bash(world: World, *lines: str) -> Ran:
    """Run lines in a bash that has the completion and finds gitexp on its path."""
    folder = world.path.parent / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "gitexp").write_text(f'#!/bin/sh\nexec {sys.executable} -m gitexp "$@"\n')
    (folder / "gitexp").chmod(0o755)
    script = "\n".join(["source <(gitexp --show-completion bash)", *lines])
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return world.run("bash", "--norc", "-c", script, PATH=path)


@pytest.mark.skipif("bash" not in SHELLS, reason="there is no bash here")
def test_a_real_bash_completes(two: World) -> None:
    ran = in_bash(
        two,
        "complete -p gitexp",
        'ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gitexp; echo "${COMPREPLY[@]}"; }',
        "ask gitexp show br",
        "ask gitexp start --set model.C =",
    )
    assert ran.out.splitlines() == ["complete -F _gitexp gitexp", "brave-otter", "1.0"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_scripts_parse_in_their_shells(shell: str) -> None:
    done = subprocess.run(
        [shell, "-n"], input=SCRIPTS[shell], text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("shell", "rc"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", None)])
def test_installing_keeps_what_was_there_and_adds_itself_once(
    shell: str, rc: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if rc is not None:
        (tmp_path / rc).write_text("alias ll='ls -l'")
    first = install(shell, tmp_path)
    assert first.script.read_text("utf-8") == SCRIPTS[shell]
    assert first.loaded_by == (None if rc is None else tmp_path / rc)
    if rc is not None:
        text = (tmp_path / rc).read_text("utf-8")
        assert text.startswith("alias ll='ls -l'\n")
        assert install(shell, tmp_path) == first
        assert (tmp_path / rc).read_text("utf-8") == text


def test_a_bug_report_has_versions_and_no_paths(tmp_path: Path) -> None:
    found = World(tmp_path).gitexp("--version", "--json").json
    assert found["gitexp"] in World(tmp_path).gitexp("--version").out
    assert found["python"].endswith(".".join(map(str, sys.version_info[:3])))
    assert (
        found["git"]
        in subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    )
    assert found["dependencies"]["typer"]
    assert found["installed"] in {"editable", "index", "folder", "archive", "git", "unknown"}
    assert str(Path.home()) not in str(found)
    assert sys.prefix not in str(found)


def test_a_shell_without_completion_is_told_which_have_one(tmp_path: Path) -> None:
    ran = World(tmp_path).gitexp("--show-completion", "ksh", code=2)
    assert "gitexp --show-completion bash" in ran.err
