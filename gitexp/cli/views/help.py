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
        print_json(found)
    else:
        typer.echo(catalogue.page(found))
