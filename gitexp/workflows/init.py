"""Set a repository up: settings committed, hooks installed, settings approved for this clone."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitexp.engine.command import build
from gitexp.errors import GitexpError, NotReady, UsageError
from gitexp.lab.baseline_branch import baseline_key, find_baseline, resolve_branch
from gitexp.lab.project import project_at, settings_at
from gitexp.lab.project_folder import read_work_tree_table
from gitexp.lab.trial import Trial, try_out
from gitexp.lab.trust import is_trusted, trust
from gitexp.rules.documents.settings import FILES, Settings, parse_settings, table_of
from gitexp.rules.gate import formats
from gitexp.store import hooks
from gitexp.store.git_output import decode
from gitexp.store.local import read_json, write_json
from gitexp.store.note_writing import begin_notes, forget_empty_notes
from gitexp.store.refs import VERDICTS
from gitexp.store.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from gitexp.lab.watcher import Watcher

# By how often training scripts print them; the first that a script mentions is proposed.
_METRICS = (
    ("accuracy", "higher", 0.005), ("val_accuracy", "higher", 0.005), ("acc", "higher", 0.005),
    ("f1", "higher", 0.005), ("roc_auc", "higher", 0.005), ("auc", "higher", 0.005),
    ("r2", "higher", 0.005), ("bleu", "higher", 0.5), ("rmse", "lower", 0.01),
    ("mae", "lower", 0.01), ("mse", "lower", 0.01), ("perplexity", "lower", 0.1),
    ("val_loss", "lower", 0.01), ("loss", "lower", 0.01),
)  # fmt: skip
_SCRIPTS = ("train.py", "main.py", "run.py", "experiment.py")
_CONFIGS = ("config", "params", "conf", "settings", "train", "default")
_KINDS = (".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".conf")
_SEEDS = ("seed", "random_seed", "random_state")
_TRIAL = "run it now, twice or three times, to see what it costs and what a seed changes (y or n)"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What `init` would write; empty where it could not tell."""

    config: str = ""
    command: str = ""
    metric: str = ""
    direction: str = ""
    effect: float | None = None
    metrics: str = ""
    seed_key: str = ""
    vary: str = ""
    predictions: str = ""
    repeats: tuple[int, ...] = ()
    planned: int | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that `init` changed, and how it is undone."""

    what: str
    undo: str


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `init` changed, and what is worth a warning.

    `server` says whether this is a server's repository, `trial` what trying the command showed.
    """

    changes: list[Change]
    warnings: list[str]
    server: bool = False
    trial: Trial | None = None


def propose(folder: Path, given: Proposal) -> Proposal:
    """Fill in what the project's files tell; what was given stays."""
    script, command = _find_script(folder)
    command = given.command or command
    text = _read(folder / script) if script else ""
    config = given.config or _find_config(folder, text)
    metric, direction, effect = next(
        (known for known in _METRICS if re.search(rf"\b{known[0]}\b", text)), ("", "higher", 0.005)
    )
    if given.metric:
        metric = given.metric
        _, direction, effect = next(
            (known for known in _METRICS if known[0] == metric), ("", "higher", 0.005)
        )
    metrics_file = given.metrics or next(
        iter(re.findall(r"""["'/]([\w.-]*metrics[\w.-]*\.(?:json|toml))["']""", text)), ""
    )
    seed_key = given.seed_key
    takes_seed = "GITEXP_SEED" in text or "gitexp.seed" in text or "{seed}" in command
    if not seed_key and not takes_seed:
        seed_key = _find_seed_key(folder, config)
        if not seed_key and re.search(r"""["']--seed["']""", text) and not given.command:
            command, takes_seed = f"{command} --seed {{seed}}", True
    warning = ""
    if command and not (takes_seed or seed_key):
        warning = (
            "nothing gives the seed to the training command, so repeats would repeat nothing: use"
            " {seed} in the command, seed_key in the settings, or GITEXP_SEED in the script"
        )
    return replace(
        given, config=config, command=command, metric=metric,
        direction=given.direction or direction,
        effect=effect if given.effect is None else given.effect,
        metrics=metrics_file, seed_key=seed_key, predictions=_find_predictions(text),
        warning=warning,
    )  # fmt: skip


