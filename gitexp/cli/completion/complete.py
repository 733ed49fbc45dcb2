"""Answer a shell: which words may come next.

A shell script (scripts.py) calls the program with its name in _GITEXP_COMPLETE and the words up to
the cursor. The first line of the answer is `files` where the shell may offer files of its own, else
`words`; then a candidate a line, for zsh and fish with a tab and what it means. Nothing is written,
no code of the project runs, and what goes wrong is passed over in silence.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

TYPE_CHECKING = False  # as in typing, which takes 5 ms to load
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

SHELLS = ("bash", "zsh", "fish")
OPTIONS = Path(__file__).with_name("options.json")
_PLACES = {"FILE", "PATH", "SCRIPT", "FOLDER", "STORE"}  # what options call files of any kind
_OTHER_NAMES = {"--key", "--metric", "--preset"}  # they take names of other things
_BREAKS = "=:"  # bash divides words there


def answer(shell: str, words: Sequence[str]) -> str:
    """The answer to a shell, empty where it is not one that is known."""
    if shell not in SHELLS:
        return ""
    typed = _joined(words) if shell == "bash" else [*words]
    typed = typed or [""]
    last = typed[-1].lstrip("'\"")
    try:
        places, found = candidates([*typed[:-1], last])
    except Exception:  # noqa: BLE001 - a key that completes nothing is all that may happen
        places, found = False, {}
    lines = ["files" if places else "words"]
    for word, said in found.items():
        if word.startswith(last) and word.isprintable():
            if shell == "bash":
                lines.append(_rest(word, last))
            else:
                lines.append(f"{word}\t{said}" if said else word)
    return "\n".join(lines) + "\n"


def candidates(words: Sequence[str]) -> tuple[bool, dict[str, str]]:
    """Whether files may come last, and what else, with its meaning; the last word is unfinished."""
    table: dict[str, Any] = json.loads(OPTIONS.read_text("utf-8"))
    commands, last = table["commands"], words[-1]
    before = [*words[:-1]]
    while before and before[0].startswith("-"):  # options before the command
        before = before[1:]
    if not before:
        if last.startswith("-"):
            return False, dict.fromkeys(table["options"], "")
        return False, {name: command["help"] for name, command in commands.items()}
    command = commands.get(before[0]) or table["unlisted"].get(before[0])
    if command is None:
        return False, {}
    options: dict[str, str] = command["options"]
    option, equals, _ = last.partition("=")
    if equals and option in options:  # --option=value
        places, found = _taken(options[option], option, last.removeprefix(f"{option}="))
        return places, {f"{option}={word}": said for word, said in found.items()}
    if metavar := options.get(before[-1]):
        return _taken(metavar, before[-1], last)
    if last.startswith("-"):
        return False, {one: "" for one in options if one.startswith("--")}
    if before[0] == "help":
        topics = {name: one["help"] for name, one in commands.items()}
        return False, topics | dict.fromkeys(table["rules"], "a rule")
    return _taken(_argument(command, before[1:], options), before[0], last)


def _argument(command: dict[str, Any], before: Sequence[str], options: dict[str, str]) -> str:
    """What the next argument of a command is called; the last one may be repeated."""
    given = 0
    for at, word in enumerate(before):
        if not word.startswith("-") and not (at and options.get(before[at - 1])):
            given += 1
    arguments: list[str] = command["arguments"]
    if given < len(arguments):
        return arguments[given]
    return arguments[-1] if arguments and arguments[-1].endswith("...") else ""


def _taken(metavar: str, where: str, typed: str) -> tuple[bool, dict[str, str]]:
    """What goes where an option or an argument says what it takes."""
    from gitexp.cli.completion import candidates as some  # git is asked only here

    name = metavar.removesuffix("...")
    found: Iterable[str] = ()
    if where == "blame":
        found = some.config_files()
    elif name.split("|")[0] == "NAME" and where not in _OTHER_NAMES:
        found = some.experiments()
    elif name.startswith("KEY=VALUE"):
        found = some.settings(typed)
    elif name in {"REMOTE", "REV"}:
        found = some.remotes() if name == "REMOTE" else some.branches()
    elif where == "--filter":
        found = some.filters(typed)
    elif where == "--evidence":
        found = ("gap:", "log:", "paper:", "hunch:")
    else:  # words to choose from are in lower case, what they stand for in upper case
        found = filter(str.islower, name.split("|"))
    return name in _PLACES and where != "blame", dict.fromkeys(found, "")


# --- bash ---------------------------------------------------------------------------------------


def _joined(words: Sequence[str]) -> list[str]:
    """Join what bash divided: `model.C`, `=`, `1` were typed as one word."""
    typed: list[str] = []
    for word in words:
        broken = bool(word) and not word.strip(_BREAKS)
        if typed and (broken or typed[-1][-1:] in {*_BREAKS}):
            typed[-1] += word
        else:
            typed.append(word)
    return typed


def _rest(word: str, typed: str) -> str:
    """The part that bash replaces, quoted for it: what follows the last place where it divides."""
    at = max(typed.rfind(sign) for sign in _BREAKS) + 1
    return shlex.quote(word[at:])


def main(shell: str) -> None:
    """Answer the shell that called, and end."""
    text = answer(shell, sys.argv[1:])
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()
    os._exit(0)
