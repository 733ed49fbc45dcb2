from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.rules.documents.conditions import version_of
from tests.arrange import (
    SCORE,
    bulk,
    head_and_index_and_files,
    note,
    records,
    refs,
    settle,
    train_with,
)
from tests.project import BECAUSE, World

if TYPE_CHECKING:
    from collections.abc import Callable

SET = ("--set", "model.C=10")


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that must come to pass."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def alive(process: int) -> bool:
    """Whether a process still runs; one that only waits to be buried does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in {b"Z", b"X"}


def metrics(world: World, revision: str, name: str = "accuracy") -> dict[int, float]:
    """One metric by seed."""
    return {record["seed"]: record["metrics"][name] for record in records(world, revision)}


def _obeys_signals() -> None:
    """Undo what the tests' own caller ignores: a shell's background job, nohup."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def run_beside(world: World, *words: str, **variables: str) -> subprocess.Popen[str]:
    """Start gitexp in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [sys.executable, "-m", "gitexp", *words],
        cwd=world.path, env=os.environ | variables, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
        # A test run that was started in the background would hand on an ignored Ctrl-C.
        preexec_fn=_obeys_signals,
    )  # fmt: skip


# --- the ends -----------------------------------------------------------------------------------


def test_experiments_end_confirmed_ruled_out_or_inconclusive_beside_one_baseline(
    ready: World,
) -> None:
    untouched = head_and_index_and_files(ready)
    ends = {}
    for value, expected, code in (("10", "", 0), ("2", "", 10), ("2.2", "accuracy +0.003", 11)):
        name = ready.start("--set", f"model.C={value}", *(["--expect", expected] * bool(expected)))
        ran = ready.gitexp("run", "--exit-code", "--json", code=code)
        ends[name] = ran.json
        again = ready.gitexp("run", name, "--json").json
        assert (again["runs"], again["verdict"]) == (0, ran.json["verdict"])
    assert [end["verdict"] for end in ends.values()] == ["CONFIRMED", "RULED OUT", "INCONCLUSIVE"]
    assert [end["runs"] for end in ends.values()] == [10, 5, 5]
    assert [end["reason"] for end in ends.values()] == [
        "strong",
        "below the bar",
        "real, size uncertain",
    ]
    assert len(records(ready, "main")) == 5
    for name, end in ends.items():
        shown = ready.git("log", "-1", "--notes=gitexp", f"exp/{name}")
        assert f"    {end['verdict']}: accuracy +0.0" in shown
        assert note(ready, "gitexp", f"exp/{name}") == end["note"]
    rows = ready.gitexp("log", "--json").json
    assert {row["name"]: row["verdict"] for row in rows} == {
        name: end["verdict"] for name, end in ends.items()
    }
    assert head_and_index_and_files(ready) == untouched


@pytest.mark.slow
def test_a_clear_answer_saves_the_later_looks(ready: World) -> None:
    settle(ready, repeats=[5, 10, 20])
    ready.start(*SET)
    assert ready.gitexp("run", "--json").json["runs"] == 10
    name = ready.start("--set", "model.C=2.5")  # +0.003 against +0.005 takes a second look
    answer = ready.gitexp("run", "--jobs", "2", "--json").json
    assert (answer["verdict"], answer["reason"]) == ("INCONCLUSIVE", "futile")
    assert "10 pairs" in answer["note"]
    for revision in ("main", f"exp/{name}"):
        assert [record["seed"] for record in records(ready, revision)] == [*range(1, 11)]


def test_a_knob_that_nothing_reads_is_ruled_out_as_such(ready: World) -> None:
    ready.start("--set", "train.lr=2e-3")
    answer = ready.gitexp("run", "--json").json
    assert (answer["verdict"], answer["reason"]) == ("RULED OUT", "equal scores")


@pytest.mark.slow
def test_runs_in_parallel_give_the_same_records(ready: World, tmp_path: Path) -> None:
    settle(ready, threads=1)  # clones that do not share their baseline choose for themselves
    name = f"exp/{ready.start(*SET)}"
    other = World(tmp_path / "other")
    shutil.copytree(ready.path, other.path, symlinks=True)
    ready.gitexp("run", name)
    other.gitexp("run", name, "--jobs", "4")
    assert metrics(ready, name) == metrics(other, name)
    assert sorted(metrics(ready, name)) == [1, 2, 3, 4, 5]
    assert len(records(other, name)) == 5
    assert len({r["condition"] for world in (ready, other) for r in records(world, name)}) == 1


def test_run_means_the_checked_out_experiment_else_the_one_last_started(ready: World) -> None:
    settle(ready, repeats=[3])
    first, second = ready.start(*SET), ready.start("--set", "model.C=11")
    assert ready.gitexp("run", "--json").json["name"] == second
    ready.git("switch", "--quiet", f"exp/{first}")
    assert ready.gitexp("run", "--json").json["name"] == first


def test_records_of_the_baseline_are_adopted_over_commits_that_cannot_alter_a_run(
    ready: World,
) -> None:
    settle(ready, repeats=[3])
    measured = ready.git("rev-parse", "main")
    assert ready.gitexp("run", "--baseline", "--json").json["seeds"].keys() == {"1", "2", "3"}
    ready.write("README.md", "More words.\n")
    ready.write("docs/why.txt", "Words.\n")
    ready.commit("words")
    ready.start(*SET)
    assert ready.gitexp("run", "--json").json["runs"] == 3
    assert {record["commit"] for record in records(ready, "main")} == {measured}
    assert bulk(ready, "main", "environment")
    ready.edit("0.9 +", "0.8 +", "train.py")
    ready.commit("what runs has changed")
    ready.start(*SET)
    assert ready.gitexp("run", "--json").json["runs"] == 6
    assert metrics(ready, "main")[1] == pytest.approx(metrics(ready, measured)[1] - 0.1)


# --- what a run gets and gives --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "script", "settings"),
    [
        (
            "{python} train.py --seed {{seed}} --config {{config}}",
            "assert sys.argv[1:] == ['--seed', str(SEED), '--config', 'config.toml']\n",
            {},
        ),
        (
            "{python} train.py",
            "assert CONFIG['train']['epochs'] == SEED\n",
            {"seed_key": "train.epochs"},
        ),
        (
            "test {{seed}} -gt 0 && {python} train.py {{config}} > out.txt; cat out.txt",
            "assert sys.argv[1:] == ['config.toml']\n",
            {"shell": True},
        ),
    ],
)
def test_the_seed_reaches_the_command(
    ready: World, command: str, script: str, settings: dict[str, object]
) -> None:
    filled = command.format(python=sys.executable)
    train_with(ready, script + SCORE, repeats=[3], command=filled, **settings)
    config = (ready.path / "config.toml").read_text()
    name = ready.start(*SET)
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    assert len(set(metrics(ready, f"exp/{name}").values())) == 3
    assert (ready.path / "config.toml").read_text() == config


def test_the_metrics_file_outranks_what_is_printed_and_log_outranks_both(ready: World) -> None:
    script = """