def _find_predictions(script: str) -> str:
    """Find the file of per-example predictions; a mere mention of one may be of another kind."""
    if re.search(r"\bgitexp\.predictions\b|from gitexp import .*\bpredictions\b", script):
        return "predictions.csv"
    named = re.search(r"""["'/]([\w.-]*predictions[\w.-]*\.(?:csv|npz|parquet))["']""", script)
    return named[1] if named and "y_true" in script and "y_pred" in script else ""


def _find_config(folder: Path, script: str) -> str:
    """Find the config by its usual name, first one that the script mentions; else the only TOML."""
    found = [
        path.relative_to(folder).as_posix()
        for kind in _KINDS
        for place in ("", "config", "configs", "conf")
        for path in sorted((folder / place).glob(f"*{kind}"))
        if path.name not in {*FILES, "ruff.toml", "poetry.toml", "uv.toml", "KNOWN.toml"}
    ]
    named = [name for name in found if Path(name).stem in _CONFIGS]
    if named:
        return min(named, key=lambda name: Path(name).name not in script)
    tables = [name for name in found if name.endswith(".toml")]
    return tables[0] if len(tables) == 1 else ""


def _find_script(folder: Path) -> tuple[str, str]:
    for name in _SCRIPTS:
        for place in ("", "scripts/", "src/"):
            if (folder / place / name).is_file():
                return f"{place}{name}", f"python {place}{name}"
    for path in sorted((folder / "src").glob("*/train.py")) + sorted(folder.glob("*/train.py")):
        package = path.parent.name
        if (path.parent / "__init__.py").is_file():
            return path.relative_to(folder).as_posix(), f"python -m {package}.train"
    return "", ""


def _find_seed_key(folder: Path, config: str) -> str:
    if not config:
        return ""
    try:
        leaves = formats.read_leaves(config, (folder / config).read_bytes())
    except (OSError, formats.Malformed):
        return ""
    return next((formats.spell_key(key) for key in leaves if key[-1] in _SEEDS), "")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def render(proposal: Proposal, baseline: str) -> str:
    """Write the settings file."""
    spell, vary = formats.spell, proposal.vary or "split"
    lines = [
        "# gitexp: how experiments run here. Every key: gitexp's docs/settings.md",
        f"baseline   = {spell(baseline)}",
        f"config     = [{spell(proposal.config)}]    # files of which one line may change",
        f"command    = {spell(proposal.command)}    # {{seed}}, {{config}} are filled in; no shell",
        f"metric     = {spell(proposal.metric)}",
        f"direction  = {spell(proposal.direction)}",
        f"effect     = {proposal.effect:g}    # the smallest gain worth having",
    ]
    if vary != "none":
        looks = spell(list(proposal.repeats or (5, 10, 20)))
        lines.append(f"repeats    = {looks}    # looks: the answer may be clear after so many runs")
    lines += [
        f"planned    = {proposal.planned or 20}    # experiments that share the error budget",
        f"vary       = {spell(vary)}    # what a seed changes:",
        '#   "split": which rows are tested, and the training (the careful answer)',
        '#   "seed":  the training alone; the same rows are tested every time',
        '#   "none":  nothing; one run is an experiment, and its predictions tell how sure it is',
    ]
    if vary == "split":
        lines.append("test_ratio = 0.25    # test rows / training rows: what redrawn splits share")
    if proposal.metrics:
        lines.append(f"metrics    = {spell(proposal.metrics)}")
    if proposal.seed_key:
        lines.append(
            f"seed_key   = {spell(proposal.seed_key)}    # written into each run's own copy"
        )
    if proposal.predictions:
        path = spell(proposal.predictions)
        lines.append(f"predictions = {path}    # a row for each example: id, y_true, y_pred")
    return "\n".join(lines) + "\n"


