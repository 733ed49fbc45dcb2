"""What the log, `show` and the status say of an experiment alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.cli.views.terminal import colored, filled, hanging
from gitexp.rules.documents.lines import say_newer
from gitexp.rules.text import counted
from gitexp.rules.verdict import words
from gitexp.rules.verdict.code_below import TOGETHER

if TYPE_CHECKING:
    from gitexp.lab.log.log import Row
    from gitexp.rules.documents.registration import Registration
    from gitexp.rules.verdict.verdict import Judgement


def result_lines(row: Row, head: str = "  ") -> str:
    """The verdict of an experiment with its effect, or what to do to get one, after a head."""
    judgement, registration = row.result.judgement, row.result.registration
    if judgement is not None and judgement.verdict is not None and registration is not None:
        text = hanging(head, words.verdict_line(registration, judgement))
        return head + colored(text.removeprefix(head), judgement.verdict)
    name = row.result.name
    ways = {
        "planned": f"planned: gitexp run {name}",
        "unsynced": "its results may be on a remote: gitexp sync",
        "stale": f"planned on an older baseline: gitexp retest {name}",
        "refused": f"refused: git switch exp/{name}, edit its code, then: gitexp start --again",
    }
    return hanging(head, ways.get(row.state, row.state))


def note_lines(registration: Registration, judgement: Judgement) -> list[str]:
    """The lines of a verdict note, broken where the terminal ends and not where git's log would."""
    lines = (filled(line, "  ", "  ")[2:] for line in words.note_lines(registration, judgement))
    return [f"  {colored(line, judgement.verdict)}" for line in lines]


def about_code(row: Row) -> str:
    """What is known of the code commit that an experiment stands on; empty if nothing is."""
    judgement = row.result.judgement
    if judgement is None or not judgement.code:
        return ""
    return judgement.code if judgement.code == TOGETHER else f"code {judgement.code}"


def uncounted(row: Row) -> list[str]:
    """What in an experiment's note does not count here."""
    said = []
    if foreign := row.result.summary.foreign:
        said.append(f"{counted(foreign, 'record')} of another commit do not count")
    if row.result.newer:
        said.append(say_newer(row.result.newer))
    return said
