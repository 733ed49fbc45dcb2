"""Register an experiment: one hypothesis, one changed value, one commit, no file touched."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gitexp.errors import NotReady, Refused, UsageError
from gitexp.rules import formats, hypothesis
from gitexp.rules.finding import Finding
from gitexp.rules.one_change import Change, Edited, inspect
from gitexp.rules.paths import is_config
from gitexp.rules.registration import Criterion, Registration, is_name, split_message
from gitexp.rules.settings import parse_time
from gitexp.store.experiments import commit_file, create_branch, names_taken, replay
from gitexp.workflows.project import note_started
from gitexp.workflows.results import Result, place_of_next, read_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitexp.workflows.project import Project

# Two words give about 10^5 names; by the birthday bound a thousand of them collide somewhere among
# clones with near certainty, so longer names begin well before that.
_TWO_WORDS = 100


@dataclass(frozen=True, slots=True)
class Options:
    """What `start` may be told besides the hypothesis; empty means: from the settings."""

    expect: str = ""
    evidence: str = ""
    gain: float | None = None
    chance: float | None = None
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A registered experiment."""

    name: str
    commit: str
    baseline: str
    base: str
    registration: Registration
    change: Change
    place: int
    planned: int
    old_line: str
    new_line: str
    advice: tuple[Finding, ...]


def start(
    project: Project,
    text: str,
    *,
    set_: str | None = None,
    options: Options | None = None,
    switch: bool = False,
) -> Started:
    """Create `exp/<name>`, one commit on the tip of the baseline branch.

    With `set_` (`KEY=VALUE`) nothing in the work tree is read or touched. Without it the one-line
    edit in the work tree becomes the experiment, and the file goes back to its committed state.

    Raises:
        Refused: the hypothesis or the change breaks a rule; nothing was created.
    """
    options = options or Options()
    findings = hypothesis.lint(text, project.settings.metric)
    refusals = [finding for finding in findings if not finding.advice]
    path = ""
    before = after = b""
    try:
        path, before, after = (
            _set(project, set_) if set_ is not None else _edit_in_work_tree(project)
        )
    except Refused as refused:
        # Everything wrong at once, not the first.
        raise Refused(refused.message, [*refusals, *refused.findings], refused.hint) from None
    inspection = inspect(
        [Edited(path, "100644", "100644", before, after)] if before != after else [],
        project.settings.config,
        seed_key=project.settings.seed_key,
        baseline=project.baseline,
    )
    refusals += [finding for finding in inspection.findings if not finding.advice]
    if refusals or inspection.change is None:
        raise Refused("not registered; nothing was created", refusals)
    started = register(project, text, inspection.change, after, options=options, advice=findings)
    if set_ is None:
        _put_back(project, path, after)
    if switch:
        try:
            project.repository.git.run("switch", "--quiet", f"exp/{started.name}")
        except NotReady as error:
            raise NotReady(
                f"exp/{started.name} is registered, but could not be switched to: {error.message}",
                f"git switch exp/{started.name}",
            ) from None
    return started


def register(
    project: Project,
    text: str,
    change: Change,
    content: bytes,
    *,
    options: Options,
    advice: Sequence[Finding] = (),
    extra: Sequence[tuple[str, str]] = (),
    criterion: Criterion | None = None,
    seeds_after: int = 0,
) -> Started:
    """Commit a change whose rules were checked, under a new name, with its registration.

    `extra` are further trailers; `seeds_after` is the last seed that this change has used up.
    """
    settings, repository = project.settings, project.repository
    criterion = criterion or criterion_from(project, options.expect)
    results = read_results(repository)
    place = place_of_next(results, criterion.metric, settings)
    first = first_fresh_seed(project, results, seeds_after)
    trailers = [
        ("Evidence", options.evidence),
        ("Gain", "" if options.gain is None else f"{options.gain:g}"),
        ("Chance", "" if options.chance is None else f"{_chance(options.chance):g}"),
        ("Cost", options.cost and _cost(options.cost)),
        *extra,
        ("Project", project.prefix.rstrip("/")),
    ]
    taken = names_taken(repository)
    for _ in range(5):
        name = new_name(taken)
        registration = Registration(
            hypothesis=text.strip(),
            name=name,
            change=str(change),
            criterion=criterion,
            repeats=settings.repeats,
            seeds=(first, first + settings.repeats[-1] - 1),
            widening=settings.widening,
            campaign=place.campaign,
            level=place.level,
            extra=tuple((token, value) for token, value in trailers if value),
        )
        commit = commit_file(
            repository, project.tip, project.path(change.file), content, registration.message()
        )
        try:
            create_branch(repository, name, commit)
        except NotReady:
            # Another clone of this work tree took the name between looking and creating.
            if name not in names_taken(repository):
                raise
            taken.add(name)
            continue
        break
    else:
        raise NotReady("no free name was found in five tries", "run the same command again")
    note_started(repository, name)
    base = project.repository.git.objects([f"{project.tip}:{project.path(change.file)}"])[0] or b""
    old_line, new_line = _lines_at(base, content, change.line)
    return Started(
        name, commit, project.baseline, project.tip, registration, change, place.number,
        settings.planned, old_line, new_line, tuple(f for f in advice if f.advice),
    )  # fmt: skip


