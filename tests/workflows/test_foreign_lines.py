"""Lines that a stranger pushed: every command passes over them, and says so where it matters."""

from __future__ import annotations

import json
import os
import resource
import time
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.record import parse_records
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import read_notes
from gitexp.store.refs import BULK, LOGS, RUNS
from tests.forked import run_forked
from tests.project import Ran
from tests.team import (
    a_record,
    clone_of,
    hub_of,
    lines_of,
    measured_experiment,
    repository_of,
    synced,
)

if TYPE_CHECKING:
    from tests.project import World

STRANGE = "a" * 40


def record(commit: str, **changes: Any) -> str:  # noqa: ANN401 - any field, of any type
    return json.dumps(json.loads(a_record(commit, 1)) | changes)


def hostile(commit: str) -> list[str]:
    """Lines that nobody but a stranger writes."""
    stones = [
        {"kind": "redacted", "number": 1, "paths": [[name]], "rest": f"{n:064x}", "schema": 1}
        for n, name in enumerate(["failure", "folder", "packages"] * 100)
    ]
    return [
        "by hand", "[]", "5", "null", '"x"', "{}", "{", '{"kind":' * 2000, "[" * 5000,
        '{"kind":["x"],"schema":1}', '{"kind":{},"schema":1}', '{"kind":null,"schema":1}',
        '{"schema":1e400}', '{"schema":NaN}', '{"schema":-1}', '{"schema":true}',
        '{"kind":"holdout","schema":1,"seed":{},"number":[],"commit":5,"start":"now"}',
        '{"kind":"examples","schema":1,"pairs":1e400,"inputs":[],"count":null,"variance":"x"}',
        '{"kind":"outcomes","schema":1,"seed":1,"attempt":1,"condition":"c","rows":5,"count":1}',
        '{"kind":"environment","schema":1,"condition":["x"]}',
        '{"kind":"environment","schema":1,"condition":"c","packages":["x"],"machine":5}',
        '{"kind":"sample","schema":1,"sample":{},"seed":1,"values":[1]}',
        '{"kind":"redacted","number":1,"paths":[["x"]],"rest":"0","schema":1}',
        '{"kind":"redacted","number":1,"paths":[[[]]],"rest":"0","schema":1}',
        '{"kind":"redacted","number":1,"paths":[["metrics"]],"rest":"0","schema":1}',
        *map(json.dumps, stones),
        record(commit, seed=-1), record(commit, seed=10**30), record(commit, attempt=10**30),
        record(commit, attempt=0), record(commit, attempt=True), record(commit, exit=10**30),
        record(commit, metrics={"accuracy": True}), record(commit, metrics=["accuracy"]),
        record(commit, metrics={"accuracy": "high"}), record(commit, failure="\ud800"),
        record(commit, start="2026-06-30T23:59:60Z"), record(commit, start="0000-01-01T00:00:00Z"),
        record(commit, start="99999-01-01T00:00:00Z"), record(commit, environment={"x": 1}),
        record(commit).replace('"seed": 1', '"seed": 1' + "0" * 5000),
        record(commit).replace('"seed": 1', '"seed": 1, "seed": 2'),
        record(commit).replace('"cpu": 0.0', '"cpu": 1e400'),
        record(commit, seed=777, condition="\x1b[2J\x1b]0;owned\x07", failure="\x1b[31mred"),
        record(commit, seed=778, start="2500-01-01T00:00:00Z", failure="late"),
        record(commit, seed=779, purpose="win"), record(commit) + "\r", f"x\r{record(commit)}",
        f"x\x1c{record(commit)}", f"x\u2028{record(commit)}", "nul \x00 here", "one \x01 here",
        b"not UTF-8 \xff\xfe".decode(errors="surrogateescape"), "secret-of-mine " + "x" * 100,
    ]  # fmt: skip


def spoil(world: World, ref: str, commit: str) -> None:
    """Put hostile lines into a note, as git itself would."""
    content = world.try_git("notes", f"--ref={ref}", "show", commit).out
    lines = "\n".join([content, *hostile(commit)]).encode(errors="surrogateescape")
    path = world.path / ".git" / "spoilt"
    path.write_bytes(lines)
    blob = world.git("hash-object", "-w", str(path))
    world.git("notes", f"--ref={ref}", "add", "-f", "-C", blob, commit)


COMMANDS = (
    ("log",), ("log", "--json"), ("show", "brave-otter"), ("show", "brave-otter", "--json"),
    ("status",), ("next",), ("report",), ("verify",), ("doctor",), ("doctor", "--fix"), ("sync",),
    ("check", "brave-otter"), ("redact", "--yes", "secret-of-mine"), ("log",),
)  # fmt: skip


