"""The commands' own help as Markdown: for the documentation, and for agents."""

from __future__ import annotations

from typing import Any

import typer.core

from gitexp.cli.lazy import load
from gitexp.cli.overview import HELP, STATUS, TOPICS, Command, overview


def reference() -> str:
    """Return the overview, then each command by topic."""
    parts = [f"```\n{overview()}\n```\n", _command(STATUS)]
    for topic, listed in TOPICS.items():
        parts += [f"\n## {topic}\n", *map(_command, listed)]
    parts += ["\n## Help\n", _command(HELP)]
    return "".join(parts)


def _command(listed: Command) -> str:
    command = load(listed.name)
    text = f"\n### gitexp {listed.name}\n{_help(command, listed.name)}"
    if not isinstance(command, typer.core.TyperGroup):
        return text
    for name, inner in command.commands.items():
        text += _help(inner, f"{listed.name} {name}")
    return text


def _help(command: Any, name: str) -> str:  # noqa: ANN401 - a command of click
    context = typer.Context(
        command, info_name=f"gitexp {name}", terminal_width=96, max_content_width=96
    )
    return f"\n```\n{command.get_help(context).strip()}\n```\n"
