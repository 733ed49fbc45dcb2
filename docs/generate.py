"""Write docs/commands.md from the command line's help, and the rules' examples into docs/rules.md.

--check fails where one of them is stale.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from gitexp.cli.reference import reference
from gitexp.lab.catalogue import all_rules
from gitexp.rules.catalogue import ExampleKind

if TYPE_CHECKING:
    from gitexp.rules.catalogue import Example, Rule

DOCS = Path(__file__).parent
HEAD_OF_COMMANDS = """\
# Commands

Generated from `--help` by docs/generate.py.

Names of 0.1.0 still work: `search` and `calibration` (now `log`), `baseline` (`run --baseline`),
`split` and `preset` (`start`), `restore` (`archive --restore`), `gc` (`doctor --gc`).

Under `--json` a command that fails answers on standard output with
`{"error": {"id", "message", "hint", "commands"}}`: `id` names the kind of error or the rule that
refused, and `commands` lists what the hint says to type. Where rules refused, `violations` lists
each of them. The same is said in words on standard error.
"""
_LANGUAGES = {ExampleKind.DIFF: "diff", ExampleKind.MESSAGE: "", ExampleKind.COMMANDS: "sh"}
MARK = "<!-- From here on docs/generate.py writes, from gitexp/rules/catalogue/. -->\n"


def commands() -> str:
    """Return the command reference as Markdown."""
    return f"{HEAD_OF_COMMANDS}\n{reference()}"


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
    examples = "\n".join(f"{title}:\n{_shown(example)}" for title, example in rule.examples)
    says = f"{rule.says[0].upper()}{rule.says[1:]}"
    return f"\n### {rule.id}\n**{says}**{_mark(rule)}. {rule.why}\n\n{examples}"


def _shown(example: Example) -> str:
    return f"```{_LANGUAGES[example.kind]}\n{example.text}\n```\n"


if __name__ == "__main__":
    for target, text in (("commands.md", commands()), ("rules.md", rules())):
        if "--check" not in sys.argv:
            (DOCS / target).write_text(text, "utf-8")
        elif (DOCS / target).read_text("utf-8") != text:
            sys.exit(f"docs/{target} is out of date: python docs/generate.py")