import gitexp, json
assert gitexp.seed() == SEED and gitexp.sample() == 1.0 and os.path.isdir(gitexp.run_dir())
assert not os.path.exists('metrics.json'), 'left from an earlier run'
print('accuracy=0.1 printed=0.1\\nprinted=0.2')
json.dump({'accuracy': 0.2, 'test': {'loss': 0.5 + SEED}}, open('metrics.json', 'w'))
gitexp.log(step=1, accuracy=0.5)
gitexp.log(step=2, accuracy=0.9 + SEED / 1000)
"""
    ready.write("metrics.json", '{"accuracy": 0.99}')
    train_with(ready, script, metrics="metrics.json", repeats=[3])
    ready.gitexp("run", "--baseline")
    assert [record["metrics"] for record in records(ready, "main")] == [
        {"accuracy": 0.9 + seed / 1000, "printed": 0.2, "test.loss": 0.5 + seed}
        for seed in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("print('acc=0.9 loss=0.1')", "no metric accuracy was reported; it reported acc, loss"),
        ("print('accuracy=nan')", "accuracy is nan"),
        ("import gitexp; gitexp.log(accuracy=float('inf'))", "accuracy is inf"),
        ("print('accuracy=1e305')", "accuracy is 1e+305"),
        ("open('metrics.json', 'w').write('{')", "the metrics file cannot be read: metrics.json"),
        ("print('one\\ntwo'); sys.exit('the last words')", "ended with exit code 1"),
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL"),
    ],
)
def test_a_run_without_a_usable_metric_is_recorded_as_failed(
    ready: World, script: str, words: str
) -> None:
    train_with(ready, script, repeats=[3], metrics="metrics.json")
    ran = ready.gitexp("run", "--baseline", code=4)
    assert words in ran.err
    if "last words" in script:
        assert "  | the last words" in ran.err
    [record] = records(ready, "main")
    assert words in record["failure"]
    assert (ready.path / ".git" / "gitexp" / record["folder"] / "stdout.log").exists()
    # One failure never stops anything else from being read.
    ready.gitexp("log")
    ready.start(*SET)


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("no-such-program train.py", 4, "no-such-program is not on PATH"),
        ("./train.py", 4, "cannot be executed"),
        (" ", 3, "command is empty"),
        ("python 'train.py", 3, "cannot be split"),
    ],
)
def test_a_command_that_cannot_run_says_why(
    ready: World, command: str, code: int, words: str
) -> None:
    settle(ready, command=command)
    assert words in ready.gitexp("run", "--baseline", code=code).err


def test_a_run_that_takes_too_long_is_stopped_and_recorded(ready: World) -> None:
    train_with(ready, "import time\nprint('accuracy=0.9', flush=True)\ntime.sleep(60)",
               timeout="0.5s")  # fmt: skip
    assert "stopped after the timeout of 0.5 s" in ready.gitexp("run", "--baseline", code=4).err
    [record] = records(ready, "main")
    assert 0.4 < record["duration"] < 5
    assert record["metrics"] == {"accuracy": 0.9}


def test_a_failed_repeat_decides_nothing_and_its_next_attempt_counts(
    ready: World, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    script = f"""
