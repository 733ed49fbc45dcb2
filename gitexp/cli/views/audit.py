"""What `gitexp audit` prints: a screenful."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

import typer

from gitexp.cli.views.terminal import filled, print_json, row_width, shortened, styled
from gitexp.rules.plan.audit import MOST_REPEATS, Assumed, Audit, PooledNoise, Retest, Worth
from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.rules.plan.past_runs import Win

_MOST_WINS = 4  # with all else they fill a screen of 24 lines
_PLAIN = re.compile(r"\w[\w.+-]{0,59}", re.ASCII)  # what can be pasted as a key or a value


class LuckJson(TypedDict):
    """What the best of `tries` would show by luck. `gain` is null if the noise is unknown."""

    tries: int
    sds: float
    gain: float | None


class TriedConfigurationJson(TypedDict):
    """A configuration with its mean score."""

    label: str
    score: float
    repeats: int


class WinJson(TriedConfigurationJson):
    """A change that was kept, and what it was compared with."""

    gain: float
    before: TriedConfigurationJson


class JudgedWinJson(WinJson):
    """A win, and whether it would stand; null if the noise is unknown."""

    standing: str | None


class WorthRetestJson(WinJson):
    """A win that deserves a retest.

    `pairs` is how many pairs of runs that takes; null if over 100, or if the noise is unknown.
    """

    pairs: int | None


class AuditJson(TypedDict):
    """Which recorded wins would stand; `failed` runs had no score."""

    metric: str
    direction: Literal["higher", "lower"]
    configurations: int
    failed: int
    noise: PooledNoise | None
    best_of: LuckJson
    wins: list[JudgedWinJson]
    assumed: Sequence[Assumed]
    retests: list[WorthRetestJson]


def audited(audit: Audit, file: Path, *, as_json: bool) -> None:
    """Print which wins would stand."""
    if as_json:
        print_json(_as_json(audit))
        return
    for line in (*_head(audit, file), "", *_noise(audit), *_wins(audit), *_next(audit, file)):
        typer.echo(line)


def _head(audit: Audit, file: Path) -> list[str]:
    better = "higher" if audit.higher_is_better else "lower"
    choose = max if audit.higher_is_better else min
    first, best = audit.tried[0].mean, choose(one.mean for one in audit.tried)
    failed = f"; {counted(audit.failed, 'run')} without a score" if audit.failed else ""
    read = (
        f"{_shown(str(file))}: {counted(len(audit.tried), 'configuration')} with"
        f" {_shown(audit.metric)} ({better} is better){failed}"
    )
    reached = (
        f"first {figures.number(first)}, best {figures.number(best)}"
        f" ({figures.rough(best - first, sign=True)}); {counted(len(audit.wins), 'change')} kept"
    )
    return [filled(read), filled(reached)]


def _noise(audit: Audit) -> list[str]:
    if audit.noise is None:
        return _noise_unknown(audit)
    noise = audit.noise
    counts = ", ".join(f"{audit.counted(one)} {_ARE[one]}" for one in Worth)
    sd, repeated = figures.rough(noise.sd), counted(noise.configurations, "repeated configuration")
    lines = [
        f"Noise between repeats: sd {sd}, from {repeated} ({noise.df:.0f} df).",
        _by_luck(audit, noise),
    ]
    if audit.wins:
        lines.append(f"{counted(len(audit.wins), 'win')}: {counts}.")
    return [filled(line) for line in lines]


_ARE = {
    Worth.STANDS: "would stand",
    Worth.LUCK: "could be luck among so many tries",
    Worth.NOISE: "within the noise",
}


def _by_luck(audit: Audit, noise: PooledNoise) -> str:
    return (
        f"By luck alone, the best of {counted(audit.tries, 'change')} that do nothing would show"
        f" {_moved(audit, noise.sd * audit.by_luck)}."
    )


def _noise_unknown(audit: Audit) -> list[str]:
    why = "all repeats are equal" if audit.equal else "no configuration was run twice"
    lines = [f"Noise unknown: {why}. Which wins stand depends on it:"]
    if audit.assumed:
        lines.append(_columns("if the sd is", "would stand", "within noise", "luck alone"))
    for row in audit.assumed:
        stand = f"{row.stand} of {len(audit.wins)}"
        luck = _moved(audit, row.best_of)
        lines.append(_columns(figures.rough(row.sd), stand, str(row.noise), luck))
    if not audit.wins:
        lines = [f"Noise unknown: {why}. Nothing was kept, so nothing depends on it."]
    return lines


def _columns(sd: str, stand: str, noise: str, luck: str) -> str:
    return f"{sd:>14}  {stand:>16}  {noise:>12}  {luck:>12}"


def _wins(audit: Audit) -> list[str]:
    if audit.noise is None:
        return []
    largest = sorted(audit.wins, key=lambda one: -one.win.gain)
    lines = [
        _row(audit, one.win, str(one.worth.value)) for one in largest[:_MOST_WINS] if one.worth
    ]
    if more := len(largest) - len(lines):
        lines.append(f"  and {more} smaller; --json lists all")
    return lines


def _row(audit: Audit, win: Win, what: str) -> str:
    head = f"  {_moved(audit, win.gain):>9}  {what:<15}"
    told = ": ".join(filter(None, (win.after.label, _change(win))))
    return (head + _shown(told, row_width() - len(head))).rstrip()


def _moved(audit: Audit, gain: float) -> str:
    """How the metric moves with a gain."""
    return figures.rough(gain if audit.higher_is_better else 0 - gain, sign=True)


def _shown(text: str, most: int = 40) -> str:
    return shortened(visible(" ".join(text[:1000].split())), most)


# --- what to do ---------------------------------------------------------------------------------


def _next(audit: Audit, file: Path) -> list[str]:
    lines = []
    if audit.retests:
        lines = ["", "Worth a retest, the largest gains that do not stand yet:"]
        lines += [_row(audit, one.win, _pairs(audit, one)) for one in audit.retests]
    if audit.noise is None:
        lines += [
            "",
            "Measure the noise: run one configuration three times, add the rows, ask again:",
        ]
        lines.append('  for seed in 1 2 3; do TRAINING_COMMAND --seed "$seed"; done')
        lines.append(f"  gitexp audit {shlex.quote(visible(str(file)))}")
    direction = "higher" if audit.higher_is_better else "lower"
    lines += ["", styled("next, in the repository of the training script:", bold=True)]
    lines.append(
        f"  gitexp init --metric {shlex.quote(visible(audit.metric))} --direction {direction}"
    )
    # Without the noise nobody knows yet whether a second one is worth it.
    starts = _starts(audit)[: None if audit.noise else 1]
    lines += [f'  gitexp start {one} "HYPOTHESIS because REASON"' for one in starts]
    return lines


def _pairs(audit: Audit, retest: Retest) -> str:
    if audit.noise is None:
        return ""
    return f"over {MOST_REPEATS} pairs" if retest.pairs is None else f"{retest.pairs} pairs"


def _starts(audit: Audit) -> list[str]:
    """Options of `start` for each retest, each once."""
    found = []
    for one in audit.retests:
        if one.pairs or audit.noise is None:
            repeats = f" --repeats {one.pairs}" if one.pairs else ""
            found.append(f"{_how(one.win)}{repeats}")
    return list(dict.fromkeys(found)) or ["--set KEY=VALUE"]


def _how(win: Win) -> str:
    """The option that says what a win changed: a setting, or code where only commits differ."""
    if change := _change(win):
        return f"--set {change}"
    named = {key.lower() for key, _ in win.after.settings}
    return "--code" if "commit" in named and named <= {"commit", "status"} else "--set KEY=VALUE"


def _change(win: Win) -> str:
    """The one setting that a win changed; "" if there are several, or it cannot be pasted."""
    before = dict(win.before.settings)
    changed = [(key, value) for key, value in win.after.settings if before.get(key) != value]
    if len(changed) == 1 and set(before) == set(dict(win.after.settings)):
        key, value = changed[0]
        if _PLAIN.fullmatch(key) and _PLAIN.fullmatch(value) and key != "commit":
            return f"{key}={value}"
    return ""


# --- JSON ---------------------------------------------------------------------------------------


def _as_json(audit: Audit) -> AuditJson:
    noise = audit.noise
    return {
        "metric": audit.metric,
        "direction": "higher" if audit.higher_is_better else "lower",
        "configurations": len(audit.tried),
        "failed": audit.failed,
        "noise": noise,
        "best_of": {
            "tries": audit.tries,
            "sds": audit.by_luck,
            "gain": None if noise is None else noise.sd * audit.by_luck,
        },
        "wins": [
            {**_win_json(one.win), "standing": one.worth.value if one.worth else None}
            for one in audit.wins
        ],
        "assumed": audit.assumed,
        "retests": [{**_win_json(one.win), "pairs": one.pairs} for one in audit.retests],
    }  # fmt: skip


def _win_json(win: Win) -> WinJson:
    return {
        "label": win.after.label,
        "gain": win.gain,
        "score": win.after.mean,
        "repeats": len(win.after.scores),
        "before": {
            "label": win.before.label,
            "score": win.before.mean,
            "repeats": len(win.before.scores),
        },
    }
