"""The hypothesis linter: a statement with its reason passes; a question or a bare claim does not.

    H0  nothing was written                               refuses
    H1  a question                                        refuses
    H2  no reason                                         refuses
    H3  only a label for the change                       advises
    H4  neither a metric nor a direction                  advises
    H5  popularity as the only reason                     advises
    H6  characters that a terminal acts on (escapes ...)  refuses

The linter reads words, not meaning: "because it is better" passes. A text that can be read in two
ways gets the benefit of the doubt, because refusing an honest sentence teaches nothing.

Patterns are strings, compiled by `re` when a text first needs them, because a hook imports this
package on every commit. Repetition in them is possessive or bounded, because a message may be a
pasted log and the time must stay linear in its length.
"""

from __future__ import annotations

import re

from gitexp.rules.finding import Finding
from gitexp.rules.gate.hypothesis.advice import (
    NOT_ENGLISH,
    find_bare_label,
    find_hype,
    find_unmeasurable,
)
from gitexp.rules.gate.hypothesis.pointing import TEMPLATE, point_at
from gitexp.rules.gate.hypothesis.question import find_question
from gitexp.rules.gate.hypothesis.reading import Reading, read
from gitexp.rules.gate.hypothesis.reason import find_missing_reason, find_reason
from gitexp.rules.text import UNSAFE


def lint(text: str, metric: str = "") -> tuple[Finding, ...]:
    """Return what is wrong with a hypothesis, refusals first; empty if nothing is.

    `metric` is the project's own metric: `val_acc`, `val-acc` and "val acc" are one name.
    """
    reading = read(text)
    if not any(c.isprintable() and not c.isspace() for c in reading.shown):
        return (Finding("H0", "the hypothesis is empty", f'write: "{TEMPLATE}"'),)
    reason = find_reason(reading)
    question = find_question(reading, reason)
    findings = [question, find_missing_reason(reading, reason), find_control_characters(reading)]
    # The word lists are English; in any other language their advice would be wrong.
    if (reason is None or reason.english) and not re.search(NOT_ENGLISH, reading.plain):
        label = None if question else find_bare_label(reading, reason, metric)
        findings += [
            label,
            find_unmeasurable(reading, reason, metric),
            find_hype(reading, reason, metric),
        ]
    return tuple(finding for finding in findings if finding)


def find_control_characters(reading: Reading) -> Finding | None:
    """H6: find the first character that a terminal would act on instead of showing it."""
    found = re.search(UNSAFE, reading.shown)
    if found is None:
        return None
    return Finding(
        "H6",
        "a terminal would act on this character instead of showing it\n"
        + point_at(reading, found.start(), found.end()),
        "remove it: it could hide or reverse what others read",
    )
