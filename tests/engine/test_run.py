from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitexp.engine.condition import condition_of
from gitexp.engine.job import Conduct, Interrupted, Job, RunResult
from gitexp.engine.run import run_job
from gitexp.engine.watchdog import Watchdog
from gitexp.errors import NotReady
from gitexp.rules.documents.lines import canonical
from gitexp.rules.documents.outcomes import Outcomes, parse_outcomes
from gitexp.rules.documents.record import LONGEST
from gitexp.rules.documents.settings import Settings
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.project import World


@dataclass
class Trainer:
    """Runs scripts in a project, each committed and run once."""

    world: World
    watchdog: Watchdog
    stop: threading.Event = field(default_factory=threading.Event)
    runs: int = 0
    metric: str = "accuracy"
    begin: Callable[[str], object] = str

    def __call__(self, script: str, **how: Any) -> RunResult:  # noqa: ANN401 - as run takes them
        self.world.write("train.py", script)
        self.world.git("add", "--all")
        self.world.git("commit", "--quiet", "--allow-empty", "-m", f"script {self.runs}")
        commit = self.world.git("rev-parse", "HEAD")
        return self.run(commit, **how)

    def run(self, commit: str, *, seed: int = 7, **settings: Any) -> RunResult:  # noqa: ANN401 - by name
        self.runs += 1
        repository = Repository.discover(self.world.path)
        plain = Settings(
            config=("config.toml",), command=f"{sys.executable} train.py", metric=self.metric
        )
        folder = repository.local / "runs" / commit[:12] / f"{seed}-{self.runs}"
        job = Job(commit, seed, 1, self.metric, folder)
        conduct = Conduct(
            self.watchdog, self.stop, lambda found: condition_of(found, {}), self.begin
        )
        return run_job(repository, "", replace(plain, **settings), job, conduct)

    def folder(self, done: RunResult) -> Path:
        return self.world.path / ".git" / "gitexp" / done.record.folder


@pytest.fixture
def trainer(world: World) -> Iterator[Trainer]:
    with Watchdog() as watchdog:
        yield Trainer(world, watchdog)


TELL = """
import json, os, subprocess, sys
facts = {
    'variables': dict(os.environ), 'path': sys.path, 'place': os.getcwd(),
    'head': subprocess.check_output(['git', 'rev-parse', 'HEAD'], text=True).strip(),
    'status': subprocess.check_output(['git', 'status', '--porcelain'], text=True),
}
print(json.dumps(facts))
print('accuracy=0.5')
"""


def told(trainer: Trainer, done: RunResult) -> dict[str, Any]:
    assert done.record.ok, done.record.failure
    facts: dict[str, Any] = json.loads(
        (trainer.folder(done) / "stdout.log").read_text().split("\n")[0]
    )
    return facts


