"""Each of the newest experiments in full, folded until somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitexp.cli.figures.curves import curves
from gitexp.cli.figures.markup import NOTHING, Markup, joined, tag
from gitexp.cli.figures.measured import measured
from gitexp.cli.figures.pairs import pairs
from gitexp.cli.page.section import (
    LONGEST,
    Section,
    anchor,
    figure,
    in_brief_of,
    listed,
    marked,
    shortened,
    verdict_of,
)
from gitexp.lab.measuring.arms import about_arms
from gitexp.rules.documents.message import hypothesis_of
from gitexp.rules.verdict import words
from gitexp.rules.verdict.explain import what_it_says

if TYPE_CHECKING:
    from gitexp.lab.code.brought_code import CodeSize
    from gitexp.lab.log.log import Row
    from gitexp.workflows.full_report import Detail, FailedRun, FullReport

_ROOM = 160_000  # characters for those that are drawn: a page of 200 stays under 500 kB
_BRIEFLY = 400  # characters of a hypothesis that is not
_MOST_CURVES = 2  # metrics of one experiment
_LEGEND = (
    "In plots of pairs, a ring is the baseline and a disc the experiment; a line joins runs that"
    " share a seed. In plots of curves, the baseline is dashed; each curve is the mean over seeds,"
    " with a band of one standard deviation."
)
_MOST_FAILED = 3  # runs of one experiment whose output is shown
# Trailers that the summary has already, or that the verdict uses up.
_KEPT_QUIET = {"Experiment", "Change", "Campaign", "Level", "Rules", "Vary"}
_PATCH_LINES = 40  # of which the rest is counted
_LINE_LENGTH = 300  # characters of a line of a patch that are shown


def details(report: FullReport) -> Section | None:
    """The experiments in full, newest first; None where there are none."""
    rows = [row for row in report.report.experiments if row.commit in report.details]
    if not rows:
        return None
    folds: list[Markup] = []
    drawn, room = 0, _ROOM
    for row in rows:
        drawn += room > 0
        folds.append(_fold(row, report, drawn=room > 0))
        room -= len(folds[-1])
    said = []
    if len(report.report.experiments) > len(rows):
        said.append(f"The newest {len(rows):,}; for any other: gitexp show NAME.")
    if drawn < len(rows):
        said.append(f"Pairs and curves are drawn for the newest {drawn}.")
    said.append(_LEGEND)
    button = tag("button", "Open all", id="every", type="button", class_="needs-script")
    head = tag("p", " ".join(said), class_="soft")
    return Section("in-full", "Each in full", joined((head, tag("p", button), *folds)))


def _fold(row: Row, report: FullReport, *, drawn: bool) -> Markup:
    detail = report.details[row.commit]
    verdict = verdict_of(row)
    one = measured(row)
    name = shortened(f"exp/{row.result.name}", 80)
    summary = tag(
        "summary", marked(verdict, row.state), " ", tag("code", shortened(in_brief_of(row), 90)),
        f" {one.said}" if one else "", tag("span", f" {name}", class_="soft"),
    )  # fmt: skip
    parts = [
        *_words(row, at_length=drawn),
        *(_pictures(row, detail) if drawn else ()),
        *_rest(row, detail, report.report.code.get(row.result.code)),
    ]
    return tag("details", summary, tag("div", *parts, id=anchor(row.commit)))


def _words(row: Row, *, at_length: bool) -> Iterator[Markup]:
    """What was claimed, and what the verdict says."""
    result, registration, judgement = row.result, row.result.registration, row.result.judgement
    hypothesis = hypothesis_of(result.entry.message)
    yield tag("p", shortened(hypothesis, LONGEST if at_length else _BRIEFLY))
    trailers = [
        f"{token}: {shortened(value, 300)} · "
        for token, value in (registration.trailers() if registration else ())
        if token not in _KEPT_QUIET
    ]
    day, by = tag("span", row.time[:10], class_="date"), shortened(result.entry.author, 80)
    yield tag("p", *trailers, f"{by}, ", day, f", commit {row.commit[:10]}", class_="soft")
    if result.explored:
        yield tag("p", f"Exploratory: {shortened(result.why)}")
    elif registration is not None and judgement is not None:
        says = what_it_says if at_length else words.note_lines
        yield tag("p", " ".join(map(_sentence, says(registration, judgement))))
        if at_length and (said := words.single_runs(registration, judgement)):
            yield tag("p", _sentence(said))
        if at_length and judgement.detail:
            yield tag("p", shortened(judgement.detail))


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '?')) else '.'}"


def _pictures(row: Row, detail: Detail) -> Iterator[Markup]:
    registration = row.result.registration
    if registration is None:
        return
    criterion = registration.criterion
    shown = []
    drawing = pairs(detail.seeds, criterion.metric, higher_is_better=criterion.higher_is_better)
    if drawing is not None:
        shown.append(figure(drawing, caption=f"{criterion.metric} by seed"))
    for one in detail.curves[:_MOST_CURVES]:
        if drawing := curves(one.metric, one.experiment, one.baseline):
            shown.append(figure(drawing, caption=f"{one.metric} by step"))
    if shown:
        yield tag("div", *shown, class_="pictures")


def _rest(row: Row, detail: Detail, size: CodeSize | None) -> Iterator[Markup]:
    """What changed, what told the arms apart, what was said, how runs failed."""
    yield diff(detail.patch, row.commit)
    if detail.code_patch:
        yield tag("h3", f"Code commit {row.result.code[:10]}")
        proof = row.result.judgement.code if row.result.judgement else ""
        if said := "; ".join(filter(None, (str(size or ""), proof))):
            yield tag("p", shortened(said))
        yield diff(detail.code_patch, row.result.code)
    if found := [f"{one.id} {one.message}" for one in about_arms(row.result.name, detail.arms)]:
        yield listed(found)
    if detail.arms.differing:
        names = ", ".join(detail.arms.differing)
        yield tag("p", f"Variables that differ between the arms: {shortened(names, 300)}")
    if remarks := row.result.remarks:
        yield listed(shortened(str(remark)) for remark in remarks)
    for failed in detail.failed[:_MOST_FAILED]:
        yield from _failure(failed)
    if more := len(detail.failed[_MOST_FAILED:]):
        yield tag("p", f"and {more} more failed runs", class_="soft")


def _failure(failed: FailedRun) -> Iterator[Markup]:
    why = f"Seed {failed.seed}, attempt {failed.attempt}: {shortened(failed.failure, 500)}"
    yield tag("p", why)
    if failed.last_lines:
        yield tag("pre", shortened(failed.last_lines))


def diff(patch: str, commit: str) -> Markup:
    """A patch of git's as the page shows it; of a long one, the beginning."""
    lines = [*diff_lines(patch)]
    if not any(lines):
        return NOTHING
    shown = lines[:_PATCH_LINES]
    if more := lines[_PATCH_LINES:]:
        shown.append(f"and {len(more)} more lines: git show {commit[:10]}")
    return tag("pre", joined((line or " " for line in shown), "\n"))


def diff_lines(patch: str) -> Iterator[str]:
    """Lines that say something; of a file's head, its name after the change."""
    in_hunk = False
    for line in patch.rstrip("\n").split("\n"):
        shown = shortened(line, _LINE_LENGTH)
        if line.startswith("diff --git "):
            in_hunk = False
        elif line.startswith("@@ "):
            in_hunk = True
            yield shown
        elif in_hunk and line.startswith(("+", "-")):
            yield tag("ins" if line.startswith("+") else "del", shown)
        elif in_hunk or not line.startswith(("index ", "--- ")):
            yield shown
