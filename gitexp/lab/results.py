"""Experiments with their records and verdicts, judged anew wherever a message or a note is new."""

from __future__ import annotations

import json
import math
import zlib
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.lab.comparison import Ground, find_grounds
from gitexp.lab.project import project_in
from gitexp.lab.summary import facts_of, is_explored, judgement_of, shown_of, stage_of
from gitexp.lab.verdicts import judge_records
from gitexp.rules.documents.message import split_message
from gitexp.rules.documents.registration import Registration, parse_message
from gitexp.rules.verdict.campaign import Member, Place, next_place
from gitexp.store.archive import shelve_deleted
from gitexp.store.cache import Cache, Known, Which
from gitexp.store.experiments import (
    Entry,
    read_commits,
    read_experiments,
)
from gitexp.store.git_output import decode
from gitexp.store.heads import list_heads, read_entries
from gitexp.store.note_writing import mend_refs
from gitexp.store.notes import find_notes, list_notes, read_notes
from gitexp.store.refs import RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitexp.lab.project import Project
    from gitexp.rules.documents.record import Record
    from gitexp.rules.documents.settings import Settings
    from gitexp.rules.verdict.verdict import Judgement, Verdict
    from gitexp.store.heads import Head
    from gitexp.store.repository import Repository

_FEW = 100  # experiments whose notes are looked up one by one, not in the list of all
_BATCH = 500  # experiments that are judged before the first of them is handed on


class Result:
    """An experiment with everything known about it, each part read when it is first asked for.

    `registration` is None where the message is no registration; then there is no judgement either.
    `foreign` are records in its note that another commit made: they count for nothing. `newer` are
    lines that a newer gitexp wrote, by their schema: they are left as they are.
    """

    def __init__(
        self, head: Head | Entry, entry: Callable[[], Entry], notes: Notes, known: Known | None
    ) -> None:
        """Take what there is: `known` was judged before, by the notes as they are."""
        self.name, self.commit, self.archived = head.name, head.commit, head.archived
        self.parent = head.parent
        self._entry, self._notes, self._known = entry, notes, known

    @cached_property
    def entry(self) -> Entry:
        """The commit."""
        return self._entry()

    @cached_property
    def registration(self) -> Registration | None:
        """What the message registers."""
        return parse_message(self.entry.message)[0]

    @property
    def text(self) -> str:
        """The note with its records."""
        return self._notes.text(self.commit)

    @cached_property
    def _every(self) -> list[Record]:
        if not self.text:
            return []
        from gitexp.rules.documents.record import parse_records

        return parse_records(self.text)

    @property
    def records(self) -> tuple[Record, ...]:
        """Records that its own commit made.

        An amended commit keeps its note where git was told so; its results are another's.
        """
        return tuple(record for record in self._every if record.is_of(self.commit))

    @property
    def foreign(self) -> tuple[Record, ...]:
        """Records that another commit made."""
        return tuple(record for record in self._every if not record.is_of(self.commit))

    @cached_property
    def baseline_records(self) -> tuple[Record, ...]:
        """Records of its baseline."""
        if not self.parent:
            return ()
        found = self._notes.records(self.parent)
        if self.registration is None:
            return found
        # Two projects may measure the same baseline commit, each by its own command.
        return tuple(r for r in found if r.project == self.registration.project)

    @cached_property
    def judgement(self) -> Judgement | None:
        """What its records by the rules say, None where none ran by the rules."""
        if self._known is not None:
            found = self.facts["judgement"]
            return found and judgement_of(found, self.registration)
        registration = self.registration
        gated = [record for record in self.records if not record.explore]
        if registration is None or not gated:
            return None
        from gitexp.rules.documents.example_spread import parse_spreads

        spreads = parse_spreads(self.text) if registration.by_examples else []
        return judge_records(registration, self.baseline_records, gated, spreads)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the log asks of records, so that they need not be read for it."""
        if self._known is not None:
            found: dict[str, Any] = json.loads(self._known.facts)
            return found
        return facts_of(self.judgement, self.records, len(self.foreign), self.text)

    @property
    def stage(self) -> str:
        """How far it is by its records: decided, explored, failed, undecided."""
        return self._known.stage if self._known else stage_of(self.judgement, self.records)

    @property
    def shown(self) -> str:
        """The fields of `gitexp log --json` that hold wherever its branch is, as JSON."""
        if self._known is not None:
            return self._known.shown
        return shown_of(self.entry, self.registration, self.judgement, self.stage, self.facts)

    @property
    def verdict(self) -> Verdict | None:
        """What its records by the rules decided, None where they decide nothing yet."""
        if self._known is None:
            return self.judgement.verdict if self.judgement else None
        if self._known.verdict is None:
            return None
        from gitexp.rules.verdict.verdict import Verdict

        return Verdict(self._known.verdict)

    @property
    def ran(self) -> int:
        """How many runs of it there are."""
        return self._known.ran if self._known is not None else len(self.records)

    @property
    def why(self) -> str:
        """The reason why its first run went past the gate, empty where it did not."""
        return str(self.facts["why"])

    @property
    def explored(self) -> bool:
        """Whether it only ever ran past the gate, on purpose."""
        if self._known is not None:
            return self._known.stage == "explored"
        return is_explored(self.records)

    @property
    def newer(self) -> dict[int, int]:
        """Lines of a newer gitexp, counted by their schema."""
        return {int(schema): count for schema, count in self.facts["newer"].items()}

    def summed_up(self, key: str) -> Known:
        """Judge it and sum it up, for those who ask again; `key` names its notes."""
        if self._known is None:
            facts = json.dumps(self.facts)
            self._known = Known(key, self.stage, self.verdict, self.ran, self.shown, facts)
        return self._known

    def member(self) -> Member | None:
        """Return the experiment as its campaign counts it."""
        if self.registration is None:
            return None
        return Member(self.registration, self.ran > 0 and not self.explored, self.verdict)


class Notes:
    """Records' notes by commit; what is not at hand is read when it is asked for."""

    def __init__(self, repository: Repository, texts: dict[str, str] | None = None) -> None:
        """Begin with the texts that were read already, empty for a commit that has none."""
        self._repository, self._texts = repository, dict(texts or {})
        self._parsed: dict[str, tuple[Record, ...]] = {}

    def text(self, commit: str) -> str:
        """Text of a commit's note, empty where there is none."""
        if commit not in self._texts:
            self._texts[commit] = read_notes(self._repository, RUNS, [commit]).get(commit, "")
        return self._texts[commit]

    def records(self, commit: str) -> tuple[Record, ...]:
        """Records in a commit's note, whoever made them."""
        if commit not in self._parsed:
            from gitexp.rules.documents.record import parse_records

            self._parsed[commit] = tuple(parse_records(self.text(commit)))
        return self._parsed[commit]


