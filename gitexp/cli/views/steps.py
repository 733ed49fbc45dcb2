"""What a step of the baseline branch did to the metric, and to how it is judged, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.text import counted, visible
from gitexp.rules.verdict import figures

if TYPE_CHECKING:
    from gitexp.lab.log.ladder import LadderStep


def effect_of(step: LadderStep, *, newest: bool = True) -> str:
    """What a step did to the metric; only the newest can still be measured."""
    effect = step.effect
    if step.amendment.protocol:
        return "results before and after it are not comparable"
    if effect is None and step.measured:
        return "cannot be compared: what ran before it has no runs on the same seeds"
    if effect is None:
        return "not measured" + (": gitexp run --baseline" if newest else "")
    over = f"over {counted(effect.seeds, 'seed')}"
    if effect.neutral:
        return f"neutral, identical {over}"
    if not effect.sd:
        return f"moved by {figures.number(effect.mean, sign=True)} {over}"
    mean = figures.rounded_like(effect.mean, effect.sd, sign=True)
    return f"moved by {mean} {over} (standard deviation {figures.rough(effect.sd)})"


def amendment_lines(step: LadderStep) -> list[str]:
    """What a step changed about how results are judged, and who did it, each in one sentence."""
    protocol, asked = step.amendment.protocol, step.amendment.asked
    said = [f"change of protocol: {', '.join(protocol)}"] if protocol else []
    by = f"{step.commit[:8]} by {step.author}"
    return [visible(f"{sentence} ({by})") for sentence in (*said, *asked)]
