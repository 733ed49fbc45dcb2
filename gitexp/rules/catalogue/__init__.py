"""Every rule by its id: what it says, why, and an example that it refuses beside one that passes.

The TOML files beside this module hold the rules, a file for each family. lab/catalogue.py reads
them; here they are parsed and written out for a terminal.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gitexp.rules.text import visible


class ExampleKind(StrEnum):
    """How an example shows what a rule is about."""

    DIFF = "diff"
    MESSAGE = "message"
    COMMANDS = "commands"


@dataclass(frozen=True, slots=True)
class Example:
    """A diff, a commit message, or commands to type, of which the last one is refused or passes."""

    kind: ExampleKind
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The example as a reader sees it; characters that a terminal acts on come escaped."""
        return visible("\n".join(self.parts).strip("\n")) or "(an empty commit)"

    def as_json(self) -> str:
        """Return the example as `gitexp help ID --json` prints it."""
        return self.text


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `advice` only informs, every other rule refuses."""

    id: str
    family: str
    says: str
    why: str
    refused: Example
    accepted: Example
    advice: bool = False

    @property
    def examples(self) -> tuple[tuple[str, Example], tuple[str, Example]]:
        """Both examples, each with its heading."""
        if self.advice:
            return ("Gets this advice", self.refused), ("Does not get it", self.accepted)
        return ("Refused", self.refused), ("Accepted", self.accepted)


@dataclass(frozen=True, slots=True)
class Shared:
    """What examples share: the files that they start from, by path, and examples by name."""

    files: Mapping[str, str]
    examples: Mapping[str, Example]


def parse_shared(text: str) -> Shared:
    """Read shared.toml."""
    table = tomllib.loads(text)
    examples = {name: _example(entry) for name, entry in table["examples"].items()}
    return Shared(table["files"], examples)


def parse_family(text: str, shared: Shared) -> tuple[Rule, ...]:
    """Read the rules of one family."""
    table = tomllib.loads(text)

    def example(entry: str | dict[str, Any]) -> Example:
        return shared.examples[entry] if isinstance(entry, str) else _example(entry)

    return tuple(
        Rule(
            rule["id"],
            table["title"],
            rule["says"],
            " ".join(rule["why"].split()),
            example(rule["refused"]),
            example(rule["accepted"]),
            rule.get("advice", False),
        )
        for rule in table["rule"]
    )


def _example(entry: Mapping[str, Any]) -> Example:
    [(kind, content)] = entry.items()
    return Example(ExampleKind(kind), tuple(content) if isinstance(content, list) else (content,))


def page(rule: Rule, width: int = 80) -> str:
    """Return a rule's page as plain text, prose wrapped at `width` columns."""
    return "\n".join(_page_lines(rule, width))


def _page_lines(rule: Rule, width: int) -> Iterator[str]:
    mark = " (advice)" if rule.advice else ""
    yield from textwrap.wrap(f"{rule.id}{mark}: {rule.says}", width)
    yield ""
    yield from textwrap.wrap(rule.why, width, break_on_hyphens=False)
    for title, example in rule.examples:
        yield f"\n{title}:\n"
        yield from _indented(example.text.split("\n"))


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}".rstrip() for line in lines)
