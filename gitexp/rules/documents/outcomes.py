"""Per-example outcomes of a run: what was true and what was predicted, row by row.

A row has the same id in every run, so that two runs can be compared example by example. If there
are too many rows, those with the smallest sha256 of their id are kept: the same rows in every run.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import read_contents, stamped

TRUE, PREDICTED, SCORE = "y_true", "y_pred", "y_score"
MOST_ROWS = 50_000  # of one run; enough for the standard deviation over examples to half a percent
LONGEST_DATA = 1_000_000  # bytes of one run in the notes

Key = tuple[int, int, str]  # seed, attempt and condition of the run


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows of one run as text; every column has one text per id.

    `ids` are distinct. `columns` has at least y_true and y_pred, and then whatever was given.
    `count` is the number of rows that the run had; these may be only some of them.
    """

    ids: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    count: int

    @property
    def complete(self) -> bool:
        """Whether these are all the rows of the run."""
        return len(self.ids) == self.count

    @property
    def ids_fingerprint(self) -> str:
        """Identity of the set of rows, in any order: 12 hexadecimal characters."""
        import hashlib  # loads OpenSSL

        # An id may contain any character: the length keeps ("a", "bc") apart from ("ab", "c").
        text = "".join(f"{len(name)}:{name}" for name in sorted(self.ids))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def truth_fingerprint(self) -> str:
        """Identity of what is true of every row, in any order: 12 hexadecimal characters.

        A number counts as it is in single precision, however it was written.
        """
        return self._fingerprint([*map(_as_single, self.columns[TRUE])])

    @property
    def output_fingerprint(self) -> str:
        """Identity of what was predicted for every row, in any order: 12 hexadecimal characters."""
        return self._fingerprint(
            *(self.columns[name] for name in (PREDICTED, SCORE) if name in self.columns)
        )

    def _fingerprint(self, *columns: Sequence[str]) -> str:
        import hashlib  # loads OpenSSL

        rows = sorted(zip(self.ids, *columns, strict=True))
        text = "".join(f"{len(value)}:{value}" for row in rows for value in row)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def cut(self, rows: int, names: Collection[str] | None = None) -> Outcomes:
        """Keep the `rows` rows with the smallest hash, and the columns in `names`."""
        kept = range(len(self.ids))
        if rows < len(self.ids):
            kept = sorted(sorted(kept, key=lambda n: hash_of_id(self.ids[n]))[:rows])  # type: ignore[assignment]
        return Outcomes(
            tuple(self.ids[n] for n in kept),
            {
                name: tuple(texts[n] for n in kept)
                for name, texts in self.columns.items()
                if names is None or name in names
            },
            self.count,
        )


def hash_of_id(name: str) -> bytes:
    """Sort key of an id for deciding which rows are kept."""
    import hashlib  # loads OpenSSL

    return hashlib.sha256(name.encode()).digest()


def _as_single(text: str) -> str:
    """A number in single precision as text, so that `1` is `1.0`; any other text as it is."""
    try:
        return repr(struct.unpack("f", struct.pack("f", float(text)))[0])
    except (ValueError, OverflowError):
        return text


def natural(name: str) -> tuple[int, str]:
    """Sort key of an id for storing rows: numbers in order, which compresses well."""
    return len(name), name


def outcomes_line(outcomes: Outcomes, *, seed: int, attempt: int, condition: str) -> dict[str, Any]:
    """Bulk line of a run's outcomes, short enough for a note.

    If it is too long, further columns are dropped first, the last ones before others, then rows.
    `ids` is the fingerprint of all given rows.
    """
    whole = outcomes
    more = [name for name in whole.columns if name not in {TRUE, PREDICTED, SCORE}]
    while len(data := _pack(outcomes)) > LONGEST_DATA:
        if more:
            # Half at a time, because every attempt packs everything again.
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
    from gitexp.rules.documents.packing import pack_table  # csv: most runs store no outcomes

    return pack_table({"id": outcomes.ids, **outcomes.columns})


def parse_outcomes(text: str, wanted: Collection[Key] | None = None) -> dict[Key, Outcomes]:
    """Read the outcomes in a note's bulk by seed, attempt and condition; None: all.

    Lines that are damaged, have a newer schema or hold something else are left out.
    """
    found: dict[Key, Outcomes] = {}
    # Two machines may have made the same attempt: sorting makes one count everywhere.
    for content in read_contents("\n".join(sorted(text.split("\n"))), Kind.OUTCOMES):
        key = content["seed"], content["attempt"], content["condition"]
        if key not in found and (wanted is None or key in wanted):
            outcomes = _unpack(content)
            if outcomes is not None:
                found[key] = outcomes
    return found


def _unpack(content: Mapping[str, Any]) -> Outcomes | None:
    """Return the rows of an outcomes line, None where it packs something else."""
    from gitexp.rules.documents.packing import unpack_table  # csv: most notes hold no outcomes

    rows, count = content["rows"], content["count"]
    if not 0 < rows <= min(count, MOST_ROWS):
        return None
    columns = unpack_table(content["data"])
    if columns is None or not {"id", TRUE, PREDICTED} <= columns.keys():
        return None
    if any(len(texts) != rows for texts in columns.values()):
        return None
    ids = columns.pop("id")
    return Outcomes(ids, columns, count) if len(set(ids)) == rows else None


def edit_cells(fields: Mapping[str, Any], edit: Callable[[str, str], str]) -> str:
    """Pack the rows of an outcomes line again, with every cell edited by column name and text.

    Rows whose ids would no longer be distinct are dropped. What cannot be read stays as it is.
    """
    if (outcomes := _unpack(fields)) is None:
        return str(fields["data"])
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
