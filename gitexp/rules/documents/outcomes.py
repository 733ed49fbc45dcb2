"""Per-example outcomes of a run: what was true and what was predicted, row by row.

A row is named by its id in every run, so that two runs can be compared example by example. Of very
many rows those with the smallest sha256 of their id are kept: the same ones in every run, so that
pairs survive the cut.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.lines import MALFORMED, Kind, read_contents, stamped, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

TRUE, PREDICTED, SCORE = "y_true", "y_pred", "y_score"
MOST_ROWS = 50_000  # of one run; the spread over examples is known to half a per cent by then
LONGEST_DATA = 1_000_000  # bytes of one run in the notes
_LARGEST_TEXT = 64 << 20  # bytes that a line may unpack to: a remote's notes are not trusted

Key = tuple[int, int, str]  # seed, attempt and condition of the run


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows of one run, as texts; every column has one text for each id.

    `ids` are distinct. `columns` holds y_true and y_pred at least, then what else was given.
    `count` is how many rows the run had, of which these may be a part.
    """

    ids: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    count: int

    @property
    def complete(self) -> bool:
        """Whether these are all rows of the run."""
        return len(self.ids) == self.count

    @property
    def ids_fingerprint(self) -> str:
        """Identity of the set of rows, whatever their order: 12 hexadecimal characters."""
        import hashlib  # loads OpenSSL

        # An id may hold any character: its length keeps ("a", "bc") from looking like ("ab", "c").
        text = "".join(f"{len(name)}:{name}" for name in sorted(self.ids))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def cut(self, rows: int, names: Collection[str] | None = None) -> Outcomes:
        """Keep the `rows` rows with the smallest hash, and of the columns those in `names`."""
        kept = range(len(self.ids))
        if rows < len(self.ids):
            kept = sorted(sorted(kept, key=lambda n: hash_of(self.ids[n]))[:rows])  # type: ignore[assignment]
        return Outcomes(
            tuple(self.ids[n] for n in kept),
            {
                name: tuple(texts[n] for n in kept)
                for name, texts in self.columns.items()
                if names is None or name in names
            },
            self.count,
        )


def hash_of(name: str) -> bytes:
    """Place of an id in the order in which rows are kept."""
    import hashlib

    return hashlib.sha256(name.encode()).digest()


def natural(name: str) -> tuple[int, str]:
    """Place of an id in the order in which rows are stored: numbers grow, neighbours compress."""
    return len(name), name


def unpaired(baseline: Sequence[Outcomes], candidate: Sequence[Outcomes]) -> int:
    """Count the distinct ids that no pair of runs has in common; runs are paired by their place."""
    seen: set[str] = set()
    paired: set[str] = set()
    for one, other in zip(baseline, candidate, strict=True):
        mine, theirs = set(one.ids), set(other.ids)
        seen |= mine | theirs
        paired |= mine & theirs
    return len(seen - paired)


