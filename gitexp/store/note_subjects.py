"""The subjects of notes commits, for whoever reads the history of results with git alone.

gitexp: 10 runs of brave-otter
gitexp: verdict on brave-otter: CONFIRMED
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import kind_of, parse_line
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.name import is_name
from gitexp.rules.text import counted
from gitexp.store.git_output import decode
from gitexp.store.refs import BULK, LOGS, VERDICTS

if TYPE_CHECKING:
    from gitexp.store.reader import Reader

MERGED = "gitexp: results of two clones merged"
RECEIVED = "gitexp: results of other machines"
RECOMPUTED = "gitexp: verdicts recomputed"
REDACTED = "gitexp: notes without what was redacted"
RESTORED = "gitexp: notes restored"

_MOST = 2  # experiments that are named
_VERDICTS = {"CONFIRMED", "RULED OUT", "INCONCLUSIVE", "EXPLORATORY"}
# What is stored with a record goes without saying; the first kind that is there counts.
_WHAT = {
    Kind.RECORD: ("{} of {}", "run"),
    Kind.HOLDOUT: ("{} of the holdout by {}", "opening"),
    Kind.REMARK: ("{} on {}", "remark"),
    Kind.CHECK: ("{} of {}", "check"),
    Kind.START: ("{} of {} started", "run"),
}


def notes_subject(reader: Reader, ref: str, stored: Mapping[str, Sequence[str]]) -> str:
    """The subject for lines that are stored in one notes ref, by the commits they are about."""
    names = [_name(reader, commit) for commit in list(stored)[:_MOST]]
    rest = len(stored) - len(names)
    whose = ", ".join(names) + (f" and {rest:,} more" if rest else "")
    if ref == BULK:
        return f"gitexp: details of runs of {whose}"
    if ref == LOGS:
        return f"gitexp: output of runs of {whose}"
    if ref == VERDICTS:
        return f"gitexp: {_verdict(stored, whose)}"
    kinds = _kinds(line for lines in stored.values() for line in lines)
    said = (text.format(counted(kinds[k], word), whose) for k, (text, word) in _WHAT.items()
            if kinds[k])  # fmt: skip
    return f"gitexp: {next(said, f'records of {whose}')}"


def _verdict(stored: Mapping[str, Sequence[str]], whose: str) -> str:
    if len(stored) > 1:
        return f"verdicts on {whose}"
    word = next((line.partition(":")[0] for lines in stored.values() for line in lines), "")
    return f"verdict on {whose}: {word}" if word in _VERDICTS else f"note on {whose}"


def _kinds(lines: Iterable[str]) -> Counter[Kind | None]:
    parsed = (parse_line(line) for line in lines)
    return Counter(kind_of(content) for content in parsed if content is not None)


def _name(reader: Reader, commit: str) -> str:
    """Name of the experiment that a commit registers, else the commit's id."""
    found = reader.read(commit)
    if found is not None and found.kind == "commit":
        message = decode(found.content).partition("\n\n")[2]
        name = split_message(message)[1].get("Experiment", "")
        if is_name(name):
            return name
    return commit[:8]
