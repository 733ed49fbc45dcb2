"""A command whose help shows its options in groups."""

from __future__ import annotations

from typing import Any

import typer.core

_REST = "Options"


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
