"""What differs between two commits, or a commit and the index, judged by the one-change rule.

It is separate from the gate's other questions because the pre-commit hook asks only this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats import LARGEST
from gitexp.rules.gate.named_files import compare_named, named_pairs
from gitexp.rules.gate.notebook import inspect_command
from gitexp.rules.gate.one_change import Inspection, inspect
from gitexp.rules.gate.paths import is_config
from gitexp.rules.gate.protected import inspect_protected
from gitexp.store.git_output import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitexp.lab.projects.comparison import Comparison
    from gitexp.lab.projects.project import Project
    from gitexp.rules.documents.settings import Settings
    from gitexp.store.git import Git
    from gitexp.store.git_output import FileChange


def inspect_trees(project: Project, settings: Settings, base: str, commit: str) -> Inspection:
    """Compare two commits by the one-change rule."""
    files = project.repository.git.differences("diff-tree", base, commit)
    return _inspect([(project._replace(settings=settings), files)])[0]


def inspect_comparisons(
    comparisons: Sequence[Comparison], *, largest: int | None = None
) -> list[Inspection]:
    """Compare experiments with their baselines by the one-change rule, in one git process or two.

    Configs of more than `largest` bytes are refused without being read.
    """
    return _inspect([(comparison.project, comparison.files) for comparison in comparisons], largest)


def read_edited(
    wanted: Sequence[tuple[Project, Sequence[FileChange]]],
    needed: Callable[[str, Sequence[str]], bool],
    largest: int | None = None,
) -> list[list[Edited]]:
    """Files that differ, with the contents of those regular ones that are `needed`.

    It decides by a path and the configs that the project declares. One git process for them all.
    """
    blobs = {
        blob: None
        for project, files in wanted
        for file in files
        if needed(relative(project, file.path), project.settings.config)
        for mode, blob in ((file.old_mode, file.old_id), (file.new_mode, file.new_id))
        if mode.startswith("10")
    }
    read = wanted[0][0].repository.git.objects([*blobs], largest=largest) if blobs else []
    contents = dict(zip(blobs, read, strict=True))
    return [
        [
            Edited(
                relative(project, file.path), file.old_mode, file.new_mode,
                contents.get(file.old_id), contents.get(file.new_id),
            )
            for file in files
        ]
        for project, files in wanted
    ]  # fmt: skip


def _inspect(
    wanted: Sequence[tuple[Project, Sequence[FileChange]]], largest: int | None = None
) -> list[Inspection]:
    projects, edited = [project for project, _ in wanted], read_edited(wanted, is_config, largest)
    return _with_named_files(projects, [*map(_inspect_edited, projects, edited)])


def inspect_files(project: Project, files: Sequence[Edited]) -> Inspection:
    """Judge the files that differ by the one-change rule, and the command that runs them."""
    return _with_named_files([project], [_inspect_edited(project, files)])[0]


def _with_named_files(
    projects: Sequence[Project], inspections: Sequence[Inspection]
) -> list[Inspection]:
    """Add what a change exchanges by naming another tracked file; one git process for them all."""
    asked = [
        (at, project, pair)
        for at, (project, inspection) in enumerate(zip(projects, inspections, strict=True))
        if inspection.change is not None
        for pair in named_pairs(inspection.change)
    ]
    if not asked:
        return list(inspections)
    names = [f"{p.tip}:{p.path(name)}" for _, p, pair in asked for name in pair]
    found = iter(projects[0].repository.git.objects(names, largest=LARGEST))
    completed = list(inspections)
    for at, _, pair in asked:
        before, after, inspection = next(found), next(found), completed[at]
        if before is not None and after is not None and inspection.change is not None:
            said = compare_named(inspection.change, pair, before, after)
            if said and "C15" not in {finding.id for finding in inspection.findings}:
                completed[at] = inspection._replace(findings=(*inspection.findings, said))
    return completed


def _inspect_edited(project: Project, files: Sequence[Edited]) -> Inspection:
    settings = project.settings
    inspection = inspect(
        files,
        settings.config,
        seed_key=settings.seed_key,
        inert=settings.inert,
        baseline=project.baseline,
    )
    further = (
        *inspect_protected(settings, files, project.baseline),
        *inspect_command(settings.command),
    )
    return inspection._replace(findings=inspection.findings + further) if further else inspection


def relative(project: Project, path: str) -> str:
    """Path relative to the project; one outside begins with a slash, which no pattern matches."""
    if not project.prefix:
        return path
    inside = path.removeprefix(project.prefix)
    return inside if inside != path else f"/{path}"


def hidden_edits(project: Project) -> Iterator[str]:
    """Find edits that git was told to ignore, by a flag in the index or a clean filter."""
    top, git = project.repository.work_tree(), project.repository.git
    listed = git.run("-C", str(top), "ls-files", "-v", "-z").stdout
    for entry in decode(listed).split("\0"):
        tag, _, path = entry.partition(" ")
        flagged = tag in {"h", "s", "S"}
        file = top / path
        if file.is_symlink() or not (
            flagged or is_config(relative(project, path), project.settings.config)
        ):
            continue
        if not file.is_file():
            if tag == "h":
                yield path
            continue
        if not is_checked_out(git, f"HEAD:{path}", path, file.read_bytes()):
            yield path


def is_checked_out(git: Git, blob: str, path: str, content: bytes) -> bool:
    """Whether a file is what git would check out for a blob, apart from its line ends."""
    found = git.run("cat-file", "--filters", f"--path={path}", blob, allow=(128,)).stdout
    return found.replace(b"\r\n", b"\n") == content.replace(b"\r\n", b"\n")
