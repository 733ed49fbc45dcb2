"""Objections: reasons why runs cannot be evidence, whatever their scores say.

A test of scores takes it for granted that nothing but the change differs between the two arms, and
that nobody and nothing chose which runs are compared. An objection is a fact on record that says
otherwise; it makes the verdict INCONCLUSIVE, with its own reason. Each has a file of its own with a
pure function from `Evidence` to an `Objection` or None. Listed below are those that no further run
mends; moved.py, and conflict.py, which needs a judge, are asked by experiment.py itself. They came
with rules 2: what was registered before keeps its verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gitexp.rules.verdict.objections.other_rows import other_rows
from gitexp.rules.verdict.objections.repeated_seeds import repeated_seeds

if TYPE_CHECKING:
    from gitexp.rules.verdict.objections.evidence import Evidence, Objection

    Objector = Callable[[Evidence], Objection | None]

# Said at the first look at which they show, before more runs are spent: no further run mends them.
AT_ONCE: tuple[Objector, ...] = (other_rows, repeated_seeds)


def first_objection(objectors: Iterable[Objector], evidence: Evidence) -> Objection | None:
    """The first objection that is raised, None where there is none."""
    raised = (objector(evidence) for objector in objectors)
    return next((one for one in raised if one is not None), None)