def criterion_from(project: Project, expect: str) -> Criterion:
    """Criterion as typed, else as the settings have it."""
    settings = project.settings
    if not expect:
        return Criterion(settings.metric, settings.effect, settings.higher_is_better)
    criterion = Criterion.parse(expect)
    if (
        criterion.metric == settings.metric
        and criterion.higher_is_better != settings.higher_is_better
    ):
        raise UsageError(
            f"{expect!r} counts a worse {settings.metric} as success:"
            f" settings say that {settings.direction} is better",
            f"--expect '{replace(criterion, higher_is_better=settings.higher_is_better)}'",
        )
    return criterion


def first_fresh_seed(project: Project, results: Sequence[Result], after: int = 0) -> int:
    """First seed for a new experiment: beyond those that won the present baseline.

    A baseline measured on the very seeds that its change won on would look better than it is.
    """
    # The experiments that were accepted name their seeds in the commits that took them in.
    out = project.repository.git.text(
        "log", "--first-parent", "-1", "--no-notes", "--no-show-signature", "--no-color", "-E",
        "--grep=^Accepted: [0-9a-f]{40}", "--format=%B", project.tip,
    )  # fmt: skip
    last = after
    _, _, end = split_message(out)[1].get("Seeds", "").partition("-")
    if end.isdigit():
        last = max(last, int(end))
    accepted = split_message(out)[1].get("Accepted", "")
    last = max(
        [last]
        + [
            r.registration.seeds[1]
            for r in results
            if r.registration and r.entry.commit == accepted
        ]
    )
    return last + 1


def new_name(taken: set[str]) -> str:
    """Draw a free name from coolname: two words, three once collisions grow likely."""
    import coolname

    for attempt in range(100):
        words = 2 if len(taken) < _TWO_WORDS and attempt < 20 else 3
        name: str = coolname.generate_slug(words)
        if is_name(name) and name not in taken:
            return name
    raise NotReady("no free name was found in a hundred draws", "gitexp archive old experiments")


def _set(project: Project, setting: str) -> tuple[str, bytes, bytes]:
    """Edit one value of the committed config; returns path, content before and content after."""
    typed, equals, value = setting.partition("=")
    if not equals or not typed.strip():
        raise UsageError(
            f"--set {setting!r} has no value", "write it as KEY=VALUE: --set model.C=10"
        )
    wanted_file, colon, key_text = typed.strip().rpartition(":")
    files = _config_files(project)
    if colon:
        files = {path: content for path, content in files.items() if path == wanted_file}
        if not files:
            raise UsageError(f"{wanted_file} is no config file of this project")
    keys: dict[str, formats.Key] = {}
    every: set[str] = set()
    for path, content in files.items():
        form = formats.format_of(path)
        if form is None:
            continue
        try:
            leaves = formats.read_leaves(path, content)
            wanted = form.parse_key(key_text)
        except formats.Malformed as error:
            raise Refused(
                "not registered; nothing was created",
                [Finding("C7", f"{path} on {project.baseline} does not parse: {error}",
                         f"mend it on {project.baseline}", path, error.line)],
            ) from None  # fmt: skip
        except ValueError:
            raise UsageError(f"{key_text!r} is not a key", "write it as in model.C=10") from None
        every |= {formats.spell_key(key) for key in leaves}
        for key in leaves:
            if tuple(map(str, key)) == wanted:
                keys[path] = key
    if not keys:
        raise UsageError(
            f"no config file on {project.baseline} has the key {key_text}", _near(key_text, every)
        )
    if len(keys) > 1:
        raise UsageError(
            f"{key_text} is in {' and '.join(keys)}",
            f"say which: --set {next(iter(keys))}:{key_text}={value}",
        )
    ((path, key),) = keys.items()
    text = files[path].decode("utf-8")
    form = formats.format_of(path)
    try:
        edited = form.set_value(text, key, form.spell_value(value))  # type: ignore[union-attr]
    except (ValueError, LookupError) as error:
        raise UsageError(
            f"{path}: {formats.spell_key(key)} cannot be set from the command line: {error}",
            f'edit the line in {path} by hand, then: gitexp start "HYPOTHESIS"',
        ) from None
    return path, files[path], edited.encode("utf-8")


