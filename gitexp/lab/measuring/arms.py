"""The environments of an experiment's two arms, and what tells them apart beside the change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, sha256
from gitexp.rules.finding import Finding
from gitexp.rules.text import first_few, visible
from gitexp.rules.verdict.arms import ArmEnvironments
from gitexp.rules.verdict.pairs import compared

if TYPE_CHECKING:
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.registration import Registration

_NAMED = 5  # variables or files in one sentence
_ANNOUNCED = 5.0  # seconds in which a run is stored as begun; then its command begins


def arms_of(
    registration: Registration,
    baseline: Iterable[Record],
    candidate: Iterable[Record],
    bulk: Iterable[str],
    beside: Iterable[Record] = (),
) -> ArmEnvironments:
    """Find the environments of paired runs among the bulk lines of both commits.

    `beside` are further runs of the experiment, which no verdict counts.
    """
    candidate = list(candidate)
    pairs, _ = compared(registration, baseline, candidate)
    lines = {
        sha256(content): content
        for text in bulk
        for content in read_contents(text, Kind.ENVIRONMENT)
    }
    change = registration.change
    return ArmEnvironments(
        tuple(lines.get(record.environment, {}) for record, _ in pairs),
        tuple(lines.get(record.environment, {}) for _, record in pairs),
        measured=max((record.finished for record, _ in pairs), default=math.inf),
        named=change.after if isinstance(change.after, str) else "",
        replaced=change.before if isinstance(change.before, str) else "",
        spans=[(run.began, run.finished + _ANNOUNCED) for run in (*candidate, *beside)],
    )


def about_arms(name: str, arms: ArmEnvironments) -> Iterator[Finding]:
    """Say what one arm's environment has and the other's has not, and what was loaded unnoticed."""
    yield from about_differences(name, arms)
    if files := arms.inert:
        listed = _listed(files)
        yield Finding(
            "E1",
            f"exp/{visible(name)}: its runs loaded {listed}, which `inert` in the settings calls"
            " without effect: a change there does not measure the baseline again",
            "take it out of `inert` on the baseline branch, then: gitexp trust",
            advice=True,
        )


def about_differences(name: str, arms: ArmEnvironments) -> Iterator[Finding]:
    """Name what differs between the arms beside the change, and files that join runs."""
    if names := arms.suspicious:
        listed = _listed(names)
        many = len(names) > 1
        yield Finding(
            "E2",
            f"exp/{visible(name)}: the variable{'s' * many} {listed} differ{'' if many else 's'}"
            " between the arms: one value in all runs of the baseline, another in all of the"
            f" experiment. If the run reads {'them' if many else 'it'}, the verdict may be about"
            " that",
            f"give both arms the same value, then: gitexp retest {name}",
            advice=True,
        )
    if files := arms.files:
        many = len(files) > 1
        yield Finding(
            "E3",
            f"exp/{visible(name)}: {_listed(files)} ha{'ve' if many else 's'} one content in all"
            " runs of the baseline and another in all of the experiment; no commit has"
            f" {'them' if many else 'it'}, and the verdict may be about that",
            f"measure both arms with what is there now: gitexp retest {name}; `data` and `link` in"
            " the settings hold inputs fast",
            advice=True,
        )
    if files := arms.appeared:
        yield Finding(
            "E3",
            f"exp/{visible(name)}: {_listed(files)} changed after the baseline's last run, and"
            " only the experiment's runs read it. That is as it should be if the change asks for"
            " it, as for weights that you downloaded; otherwise the verdict may be about it",
            f"if so, measure both arms with what is there now: gitexp retest {name}",
            advice=True,
        )
    for metric, (theirs, own) in arms.sources.items():
        yield Finding(
            "E5",
            f"exp/{visible(name)}: {visible(metric)} was read from {visible(theirs)} in all runs of"
            f" the baseline, and from {visible(own)} in all of the experiment: these may not be"
            " scores of the same kind",
            f"let every run report {visible(metric)} under that name and in one place, then:"
            f" gitexp retest {name}",
            advice=True,
        )
    if files := arms.carried:
        yield Finding(
            "E4",
            f"exp/{visible(name)}: runs read {_listed(files)}, outside their checkouts, which other"
            " runs left or which changed while they ran. A list of results does no harm, but a"
            " checkpoint from which each run goes on makes later runs better",
            f"read and write below GITEXP_RUN_DIR alone, then: gitexp retest {name}",
            advice=True,
        )


def _listed(names: Sequence[str]) -> str:
    return first_few([*map(visible, names)], _NAMED)