if CONFIG['model']['C'] == 10 and SEED == 2 and os.path.exists({str(broken)!r}):
    print('accuracy=0.1')
    sys.exit('the disk is full')
"""
    train_with(ready, script + SCORE)
    name = ready.start(*SET)
    broken.touch()
    ran = ready.gitexp("run", code=4)
    assert "ended with exit code 1" in ran.err
    assert "  | the disk is full" in ran.err
    assert "tries this seed once more" in ran.err
    assert [(r["seed"], r.get("ended")) for r in records(ready, f"exp/{name}")] == [
        (1, None),
        (2, "exit"),
    ]
    row = ready.gitexp("log", "--json").json[0]
    assert (row["state"], row["verdict"]) == ("failed", None)
    broken.unlink()
    answer = ready.gitexp("run", "--json").json
    assert (answer["verdict"], answer["runs"]) == ("CONFIRMED", 4)
    assert "of the experiment, 1 run failed" in note(ready, "gitexp", f"exp/{name}")
    [row] = ready.gitexp("log", "--json").json[:1]
    assert (row["state"], row["pairs"]) == ("done", 5)
    assert row["lower"] > 0.01  # the failed attempts' 0.1 went nowhere


def test_many_metrics_keep_the_judged_one_and_the_record_short(ready: World) -> None:
    train_with(
        ready,
        "print(f'accuracy=0.{SEED}')\nfor n in range(300): print(f'layer.{n}.weight={n}')\n",
        repeats=[3],
    )
    ready.gitexp("run", "--baseline")
    assert metrics(ready, "main") == {1: 0.1, 2: 0.2, 3: 0.3}
    lines = note(ready, "gitexp-runs", "main").splitlines()
    assert all(len(line.encode()) <= 1000 for line in lines)
    [rest, *_] = bulk(ready, "main", "metrics")
    assert rest["values"]["layer.299.weight"] == 299


def test_record_and_bulk_say_what_a_run_stood_on(ready: World, tmp_path: Path) -> None:
    tiny(tmp_path / "site-packages", "1.0")
    train_with(ready, "import tiny\n" + SCORE, repeats=[3])
    name = ready.start(*SET)
    ready.gitexp("run", PYTHONPATH=str(tmp_path / "site-packages"), OMP_NUM_THREADS="1")
    commit = ready.git("rev-parse", f"exp/{name}")
    for line in note(ready, "gitexp-runs", commit).splitlines():
        assert len(line.encode()) < 1000
        assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"))
    record = records(ready, commit)[0]
    assert record.keys() == {
        "schema", "commit", "seed", "attempt", "condition", "environment", "metrics", "start",
        "duration", "cpu", "memory", "exit", "folder",
    }  # fmt: skip
    assert (record["commit"], record["seed"], record["attempt"]) == (commit, 1, 1)
    assert record["exit"] == 0
    assert record["cpu"] > 0
    assert 0 < record["duration"] < 60
    assert record["memory"] > 1 << 20
    assert record["start"].endswith("Z")
    [environment] = bulk(ready, commit, "environment")
    assert environment["python"] == sys.version.split()[0]
    assert versions(environment) == {"tiny": "1.0"}
    assert environment["git"] == ready.git("version").removeprefix("git version ")
    assert environment["variables"]["OMP_NUM_THREADS"] == "1"
    assert environment["machine"].keys() >= {"host", "os", "cpu", "cpus", "memory"}
    assert environment["condition"] == record["condition"]
    [parameters] = bulk(ready, commit, "parameters")
    assert parameters["values"]["config.toml"]["model.C"] == 10


def test_secrets_reach_no_note(ready: World) -> None:
    secret = "hunter2-abcdef"
    ready.write(
        "config.toml",
        f'[model]\nC = 1.0\n[tracker]\napi_token = "{secret}1"\npassword = "{secret}2"\n'
        f'url = "https://ada:{secret}3@example.org/x"\n',
    )
    train_with(
        ready,
        # What it prints is stored, too.
        "print(CONFIG['tracker'], os.environ['TRACKER_API_KEY'], os.environ['TORCH_TOKEN'])\n"
        f"print('x-password: {secret}6', file=sys.stderr)\nsys.exit(SEED == 3)\n" + SCORE,
        repeats=[3],
    )
    ready.start(*SET)
    ready.gitexp("run", code=4, TRACKER_API_KEY=f"{secret}4", TORCH_TOKEN=f"{secret}5")
    named = [ref for ref in refs(ready) if ref.startswith("refs/notes/")]
    assert {"refs/notes/gitexp-data", "refs/notes/gitexp-logs", "refs/notes/gitexp-runs"} <= {
        *named
    }
    for commit in ready.git("rev-list", "--glob=refs/notes/*").split():
        assert ready.try_git("grep", "--text", "-e", secret, commit).out == ""
    assert ready.git("grep", "-c", "hmac-sha256", "refs/notes/gitexp-data")
    assert ready.git("grep", "-c", "x-password: .secret.", "refs/notes/gitexp-logs")


def test_kept_files_land_in_the_run_folder_and_linked_data_is_only_lent(ready: World) -> None:
    ready.write(".gitignore", "data/\n*.pkl\nout/\n")
    ready.write("data/deep/train.csv", "0.9\n")
    script = """