def init(
    directory: Path,
    given: Proposal,
    ask: Callable[[str, str], str] | None,
    watch: Callable[[], AbstractContextManager[Watcher]],
    *,
    baseline: str = "",
    trial: bool = False,
) -> Initialised:
    """Set the repository up; in a bare one, which only takes pushes, the server's hook alone.

    `ask` gets a question and a proposal and returns the answer; None asks nothing. With `trial`, or
    where the answer is yes, the command runs before anything is changed, and `watch` shows it.
    Twice is harmless: what is there already is left alone.

    Raises:
        NotReady: there is no commit yet, or the baseline branch is not checked out.
        UsageError: something could not be found out and nobody was asked.
        CommandFailed: the trial failed; nothing was changed.
    """
    repository = Repository.discover(directory)
    if repository.top is None:
        # What others push is judged here; nothing runs, so there is nothing to set up besides.
        return Initialised(_install(repository), [], server=True)
    top = repository.top
    if repository.git.resolve("HEAD") is None:
        raise NotReady(
            "this repository has no commit yet, and experiments need a baseline to differ from",
            "git add -A && git commit -m 'baseline' && gitexp init",
        )
    prefix = repository.prefix
    here = top / prefix
    branch = repository.head_branch()
    existing = read_work_tree_table(here)
    changes: list[Change] = []
    warnings: list[str] = []
    tried: Trial | None = None
    hooks.demand_room(repository)
    name = (
        baseline
        or repository.setting(baseline_key(prefix))
        or repository.setting("gitexp.baseline")
        or ""
    )
    if existing is None:
        name = name or branch or ""
        if branch != name or not branch:
            raise NotReady(
                "the settings are committed on the baseline branch, and"
                f" {f'{name} is not' if name else 'no branch is'} checked out",
                f"git switch {name or 'main'} && gitexp init",
            )
        if branch.startswith("exp/"):
            raise NotReady(
                "this is an experiment, not a baseline", "git switch main && gitexp init"
            )
        proposal = _settle(here, given, ask)
        settings = _parsed(proposal, name)
        missing = _uncommitted(repository, here, settings)
        if proposal.config in missing:
            raise NotReady(
                f"{proposal.config} is not committed, and experiments start from what is",
                _commit_command([proposal.config]) + " && gitexp init",
            )
        if missing:
            warnings.append(
                f"{', '.join(missing)} is not committed, so no run would find it: "
                + _commit_command(missing)
            )
        if trial or (ask is not None and ask(_TRIAL, "n").strip().lower() in {"y", "yes"}):
            tip = repository.git.text("rev-parse", "HEAD")
            with watch() as watcher:
                tried = try_out(repository, prefix, settings, tip, watcher)
            proposal = _settle_by(proposal, tried)
            settings = _parsed(proposal, name)
        if proposal.warning:
            warnings.append(proposal.warning)
        changes.append(_commit_settings(repository, prefix, render(proposal, name)))
    else:
        name, tip, settings = _settings_there(repository, prefix, existing, baseline)
        _demand_as_given(given, settings, f"{prefix}{existing[0]}", name)
        if trial:
            with watch() as watcher:
                tried = try_out(repository, prefix, settings, tip, watcher)
            if tried.vary != settings.vary:
                warnings.append(
                    f'the settings on {name} say vary = "{settings.vary}", and the trial says'
                    f' "{tried.vary}": mend {existing[0]} there and commit it, then: gitexp trust'
                )
    changes += _configure(repository, name, prefix) + _install(repository)
    project = project_at(Repository.discover(directory), prefix)  # as configured by now
    if not is_trusted(project):
        trust(project)
        changes.append(Change("approved the settings for this clone", "gitexp init --undo"))
    return Initialised(changes, warnings, trial=tried)


def _settings_there(
    repository: Repository, prefix: str, existing: tuple[str, dict[str, object]], baseline: str
) -> tuple[str, str, Settings]:
    """Find the baseline branch of a project that has settings, its tip, and the settings there.

    Raises:
        NotReady: there is no such branch, or no valid settings on it.
    """
    if baseline:
        tip = resolve_branch(repository, baseline) or ""
        if not tip:
            raise NotReady(f"there is no branch {baseline}", "gitexp init --baseline BRANCH")
    else:
        try:
            baseline, tip = find_baseline(repository, prefix)
        except NotReady:
            # Nothing names a branch, and none has a usual name: then the one that is checked out.
            baseline = repository.head_branch() or ""
            named = (
                repository.setting(baseline_key(prefix))
                or repository.setting("gitexp.baseline")
                or existing[1].get("baseline")
            )
            if named or not baseline or baseline.startswith("exp/"):
                raise
            tip = repository.git.resolve("HEAD") or ""
    paths = [f"{tip}:{prefix}{name}" for name in FILES]
    if not any(
        content is not None and table_of(path, content) is not None
        for path, content in zip(paths, repository.git.objects(paths), strict=True)
    ):
        raise NotReady(
            f"the settings in {prefix}{existing[0]} are not committed on {baseline}",
            f"git switch {baseline} && git add {existing[0]} && git commit -m 'Set up gitexp'"
            " && gitexp init",
        )
    return baseline, tip, settings_at(repository, tip, prefix, baseline)[1]


