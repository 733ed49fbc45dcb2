"""Find experiments by words of their hypotheses, reasons and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.lab.log import log
from gitexp.rules.plan.similar import rank
from gitexp.rules.verdict import words

if TYPE_CHECKING:
    from gitexp.lab.log import Row
    from gitexp.lab.project import Project


def search(project: Project, query: str) -> list[Row]:
    """Experiments that share a word with the query, best first.

    What is rare in the log counts more; figures and names of keys are words like any other.
    """
    rows = log(project)
    texts = [_text_of(row) for row in rows]
    return [rows[index] for _, index in rank(query, texts)]


def _text_of(row: Row) -> str:
    registration, judgement = row.result.registration, row.result.judgement
    parts = [row.result.entry.name, row.result.entry.message, row.state]
    if registration is not None and judgement is not None:
        parts += [
            words.verdict_line(registration, judgement),
            words.meaning(registration, judgement),
        ]
    parts.append(row.result.why)
    # Trailers stand for every experiment, and `model.C` is asked for as `C` or as `model`.
    return " ".join(parts).replace("_", " ").replace("-", " ")