open('model.pkl', 'w').write(f'{SEED}')
os.makedirs('out/deep')
open('out/deep/plot.txt', 'w').write('x')
assert not os.path.exists('scratch'), 'left from an earlier run'
open('scratch', 'w').close()
assert float(open('data/deep/train.csv').read()) == 0.9
"""
    train_with(
        ready, script + SCORE, repeats=[3], link=["data"], keep=["model.pkl", "out", "out/deep"]
    )  # fmt: skip
    name = ready.start(*SET)
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    for record in records(ready, f"exp/{name}"):
        folder = ready.path / ".git" / "gitexp" / record["folder"]
        assert (folder / "model.pkl").read_text() == str(record["seed"])
        assert (folder / "out/deep/plot.txt").read_text() == "x"
    assert (ready.path / "data/deep/train.csv").read_text() == "0.9\n"
    shutil.rmtree(ready.path / "data")
    ready.start("--set", "model.C=11")
    assert "data (named by `link` in the settings) is not in" in ready.gitexp("run", code=3).err


# --- nothing leaks in -----------------------------------------------------------------------------


def test_edits_made_during_a_run_do_not_leak_into_it(ready: World, tmp_path: Path) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"
    script = f"""
import time
open({str(begun)!r}, 'w').close()
while not os.path.exists({str(go)!r}): time.sleep(0.01)
import helper
"""
    ready.write("helper.py", "BONUS = 0\n")
    train_with(ready, script + SCORE + "print(f'bonus={helper.BONUS}')\n", repeats=[3])
    name = ready.start(*SET)
    quiet = World(tmp_path / "quiet")
    shutil.copytree(ready.path, quiet.path, symlinks=True)
    running = run_beside(ready, "run", name, "--json")
    until(begun.exists)
    ready.write("helper.py", "BONUS = 1\n")
    ready.edit("C = 1.0", "C = 500")
    ready.write("random.py", "raise SystemExit('the user's own')\n")  # untracked
    ready.git("add", "helper.py")
    during = head_and_index_and_files(ready)
    go.touch()
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 0, out
    assert head_and_index_and_files(ready) == during
    for revision in ("main", f"exp/{name}"):
        assert set(metrics(ready, revision, "bonus").values()) == {0}
    # The same numbers as where nobody edits anything.
    quiet.gitexp("run", name)
    assert metrics(quiet, f"exp/{name}") == metrics(ready, f"exp/{name}")


def virtual_environment(folder: Path) -> tuple[Path, Path]:
    """A virtual environment without pip; returns its Python and its site-packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [site] = folder.glob("lib/python*/site-packages")
    return folder / "bin" / "python", site


