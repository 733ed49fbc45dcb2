"""Write docs/commands.md from the command line's help, and the rules' examples into docs/rules.md.

--check fails where one of them is stale.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import typer.main

from gitexp.cli.main import app
from gitexp.lab.catalogue import all_rules
from gitexp.rules.catalogue import Kind

if TYPE_CHECKING:
    from gitexp.rules.catalogue import Example, Rule

DOCS = Path(__file__).parent
HEAD = """\
# Commands

Generated from `--help` by docs/generate.py.

Exit codes: 0 done, 1 a rule refused, 2 usage, 3 the repository is not ready, 4 the training
command failed, 5 the store stayed contended, 70 a bug, 130 interrupted.
"""
_LANGUAGES = {Kind.DIFF: "diff", Kind.MESSAGE: "", Kind.COMMANDS: "sh"}
MARK = "<!-- From here on docs/generate.py writes, from gitexp/rules/catalogue/. -->\n"


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
    for family, listed in groupby(all_rules(), lambda rule: rule.family):
        parts.append(f"\n## {family}\n| id | says |\n|---|---|\n")
        parts += [
            f"| [{rule.id}](#{rule.id.lower()}) | {rule.says}{_mark(rule)} |\n" for rule in listed
        ]
    parts += map(_rule, all_rules())
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
    return f"```{_LANGUAGES[example.kind]}\n{example.text}\n```\n"


if __name__ == "__main__":
    for target, text in (("commands.md", commands()), ("rules.md", rules())):
        if "--check" not in sys.argv:
            (DOCS / target).write_text(text, "utf-8")
        elif (DOCS / target).read_text("utf-8") != text:
            sys.exit(f"docs/{target} is out of date: python docs/generate.py")
