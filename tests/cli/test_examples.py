"""The examples in each command's help: there are some, they fit, and they parse."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from gitexp.cli.examples import EXAMPLES
from gitexp.cli.lazy import load
from gitexp.cli.overview import COMMANDS
from tests.project import World


def parse(command: Any, name: str, words: list[str]) -> None:  # noqa: ANN401 - the parser's own
    """Parse words as the command line does, without running anything."""
    context = command.make_context(name, words)
    if hasattr(command, "commands") and words:
        inner, inner_command, left = command.resolve_command(context, words)
        inner_command.make_context(inner, left, parent=context)


def test_every_command_has_examples() -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()


@pytest.mark.parametrize("example", [one for listed in EXAMPLES.values() for one in listed])
def test_an_example_parses_and_fits_the_help(example: str) -> None:
    assert len(example) <= 76
    words = shlex.split(example.partition(" > ")[0].partition(" && ")[0])
    assert words[0] == "gitexp"
    name = words[1] if len(words) > 1 else "status"
    assert example in EXAMPLES[name]
    parse(load(name), name, words[2:])


@pytest.mark.parametrize("name", ["start", "known"])
def test_examples_are_in_the_help_a_line_each(tmp_path: Path, name: str) -> None:
    shown = World(tmp_path).gitexp(name, "--help").out.splitlines()
    assert "  Examples:" in shown
    assert {f"    {example}" for example in EXAMPLES[name]} <= {*shown}
