"""Sharing: whoever syncs when, every clone ends with the same experiments, records and verdicts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gitexp.errors import NotReady, StoreBusy, UsageError
from gitexp.lab.sharing.deliver import deliver, plan_delivery, read_here
from gitexp.rules.documents.record import parse_records
from gitexp.store.fetch import read_fetched
from gitexp.store.local import locked
from gitexp.store.lost_objects import restore_notes
from gitexp.store.note_writing import append_lines, replace_notes
from gitexp.store.refs import ARCHIVE, BULK, FETCHED, HEADS, LOGS, RUNS, SHARED_RUNS, VERDICTS
from tests.arrange import lose_object, refs
from tests.project import World
from tests.team import (
    a_log,
    a_record,
    an_experiment,
    branches,
    clone_of,
    hook,
    hub_of,
    lines_of,
    measure,
    measured_experiment,
    repository_of,
    starts_of,
    synced,
    texts,
    write_run,
)


@pytest.fixture
def hub(world: World) -> World:
    return hub_of(world)


ENVIRONMENT = '{"condition":"c","kind":"environment","schema":1}'


@pytest.fixture
def other(hub: World) -> World:
    return clone_of(hub, "other")


# --- the same everywhere ------------------------------------------------------------------------


def test_two_clones_end_with_the_same_experiments_records_and_verdicts(
    world: World, hub: World, other: World
) -> None:
    first = measured_experiment(world, "brave-otter")
    second = an_experiment(other, "calm-heron", 5)
    measure(other, other.git("rev-parse", "main"), 0.9, range(3, 9))
    measure(other, second, 0.9001, range(3, 9))
    append_lines(repository_of(other), BULK, {second: [ENVIRONMENT]})
    assert synced(world).went.experiments == 1
    done = synced(other)
    assert (done.came.experiments, done.came.records) == (1, 7)
    assert (done.went.experiments, done.went.records) == (1, 9)
    assert synced(world).came.experiments == 1
    assert synced(other).as_json() == synced(world).as_json() | {"remote": "team"}
    assert texts(world) == texts(other) == texts(hub)
    assert branches(world) == branches(other) == branches(hub)
    assert branches(world) == {"brave-otter": first, "calm-heron": second}
    for ref in (RUNS, BULK, VERDICTS):
        assert len({clone.git("rev-parse", ref) for clone in (world, other, hub)}) == 1
    assert lines_of(other, VERDICTS, first)[0].startswith("CONFIRMED: ")
    rows = [clone.gitexp("log", "--json").json for clone in (world, other)]
    assert rows[0] == rows[1]


def test_what_a_sync_did_is_told_in_a_sentence(world: World, hub: World, other: World) -> None:
    commit = measured_experiment(world, "brave-otter")
    said = world.gitexp("sync")
    assert said.out == "hub: nothing came in, 1 experiment and 10 records went out\n"
    assert said.err == "hub: fetching\nhub: pushing\n"
    assert (
        other.gitexp("sync").out == "team: 1 experiment and 10 records came in, nothing went out\n"
    )
    world.gitexp("sync")
    # Elsewhere the same seed ran earlier, before either clone knew of the other's run.
    third = clone_of(hub, "third")
    line = a_record(commit, 1, 0.5, start="2026-11-25T09:00:00.000Z")
    append_lines(repository_of(third), RUNS, {commit: [line]})
    found = third.gitexp("sync", "--json").json
    assert found["out"] == {"experiments": 0, "archived": 0, "records": 1, "logs": 0}
    out = world.gitexp("sync").out
    assert out.startswith("hub: 1 record came in, nothing went out; 1 verdict changed\n")
    assert re.search(rf"  {commit[:8]}  CONFIRMED: .*\n +-> INCONCLUSIVE: ", out)
    assert world.gitexp("sync").out == "hub: nothing came in, nothing went out\n"


def test_git_alone_reads_what_was_shared(world: World, hub: World, tmp_path: Path) -> None:
    measured_experiment(world, "brave-otter")
    synced(world)
    clone_of(hub, "helper")
    synced(World(tmp_path / "helper"))  # wrote the verdict
    plain = tmp_path / "plain"
    world.git("clone", "--quiet", str(hub.path), str(plain))
    reader = World(plain)
    reader.git("fetch", "--quiet", "origin", "refs/notes/gitexp*:refs/notes/gitexp*")
    log = reader.git("log", "--remotes", "--notes=gitexp")
    assert "Notes (gitexp):\n    CONFIRMED: " in log.replace("    Notes", "Notes")


@pytest.mark.usefixtures("hub")
def test_records_merged_by_somebody_without_gitexp_are_read_correctly(
    world: World, other: World
) -> None:
    commit = measured_experiment(world, "brave-otter")
    synced(world)
    synced(other)
    measure(world, commit, 0.92, range(6, 9))
    measure(other, commit, 0.92, range(7, 12))
    other.git("push", "--quiet", "team", RUNS)
    world.git("fetch", "--quiet", "hub", f"{RUNS}:refs/notes/theirs")
    world.git("notes", f"--ref={RUNS}", "merge", "-s", "cat_sort_uniq", "refs/notes/theirs")
    world.git("push", "--quiet", "hub", RUNS)
    [row] = world.gitexp("log", "--json").json
    assert row["verdict"] == "CONFIRMED"
    records = parse_records("\n".join(lines_of(world, RUNS, commit)))
    assert sorted(record.seed for record in records) == list(range(1, 12))
    assert synced(other).came.records == 1
    assert synced(world).came.records == 0
    assert texts(world) == texts(other)


@pytest.mark.slow
def test_logs_are_shared_where_that_is_asked_for(ready: World) -> None:
    hub = hub_of(ready)
    other = clone_of(hub, "other")
    name = ready.start("--set", "model.C=10")
    ready.gitexp("run")
    synced(ready)
    synced(ready, redacted=True)
    ready.gitexp("accept", "--pr", name)
    assert LOGS not in refs(hub)
    assert ready.gitexp("sync", "--logs").out == "hub: nothing came in, 10 logs went out\n"
    synced(other)
    assert LOGS not in refs(other)
    assert synced(other, logs=True).came.logs == 10
    assert texts(ready, LOGS) == texts(other, LOGS) != {}
    logs = lines_of(other, LOGS, f"exp/{name}")
    assert all(re.search(r"accuracy=0\.9\d+", json.loads(line)["stdout"]) for line in logs)
    # Whoever has no run folders is told where to look.
    said = other.gitexp("show", name).out
    assert f"git notes --ref=gitexp-logs show {ready.git('rev-parse', f'exp/{name}')[:10]}" in said


def test_nothing_of_the_users_moves(world: World, hub: World) -> None:
    other = clone_of(hub, "other")
    an_experiment(other, "calm-heron")
    other.git("commit", "--quiet", "--allow-empty", "-m", "more")
    other.git("tag", "v1")
    other.git("push", "--quiet", "team", "main", "v1")
    synced(other)
    for key, value in {
        "fetch.prune": "true", "fetch.pruneTags": "true", "push.followTags": "true",
        "remote.hub.mirror": "true", "push.default": "matching", "fetch.all": "true",
        "remote.hub.fetch": "+refs/heads/*:refs/remotes/hub/*",
    }.items():  # fmt: skip
        world.git("config", key, value)
    world.git("tag", "mine")
    world.git("branch", "private")
    world.git("update-ref", "refs/remotes/hub/gone", "HEAD")
    before = refs(world), world.snapshot()[1:]
    measured_experiment(world, "brave-otter")
    synced(world)
    ours = {
        r: c for r, c in refs(world).items() if not r.startswith(("refs/gitexp/", "refs/notes/"))
    }
    assert ours.keys() - before[0].keys() == {
        f"{HEADS}brave-otter", f"{HEADS}calm-heron",
        "refs/remotes/hub/exp/brave-otter",  # as any git push leaves it
    }  # fmt: skip
    assert ours.items() >= before[0].items()
    assert world.snapshot()[1:] == before[1]
    assert not {"refs/heads/private", "refs/tags/mine"} & refs(hub).keys()


@pytest.mark.slow
def test_many_experiments_go_out_by_one_pattern(
    world: World, hub: World, other: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitexp.store.push._MANY", 2)
    for number in range(5):
        an_experiment(world, f"t-{number}", number + 2, day=number + 1)
        an_experiment(other, f"t-{number}", number + 10, day=number + 11)
    measured_experiment(world, "brave-otter", 8)
    assert synced(world).went.experiments == 6
    assert synced(other).went.experiments == 5
    synced(world)
    assert branches(world) == branches(other)
    assert {*branches(hub).values()} == {*branches(world).values()}
    assert len(branches(hub)) == 11
    for place in (world, other, hub):
        assert not [ref for ref in refs(place) if "outgoing" in ref]


# --- names --------------------------------------------------------------------------------------


def test_two_experiments_of_one_name_are_both_kept_and_the_later_one_renamed(
    world: World, hub: World, other: World
) -> None:
    later = an_experiment(world, "brave-otter", 10, day=9)
    earlier = an_experiment(other, "brave-otter", 5, day=3)
    measure(world, later, 0.92)
    synced(world)  # the later one is there first
    done = synced(other)
    apart = f"brave-otter-{later[:4]}"
    assert [(r.old, r.new) for r in done.renames] == [("brave-otter", apart)]
    assert branches(other) == {"brave-otter": earlier, apart: later}
    said = world.gitexp("sync").out
    assert f"exp/brave-otter ({later[:8]}) is called exp/{apart} here" in said
    assert branches(world) == branches(other)
    assert {*branches(hub).values()} == {earlier, later}
    # The gate, the log and a third clone know both by these names.
    assert world.gitexp("check", apart, "--json", code=0).json["ok"]
    assert {row["name"] for row in world.gitexp("log", "--json").json} == {"brave-otter", apart}
    third = clone_of(hub, "third")
    synced(third)
    assert branches(third) == branches(world)
    assert {row["name"] for row in third.gitexp("log", "--json").json} == {"brave-otter", apart}
    for clone in (world, other, third):
        assert not synced(clone).renames


def test_a_name_that_is_checked_out_waits_for_its_turn(world: World, hub: World) -> None:
    other = clone_of(hub, "other")
    later = an_experiment(world, "brave-otter", 10, day=9)
    earlier = an_experiment(other, "brave-otter", 5, day=3)
    synced(other)
    world.git("switch", "--quiet", "exp/brave-otter")
    done = synced(world)
    assert branches(world) == {"brave-otter": later, f"brave-otter-{earlier[:4]}": earlier}
    assert "checked out" in done.warnings[0]
    assert world.git("rev-parse", "HEAD") == later
    world.git("switch", "--quiet", "main")
    assert not synced(world).warnings
    assert branches(world) == {"brave-otter": earlier, f"brave-otter-{later[:4]}": later}


def test_a_name_that_waits_is_the_one_that_the_remote_gave(world: World, hub: World) -> None:
    other = clone_of(hub, "other")
    later = an_experiment(world, "brave-otter", 10, day=9)
    synced(world)
    earlier = an_experiment(other, "brave-otter", 5, day=3)
    synced(other)
    world.git("switch", "--quiet", "exp/brave-otter")
    assert not synced(world).renames
    assert branches(world) == {"brave-otter": later, f"brave-otter-{earlier[:4]}": earlier}


@pytest.mark.parametrize("when", ["253402300800 +0000", "5 +9999"])
def test_a_date_that_no_calendar_has_comes_last(world: World, hub: World, when: str) -> None:
    mine = an_experiment(world, "brave-otter", 10, day=9)
    odd = an_experiment(world, "calm-heron", 5).encode()
    raw = world.git("cat-file", "commit", odd.decode()).replace("calm-heron", "brave-otter")
    raw = re.sub(r"(?m)^(committer .*>) .*", rf"\1 {when}", raw)
    path = world.write(".git/raw", f"{raw}\n")
    odd_one = world.git("hash-object", "-t", "commit", "-w", "--literally", str(path))
    world.git("push", "--quiet", "hub", f"{odd_one}:{HEADS}brave-otter")
    world.git("update-ref", "-d", f"{HEADS}calm-heron")
    assert {*branches(hub).values()} == {odd_one}
    repository = repository_of(world)
    repository.git.run("fetch", "--quiet", "hub", f"{HEADS}*:{FETCHED}hub/heads/*")
    delivery = plan_delivery(
        repository, read_here(repository), read_fetched(repository, "hub"), None
    )
    deliver(repository, delivery)
    for words in (["log"], ["log", "-n", "1"], ["check", "--all"], ["archive", "--older", "1d"]):
        assert world.gitexp(*words).out
    assert [(r.commit, r.new) for r in delivery.renames] == [
        (odd_one, f"brave-otter-{odd_one[:4]}")
    ]
    assert refs(world)[f"{ARCHIVE}brave-otter"] == mine


def test_what_was_last_started_is_still_meant_after_it_was_renamed(ready: World) -> None:
    hub = hub_of(ready)
    other = clone_of(hub, "other")
    name = ready.start("--set", "model.C=10")
    commit = ready.git("rev-parse", f"exp/{name}")
    an_experiment(other, name, 5)
    synced(other)
    synced(ready)
    assert ready.gitexp("check", "--json").json["name"] == f"{name}-{commit[:4]}"


def test_what_was_deleted_or_archived_here_does_not_come_back(
    world: World, hub: World, other: World
) -> None:
    for name, value in (("brave-otter", 10), ("calm-heron", 5), ("tidy-lynx", 7)):
        an_experiment(world, name, value)
    synced(world)
    synced(other)
    other.git("branch", "--quiet", "-D", "exp/brave-otter")
    moved = branches(other)["calm-heron"]
    other.git("update-ref", f"{ARCHIVE}calm-heron", moved)
    other.git("update-ref", "-d", f"{HEADS}calm-heron")
    done = synced(other)
    assert (done.away, done.went.archived) == (["brave-otter"], 1)
    assert branches(other).keys() == {"tidy-lynx"}
    # Whoever has it keeps it; who comes new finds it archived.
    synced(world)
    assert branches(world).keys() == {"brave-otter", "calm-heron", "tidy-lynx"}
    third = clone_of(hub, "third")
    assert synced(third).came.archived == 1
    assert branches(third).keys() == {"brave-otter", "tidy-lynx"}
    assert refs(third)[f"{ARCHIVE}calm-heron"] == moved
    world.git("branch", "--quiet", "-D", "exp/tidy-lynx")  # of its own making
    synced(world)
    assert "tidy-lynx" not in branches(world)
    # Unless that is asked for.
    assert "deleted here, so left out: exp/brave-otter (gitexp" in other.gitexp("sync").out
    assert (
        "exp/brave-otter is a branch again"
        in other.gitexp("archive", "--restore", "brave-otter").out
    )
    assert "is already a branch" in other.gitexp("archive", "--restore", "brave-otter", code=2).err
    assert not synced(other).away


def test_names_that_no_experiment_can_have_are_left_alone(world: World, hub: World) -> None:
    for name in ("exp/Upper", "exp/a/b", "exp/under_score", "exp/fine"):
        hub.git("update-ref", f"refs/heads/{name}", "main")
    synced(world)
    assert branches(world).keys() == {"fine"}


# --- runs of other machines ---------------------------------------------------------------------


def test_runs_of_workers_become_notes_and_their_refs_go(world: World, hub: World) -> None:
    other = clone_of(hub, "other")
    commit = an_experiment(world, "brave-otter")
    synced(world)
    bulk = ENVIRONMENT
    log = a_log("said")
    lines = [a_record(commit, seed) for seed in (1, 2, 3)]
    for line in lines:
        ref = write_run(repository_of(other), str(hub.path), commit, line, [bulk, log])
        assert re.fullmatch(rf"{SHARED_RUNS}{commit}/\d-[0-9a-f]{{12}}", ref)
    write_run(repository_of(other), "team", commit, lines[0], [bulk, log])  # again: harmless
    assert sum(ref.startswith(SHARED_RUNS) for ref in refs(hub)) == 3
    done = synced(world)
    assert (done.folded, done.came.records) == (3, 3)
    assert lines_of(world, RUNS, commit) == lines == lines_of(hub, RUNS, commit)
    assert lines_of(hub, BULK, commit) == [bulk]
    assert not [ref for ref in refs(hub) if ref.startswith(SHARED_RUNS)]
    assert synced(other).came.records == 3
    assert texts(world, RUNS, BULK) == texts(other, RUNS, BULK)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("{c}/1-{h}", "no json"),
        ("{c}/2-{h}", "{r}"),
        ("{c}/1-000000000000", "{r}"),
        ("{c}/1-{h}", "{r}\nno json"),
        ("{o}/1-{h}", "{r}"),
        ("short/1-{h}", "{r}"),
        ("{c}/1-{h}", ""),
        ("{c}/1-{h}", "{n}"),
        ("{c}/1-{h}", "{r}\n{s}"),
        ("{c}/1-{h}", "{r}" + f"\n{ENVIRONMENT}" * 1001),
    ],
)
def test_what_is_no_run_is_left_where_it_is(world: World, hub: World, name: str, text: str) -> None:
    import hashlib

    commit = an_experiment(world, "brave-otter")
    record = a_record(commit, 1)
    newer = record.replace('"schema":1', '"schema":2')
    first = text.replace("{r}", record).replace("{n}", newer)
    first = first.replace("{s}", starts_of([a_record(commit, 2)])[0])
    digits = hashlib.sha256(first.split("\n")[0].encode()).hexdigest()[:12]
    ref = SHARED_RUNS + name.format(c=commit, h=digits, o="0" * 40)
    (hub.path / "content").write_text(first)
    hub.git("update-ref", ref, hub.git("hash-object", "-w", "content"))
    done = synced(world)
    assert ref in refs(hub)
    assert done.folded == 0
    assert any(ref in warning for warning in done.warnings)
    assert not lines_of(world, RUNS, commit)


def test_a_ref_below_the_name_of_one_that_has_gone_stops_no_sync(world: World, hub: World) -> None:
    commit = an_experiment(world, "brave-otter")
    synced(world)
    write_run(repository_of(world), "hub", commit, a_record(commit, 1), [])
    assert synced(world).folded == 1
    hub.git("update-ref", f"{SHARED_RUNS}{commit}", commit)
    hub.git("update-ref", "-d", f"{HEADS}brave-otter")
    hub.git("update-ref", f"{HEADS}brave-otter/more", commit)
    synced(world, dry=True)
    assert [*synced(world).refused] == [f"{HEADS}brave-otter"]
    assert branches(world) == {"brave-otter": commit}
    assert lines_of(world, RUNS, commit) == [a_record(commit, 1)]


def test_of_many_refs_that_hold_no_run_a_few_are_named(world: World, hub: World) -> None:
    for number in range(8):
        hub.git("update-ref", f"{SHARED_RUNS}odd/{number}", "main")
    warnings = synced(world).warnings
    assert len(warnings) == 6
    assert warnings[-1] == "3 more refs there hold no run"


def test_a_worker_is_told_what_its_remote_does_not_take(world: World, hub: World) -> None:
    commit = an_experiment(world, "brave-otter")
    with pytest.raises(UsageError, match="not a record"):
        write_run(repository_of(world), "hub", commit, "{}", [])
    with pytest.raises(UsageError, match="not a record"):
        write_run(repository_of(world), "hub", "0" * 40, a_record(commit, 1), [])
    hook(hub, "pre-receive", "echo not here >&2; exit 1")
    with pytest.raises(NotReady, match="pre-receive hook declined"):
        write_run(repository_of(world), "hub", commit, a_record(commit, 1), [])
    with pytest.raises(NotReady, match="could not be reached"):
        write_run(repository_of(world), "/no/such/place", commit, a_record(commit, 1), [])


def test_runs_that_may_not_be_deleted_are_read_again_and_counted_once(
    world: World, hub: World
) -> None:
    commit = an_experiment(world, "brave-otter")
    synced(world)
    write_run(repository_of(world), "hub", commit, a_record(commit, 1), [])
    hook(hub, "update", "case $3 in *[1-9a-f]*) ;; *) exit 1;; esac")
    for came in (1, 0):
        done = synced(world)
        assert done.came.records == came
        assert "does not let anyone delete them" in done.warnings[0]
    assert lines_of(world, RUNS, commit) == [a_record(commit, 1)]


def test_logs_of_workers_are_shared_where_that_is_asked_for(world: World, hub: World) -> None:
    commit = an_experiment(world, "brave-otter")
    before = a_log("before")
    append_lines(repository_of(world), LOGS, {commit: [before]})
    synced(world, logs=True)
    other = clone_of(hub, "other")
    log = a_log("said")
    write_run(repository_of(other), "team", commit, a_record(commit, 1), [log])
    assert synced(other).folded == 1
    assert lines_of(hub, LOGS, commit) == [before]
    synced(other, logs=True)
    assert lines_of(hub, LOGS, commit) == [before, log]


@pytest.mark.slow
def test_a_server_with_the_hook_takes_all_that_is_sent(
    world: World, hub: World, other: World
) -> None:
    hub.gitexp("init")
    later = measured_experiment(world, "brave-otter", 10)
    world.git("update-ref", f"{ARCHIVE}calm-heron", an_experiment(world, "calm-heron", 5))
    world.git("update-ref", "-d", f"{HEADS}calm-heron")
    an_experiment(other, "calm-heron", 7)
    synced(other)
    write_run(repository_of(other), "team", later, a_record(later, 9), [])
    for clone in (world, other, world):
        done = synced(clone)
        assert (done.refused, done.kept, done.warnings) == ({}, {}, [])
    assert branches(world) == branches(other)
    assert texts(world) == texts(other) == texts(hub)
    assert len(lines_of(hub, RUNS, later)) == 11
    assert not [ref for ref in refs(hub) if ref.startswith(SHARED_RUNS)]


# --- remotes that are difficult -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "script"),
    [
        ("pre-receive", "while read -r o n r; do case $r in refs/gitexp/*) exit 1;; esac; done"),
        ("update", "case $1 in refs/gitexp/*) exit 1;; esac"),
    ],
)
def test_a_remote_that_takes_no_refs_of_ours_gets_experiments_and_notes(
    world: World, hub: World, kind: str, script: str
) -> None:
    measured_experiment(world, "brave-otter")
    archived = an_experiment(world, "calm-heron", 5)
    world.git("update-ref", f"{ARCHIVE}calm-heron", archived)
    world.git("update-ref", "-d", f"{HEADS}calm-heron")
    hook(hub, kind, script)
    out = world.gitexp("sync").out
    assert "1 experiment and 10 records went out" in out
    assert re.search(rf"hub refused {ARCHIVE}calm-heron: .*hook declined\n", out)
    assert "archived experiments stay in this clone" in out
    assert branches(hub).keys() == {"brave-otter"}
    assert texts(hub, RUNS) == texts(world, RUNS)


def test_what_git_lost_here_comes_again_from_the_remote(world: World, hub: World) -> None:
    measured_experiment(world, "brave-otter")
    synced(world)
    before = texts(world, RUNS)
    # git takes what its refs name for complete, and would not ask for a part of it.
    lose_object(world, world.git("notes", "--ref=gitexp-runs", "list", "exp/brave-otter"))
    restore_notes(repository_of(world), RUNS)
    assert texts(world, RUNS) != before
    synced(world)
    assert texts(world, RUNS) == before == texts(hub, RUNS)


def test_a_remote_that_takes_notes_alone_gets_those(world: World, hub: World) -> None:
    measured_experiment(world, "brave-otter")
    hook(hub, "update", "case $1 in refs/notes/*) ;; *) exit 1;; esac")
    done = synced(world)
    assert (done.went.experiments, done.went.records) == (0, 10)
    assert done.refused.keys() == {f"{HEADS}brave-otter"}
    assert texts(hub, RUNS) == texts(world, RUNS)
    assert "sees their records alone" in world.gitexp("sync", code=3).out


def test_a_remote_that_takes_nothing_is_said_so_and_what_came_in_stays(
    world: World, hub: World, other: World
) -> None:
    measured_experiment(other, "calm-heron")
    synced(other)
    measured_experiment(world, "brave-otter", 7)
    hook(hub, "pre-receive", "exit 1")
    ran = world.gitexp("sync", code=3)
    assert "1 experiment and 5 records came in" in ran.out
    [line] = [line for line in ran.out.splitlines() if "hub refused" in line]
    assert RUNS in line
    assert line.endswith(": pre-receive hook declined")
    assert branches(world).keys() == {"brave-otter", "calm-heron"}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/no/such/repository", "could not be reached"),
        ("file:///no/such/repository", "could not be reached"),
        ("http://user:hunter2@127.0.0.1:9/x.git", "could not be reached"),
        ("ssh://127.0.0.1:9/x.git", "could not be reached"),
        ("ext::sh -c exit", "could not be reached"),
    ],
)
def test_a_remote_that_is_gone_is_said_so(world: World, url: str, said: str) -> None:
    world.git("remote", "add", "hub", url)
    measured_experiment(world, "brave-otter")
    before = refs(world)
    ran = world.gitexp("sync", code=3, GIT_SSH_COMMAND="ssh -o BatchMode=yes -o ConnectTimeout=2")
    assert f"gitexp: hub {said}" in ran.err
    assert "git remote -v" in ran.err
    assert "hunter2" not in ran.err
    assert refs(world) == before


def test_a_damaged_ref_of_the_remote_is_named_and_its_loss_is_made_good(
    world: World, hub: World
) -> None:
    commit = measured_experiment(world, "brave-otter")
    synced(world)
    there = lines_of(hub, RUNS, commit)
    (hub.path / RUNS).write_text("")
    ran = world.gitexp("sync", code=3)
    assert "gitexp: a ref on hub is damaged" in ran.err
    (hub.path / RUNS).unlink()
    synced(world)
    assert lines_of(hub, RUNS, commit) == there != []


def test_notes_that_were_rewritten_by_force_lose_nothing_and_are_told(
    world: World, hub: World, other: World
) -> None:
    commit = measured_experiment(world, "brave-otter")
    synced(world)
    synced(other)
    hub.git("update-ref", "-d", RUNS)
    stranger = other.git("commit-tree", "-m", "gitexp", "HEAD^{tree}")
    hub.git("fetch", "--quiet", str(other.path), f"+{stranger}:{RUNS}", "--no-tags")
    done = synced(world)
    assert f"{RUNS} on hub was rewritten by force" in done.warnings[0]
    assert len(lines_of(hub, RUNS, commit)) == 10
    assert texts(world, RUNS) == texts(hub, RUNS)


def test_pushes_that_go_to_another_repository_are_told_and_made_once(
    world: World, hub: World
) -> None:
    measured_experiment(world, "brave-otter")
    synced(world)
    elsewhere = str(hub.path.parent / "elsewhere.git")
    world.git("init", "--quiet", "--bare", elsewhere)
    world.git("remote", "set-url", "--push", "hub", elsewhere)
    an_experiment(world, "calm-heron", 5)
    measure(world, world.git("rev-parse", "exp/calm-heron"), 0.9, range(1, 6))
    synced(world)
    [before] = synced(world, dry=True).warnings
    done = synced(world)
    assert (done.went.experiments, done.went.records) == (0, 0)
    [told] = done.warnings
    assert before == told
    assert f"pushed to {elsewhere}, another repository" in told
    assert f"git remote add NAME {elsewhere} && gitexp sync NAME" in told
    assert "git config --unset-all remote.hub.pushurl" in told
    world.git("config", "--unset", "remote.hub.pushurl")
    world.git("config", f"url.{elsewhere}.pushInsteadOf", str(hub.path))
    assert "--get-regexp pushinsteadof" in synced(world, dry=True).warnings[0]
    world.git("config", "--unset", f"url.{elsewhere}.pushInsteadOf")
    # Two addresses of one repository: what is missing there was taken away.
    world.git("remote", "set-url", "--push", "hub", f"file://{hub.path}")
    assert "rewritten by force" in synced(world).warnings[0]
    assert (synced(world).warnings, texts(world)) == ([], texts(hub))


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("spec", "bad"),
    [
        ("+refs/notes/*:refs/notes/*", True),
        ("+refs/notes/gitexp-runs:refs/notes/gitexp-runs", True),
        ("refs/notes/*:refs/notes/*", False),
        ("+refs/notes/*:refs/notes/hub/*", False),
    ],
)
def test_a_fetch_spec_that_overwrites_results_is_named(world: World, spec: str, bad: bool) -> None:
    world.git("config", "--add", "remote.hub.fetch", spec)
    warnings = synced(world).warnings
    assert len(warnings) == bad
    if bad:
        assert "git fetch would overwrite results that are not pushed yet" in warnings[0]
        assert world.run("sh", "-c", warnings[0].rpartition(": ")[2]).code == 0
        assert not synced(world).warnings


def test_the_remote_is_chosen_as_git_would(world: World, hub: World, tmp_path: Path) -> None:
    world.git("branch", "--unset-upstream", "main")
    assert synced(world).remote == "hub"
    hub_of(world, "fork")
    world.git("branch", "--unset-upstream", "main")
    with pytest.raises(NotReady, match=r"which remote\? main has no upstream, and there are"):
        synced(world)
    assert synced(world, ask=min).remote == "fork"
    world.git("branch", "--quiet", "--set-upstream-to=hub/main", "main")
    assert synced(world).remote == "hub"
    assert synced(world, "fork").remote == "fork"
    for name in ("nowhere", str(hub.path), "--upload-pack=false", "exp/x\n"):
        with pytest.raises(UsageError, match="there is no remote"):
            synced(world, name)
    alone = World(tmp_path / "alone")
    world.git("clone", "--quiet", ".", str(alone.path))
    alone.git("remote", "remove", "origin")
    with pytest.raises(NotReady, match="this clone has no remote"):
        synced(alone)


@pytest.mark.usefixtures("world")
def test_a_baseline_that_only_a_remote_has_is_found_whatever_the_remote_is_called(
    hub: World,
) -> None:
    other = clone_of(hub, "other")
    other.git("switch", "--quiet", "--create", "elsewhere")
    other.git("branch", "--quiet", "-D", "main")
    assert synced(other).remote == "team"


@pytest.mark.slow
def test_two_remotes_share_through_whoever_syncs_with_both(world: World, hub: World) -> None:
    fork = hub_of(world, "fork")
    other, third = clone_of(hub, "other"), clone_of(fork, "third")
    measured_experiment(other, "brave-otter")
    an_experiment(third, "brave-otter", 5, day=20)
    for clone, remote in (
        (other, "team"), (third, "team"), (world, "hub"), (world, "fork"), (world, "hub"),
        (other, "team"), (third, "team"),
    ):  # fmt: skip
        synced(clone, remote)
    assert branches(world) == branches(other) == branches(third)
    assert texts(world) == texts(other) == texts(third)
    assert not any(synced(world, remote).renames for remote in ("hub", "fork"))


def test_a_clone_that_is_cut_off_keeps_the_verdicts_that_it_cannot_compute(
    world: World, hub: World
) -> None:
    world.git("commit", "--quiet", "--allow-empty", "-m", "more")
    world.git("push", "--quiet", "hub", "main")
    commit = measured_experiment(world, "brave-otter")
    replace_notes(repository_of(world), VERDICTS, {commit: "CONFIRMED: as noted\n"})
    synced(world)
    before = texts(hub)
    shallow = clone_of(hub, "shallow", "--depth=1", "--no-single-branch")
    done = synced(shallow)
    assert done.came.records == 10
    assert texts(shallow) == before
    measure(shallow, commit, 0.92, range(6, 8))
    assert "git fetch --unshallow" in done.warnings[0]
    assert synced(shallow).went.records == 2
    # What cannot be known here is nobody's fault, and no note is taken away for it.
    ran = shallow.gitexp("verify", "--fix")
    assert "1 experiment cannot be checked in a shallow clone" in ran.out
    assert texts(shallow, VERDICTS) == texts(hub, VERDICTS)
    assert len(lines_of(hub, RUNS, commit)) == 14
    assert len(lines_of(hub, RUNS, world.git("rev-parse", "main"))) == 10


def test_a_partial_clone_has_the_texts_of_the_notes(world: World, hub: World) -> None:
    hub.git("config", "uploadpack.allowFilter", "true")
    hub.git("config", "uploadpack.allowAnySHA1InWant", "true")
    commit = measured_experiment(world, "brave-otter")
    synced(world)
    partial = clone_of(hub, "partial", "--filter=blob:none")
    assert synced(partial).came.records == 10
    blob = partial.git("rev-parse", f"{RUNS}:{commit}")
    missing = partial.git("rev-list", "--objects", "--missing=print", RUNS)
    assert f"?{blob}" not in missing
    measure(partial, commit, 0.92, range(6, 8))
    synced(partial)
    assert len(lines_of(hub, RUNS, commit)) == 14


# --- what does not leave ------------------------------------------------------------------------


def test_what_the_gate_refuses_stays_and_all_else_goes(ready: World) -> None:
    hub = hub_of(ready)
    name = ready.start("--set", "model.C=10")
    ready.git("switch", "--quiet", "--create", "exp/by-hand", "main")
    ready.edit("epochs = 20", "epochs = 30")
    ready.edit("C = 1.0", "C = 2.0")
    ready.commit("Both raise accuracy because both fit more", verify=False)
    ready.git("switch", "--quiet", "main")
    out = ready.gitexp("sync").out
    assert "1 experiment went out" in out
    assert "exp/by-hand stays here: C2 " in out
    assert branches(hub).keys() == {name}
    # The gate is asked whether or not the hooks are installed in this clone.
    (ready.path / ".git" / "hooks" / "pre-push").unlink()
    for words in (["sync", "--dry-run"], ["sync"]):
        out = ready.gitexp(*words).out
        assert "exp/by-hand stays here: C2 " in out
        assert "(gitexp check by-hand)" in out
    assert branches(hub).keys() == {name}


@pytest.mark.usefixtures("hub")
def test_what_ran_past_the_gate_stays_and_its_records_go(world: World) -> None:
    commit = an_experiment(world, "brave-otter")
    line = a_record(commit, 1, explore="just a look")
    append_lines(repository_of(world), RUNS, {commit: [line]})
    done = synced(world)
    assert done.kept == {"exp/brave-otter": "its runs skipped the gate"}
    assert (done.went.experiments, done.went.records) == (0, 1)


@pytest.mark.usefixtures("hub")
def test_a_hook_of_the_user_that_refuses_is_quoted(world: World) -> None:
    an_experiment(world, "brave-otter")
    script = world.path / ".git" / "hooks" / "pre-push"
    script.parent.mkdir(exist_ok=True)
    script.write_text("#!/bin/sh\necho no secrets leave >&2\nexit 1\n")
    script.chmod(0o755)
    ran = world.gitexp("sync", code=1)
    assert "a hook of this clone stopped the push" in ran.err
    assert "no secrets leave" in ran.err


def test_a_clone_whose_baseline_is_behind_is_told_to_pull(world: World, other: World) -> None:
    world.git("commit", "--quiet", "--allow-empty", "-m", "more")
    world.git("push", "--quiet", "hub", "main")
    an_experiment(world, "brave-otter")
    assert not synced(world).warnings
    world.git("commit", "--quiet", "--allow-empty", "-m", "and more")
    said = world.gitexp("sync").out
    assert "main is 1 commit ahead of hub/main, and sync shares only" in said
    assert "git push hub main" in said
    said = other.gitexp("sync").out
    assert "1 experiment came from a later main than this clone has\n" in said
    assert "git switch main && git pull team main\n" in said
    said = other.gitexp("check", "brave-otter", code=1).out
    assert "where main is only behind here: git switch main && git pull" in said
    other.git("pull", "--quiet")
    other.gitexp("check", "brave-otter")
    assert "later main" not in other.gitexp("sync").out


# --- rehearsing, and being interrupted ----------------------------------------------------------


def test_a_dry_run_tells_and_changes_nothing(world: World, hub: World, other: World) -> None:
    measured_experiment(other, "calm-heron")
    synced(other)
    measured_experiment(world, "brave-otter", 7)
    before = refs(world), refs(hub), world.snapshot()
    out = world.gitexp("sync", "--dry-run").out
    assert out == (
        "hub: 1 experiment and 5 records would come in, 1 experiment and 5 records would go out\n"
    )
    assert (refs(world), refs(hub), world.snapshot()) == before
    assert world.gitexp("sync", "--dry-run", "--json").json["dry_run"] is True
    done = synced(world)
    assert (done.came.experiments, done.came.records, done.went.records) == (1, 5, 5)


@pytest.mark.usefixtures("hub")
def test_a_second_sync_of_the_same_clone_does_not_wait(world: World) -> None:
    with locked(repository_of(world).local / "sync.lock"):
        assert "running in this clone" in world.gitexp("sync", code=5).err


@pytest.mark.slow
@pytest.mark.usefixtures("hub")
def test_what_a_killed_sync_had_fetched_is_delivered_by_the_next(
    world: World, other: World
) -> None:
    commit = measured_experiment(other, "brave-otter")
    synced(other)
    # As if it had died when the fetch was done: what is there is no news any more.
    marker = world.path / ".git" / "gitexp" / "sync" / "hub.json"
    marker.parent.mkdir(parents=True)
    marker.write_text(json.dumps({"began": 0}))
    world.git(
        "fetch", "--quiet", "hub", f"+{HEADS}*:{FETCHED}hub/heads/*",
        "+refs/notes/gitexp*:refs/gitexp/remote/hub/notes/gitexp*", f"{RUNS}:{RUNS}",
    )  # fmt: skip
    for path in (f"{HEADS}brave-otter.lock", f"{RUNS}.lock", f"{FETCHED}hub/heads/x.lock"):
        lock = world.path / ".git" / path
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
    synced(world)
    assert branches(world) == {"brave-otter": commit}
    assert lines_of(world, VERDICTS, commit)[0].startswith("CONFIRMED: ")
    assert not list((world.path / ".git" / "refs").rglob("*.lock"))
    assert not marker.exists()


def test_a_remote_that_stays_locked_is_given_up(
    world: World, hub: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitexp.workflows.sync._LONGEST_PAUSE", 0.0)
    monkeypatch.setattr("gitexp.workflows.sync._TRIES", 3)
    measured_experiment(world, "brave-otter")
    lock = hub.path / f"{RUNS}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    with pytest.raises(StoreBusy, match="others pushed to hub first") as caught:
        synced(world)
    assert "stale lock" in caught.value.hint
    lock.unlink()
    assert synced(world).went.records == 10


@pytest.mark.usefixtures("hub")
def test_bad_notes_of_a_remote_are_carried_and_break_nothing(world: World, other: World) -> None:
    commit = measured_experiment(other, "brave-otter")
    for text in (b"\xff\xfe\n", b'{"schema":99,"kind":"records"}\n', b"[" * 10_000 + b"\n"):
        (other.path / ".git" / "text").write_bytes(text)
        blob = other.git("hash-object", "-w", ".git/text")
        other.git("notes", f"--ref={RUNS}", "append", "-C", blob, "HEAD")
    assert isinstance(synced(other), object)
    measure(world, world.git("rev-parse", "HEAD"), 0.9, range(8, 9))
    synced(world)
    synced(other)
    assert texts(world) == texts(other)
    assert b"\xff\xfe" in texts(world)[RUNS, world.git("rev-parse", "HEAD")]
    assert lines_of(world, VERDICTS, commit)[0].startswith("CONFIRMED: ")
