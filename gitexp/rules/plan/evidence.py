"""What a hypothesis rests on, and how often each kind of evidence came true.

The first word of the trailer is the kind: `Evidence: paper Li 2024, table 3`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class EvidenceKind(StrEnum):
    """A gap of the baseline, the log of experiments, a paper, a hunch, or something else."""

    GAP = "gap"
    LOG = "log"
    PAPER = "paper"
    HUNCH = "hunch"
    UNSORTED = "unsorted"


_PLURALS = {
    EvidenceKind.GAP: "gaps", EvidenceKind.LOG: "the log", EvidenceKind.PAPER: "papers",
    EvidenceKind.HUNCH: "hunches", EvidenceKind.UNSORTED: "other evidence",
}  # fmt: skip
_KINDS = [kind.value for kind in EvidenceKind if kind is not EvidenceKind.UNSORTED]
_WITH_COLON = re.compile(rf"({'|'.join(_KINDS)}):\s*")


def trailer_of(text: str) -> str:
    """The trailer for what --evidence takes: `paper:Li 2024` is `paper Li 2024`."""
    told = _WITH_COLON.match(text)
    return f"{told[1]} {text[told.end() :]}".rstrip() if told else text


def kind_of(trailer: str) -> EvidenceKind:
    """What kind of evidence a trailer names."""
    first = trailer.split(maxsplit=1)[:1]
    word = first[0].removesuffix(":") if first else ""
    return EvidenceKind(word) if word in _KINDS else EvidenceKind.UNSORTED


def is_grounded(trailer: str) -> bool:
    """Whether a trailer names more than a hunch."""
    return bool(trailer.strip()) and kind_of(trailer) is not EvidenceKind.HUNCH


@dataclass(frozen=True, slots=True)
class EvidenceCount:
    """How many hypotheses with one kind of evidence have a verdict, and how many were confirmed."""

    kind: EvidenceKind
    confirmed: int
    decided: int

    def __str__(self) -> str:
        return f"{_PLURALS[self.kind]} {self.confirmed} of {self.decided}"


def count_evidence(decided: Iterable[tuple[str, bool]]) -> tuple[EvidenceCount, ...]:
    """Count verdicts by kind, for experiments with a trailer and whether they were confirmed."""
    every: Counter[EvidenceKind] = Counter()
    confirmed: Counter[EvidenceKind] = Counter()
    for trailer, held in decided:
        if trailer.strip():
            kind = kind_of(trailer)
            every[kind] += 1
            confirmed[kind] += held
    return tuple(EvidenceCount(kind, confirmed[kind], every[kind]) for kind in EvidenceKind
                 if every[kind])  # fmt: skip


def say_evidence(counts: Iterable[EvidenceCount]) -> str:
    """Say how often each kind came true: "papers 1 of 9 confirmed, gaps 4 of 7"; "" if none."""
    first, *rest = [*map(str, counts)] or [""]
    return ", ".join([f"{first} confirmed", *rest]) if first else ""
