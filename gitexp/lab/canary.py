"""The canary: one run of the baseline is made again before its old records are used again."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitexp.engine.clock import now
from gitexp.engine.host import host_id
from gitexp.lab.pairing import find_conditions
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, sha256
from gitexp.rules.text import counted
from gitexp.rules.verdict.canary import SPAN, compare, span_of
from gitexp.rules.verdict.pairs import first_good

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitexp.lab.bench import Bench
    from gitexp.rules.documents.record import Record

_SAYS = "to check that the baseline still gives the same"


def check_baseline(
    bench: Bench, label: str, base: str, seeds: Iterable[int], *, of: str = "", always: bool = False
) -> Check | None:
    """Run a baseline seed again if records of these seeds are old; None if there is nothing to say.

    `of` is the experiment that the records are to be used for. `always` asks whatever the settings
    say.

    Raises:
        CommandFailed: the run failed.
    """
    ledger = bench.ledger
    find_conditions(bench, label, base)
    used = ledger.good(base, seeds, bench.here)
    if ledger.settings.rules < 2 or not used:
        return None
    span = span_of(ledger.settings.canary, [r.duration for r in ledger.records(base) if r.ok])
    age = _age(bench, base, {record.condition for record in used.values()})
    if math.isinf(span) and not always:
        return Check(of, Found.OFF, now()) if age > SPAN else None
    if age <= span and not always:
        return None
    # Another seed each time, so that no part of the baseline goes unseen for long.
    old = list(used.values())[len(ledger.canaries(base)) % len(used)]
    check = _run_again(bench, label, base, old)
    return None if check is None else Check(of, *check)


def _age(bench: Bench, base: str, conditions: set[str]) -> float:
    """Seconds since the baseline last agreed with itself here, in one of these conditions."""
    ledger, host = bench.ledger, host_id()
    agreed = [
        *(r for s, r in ledger.started(base) if s.host == host and r.condition in conditions),
        *_agreeing(bench, base, conditions),
    ]
    ends = [datetime.fromisoformat(r.start).timestamp() + r.duration for r in agreed]
    return datetime.now(UTC).timestamp() - max(ends, default=-math.inf)


def _agreeing(bench: Bench, base: str, conditions: set[str]) -> Iterator[Record]:
    """The last canaries here of each command whose runs did not show that the baseline moved."""
    ledger, host = bench.ledger, host_id()
    groups: dict[tuple[str, int, str], list[Record]] = {}
    for start, record in ledger.canaries(base):
        if start.host == host and record.condition in conditions:
            groups.setdefault((start.batch, record.seed, record.condition), []).append(record)
    for (_, seed, condition), group in groups.items():
        if (old := _on_record(bench, base, condition).get(seed)) is None:
            continue
        scores = [one.metrics[ledger.metric] for one in group if ledger.metric in one.metrics]
        found = compare(old, scores, [*_on_record(bench, base, condition).values()])
        if found not in {None, Found.MOVED}:
            yield group[-1]


def _on_record(bench: Bench, base: str, condition: str) -> dict[int, float]:
    """The baseline's first scores in a condition, by seed."""
    records, metric = bench.ledger.records(base), bench.ledger.metric
    good = first_good(records, {record.seed for record in records}, metric, [condition])
    return {seed: record.metrics[metric] for seed, record in good.items()}


def _run_again(
    bench: Bench, label: str, base: str, old: Record
) -> tuple[Found, str, int, str, tuple[float, ...], tuple[str, ...]] | None:
    """Run a seed once or twice more; None where its condition turns out to be another one."""
    ledger = bench.ledger
    scores: list[float] = []
    found = None
    while found is None:
        bench.watcher.said(f"{label}: {counted(1, 'run')} {'more ' if scores else ''}{_SAYS}")
        new = bench.repeat(label, base, old.seed)
        ledger.read(base)
        known = _on_record(bench, base, new.condition)
        if old.seed not in known:
            return None
        scores.append(new.metrics[ledger.metric])
        found = compare(known[old.seed], scores, [*known.values()])
    pair = _environment(bench, base, old), _environment(bench, base, new)
    changed = tuple(_differences(*pair))
    return found, now(), old.seed, new.condition, (known[old.seed], *scores), changed


def _environment(bench: Bench, base: str, record: Record) -> dict[str, Any]:
    for content in read_contents(bench.ledger.bulk(base), Kind.ENVIRONMENT):
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
