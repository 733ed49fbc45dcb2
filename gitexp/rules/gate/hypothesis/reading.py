"""A hypothesis as the linter reads it: folded to lower case, code and quoted passages masked."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple


class Reading(NamedTuple):
    """One text in three forms of equal length, so that an index into one fits all of them.

    `shown` is what was written; `plain` is folded to lower case with code, URLs and placeholders
    masked; `spoken` is `plain` with quoted passages masked too, because others said those.
    """

    shown: str
    plain: str
    spoken: str


class _Folding(dict[int, str]):
    """Characters to their lower-case compatibility form, where that is one character as well."""

    def __missing__(self, code: int) -> str:
        form = unicodedata.normalize("NFKC", chr(code)).lower()
        # A full-width question mark asks even where no space follows; an ASCII one may be code.
        self[code] = form if len(form) == 1 and chr(code) != "？" else chr(code)
        return self[code]


FOLDING = _Folding({0x2019: "'", 0x02BC: "'"})

# Within one paragraph and never across another opening mark: otherwise N openings without an end
# would cost N scans of the whole text.
_PASSAGE = r"{0}[^{0}{1}\n]*+(?:\n(?![ \t]*\n)[^{0}{1}\n]*+)*+{1}"
_CODE = (
    r"```[^`]*+```|"
    + _PASSAGE.format("`", "`")
    + r"|\b(?:https?|ftp|file)://[!-~]++|\bwww\.[!-~]++"
)
_PLACEHOLDER = r"<(?:change|metric|what\s+you\s+saw\s+or\s+know|reason|why|[^\w<>]{0,20})>"
_QUOTED = "|".join(_PASSAGE.format(*pair) for pair in ('""', "“”", "„“", "«»", "「」", "『』")) + (
    r"|(?<!\w)'[^'\n]*+'(?!\w)|‘[^‘'\n]*+'(?!\w)"
)


def read(text: str) -> Reading:
    """Normalize a text and mask what is not prose."""
    shown = text.replace("\r\n", "\n").strip()
    # Normalizing sorts runs of combining marks at quadratic cost: 5 s for 80,000 of them. No script
    # stacks forty, so such a text is left as it is.
    if not re.search(r"[^\w\s\x00-\x7f]{40}", shown):
        shown = unicodedata.normalize("NFC", shown)
    plain = re.sub(_CODE, _mask_word, shown.translate(FOLDING))
    plain = re.sub(_PLACEHOLDER, lambda found: " " * len(found[0]), plain)
    spoken = re.sub(_QUOTED, _mask_word, plain)
    # If the whole text is one quotation, its author says it.
    if not re.search(r"[^\W_x]", spoken) and re.search(r"[^\W_x]", plain):
        spoken = plain
    return Reading(shown, plain, spoken)


def _mask_word(found: re.Match[str]) -> str:
    return "x" * len(found[0])


def words_of(text: str) -> frozenset[str]:
    """Return a list of words, written as text, as a set."""
    return frozenset(text.split())


def phrases_of(*phrases: str) -> str:
    """Return a pattern that matches any of the phrases, with any white space between words."""
    return "|".join(phrases).replace(" ", r"\s+")
