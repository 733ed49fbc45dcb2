"""What the log keeps between two commands: never an answer that git would not give now."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import gitexp
from gitexp.cli.commands.log import show_log
from gitexp.cli.views.log import Look
from gitexp.lab.log.batches import read_batches
from gitexp.lab.log.log import Selection, open_log
from gitexp.lab.log.results import judged, read_results
from gitexp.lab.log.summary_cache import opened_cache, stamp_of
from gitexp.lab.projects.project import open_project
from gitexp.lab.standing.headline import headline, kept_headline
from gitexp.store.cache import Cache
from gitexp.store.experiments import read_experiments
from gitexp.store.heads import list_heads
from gitexp.store.note_writing import append_lines
from gitexp.store.refs import RUNS
from tests.arrange import records
from tests.bench.projects import many_experiments
from tests.project import World, copied
from tests.sealed import sealed
from tests.team import a_record, repository_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitexp.store.experiments import Entry


def cache(world: World) -> Path:
    return world.path / ".git" / "gitexp" / "log.sqlite3"


def rows(world: World, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.gitexp("log", "--json", *words).json
    return found


def age_refs(world: World) -> None:
    """Let refs have changed long ago, so that their list is kept."""
    for folder, _, _ in os.walk(world.path / ".git" / "refs"):
        os.utime(folder, (1, 1))
    if (world.path / ".git" / "packed-refs").exists():
        os.utime(world.path / ".git" / "packed-refs", (1, 1))


@pytest.fixture(scope="module")
def _many(_initialised: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with sealed(tmp_path_factory.mktemp("home")):
        world = copied(_initialised, tmp_path_factory.mktemp("many") / "project")
        many_experiments(world, 40, pairs=5)
    return world.path


@pytest.fixture
def many(_many: Path, tmp_path: Path) -> World:
    """Forty experiments, with records, on one baseline."""
    world = copied(_many, tmp_path / "project")
    age_refs(world)
    return world


def test_what_was_kept_is_what_is_judged_again(many: World) -> None:
    first, second = rows(many), rows(many)
    assert cache(many).exists()
    cache(many).unlink()
    assert first == second == rows(many)
    assert {row["verdict"] for row in first} == {"RULED OUT", "INCONCLUSIVE"}


def test_what_was_judged_is_found_again(many: World) -> None:
    rows(many)
    repository = repository_of(many)
    heads = list_heads(repository, Cache(None, 0))
    with opened_cache(repository) as kept:
        found = kept.summaries([head.commit for head in heads])
    assert len(found) == len(heads) == 40
    assert {one.verdict for one in found.values()} - {None}


@pytest.mark.parametrize("kept", [True, False])
def test_a_second_process_judges_as_this_one_does(many: World, *, kept: bool) -> None:
    repository = repository_of(many)
    heads = list_heads(repository, Cache(None, 0))
    alone = [
        (result.commit, result.name, result.entry, result.summary, result.shown)
        for result in read_batches(repository, Cache(None, 0), heads, 7, beside=False)
    ]
    cache = Cache(repository.local if kept else None, 1)
    beside = [
        (result.commit, result.name, result.entry, result.summary, result.shown)
        for result in read_batches(repository, cache, heads, 7, beside=True)
    ]
    assert beside == alone
    # Nor does it matter in how many batches: experiments of every one have their records.
    whole = list(read_batches(repository, Cache(None, 0), heads, len(heads), beside=False))
    assert [one.summary for one in whole] == [summary for _, _, _, summary, _ in alone]
    assert whole[-1].ran
    assert len(cache.keys()) == (len(heads) if kept else 0)
    cache.close()


def test_what_a_second_process_leaves_undone_is_judged_here(many: World) -> None:
    repository = repository_of(many)
    heads = list_heads(repository, Cache(None, 0))
    doomed = [os.getpid()]  # forks of this process end at once
    os.register_at_fork(after_in_child=lambda: os._exit(9) if os.getppid() in doomed else None)
    found = list(read_batches(repository, Cache(None, 0), heads, 7, beside=True))
    doomed.clear()
    alone = list(read_batches(repository, Cache(None, 0), heads, 7, beside=False))
    assert [result.summary for result in found] == [result.summary for result in alone]
    assert len(found) == len(heads)


def test_what_a_sync_judged_no_log_judges_again(
    many: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.git("clone", "--quiet", "--mirror", str(many.path), str(tmp_path / "hub"))
    many.git("clone", "--quiet", str(tmp_path / "hub"), str(tmp_path / "other"))
    other = World(tmp_path / "other")
    other.gitexp("sync")
    repository = repository_of(other)
    commits = [head.commit for head in list_heads(repository, Cache(None, 0))]
    with opened_cache(repository) as kept:
        judged_by_sync = kept.summaries(commits)
    monkeypatch.chdir(other.path)
    project = open_project()
    with open_log(project) as opened:
        assert kept_headline(opened, ()) == headline(project, [*opened.rows()], ())
    cache(other).unlink()
    rows(other)
    with opened_cache(repository) as kept:
        assert judged_by_sync == kept.summaries(commits)
    assert len(judged_by_sync) == 40


def test_where_much_has_to_be_judged_the_rows_come_first(
    many: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(many.path)
    monkeypatch.setattr("gitexp.lab.log.batches.MANY", 40)
    project, printed = open_project(), []
    for _ in range(2):
        show_log(project, Selection(), Look())
        printed.append(capsys.readouterr().out)
    first, later = printed
    headline = later.partition("\n\n")[0]
    assert "accuracy" in headline
    assert first.startswith(
        "The results of 40 experiments are new to this clone and are being judged."
    )
    assert first.index("  run-39\n") < first.index("  run-0\n") < first.index(headline)


def test_a_kept_judgement_is_whole(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(many.path)
    project = open_project()
    for _ in range(2):
        kept = read_results(project)
    anew = judged(project.repository, [_with_runs(many, result.entry) for result in kept])
    for one, other in zip(kept, anew, strict=True):
        assert one.judgement == other.judgement
        assert one.registration == other.registration
        assert one.stage == other.stage
        assert one.member() == other.member() is not None
        assert one.replaces == other.replaces == ()
        assert json.loads(one.shown) == json.loads(other.shown)
        assert one.records == other.records
        assert one.baseline_records == other.baseline_records


def _with_runs(world: World, entry: Entry) -> Entry:
    return replace(entry, runs=world.git("notes", "--ref=gitexp-runs", "show", entry.commit))


def test_a_new_record_of_the_experiment_or_its_baseline_counts_at_once(ready: World) -> None:
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run", name)
    [done] = rows(ready)
    assert done["verdict"] == "CONFIRMED"
    seeds = ready.gitexp("show", name, "--json").json["seeds"]
    commit, base = ready.git("rev-parse", f"exp/{name}"), ready.git("rev-parse", "main")
    # Another record of one seed brings the history of the notes in, which keeps the verdict.
    early = a_record(base, seeds[0]["seed"], start="2020-01-01T00:00:00.000Z", accuracy=5.0)
    mine = records(ready, commit)[0]
    fields = json.loads(early) | {name: mine[name] for name in ("condition", "environment")}
    line = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    append_lines(repository_of(ready), RUNS, {base: [line]})
    [row] = rows(ready)
    assert row["effect"] == done["effect"]
    # Alone, it is what counts.
    ready.git("notes", f"--ref={RUNS}", "add", "--force", "-m", line, base)
    [row] = rows(ready)
    assert row["effect"] != done["effect"]


def test_refs_that_come_go_and_move_are_seen_at_once(many: World) -> None:
    assert len(rows(many)) == 40
    many.git("branch", "exp/by-hand", "exp/run-7")
    many.git("update-ref", "-d", "refs/heads/exp/run-5")
    many.git("update-ref", "refs/heads/exp/run-6", "main")
    names = {row["name"] for row in rows(many)}
    assert len(names) == 39
    assert "run-5" not in names
    assert "run-7" in names
    assert next(row for row in rows(many) if row["name"] == "run-6")["criterion"] is None
    many.gitexp("archive", "run-9")
    age_refs(many)
    assert [row["state"] for row in rows(many) if row["name"] == "run-9"] == ["archived"]
    assert [row["state"] for row in rows(many) if row["name"] == "run-9"] == ["archived"]


@pytest.mark.parametrize("damage", ["garbage", "empty", "folder", "locked", "read-only"])
def test_without_a_file_that_works_everything_is_read_anew(many: World, damage: str) -> None:
    wanted = rows(many)
    path = cache(many)
    held = None
    if damage == "garbage":
        path.write_bytes(b"no database at all" * 1000)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "locked":
        held = sqlite3.connect(path, isolation_level=None)
        held.execute("BEGIN EXCLUSIVE")
    else:
        path.chmod(0o400)
    assert rows(many) == wanted
    if held is not None:
        held.close()
    assert rows(many) == wanted


def test_half_a_list_is_not_taken_for_the_whole(many: World) -> None:
    wanted = rows(many)
    age_refs(many)
    assert rows(many) == wanted
    with sqlite3.connect(cache(many)) as database:
        assert [*database.execute("SELECT count(*) FROM heads")] == [(40,)]
        database.execute("DROP TABLE heads")
    database.close()
    assert rows(many) == wanted


def test_a_commit_under_several_names_is_known_by_its_own(many: World) -> None:
    for number in range(3):
        many.git("branch", f"exp/another-{number}", f"exp/run-{number}")
    assert len(rows(many)) == 40


def test_both_ways_of_reading_find_the_same_experiments(many: World) -> None:
    many.gitexp("archive", "run-3", "run-4")
    many.git("branch", "exp/run-4", "exp/run-5")  # hides the archived one
    many.git("branch", "exp/Not-A-Name", "exp/run-6")
    for name, commit in {"run-7": "run-7", "elsewhere": "run-8", "run-9": "run-10"}.items():
        many.git("update-ref", f"refs/remotes/team/exp/{name}", f"exp/{commit}")
    blob = many.git("rev-parse", "main:config.toml")
    many.git("update-ref", "refs/gitexp/archive/no-commit", blob)
    repository = repository_of(many)
    read = [(entry.ref, entry.commit) for entry in read_experiments(repository)]
    listed = list_heads(repository, Cache(None, 0))
    assert [(head.ref, head.commit) for head in listed] == read


def test_a_time_that_git_cannot_read_is_told(many: World) -> None:
    said = many.gitexp("log", "--since", "gibberish", code=2).err
    assert "cannot read 'gibberish'" in said
    assert "2 weeks ago" in said
    assert rows(many, "--since", "now") == []


def test_a_python_without_sqlite_reads_the_log(many: World, tmp_path: Path) -> None:
    wanted = rows(many)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "sqlite3.py").write_text("raise ImportError('built without it')\n")
    done = many.gitexp("log", "--json", PYTHONPATH=str(tmp_path / "bare"))
    assert done.json == wanted


@pytest.mark.parametrize(
    "damage",
    [
        "summary = 'x'", "summary = substr(summary, 1, 40)", "summary = NULL", "summary = 7",
        "shown = '{'", "shown = replace(shown, '\"effect\"', '\"lower\"')", "shown = x'ff00'",
        "stage = 'done'", "stage = NULL", "verdict = 'CONFIRMED'", "ran = 'five'", "ran = 99",
        "checksum = 0", "checksum = NULL",
    ],
)  # fmt: skip
def test_a_damaged_row_is_computed_again(many: World, damage: str) -> None:
    wanted, listed = rows(many), many.gitexp("log").out
    with sqlite3.connect(cache(many)) as database:
        database.execute(f"UPDATE summaries SET {damage} WHERE rowid % 2")
    database.close()
    assert many.gitexp("log").out == listed
    with sqlite3.connect(cache(many)) as database:
        database.execute(f"UPDATE summaries SET {damage}")
    database.close()
    assert rows(many) == wanted == rows(many)


@pytest.mark.parametrize(
    "damage",
    [
        "commits SET body = '[1]'", "commits SET body = x'ff'", "commits SET time = 'x'",
        "commits SET base = NULL", "commits SET project = 'other'", "heads SET id = 'zz'",
        "heads SET time = 'x'", "heads SET ref = 7", "listed SET signature = x'00'",
    ],
)  # fmt: skip
def test_a_damaged_row_is_read_again(many: World, damage: str) -> None:
    wanted = rows(many)
    with sqlite3.connect(cache(many)) as database:
        database.execute(f"UPDATE {damage}")
    database.close()
    assert rows(many) == wanted == rows(many)


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def scribbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(100, len(content), 997):
        content[at] ^= 255
    path.write_bytes(content)


def without_tables(path: Path) -> None:
    with sqlite3.connect(path) as database:
        for table in ("commits", "summaries", "heads", "listed"):
            database.execute(f"DROP TABLE {table}")
    database.close()


@pytest.mark.parametrize(
    "damage",
    [torn, scribbled, without_tables, lambda path: path.write_bytes(bytes(9000))],
    ids=["torn", "scribbled", "without tables", "zeros"],
)
def test_a_damaged_file_starts_over(many: World, damage: Callable[[Path], object]) -> None:
    wanted = rows(many)
    damage(cache(many))
    assert rows(many) == wanted == rows(many) == rows(many)
    with sqlite3.connect(cache(many)) as database:
        assert database.execute("SELECT count(*) FROM summaries").fetchone() == (len(wanted),)
    database.close()


def test_a_folder_in_the_place_of_the_file_is_worked_around(many: World) -> None:
    wanted = rows(many)
    cache(many).unlink()
    cache(many).mkdir()
    assert rows(many) == wanted


def test_a_row_that_somebody_forged_is_found_by_verify(many: World) -> None:
    before = rows(many)
    mine = next(row for row in before if row["verdict"] == "RULED OUT")
    with opened_cache(repository_of(many)) as kept:
        one = kept.summaries([mine["commit"]])[mine["commit"]]
        shown = one.shown.replace("RULED OUT", "CONFIRMED")
        kept.add_summaries([(mine["commit"], one._replace(verdict="CONFIRMED", shown=shown))])
    [forged] = [row for row in rows(many) if row["name"] == mine["name"]]
    assert forged["verdict"] == "CONFIRMED"
    found = many.gitexp("verify", "--json", code=1).json["problems"]
    [said] = [one["message"] for one in found if "gitexp log" in one["message"]]
    assert f"showed of exp/{mine['name']}" in said
    assert rows(many) == before


def test_another_gitexp_judges_again_and_leaves_no_stale_rows(many: World) -> None:
    rows(many)
    with sqlite3.connect(cache(many)) as database:
        database.execute("UPDATE summaries SET key = 'of old'")
        database.execute("PRAGMA user_version = 7")
    database.close()
    assert len(rows(many, "-n", "3")) == 3
    database = sqlite3.connect(cache(many))
    kept = [*database.execute("SELECT key FROM summaries")]
    database.close()
    assert len(kept) == 3
    assert ("of old",) not in kept


def test_a_summary_that_was_kept_by_an_edited_gitexp_is_not_believed(
    many: World, tmp_path: Path
) -> None:
    package = tmp_path / "gitexp"
    shutil.copytree(gitexp.__path__[0], package, ignore=shutil.ignore_patterns("__pycache__"))
    told = package / "lab" / "log" / "log_json.py"
    text = told.read_text()
    wanted = many.gitexp("log", "--json", PYTHONPATH=str(tmp_path)).json
    told.write_text(text.replace('"hypothesis": ', '"claim": '))
    edited = json.loads(many.gitexp("log", "--json", PYTHONPATH=str(tmp_path)).out)
    assert "claim" in edited[0]
    assert "hypothesis" not in edited[0]
    assert rows(many) == wanted


def test_the_stamp_moves_with_every_module_that_judges(tmp_path: Path) -> None:
    package = tmp_path / "gitexp"
    shutil.copytree(gitexp.__path__[0], package, ignore=shutil.ignore_patterns("__pycache__"))
    stamp = stamp_of(package)
    assert stamp == stamp_of(Path(gitexp.__path__[0]))
    rules = sorted((package / "rules").rglob("*.py"))
    assert package / "rules" / "gate" / "formats" / "toml.py" in rules
    outside = ["lab/log/summary_cache.py", "lab/log/log_json.py", "lab/log/result.py"]
    for path in (*rules, *(package / name for name in outside)):
        content = path.read_bytes()
        path.write_bytes(content + b"#")
        assert stamp_of(package) != stamp, path
        path.write_bytes(content)
    assert stamp_of(package) == stamp
    (package / "rules" / "new.py").write_text("RULE = 1\n")
    assert stamp_of(package) != stamp


def test_the_stamp_costs_next_to_nothing() -> None:
    package, took = Path(gitexp.__path__[0]), []
    for _ in range(50):
        begin = time.perf_counter()
        stamp_of(package)
        took.append(time.perf_counter() - begin)
    assert min(took) < 0.004  # 0.5 ms on an idle machine; every `log` pays it


def test_in_a_shallow_clone_nothing_is_kept(ready: World, tmp_path: Path) -> None:
    name = ready.start("--set", "model.C=10")
    ready.git("clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{ready.path}",
              str(tmp_path / "shallow"))  # fmt: skip
    shallow = type(ready)(tmp_path / "shallow")
    [before] = rows(shallow)
    assert (before["baseline"], before["state"]) == (None, "unsynced")
    assert not cache(shallow).exists()
    shallow.git("fetch", "--quiet", "--unshallow")
    [row] = rows(shallow)
    assert (row["name"], row["baseline"]) == (name, ready.git("rev-parse", "main"))


def test_a_part_of_the_log(many: World) -> None:
    assert [row["name"] for row in rows(many, "-n", "3")] == ["run-39", "run-38", "run-37"]
    assert [row["name"] for row in rows(many, "exp/run-5", "run-1*")] == [
        *(f"run-{n}" for n in range(19, 9, -1)), "run-5", "run-1",
    ]  # fmt: skip
    assert len(rows(many, "--author", "aDa")) == 40
    assert rows(many, "--author", "Grace") == []
    since = "--since=@1700000037 +0000"
    assert [row["name"] for row in rows(many, since, "-n", "2")] == ["run-39", "run-38"]
    assert [row["name"] for row in rows(many, since)] == ["run-39", "run-38", "run-37"]
    text = many.gitexp("log", "-n", "2").out
    assert "run-39" in text
    assert "Campaign" not in text
    assert "Campaign" in many.gitexp("log", "-n", "41").out
    assert "All of them: gitexp log" in many.gitexp("log", "nothing-*").out


def test_the_newest_are_shown_before_the_others_are_judged(many: World) -> None:
    assert len(rows(many, "-n", "20")) == 20
    database = sqlite3.connect(cache(many))
    [(judged_so_far,)] = database.execute("SELECT count(*) FROM summaries")
    database.close()
    assert judged_so_far == 20


def test_reading_the_whole_log_leaves_what_was_kept(many: World) -> None:
    age_refs(many)
    for words in (["log"], ["log"], ["status"], ["report", "--json"]):
        many.gitexp(*words)
        with closing(sqlite3.connect(cache(many))) as database:
            [(kept,)] = database.execute("SELECT count(*) FROM summaries")
        assert kept == 40, words