def _settle(here: Path, given: Proposal, ask: Callable[[str, str], str] | None) -> Proposal:
    proposal = propose(here, given)
    if ask is not None:
        for field, question in (
            ("config", "config file of which one line changes"),
            ("command", "training command ({seed} is filled in)"),
            ("metric", "metric that the command reports"),
        ):
            if not getattr(given, field):
                answer = ask(question, getattr(proposal, field)).strip()
                given = replace(given, **{field: answer})  # type: ignore[arg-type]
                proposal = propose(here, given)
    lacking = [n for n in ("config", "command", "metric") if not getattr(proposal, n)]
    if lacking:
        raise UsageError(
            f"could not find out: {', '.join(lacking)}",
            "gitexp init " + " ".join(f"--{n} {_example(n)}" for n in lacking),
        )
    if not (here / proposal.config).is_file():
        raise UsageError(f"there is no {proposal.config} in {here}", "gitexp init --config FILE")
    return proposal


def _parsed(proposal: Proposal, baseline: str) -> Settings:
    table: dict[str, Any] = table_of("gitexp.toml", render(proposal, baseline).encode()) or {}
    try:
        settings = parse_settings("gitexp.toml", table)
        build(settings, seed=0)
    except NotReady as error:
        # Nothing is written yet: what is wrong was said on the command line, or at a prompt.
        message = error.message.removeprefix("gitexp.toml: ")
        raise UsageError(message, "see what each option takes: gitexp init -h") from None
    return settings


def _uncommitted(repository: Repository, here: Path, settings: Settings) -> list[str]:
    """Name the files that the settings speak of, that lie here and that are in no commit yet."""
    words = dict.fromkeys([*settings.config, *settings.command.split()])
    # Not Path.is_file: that raises at what is too long for a name.
    files = [word for word in words if word[0] != "/" and os.path.isfile(here / word)]  # noqa: PTH113
    found = repository.git.objects([f"HEAD:{repository.prefix}{file}" for file in files])
    return [file for file, content in zip(files, found, strict=True) if content is None]


def _commit_command(files: Sequence[str]) -> str:
    listed = shlex.join(files)
    return f"git add {listed} && git commit -m {shlex.quote('Add ' + ', '.join(files))}"


def _demand_as_given(given: Proposal, settings: Settings, path: str, baseline: str) -> None:
    """Stop where options ask for other settings than there are: `init` writes none anew.

    Raises:
        UsageError: names what differs.
    """
    there = settings.table | {"config": settings.config[0]}
    differ = [
        f"{name} = {formats.spell(there.get(name, ''))}"
        for name in Proposal.__slots__
        if getattr(given, name) not in ("", None, (), there.get(name))
    ]
    if differ:
        raise UsageError(
            f"{path} has settings already, and init changes none: {', '.join(differ)}",
            f"git switch {baseline} && $EDITOR {path} && git commit -am 'Settings' && gitexp trust",
        )


def _settle_by(proposal: Proposal, trial: Trial) -> Proposal:
    """Settle what a trial has shown."""
    return replace(
        proposal,
        vary=trial.vary,
        repeats=trial.proposed.repeats,
        planned=trial.proposed.planned,
        # Predictions that came by gitexp.predictions from wherever they were called.
        predictions=proposal.predictions or ("predictions.csv" if trial.stored else ""),
        # Two runs tell more of the seed than a look at the script.
        warning=proposal.warning if trial.vary == "none" or trial.runs == 1 else "",
    )


def _example(name: str) -> str:
    return {"config": "config.toml", "command": "'python train.py'", "metric": "accuracy"}[name]


def _commit_settings(repository: Repository, prefix: str, text: str) -> Change:
    path = f"{prefix}gitexp.toml"
    target = repository.work_tree() / path
    target.write_text(text, "utf-8")
    git = repository.git
    top = type(git)(repository.work_tree())
    try:
        top.run("add", "--intent-to-add", "--force", "--", path)
        # --only leaves whatever else is staged exactly as it is.
        top.run("commit", "--quiet", "--only", "-m", "Set up gitexp", "--", path)
    except GitexpError:
        top.run("reset", "--quiet", "--", path, allow=(1, 128))
        target.unlink(missing_ok=True)
        raise
    commit = git.text("rev-parse", "--short", "HEAD")
    _remember(repository, settings=[*_remembered(repository).get("settings", []), path])
    shown = "".join(f"\n    | {line}" for line in text.splitlines())
    return Change(f"wrote {path} and committed it ({commit}):{shown}", f"git revert {commit}")


