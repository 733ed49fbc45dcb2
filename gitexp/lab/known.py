"""What is known already of a change: by the log, by KNOWN.toml, by hypotheses that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.lab.ancestors import same_runs
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.documents.settled import FILE, against, parse_known
from gitexp.rules.finding import Finding
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.gate.formats.values import spell
from gitexp.rules.verdict import words
from gitexp.rules.verdict.pooling import Estimate, pool
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitexp.lab.project import Project
    from gitexp.lab.result import Result
    from gitexp.rules.documents.change import Change
    from gitexp.rules.documents.settled import Known
    from gitexp.rules.verdict.criterion import Criterion

_ENOUGH = 20  # experiments, before hypotheses are compared by their words
_ALIKE = 0.6  # cosine of hypotheses that say the same
_HOPELESS = 100  # times as much data, which nobody will gather
_LIMBO = 3  # decided experiments on one key without a confirmation
_SHOWN = 5  # of these, the newest


def is_answered(result: Result) -> bool:
    """Whether an experiment has a verdict that a repetition would only ask for again."""
    return result.stage == "decided"


def answered(project: Project, earlier: Sequence[Result]) -> list[Finding]:
    """Say what the log knows of a change.

    Raises:
        Refused: it was answered on a baseline that runs like the present one.
    """
    done = [result for result in earlier if is_answered(result)]
    if not done:
        return [
            Finding(
                "K2",
                f"exp/{result.entry.name} registers the same change, and has no verdict yet",
                f"gitexp run {result.entry.name}",
                advice=True,
            )
            for result in earlier[:1]
        ]
    if found := answer_known(project, done, (project.tip,)):
        raise Refused("not registered; nothing was created", [found])
    newest = done[0]
    return [
        Finding(
            "K2",
            f"exp/{newest.entry.name} made the same change on an older baseline"
            f"\n{_indented(newest)}",
            f"gitexp retest {newest.entry.name} would register this change anew, tied to it and on"
            " fresh seeds",
            advice=True,
        )
    ]


def answer_known(
    project: Project, earlier: Sequence[Result], parents: Sequence[str]
) -> Finding | None:
    """Find a verdict on the same change, on a baseline that runs like the one in `parents`."""
    done = [result for result in earlier if is_answered(result)]
    alike = {*parents}
    if any(not alike.issuperset(result.entry.parents) for result in done):
        alike |= {*same_runs(project, project.settings, parents[0])}
    for result in done:
        if alike.intersection(result.entry.parents):
            return Finding(
                "K1",
                f"the log has the answer: exp/{result.entry.name} made the same change on this"
                f" baseline\n{_indented(result)}",
                f"gitexp show {result.entry.name} tells more; gitexp start --replicate tests it"
                " again, on seeds that it has not used",
            )
    return None


def _indented(result: Result) -> str:
    assert result.registration is not None  # noqa: S101 - it was found by its change
    assert result.judgement is not None  # noqa: S101 - it has a verdict
    return f"  {words.verdict_line(result.registration, result.judgement)}"


def replicated(change: Change, earlier: Sequence[Result]) -> tuple[str, str]:
    """Trailer that ties a replication to the experiment that it repeats.

    Raises:
        UsageError: nothing was tried that could be repeated.
    """
    first = next((result for result in earlier if is_answered(result)), None)
    if first is None:
        raise UsageError(
            f"there is nothing to replicate: no experiment with a verdict made the change {change}",
            "the same command without --replicate",
        )
    return "Replicate", f"{first.entry.name} {first.entry.commit}"


def settled(project: Project, commit: str) -> list[Known]:
    """Read KNOWN.toml of a baseline commit; empty where there is none.

    Raises:
        NotReady: it cannot be read.
    """
    [found] = settled_at([(project, commit)])
    if isinstance(found, NotReady):
        raise found
    return found


def settled_at(wanted: Sequence[tuple[Project, str]]) -> list[list[Known] | NotReady]:
    """Read KNOWN.toml of projects at baseline commits, in two git processes."""
    names = [f"{commit}:{project.path(FILE)}" for project, commit in wanted]
    if not wanted:
        return []
    git = wanted[0][0].repository.git
    sizes = git.sizes([*dict.fromkeys(names)])
    small = [name for name, size in sizes.items() if 0 <= size <= LARGEST]
    contents = {
        name: content or b"" for name, content in zip(small, git.objects(small), strict=True)
    }
    found: dict[str, list[Known] | NotReady] = {}
    for name in dict.fromkeys(names):
        if sizes.get(name, -1) > LARGEST:
            said = f"{FILE} has over {LARGEST:,} bytes, and was not read"
            found[name] = NotReady(said, f"mend {FILE}")
            continue
        try:
            found[name] = parse_known(contents[name]) if name in contents else []
        except NotReady as error:
            found[name] = error
    return [found[name] for name in names]


def against_known(known: Sequence[Known], change: Change) -> Finding | None:
    """Find that a change goes against what is settled."""
    found = against(known, change.spelled_key, spell(change.after))
    if not found:
        return None
    one = found[0]
    return Finding(
        "K3",
        f"{FILE} has this settled: {one.claim}\n  {one.key}, by {one.source}",
        'say why it is tested all the same: gitexp start --despite "REASON" ...; or correct'
        f" {FILE} on the baseline branch",
    )


def remarks(
    results: Sequence[Result],
    earlier: Sequence[Result],
    change: Change,
    text: str,
    criterion: Criterion,
) -> list[Finding]:
    """Say what the log holds near a change: the same key, the same words.

    `earlier` are the experiments that made the very same change.
    """
    decided = [r for r in results if is_answered(r) and r.registration]
    same_key = [
        r for r in decided if r.registration and r.registration.change.place == change.place
    ]
    again = {result.commit for result in earlier}
    said = [*_between(same_key, change), *_limbo(same_key, again, change, criterion)]
    if not said and len(results) >= _ENOUGH:
        said += _same_words([r for r in results if r.commit not in again], text)
    return said


def _between(same_key: Sequence[Result], change: Change) -> Iterator[Finding]:
    """A value between two that were ruled out."""
    value = change.number
    ruled_out = sorted(
        (found, result.entry.name)
        for result in same_key
        if result.registration
        and result.judgement
        and result.judgement.verdict is Verdict.RULED_OUT
        and (found := result.registration.change.number) is not None
    )
    below = [one for one in ruled_out if value is not None and one[0] < value]
    above = [one for one in ruled_out if value is not None and one[0] > value]
    if below and above:
        (low, one), (high, other) = below[-1], above[0]
        yield Finding(
            "K4",
            f"{value:g} lies between {low:g} and {high:g}, which exp/{one} and exp/{other} ruled"
            " out",
            "a reason why it should differ from both belongs into the hypothesis",
            advice=True,
        )


def _limbo(
    same_key: Sequence[Result], again: set[str], change: Change, criterion: Criterion
) -> Iterator[Finding]:
    """An idea that keeps coming back: its intervals together, and what would settle it."""
    alike = [
        r
        for r in same_key
        if r.registration
        and r.judgement
        and r.registration.criterion.metric == criterion.metric
        and r.registration.criterion.scale is criterion.scale
        and r.judgement.effect is not None
    ]
    confirmed = any(r.judgement and r.judgement.verdict is Verdict.CONFIRMED for r in alike)
    undecided = any(
        r.judgement and r.judgement.verdict is Verdict.INCONCLUSIVE and r.commit in again
        for r in alike
    )
    if confirmed or not (undecided or len(alike) >= _LIMBO):
        return
    lines = [
        f"  exp/{r.entry.name}: {spell(r.registration.change.after)}"
        f"  {words.verdict_line(r.registration, r.judgement)}"
        for r in alike[:_SHOWN]
        if r.registration and r.judgement
    ]
    if len(alike) > _SHOWN:
        lines.append(f"  and {len(alike) - _SHOWN} before them")
    parts = [
        Estimate(
            r.judgement.effect,
            r.judgement.standard_error,
            # By examples of a deterministic trainer, one run has as many degrees as examples.
            r.judgement.pairs if r.registration.seeded else r.judgement.examples or 2,
            r.entry.parents[0],
            r.registration.seeds,
        )
        for r in alike
        if r.registration
        and r.judgement
        and r.judgement.effect is not None
        and r.judgement.standard_error
    ]
    way = "more repeats, or larger test sets, would settle it: gitexp start says how many"
    if parts:
        pooled, reach = pool(parts)
        together = words.interval(criterion, pooled, pooled - reach, pooled + reach)
        lines.append(f"  together: {criterion.metric} {together} (95 %)")
        if pooled + reach < criterion.bar:
            way = f"it is settled: together they leave no room for {criterion}"
        elif pooled != criterion.bar:
            times = (reach / (pooled - criterion.bar)) ** 2
            if 1 < times < _HOPELESS:
                way = (
                    f"about {times:.2g} times as many repeats and test rows as these stand on would"
                    " settle it"
                )
            elif times >= _HOPELESS:
                way = f"it lies too near to {criterion} to be settled: ask for more or for less"
    yield Finding(
        "L1",
        f"{change.spelled_key} keeps coming back, {len(alike)} times so far without"
        " a confirmation\n" + "\n".join(lines),
        way,
        advice=True,
    )


def _same_words(results: Sequence[Result], text: str) -> Iterator[Finding]:
    from gitexp.rules.plan.similar import rank

    others = [r for r in results if r.registration]
    best = rank(text, [hypothesis_of(r.entry.message) for r in others])[:1]
    for cosine, index in best:
        if cosine >= _ALIKE:
            other = others[index]
            yield Finding(
                "K5",
                f"exp/{other.entry.name} says much the same:"
                f"\n  {hypothesis_of(other.entry.message)}",
                f"gitexp show {other.entry.name} tells what came of it",
                advice=True,
            )
