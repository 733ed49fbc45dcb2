"""What this clone has read and judged before: derived from git, in one file that you may delete.

Commits never change, and a verdict changes only if the notes that it depends on do. So both are
kept by commit, and the next command reads only what is new. Without the file (a disk that cannot be
written, a Python without SQLite, another program that holds it) everything is read again. Each row
has a checksum: what was damaged counts as never kept.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gitexp.store.local import make_folder, open_file

if TYPE_CHECKING:
    import sqlite3

_FILE = "log.sqlite3"
_FRESH = 32 << 20  # characters of commits that wait in memory to be asked for
_AT_ONCE = 500  # values in one statement; SQLite takes 999 at least
_PATIENCE = 1.0  # seconds to wait for another command that writes
_OUTSIDE = {5, 6, 8, 13, 14}  # SQLITE_BUSY, LOCKED, READONLY, FULL, CANTOPEN
_TABLES = """
    DROP TABLE IF EXISTS commits;
    DROP TABLE IF EXISTS verdicts;
    DROP TABLE IF EXISTS summaries;
    DROP TABLE IF EXISTS heads;
    DROP TABLE IF EXISTS listed;
    DROP TABLE IF EXISTS headlines;
    CREATE TABLE commits (id TEXT PRIMARY KEY, time REAL, base TEXT, project TEXT,
        checksum INTEGER, body TEXT, bodysum INTEGER);
    CREATE INDEX moments ON commits (id, time, base, project, checksum);
    CREATE TABLE summaries (id TEXT PRIMARY KEY, key TEXT, stage TEXT, verdict TEXT, ran INTEGER,
        finished REAL, spent REAL, spared REAL, misled INTEGER, member TEXT, shown TEXT,
        summary TEXT, checksum INTEGER);
    CREATE TABLE heads (ref TEXT, id TEXT, time REAL, base TEXT, project TEXT,
        checksum INTEGER);
    CREATE TABLE listed (signature TEXT);
    CREATE TABLE headlines (id TEXT PRIMARY KEY, signature TEXT, body TEXT, checksum INTEGER);