def _near(key: str, every: set[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key, every, 3, 0.5) or [
        other for other in every if other.lower().endswith(key.lower())
    ]
    new = 'a new line is added by hand: edit the file, then gitexp start "HYPOTHESIS"'
    return f"did you mean {', '.join(sorted(near))}? ({new})" if near else new


def _config_files(project: Project) -> dict[str, bytes]:
    """Config files at the baseline's tip, by path relative to the project."""
    git = project.repository.git
    declared = project.settings.config
    paths = list(declared)
    if any(c in pattern for pattern in declared for c in "*?["):
        listed = git.run(
            "ls-tree", "-r", "-z", "--name-only", project.tip, project.prefix or "."
        ).stdout
        names = [name.decode(errors="surrogateescape") for name in listed.split(b"\0") if name]
        paths = [
            name.removeprefix(project.prefix)
            for name in names
            if is_config(name.removeprefix(project.prefix), declared)
        ]
    contents = git.objects([f"{project.tip}:{project.path(path)}" for path in paths])
    files = {
        path: content for path, content in zip(paths, contents, strict=True) if content is not None
    }
    if not files:
        raise NotReady(
            f"{', '.join(declared)} is not on {project.baseline}",
            f"commit it there, or name the right file in {project.settings_path}",
        )
    return files


def _edit_in_work_tree(project: Project) -> tuple[str, bytes, bytes]:
    """The one edited config file of the work tree: path, baseline content and edited content.

    The edit is the one from HEAD to the work tree, replayed on the baseline's tip.
    """
    repository = project.repository
    top = repository.work_tree()
    head = repository.git.resolve("HEAD") or project.tip
    # Refreshing the index first makes untouched files with a new time stamp count as unchanged.
    repository.git.run("update-index", "-q", "--refresh", allow=(1,))
    edited = repository.git.differences("diff-index", head, "--")
    names = [file.path.removeprefix(project.prefix) for file in edited]
    configs = [name for name in names if is_config(name, project.settings.config)]
    if len(configs) != 1 or len(names) != 1 or edited[0].new_mode != edited[0].old_mode:
        if not names:
            raise Refused(
                "not registered; nothing was created",
                [
                    Finding(
                        "C10",
                        "no config line is edited in the work tree",
                        f"edit one line of {', '.join(project.settings.config)}, or:"
                        f' gitexp start --set KEY=VALUE "HYPOTHESIS"',
                    )
                ],
            )
        raise Refused(
            "not registered; nothing was created",
            [
                Finding(
                    "C1",
                    f"{name} is edited too, and the experiment would hold one config line only",
                    f"commit or stash it first (git stash push -- {name}); or leave it as it is and"
                    ' use: gitexp start --set KEY=VALUE "HYPOTHESIS"',
                    name,
                )
                for name in names
                if name not in configs[:1]
            ]
            or [Finding("C6", f"{names[0]} changed its mode or is gone", "", names[0])],
        )
    path = configs[0]
    full = project.path(path)
    # What git would commit: line-end conversion and clean filters applied, as `git add` does.
    content = (top / full).read_bytes()
    blob = (
        repository.git.run("hash-object", "-w", f"--path={full}", "--stdin", stdin=content)
        .stdout.decode()
        .strip()
    )
    committed, staged, clean, onto = repository.git.objects(
        [f"{head}:{full}", f":{full}", blob, f"{project.tip}:{full}"]
    )
    if committed is None or clean is None or onto is None:
        raise NotReady(
            f"{path} is not on {project.baseline}", f"commit it on {project.baseline} first"
        )
    if staged not in (committed, clean):
        raise NotReady(
            f"{path} has one edit staged and another one in the work tree",
            f"git add {path} takes the work tree's, git restore {path} the staged one",
        )
    return path, onto, replay(repository, committed, clean, onto)


def _put_back(project: Project, path: str, _content: bytes) -> None:
    """Give the edited file its committed state back; the edit now lives in the experiment."""
    with contextlib.suppress(NotReady):
        project.repository.git.run(
            "restore", "--source=HEAD", "--staged", "--worktree", "--", project.path(path)
        )


def _lines_at(old: bytes, new: bytes, line: int | None) -> tuple[str, str]:
    """The changed line before and after; an added or removed one is empty on one side."""
    before, after = (text.decode("utf-8", "replace").split("\n") for text in (old, new))
    at = (line or 1) - 1
    grown = len(after) - len(before)
    return (
        before[at].strip() if grown <= 0 and at < len(before) else "",
        after[at].strip() if grown >= 0 and at < len(after) else "",
    )


def _chance(chance: float) -> float:
    if not 0 <= chance <= 1:
        raise UsageError(f"--chance {chance:g} is no probability", "between 0 and 1: --chance 0.3")
    return chance


def _cost(cost: str) -> str:
    try:
        parse_time(cost, "--cost")
    except NotReady as error:
        raise UsageError(error.message) from None
    return cost


def as_json(change: Change | None) -> dict[str, Any] | None:
    """Return a change as JSON objects carry it."""
    if change is None:
        return None
    return {
        "file": change.file,
        "key": formats.spell_key(change.key),
        "before": formats.to_json(change.before),
        "after": formats.to_json(change.after),
    }
