"""Say of each value in a config which experiment set it, and what else was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitexp.errors import UsageError
from gitexp.lab.log.log import Row, log
from gitexp.lab.log.same_change import whole_changes
from gitexp.lab.projects.project import Project
from gitexp.lab.registering.setting import config_files
from gitexp.rules.gate import formats
from gitexp.rules.gate.formats.keys import keys_at, parse_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.plan.blame import Blamed, ValuePlace, ValueTest, blame
from gitexp.rules.plan.state import State
from gitexp.rules.text import visible
from gitexp.store.lineage import LineDate, line_dates


@dataclass(frozen=True, slots=True)
class BlamedFile:
    """A config on the baseline's tip: its lines, who last changed each, and its values.

    `wrong` says why its values cannot be read; then there are none.
    """

    path: str
    lines: tuple[str, ...]
    dates: tuple[LineDate, ...]
    values: tuple[Blamed, ...]
    wrong: str = ""

    def date(self, value: Blamed) -> LineDate | None:
        """When the line of a value was last changed; None if it is not on one line."""
        at = value.place.line
        return None if at is None or at > len(self.dates) else self.dates[at - 1]


def blame_configs(
    project: Project, file: str | None = None, *, rows: Sequence[Row] | None = None
) -> list[BlamedFile]:
    """Annotate the configs on the baseline's tip, or one of them.

    `rows` are the whole log, where it was read already.

    Raises:
        UsageError: the file is not a config there.
    """
    files = config_files(project)
    if file is not None:
        inside = file.removeprefix("./")
        if inside not in files:
            raise UsageError(
                f"{visible(file)} is not a config file on {project.baseline}",
                f"try: gitexp blame {next(iter(files))}",
            )
        files = {inside: files[inside]}
    tested = _tested(project, log(project) if rows is None else rows)
    return [_blamed(project, path, content, tested) for path, content in files.items()]


def _tested(project: Project, rows: Sequence[Row]) -> list[ValueTest]:
    """Experiments with figures, newest first."""
    changes = whole_changes(project.repository, [row.result for row in rows])
    found = []
    for row in rows:
        registration, judgement = row.result.registration, row.result.judgement
        if registration is not None and judgement is not None:
            change, accepted = changes[row.result.commit], row.state is State.ACCEPTED
            found.append(ValueTest(row.result.name, registration, judgement, change, accepted))
    return found


def _blamed(project: Project, path: str, content: bytes, tested: list[ValueTest]) -> BlamedFile:
    # git knows no other line end.
    lines = tuple(content.decode("utf-8", "replace").removesuffix("\n").split("\n"))
    dates = tuple(line_dates(project.repository.git, project.tip, project.path(path)))
    form = formats.format_of(path)
    if form is None:
        wrong = "there is no parser for this format, so its values are not known"
        return BlamedFile(path, lines, dates, (), wrong)
    try:
        leaves = formats.read_leaves(path, content)
    except Malformed as error:
        return BlamedFile(path, lines, dates, (), f"it does not parse: {error}")
    text = content.decode("utf-8-sig")
    places = []
    seed_key = project.settings.seed_key
    seeds = keys_at(leaves, parse_key(seed_key)) if seed_key else []
    for key, value in leaves.items():
        if key in seeds:
            continue  # no experiment may change it: C8
        try:
            line = text.count("\n", 0, form.find_value(text, key)[0]) + 1
        except (ValueError, LookupError):  # more than one line, or a value that stands for another
            line = None
        places.append(ValuePlace(path, key, value, line))
    return BlamedFile(path, lines, dates, tuple(blame(places, tested)))