def read_results(project: Project, name: str | None = None) -> list[Result]:
    """Read a project's experiments, newest first; some git processes, however many there are.

    By its name any one is read, whatever project it belongs to, and judged anew. A branch that was
    deleted by hand takes no results with it: it counts as archived.
    """
    if name is None:
        with opened_cache(project.repository) as cache:
            return _whole(project.repository, cache, own_heads(project, cache))
    _mend(project.repository)
    return judged(project.repository, read_experiments(project.repository, name))


def read_all_results(repository: Repository) -> list[Result]:
    """Read the experiments of every project of a repository, newest first."""
    _mend(repository)
    with opened_cache(repository) as cache:
        return _whole(repository, cache, list_heads(repository, cache))


def _whole(repository: Repository, cache: Cache, heads: Sequence[Head]) -> list[Result]:
    """Read all, with the commits, which whoever asks for all is going to look at."""
    results = list(read_some(repository, cache, heads))
    for result in results:
        result.entry  # noqa: B018 - while the cache is open
    return results


def own_heads(
    project: Project, cache: Cache, *, since: float = -math.inf, most: int | None = None
) -> list[Head]:
    """List a project's experiments, newest first."""
    repository = project.repository
    _mend(repository)
    which = Which(project.folder, since, most)
    heads = list_heads(repository, cache, which)
    if all(head.moment.project is not None for head in heads):
        return heads
    if most is not None:
        heads = list_heads(repository, cache, which._replace(most=None))
    unnamed = [head for head in heads if head.moment.project is None]
    own = {e.commit for e in entries_of(project, read_entries(repository, cache, unnamed))}
    return [h for h in heads if h.moment.project is not None or h.commit in own][:most]


def _mend(repository: Repository) -> None:
    """See that no notes are taken for none, and that no experiment was lost with its branch."""
    mend_refs(repository)
    shelve_deleted(repository)


@contextmanager
def opened_cache(repository: Repository) -> Iterator[Cache]:
    """Open what this clone has read and judged before."""
    # In a shallow clone, and with grafts, a commit's parents are not what they will be.
    whole = not repository.shallow and not (repository.common / "info" / "grafts").exists()
    cache = Cache(repository.local if whole else None, _stamp())
    try:
        yield cache
    finally:
        cache.close()


def _stamp() -> int:
    """Name the code that judges: what another version of it said is not what this one would say."""
    from gitexp import __version__, rules

    own = (Path(__file__).with_name(f"{name}.py") for name in ("results", "summary", "verdicts"))
    stamp = zlib.crc32(__version__.encode())
    for path in sorted([*own, *Path(rules.__path__[0]).rglob("*.py")]):
        stamp = zlib.crc32(path.read_bytes(), stamp)
    return stamp & 0x7FFF_FFFF


