"""Settings before they are written: what is known so far, and the file that it makes."""

from __future__ import annotations

from dataclasses import dataclass

from gitexp.rules.documents.settings import LOOKS, LOOKS_ON_FIXED_SPLIT, RULES
from gitexp.rules.gate.formats.values import spell

_WIDTH = 74  # columns: init shows the file, indented


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """What `init` would write; a field is empty if it is not known.

    `warnings` are what you should know about the draft; they are not written.
    """

    config: str = ""
    command: str = ""
    metric: str = ""
    direction: str = ""
    effect: float | str | None = None
    metrics: str = ""
    seed_key: str = ""
    vary: str = ""
    test_ratio: float | None = None
    predictions: str = ""
    link: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    shell: bool = False
    repeats: tuple[int, ...] = ()
    planned: int | None = None
    warnings: tuple[str, ...] = ()


def render(draft: DraftSettings, baseline: str) -> str:
    """Text of the settings file."""
    vary = draft.vary or "split"
    lines = [
        "# How gitexp runs experiments here. All keys: docs/settings.md of gitexp",
        f"baseline   = {spell(baseline)}",
        f"config     = [{spell(draft.config)}]    # files of which one line may change",
        f"command    = {spell(draft.command)}    # {{seed}}, {{config}} are filled in",
        f"metric     = {spell(draft.metric)}",
        f"direction  = {spell(draft.direction)}",
        f"effect     = {_effect(draft.effect)}    # the smallest gain worth having",
    ]
    if vary != "none":
        usual = LOOKS if vary == "split" else LOOKS_ON_FIXED_SPLIT
        looks = spell(list(draft.repeats or usual))
        lines.append(f"repeats    = {looks}    # looks: a verdict after this many runs")
    lines += [
        f"rules      = {RULES}    # version of the rules for verdicts",
        f"planned    = {draft.planned or 20}    # experiments that share the error budget",
        f"vary       = {spell(vary)}    # what a seed changes:",
        '#   "split": which rows are tested, and the training (if in doubt)',
        '#   "seed":  only the training; the same rows are tested every time',
        '#   "none":  nothing; an experiment is one run, judged by its predictions',
    ]
    if vary == "split":
        ratio = 0.25 if draft.test_ratio is None else draft.test_ratio
        lines.append(f"test_ratio = {ratio:g}    # number of test rows / number of training rows")
    if draft.shell:
        lines.append("shell      = true    # the command is given to /bin/sh")
    if draft.link:
        links = spell(list(draft.link))
        lines.append(f"link       = {links}    # git-ignored inputs; linked into each checkout")
    if draft.protect:
        paths = spell(list(draft.protect))
        lines.append(f"protect    = {paths}    # what measures; no experiment may change it")
    if draft.metrics:
        lines.append(f"metrics    = {spell(draft.metrics)}")
    if draft.seed_key:
        lines.append(f"seed_key   = {spell(draft.seed_key)}    # written into each run's own copy")
    if draft.predictions:
        path = spell(draft.predictions)
        lines.append(f"predictions = {path}    # one row per example: id, y_true, y_pred")
    return "\n".join(part for line in lines for part in _fitted(line)) + "\n"


def _effect(effect: float | str | None) -> str:
    return spell(effect) if isinstance(effect, str) else f"{effect:g}"


def _fitted(line: str) -> list[str]:
    """A line with its comment above it if both together would not fit a terminal."""
    setting, separator, comment = line.partition("    # ")
    return [line] if len(line) <= _WIDTH or not separator else [f"# {comment}", setting]
