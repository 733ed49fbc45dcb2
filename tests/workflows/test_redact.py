"""A value that was redacted is gone from the notes and from their past, and stays away."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitexp.rules.documents.kinds import Kind
from gitexp.rules.documents.lines import write_line
from gitexp.rules.documents.record import parse_records
from gitexp.rules.documents.shape import MASK
from gitexp.store.note_writing import append_lines, replace_notes
from gitexp.store.refs import BULK, LOGS, RUNS, VERDICTS
from tests.arrange import message, note, records, refs, train_with
from tests.project import World
from tests.team import (
    SHARED,
    a_record,
    an_experiment,
    clone_of,
    hub_of,
    lines_of,
    measure,
    measured_experiment,
    repository_of,
    synced,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "hunter2"


def spoil(world: World, commit: str) -> None:
    """Put the secret into a record, a bulk line, a log and a verdict of a commit."""
    repository = repository_of(world)
    line = a_record(commit, 9, failure=f"no login for {SECRET}")
    append_lines(repository, RUNS, {commit: [line]})
    bulk = {"kind": "parameters", "schema": 1, "values": {"c.toml": {"db.user": SECRET, "n": 1}}}
    append_lines(repository, BULK, {commit: [json.dumps(bulk, separators=(",", ":"))]})
    fields = {"seed": 9, "attempt": 1, "condition": "c", "stderr": ""}
    log = write_line(Kind.LOG, fields | {"stdout": f"login {SECRET}\nfailed"})
    append_lines(repository, LOGS, {commit: [log]})


@pytest.fixture
def hub(world: World) -> World:
    return hub_of(world)


@pytest.fixture
def spoilt(world: World, hub: World) -> str:  # noqa: ARG001 - it shares with it
    """A measured experiment with a secret in its notes, shared with the hub; its commit."""
    commit = measured_experiment(world, "brave-otter")
    spoil(world, commit)
    synced(world, logs=True)
    return commit


def reachable(world: World, *revisions: str) -> bytes:
    """Contents of all objects that git reaches from revisions: what a push or a gc would keep."""
    listed = world.git("rev-list", "--objects", *revisions).split("\n")
    names = "".join(f"{line.split(' ')[0]}\n" for line in listed if line)
    return subprocess.run(
        ["git", "cat-file", "--batch"], cwd=world.path, input=names.encode(), capture_output=True,
        check=True,
    ).stdout  # fmt: skip


def everything(world: World) -> bytes:
    """What any ref of the notes and any reflog of a clone leads to."""
    notes = [ref for ref in refs(world) if "notes/" in ref]
    return reachable(world, "--reflog", *notes)


def disk(world: World) -> Iterator[bytes]:
    """Every file below the git folder that is no object."""
    top = world.path / ".git" if (world.path / ".git").is_dir() else world.path
    for path in top.rglob("*"):
        if path.is_file() and "objects" not in path.relative_to(top).parts:
            yield path.read_bytes()


@pytest.mark.usefixtures("hub")
def test_a_value_goes_from_records_bulk_logs_and_their_past(world: World, spoilt: str) -> None:
    before = {
        seed: r.metrics for r in parse_records(note(world, RUNS, spoilt)) for seed in [r.seed]
    }
    ran = world.gitexp("redact", SECRET, "--yes")
    assert ran.out.startswith(
        "It was removed from 1 record, 1 bulk line and 1 log of 1 commit; the history of these"
        " notes is gone.\n"
    )
    assert "gitexp sync hub --redacted --logs" in ran.out
    assert "are not here yet: gitexp sync --logs, then redact again" in ran.out
    assert SECRET not in ran.out + ran.err
    assert SECRET.encode() not in everything(world)
    assert not any(SECRET.encode() in content for content in disk(world))
    for ref, text in ((RUNS, f"no login for {MASK}"), (BULK, MASK), (LOGS, f"login {MASK}")):
        assert text in note(world, ref, spoilt)
        assert world.git("rev-list", "--count", ref) == "2"
    left = parse_records(note(world, RUNS, spoilt))
    assert {record.seed: record.metrics for record in left} == before
    assert next(r for r in left if r.seed == 9).failure == f"no login for {MASK}"
    world.git("gc", "--quiet", "--prune=now")
    world.git("fsck", "--strict", "--no-dangling")
    assert "No record, bulk line or log contains it." in world.gitexp("redact", SECRET, "--yes").out


def test_a_value_goes_from_what_the_clone_keeps_of_the_log(world: World) -> None:
    commit = an_experiment(world, "shy-fox", 11)
    line = a_record(commit, 1, explore=f"because of {SECRET}")
    append_lines(repository_of(world), RUNS, {commit: [line]})
    world.gitexp("log")
    kept = world.path / ".git" / "gitexp" / "log.sqlite3"
    assert SECRET.encode() in kept.read_bytes()
    world.gitexp("redact", SECRET, "--yes")
    world.gitexp("log")
    assert SECRET.encode() not in kept.read_bytes()


@pytest.mark.slow
def test_an_old_clone_brings_nothing_back_and_loses_nothing(
    world: World, hub: World, spoilt: str
) -> None:
    other = clone_of(hub, "other")
    synced(other, logs=True)
    assert SECRET.encode() in everything(other)
    world.gitexp("redact", SECRET, "--yes")
    measure(other, spoilt, 0.92, range(6, 9))
    # Until that is asked for by name, the remote keeps what it has, and gives what is new.
    measure(other, world.git("rev-parse", "main"), 0.9, range(6, 9))
    synced(other, logs=True)
    old = hub.git("rev-parse", RUNS)
    done = synced(world)
    assert {*done.pending} >= {RUNS, BULK}
    assert done.came.records == 6
    assert hub.git("rev-parse", RUNS) == old
    assert SECRET not in "".join(map(str, texts(world).values()))
    assert "(gitexp sync hub --redacted)" in world.gitexp("sync").out
    assert "(gitexp sync hub --redacted --logs)" in world.gitexp("sync", "--logs").out
    assert synced(world, redacted=True, logs=True).pending == []
    assert SECRET.encode() not in reachable(hub, "--all")
    # The clone that has it all hears of it, adds what it has besides, and passes nothing back.
    measure(other, spoilt, 0.92, range(10, 12))
    done = synced(other, logs=True)
    assert done.redacted
    # What was redacted is told as such, and not as a record that came.
    assert (done.came.records, done.came.logs, done.went.records) == (0, 0, 2)
    for clone in (hub, other):
        assert SECRET.encode() not in everything(clone)
    synced(world, logs=True)
    assert texts(world) == texts(other) == texts(hub)
    seeds = sorted(record.seed for record in parse_records(note(hub, RUNS, spoilt)))
    assert seeds == list(range(1, 12))
    assert SECRET.encode() not in everything(world)


@pytest.mark.slow
def test_what_somebody_without_gitexp_puts_back_is_taken_out_again(
    world: World, hub: World, spoilt: str
) -> None:
    other = clone_of(hub, "other")
    synced(other)
    world.gitexp("redact", SECRET, "--yes")
    synced(world, redacted=True, logs=True)
    for ref in (RUNS, BULK):
        other.git("fetch", "--quiet", "team", f"{ref}:refs/notes/theirs")
        other.git("notes", f"--ref={ref}", "merge", "-s", "cat_sort_uniq", "refs/notes/theirs")
        other.git("push", "--quiet", "team", ref)
        other.git("update-ref", "-d", "refs/notes/theirs")
    assert SECRET in note(hub, RUNS, spoilt)
    done = synced(world)
    assert {*done.pending} >= {RUNS, BULK}
    assert SECRET not in note(world, RUNS, spoilt) + note(world, BULK, spoilt)
    synced(world, redacted=True, logs=True)
    assert SECRET.encode() not in reachable(hub, RUNS, BULK)
    synced(other)
    assert SECRET.encode() not in everything(other)
    assert texts(world, RUNS, BULK) == texts(other, RUNS, BULK) == texts(hub, RUNS, BULK)


@pytest.mark.slow
@pytest.mark.usefixtures("spoilt")
def test_a_server_with_the_hook_refuses_until_its_owner_allows_it(world: World, hub: World) -> None:
    hub.gitexp("init")
    before = refs(hub)
    world.gitexp("redact", SECRET, "--yes")
    ran = world.gitexp("sync", "--redacted", "--logs", code=3)
    assert f"hub refused {RUNS}, {BULK}, {LOGS}: hook declined\n" in ran.out
    assert "would lose what others wrote" in ran.out
    assert "git config gitexp.allowRedaction true" in ran.out
    assert refs(hub) == before
    hub.git("config", "gitexp.allowRedaction", "true")
    # The record was there, and is no new one.
    out = world.gitexp("sync", "--redacted", "--logs").out
    assert out.startswith("hub: nothing came in, nothing went out\n")
    assert "what was redacted here is removed from the notes on hub too" in out
    assert SECRET.encode() not in reachable(hub, "--all")


def test_a_push_that_would_overwrite_what_came_meanwhile_is_not_made(
    world: World, hub: World, spoilt: str
) -> None:
    world.gitexp("redact", SECRET, "--yes")
    other = clone_of(hub, "other")
    synced(other)
    measure(other, spoilt, 0.92, range(20, 23))
    # Between this clone's fetch and its push, the other one is faster.
    script = world.path / ".git" / "hooks" / "pre-push"
    script.parent.mkdir(exist_ok=True)
    script.write_text(
        "#!/bin/sh\nmkdir .git/once 2> /dev/null || exit 0\nunset GIT_DIR\n"
        f"exec git -C '{other.path}' push --quiet team {RUNS}\n"
    )
    script.chmod(0o755)
    done = synced(world, redacted=True, logs=True)
    assert (world.path / ".git" / "once").is_dir()
    assert done.came.records == 3
    assert {20, 21, 22} <= {record.seed for record in parse_records(note(hub, RUNS, spoilt))}
    assert SECRET.encode() not in reachable(hub, "--all")


@pytest.mark.usefixtures("hub")
def test_a_key_is_redacted_whatever_it_holds(world: World, spoilt: str) -> None:
    assert "1 bulk line of 1 commit" in world.gitexp("redact", "--key", "user", "--yes").out
    [line] = [json.loads(x) for x in lines_of(world, BULK, spoilt) if '"parameters"' in x]
    assert line["values"] == {"c.toml": {"db.user": MASK, "n": 1}}
    for key in ("seed", "metrics", "y_true"):
        ran = world.gitexp("redact", "--key", key, "--yes", code=2)
        assert "results are never redacted" in ran.err


@pytest.mark.usefixtures("hub")
def test_only_what_is_named_is_redacted_and_the_rest_is_counted(world: World) -> None:
    first, second = measured_experiment(world, "brave-otter"), an_experiment(world, "calm-heron", 5)
    spoil(world, first)
    spoil(world, second)
    out = world.gitexp("redact", SECRET, "calm-heron", "--yes").out
    assert "of 1 commit; the history" in out
    assert "3 lines of other commits contain it too." in out
    assert SECRET in note(world, RUNS, first)
    assert SECRET not in note(world, RUNS, second)
    world.gitexp("redact", SECRET, first[:12], "--yes")
    assert SECRET.encode() not in everything(world)


@pytest.mark.usefixtures("hub", "spoilt")
def test_nothing_is_redacted_before_somebody_agrees(world: World) -> None:
    before = refs(world), world.snapshot()
    out = world.gitexp("redact", SECRET, "--dry-run").out
    assert "It would be removed from 1 record, 1 bulk line and 1 log of 1 commit." in out
    found = world.gitexp("redact", SECRET, "--dry-run", "--json").json
    assert found["lines"] == {"record": 1, "bulk line": 1, "log": 1}
    ran = world.gitexp("redact", SECRET, code=3)
    assert "It is in 1 record, 1 bulk line and 1 log of 1 commit." in ran.err
    assert "--yes" in ran.err
    assert (refs(world), world.snapshot()) == before


@pytest.mark.usefixtures("hub", "spoilt")
@pytest.mark.parametrize(
    "words", [("", "--yes"), (" ", "--yes"), ("--key", " "), ("brave-otter", SECRET, "--yes")]
)
def test_words_that_make_no_sense_change_nothing_and_are_not_repeated(
    world: World, words: tuple[str, ...]
) -> None:
    before = refs(world)
    ran = world.gitexp("redact", *words, code=2)
    assert SECRET not in ran.out + ran.err
    assert refs(world) == before


@pytest.mark.slow
@pytest.mark.usefixtures("hub", "spoilt")
@pytest.mark.parametrize("words", [(), ("-",), ("-", "brave-otter")])
def test_the_value_can_be_given_where_no_history_keeps_it(
    world: World, words: tuple[str, ...]
) -> None:
    done = subprocess.run(
        ["gitexp", "redact", *words, "--yes"], cwd=world.path, input=f"{SECRET}\n",
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "It was removed from 1 record" in done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert SECRET.encode() not in everything(world)


@pytest.mark.usefixtures("hub", "spoilt")
def test_no_process_is_given_the_value(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = world.path.parent / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    done = subprocess.run(
        ["gitexp", "redact", "--yes"], cwd=world.path, input=f"{SECRET}\n", text=True, check=True,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert '"argv"' in trace.read_text()
    assert SECRET not in trace.read_text()


def test_verdict_notes_and_what_was_explored_are_written_anew(ready: World) -> None:
    train_with(ready, "print(f'accuracy={0.9 + SEED / 1e4}')", repeats=[3])
    ready.git("switch", "--quiet", "--create", "exp/by-hand", "main")
    ready.edit("epochs = 20", "epochs = 30")
    ready.edit("C = 1.0", "C = 2.0")
    ready.commit("Both raise accuracy because both fit more", verify=False)
    ready.gitexp("run", "--explore", f"{SECRET} said so")
    head = ready.git("rev-parse", "HEAD")
    assert SECRET in note(ready, VERDICTS, head)
    ready.gitexp("redact", SECRET, "--yes")
    assert f"not gated: {MASK} said so" in note(ready, VERDICTS, head)
    assert {record["explore"] for record in records(ready, head)} == {f"{MASK} said so"}
    assert SECRET.encode() not in everything(ready)
    ready.gitexp("verify")


@pytest.mark.slow
def test_a_run_that_says_it_again_does_not_bring_it_back(drawn: World) -> None:
    drawn.write("config.toml", (drawn.path / "config.toml").read_text() + f'owner = "{SECRET}"\n')
    train_with(drawn, "print(f'accuracy={0.9 + SEED % 100 / 1e4}')", repeats=[3])
    name = drawn.start("--set", "model.C=10")
    drawn.gitexp("run", name)
    commit = drawn.git("rev-parse", f"exp/{name}")
    drawn.gitexp("redact", SECRET, "--yes")
    out = drawn.gitexp("redact", SECRET, "--yes").out
    assert "No record, bulk line or log contains it" in out
    # The baseline is measured on fresh seeds, with the same parameters.
    (drawn.path / ".git" / "runs").mkdir()
    name = drawn.start("--set", "model.C=10", "--replicate")
    drawn.gitexp("run", name)
    main = drawn.git("rev-parse", "main")
    assert SECRET not in note(drawn, BULK, main) + note(drawn, BULK, commit)
    assert len(records(drawn, main)) == 6


@pytest.mark.usefixtures("hub")
def test_what_cannot_be_reached_is_named(world: World, spoilt: str) -> None:
    world.git("update-ref", "refs/notes/saved", RUNS)
    folder = world.path / ".git" / "gitexp" / "runs" / spoilt[:12]
    folder.mkdir(parents=True)
    out = world.gitexp("redact", SECRET, "--yes").out
    for text in ("refs/notes/saved, which holds", str(folder), "git gc --prune=now", "change it"):
        assert text in out
    assert "C raises accuracy" in message(world, spoilt)
    out = world.gitexp("redact", "C raises accuracy", "--yes").out
    assert "The messages of exp/brave-otter contain it" in out


@pytest.mark.usefixtures("hub")
def test_notes_without_a_trace_of_the_value_keep_their_past(world: World, spoilt: str) -> None:
    replace_notes(repository_of(world), VERDICTS, {spoilt: "CONFIRMED: as noted\n"})
    before = {ref: world.git("rev-parse", ref) for ref in (BULK, LOGS)}
    world.gitexp("redact", "no login", "--yes")
    assert {ref: world.git("rev-parse", ref) for ref in before} == before
    assert world.git("rev-list", "--count", RUNS) == "2"
    assert {*SHARED} <= refs(world).keys()
