"""Find experiments by words of their hypotheses, reasons and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gitexp.lab.log.log import Row, Selection, stream
from gitexp.lab.log.results import own_heads
from gitexp.lab.log.summary_cache import opened_cache
from gitexp.lab.progress import in_one_piece
from gitexp.lab.projects.project import Project
from gitexp.rules.plan.similar import Texts
from gitexp.rules.verdict import words

_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Query:
    """What to list: experiments by name, or by the words in them.

    `near` holds words that look like a mistyped name, with the name that is likely meant.
    """

    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    near: Mapping[str, str] = field(default_factory=dict)


def read_query(project: Project, asked: Sequence[str]) -> Query:
    """Tell names and patterns of names from words to search for."""
    if not asked:
        return Query()
    with opened_cache(project.repository) as cache:
        known = {head.name for head in own_heads(project, cache)}
    names: list[str] = []
    searched: list[str] = []
    near: dict[str, str] = {}
    for word in asked:
        short = word.removeprefix("exp/")
        if short not in known and not _PATTERN & {*short} and "-" in short:
            from difflib import get_close_matches  # only for what may be mistyped

            for name in get_close_matches(short, known, n=1, cutoff=0.8):
                near[word] = name
        is_name = short in known or short != word or _PATTERN & {*short}
        (names if is_name else searched).append(short)
    return Query(tuple(names), tuple(searched), near)


def search(project: Project, query: str, selection: Selection | None = None) -> list[Row]:
    """Selected experiments that share a word with the query, best first.

    Words that are rare in the log count more. Numbers and names of keys are words, too.
    """
    with in_one_piece("searching"):
        rows = list(stream(project, selection))
        return [rows[index] for _, index in Texts(map(_text_of, rows)).rank(query)]


def _text_of(row: Row) -> str:
    registration, judgement = row.result.registration, row.result.judgement
    parts = [row.result.entry.name, row.result.entry.message, row.state]
    if registration is not None and judgement is not None:
        parts += [
            words.verdict_line(registration, judgement),
            words.meaning(registration, judgement),
        ]
    parts.append(row.result.why)
    # `model.C` should be found as `C` and as `model`.
    return " ".join(parts).replace("_", " ").replace("-", " ")
