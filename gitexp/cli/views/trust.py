"""What approving settings and code prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.terminal import print_json, wrapped
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from gitexp.lab.trust.to_approve import ToApprove

_MOST = 200  # lines of one difference, where there is no pager


class TrustJson(TypedDict):
    """What waits for approval, and whether it was approved now."""

    approved: bool
    waiting: Sequence[ToApprove]


class SignerJson(TypedDict):
    """The key whose code is trusted from now on."""

    signer: str


def waiting_json(waiting: Sequence[ToApprove], *, approved: bool) -> None:
    """Print what waits, for a program."""
    content: TrustJson = {"approved": approved, "waiting": waiting}
    print_json(content)


def nothing(name: str | None) -> None:
    """Print that there is nothing to approve."""
    what = f"What exp/{name.removeprefix('exp/')} runs" if name else "What would run here"
    typer.echo(f"{what} is already approved in this clone.")


def to_approve(waiting: Sequence[ToApprove]) -> None:
    """Print what would be approved; in a terminal, a pager shows what is long."""
    paged = sys.stdin.isatty() and sys.stdout.isatty()
    text = "\n\n".join(_spelled(one, None if paged else _MOST) for one in waiting)
    if paged and text.count("\n") > _MOST:
        import pydoc  # slow to load, and few differences are that long

        pydoc.pager(text + "\n")
        text = "\n".join(one.what for one in waiting)
    typer.echo(text)


def _spelled(one: ToApprove, most: int | None) -> str:
    lines = one.shown.split("\n")
    left = 0 if most is None else len(lines) - most
    if left > 0:
        lines = [*lines[:most], f"  ... {counted(left, 'more line')}: {one.command}"]
    return "\n".join([wrapped(f"{one.what}:", ""), *lines])


def approved() -> None:
    """Print that all of it was approved."""
    typer.echo("Approved.")


def signer(fingerprint: str, *, as_json: bool) -> None:
    """Print whose code is trusted from now on."""
    if as_json:
        content: SignerJson = {"signer": fingerprint}
        print_json(content)
        return
    typer.echo(f"Code that {fingerprint} signed now runs in this clone.")
