"""KNOWN.toml: what the literature or the team has settled, so that nobody tests it by accident."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import tomli

from gitexp.errors import NotReady
from gitexp.rules.documents.change import Change, same_value
from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats.values import spell

FILE = "KNOWN.toml"
_HEAD = """\
# What is settled. `gitexp start` refuses to change such a key unless --despite gives a reason.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A claim about a config key; `value` limits it to one value, as `gitexp` spells it."""

    claim: str
    key: str
    source: str
    value: str | None = None

    def covers(self, key: str, after: str) -> bool:
        """Whether the claim is about a change of `key` to `after`."""
        if key != self.key:
            return False
        return self.value is None or same_value(self.value, after)


def parse_known(content: bytes) -> list[Known]:
    """Read KNOWN.toml.

    Raises:
        NotReady: it is not TOML, or an entry lacks claim, key or source.
    """
    try:
        entries = tomli.loads(content.decode("utf-8-sig")).get("known", [])
    except (ValueError, RecursionError) as error:
        raise NotReady(f"{FILE} does not parse: {error}", f"correct {FILE}") from None
    known = []
    for entry in entries if isinstance(entries, list) else [entries]:
        fields: dict[str, Any] = entry if isinstance(entry, dict) else {}
        texts = [fields.get(name) for name in ("claim", "key", "source")]
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise NotReady(
                f"{FILE}: each [[known]] needs claim, key and source, as strings", f"correct {FILE}"
            )
        value = spell(fields["value"]) if "value" in fields else None
        known.append(Known(fields["claim"], fields["key"], fields["source"], value))
    return known


def add_known(content: bytes, known: Known) -> bytes:
    """Append a claim; every other byte stays."""
    text = content.decode("utf-8") if content else _HEAD
    lines = [
        "[[known]]",
        f"claim = {spell(known.claim)}",
        f"key = {spell(known.key)}",
        *([f"value = {known.value}"] if known.value is not None else []),
        f"source = {spell(known.source)}",
    ]
    gap = "" if text.endswith("\n") else "\n"
    return f"{text}{gap}\n{chr(10).join(lines)}\n".encode()


def against(known: Iterable[Known], change: Change) -> Finding | None:
    """Refuse a change that goes against a claim."""
    key, after = change.spelled_key, spell(change.after)
    claim = next((one for one in known if one.covers(key, after)), None)
    if claim is None:
        return None
    return Finding(
        "K3",
        f"{FILE} says that this is settled: {claim.claim}\n  {claim.key}, source: {claim.source}",
        'say why you test it anyway: gitexp start --despite "REASON" ...; or correct'
        f" {FILE} on the baseline branch",
    )
