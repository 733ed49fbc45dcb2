"""The marks of what became of an experiment: one table for the log, for reports and for docs.

Pictures draw the marks of verdicts as lines (figures/drawing.py).
"""

from __future__ import annotations

from gitexp.rules.verdict.verdict import Verdict

UNTESTED = "UNTESTED"  # a commit of the baseline branch that was never an experiment
FATES = {"accepted": "*", "archived": "~"}
# For whatever can show it, and in ASCII.
_MARKS = {
    Verdict.CONFIRMED: "✓+",
    Verdict.RULED_OUT: "✗x",
    Verdict.INCONCLUSIVE: "??",
    Verdict.EXPLORATORY: "◦e",
    UNTESTED: "-_",
    "running": "▸>",
    "failed": "!!",
}
_OPEN = "·."  # planned and its like, beside which a word says what it is


def mark_for(what: str, *, plain: bool = False) -> str:
    """The mark of a verdict, of a state where there is no verdict, or of UNTESTED."""
    return _MARKS.get(what, _OPEN)[plain]
