from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitexp.engine.command import (
    assigned,
    build,
    locate,
    search_path,
    shell_syntax,
)
from gitexp.errors import NotReady
from gitexp.rules.documents.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def settings(command: str, *, shell: bool = False, config: str = "config.toml") -> Settings:
    return Settings(config=(config, "other.toml"), command=command, metric="accuracy", shell=shell)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python train.py", ["python", "train.py"]),
        ("python train.py --seed {seed}", ["python", "train.py", "--seed", "7"]),
        ("run --seed={seed} -c{config}", ["run", "--seed=7", "-cconfig.toml"]),
        ("run '{seed} {sample}' \"a b\"", ["run", "7 1", "a b"]),
        ("run {other} {} {SEED} $HOME * ;", ["run", "{other}", "{}", "{SEED}", "$HOME", "*", ";"]),
        ("run ''", ["run", ""]),
    ],
)  # fmt: skip
def test_a_command_is_split_into_words_and_filled(command: str, words: list[str]) -> None:
    assert build(settings(command), seed=7) == words


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("python train.py --seed {seed}", []),
        ("python train.py 'a;b' \"c|d\" --x='$HOME' --y=\\$z --z=a&b", ["&"]),
        ("env CUDA_VISIBLE_DEVICES=0 python train.py", []),
        ("CUDA_VISIBLE_DEVICES=0 python train.py", []),
        ("cd src && python train.py", ["cd", "&&"]),
        ("python a.py; python b.py", [";"]),
        ("python train.py|tee log", ["|"]),
        ("python train.py > log 2>&1", [">", ">&"]),
        ("python train.py $SEED ${SEED} $(date) `date`", ["$SEED", "${SEED", "$(date", "`"]),
        ('python train.py "$HOME"', ["$HOME"]),
        ("A=1 source env.sh", ["source"]),
        ("python 'train.py", []),
        ("~/venv/bin/python train.py --out ~", ["~"]),
        ("~/a 'b ~/c' \"d ~/e\" f~/ \\~/g", ["~"]),
        ("! python train.py", ["!"]),
        ("(python train.py)", ["("]),
    ],
)
def test_what_only_a_shell_understands_is_found(command: str, found: list[str]) -> None:
    assert shell_syntax(command) == found


def test_a_sample_is_written_as_people_do() -> None:
    assert build(settings("run {sample}"), seed=1, sample=0.1) == ["run", "0.1"]


def test_what_is_filled_in_never_becomes_several_words() -> None:
    odd = settings("run {config}", config="a b; $(touch x)'.toml")
    assert build(odd, seed=1) == ["run", "a b; $(touch x)'.toml"]


def test_what_is_filled_into_a_shells_command_is_quoted(tmp_path: Path) -> None:
    odd = settings("echo {seed} {config} && echo done", shell=True, config="a b; $(touch x)'.toml")
    command = build(odd, seed=7)
    assert isinstance(command, str)
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "7 a b; $(touch x)'.toml\ndone\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        "python 'train.py", 'python "', "python \\", " ", "\t", "python x.py | tee log",
        "cd a && python x.py", "python x.py 2>&1 > log",
    ],
)  # fmt: skip
def test_a_command_without_sense_is_refused(command: str) -> None:
    with pytest.raises(NotReady) as refused:
        build(settings(command), seed=1)
    assert refused.value.hint.endswith("gitexp trust")


def test_programs_are_found_in_the_checkout_first_then_in_the_users_tree(tmp_path: Path) -> None:
    checkout, project, tools = (tmp_path / name for name in ("checkout", "project", "tools"))
    for path in (checkout / "run.sh", project / "run.sh", project / "bin" / "tool", tools / "tool"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (project / "python").symlink_to(sys.executable)
    search = f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin"
    found = {
        word: locate(word, checkout, project, search)
        for word in ("./run.sh", "bin/tool", "tool", "./python", "bin/gone", "gone-program")
    }
    assert found == {
        "./run.sh": str(checkout / "run.sh"),
        "bin/tool": str(project / "bin/tool"),
        "tool": str(tools / "tool"),
        "./python": str(project / "python"),  # a virtual environment is known by its own name
        "bin/gone": "bin/gone",
        "gone-program": "gone-program",
    }
    assert locate("/bin/sh", checkout, None, search) == "/bin/sh"


def test_the_projects_own_environment_comes_first_where_none_is_activated(tmp_path: Path) -> None:
    assert search_path({"PATH": "/usr/bin"}, tmp_path) == "/usr/bin"
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    own = f"{tmp_path / '.venv' / 'bin'}{os.pathsep}/usr/bin"
    assert search_path({"PATH": "/usr/bin"}, tmp_path) == own
    for active in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        assert search_path({"PATH": "/usr/bin", active: "/x"}, tmp_path) == "/usr/bin"
    assert search_path({}, None)


def test_variables_before_the_program_are_set_and_not_run() -> None:
    given = settings("TF_X=1 SEED={seed} python train.py lr=0.1")
    assert build(given, seed=3) == ["python", "train.py", "lr=0.1"]
    assert assigned(given, seed=3) == {"TF_X": "1", "SEED": "3"}
    with pytest.raises(NotReady, match="names no program"):
        build(settings("A=1 B=2"), seed=3)


def test_an_environment_above_the_project_counts_up_to_the_repositorys_top(tmp_path: Path) -> None:
    project = tmp_path / "top" / "models" / "a"
    for folder in (tmp_path, tmp_path / "top"):
        (folder / ".venv" / "bin").mkdir(parents=True)
    project.mkdir(parents=True)
    found = search_path({"PATH": "/bin"}, project, tmp_path / "top")
    assert found == f"{tmp_path / 'top' / '.venv' / 'bin'}:/bin"
    assert search_path({"PATH": "/bin"}, project, tmp_path / "top" / "models") == "/bin"
