"""Whatever ends a command early, as one of gitexp's own errors: for people, and as JSON."""

from __future__ import annotations

import errno
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from gitexp.cli.overview import COMMANDS
from gitexp.errors import NO_ROOM, GitexpError, NotReady, Refused, Stopped, UsageError, disk_full

if TYPE_CHECKING:
    from gitexp.rules.finding import Finding

_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}

# Programs that hints tell you to run, where a command may begin.
_BEGIN = re.compile(
    r"(?:^|(?<=[:;] )|(?<=\bor )|(?<=\bthen ))(?=(?:gitexp|git|cd|rm|pip|ls|jupyter) \S|gitexp$)"
)
_JOINS = {"or", "then", "and"}
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")
_PARSER_SAYS = (
    (re.compile(r"got unexpected extra argument(?:s|\(s\))? \((.*)\)"), r"too many arguments: \1"),
    (re.compile(r"is not a valid int(?:eger)?(?: range)?$"), "is not a whole number"),
    (re.compile(r"is not a valid float(?: range)?$"), "is not a number"),
    (re.compile(r"is not in the range x>=(\S+)$"), r"is less than \1"),
    (re.compile(r"is not in the range (\S+)<=x<=(\S+)$"), r"is not between \1 and \2"),
)
_PLAIN = re.compile(r"[a-z]+")  # a word of a sentence, or one argument
_DASHED_TEXT = re.compile(r"-[^a-zA-Z-]")  # no option of ours begins so: a number, or a list's dash
_WITH_SUBCOMMANDS = {"git", "gitexp", "pip", "jupyter"}


class Bug(GitexpError):
    """An exception that gitexp does not expect."""

    exit_code = 70
    kind = "bug"


def as_failure(error: BaseException) -> GitexpError:
    """Return what ended a command as an error with a message, a hint and an exit code."""
    if isinstance(error, GitexpError):
        return error
    if isinstance(error, OSError):
        return _refused_by_system(error)
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # the parser's own
        context = getattr(error, "ctx", None)
        # An option without its argument brings no context along.
        command = context.command_path if context is not None else _typed_command()
        message = str(error.format_message()).strip().removesuffix(".")
        message = message[:1].lower() + message[1:]
        for theirs, ours in _PARSER_SAYS:
            message = theirs.sub(ours, message)
        hint = f"{command} --help"
        if near := list(getattr(error, "possibilities", None) or ()):
            message = message.partition(" (")[0]
            hint = f"did you mean {' or '.join(near)}?\n{hint}"
        if _DASHED_TEXT.match(str(getattr(error, "option_name", ""))):
            hint += "\ntext that begins with a dash goes behind --, after the options"
        return UsageError(message, hint)
    return _bug(error)


def _typed_command() -> str:
    return " ".join(["gitexp", *(word for word in sys.argv[1:2] if word in COMMANDS)])


def interrupted() -> Stopped:
    """Say that a command was stopped from outside."""
    return Stopped("interrupted; nothing that had finished is lost")


def _refused_by_system(error: OSError) -> GitexpError:
    if error.errno in NO_ROOM:
        return disk_full(error.filename)
    if error.errno in _UNWRITABLE:
        place = "what was to be written" if error.filename is None else error.filename
        return NotReady(f"{place}: {error.strerror}")
    return NotReady(f"the system refused: {error}")


def _bug(error: BaseException) -> Bug:
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    at = f" ({Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno})" if where else ""
    return Bug(
        f"this is a bug in gitexp, sorry: {type(error).__name__}: {error}{at}",
        "run the same command with --debug (gitexp --debug ...) for a traceback to report",
    )


class ErrorJson(TypedDict):
    """Why a command failed: `id` is the kind of the error, or the first rule that refused.

    `commands` are those of the hint, to be typed as they are.
    """

    id: str
    message: str
    hint: str
    commands: list[str]
    violations: NotRequired[tuple[Finding, ...]]


class FailureJson(TypedDict):
    """What a command that fails prints in place of its result."""

    error: ErrorJson


def failure_json(error: GitexpError) -> FailureJson:
    """Return an error as every command prints it under --json; `id` is the first broken rule's."""
    from gitexp.rules.finding import refusals  # only a failure needs findings

    broken = refusals(error.findings) if isinstance(error, Refused) else ()
    hint = "\n".join(filter(None, [error.hint, *(finding.hint for finding in broken)]))
    said: ErrorJson = {
        "id": broken[0].id if broken else error.kind,
        "message": error.message,
        "hint": hint,
        "commands": list(commands_in(hint)),
    }
    if broken:
        said["violations"] = broken
    return {"error": said}


def commands_in(hint: str) -> tuple[str, ...]:
    """Commands to type that a hint contains, each once, in their order.

    A command stands at the start of a line, or after a colon, a semicolon, "or" or "then". It ends
    with the line, at a comma or semicolon, or where prose goes on: two plain words in a row.
    """
    found: dict[str, None] = {}
    for indented in hint.split("\n"):
        line, at = re.sub(r"\s+(then|or)\s+", r" \1 ", indented.strip()), 0
        while begin := _BEGIN.search(line, at):
            at = begin.start() + _length(line[begin.start() :])
            command = line[begin.start() : at].rstrip(" .")
            if " " in command or command == "gitexp":
                found[command] = None
    return tuple(found)


def _length(text: str) -> int:
    """Length of the command that a text begins with."""
    words = list(_WORD.finditer(text))
    place = 0  # of a word in its command, of which && may join several
    program = ""
    for word, following in pairwise([*words, None]):
        assert word is not None  # noqa: S101 - for the type checker: only the last one is None
        program = program if place else word[0]
        after = following[0] if following is not None else ""
        if word[0][-1] in ",;:)":
            return word.end() - 1
        if after in _JOINS:
            return word.end()
        # The name of a subcommand is not prose.
        if place >= (2 if program in _WITH_SUBCOMMANDS else 1) and _is_prose(word[0], after):
            return word.start()
        place = 0 if word[0] == "&&" else place + 1
    return len(text)


def _is_prose(word: str, after: str) -> bool:
    return all(_PLAIN.fullmatch(one) for one in (word, after.rstrip(".,:;")))
