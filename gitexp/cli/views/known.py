"""How claims look that are settled already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import hanging, print_json, wrapped

if TYPE_CHECKING:
    from gitexp.rules.documents.known import Known
    from gitexp.workflows.known import Learned


def settled(found: Sequence[Known], *, as_json: bool) -> None:
    """Print what is known already, a claim with its key and source each."""
    if as_json:
        print_json(found)
        return
    for one in found:
        at = f" = {one.value}" if one.value is not None else ""
        typer.echo(wrapped(f"{one.key}{at}", ""))
        typer.echo(wrapped(one.claim))
        typer.echo(hanging("  source: ", one.source))
    if not found:
        typer.echo('Nothing is known yet: gitexp known add "CLAIM" --key KEY --source TEXT')


def learned(done: Learned, *, as_json: bool) -> None:
    """Print the claim that was written down, or that was there already."""
    if as_json:
        print_json(done.known)
        return
    says = "now says" if done.is_new else "already says"
    typer.echo(wrapped(f"KNOWN.toml on {done.baseline} {says}:", ""))
    typer.echo(wrapped(f"{done.known.key}: {done.known.claim}"))
    typer.echo(hanging("  source: ", done.known.source))
