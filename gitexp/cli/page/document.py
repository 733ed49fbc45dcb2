"""The page that `gitexp report -o report.html` writes: one file that needs nothing else.

What is shown comes from anybody who could push: hypotheses, names, logs. `markup` escapes it; and a
Content-Security-Policy lets the browser run gitexp's own script and style by their hashes, load
nothing, and send nothing, in case anything ever slips through.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from gitexp.cli.figures.markup import Markup, document, joined, raw, tag
from gitexp.cli.figures.svg import WRITTEN_BY
from gitexp.cli.page.details import details
from gitexp.cli.page.experiments import experiments
from gitexp.cli.page.overview import overview
from gitexp.cli.page.planning import dead_ends, gaps, planned, predictions
from gitexp.cli.page.section import shortened
from gitexp.cli.page.settled import configs, ladder
from gitexp.rules.text import counted

if TYPE_CHECKING:
    from gitexp.workflows.full_report import FullReport

_LONGEST_TITLE = 160  # characters


def page(
    report: FullReport, goals: Sequence[str], campaign: Sequence[str], most: int | None = None
) -> Markup:
    """The whole page; `goals` and `campaign` are its sentences, as the log has them.

    At most `most` experiments are listed.
    """
    found = report.report
    sections = [
        section
        for section in (
            overview(report, goals, campaign),
            experiments(report, most),
            predictions(report),
            gaps(report),
            planned(report),
            dead_ends(report),
            configs(report),
            ladder(report),
            details(report),
        )
        if section is not None
    ]
    style, script = (_own(name) for name in ("style.css", "script.js"))
    title = shortened(f"{found.standing.metric} on {found.baseline}", _LONGEST_TITLE)
    about = (
        f"{counted(len(found.experiments), 'experiment')} up to {found.day}, baseline at"
        f" {found.commit[:8]}"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content=WRITTEN_BY),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{title}: {about}"),
        raw("style", style),
    )
    body = tag(
        "body",
        tag("a", "Skip to content", class_="skip", href="#main"),
        tag(
            "header",
            tag("div", tag("h1", title), tag("p", about, class_="soft")),
            tag("button", "Light or dark", id="scheme", type="button", class_="needs-script"),
        ),
        tag("nav", tag("ul", *(section.link() for section in sections)), aria_label="Sections"),
        tag("main", *(section.written() for section in sections), id="main"),
        tag("footer", _foot(report)),
        raw("script", script),
    )
    return document("html", tag("html", head, body, lang="en"))


def _foot(report: FullReport) -> Markup:
    said = (
        f"Written by gitexp report on {report.report.day}. Each figure can be computed again from"
        " the records in the repository: "
    )
    return joined((said, tag("code", "gitexp verify"), "."))


def _own(name: str) -> str:
    return files("gitexp.cli.page").joinpath(name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """What a browser may do with the page: nothing but show it, with this style and this script."""
    return "; ".join((
        "default-src 'none'", f"style-src '{_hash(style)}'", f"script-src '{_hash(script)}'",
        "img-src data:", "base-uri 'none'", "form-action 'none'",
    ))  # fmt: skip


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
