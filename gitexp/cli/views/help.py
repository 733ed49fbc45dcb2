"""What `gitexp help` prints."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import print_json
from gitexp.rules import catalogue

if TYPE_CHECKING:
    from gitexp.rules.catalogue import Rule


def page(text: str, *, as_json: bool) -> None:
    """Print a page of help that is text already."""
    if as_json:
        print_json({"help": text})
    else:
        typer.echo(text)


def rule(found: Rule, *, as_json: bool) -> None:
    """Print what a rule says and why, with an example that it refuses and one that passes."""
    if as_json:
        examples = {"refused": found.refused.text, "accepted": found.accepted.text}
        print_json(dataclasses.asdict(found) | examples)
    else:
        typer.echo(catalogue.page(found))