def _configure(repository: Repository, baseline: str, prefix: str) -> list[Change]:
    changes = []
    key = baseline_key(prefix)
    if repository.setting(key) != baseline:
        # What stood there before the first init comes back with --undo.
        local = repository.git.text("config", "--local", "--get", key, allow=(1,))
        _remember(repository, before={key: local, **_remembered(repository).get("before", {})})
        repository.git.run("config", "--local", key, baseline)
        shown = shlex.quote(key)
        changes.append(Change(f"git config {shown} {baseline}", f"git config --unset {shown}"))
    return changes + show_verdicts(repository)


def show_verdicts(repository: Repository) -> list[Change]:
    """Let `git log` show verdicts, unless it does."""
    changes = []
    if VERDICTS not in repository.config.get("notes.displayref", ()):
        repository.git.run("config", "--local", "--add", "notes.displayRef", VERDICTS)
        _remember(repository, display=True)
        begin_notes(repository, VERDICTS)
        changes.append(
            Change(
                f"git config notes.displayRef {VERDICTS} (git log shows verdicts)",
                f"git config --unset notes.displayRef '^{VERDICTS}$'",
            )
        )
    return changes


def _install(repository: Repository) -> list[Change]:
    installed = hooks.install(repository)
    if not installed.written:
        return []
    where = installed.folder
    what = f"installed hooks in {where}: {', '.join(installed.written)}"
    if installed.aside:
        one = len(installed.aside) == 1
        named = ", ".join(installed.aside)
        what += f" (the {named} {'hook that was' if one else 'hooks that were'} there"
        what += f" {'runs' if one else 'run'} first)"
    if installed.former_path:
        what += f" (core.hooksPath was {installed.former_path}; its hooks run first)"
    return [Change(what, "gitexp init --undo")]


def _remembered(repository: Repository) -> dict[str, Any]:
    return read_json(repository.local / "init.json")


def _remember(repository: Repository, **facts: object) -> None:
    write_json(repository.local / "init.json", _remembered(repository) | facts)


def undo(directory: Path) -> list[str]:
    """Take back what `init` did; experiments and results stay. Returns what was done, in words."""
    repository = Repository.discover(directory)
    branch = repository.head_branch()
    facts = _remembered(repository)
    folders = {path: path.rpartition("/")[0] for path in facts.get("settings", [])}
    on_baseline = {
        path: branch is not None
        and branch == repository.setting(baseline_key(f"{folder}/" if folder else ""))
        for path, folder in folders.items()
    }
    done = hooks.uninstall(repository)
    for key, value in facts.get("before", {}).items():
        if value:
            repository.git.run("config", "--local", key, value)
            done.append(f"{key} is {value} again")
        else:
            repository.git.run("config", "--local", "--unset", key, allow=(5,))
            done.append(f"unset {key}")
    if facts.get("display"):
        repository.git.run(
            "config", "--local", "--unset", "notes.displayRef", f"^{VERDICTS}$", allow=(5,)
        )
        forget_empty_notes(repository, VERDICTS)
        done.append("unset notes.displayRef")
    for name in ("trust.json", "init.json"):
        if (repository.local / name).exists():
            (repository.local / name).unlink()
            if name == "trust.json":
                done.append("took back the approval of the settings")
    for path, here in on_baseline.items():
        if here:
            done += _remove_settings(repository, path)
        else:
            done.append(f"{path} was left alone: it is removed on the baseline branch only")
    return done


def _remove_settings(repository: Repository, path: str) -> Sequence[str]:
    git = type(repository.git)(repository.work_tree())
    if git.resolve("HEAD") is None or git.run("ls-tree", "-z", "HEAD", path).stdout == b"":
        return [f"{path} is not in the present branch; left alone elsewhere"]
    if decode(git.run("status", "--porcelain", "-z", "--", path).stdout):
        return [f"{path} is edited and was left alone; remove it by hand"]
    git.run("rm", "--quiet", "--", path)
    try:
        git.run("commit", "--quiet", "--only", "-m", "Remove gitexp's settings", "--", path)
    except GitexpError as error:
        git.run("restore", "--source=HEAD", "--staged", "--worktree", "--", path)
        return [f"{path} was left alone, its removal could not be committed: {error.message}"]
    return [f"removed {path} and committed that"]
