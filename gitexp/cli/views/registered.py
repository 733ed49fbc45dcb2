"""What registering experiments prints: what was registered, and what its design can detect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NotRequired, TypedDict

import typer

from gitexp.cli.views.code import code_line
from gitexp.cli.views.terminal import (
    findings,
    hanging,
    listed,
    print_json,
    styled,
    wrapped,
)
from gitexp.rules.documents.change import ChangeJson
from gitexp.rules.finding import Finding
from gitexp.rules.plan.prediction import prediction_of
from gitexp.rules.text import counted, duration, visible
from gitexp.rules.verdict import figures
from gitexp.rules.verdict.power import Power, repeats_needed, said_to_detect

if TYPE_CHECKING:
    from gitexp.lab.registering.registering import Started
    from gitexp.rules.documents.registration import Registration
    from gitexp.workflows.preset import Preset
    from gitexp.workflows.retest import CarriedOn

_ADVISED = 3  # messages of one rule, and experiments of one message, that a list shows


class StartedJson(TypedDict):
    """An experiment that was registered; `outlook` is what it can detect, and what it takes.

    `code` is the code commit that it stands on, if it stands on one.
    """

    name: str
    branch: str
    commit: str
    baseline: str
    change: ChangeJson
    trailers: dict[str, str]
    advice: Sequence[Finding]
    outlook: Power
    code: NotRequired[str]


# A word of Python is among the names.
_FromJson = TypedDict("_FromJson", {"from": str})


class StartedFromJson(StartedJson, _FromJson):
    """An experiment that was registered again; `from` is its old name."""


class LeftJson(TypedDict):
    """An experiment that was left as it is, and why."""

    name: str
    reason: str


class CarriedJson(TypedDict):
    """Experiments that were registered again, and those that were not."""

    started: list[StartedFromJson]
    left: list[LeftJson]


def started(experiment: Started, *, as_json: bool) -> None:
    """Print a registered experiment and the next command."""
    if as_json:
        print_json(_started_json(experiment))
        return
    _started(experiment)
    typer.echo(f"\nnext: gitexp run {experiment.name}")
    if experiment.code is not None:
        typer.echo(f"      to go on editing: git switch exp/{experiment.name}")


def registered(experiments: Sequence[Started]) -> None:
    """Print experiments that run at once."""
    for experiment in experiments:
        _started(experiment)
        typer.echo("")


def started_all(experiments: Sequence[Started], *, as_json: bool) -> None:
    """Print the experiments that a sweep or a plan registered, one a line."""
    if as_json:
        print_json([_started_json(experiment) for experiment in experiments])
        return
    width = max(len(experiment.name) for experiment in experiments)
    for experiment in experiments:
        typer.echo(f"exp/{experiment.name:{width}}  {visible(experiment.change.brief)}")
    _advice_on_many(experiments)
    typer.echo(
        f"\n{counted(len(experiments), 'experiment')} registered on {experiments[0].baseline}"
    )
    typer.echo("next: gitexp next")


def _advice_on_many(experiments: Sequence[Started]) -> None:
    """Print the first line of each piece of advice once, and of each rule a few; --json has all."""
    told: dict[str, dict[str, list[str]]] = {}
    for experiment in experiments:
        for finding in experiment.advice:
            first = finding.message.partition("\n")[0]
            told.setdefault(finding.id, {}).setdefault(first, []).append(experiment.name)
    for id_, messages in told.items():
        for message, names in [*messages.items()][:_ADVISED]:
            whose = "" if len(names) == len(experiments) else f" ({_some(names)})"
            typer.echo(wrapped(f"{id_} {message}{whose}", ""))
        if (left := len(messages) - _ADVISED) > 0:
            typer.echo(f"{id_} and {left} more like these")


def _some(names: Sequence[str]) -> str:
    left = [counted(more, "other")] if (more := len(names) - _ADVISED) > 0 else []
    return listed([*names[:_ADVISED], *left])


def left_out(values: Sequence[str], baseline: str) -> None:
    """Say which values of a sweep the baseline has already, beside standard output."""
    for value in values:
        typer.echo(f"left out: {visible(value)}, which {baseline} has already", err=True)


def overrun(experiments: Sequence[Started]) -> None:
    """Say once that these are more than their campaign plans, beside standard output."""
    for said in dict.fromkeys(one.overrun for one in experiments if one.overrun):
        typer.echo(f"gitexp: {said}", err=True)


def carried_on(done: CarriedOn, *, as_json: bool) -> None:
    """Print which experiments stand on the current baseline now, and which do not."""
    if as_json:
        print_json(carried_json(done))
        return
    carried_lines(done)
    if not done.started and not done.left:
        typer.echo("No experiment planned or confirmed on an older baseline is waiting.")
    if done.started:
        typer.echo("\nnext: gitexp next")


def carried_json(done: CarriedOn) -> CarriedJson:
    """Which experiments were registered again, and why the others were not."""
    return {
        "started": [{"from": old, **_started_json(new)} for old, new in done.started.items()],
        "left": [{"name": name, "reason": why} for name, why in done.left.items()],
    }


def carried_lines(done: CarriedOn) -> None:
    """Print a line for each experiment that was, or was not, registered again."""
    for old, new in done.started.items():
        was = f"exp/{old} (archived)" if old in done.archived else f"exp/{old}"
        typer.echo(f"{was} is now exp/{new.name}: {visible(new.change.brief)}")
    for name, why in done.left.items():
        typer.echo(wrapped(f"exp/{name} was left as it is: {why}", ""))


def split(experiments: Sequence[Started], *, as_json: bool) -> None:
    """Print the experiments that one edit was split into."""
    if as_json:
        print_json([_started_json(experiment) for experiment in experiments])
        return
    for experiment in experiments:
        _started(experiment)
        typer.echo("")
    typer.echo("Your files were not changed.")
    typer.echo("next: " + "\n      ".join(f"gitexp run {e.name}" for e in experiments))


def preset(done: Preset, *, as_json: bool) -> None:
    """Print a preset that was written, and what to add where no program reads presets."""
    if as_json:
        print_json(done)
        return
    typer.echo(f"{done.file} now has the preset {done.name} ({done.commit[:10]}):\n")
    typer.echo(visible(done.added))
    if not done.is_read:
        typer.echo("\nNo program here reads presets yet. Add this where the config is loaded:\n")
        from gitexp.workflows.preset import READER  # loads what edits configs

        typer.echo(READER)
    typer.echo(f'\nnext: gitexp start --set preset={done.name} "HYPOTHESIS because REASON"')


def _started_json(experiment: Started) -> StartedJson:
    content: StartedJson = {
        "name": experiment.name,
        "branch": f"exp/{experiment.name}",
        "commit": experiment.commit,
        "baseline": experiment.base,
        "change": experiment.change.as_json(),
        "trailers": dict(experiment.registration.trailers()),
        "advice": experiment.advice,
        "outlook": experiment.power,
    }
    if experiment.code:
        content["code"] = experiment.code.commit
    return content


def _started(experiment: Started) -> None:
    registration, change = experiment.registration, experiment.change
    typer.echo(
        f"{styled(f'exp/{experiment.name}', bold=True)}  on {experiment.baseline}"
        f" ({experiment.base[:8]})"
    )
    if experiment.code is not None:
        code_line(experiment.code)
    retyped = f"  ({change.retyped})" if change.retyped else ""
    typer.echo(f"  {change.file}:{change.line}{retyped}")
    if experiment.old_line:
        typer.echo(styled(f"  - {visible(experiment.old_line)}", typer.colors.RED))
    if experiment.new_line:
        typer.echo(styled(f"  + {visible(experiment.new_line)}", typer.colors.GREEN))
    looks = listed([*map(str, registration.repeats)], "or")
    over = "in one run (deterministic)"
    if registration.seeded:
        over = f"over {looks} paired repeat{'s' * (registration.repeats[-1] > 1)}"
    if registration.borrowed:
        over = f"in one run against {registration.borrowed} of the baseline"
    examples = ", per example" if registration.by_examples else ""
    typer.echo(f"  success: {registration.criterion} {over}{examples}")
    shared = f", shared by {len(registration.repeats)} looks" if registration.repeats[1:] else ""
    needs = f"needs p < {registration.level:.3g}{shared}"
    place = f"experiment {experiment.place} of {experiment.planned} in this campaign"
    if registration.campaign > 1 and experiment.place == 1:
        adds = figures.rough(registration.level * experiment.planned)
        place += f", which adds {adds} to the false confirmations to expect"
    typer.echo(hanging("  limit:   ", f"{place}; {needs}"))
    if registration.guards:
        typer.echo(hanging("  guards:  ", ", ".join(map(str, registration.guards))))
    doubted = any(finding.id == "S2" for finding in experiment.advice)
    power(registration, experiment.power, doubted=doubted)
    findings(experiment.advice)


def power(registration: Registration, power: Power, *, doubted: bool) -> None:
    """Print what can be detected (unless advice says that it is too little), and what it takes."""
    found = said_to_detect(registration.criterion, power)
    if found and not doubted:
        said = f"{found}, 4 times in 5 (estimated from {power.source})"
        typer.echo(hanging("  detects: ", said))
        # Where it may be enough or not, the least that is sure to be.
        if power.enough and power.enough > registration.repeats[-1]:
            needed = repeats_needed(registration, power)
            typer.echo(hanging("  needs:   ", f"{needed} to find {registration.criterion}"))
    elif power.spreads is not None and not doubted:
        said = f"{power.spreads:.1f} standard deviations of a paired difference or more"
        typer.echo(hanging("  detects: ", f"{said}, 4 times in 5 (nothing has run yet)"))
    elif not found and not doubted:
        typer.echo("  detects: known once there are runs (gitexp run --baseline)")
    if power.seconds is not None:
        more = []
        if power.checks:
            more.append(f"{counted(power.checks, 'run')} to check the baseline")
        if power.failing:
            more.append(f"about {power.failing} to repeat failed ones")
        extra = f" ({', '.join(more)})" if more else ""
        runs = f"{counted(power.runs, 'run')}{extra}"
        typer.echo(hanging("  takes:   ", f"about {runs}, {duration(power.seconds)}"))
    if power.enough_for_gain is not None:
        gain = f"{prediction_of(registration).gain:g}"
        said = f"a gain of {gain}, as predicted, needs at most --repeats {power.enough_for_gain}"
        typer.echo(hanging("  shorter: ", f"{said}; smaller gains are then missed more often"))
