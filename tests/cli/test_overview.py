"""The overview, each command's help, and the loading of commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gitexp
from gitexp.cli.lazy import load
from gitexp.cli.overview import COMMANDS, EXITS, FORMER, TOPICS, overview
from gitexp.errors import CommandFailed, NotReady, Refused, StoreBusy, UsageError
from tests.project import World


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_has_the_first_sentence_of_each_commands_help(name: str) -> None:
    assert load(name).help.split("\n")[0] == f"{COMMANDS[name].help}."


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained_in_plain_words(tmp_path: Path, name: str) -> None:
    outside = World(tmp_path)
    text = outside.gitexp(name, "--help").out
    usage, sentence = text.strip().split("\n")[0], text.strip().split("\n")[2].strip()
    assert usage.startswith(f"Usage: gitexp {name}")
    assert re.match(r"[A-Z][a-z]+ ", sentence), sentence
    assert outside.gitexp(name, "-h").out == text
    assert outside.gitexp("help", name).out == text
    # Each option and argument says what it is for.
    options = re.findall(r"^  (-\S.*)$", text, re.MULTILINE)
    assert options
    assert all(re.search(r"\s{2,}\S", option) or len(option) > 20 for option in options), options
    assert "│" not in text
    # No metavar of the parser's own, which says nothing.
    assert not re.search(r"<\w+( range)?>|INTEGER|FLOAT", text)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_ends_with_its_exit_codes(tmp_path: Path, name: str) -> None:
    text = World(tmp_path).gitexp(name, "--help").out
    listed = " ".join(text.partition("Exit codes: ")[2].split())
    codes = [int(code) for code in re.findall(r"(?:^|, )(\d+) ", listed)]
    assert codes == sorted({0, 2, 3, 5, 70, 130} | set(COMMANDS[name].exits))
    assert listed.endswith(", 130 interrupted.")


def test_the_overview_fits_one_screen() -> None:
    lines = overview().split("\n")
    assert len(lines) <= 41
    assert max(map(len, lines)) <= 80
    listed = [command.name for topic in TOPICS.values() for command in topic]
    assert [n for line in lines if (n := line[10:20].strip()) in listed] == listed
    assert all(
        f"{code} {meaning}" in " ".join(overview().split()) for code, meaning in EXITS.items()
    )


def test_the_exit_codes_are_those_of_the_errors() -> None:
    errors = (Refused, UsageError, NotReady, CommandFailed, StoreBusy)
    assert [error.exit_code for error in errors] == [1, 2, 3, 4, 5]
    assert {error.exit_code for error in errors} | {0, 70, 130} == set(EXITS)


def test_former_names_are_not_listed(tmp_path: Path) -> None:
    text = World(tmp_path).gitexp("--help").out
    assert not [name for name in FORMER if re.search(rf"^.{{10}}{name}\s", text, re.MULTILINE)]


def test_version_is_the_packages(tmp_path: Path) -> None:
    assert World(tmp_path).gitexp("--version").out == f"gitexp {gitexp.__version__}\n"


@pytest.mark.parametrize("words", [("help",), ("--help",), ("-h",)])
def test_the_overview_has_three_spellings(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert World(tmp_path).gitexp(*words).out == f"{overview()}\n"


def test_help_explains_a_rule(tmp_path: Path) -> None:
    outside = World(tmp_path)
    text = outside.gitexp("help", "C2").out
    assert text.startswith("C2: several values differ\n")
    assert "\nRefused:\n" in text
    assert outside.gitexp("help", "c2").out == text
    found = outside.gitexp("help", "C2", "--json").json
    assert (found["id"], found["says"], found["advice"]) == ("C2", "several values differ", False)
    assert found["refused"].startswith("--- a/config.toml")


@pytest.mark.parametrize(
    ("topic", "suggestion"),
    [("strat", "gitexp help start"), ("c99", "gitexp help C9"), ("pineapple", "gitexp help")],
)
def test_help_suggests_a_topic(tmp_path: Path, topic: str, suggestion: str) -> None:
    ran = World(tmp_path).gitexp("help", topic, code=2)
    assert ran.out == ""
    assert f"there is no command and no rule '{topic}'" in ran.err
    assert suggestion in ran.err


def test_help_says_where_the_ids_of_doctor_come_from(tmp_path: Path) -> None:
    ran = World(tmp_path).gitexp("help", "D2", code=2)
    assert "D2 is not a rule: it is a problem that gitexp doctor finds" in ran.err


def test_a_mistyped_command_gets_a_suggestion(tmp_path: Path) -> None:
    ran = World(tmp_path).gitexp("strat", code=2)
    assert "there is no command 'strat'" in ran.err
    assert "did you mean: gitexp start" in ran.err