def test_a_run_finds_itself_in_its_own_commit(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer.world.write("train.py", TELL)
    commit = trainer.world.commit("tell")
    trainer.world.write("src/package.py", "")
    newer = trainer.world.commit("newer")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ada")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    monkeypatch.setenv("GIT_PREFIX", "x/")
    monkeypatch.setenv("GIT_COMMIT", "as a build server sets it")
    facts = told(trainer, trainer.run(commit))
    assert facts["head"] == commit
    assert facts["status"] == ""
    assert facts["place"].endswith("/gitexp-0")
    assert trainer.world.path not in Path(facts["place"]).parents
    variables = facts["variables"]
    assert not {"GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OPTIONAL_LOCKS"} & set(variables)
    assert variables["GIT_AUTHOR_NAME"] == "Ada"
    assert variables["GIT_COMMIT"] == "as a build server sets it"
    facts = told(trainer, trainer.run(newer))
    paths = [path for path in facts["variables"]["PYTHONPATH"].split(os.pathsep) if path]
    assert paths[1:] == [facts["place"], facts["place"] + "/src"]


def test_a_run_gets_its_seed_and_a_folder_that_is_kept(trainer: Trainer) -> None:
    done = trainer(TELL, seed=42)
    variables = told(trainer, done)["variables"]
    assert (variables["GITEXP_SEED"], variables["GITEXP_SAMPLE"]) == ("42", "1")
    assert variables["GITEXP_RUN_DIR"] == str(trainer.folder(done))
    assert not variables["GITEXP_RUN_DIR"].startswith(told(trainer, done)["place"])
    assert {path.name for path in trainer.folder(done).iterdir()} == {"stdout.log", "stderr.log"}


def test_what_the_caller_put_on_the_python_path_comes_after_the_checkout(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "helper.py").write_text("WHERE = 'outside'\n")
    (tmp_path / "only_outside.py").write_text("WHERE = 'outside'\n")
    trainer.world.write("helper.py", "WHERE = 'checkout'\n")
    done = trainer(
        "import helper, only_outside\n"
        "assert (helper.WHERE, only_outside.WHERE) == ('checkout', 'outside')\n"
        "print('accuracy=0.5')\n"
    )
    assert done.record.ok, done.last_lines


def test_what_is_installed_from_your_tree_is_imported_from_the_checkout(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As an editable install of a package of the repository puts it on the path.
    source = trainer.world.write("libs/part/src/part.py", "V = 'committed'\n")
    trainer.world.git("add", "--all")
    monkeypatch.setenv("PYTHONPATH", str(source.parent))
    trainer.world.write("train.py", "import part\nprint('accuracy=0.5', part.V, part.__file__)\n")
    commit = trainer.world.commit("a package")
    source.write_text("V = 'edited'\n")
    done = trainer.run(commit)
    assert done.record.ok, done.last_lines
    assert "committed" in (trainer.folder(done) / "stdout.log").read_text()


def test_the_seed_is_written_into_the_runs_own_config_alone(trainer: Trainer) -> None:
    before = (trainer.world.path / "config.toml").read_bytes()
    done = trainer(
        "print(open('config.toml').read())\nprint('accuracy=0.5')\n", seed_key="train.epochs"
    )
    shown = (trainer.folder(done) / "stdout.log").read_text()
    assert "epochs = 7\nlr = 1e-3" in shown
    assert "C = 1.0  # strength" in shown
    assert (trainer.world.path / "config.toml").read_bytes() == before
    [parameters] = [line for line in done.bulk if line["kind"] == "parameters"]
    # The parameters are the commit's; the seed of the run stands in its record.
    assert parameters["values"]["config.toml"]["train.epochs"] == 20
    assert done.record.seed == 7


def test_a_seed_key_that_no_config_has_is_named(trainer: Trainer) -> None:
    with pytest.raises(NotReady, match=r"seed_key train\.seed is not in config\.toml"):
        trainer("print('accuracy=0.5')", seed_key="train.seed")


def test_a_config_that_does_not_parse_is_named(trainer: Trainer) -> None:
    trainer.world.write("config.toml", "[")
    with pytest.raises(NotReady, match=r"config\.toml does not parse"):
        trainer("print('accuracy=0.5')")


def test_the_projects_own_environment_serves_where_none_is_activated(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = trainer.world.write(".venv/bin/tool", "#!/bin/sh\necho accuracy=0.75\n")
    program.chmod(0o755)
    trainer.world.write(".gitignore", ".venv/\n")
    for command in ("tool", ".venv/bin/tool"):
        assert trainer("", command=command).record.metrics == {"accuracy": 0.75}
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    assert trainer("", command="tool").record.exit == 127


def test_a_stopped_run_leaves_no_record(trainer: Trainer) -> None:
    begun: list[str] = []
    trainer.begin = begun.append
    trainer.stop.set()
    with pytest.raises(Interrupted):
        trainer("print('accuracy=0.5')")
    assert begun == []


def test_a_run_that_a_scheduler_ends_with_gitexp_did_not_end_by_itself(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert trainer(script).record.ended == "signal"
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    # The signal reaches gitexp a moment later.
    late = threading.Timer(0.8, trainer.stop.set)
    late.start()
    with pytest.raises(Interrupted) as stopped:
        trainer(script)
    late.join()
    assert 0 < stopped.value.seconds < 0.8


def test_a_run_tells_its_start_before_its_command_does_anything(trainer: Trainer) -> None:
    mark = trainer.world.path.parent / "ran"
    seen = []
    trainer.begin = lambda start: seen.append((start, mark.exists()))
    done = trainer(f"open({str(mark)!r}, 'w'); print('accuracy=0.5')")
    assert seen == [(done.record.start, False)]
    assert mark.exists()


@pytest.mark.parametrize(
    ("script", "failure", "found"),
    [
        ("print('accuracy=0.5')", "", {"accuracy": 0.5}),
        ("print('accuracy=0.5 f1=nan g=1e301')", "", {"accuracy": 0.5}),
        ("print('accuracy=-inf')", "accuracy is -inf", {}),
        ("print('accuracy=2e300')", "accuracy is 2e+300", {}),
        ("print('f1=0.5'); raise SystemExit(3)", "the command ended with exit code 3", {"f1": 0.5}),
        ("print('f1=0.5')", "no metric accuracy was reported; it reported f1", {"f1": 0.5}),
        ("", "no metric accuracy was reported", {}),
        (
            "print('accuracy: 9 %, api_key=hunter2')",
            "no metric accuracy was reported; the nearest line is: accuracy: 9 %, api_key=[secret]",
            {},
        ),
        ("import os; os.abort()", "killed by SIGABRT", {}),
    ],
)
def test_a_run_counts_only_with_a_usable_metric_and_a_good_end(
    trainer: Trainer, script: str, failure: str, found: Mapping[str, float]
) -> None:
    record = trainer(script).record
    assert (record.failure, record.metrics) == (failure, found)
    assert record.ok == (not failure)


def test_the_log_has_both_ends_of_what_a_run_printed_in_whole_lines(trainer: Trainer) -> None:
    script = """
import sys
print('begins', *range(5000), sep='\\n')
print('secret'.rjust(1000, '.'), 'accuracy=0.5', sep='\\n')
sys.stderr.write(''.join(f'\\r{n} %' for n in range(101)) + '\\r\\n\\x1b[31mdone\\xff')
"""
    log = trainer(script).log
    first, last = log["stdout"].split("\n[...]\n")
    assert first.startswith("begins\n0\n1\n")
    assert last.endswith("accuracy=0.5\n")
    lines = [*first.split("\n")[1:], *last.split("\n")[:-3]]
    assert all(str(int(line)) == line for line in lines)
    assert int(lines[-1]) - int(lines[0]) > 2000
    assert log["stderr"] == "100 %\n\x1b[31mdone\xff"
    assert (log["seed"], log["attempt"]) == (7, 1)
    assert len(canonical(log)) < 10_000
    # One line of megabytes has no whole line to show.
    assert trainer("print('accuracy=0.5', 'x' * 10**6)").log["stdout"] == "[...]\n"


def test_the_last_lines_of_a_failed_run_are_handed_back(trainer: Trainer) -> None:
    done = trainer("for n in range(30): print(n)\n")
    assert done.last_lines.splitlines() == [str(n) for n in range(15, 30)]
    done = trainer("print('out')\nraise SystemExit('err')\n")
    assert done.last_lines == "err"
    assert trainer("print('accuracy=1')").last_lines == ""


@pytest.mark.parametrize("name", ["layer", "schicht-größe"])
def test_a_record_stays_short_whatever_a_run_reports(trainer: Trainer, name: str) -> None:
    many = f"for n in range(150): print(f'{name}.{{n}}={{n}}')\nprint('accuracy=0.5')\n"
    done = trainer(many)
    assert len(done.record.line().encode()) <= LONGEST
    assert done.record.metrics["accuracy"] == 0.5
    [rest] = [line for line in done.bulk if line["kind"] == "metrics"]
    assert len(rest["values"]) + len(done.record.metrics) == 151
    folder = "ö" * 80
    trainer.world.write(f"lib/{folder}/helper.py", "")
    done = trainer(
        f"import sys\nsys.path.insert(0, {str(trainer.world.path / 'lib' / folder)!r})\n"
        f"import helper\n{many}"
    )
    assert done.record.failure.startswith("R1: ")
    assert len(done.record.line().encode()) <= LONGEST


def test_files_that_a_run_puts_on_record_are_told_by_size_and_hash(trainer: Trainer) -> None:
    script = """
import gitexp, json, os
os.makedirs('out')
for name in ('out/model.pkl', gitexp.run_dir() + '/plot.png'):
    open(name, 'w').write('abc')
    gitexp.artifact(name)
open('out/model.pkl', 'w').write('')
gitexp.artifact('out/model.pkl')
with open(os.environ['GITEXP_ARTIFACTS'], 'a') as handle:
    handle.write('{"path": 1}\\n[]\\n{"path": "x", "size": -1, "sha256": "ab"}\\nrubbish')
print('accuracy=0.5')
"""
    done = trainer(script)
    assert done.record.ok, done.last_lines
    made = {line["path"]: line for line in done.bulk if line["kind"] == "artifact"}
    assert [*made] == ["out/model.pkl", "plot.png"]
    assert (made["plot.png"]["size"], made["out/model.pkl"]["size"]) == (3, 0)
    assert made["plot.png"]["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert made["plot.png"]["seed"] == 7
    assert made["plot.png"]["condition"] == done.record.condition


def test_kept_files_are_moved_as_they_lie(trainer: Trainer) -> None:
    done = trainer(
        "import os\nos.makedirs('out/deep')\nopen('out/deep/a', 'w').close()\n"
        "open('m1.pkl', 'w').close()\nopen('m2.pkl', 'w').close()\n"
        "os.symlink('m1.pkl', 'latest')\nprint('accuracy=0.5')\n",
        keep=("*.pkl", "latest", "out/**/*", "missing"),
    )
    folder = trainer.folder(done)
    assert {path.name for path in folder.iterdir()} >= {"m1.pkl", "m2.pkl", "latest", "out"}
    assert (folder / "latest").is_symlink()
    assert (folder / "out" / "deep" / "a").is_file()


def test_an_old_metrics_file_is_never_read(trainer: Trainer) -> None:
    trainer.world.write("metrics.json", '{"accuracy": 0.99}')
    record = trainer("", metrics="metrics.json").record
    assert record.failure == "no metric accuracy was reported"


def test_the_environment_line_tells_what_a_run_stood_on(trainer: Trainer) -> None:
    [described] = [
        line for line in trainer("print('accuracy=1')").bulk if line["kind"] == "environment"
    ]
    assert described["python"] == sys.version.split()[0]
    assert described["executable"] == sys.executable
    assert described["packages"] == {}
    json.dumps(described, allow_nan=False)


# --- predictions --------------------------------------------------------------------------------

WRITES = "import os\nopen('p.csv', 'w').write('id,y_true,y_pred\\na,1,1\\nb,0,1\\n')\n"
GIVES = "import gitexp\ngitexp.predictions([1, 0, 1, 0], [1, 0, 1, 1], ids='abcd')\n"
SCORED = "print('accuracy=0.5')\n"


def stored(done: RunResult) -> list[str]:
    """Ids that a run's bulk holds predictions of."""
    text = "\n".join(map(canonical, done.bulk))
    found = parse_outcomes(text)
    assert set(found) <= {(done.record.seed, 1, done.record.condition)}
    return [name for outcomes in found.values() for name in outcomes.ids]


@pytest.mark.parametrize(
    ("script", "setting", "ids", "warned"),
    [
        ("", "", "", ""),
        (WRITES, "", "", ""),
        (WRITES, "p.csv", "ab", ""),
        (GIVES, "", "abcd", "the script reports accuracy 0.5, but scikit-learn computes 0.75"),
        (GIVES, "p.csv", "abcd", "the script reports accuracy 0.5, but scikit-learn computes 0.75"),
        (WRITES + GIVES, "p.csv", "ab", ""),
        ("gitexp = __import__('gitexp')\ngitexp.predictions([1, float('nan')], [1, 0])\n", "", "",
         "the predictions cannot be read: predictions.csv: row 2 has a missing value"),
    ],
)  # fmt: skip
def test_predictions_are_stored_wherever_they_were_written(
    trainer: Trainer, script: str, setting: str, ids: str, warned: str
) -> None:
    done = trainer(script + SCORED, predictions=setting)
    assert done.record.ok, done.record.failure
    assert stored(done) == [*ids]
    assert done.warning.startswith(warned)
    assert bool(done.warning) == bool(warned)
    whole = Outcomes(tuple(ids), {"y_true": (), "y_pred": ()}, len(ids))
    assert done.record.ids == (whole.ids_fingerprint if ids else "")


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        ("", "no predictions were written to out/p.csv"),
        ("open('out/p.csv', 'w').close()", "the predictions cannot be read: p.csv: no column id"),
        ("os.mkfifo('out/p.csv')", "the predictions cannot be read: p.csv is not a regular file"),
        ("os.mkdir('out/p.csv')", "the predictions cannot be read: p.csv is not a regular file"),
        ("os.symlink('nowhere', 'out/p.csv')", "no predictions were written to out/p.csv"),
        ("os.rmdir('out'); open('out', 'w').close()", "no predictions were written to out/p.csv"),
        ("open('out/p.csv', 'w').close(); sys.exit(3)", "the command ended with exit code 3"),
    ],
)
def test_a_run_that_promised_predictions_fails_without_them(
    trainer: Trainer, script: str, failure: str
) -> None:
    head = "import os, sys\nos.mkdir('out')\n"
    done = trainer(head + SCORED + script, predictions="out/p.csv")
    assert done.record.failure.startswith(failure)
    assert done.record.metrics == {"accuracy": 0.5}
    assert (stored(done), done.record.ids, done.warning) == ([], "", "")


@pytest.mark.parametrize("name", ["p.csv", "p.csv/inside"])
def test_old_predictions_are_never_read(trainer: Trainer, name: str) -> None:
    trainer.world.write(name, "id,y_true,y_pred\na,1,1\n")
    done = trainer(SCORED, predictions="p.csv")
    assert done.record.failure.startswith(("no predictions were written", "the predictions cannot"))


def test_predictions_that_are_kept_are_read_first(trainer: Trainer) -> None:
    done = trainer(WRITES + SCORED, predictions="p.csv", keep=("*.csv",))
    assert stored(done) == ["a", "b"]
    assert (trainer.folder(done) / "p.csv").is_file()


def test_predictions_without_the_score_that_the_metric_takes_are_told_at_once(
    trainer: Trainer,
) -> None:
    trainer.metric = "test_auc"
    script = WRITES + "print('test_auc=0.5')\n"
    assert trainer(script).record.ok
    failure = trainer(script, predictions="p.csv").record.failure
    assert failure == "test_auc needs a column y_score in the predictions"
