"""Write docs/commands.md from the command line's help, and the rules' examples into docs/rules.md.

--check fails where one of them is stale.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer.main

from gitexp.cli.main import app
from gitexp.rules.catalogue import RULES, Commands, Diff, Message
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitexp.rules.catalogue import Example, Rule
    from gitexp.rules.gate.one_change import Edited

DOCS = Path(__file__).parent
HEAD = """\
# Commands

Generated from `--help` by docs/generate.py.

Exit codes: 0 done, 1 a rule refused, 2 usage, 3 the repository is not ready, 4 the training
command failed, 5 the store stayed contended, 70 a bug, 130 interrupted.
"""
MARK = "<!-- From here on docs/generate.py writes, out of gitexp/rules/catalogue.py. -->\n"


def commands() -> str:
    """Return the command reference as Markdown."""
    group = typer.main.get_group(app)
    parts = [HEAD]
    for name, command in group.commands.items():
        context = typer.Context(
            command, info_name=f"gitexp {name}", terminal_width=96, max_content_width=96
        )
        parts.append(f"\n## gitexp {name}\n\n```\n{command.get_help(context).strip()}\n```\n")
    return "".join(parts)


def rules() -> str:
    """Return the rules as Markdown: what people wrote about them, then each with its examples."""
    written = (DOCS / "rules.md").read_text("utf-8").partition(MARK)[0]
    parts = [written, MARK]
    for group, listed in RULES.items():
        parts.append(f"\n## {group}\n| id | says |\n|---|---|\n")
        parts += [
            f"| [{rule.id}](#{rule.id.lower()}) | {rule.says}{_mark(rule)} |\n" for rule in listed
        ]
    for listed in RULES.values():
        parts += map(_rule, listed)
    return "".join(parts)


def _mark(rule: Rule) -> str:
    return " (advice)" if rule.advice else ""


def _rule(rule: Rule) -> str:
    word = "Advised" if rule.advice else "Refused"
    return (
        f"\n### {rule.id}\n**{rule.says[0].upper()}{rule.says[1:]}**{_mark(rule)}. {rule.why}\n"
        f"\n{word}:\n{_shown(rule.refused)}\nNot {word.lower()}:\n{_shown(rule.accepted)}"
    )


def _shown(example: Example) -> str:
    if isinstance(example, Diff):
        lines = [line for file in example.files for line in _diff(file)]
        return _fenced("diff", "\n".join(lines) or "(an empty commit)")
    if isinstance(example, Message):
        return _fenced("", visible(example.text.strip("\n")))
    assert isinstance(example, Commands)  # noqa: S101 - there is no fourth kind
    return _fenced("sh", "\n".join(example.steps))


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n"


def _diff(file: Edited) -> Iterator[str]:
    """Lines of a diff as git shows it, without its index line."""
    yield f"--- {'a/' + file.path if file.before is not None else '/dev/null'}"
    yield f"+++ {'b/' + file.path if file.after is not None else '/dev/null'}"
    if file.before is not None and file.old_mode != file.new_mode:
        yield f"old mode {file.old_mode}"
        yield f"new mode {file.new_mode}"
    old, new = (
        (side or b"").decode().splitlines(keepends=True) for side in (file.before, file.after)
    )
    for line in list(difflib.unified_diff(old, new, n=1))[2:]:
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


if __name__ == "__main__":
    for target, text in (("commands.md", commands()), ("rules.md", rules())):
        if "--check" not in sys.argv:
            (DOCS / target).write_text(text, "utf-8")
        elif (DOCS / target).read_text("utf-8") != text:
            sys.exit(f"docs/{target} is out of date: python docs/generate.py")
