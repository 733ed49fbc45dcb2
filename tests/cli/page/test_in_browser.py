"""The page in a real browser without a network: it works, keeps quiet, and is open to everybody."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arrange import settle
from tests.browser import Browser, browsing, find_browser
from tests.project import World

BROWSER = find_browser()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="NO BROWSER: the report was not opened in one"),
]
ROWS = "[...document.querySelectorAll('#table tbody tr')].filter(row => !row.hidden)"
ATTACK = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


@pytest.fixture
def report(ready: World) -> Path:
    """The page of a project with one accepted, one ruled-out and one planned experiment."""
    settle(ready, repeats=[3], planned=4, error_budget=0.4)
    ready.gitexp("goal", "accuracy >= 0.97")
    won = ready.start("--set", "model.C=10", "--gain", "0.02", "--chance", "0.5")
    lost = ready.start("--set", "model.C=9", "--expect", "accuracy +0.05", "--gain", "0.01")
    ready.gitexp("run", won, lost, "--jobs", "2")
    ready.gitexp("accept", won)
    low = f"lr {ATTACK} lifts accuracy because {400 * 'x'} is low"
    ready.start("--set", "train.lr=2e-3", text=low)
    ready.gitexp("report", "-o", "report.html")
    return ready.path / "report.html"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    assert BROWSER is not None
    with browsing(BROWSER, tmp_path / "profile") as found:
        yield found


def test_the_page_sorts_filters_follows_links_and_asks_for_nothing(
    report: Path, browser: Browser
) -> None:
    browser.look(1280, 900)
    browser.open(report.as_uri())

    def column(number: int) -> list[str]:
        found: list[str] = browser.ask(f"{ROWS}.map(row => row.cells[{number}].innerText)")
        return found

    head = "document.querySelectorAll('#table thead th')[3]"
    browser.ask(f"{head}.querySelector('button').focus()")
    browser.press("Enter")
    assert browser.ask(f"{head}.getAttribute('aria-sort')") == "ascending"
    # What was measured in order, and last what was not.
    assert [text[:4] for text in column(3)][:2] == sorted(text[:4] for text in column(3)[:2])
    assert column(0)[2].startswith("planned")
    browser.press("Enter")
    assert browser.ask(f"{head}.getAttribute('aria-sort')") == "descending"
    assert column(0)[2].startswith("planned")

    search = "document.getElementById('search')"
    browser.ask(f"{search}.value = 'model.C 10'; {search}.dispatchEvent(new Event('input'))")
    assert len(column(0)) == 1
    assert browser.ask("document.getElementById('shown').textContent") == "1 of 3 shown"
    browser.ask(f"{search}.value = ''; {search}.dispatchEvent(new Event('input'))")
    browser.ask("document.querySelector('#verdicts input[value=confirmed]').click()")
    assert len(column(0)) == 2
    assert not any("confirmed" in text for text in column(0))

    browser.ask(f"{ROWS}[0].querySelector('a').click()")
    browser.wait_for("document.querySelector('details[open]') !== null")
    target = browser.ask("location.hash.slice(1)")
    assert browser.ask(f"document.getElementById('{target}').checkVisibility()")

    before = browser.ask("getComputedStyle(document.body).backgroundColor")
    browser.ask("document.getElementById('scheme').click()")
    assert browser.ask("getComputedStyle(document.body).backgroundColor") != before
    # The policy holds even for a script that got in.
    browser.ask("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    assert browser.ask("getComputedStyle(document.body.lastChild).color") != "rgb(255, 0, 0)"
    assert [text for text in browser.complaints if "inline style" not in text] == []
    assert browser.ask("window.hacked") is None
    assert set(browser.requests) == {report.as_uri()}


def test_no_screen_is_too_narrow_for_it(report: Path, browser: Browser) -> None:
    for width, phone in ((320, True), (390, True), (768, False), (1280, False)):
        browser.look(width, 800, phone=phone)
        browser.open(report.as_uri())
        browser.ask("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
        assert browser.ask("document.documentElement.scrollWidth") <= width


def test_axe_finds_nothing_that_shuts_anybody_out(
    report: Path, browser: Browser, tmp_path: Path
) -> None:
    script = _axe(tmp_path).read_text("utf-8")
    for dark in (False, True):
        for width in (1280, 390):
            browser.look(width, 900, dark=dark, phone=width < 1000)
            browser.open(report.as_uri())
            browser.ask("document.querySelectorAll('details').forEach(f => { f.open = true; })")
            browser.ask(f"{script}; undefined")
            found = browser.ask(
                "axe.run().then(found => found.violations.map(one =>"
                " `${one.id}: ${one.nodes[0].target} ${one.nodes[0].failureSummary}`))"
            )
            assert found == [], (width, dark)


def _axe(folder: Path) -> Path:
    """The script of axe-core: the one that GITEXP_AXE names, or else npm's."""
    if given := os.environ.get("GITEXP_AXE"):
        return Path(given)
    npm = shutil.which("npm")
    if npm is not None:
        words = (npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "axe-core@4")
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode == 0:
            return folder / "node_modules" / "axe-core" / "axe.min.js"
    pytest.skip("NO AXE-CORE: set GITEXP_AXE to axe.min.js; accessibility was not checked")
