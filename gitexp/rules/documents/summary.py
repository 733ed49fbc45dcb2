"""What the log needs from an experiment's records, short enough to cache between two commands.

A summary is derived: the notes with the records are the truth, and what a clone caches of them can
be computed again.
"""

from __future__ import annotations

import enum
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.errors import UsageError
from gitexp.rules.verdict.attempts import may_go_on
from gitexp.rules.verdict.criterion import Guard

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from gitexp.rules.documents.record import Record
    from gitexp.rules.verdict.unlucky import Decided
    from gitexp.rules.verdict.verdict import GuardOutcome, Judgement, SingleRuns, Verdict


class Stage(enum.StrEnum):
    """How far an experiment has come, by its records alone."""

    UNDECIDED = "undecided"
    FAILED = "failed"
    EXPLORED = "explored"
    DECIDED = "decided"


class Summary(NamedTuple):
    """An experiment's records and verdict in brief.

    `judgement` is None if no run passed the gate. `ran` counts its records, and `why` is the
    reason that its first run gave for skipping the gate. `seconds` are the durations of successful
    runs, `ids` the fingerprints of the examples that they were tested on. `foreign` counts records
    in its note that another commit made, `newer` lines of a newer gitexp by their schema. `decided`
    is what others on its baseline see of it, None where they see nothing. `screened` counts good
    runs that were made to choose among ideas. `spent` are the seconds that all of its runs took,
    and `spared` those that an early verdict saved. `finished` is when the last of its
    registered runs ended, in seconds since 1970; None where nothing ran.
    """

    stage: Stage
    judgement: Judgement | None = None
    ran: int = 0
    why: str = ""
    seconds: tuple[float, ...] = ()
    ids: tuple[str, ...] = ()
    foreign: int = 0
    newer: tuple[tuple[int, int], ...] = ()
    decided: Decided | None = None
    screened: int = 0
    spent: float = 0.0
    spared: float = 0.0
    finished: float | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, None where nothing is decided yet."""
        return self.judgement.verdict if self.judgement else None


def summarize(
    judgement: Judgement | None,
    records: Sequence[Record],
    *,
    tried: Sequence[Record] = (),
    screened: Sequence[Record] = (),
    rules: int = 1,
    looks: Sequence[int] = (),
    seeds: Container[int] | None = None,
    foreign: int = 0,
    newer: Mapping[int, int] | None = None,
    decided: Decided | None = None,
) -> Summary:
    """Sum up an experiment's own records and the judgement that they led to by these rules.

    `tried` are its runs on a part of the data, `screened` those that chose among ideas; `looks` and
    `seeds` are what it registered, None where any seed is as good.
    """
    seconds = tuple(record.duration for record in records if record.ok)
    return Summary(
        stage=_stage(judgement, records, tried, rules),
        judgement=judgement,
        ran=len(records),
        why=records[0].explore if records else "",
        seconds=seconds,
        ids=tuple(sorted({record.ids for record in records if record.ids})),
        foreign=foreign,
        newer=tuple(sorted((newer or {}).items())),
        decided=decided,
        screened=sum(record.ok for record in screened),
        spent=math.fsum(record.duration for record in (*records, *tried, *screened)),
        spared=spared_seconds(judgement, looks, seconds),
        finished=_finished(records if seeds is None else [r for r in records if r.seed in seeds]),
    )


def _finished(records: Sequence[Record]) -> float | None:
    # Their starts sort as text, all being in UTC: one of them has to be parsed.
    return max(records, key=lambda one: one.start).finished if records else None


def _stage(
    judgement: Judgement | None, records: Sequence[Record], tried: Sequence[Record], rules: int
) -> Stage:
    if judgement is not None and not may_go_on(judgement, rules):
        return Stage.DECIDED
    if is_explored(records):
        return Stage.EXPLORED
    # A seed that failed and succeeded later is not a failure any more.
    good = {record.seed for record in records if record.ok}
    last = records or tried[-1:]
    failed = any(record.seed not in good and record.end.by_itself for record in last)
    return Stage.FAILED if failed else Stage.UNDECIDED


def is_explored(records: Sequence[Record]) -> bool:
    """Whether there are runs, and all of them skipped the gate on purpose."""
    return bool(records) and all(record.explore for record in records)


# --- as text ------------------------------------------------------------------------------------


def summary_text(summary: Summary) -> str:
    """Write a summary as one line of JSON, which `parse_summary` reads."""
    judgement = summary.judgement
    return json.dumps(
        {
            "stage": summary.stage,
            "judgement": None if judgement is None else _judgement_fields(judgement),
            "ran": summary.ran,
            "why": summary.why,
            "seconds": summary.seconds,
            "ids": summary.ids,
            "foreign": summary.foreign,
            "newer": summary.newer,
            "decided": None if summary.decided is None else asdict(summary.decided),
            "screened": summary.screened,
            "spent": summary.spent,
            "spared": summary.spared,
            "finished": summary.finished,
        }
    )


def _judgement_fields(judgement: Judgement) -> dict[str, Any]:
    guards = [[str(g.guard), g.holds, g.effect, g.lower] for g in judgement.guards]
    single = None if judgement.single_runs is None else judgement.single_runs._asdict()
    return judgement._asdict() | {"guards": guards, "single_runs": single}


def parse_summary(text: str) -> Summary:
    """Read a summary.

    Raises:
        ValueError: the text is anything but what `summary_text` writes.
    """
    try:
        fields = json.loads(text)
        told, decided = fields.pop("judgement"), fields.pop("decided")
        return Summary(
            stage=Stage(fields.pop("stage")),
            judgement=None if told is None else _parse_judgement(told),
            ran=_count(fields.pop("ran")),
            why=_text(fields.pop("why")),
            seconds=tuple(map(_number, fields.pop("seconds"))),
            ids=tuple(map(_text, fields.pop("ids"))),
            foreign=_count(fields.pop("foreign")),
            newer=tuple((_count(schema), _count(lines)) for schema, lines in fields.pop("newer")),
            decided=None if decided is None else _parse_decided(decided),
            screened=_count(fields.pop("screened")),
            spent=_number(fields.pop("spent")),
            spared=_number(fields.pop("spared")),
            finished=_number_or_none(fields.pop("finished")),
            **fields,
        )
    except (KeyError, TypeError, AttributeError, RecursionError, UsageError) as error:
        raise ValueError(f"not a summary: {error}") from error


def _parse_judgement(fields: dict[str, Any]) -> Judgement:
    # A hook on an experiment that has not run yet loads nothing that judges.
    from gitexp.rules.verdict.verdict import Judgement, Verdict

    if fields.keys() != {*Judgement._fields}:
        raise ValueError(f"not the fields of a judgement: {', '.join(fields)}")
    verdict, reason, guards = fields.pop("verdict"), fields.pop("reason"), fields.pop("guards")
    single = fields.pop("single_runs")
    return Judgement(
        verdict=None if verdict is None else Verdict(verdict),
        reason=_text(reason),
        detail=_text(fields.pop("detail")),
        code=_text(fields.pop("code")),
        guards=tuple(_parse_guarded(*guarded) for guarded in guards),
        look=_count(fields.pop("look")),
        pairs=_count(fields.pop("pairs")),
        single_runs=None if single is None else _parse_single_runs(single),
        **{name: _number_or_none(value) for name, value in fields.items()},
    )


def _parse_guarded(guard: object, holds: object, effect: object, lower: object) -> GuardOutcome:
    from gitexp.rules.verdict.verdict import GuardOutcome  # for the same reason

    if holds is not None and not isinstance(holds, bool):
        raise ValueError(f"not whether a guard holds: {holds!r}")
    return GuardOutcome(
        Guard.parse(_text(guard)), holds, _number_or_none(effect), _number_or_none(lower)
    )


def _parse_single_runs(fields: dict[str, Any]) -> SingleRuns:
    from gitexp.rules.verdict.verdict import SingleRuns  # for the same reason

    return SingleRuns(
        better=_count(fields.pop("better")),
        not_better=_count(fields.pop("not_better")),
        first_better=_yes_or_no(fields.pop("first_better")),
        **fields,
    )


def _parse_decided(fields: dict[str, Any]) -> Decided:
    from gitexp.rules.verdict.unlucky import Decided  # for the same reason

    told = {name: _yes_or_no(fields.pop(name)) for name in ("confirmed", "doubted", "unlucky")}
    return Decided(
        commit=_text(fields.pop("commit")),
        seed=_count(fields.pop("seed")),
        condition=_text(fields.pop("condition")),
        **{name: _number(value) for name, value in fields.items()},
        **told,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"not a text: {value!r}")  # noqa: TRY004 - of the document, not the caller
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"not yes or no: {value!r}")  # noqa: TRY004 - as above
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"not a count: {value!r}")
    return value


def _number(value: object) -> Any:  # noqa: ANN401 - int or float, as it was written
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r}")
    return value


def _number_or_none(value: object) -> Any:  # noqa: ANN401 - as above
    return None if value is None else _number(value)


def spared_seconds(
    judgement: Judgement | None, looks: Sequence[int], seconds: Sequence[float]
) -> float:
    """Time that an experiment's own runs did not take, because a look before the last decided.

    (n_max - n) x m, with n_max runs planned, n of them made, and m the mean duration of those,
    which are the `seconds`. Runs of the baseline are left out: experiments share them.
    """
    if judgement is None or judgement.verdict is None or judgement.effect is None or not seconds:
        return 0.0
    if not 0 < judgement.look < len(looks):
        return 0.0
    left = looks[-1] - max(judgement.pairs, len(seconds))
    return max(0, left) * math.fsum(seconds) / len(seconds)