def outcomes_line(outcomes: Outcomes, *, seed: int, attempt: int, condition: str) -> dict[str, Any]:
    """Bulk line of a run's outcomes, short enough for a note.

    Where it is too long, columns beyond y_true, y_pred and y_score go first, from the last on, then
    rows. `ids` is the fingerprint of all rows given.
    """
    whole = outcomes
    more = [name for name in whole.columns if name not in {TRUE, PREDICTED, SCORE}]
    while len(data := _pack(outcomes)) > LONGEST_DATA:
        if more:
            # Halved, because every try packs the whole.
            dropped = set(more[len(more) // 2 :])
            more = more[: len(more) // 2]
            names = [name for name in outcomes.columns if name not in dropped]
            outcomes = outcomes.cut(len(outcomes.ids), names)
        else:
            outcomes = outcomes.cut(int(len(outcomes.ids) * min(0.95, LONGEST_DATA / len(data))))
    fields = {
        "seed": seed, "attempt": attempt, "condition": condition, "count": whole.count,
        "rows": len(outcomes.ids), "ids": whole.ids_fingerprint, "data": data,
    }  # fmt: skip
    return stamped(Kind.OUTCOMES, fields)


def _pack(outcomes: Outcomes) -> str:
    """CSV text with a line a column, compressed: like beside like takes half of rows' space."""
    import base64
    import csv
    import io
    import zlib

    text = io.StringIO(newline="")
    writer = csv.writer(text)  # ends lines with "\r\n", or else a lone "\r" would go unquoted
    writer.writerow(["id", *outcomes.ids])
    for name, texts in outcomes.columns.items():
        writer.writerow([name, *texts])
    return base64.b64encode(zlib.compress(text.getvalue().encode(), 9)).decode()


def parse_outcomes(text: str, wanted: Collection[Key] | None = None) -> dict[Key, Outcomes]:
    """Read the outcomes in a note's bulk by seed, attempt and condition; None: all.

    What is damaged, of a newer schema or no outcomes at all is left out.
    """
    found: dict[Key, Outcomes] = {}
    # Two machines may have made the same attempt: wherever it is read, the same one counts.
    lines = "\n".join(sorted({*text.splitlines()}))
    for content in read_contents(lines, Kind.OUTCOMES):
        with suppress(*MALFORMED):
            key = (int(content["seed"]), int(content["attempt"]), text_of(content, "condition"))
            if key not in found and (wanted is None or key in wanted):
                found[key] = _unpack(content["data"], int(content["rows"]), int(content["count"]))
    return found


def _unpack(data: str, rows: int, count: int) -> Outcomes:
    import base64
    import csv
    import io
    import zlib

    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.b64decode(data, validate=True), _LARGEST_TEXT)
        lines = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except (zlib.error, csv.Error) as error:
        raise ValueError(str(error)) from None
    columns = {name: tuple(texts) for name, *texts in lines}
    ids = columns.pop("id")
    if (
        not unpacking.eof
        or len(columns) + 1 != len(lines)
        or any(len(texts) != rows for texts in (ids, *columns.values()))
        or len(set(ids)) != rows
        or not 0 < rows <= count
        or not {TRUE, PREDICTED} <= columns.keys()
    ):
        raise ValueError("not what was stored")
    return Outcomes(ids, columns, count)


def edit_cells(fields: Mapping[str, Any], edit: Callable[[str, str], str]) -> str:
    """Pack the rows of an outcomes line anew, every cell edited by its column's name and its text.

    Rows whose ids would no longer differ cannot be kept; what cannot be read is left as it is.
    """
    try:
        outcomes = _unpack(fields["data"], int(fields["rows"]), int(fields["count"]))
    except MALFORMED:
        return str(fields.get("data", ""))
    ids = tuple(edit("id", name) for name in outcomes.ids)
    columns = {
        edit("", name): tuple(edit(name, text) for text in texts)
        for name, texts in outcomes.columns.items()
    }
    edited = Outcomes(ids, columns, outcomes.count)
    if edited == outcomes:
        return str(fields["data"])
    whole = len(set(ids)) == len(ids) and len(columns) == len(outcomes.columns)
    return _pack(edited) if whole else ""


def edit_packed(text: str, edit: Callable[[str], str]) -> str | None:
    """Pack a compressed text anew, edited; None where it is no such text."""
    import base64
    import zlib

    if not text.startswith(("eA", "eF", "eJ", "eN")):  # as base64 shows the head of a zlib stream
        return None
    unpacking = zlib.decompressobj()
    try:
        packed = base64.b64decode(text, validate=True)
        content = unpacking.decompress(packed, _LARGEST_TEXT).decode()
    except (ValueError, zlib.error):
        return None
    if not unpacking.eof or (edited := edit(content)) == content:
        return text if unpacking.eof else None
    return base64.b64encode(zlib.compress(edited.encode(), 9)).decode()
