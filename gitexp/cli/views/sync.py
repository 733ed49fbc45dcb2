"""What `sync` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from gitexp.cli.views.terminal import listed, print_json
from gitexp.rules.text import counted, first_few, visible
from gitexp.store.refs import LOGS

if TYPE_CHECKING:
    from gitexp.lab.sharing.report import Flow, Synced

_MOST_NAMED, _FEW = 10, 3


def synced(done: Synced, *, as_json: bool) -> None:
    """Print what came in and went out, what it changed, and what was refused."""
    if as_json:
        print_json(done)
        return
    verbs = ("would come", "would go") if done.dry else ("came", "went")
    said = f"{_flow(done.came)} {verbs[0]} in, {_flow(done.went)} {verbs[1]} out"
    if done.verdicts:
        said += f"; {counted(len(done.verdicts), 'verdict')} changed"
    lines = [f"{done.remote}: {said}"]
    lines += _some([f"  {m.commit[:8]}  {m.before}\n        -> {m.after}" for m in done.verdicts])
    lines += _some(
        [
            f"  exp/{r.old} has new code; the old one is archived as exp/{r.new}"
            for r in done.renames
            if r.replaced
        ]
    )
    renamed = [r for r in done.renames if not r.replaced]
    lines += _some([f"  exp/{r.old} ({r.commit[:8]}) is called exp/{r.new} here" for r in renamed])
    if renamed:
        lines.append(
            "    because two experiments had the same name; the later one gets digits of its commit"
        )
    if done.folded:
        lines.append(f"  {counted(done.folded, 'run')} from other machines added to the notes")
    if done.away:
        named, few = ", ".join(f"exp/{name}" for name in done.away), len(done.away) <= _FEW
        said = named if few else f"{len(done.away):,} experiments"
        lines.append(f"  deleted here, so left out: {said} (gitexp archive --restore NAME)")
    if done.redacted:
        lines.append(
            "  what was redacted elsewhere is removed from the notes here too"
            " (git gc --prune=now removes it from the disk)"
        )
    if done.replaced:
        lines.append(f"  what was redacted here is removed from the notes on {done.remote} too")
    lines += _some([f"  {name} stays here: {why}" for name, why in done.kept.items()])
    lines += _refusals(done)
    if done.pending:
        logs = " --logs" if LOGS in done.pending else ""
        lines.append(
            f"  redacted here, but not on {done.remote}: {', '.join(done.pending)}"
            f" (gitexp sync {done.remote} --redacted{logs})"
        )
    lines += [f"Note: {warning}" for warning in done.warnings]
    typer.echo(visible("\n".join(lines)))


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_NAMED
    return [*lines[:_MOST_NAMED], f"  and {more:,} more"] if more > 0 else lines


def _refusals(done: Synced) -> list[str]:
    """What the remote refused, each reason once, and what that means."""
    by_reason: dict[str, list[str]] = {}
    for ref, why in done.refused.items():
        by_reason.setdefault(why, []).append(ref)
    lines = []
    for why, refs in by_reason.items():
        said = why.replace("\n", "\n    | ")
        lines.append(f"  {done.remote} refused {first_few(refs, _MOST_NAMED)}: {said}")
    if done.redacting and not done.notes_taken:
        lines.append("  the owner can allow it there with: git config gitexp.allowRedaction true")
    elif not done.notes_taken:
        lines.append(
            "  results are shared in these notes alone: ask the owner, or use another remote:"
            " git remote add NAME URL && gitexp sync NAME"
        )
    elif not done.ok:
        lines.append(
            "  these experiments stay in this clone, and whoever syncs with"
            f" {done.remote} sees their records alone: ask its owner to take refs/heads/exp/*"
        )
    elif any(ref.startswith("refs/gitexp/") for ref in done.refused):
        lines.append("  archived experiments stay in this clone")
    return lines


def _flow(flow: Flow) -> str:
    """Name what went one way."""
    parts = [
        counted(count, word)
        for count, word in (
            (flow.experiments, "experiment"), (flow.archived, "archived experiment"),
            (flow.records, "record"), (flow.logs, "log"),
        )
        if count
    ]  # fmt: skip
    return listed(parts) or "nothing"
