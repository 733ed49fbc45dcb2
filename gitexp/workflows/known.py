"""Add a settled claim to KNOWN.toml on the baseline branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import UsageError
from gitexp.lab.baseline_files import commit_on_baseline, read_on_baseline
from gitexp.rules.documents.known import FILE, Known, add_known, parse_known
from gitexp.rules.gate.formats.keys import parse_key, spell_key
from gitexp.rules.gate.formats.toml import parse_value
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.text import demand_plain

if TYPE_CHECKING:
    from gitexp.lab.project import Project


def learn(project: Project, claim: str, key: str, source: str, value: str | None) -> Known:
    """Commit a claim on the baseline branch.

    Raises:
        UsageError: the key does not parse, or the claim or its source is empty.
    """
    if not claim.strip() or not source.strip():
        raise UsageError("a claim needs a text and a source", "--source says who settled it")
    try:
        names = spell_key(parse_key(key))
    except ValueError:
        raise UsageError(f"{key!r} is not a key", "write it as in optimizer.name") from None
    spelled = None if value is None else spell(parse_value(value))
    known = Known(
        demand_plain(" ".join(claim.split()), "the claim"),
        demand_plain(names, "--key"),
        demand_plain(" ".join(source.split()), "--source"),
        None if spelled is None else demand_plain(spelled, "--value"),
    )
    before = read_on_baseline(project, FILE)
    parse_known(before or b"")
    commit_on_baseline(
        project, FILE, before, add_known(before or b"", known),
        f"Known: {known.claim}\n",
    )  # fmt: skip
    return known
