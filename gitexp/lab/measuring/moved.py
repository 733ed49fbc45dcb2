"""A check of the baseline as a line for the notes, with what is known to differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.engine.clock import now
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, sha256
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitexp.lab.measuring.ledger import Ledger
    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.baseline_check import BaselineCheck


def check_of(ledger: Ledger, base: str, check: BaselineCheck, experiment: str) -> Check:
    """What repeated runs showed, for the experiment that asked ("": none)."""
    assert check.found is not None  # noqa: S101 - only then there is something to tell
    assert check.old is not None  # noqa: S101
    old = first_good(ledger.records(base), [check.seed], ledger.metric, [check.condition])
    pair = (_environment(ledger, base, r) for r in (old[check.seed], check.runs[-1]))
    return Check(
        experiment, check.found, now(), check.seed, check.condition,
        (check.old, *check.scores), tuple(_differences(*pair)),
    )  # fmt: skip


def _environment(ledger: Ledger, base: str, record: Record) -> dict[str, Any]:
    for content in read_contents(ledger.bulk(base), Kind.ENVIRONMENT):
        if sha256(content) == record.environment:
            return content
    return {}


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Name what differs between two environment lines, with values where these are short."""
    for name in sorted(then.keys() | now.keys()):
        old, new = then.get(name), now.get(name)
        if old == new or name in {"condition", "schema", "kind"}:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            parts = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            yield f"{name} ({', '.join(map(str, parts[:5]))}{', ...' * (len(parts) > 5)})"
        else:
            yield f"{name} {_short(old)} -> {_short(new)}"


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) < 40 else f"{text[:37]}..."
