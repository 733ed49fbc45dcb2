"""How annotated configs look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import typer

from gitexp.cli.views.terminal import (
    beginning,
    columns,
    padded,
    print_json,
    shortened,
    styled,
    width,
)
from gitexp.rules.documents.change import cut
from gitexp.rules.gate.formats.keys import spell_key
from gitexp.rules.gate.formats.values import spell, to_json
from gitexp.rules.text import counted, first_few, visible
from gitexp.rules.verdict import effects
from gitexp.rules.verdict.verdict import Verdict

if TYPE_CHECKING:
    from gitexp.rules.plan.blame import Blamed, ValueTest
    from gitexp.workflows.blame import BlamedFile

_LONGEST = 16  # characters of a value that was tried
_NAMED = 4  # values that are named
_TESTED = {
    Verdict.RULED_OUT: "ruled out", Verdict.CONFIRMED: "confirmed",
    Verdict.INCONCLUSIVE: "inconclusive",
}  # fmt: skip


class TestedJson(TypedDict):
    """An experiment that tested a value."""

    name: str
    metric: str
    value: Any
    verdict: Verdict | None
    effect: float | None
    lower: float | None
    upper: float | None


class ValueJson(TypedDict):
    """A value of a config file, the commit that wrote it, and experiments on it and on others."""

    file: str
    line: int | None
    key: str
    value: Any
    commit: str | None
    author: str | None
    time: str | None
    set_by: TestedJson | None
    others: list[TestedJson]
    untested: bool


def blamed(files: Sequence[BlamedFile], *, as_json: bool) -> None:
    """Print each line of the configs beside what is known of its value."""
    if as_json:
        print_json([_value_json(file, one) for file in files for one in file.values])
        return
    for number, file in enumerate(files):
        typer.echo(("\n" if number else "") + styled(visible(file.path), bold=True))
        if file.wrong:
            typer.echo(f"  {visible(file.wrong)}")
        typer.echo("\n".join(_lines(file)))


def untested(files: Sequence[BlamedFile], *, as_json: bool) -> None:
    """Print the values that no experiment has tested, the oldest first."""
    found = [(file, one) for file in files for one in file.values if one.untested]
    found.sort(key=lambda both: date.time if (date := both[0].date(both[1])) else "~")
    if as_json:
        print_json([_value_json(file, one) for file, one in found])
        return
    if not found:
        typer.echo("Every value was tested.")
        return
    for file, one in found:
        date = file.date(one)
        place = f"{file.path}: {spell_key(one.place.key)} = {spell(one.place.value)}"
        typer.echo(
            f"{date.time[:10] if date else '':10}  {shortened(visible(place), width() - 12)}"
        )
    number = sum(len(file.values) for file in files)
    typer.echo(f"\n{len(found)} of {counted(number, 'value')} never tested")


def _lines(file: BlamedFile) -> Iterator[str]:
    """Each line with what is known of its values on its left, as git blame puts it."""
    known: dict[int, list[Blamed]] = {}
    for one in file.values:
        if one.place.line is not None:
            known.setdefault(one.place.line, []).append(one)
    digits = len(str(len(file.lines)))
    texts = [visible(line.rstrip()) for line in file.lines]
    longest = max(map(columns, texts), default=0)
    # The line itself may be cut to half of the terminal, and no further.
    most = max(width() // 2, width() - longest - digits - 3)
    told = {at: _fitting(_in_fewer_words(ones), most) for at, ones in known.items()}
    side = max(map(columns, told.values()), default=0)
    for number, text in enumerate(texts, 1):
        head = padded(told.get(number, ""), side)
        room = width() - side - digits - 3
        yield f"{head} {number:>{digits}}  {_fitting([text], room)}".rstrip()


def _in_fewer_words(values: Sequence[Blamed]) -> list[str]:
    """What is known of the values of a line; then the same without names of experiments."""
    return [
        visible("; ".join(about_value(one, is_named=is_named) for one in values))
        for is_named in (True, False)
    ]


def _fitting(texts: Sequence[str], room: int) -> str:
    """The first text that fits, else the last one without its end."""
    fitting = (text for text in texts if columns(text) <= room)
    return next(fitting, f"{beginning(texts[-1], room - 1)}…")


def about_value(one: Blamed, *, is_named: bool = True) -> str:
    """What is known of a value: who set it, what else was tried and how that ended."""
    parts = []
    if (set_by := one.set_by) is not None:
        name = set_by.name if is_named or not _gain(set_by) else ""
        parts.append(f"{name} {_gain(set_by)}".strip())
    for verdict, said in _TESTED.items():
        if there := one.ended(verdict):
            parts.append(f"{_listed(there)} {said}")
    return "; ".join(parts) or "never tested"


def _gain(tested: ValueTest) -> str:
    return effects.measured(tested.registration.criterion, tested.judgement)


def _listed(there: Sequence[ValueTest]) -> str:
    values = list(dict.fromkeys(cut(spell(one.change.after), _LONGEST) for one in there))
    return first_few(values, _NAMED)


def _value_json(file: BlamedFile, one: Blamed) -> ValueJson:
    date = file.date(one)
    return {
        "file": file.path,
        "line": one.place.line,
        "key": spell_key(one.place.key),
        "value": to_json(one.place.value),
        "commit": date.commit if date else None,
        "author": date.author if date else None,
        "time": date.time if date else None,
        "set_by": _tested_json(one.set_by) if one.set_by else None,
        "others": [_tested_json(tested) for tested in one.others],
        "untested": one.untested,
    }


def _tested_json(tested: ValueTest) -> TestedJson:
    judgement = tested.judgement
    return {
        "name": tested.name,
        "metric": tested.registration.criterion.metric,
        "value": to_json(tested.change.after),
        "verdict": tested.verdict,
        "effect": judgement.effect,
        "lower": judgement.lower,
        "upper": judgement.upper,
    }
