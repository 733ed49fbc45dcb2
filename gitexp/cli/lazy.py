"""The group of all commands, each loaded when it is asked for."""

from __future__ import annotations

import gc
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

import typer.core
import typer.main

from gitexp.cli.overview import COMMANDS, UNLISTED, as_now, overview
from gitexp.errors import UsageError

_HOMES = {"try": "try_work_tree"}  # modules that cannot have the name of their command
_REST = "Options"


class Commands(typer.core.TyperGroup):
    """The commands in the overview's table, each in a module of its name."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - as click calls it
        """Names of the commands that are listed."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - click's
        """Load a command; None if there is none of that name."""
        return load(cmd_name) if cmd_name in COMMANDS | UNLISTED else None

    def get_help(self, ctx: object) -> str:  # noqa: ARG002 - as click calls it
        """Return the overview."""
        return overview()

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - click's types
        """Find the command that the words begin with.

        Raises:
            UsageError: there is none.
        """
        words = as_now(args)
        if words[0] not in COMMANDS | UNLISTED and not words[0].startswith("-"):
            unknown(words[0])
        found = super().resolve_command(ctx, words)
        # What was loaded stays to the end. Searching it for garbage again and again takes 5 % of a
        # command's time.
        gc.freeze()
        gc.enable()
        return found


def unknown(name: str) -> NoReturn:
    """Say that there is no such command, and which one may have been meant."""
    from difflib import get_close_matches  # only a mistyped command needs it

    near = get_close_matches(name, COMMANDS, n=2)
    hint = " or ".join(f"gitexp {one}" for one in near)
    raise UsageError(
        f"there is no command {name!r}",
        f"did you mean: {hint}" if near else "see which there are: gitexp --help",
    )


def load(name: str) -> Any:  # noqa: ANN401 - a command of click, whichever typer has
    """Load a command from the module of its name."""
    found = vars(import_module(f"gitexp.cli.commands.{_HOMES.get(name, name)}"))
    # `next`, `try` and `help` are names of Python's own.
    function: Callable[..., None] | typer.Typer = found.get(f"{name}_") or found[name]
    if isinstance(function, typer.Typer):
        app = function
    else:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        epilog = (COMMANDS | UNLISTED)[name].epilog
        app.command(name, cls=Grouped, epilog=epilog)(function)
    command: Any = typer.main.get_command(app)
    command.name = name
    return command


class Grouped(typer.core.TyperCommand):
    """A command whose options may each name a group; those that name none come last."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - click's types
        """Write the arguments, then each group of options under its name."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        rest: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            if (shown := parameter.get_help_record(ctx)) is None:
                continue
            group = getattr(parameter, "rich_help_panel", None)
            if parameter.param_type_name == "argument":
                groups["Arguments"].append(shown)
            elif group:
                groups.setdefault(group, []).append(shown)
            else:
                rest.append(shown)
        for name, listed in (groups | {_REST: rest}).items():
            if listed:
                with formatter.section(name):
                    formatter.write_dl(listed)
