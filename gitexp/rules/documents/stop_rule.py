"""A stop rule: what a metric says of a run that is not worth finishing.

`loss > 10` and `loss is nan` are about every value that a run reports. `step 500: val_loss > 4` is
about one: the first that it reports at step 500 or later.
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass

UNDERSTOOD = '"loss > 10", "accuracy <= 0.1", "loss is nan" and "step 500: val_loss > 4"'

_NAN = "is nan"
_COMPARED = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}

_STEP = re.compile(r"\s*step\s+([0-9]{1,15})\s*:\s*")
_NAME = re.compile(r"\s*([^\s=,:+<>%]+)\s*")
_RELATION = re.compile(r"(>=|<=|>|<)\s*|(is\s+nan)\b\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?(?![\w.])\s*")


@dataclass(frozen=True, slots=True)
class StopRule:
    """Ends a run by a value of `metric`; with `step`, by the first one from that step on.

    `relation` compares the value with `bound`; "is nan" needs no bound.
    """

    metric: str
    relation: str
    bound: float = 0.0
    step: int | None = None

    def __str__(self) -> str:
        """Write it as the settings do."""
        when = "" if self.step is None else f"step {self.step}: "
        bound = "" if self.relation == _NAN else f" {self.bound:g}"
        return f"{when}{self.metric} {self.relation}{bound}"

    def holds(self, value: float) -> bool:
        """Whether a value ends the run; only `is nan` holds for nan."""
        if self.relation == _NAN:
            return math.isnan(value)
        return bool(_COMPARED[self.relation](value, self.bound))


def parse_stop_rule(text: str) -> StopRule:
    """Read a stop rule as the settings have it.

    Raises:
        ValueError: it does not parse; the message says where.
    """
    step = _STEP.match(text)
    name = _matched(_NAME, text, step.end() if step else 0, "a metric's name")
    relation = _matched(_RELATION, text, name.end(), '">", ">=", "<", "<=" or "is nan"')
    end, bound = relation.end(), 0.0
    if relation[1]:
        number = _matched(_NUMBER, text, end, "a number")
        end, bound = number.end(), float(number[0])
        if math.isinf(bound):
            raise _unreadable(text, relation.end(), "a finite number")
    if end < len(text):
        raise _unreadable(text, end, "the end (write each condition as a rule of its own)")
    return StopRule(name[1], relation[1] or _NAN, bound, int(step[1]) if step else None)


def _matched(pattern: re.Pattern[str], text: str, at: int, wanted: str) -> re.Match[str]:
    if found := pattern.match(text, at):
        return found
    raise _unreadable(text, at, wanted)


def _unreadable(text: str, at: int, wanted: str) -> ValueError:
    found = repr(text[at:]) if text[at:] else "the end"
    return ValueError(f"{text!r} has {found} where there must be {wanted}")