def src_layout(world: World, command: str) -> None:
    """Move the scoring into a package below src/."""
    world.write("src/digits/__init__.py", "BONUS = 0\n")
    train_with(
        world,
        SCORE + "import digits\nprint(f'bonus={digits.BONUS}')\n",
        repeats=[3],
        command=command,
    )


def test_an_editable_install_runs_the_commit_and_not_the_users_tree(
    ready: World, tmp_path: Path
) -> None:
    python, site = virtual_environment(tmp_path / "venv")
    src_layout(ready, f"{python} train.py")
    # What `pip install -e` writes for a src layout.
    (site / "__editable__.digits-1.0.pth").write_text(f"{ready.path / 'src'}\n")
    name = ready.start(*SET)
    ready.write("src/digits/__init__.py", "BONUS = 1\n")
    assert ready.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    assert set(metrics(ready, f"exp/{name}", "bonus").values()) == {0}


def test_code_from_the_users_tree_fails_the_run_by_rule(ready: World) -> None:
    ready.write("lib/helper.py", "BONUS = 0\n")
    train_with(
        ready, f"sys.path.insert(0, {str(ready.path / 'lib')!r})\nimport helper\n" + SCORE
    )  # fmt: skip
    ran = ready.gitexp("run", "--baseline", code=4)
    assert "R1: code was loaded from outside the checkout" in ran.err
    assert "import it by a path inside the checkout" in ran.err
    assert "lib/helper.py" in ran.err
    assert "R1" in records(ready, "main")[0]["failure"]