"""


class Moment(NamedTuple):
    """When a commit was made (seconds since 1970), on which baseline ("": none), in which project.

    `project` is None if the message is not a registration, and so names none.
    """

    time: float
    base: str
    project: str | None


class HeadQuery(NamedTuple):
    """Which experiments are wanted: of a project (None: any), since when, at most how many.

    One whose message names no project may belong to any.
    """

    project: str | None = None
    since: float = -math.inf
    most: int | None = None

    def wants(self, moment: Moment) -> bool:
        """Whether an experiment of this moment is wanted."""
        fits = self.project is None or moment.project in {None, self.project}
        return fits and moment.time >= self.since


class CachedSummary(NamedTuple):
    """A summary as it was computed; `key` names the notes that it was computed from.

    `stage` to `spared` are those of `summary`, its text, and `misled` says whether the first run
    alone would have kept a change that is ruled out. `member` is the experiment as its campaign
    counts it. `shown` is the experiment's part of `gitexp log --json`.
    """

    key: str
    stage: str
    verdict: str | None
    ran: int
    finished: float | None
    spent: float
    spared: float
    misled: int
    member: str
    shown: str
    summary: str


def _sum(*fields: object) -> int:
    """Tell a row that is whole from one that was damaged or edited."""
    return zlib.crc32(repr(fields).encode("utf-8", "surrogatepass"))


class Cache:
    """Commits and summaries by commit id; what was never kept is missing from a result."""

    def __init__(self, folder: Path | None, stamp: int) -> None:
        """Open it; what was written under another `stamp` (31 bits) is deleted."""
        self._folder, self._stamp = folder, stamp
        self._fresh: dict[str, list[str]] = {}  # added by this command, which asks for them next
        self._room = _FRESH
        self.open()

    def open(self) -> None:
        """Open the file."""
        folder = self._folder
        self._database = None if folder is None else _opened(folder / _FILE, self._stamp)

    def close(self) -> None:
        """Close the file: from here on, nothing is known and nothing is kept."""
        if self._database is not None:
            self._database.close()
            # Whoever asks a closed database gets an error that looks like damage.
            self._database = None

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Keep the file closed meanwhile: SQLite does not bear that a connection is forked."""
        self.close()
        try:
            yield
        finally:
            self.open()

    def keys(self) -> dict[str, str]:
        """The key of every summary that is kept, by commit; a damaged one may be among them."""
        return dict(self._rows("SELECT id, key FROM summaries"))

    def moments(self) -> dict[str, Moment]:
        """Every commit that was kept."""
        found = self._whole("SELECT id, time, base, project, checksum FROM commits")
        return {name: Moment(*moment) for name, *moment in found}

    def heads(self, signature: str, query: HeadQuery) -> list[tuple[Any, ...]] | None:
        """Experiments as listed when refs had this signature: ref, commit and moment.

        None if they were not listed then.
        """
        if [*self._rows("SELECT signature FROM listed")] != [(signature,)]:
            return None
        statement = (
            "SELECT ref, id, time, base, project, checksum FROM heads WHERE time >= :since AND"
            " (:project IS NULL OR project IS NULL OR project = :project)"
            " ORDER BY rowid LIMIT :most"
        )
        values = query._asdict() | {"most": query.most or -1}
        found = [*self._rows(statement, values=values)]
        # After an error, or with a damaged row, the list may be incomplete.
        whole = self._database is not None and all(map(_is_whole, found))
        return [tuple(row[:-1]) for row in found] if whole else None

    def keep_heads(self, signature: str, heads: Iterable[tuple[str, str, Moment]]) -> None:
        """Keep the list of experiments in its order."""
        self._write(
            ("DELETE FROM listed", [()]),
            ("DELETE FROM heads", [()]),
            (
                "INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?)",
                [(*row, _sum(*row)) for row in ((ref, c, *moment) for ref, c, moment in heads)],
            ),
            ("INSERT INTO listed VALUES (?)", [(signature,)]),
        )

    def bodies(self, commits: Sequence[str]) -> dict[str, list[str]]:
        """Further fields of commits, as they were added."""
        fresh = {name: self._fresh.pop(name) for name in commits if name in self._fresh}
        rest = [name for name in commits if name not in fresh]
        found = self._whole("SELECT id, body, bodysum FROM commits WHERE id IN", rest)
        return fresh | {name: json.loads(body) for name, body in found}

    def summaries(self, commits: Sequence[str]) -> dict[str, CachedSummary]:
        """Summaries of commits, whatever notes they were computed from."""
        found = self._whole("SELECT * FROM summaries WHERE id IN", commits)
        return {commit: CachedSummary(*fields) for commit, *fields in found}

    def headline(self, project: str, signature: str) -> str | None:
        """The headline of a project, if it was kept under this signature."""
        found = self._whole("SELECT * FROM headlines WHERE id IN", [project])
        return next((body for _, kept, body in found if kept == signature), None)

    def keep_headline(self, project: str, signature: str, body: str) -> None:
        """Keep the headline of a project in place of the one before."""
        row = (project, signature, body)
        self._write(("INSERT OR REPLACE INTO headlines VALUES (?, ?, ?, ?)", [(*row, _sum(*row))]))

    def add_commits(self, commits: Iterable[tuple[str, Moment, list[str]]]) -> None:
        """Keep commits with their further fields."""
        rows = []
        for name, moment, body in commits:
            text = json.dumps(body)
            rows.append((name, *moment, _sum(name, *moment), text, _sum(name, text)))
            self._room -= len(text)
            if self._room > 0:
                self._fresh[name] = body
        self._write(("INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?, ?, ?, ?)", rows))

    def add_summaries(self, summaries: Iterable[tuple[str, CachedSummary]]) -> None:
        """Keep summaries."""
        rows = [(commit, *kept, _sum(commit, *kept)) for commit, kept in summaries]
        statement = (
            "INSERT OR REPLACE INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        self._write((statement, rows))

    def _whole(self, statement: str, commits: Sequence[str] | None = None) -> Iterator[Any]:
        """Rows that are as they were written, without the checksum that they end in."""
        return (row[:-1] for row in self._rows(statement, commits) if _is_whole(row))

    def _rows(
        self,
        statement: str,
        commits: Sequence[str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Iterator[Any]:
        """Rows that a statement selects, of the given commits or of all."""
        if self._database is None:
            return
        import sqlite3  # there is a database, so it is loaded already

        try:
            if commits is None:
                yield from self._database.execute(statement, values or {})
                return
            for at in range(0, len(commits), _AT_ONCE):
                some = commits[at : at + _AT_ONCE]
                marks = ",".join("?" * len(some))
                yield from self._database.execute(f"{statement} ({marks})", some)
        except sqlite3.Error as error:
            self.close()
            if self._folder is not None and _is_damage(error):
                remove_cache(self._folder)

    def _write(self, *steps: tuple[str, Sequence[Sequence[object]]]) -> None:
        """Execute statements with their rows, all or none."""
        if self._database is None:
            return
        import sqlite3  # there is a database, so it is loaded already

        # Read-only, locked or full: the next command reads again what is not kept.
        with suppress(sqlite3.Error, UnicodeEncodeError), self._database:
            for statement, rows in steps:
                self._database.executemany(statement, rows)


def _is_whole(row: Sequence[object]) -> bool:
    return _sum(*row[:-1]) == row[-1]


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is at fault, and neither another program that holds it nor the disk."""
    return getattr(error, "sqlite_errorcode", 0) & 255 not in _OUTSIDE


def remove_cache(folder: Path) -> None:
    """Remove it, with what SQLite may have left beside it when it was killed."""
    for ending in ("-journal", ""):
        with suppress(OSError):
            (folder / f"{_FILE}{ending}").unlink()


def _opened(path: Path, stamp: int) -> sqlite3.Connection | None:
    """Open the file, and start over if it is damaged or of another version."""
    try:
        # 15 ms to load, and some Pythons are built without it.
        import sqlite3
    except ImportError:
        return None
    for _ in range(2):
        with suppress(OSError, sqlite3.Error):
            make_folder(path.parent)
            os.close(open_file(path))
            database = sqlite3.connect(path, timeout=_PATIENCE)
            try:
                # A cache need not outlive a power cut: what is damaged is computed again.
                database.execute("PRAGMA synchronous = OFF")
                with closing(database.execute("PRAGMA user_version")) as answer:
                    [written] = answer.fetchone()
                if written != stamp:
                    database.executescript(
                        f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {stamp:d}; COMMIT;"
                    )
            except sqlite3.Error as error:
                database.close()
                if not _is_damage(error):
                    raise
                remove_cache(path.parent)
                continue
            return database
        return None
    return None
