"""What `gitexp help` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.rules import catalogue

if TYPE_CHECKING:
    from gitexp.rules.catalogue import Rule


class PageJson(TypedDict):
    """A page of help."""

    help: str


class RuleJson(TypedDict):
    """A rule: what it says and why, and what it refuses and accepts."""

    id: str
    family: str
    says: str
    why: str
    refused: str
    accepted: str
    advice: bool


def page(text: str, *, as_json: bool) -> None:
    """Print a page of help that is text already."""
    if as_json:
        content: PageJson = {"help": text}
        print_json(content)
    else:
        typer.echo(text)


def rule(found: Rule, *, as_json: bool) -> None:
    """Print what a rule says and why, with an example that it refuses and one that passes."""
    if as_json:
        content: RuleJson = {
            "id": found.id,
            "family": found.family,
            "says": found.says,
            "why": found.why,
            "refused": found.refused.text,
            "accepted": found.accepted.text,
            "advice": found.advice,
        }
        print_json(content)
    else:
        typer.echo(catalogue.page(found))
