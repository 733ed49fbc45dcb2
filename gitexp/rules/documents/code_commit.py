"""Code commits: the one commit that may lie between a baseline and an experiment.

It brings code behind a switch that is off. Its message carries `Code: NAME`; an experiment on it
carries `Code: COMMIT` and `Base: COMMIT`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitexp.rules.documents.message import split_message, write_message

CODE, BASE = "Code", "Base"
REPLACES = "Replaces"  # earlier commits of an experiment, whose code failed; newest first
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_code_commit(message: str) -> bool:
    """Whether a commit says that it brings the code of experiments.

    `Code` with a commit's id belongs to an experiment that stands on such code.
    """
    trailers = split_message(message)[1]
    is_named = CODE in trailers and not _ID.fullmatch(trailers[CODE])
    return is_named and "Experiment" not in trailers


def code_message(hypothesis: str, name: str) -> str:
    """Write the message of a code commit; `name` is that of its first experiment."""
    return write_message(f"Code, switched off: {hypothesis}", [(CODE, name)])


def code_trailers(code: str, base: str) -> tuple[tuple[str, str], ...]:
    """Trailers of an experiment on a code commit; none where it stands on its baseline."""
    return ((CODE, code), (BASE, base)) if code else ()


def stands_on(parents: Sequence[str], message: str) -> tuple[str, str]:
    """Baseline commit and code commit of an experiment, as its message and its parents say.

    The code commit is empty where it has none. The gate checks that the message is right.
    """
    parent = parents[0] if parents else ""
    trailers = split_message(message)[1]
    base = trailers.get(BASE, "")
    if parent and trailers.get(CODE) == parent and _ID.fullmatch(base):
        return base, parent
    return parent, ""
