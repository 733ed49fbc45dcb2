"""What noting a remark prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import typer

from gitexp.cli.views.terminal import print_json, wrapped

if TYPE_CHECKING:
    from gitexp.rules.documents.remark import RemarkJson
    from gitexp.workflows.note import Noted


class NotedJson(TypedDict):
    """The remark that was stored, and the experiment that it is on."""

    name: str
    commit: str
    remark: RemarkJson


def noted(done: Noted, *, as_json: bool) -> None:
    """Print a remark that was stored, and where to read it."""
    if as_json:
        shown: NotedJson = {
            "name": done.name,
            "commit": done.remark.commit,
            "remark": done.remark.as_json(),
        }
        print_json(shown)
        return
    typer.echo(f"exp/{done.name}")
    typer.echo(wrapped(str(done.remark), lines=3))