# --- conditions -----------------------------------------------------------------------------------


def versions(environment: dict[str, Any]) -> dict[str, str]:
    """Versions of packages, without the hashes of what is installed."""
    return {name: version_of(found) for name, found in environment["packages"].items()}


def tiny(site: Path, version: str, name: str = "tiny") -> None:
    """A distribution of one module, as an installer lays it out."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")
    (site / f"{name}.py").write_text(f"VERSION = {version!r}\n")


@pytest.mark.slow
def test_where_a_package_has_moved_the_baseline_is_run_again_and_this_is_said(
    ready: World, tmp_path: Path
) -> None:
    old, new = tmp_path / "old" / "site-packages", tmp_path / "new" / "site-packages"
    tiny(old, "1.0")
    tiny(new, "2.0")
    train_with(ready, "import tiny\n" + SCORE, repeats=[3])
    ready.start(*SET)
    assert ready.gitexp("run", "--json", PYTHONPATH=str(old)).json["runs"] == 6
    name = ready.start("--set", "model.C=11")
    ran = ready.gitexp("run", "--json", PYTHONPATH=str(new))
    assert "tiny 1.0 -> 2.0" in ran.err
    assert "run again" in ran.err
    assert (ran.json["verdict"], ran.json["runs"]) == ("CONFIRMED", 6)
    mine = {record["condition"] for record in records(ready, f"exp/{name}")}
    theirs = Counter(record["condition"] for record in records(ready, "main"))
    assert len(mine) == 1
    assert sorted(theirs.values()) == [3, 3]
    assert mine < set(theirs)


def test_an_experiment_that_loads_one_package_more_is_paired_all_the_same(
    ready: World, tmp_path: Path
) -> None:
    site = tmp_path / "site-packages"
    tiny(site, "1.0")
    tiny(site, "3.0", "extra")
    train_with(ready, "import tiny\nif CONFIG['model']['C'] > 5: import extra\n" + SCORE,
               repeats=[3])  # fmt: skip
    ready.gitexp("run", "--baseline", PYTHONPATH=str(site))
    name = ready.start(*SET)
    ran = ready.gitexp("run", "--json", PYTHONPATH=str(site))
    assert (ran.json["verdict"], ran.json["runs"]) == ("CONFIRMED", 3)
    assert "run again" not in ran.err
    [environment] = bulk(ready, f"exp/{name}", "environment")
    assert versions(environment) == {"extra": "3.0", "tiny": "1.0"}


# --- interrupted, killed, at once -----------------------------------------------------------------

WAITS = """
import time
if os.path.exists({flag!r}) and CONFIG['model']['C'] == 10 and SEED >= 2:
    open({flag!r} + f'-{{SEED}}', 'w').write(str(os.getpid()))
    os.rename({flag!r} + f'-{{SEED}}', {flag!r} + f'-waits-{{SEED}}')
    time.sleep(60)
