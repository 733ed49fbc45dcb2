"""Commands that share results, and the one that takes a value out of what is shared."""

# Not postponed: see main.py.
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gitexp.errors import GitexpError
from gitexp.rules.text import visible

if TYPE_CHECKING:
    from gitexp.workflows.redact import Found, Redaction
    from gitexp.workflows.sync import Flow, Synced

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
]
_MOST_NAMED, _FEW = 10, 3


def sync(
    remote: Annotated[
        str | None,
        typer.Argument(
            metavar="[REMOTE]",
            help="Remote to share with; without it, the one that the baseline branch follows.",
        ),
    ] = None,
    logs: Annotated[bool, typer.Option("--logs", help="Share the logs of runs, too.")] = False,
    redacted: Annotated[
        bool,
        typer.Option(
            "--redacted", help="Replace notes on the remote that hold what was redacted here."
        ),
    ] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Share experiments and results with a remote, both ways.

    Nothing is overwritten, there or here. The baseline branch is yours: git pull, git push.
    """
    from gitexp.lab.project import open_project
    from gitexp.workflows.sync import sync as workflow

    done = workflow(
        open_project(), remote, logs=logs, dry=dry_run, redacted=redacted,
        ask=_ask_remote if sys.stdin.isatty() and not json_ else None,
        say=lambda text: typer.echo(visible(text), err=True),
    )  # fmt: skip
    if json_:
        typer.echo(json.dumps(done.as_json(), indent=2))
    else:
        _show(done)
    if not done.ok:
        raise typer.Exit(3)


def _ask_remote(remotes: Sequence[str]) -> str:
    return str(typer.prompt(f"Which remote? {', '.join(remotes)}", err=True))


def _show(done: "Synced") -> None:
    from gitexp.store.notes import LOGS

    verbs = ("would come", "would go") if done.dry else ("came", "went")
    said = f"{_flow(done.came)} {verbs[0]} in, {_flow(done.went)} {verbs[1]} out"
    if done.verdicts:
        said += f"; {_counted(len(done.verdicts), 'verdict')} changed"
    lines = [f"{done.remote}: {said}"]
    lines += _some([f"  {m.commit[:8]}  {m.before}\n        -> {m.after}" for m in done.verdicts])
    lines += _some([f"  exp/{r.old} ({r.commit[:8]}) is exp/{r.new} here" for r in done.renames])
    if done.renames:
        lines.append(
            "    as two experiments were given one name: the later one gets digits of its commit"
        )
    if done.folded:
        lines.append(f"  {_counted(done.folded, 'run')} of other machines for the notes")
    if done.away:
        named, few = ", ".join(f"exp/{name}" for name in done.away), len(done.away) <= _FEW
        said = named if few else f"{len(done.away):,} experiments"
        lines.append(f"  deleted here, and left away: {said} (gitexp restore NAME)")
    if done.redacted:
        lines.append(
            "  what was redacted elsewhere is out of the notes here, too"
            " (git gc --prune=now takes it off the disk)"
        )
    if done.replaced:
        lines.append(f"  what was redacted here is out of the notes on {done.remote}, too")
    lines += _some([f"  {name} stays here: {why}" for name, why in done.kept.items()])
    lines += _refusals(done)
    if done.pending:
        logs = " --logs" if LOGS in done.pending else ""
        lines.append(
            f"  redacted here and not on {done.remote}: {', '.join(done.pending)}"
            f" (gitexp sync {done.remote} --redacted{logs})"
        )
    lines += [f"Note: {warning}" for warning in done.warnings]
    typer.echo(visible("\n".join(lines)))


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_NAMED
    return [*lines[:_MOST_NAMED], f"  and {more:,} more"] if more > 0 else lines


def _refusals(done: "Synced") -> list[str]:
    """What the remote did not take, each reason once, and what that means."""
    by_reason: dict[str, list[str]] = {}
    for ref, why in done.refused.items():
        by_reason.setdefault(why, []).append(ref)
    lines = []
    for why, refs in by_reason.items():
        more = f" and {len(refs) - _MOST_NAMED:,} more" if len(refs) > _MOST_NAMED else ""
        said = why.replace("\n", "\n    | ")
        lines.append(f"  {done.remote} does not take {', '.join(refs[:_MOST_NAMED])}{more}: {said}")
    if done.redacting and not done.ok:
        lines.append("  its owner allows it there with: git config gitexp.allowRedaction true")
    elif not done.ok:
        lines.append(
            "  results travel in these notes alone: ask its owner, or share by another remote, with"
            " git remote add NAME URL && gitexp sync NAME"
        )
    elif any(ref.startswith("refs/gitexp/") for ref in done.refused):
        lines.append("  what was put away stays in this clone")
    return lines


def _flow(flow: "Flow") -> str:
    """Name what went one way."""
    parts = [
        _counted(count, word)
        for count, word in (
            (flow.experiments, "experiment"), (flow.archived, "archived experiment"),
            (flow.records, "record"), (flow.logs, "log"),
        )
        if count
    ]  # fmt: skip
    return _listed(parts) or "nothing"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def redact(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VALUE] [COMMIT|NAME]...",
            help="What to take out, then the commits or experiments meant (all, if none is named)."
            " Without VALUE, or for -, it is asked for, as a shell keeps what is typed in it.",
        ),
    ] = None,
    key: Annotated[
        str, typer.Option(metavar="NAME", help="Take out whatever stands under this key, instead.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
    dry_run: DryRun = False,
    json_: AsJson = False,
) -> None:
    """Take a value out of everything that notes hold.

    Out of records, bulk and logs, and out of the past of these notes. What was measured stays.
    Every later sync keeps the value out, whoever still has it.
    """
    from gitexp.lab.project import open_project
    from gitexp.rules.documents.redaction import Sought
    from gitexp.workflows.redact import redact as workflow

    given = list(words or ())
    project = open_project()
    value = "" if key else _value(given.pop(0) if given else "-")
    try:
        done = workflow(
            project.repository,
            Sought(value, key),
            given,
            dry=dry_run,
            agree=lambda found: yes or _agrees(found),
        )
    except (GitexpError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - its words could hold the value
        raise RuntimeError(f"{type(error).__name__} while redacting") from None
    if json_:
        typer.echo(json.dumps(done.as_json(), indent=2))
    else:
        _show_redaction(done)


def _value(word: str) -> str:
    if word != "-":
        return word
    if sys.stdin.isatty():
        return str(typer.prompt("Value to take out (it is not shown)", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _agrees(found: "Found") -> bool:
    typer.echo(f"It stands in {_places(found)}.", err=True)
    if not sys.stdin.isatty():
        return False
    return typer.confirm("Take it out of there, and of the past of these notes?", err=True)


def _places(found: "Found") -> str:
    parts = [_counted(count, word) for word, count in found.lines.items() if count]
    return f"{_listed(parts)} of {_counted(found.commits, 'commit')}"


def _hold(count: int, of: str = "") -> str:
    return f"{_counted(count, 'line')}{of} {'holds' if count == 1 else 'hold'}"


def _show_redaction(done: "Redaction") -> None:
    found = done.found
    lines = []
    if not found:
        lines.append(
            "It stands in no record, bulk or log" + (" of these." if found.beyond else ".")
        )
    elif done.dry:
        lines.append(f"It would be taken out of {_places(found)}.")
    else:
        lines.append(f"It was taken out of {_places(found)}; the past of these notes is gone.")
    if found.beyond:
        lines.append(f"{_hold(found.beyond, ' of other commits')} it, too.")
    if found.fixed:
        lines.append(f"{_hold(found.fixed)} it in what was measured, where it stays.")
    if found.messages:
        lines.append(
            f"The messages of {', '.join(f'exp/{name}' for name in found.messages)} hold it, and a"
            " message is the registration: only the whole experiment can be deleted, by git itself."
        )
    if found:
        logs = " --logs" if found.lines["log"] else ""
        lines.append("\nOut of reach:")
        lines.append("  files and messages in commits, and the work tree")
        if not done.dry:
            lines.append("  objects on this disk, until: git gc --prune=now")
        lines += [f"  {ref}, which holds the notes as they were" for ref in done.holders]
        lines += [f"  the output of runs in {folder}" for folder in done.folders]
        for remote in done.remotes:
            lines.append(
                f"  {remote}, if it was synced there, until: gitexp sync {remote} --redacted{logs}"
                " (then its own reflog and objects, until gc; forks and other clones, until they"
                " sync)"
            )
        if done.remotes:
            lines.append(
                "  what others wrote and is not here yet: gitexp sync --logs, and redact again"
            )
        lines.append("A secret that was shared is known: change it.")
    typer.echo(visible("\n".join(lines)))


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (sync, redact):
        app.command()(command)