def read_some(repository: Repository, cache: Cache, heads: Sequence[Head]) -> Iterator[Result]:
    """Read experiments, some at a time, and judge those whose notes are new."""
    few = len(heads) <= _FEW
    blobs = None if few else list_notes(repository, RUNS)
    for at in range(0, len(heads), _BATCH):
        batch = heads[at : at + _BATCH]
        if blobs is None:
            both = dict.fromkeys(c for head in batch for c in (head.commit, head.parent) if c)
            blobs = find_notes(repository, RUNS, both)
        yield from _read_batch(repository, cache, batch, blobs)


def _read_batch(
    repository: Repository, cache: Cache, heads: Sequence[Head], blobs: Mapping[str, str]
) -> list[Result]:
    known = cache.verdicts([head.commit for head in heads])
    commits = _Commits(repository, cache, heads)
    keys = {h.commit: f"{blobs.get(h.commit, '')} {blobs.get(h.parent, '')}" for h in heads}
    stale = [h for h in heads if (k := known.get(h.commit)) is None or k.key != keys[h.commit]]
    notes = Notes(repository, _texts(repository, stale, blobs))
    old = {head.commit for head in stale}
    results = [
        Result(
            head,
            partial(commits.entry, head.commit),
            notes,
            None if head.commit in old else known[head.commit],
        )
        for head in heads
    ]
    cache.add_verdicts((r.commit, r.summed_up(keys[r.commit])) for r in results if r.commit in old)
    return results


class _Commits:
    """Commits of a batch, all of them read when one is asked for."""

    def __init__(self, repository: Repository, cache: Cache, heads: Sequence[Head]) -> None:
        self._repository, self._cache, self._heads = repository, cache, heads

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        found = read_entries(self._repository, self._cache, self._heads)
        return {entry.commit: entry for entry in found}

    def entry(self, commit: str) -> Entry:
        return self._entries[commit]


def _texts(
    repository: Repository, heads: Sequence[Head], blobs: Mapping[str, str]
) -> dict[str, str]:
    """Notes of experiments and of their baselines."""
    commits = dict.fromkeys(c for head in heads for c in (head.commit, head.parent) if c)
    noted = [commit for commit in commits if commit in blobs]
    contents = repository.git.objects([blobs[commit] for commit in noted])
    texts = {c: decode(t or b"").strip("\n") for c, t in zip(noted, contents, strict=True)}
    return dict.fromkeys(commits, "") | texts


def project_of(here: Project, ref: str, commit: str) -> Project:
    """Project that an experiment belongs to, whatever directory somebody stands in.

    Raises:
        NotReady: it is no longer on its baseline branch.
    """
    entries = read_commits(here.repository, [(ref, commit)])
    return project_in(here, _folders(here, entries)[commit])


def entries_of(project: Project, entries: Sequence[Entry]) -> list[Entry]:
    """Those experiments that belong to a project."""
    folders = _folders(project, entries)
    return [entry for entry in entries if folders[entry.commit] == project.folder]


def _folders(here: Project, entries: Sequence[Entry]) -> dict[str, str]:
    """Folders of the projects of experiments, as their registrations say, or else their files."""
    found: dict[str, str] = {}
    for entry in entries:
        trailers = split_message(entry.message)[1]
        if "Experiment" in trailers:
            found[entry.commit] = trailers.get("Project", "")
    rest = [entry for entry in entries if entry.commit not in found]
    if rest:
        # Committed past every hook: what differs tells, and one that stands on nothing is shown
        # wherever somebody looks.
        for entry, ground in zip(rest, find_grounds(here.repository, rest), strict=True):
            project = ground.project if isinstance(ground, Ground) else here
            found[entry.commit] = project.folder
    return found


def judged(repository: Repository, entries: Sequence[Entry]) -> list[Result]:
    """Judge experiments by their records and those of their baselines, whatever was judged before.

    The entries were read with their notes.
    """
    parents = list(dict.fromkeys(e.parents[0] for e in entries if e.parents and e.runs))
    bases = dict.fromkeys(parents, "") | read_notes(repository, RUNS, parents)
    notes = Notes(repository, bases | {entry.commit: entry.runs for entry in entries})
    return [Result(entry, partial(_itself, entry), notes, None) for entry in entries]


def _itself(entry: Entry) -> Entry:
    return entry


def place_of_next(results: Iterable[Result], metric: str, settings: Settings) -> Place:
    """Campaign, place and level of the next experiment on a metric."""
    members = [member for result in results if (member := result.member())]
    return next_place(members, metric, planned=settings.planned, budget=settings.error_budget)
