"""Write docs/commands.md from the command line's own help; --check fails where it is stale."""

from __future__ import annotations

import sys
from pathlib import Path

import typer.main

from gitexp.cli.main import app

TARGET = Path(__file__).parent / "commands.md"
HEAD = """\
# Commands

Generated from `--help` by docs/generate.py.

Exit codes: 0 done, 1 a rule refused, 2 usage, 3 the repository is not ready, 4 the training
command failed, 5 the store stayed contended, 70 a bug, 130 interrupted.
"""


def reference() -> str:
    """Return the command reference as Markdown."""
    group = typer.main.get_group(app)
    parts = [HEAD]
    for name, command in group.commands.items():
        context = typer.Context(
            command, info_name=f"gitexp {name}", terminal_width=96, max_content_width=96
        )
        parts.append(f"\n## gitexp {name}\n\n```\n{command.get_help(context).strip()}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    if "--check" in sys.argv:
        if TARGET.read_text("utf-8") != reference():
            sys.exit("docs/commands.md is out of date: python docs/generate.py")
    else:
        TARGET.write_text(reference(), "utf-8")
