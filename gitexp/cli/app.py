"""The edge: runs a command, and turns whatever ends it into an exit code and a message."""

# Not postponed: typer reads the annotations.
import contextlib
import gc
import io
import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

from gitexp.cli.lazy import Commands
from gitexp.cli.signals import INTERRUPTED, end_at_once, when_interrupted
from gitexp.cli.watching import watch
from gitexp.errors import GitexpError, Terminated, UsageError

app = typer.Typer(
    name="gitexp",
    cls=Commands,
    invoke_without_command=True,
    add_completion=False,  # ours answers without loading a parser
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_interrupts: list[int] = []  # signals that have arrived


@app.callback()
def _gitexp(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version; with --json, for a bug report.")
    ] = False,
    install_completion: Annotated[
        bool, typer.Option("--install-completion", help="Have your shell complete commands.")
    ] = False,
    show_completion: Annotated[
        str,
        typer.Option(
            "--show-completion", metavar="bash|zsh|fish", help="Print the script that does so."
        ),
    ] = "",
    debug: Annotated[  # noqa: ARG001 - read where a bug is reported
        bool, typer.Option("--debug", help="Show the whole traceback if gitexp itself fails.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    if version or install_completion or show_completion:
        from gitexp.cli import no_command  # what no command does

        if version:
            no_command.version(as_json=json_)
        else:
            no_command.completion(show_completion)
        raise typer.Exit
    from gitexp.store.git_environment import hold_environment  # not for the overview

    hold_environment()
    watch(sys.argv[1:])
    if context.invoked_subcommand is None:
        from gitexp.cli.commands.status import status  # loaded on demand, as every command is

        status(json_)
    elif json_:
        name = context.invoked_subcommand
        raise UsageError("--json follows the command", f"gitexp {name} --json")


def main() -> None:
    """Run the command line; the one place that turns errors into exit codes."""
    when_interrupted(_interrupt)
    # A command makes hardly any cycles and ends soon; a log of thousands would be searched for them
    # again and again.
    gc.set_threshold(100_000)
    # A character that the terminal's encoding lacks must not end a command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = _run()
    when_interrupted(end_at_once)
    for stream in filter(None, (sys.stdout, sys.stderr)):  # a stream may have been closed outside
        try:
            stream.flush()
        except OSError:
            code = code or 1
    # A normal exit frees every object: 10 ms, a tenth of most commands.
    os._exit(code)


def _interrupt(number: int, _frame: object) -> NoReturn:
    _interrupts.append(number)
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated


def _run() -> int:
    """Run the command; returns its exit code."""
    try:
        # Outside of standalone mode an Exit comes back as its code, and Ctrl-C as one.
        code = int(app(prog_name="gitexp", standalone_mode=False) or 0)
    except SystemExit as left:  # typer's own end where the reader (head, less) has gone
        return left.code if isinstance(left.code, int) else 1
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: a bug must end in one readable line
        # A module in C that is interrupted while it loads fails in a way of its own.
        if not (_interrupts and isinstance(error, ImportError | SystemError)):
            return _failed(error)
        code = INTERRUPTED
    return _interrupted() if code == INTERRUPTED else code


def _failed(error: Exception) -> int:
    """Report an error; returns its exit code."""
    when_interrupted(end_at_once)
    from gitexp.cli.errors import as_failure  # only a failure needs it

    failure = as_failure(error)
    if "--debug" in sys.argv and not isinstance(error, GitexpError):
        import traceback  # only needed with --debug

        traceback.print_exception(error)
    return _report(failure)


def _interrupted() -> int:
    when_interrupted(end_at_once)  # what is left is one message
    from gitexp.cli.errors import interrupted  # only a failure needs it

    if sys.stderr.isatty():
        typer.echo("", err=True)  # a terminal shows ^C where the cursor stood
    return _report(interrupted())


def _report(failure: GitexpError) -> int:
    """Say what happened: prose on standard error, and under --json an object on standard output."""
    # A command that succeeds needs none of these.
    from gitexp.cli.errors import failure_json
    from gitexp.cli.views.terminal import print_json
    from gitexp.rules.rendering import error_text

    # The reader of either stream may be gone, or the disk full.
    with contextlib.suppress(OSError):
        text = error_text(failure, "gitexp")
        typer.echo(_fitted(text) if sys.stderr.isatty() else text, err=True)
    if _wants_json(sys.argv[1:]):
        with contextlib.suppress(OSError):
            print_json(failure_json(failure))
    return failure.exit_code


def _fitted(text: str) -> str:
    """Break the lines of an error at the terminal's width, but no command and nothing quoted."""
    from gitexp.cli.errors import commands_in  # as above
    from gitexp.cli.views.terminal import filled, width

    lines = []
    for line in text.split("\n"):
        if len(line) > width() and not line.startswith(" "):
            for command in commands_in(line.removeprefix("-> ")):
                line = line.replace(command, command.replace(" ", "\0"))  # noqa: PLW2901 - whole
            lines.append(filled(line, "", "   ").replace("\0", " "))
        else:
            lines.append(line)
    return "\n".join(lines)


def _wants_json(words: list[str]) -> bool:
    """Whether --json is among the options, however wrong the other words are."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)
