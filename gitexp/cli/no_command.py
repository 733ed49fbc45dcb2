"""What `gitexp` does without a command: print its version, set up completion."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from gitexp import __version__
from gitexp.cli.completion.scripts import install, script_for


def version(*, as_json: bool) -> None:
    """Print the version; as JSON, also what it runs on."""
    if not as_json:
        typer.echo(f"gitexp {__version__}")
        return
    # For a bug report alone.
    from gitexp.cli.views.terminal import print_json
    from gitexp.lab.itself import describe_itself

    print_json(describe_itself())


def completion(shown: str) -> None:
    """Print the completion script of a shell, or install that of the shell in use."""
    if shown:
        typer.echo(script_for(shown), nl=False)
        return
    done = install(_shell(), Path.home())
    typer.echo(f"wrote {done.script}")
    if done.loaded_by is not None:
        typer.echo(f"{done.loaded_by} loads it")
    typer.echo("open a new terminal, and try: gitexp <TAB>")


def _shell() -> str:
    """The shell that this was called from, else the one that you log in with."""
    import shellingham  # comes with typer; looks at processes

    try:
        name: str = shellingham.detect_shell()[0]
    except (shellingham.ShellDetectionFailure, NotImplementedError):
        name = ""
    return name if name in {"bash", "zsh", "fish"} else Path(os.environ.get("SHELL", "")).name