def test_no_command_ends_by_what_a_stranger_wrote_and_results_stay(world: World) -> None:
    hub = hub_of(world)
    commit = measured_experiment(world, "brave-otter")
    synced(world)
    verdict = world.gitexp("log", "--json").json[0]
    base = world.git("rev-parse", "main")
    for ref in (RUNS, BULK, LOGS):
        for noted in (commit, base):
            spoil(world, ref, noted)
    told = {}
    for words in COMMANDS:
        done = Ran(*run_forked(words, world.path, {**os.environ}))
        said = done.out + done.err
        assert done.code in {0, 1, 3}, (words, done.code, said[-1500:])
        assert "Traceback" not in said, words
        assert "bug in gitexp" not in said, words
        assert "\x1b[31mred" not in said, words
        assert "\x1b[2J" not in said, words
        told[words] = said
    assert world.gitexp("log", "--json").json[0] == verdict
    assert "lines that gitexp did not write" in told["doctor",]
    assert "N3 (advice)" in told["verify",]
    for place in (world, hub):
        text = read_notes(repository_of(place), RUNS, [commit])[commit]
        assert "secret-of-mine" not in text or place is hub
        assert {record.seed for record in parse_records(text)} == {*range(1, 6), 777, 778}


def test_a_run_beside_foreign_lines_ends_as_without_them(ready: World) -> None:
    for ref in (RUNS, BULK, LOGS):
        spoil(ready, ref, "main")
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run", name)
    assert ready.gitexp("log", "--json").json[0]["verdict"] == "CONFIRMED"


def test_a_server_takes_no_foreign_lines_and_says_which(world: World) -> None:
    hub = hub_of(world)
    hub.gitexp("init", "--yes")
    commit = measured_experiment(world, "brave-otter")
    synced(world)
    good = world.git("rev-parse", RUNS)
    append_lines(repository_of(world), RUNS, {commit: ['{"kind":["x"],"schema":1}']})
    pushed = world.try_git("push", "--no-verify", "hub", RUNS)
    assert pushed.code != 0
    assert "1 line that gitexp did not write" in pushed.err
    assert commit[:10] in pushed.err
    world.git("update-ref", RUNS, good)
    append_lines(repository_of(world), RUNS, {commit: [a_record(commit, 6)]})
    assert world.try_git("push", "hub", RUNS).code == 0


def test_a_huge_note_is_not_merged_and_takes_no_huge_memory(world: World) -> None:
    hub = hub_of(world)
    commit = measured_experiment(world, "brave-otter")
    synced(world)
    mine = lines_of(world, RUNS, commit)
    other = clone_of(hub, "other")
    other.git("fetch", "--quiet", "team", f"{RUNS}:{RUNS}")
    flood = other.path / "flood"
    with flood.open("wb") as handle:
        handle.write("\n".join([*mine, a_record(commit, 9), ""]).encode())
        for _ in range(24):
            handle.write(b"x" * (1 << 20))
        handle.write(b"\n" + b'{"a":1}\n' * 50_000)
    blob = other.git("hash-object", "-w", "flood")
    other.git("notes", f"--ref={RUNS}", "add", "-f", "-C", blob, commit)
    other.git("push", "--quiet", "--no-verify", "team", RUNS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    done = synced(world)
    assert time.monotonic() - began < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
    assert [text for text in done.warnings if "bytes that gitexp did not write" in text]
    assert [text for text in done.warnings if commit[:10] in text]
    assert lines_of(world, RUNS, commit) == sorted([*mine, a_record(commit, 9)])
    assert lines_of(hub, RUNS, commit) == lines_of(world, RUNS, commit)


def test_a_huge_note_of_this_clone_is_read_as_far_as_it_is_gitexps(world: World) -> None:
    commit = measured_experiment(world, "brave-otter")
    repository = repository_of(world)
    mine = lines_of(world, RUNS, commit)
    path = world.path / "flood"
    path.write_bytes(("\n".join(mine) + "\n").encode() + b"x" * (18 << 20))
    blob = world.git("hash-object", "-w", "flood")
    world.git("notes", f"--ref={RUNS}", "add", "-f", "-C", blob, commit)
    assert read_notes(repository, RUNS, [commit])[commit].split("\n") == mine
    append_lines(repository, RUNS, {commit: [a_record(commit, 9)]})
    assert lines_of(world, RUNS, commit) == [*mine, a_record(commit, 9)]


@pytest.mark.parametrize("ref", [RUNS, BULK])
def test_tombstones_of_a_stranger_cost_little_and_hide_nothing(ref: str, world: World) -> None:
    commit = measured_experiment(world, "brave-otter")
    start = "2026-11-25T10:00:00.000Z"
    mine = [a_record(commit, seed, start=start) for seed in range(1, 300)]
    names = ["failure", "folder", "environment", "values", "packages"]
    stones = [
        {"kind": "redacted", "number": 1, "rest": f"{n:064x}", "schema": 1,
         "paths": [[names[n % 5]], [f"x{n}"]]}
        for n in range(3000)
    ]  # fmt: skip
    repository = repository_of(world)
    append_lines(repository, ref, {commit: [*mine, *map(json.dumps, stones)]})
    began = time.process_time()
    for seed in range(300, 303):
        append_lines(repository, ref, {commit: [a_record(commit, seed, start=start)]})
    assert time.process_time() - began < 4
    assert {*mine} <= {*lines_of(world, ref, commit)}
