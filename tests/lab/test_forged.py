"""Whoever may push can add lines to notes; no line that came later turns a verdict over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitexp.lab.log.counted import held_spreads
from gitexp.lab.log.results import read_results
from gitexp.lab.projects.project import open_project
from gitexp.rules.documents.check import Check
from gitexp.rules.documents.example_spread import ExampleSpread
from gitexp.rules.documents.found import Found
from gitexp.rules.documents.purpose import Purpose
from gitexp.rules.documents.record import parse_records
from gitexp.rules.verdict.rivals import Held, gated, opposed, rivals, settle
from gitexp.store.all_notes import read_all
from gitexp.store.note_writing import append_lines
from gitexp.store.notes import list_notes
from gitexp.store.refs import RUNS
from gitexp.workflows.verify import verify
from tests.arrange import note
from tests.project import World
from tests.team import a_record, an_experiment, measured_experiment, repository_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitexp.rules.finding import Finding
    from gitexp.rules.verdict.verdict import Judgement

NAME = "brave-otter"


def judged(world: World) -> Judgement:
    [result] = read_results(open_project(world.path), NAME)
    assert result.judgement is not None
    return result.judgement


def said(world: World, *, fix: bool = False) -> list[Finding]:
    """All that `verify` finds."""
    found = verify(open_project(world.path), fix=fix)
    return [*found.problems, *found.information]


def found_by_verify(world: World) -> set[str]:
    return {f.id for f in said(world)} - {"V1"}


def add(world: World, commit: str, lines: Iterable[str]) -> None:
    append_lines(repository_of(world), RUNS, {commit: list(lines)})


def forged(world: World, commit: str, **changes: object) -> list[str]:
    """Every record of a commit again, with other fields and scores."""
    lines = [line for line in note(world, RUNS, commit).splitlines() if "metrics" in line]
    contents = [json.loads(line) for line in lines]
    for content in contents:
        content["metrics"]["accuracy"] += changes.get("gain", 0.03)
    plain = {name: value for name, value in changes.items() if name != "gain"}
    return [
        json.dumps(content | plain, sort_keys=True, separators=(",", ":")) for content in contents
    ]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, {"V14"}),
        ({"start": "2020-01-01T00:00:00.000Z"}, {"V14"}),
        ({"attempt": 2}, {"V14"}),
        ({"condition": "another"}, {"V14", "V5"}),
        ({"attempt": 0}, {"N3"}),
        ({"failure": "exit code 1", "exit": 1, "metrics": {}}, {"V14"}),
        ({"gain": 0}, set()),
    ],
)
@pytest.mark.parametrize("arm", ["experiment", "baseline"])
def test_later_lines_change_no_verdict_and_are_named(
    ready: World, changes: dict[str, object], named: set[str], arm: str
) -> None:
    commit = measured_experiment(ready, NAME, accuracy=0.901)
    before = judged(ready)
    target = commit if arm == "experiment" else ready.git("rev-parse", "main")
    add(
        ready,
        target,
        forged(ready, target, **({"gain": -0.03} | changes if arm == "baseline" else changes)),
    )
    assert judged(ready) == before
    if arm == "baseline" and "condition" in changes:
        named = set()  # it may be measured in several conditions
    assert found_by_verify(ready) == named


@pytest.mark.parametrize("arm", ["experiment", "baseline"])
def test_the_record_of_a_good_seed_that_was_copied_to_others_is_named(
    ready: World, arm: str
) -> None:
    commit = measured_experiment(ready, NAME)
    target = commit if arm == "experiment" else ready.git("rev-parse", "main")
    add(ready, target, [a_record(target, 6), a_record(target, 7)])
    [found] = [f for f in said(ready) if f.id == "V20"]
    assert "2 records in the note of" in found.message
    assert "(seeds 6, 7) without a start" in found.message


def test_a_check_that_no_run_bears_out_is_named(ready: World) -> None:
    commit = measured_experiment(ready, NAME)
    start, score = "2026-11-26T10:00:00.000Z", 0.92
    check = Check(commit, Found.REPEATS, start, 1, "", (score, score))
    add(ready, commit, [check.line()])
    [found] = [f for f in said(ready) if f.id == "V22"]
    assert f"exp/{NAME} says that seed 1 repeats its score" in found.message
    again = a_record(commit, 1, score, purpose=Purpose.CANARY)
    add(ready, commit, [again])
    assert all(f.id != "V22" for f in said(ready))


@pytest.mark.parametrize("condition", ["c" * 12, "another", ""])
@pytest.mark.parametrize("where", ["later", "beside"])
def test_failures_that_came_after_a_seed_had_succeeded_chose_nothing(
    ready: World, condition: str, where: str
) -> None:
    commit = measured_experiment(ready, NAME)
    before = judged(ready)
    failed = {"metrics": {}, "exit": 1, "failure": "exit 1", "ended": "exit"}
    start = "2026-11-26T10:00:00.000Z"
    lines = forged(
        ready, commit, gain=0, attempt=2, start=start, condition=condition, **failed
    )  # fmt: skip
    (add if where == "later" else merged)(ready, commit, lines)
    assert judged(ready) == before


def test_lines_of_which_nobody_can_tell_the_first_are_in_conflict(ready: World) -> None:
    commit = measured_experiment(ready, NAME, accuracy=0.901)
    before = judged(ready)
    add(ready, commit, forged(ready, commit))
    # A notes ref that was squashed brings all of its lines at once.
    tree = ready.git("rev-parse", f"{RUNS}^{{tree}}")
    ready.git("update-ref", RUNS, ready.git("commit-tree", "-m", "squashed", tree))
    after = judged(ready)
    assert (after.verdict, after.reason) == ("INCONCLUSIVE", "records in conflict")
    assert "5 runs (seeds 1, 2, 3, 4, 5) have several records" in after.detail
    assert before.verdict != after.verdict


def merged(world: World, commit: str, lines: Iterable[str]) -> None:
    """Let another clone have written these lines beside the last ones of ours."""
    ours = world.git("rev-parse", RUNS)
    world.git("update-ref", RUNS, f"{ours}~1")
    add(world, commit, lines)
    theirs = world.git("rev-parse", RUNS)
    world.git("update-ref", RUNS, ours)
    world.git("notes", f"--ref={RUNS}", "merge", "--quiet", "-s", "cat_sort_uniq", theirs)


def test_of_lines_that_met_in_a_merge_the_run_that_began_earlier_counts(ready: World) -> None:
    commit = measured_experiment(ready, NAME, accuracy=0.901)
    before = judged(ready)
    later = [a_record(commit, n, 0.93, start=f"2026-11-26T10:00:0{n}.000Z") for n in range(1, 6)]
    merged(ready, commit, later)
    assert len(parse_records(note(ready, RUNS, commit))) == 10
    assert judged(ready) == before
    assert found_by_verify(ready) == set()


def test_a_trainer_that_repeats_itself_and_disagrees_with_itself_shows_nothing(
    ready: World,
) -> None:
    commit = measured_experiment(ready, NAME)
    begun = "2026-11-24T10:00:00.000Z"
    same = forged(ready, commit, gain=0, start=begun)[1:]
    merged(ready, commit, [*same, a_record(commit, 1, 0.95, start=begun)])
    after = judged(ready)
    assert (after.verdict, after.reason) == ("INCONCLUSIVE", "records in conflict")
    assert "two clones have different scores of the same run (seeds 1)" in after.detail
    assert ready.gitexp("run", NAME, "--json").json["reason"] == "records in conflict"


def side_by_side(*seconds: float) -> Held:
    """What counts where two clones ran seeds that gave these scores, and .9 and more before."""
    first = [a_record("c", n, 0.9 + n / 1000) for n, _ in enumerate(seconds)]
    second = [
        a_record("c", n, score, start="2026-11-25T11:00:00.000Z") for n, score in enumerate(seconds)
    ]
    records = parse_records("\n".join((*first, *second)))
    return settle(records, rivals(records, "accuracy", any_condition=True), lambda *_: None)


@pytest.mark.parametrize(
    ("seconds", "canaries", "seeds"),
    [
        ((0.9, 0.901, 0.5), (), [2]),
        ((0.9, 0.901, 0.5, 0.6), (), [2, 3]),
        ((0.9, 0.901, 0.5, 0.6, 0.7), (), []),  # as often another score as not
        ((0.9, 0.5), (), []),  # once is chance
        ((0.9, 0.5), (0.9,), [1]),
        ((0.9, 0.5), (0.95,), []),
        ((0.9, 0.901, 0.902), (), []),
    ],
)
def test_records_oppose_each_other_where_seeds_gave_their_scores_again(
    seconds: tuple[float, ...], canaries: tuple[float, ...], seeds: list[int]
) -> None:
    again = parse_records("\n".join(a_record("c", 0, score) for score in canaries))
    found = opposed(side_by_side(*seconds), "accuracy", again).opposed
    assert [kept.seed for kept, _ in found] == seeds


def test_a_deterministic_trainer_has_proven_that_it_gives_its_score_again() -> None:
    found = opposed(side_by_side(0.95), "accuracy", (), exact=True).opposed
    assert [(kept.metrics["accuracy"], other.metrics["accuracy"]) for kept, other in found] == [
        (0.9, 0.95)
    ]
    assert not opposed(side_by_side(0.95), "accuracy", ()).opposed


def test_a_copy_of_a_run_that_skipped_the_gate_counts_for_nothing() -> None:
    skipped = a_record("c", 1, explore="to see"), a_record("c", 2, explore="to see")
    copies = a_record("c", 1), a_record("c", 3)
    assert [r.seed for r in gated(parse_records("\n".join((*skipped, *copies))))] == [3]


def test_rivals_are_settled_by_what_is_known_of_their_order() -> None:
    lines = [a_record("c", 1, score) for score in (0.9, 0.95)]
    lines += [a_record("c", 1, 0.8, condition="other"), a_record("c", 2, 0.9)]
    records = parse_records("\n".join(lines))
    assert rivals(records, "f1", any_condition=True) == []
    [group] = rivals(records, "accuracy", any_condition=False)
    assert [r.metrics["accuracy"] for r in group] == [0.9, 0.95]
    [every] = rivals(records, "accuracy", any_condition=True)
    assert len(every) == 3
    first = settle(records, [group], lambda one, _: one is group[1])
    assert first.later == ((group[1], group[0]),)
    assert group[0] not in first.records
    assert settle(records, [group], lambda *_: False).contested == (group,)


def test_a_forged_spread_of_examples_counts_for_nothing(ready: World) -> None:

    commit = measured_experiment(ready, NAME)
    real, tiny = ExampleSpread(5, "i", 100, 0.01), ExampleSpread(5, "i", 100, 1e-12)
    add(ready, commit, [real.line()])
    add(ready, commit, [tiny.line()])
    assert held_spreads(repository_of(ready), commit, [tiny, real]) == [real]
    assert held_spreads(repository_of(ready), commit, [tiny]) == [tiny]


def test_what_a_notes_ref_held_before_it_was_reset_is_missed(ready: World) -> None:
    commit = measured_experiment(ready, NAME)
    assert found_by_verify(ready) == set()
    now = ready.git("rev-parse", RUNS)
    ready.git("update-ref", RUNS, f"{now}~1")
    assert found_by_verify(ready) == {"V10"}
    ready.git("update-ref", RUNS, now)
    assert found_by_verify(ready) == set()
    add(ready, commit, [a_record(commit, 6)])  # the note stays, and loses a line
    ready.git("update-ref", RUNS, now)
    assert found_by_verify(ready) == {"V10"}
    (ready.path / ".git" / "logs" / RUNS).unlink()
    assert found_by_verify(ready) == set()
    edited = note(ready, RUNS, commit).replace('"accuracy":0.9', '"accuracy":0.8')
    ready.git("notes", f"--ref={RUNS}", "add", "--force", "-m", edited, commit)
    squashed = ready.git("commit-tree", "-m", "squashed", f"{RUNS}^{{tree}}")
    ready.git("update-ref", RUNS, squashed)
    assert "V10" in found_by_verify(ready)


@pytest.mark.parametrize(("first", "then"), [(0.895, 0.93), (0.93, 0.895), (0.93, 0.94)])
def test_a_decided_verdict_that_turned_stays_named(ready: World, first: float, then: float) -> None:
    commit = measured_experiment(ready, NAME, accuracy=first)
    ready.gitexp("verify", "--fix")
    before, ours = judged(ready), ready.git("rev-parse", RUNS)
    ready.git("update-ref", RUNS, f"{ours}~1")
    earlier = [a_record(commit, n, then, start=f"2026-11-20T10:00:0{n}.000Z") for n in range(1, 6)]
    add(ready, commit, earlier)
    forgery = ready.git("rev-parse", RUNS)
    ready.git("update-ref", RUNS, ours)
    (ready.path / ".git" / "logs" / RUNS).unlink()  # it was made in another clone
    assert found_by_verify(ready) == set()
    ready.git("notes", f"--ref={RUNS}", "merge", "--quiet", "-s", "cat_sort_uniq", forgery)
    after = judged(ready)
    for _ in range(2):
        [found] = [f for f in said(ready, fix=True) if f.id == "V19"]
        assert found.advice is not (after.verdict == "CONFIRMED" != before.verdict)
        assert f"then: {before.verdict}: accuracy" in found.message
        assert f"now:  {after.verdict}: accuracy" in found.message


def test_what_was_written_over_a_decided_note_turns_nothing(ready: World) -> None:
    commit = measured_experiment(ready, NAME, accuracy=0.895)
    for text in ("INCONCLUSIVE: too early", None, "CONFIRMED: accuracy +0.1 [+0, +1], 5 pairs"):
        if text is not None:
            ready.git("notes", "--ref=gitexp", "add", "--force", "-m", text, commit)
        ready.gitexp("verify", "--fix")
    assert note(ready, "gitexp", commit).startswith("RULED OUT")
    assert found_by_verify(ready) == set()


def test_no_note_hides_another_of_the_same_commit_in_a_folder(ready: World) -> None:
    commit = measured_experiment(ready, NAME, accuracy=0.895)
    ready.gitexp("verify", "--fix")
    entries = ready.git("ls-tree", "-r", RUNS).splitlines()
    [real] = [entry for entry in entries if entry.endswith(commit)]
    others = [entry for entry in entries if entry != real]
    folder = f"040000 tree {tree(ready, [real.replace(commit, commit[2:])])}\t{commit[:2]}"
    text = "\n".join(forged(ready, commit, gain=0.1)) + "\n"
    ready.write("forged", text)
    blob = ready.git("hash-object", "-w", "forged")
    front = f"100644 blob {blob}\t{commit}"
    trees = ([*others, folder], [*others, folder, front], [*others, front])
    for number, listed in enumerate(tree(ready, entries) for entries in trees):
        moved = ready.git("commit-tree", "-p", RUNS, "-m", "moved", listed)
        ready.git("update-ref", RUNS, moved)
        lost = {"V10"} if number == 2 else set()
        assert found_by_verify(ready) & {"V10"} == lost
        assert judged(ready).verdict == ("CONFIRMED" if lost else "RULED OUT")
        there = read_all(repository_of(ready), RUNS).blobs[commit]
        assert there == list_notes(repository_of(ready), RUNS)[commit]


def tree(world: World, entries: Iterable[str]) -> str:
    """Make a tree of what `git ls-tree` prints."""
    path = world.write("entries", "".join(f"{entry}\n" for entry in entries))
    return world.run("sh", "-c", f"git mktree < {path.name}").out.strip()


def test_a_commit_that_had_records_is_missed_without_its_note(ready: World) -> None:
    commit = measured_experiment(ready, NAME)
    ready.git("update-ref", f"refs/gitexp/kept/{commit}", commit)
    ready.git("update-ref", "-d", RUNS)
    assert "V10" in found_by_verify(ready)


@pytest.mark.parametrize(
    ("start", "advice"), [("11:59:30", True), ("11:59:59", True), ("11:00:05", False)]
)
def test_runs_from_before_their_registration_are_named(
    ready: World, start: str, advice: bool
) -> None:
    commit = an_experiment(ready, NAME)
    registered = ready.git("log", "-1", "--format=%cI", commit)
    assert registered.startswith("2026-11-01T12:00:00")
    lines = [a_record(commit, n, start=f"2026-11-01T{start}.000Z") for n in range(1, 6)]
    add(ready, commit, lines)
    [found] = [f for f in said(ready) if f.id == "V15"]
    assert found.advice is advice
    assert "5 runs of exp/brave-otter began before it was registered" in found.message


def remote_with_the_hook(world: World, place: Path) -> None:
    """A server that has everything of a clone."""
    hub = World(place / "hub.git")
    world.git("clone", "--quiet", "--bare", ".", str(hub.path))
    world.git("remote", "add", "origin", str(hub.path))
    hub.git("fetch", "--quiet", str(world.path), "refs/notes/*:refs/notes/*")
    hub.gitexp("init")


@pytest.mark.parametrize("edit", ["removed", "start removed", "changed", "forged"])
def test_a_server_keeps_the_records_that_it_has(ready: World, tmp_path: Path, edit: str) -> None:
    commit = measured_experiment(ready, NAME)
    remote_with_the_hook(ready, tmp_path)
    text = note(ready, RUNS, commit)
    first = next(line for line in text.splitlines() if "metrics" in line)
    new = {
        "removed": "",
        "start removed": first,
        "changed": first.replace('"accuracy":0.9', '"accuracy":0.8'),
        "forged": first + "\n" + first.replace('"attempt":1', '"attempt":0'),
    }[edit]
    lines = [new if line == first else line for line in text.splitlines()]
    lines = lines[1:] if edit == "start removed" else lines
    ready.git("notes", f"--ref={RUNS}", "add", "--force", "-m", "\n".join(lines), commit)
    pushed = ready.try_git("push", "origin", RUNS)
    assert pushed.code == 1
    assert ("N2" if edit == "forged" else "P3") in pushed.err


@pytest.mark.parametrize("found", [Found.DOUBTED, Found.MOVED])
def test_a_check_that_is_removed_or_comes_later_is_named(
    ready: World, tmp_path: Path, found: Found
) -> None:
    commit = measured_experiment(ready, NAME, accuracy=0.93)
    ready.gitexp("verify", "--fix")
    before = note(ready, RUNS, commit)
    assert judged(ready).verdict == "CONFIRMED"
    add(ready, commit, [Check(commit, found, "2026-11-01T12:00:00Z", 1, "c", (0.9, 0.8)).line()])
    if found is Found.MOVED:  # the other objects only where experiments share the baseline's runs
        assert judged(ready).verdict == "INCONCLUSIVE"
        verify(open_project(ready.path), fix=True)
        assert "V19" in found_by_verify(ready)
    remote_with_the_hook(ready, tmp_path)
    ready.git("notes", f"--ref={RUNS}", "add", "--force", "-m", before, commit)
    assert judged(ready).verdict == "CONFIRMED"
    assert "V10" in found_by_verify(ready)
    pushed = ready.try_git("push", "origin", RUNS)
    assert pushed.code == 1
    assert "P3 · records are only ever added" in pushed.err
    assert "lose or change 1 line of runs" in pushed.err