"""


def interrupted(world: World, flag: Path, number: int, jobs: int = 2) -> tuple[str, int, list[int]]:
    """Stop a run while its trainers wait; returns experiment, exit code and the trainers."""
    flag.touch()
    train_with(world, WAITS.format(flag=str(flag)) + SCORE)
    name = world.start(*SET)
    running = run_beside(world, "run", "--jobs", str(jobs))
    until(lambda: len(list(flag.parent.glob("*-waits-*"))) == jobs)
    until(lambda: len(records(world, f"exp/{name}")) == 1)
    trainers = [int(path.read_text()) for path in flag.parent.glob("*-waits-*")]
    assert all(map(alive, trainers))
    assert world.gitexp("log", "--json").json[0]["state"] == "running"
    if number == signal.SIGKILL:
        running.kill()
    else:
        os.killpg(running.pid, number)
    out, _ = running.communicate(timeout=30)
    assert "Traceback" not in out
    assert number == signal.SIGKILL or "interrupted; nothing that had finished is lost" in out
    assert ("on record as one failure" in out) is (number == signal.SIGINT)
    return name, running.returncode, trainers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_no_process_and_keeps_what_had_finished(
    ready: World, tmp_path: Path, number: int
) -> None:
    flag = tmp_path / "flag"
    name, code, trainers = interrupted(ready, flag, number)
    assert code == 130
    assert not any(map(alive, trainers))
    kept, *stopped = records(ready, f"exp/{name}")
    assert (kept["seed"], kept.get("ended")) == (1, None)
    # Who sent the other signals, the next command can tell: the system, if it was started again.
    assert [r["ended"] for r in stopped] == ["abort"] * (2 if number == signal.SIGINT else 0)
    row = ready.gitexp("log", "--json").json[0]
    assert (row["state"], row["verdict"]) == ("planned", None)
    flag.unlink()
    answer = ready.gitexp("run", "--json").json
    assert (answer["verdict"], answer["runs"]) == ("CONFIRMED", 4)
    found = records(ready, f"exp/{name}")
    assert found[0] == kept
    one, other = (record for record in found if "ended" in record)
    assert (one["seed"], other["seed"]) == (2, 3)
    assert (one["ended"], one["batch"]) == ("abort", other["batch"])
    assert ready.git("status", "--porcelain") == ""


def test_a_killed_gitexp_takes_its_trainers_with_it_and_nothing_goes_stale(
    ready: World, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    name, code, trainers = interrupted(ready, flag, signal.SIGKILL)
    assert code == -signal.SIGKILL
    until(lambda: not any(map(alive, trainers)), 3)
    assert ready.gitexp("log", "--json").json[0]["state"] == "planned"
    flag.unlink()
    answer = ready.gitexp("run", "--json").json
    assert (answer["verdict"], answer["runs"]) == ("CONFIRMED", 4)
    ends = [record.get("ended", "") for record in records(ready, f"exp/{name}")]
    assert sorted(ends) == [*[""] * 5, *["abort"] * 2]


def test_a_run_that_nohup_protects_goes_on(ready: World, tmp_path: Path) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"
    train_with(
        ready,
        f"import time\nopen({str(begun)!r}, 'w').close()\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\n" + SCORE,
        repeats=[3],
    )
    ready.start(*SET)
    running = subprocess.Popen(
        ["nohup", sys.executable, "-m", "gitexp", "run", "--json"],
        cwd=ready.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    until(begun.exists)
    running.send_signal(signal.SIGHUP)
    go.touch()
    out, _ = running.communicate(timeout=60)
    assert json.loads(out)["verdict"] == "CONFIRMED"


@pytest.mark.slow
def test_runs_at_once_share_the_work_and_run_each_seed_once(ready: World, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f"""
import time
with open({str(seen)!r}, 'a') as handle:
    handle.write(f"{{CONFIG['model']['C']}}-{{SEED}}\\n")
