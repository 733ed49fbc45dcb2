"""What completion knows of commands and options: docs/generate.py writes it to options.json."""

from __future__ import annotations

import json
from typing import Any

from gitexp.cli.lazy import load
from gitexp.cli.overview import COMMANDS, UNLISTED
from gitexp.lab.catalogue import all_rules

_ALONE = ("--version", "--json", "--install-completion", "--show-completion", "--debug", "--help")


def listing() -> str:
    """Return the table, a command a line."""
    listed = {name: _described(load(name), one.help) for name, one in COMMANDS.items()}
    others = {name: _described(load(name), "") for name in UNLISTED}
    parts = [
        f'"options": {json.dumps(_ALONE)}',
        f'"rules": {json.dumps([rule.id for rule in all_rules()])}',
        f'"commands": {_lines(listed)}',
        f'"unlisted": {_lines(others)}',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(commands: dict[str, dict[str, Any]]) -> str:
    rows = (f"{json.dumps(name)}: {json.dumps(one)}" for name, one in commands.items())
    return "{\n" + ",\n".join(rows) + "\n}"


def _described(command: Any, said: str) -> dict[str, Any]:  # noqa: ANN401 - click's, or typer's own
    """Its help, what its arguments are called, and its options with what they take."""
    options: dict[str, str] = {}
    arguments: list[str] = []
    subcommands = getattr(command, "commands", {})
    for parameter in (*command.params, *(p for one in subcommands.values() for p in one.params)):
        if parameter.param_type_name == "argument":
            arguments.append(_called(parameter, many=parameter.nargs == -1))
        elif not getattr(parameter, "hidden", False):
            choices = "|".join(map(str, getattr(parameter.type, "choices", ())))
            takes = "" if parameter.is_flag else parameter.metavar or choices or "VALUE"
            options |= dict.fromkeys(parameter.opts, takes)
            options |= dict.fromkeys(parameter.secondary_opts, "")
    if subcommands:
        arguments = ["|".join(subcommands)]
    return {"help": said, "arguments": arguments, "options": options | {"--help": ""}}


def _called(argument: Any, *, many: bool) -> str:  # noqa: ANN401 - as above
    name = str(argument.metavar or argument.name.upper()).strip("[].")
    return f"{name}..." if many else name