time.sleep(0.1)
"""
    train_with(ready, script + SCORE)
    one, other = ready.start(*SET), ready.start("--set", "model.C=11")
    running = [
        run_beside(ready, "run", name, "--jobs", jobs)
        for name, jobs in ((one, "2"), (one, "1"), (other, "2"))
    ]
    for process in running:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0, out
        assert "CONFIRMED" in out
    wanted = {f"{value}-{seed}" for value in ("1.0", "10", "11") for seed in range(1, 6)}
    assert Counter(seen.read_text().split()) == Counter(wanted)
    for revision in ("main", f"exp/{one}", f"exp/{other}"):
        assert [record["seed"] for record in records(ready, revision)] == [1, 2, 3, 4, 5]


# --- where it is run ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_project_in_a_subfolder_works_from_there_and_from_the_top(
    world: World, tmp_path: Path
) -> None:
    del tmp_path
    for name in ("config.toml", "train.py", "gitexp.toml"):
        (world.path / "ml").mkdir(exist_ok=True)
        world.git("mv", name, f"ml/{name}")
    world.commit("the project has a folder of its own")
    ml = world.path / "ml"
    world.gitexp("init", "--yes", cwd=ml)
    found: list[dict[str, Any]] = []
    for value, cwd in (("10", world.path), ("11", ml)):
        name = world.gitexp(
            "start", BECAUSE, "--set", f"model.C={value}", "--json", cwd=cwd
        ).json["name"]  # fmt: skip
        assert world.git("diff-tree", "--name-only", "-r", "main", f"exp/{name}") == (
            "ml/config.toml"
        )
        for place in (world.path, ml):
            assert world.gitexp("check", name, cwd=place).code == 0
        assert world.gitexp("run", "--json", cwd=cwd).json["verdict"] == "CONFIRMED"
        found = world.gitexp("log", "--json", cwd=cwd).json
    assert [row["change"]["file"] for row in found] == ["config.toml", "config.toml"]
    assert world.gitexp("log", "--json").json == found
    assert len(records(world, "main")) == 5


@pytest.mark.slow
def test_a_linked_work_tree_is_as_good_as_the_main_one(ready: World, tmp_path: Path) -> None:
    settle(ready, repeats=[3])
    ready.git("worktree", "add", "--quiet", "-b", "elsewhere", str(tmp_path / "linked"))
    linked = World(tmp_path / "linked")
    name = linked.start(*SET)
    assert linked.gitexp("run", "--json").json["verdict"] == "CONFIRMED"
    linked.start("--set", "model.C=11", "--switch")
    assert linked.gitexp("run", "--json").json["runs"] == 3
    assert linked.git("status", "--porcelain") == ready.git("status", "--porcelain") == ""
    assert ready.gitexp("run", name, "--json").json["runs"] == 0


@pytest.mark.slow
def test_a_clone_that_fetches_the_notes_sees_the_same_log(ready: World, tmp_path: Path) -> None:
    settle(ready, repeats=[3])
    name = ready.start(*SET)
    ready.gitexp("run")
    other = ready.start("--set", "model.C=11")
    ready.git("clone", "--quiet", "--no-local", ".", str(tmp_path / "clone"))
    clone = World(tmp_path / "clone")
    clone.git("fetch", "--quiet", "origin", "refs/notes/gitexp*:refs/notes/gitexp*")
    rows = clone.gitexp("log", "--json").json
    # Without a sync nobody knows whether the other one was run elsewhere.
    [waiting] = [row for row in rows if row["state"] == "unsynced"]
    assert waiting["name"] == other
    waiting["state"] = "planned"
    assert rows == ready.gitexp("log", "--json").json
    assert {row["name"]: row["verdict"] for row in rows} == {other: None, name: "CONFIRMED"}
    shown = clone.git("log", "-1", "--notes=gitexp", f"origin/exp/{name}")
    assert "CONFIRMED: accuracy +0.0" in shown
    assert "CONFIRMED" in clone.gitexp("show", name).out


@pytest.mark.slow
def test_a_copied_clone_does_not_run_in_the_checkouts_of_the_original(
    ready: World, tmp_path: Path
) -> None:
    settle(ready, repeats=[3])
    ready.start(*SET)
    ready.gitexp("run")
    copy = World(tmp_path / "copy")
    shutil.copytree(ready.path, copy.path, symlinks=True)
    before = ready.git("worktree", "list", "--porcelain")
    copy.start("--set", "model.C=11")
    assert copy.gitexp("run", "--json").json["runs"] == 3
    assert ready.git("worktree", "list", "--porcelain") == before
    _, listed = copy.git("worktree", "list", "--porcelain").split("\n\n")
    own = World(Path(listed.splitlines()[0].removeprefix("worktree ")))
    assert own.git("rev-parse", "--path-format=absolute", "--git-common-dir") == str(
        copy.path / ".git"
    )
