"""The page that a report is: what is in it, and what no text can put there."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from tests.arrange import settle
from tests.project import World

ELEMENTS = {
    "html", "head", "meta", "link", "title", "style", "script", "body", "header", "nav", "main",
    "section", "footer", "h1", "h2", "h3", "p", "a", "ul", "li", "dl", "dt", "dd", "div", "span",
    "small", "code", "pre", "ins", "del", "button", "label", "input", "fieldset", "legend", "table",
    "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "details", "summary",
    "svg", "g", "defs", "use", "path", "line", "circle", "rect", "text", "desc", "wbr",
}  # fmt: skip
ATTACK = "</p></script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"

ESCAPES = "\x1b[31mred\u202e\u0007"


class Page(HTMLParser):
    """The elements and attributes of a page, and the text that is shown."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[tuple[str, str]] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.policy = ""
        self.inside: dict[str, str] = {}
        self.shown = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        found = {name: value or "" for name, value in attrs}
        self.attributes |= {(tag, name) for name in found}
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]
        if tag not in {"meta", "link", "input"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in {"meta", "link", "input"}:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"style", "script"}:
            self.inside[self._open[-1]] = data
        else:
            self.shown += data


@pytest.mark.slow
def test_a_page_holds_all_there_is_and_nothing_that_a_text_put_there(ready: World) -> None:
    settle(ready, repeats=[3], planned=4, error_budget=0.4)
    train = (ready.path / "train.py").read_text()
    fails = f"\nif config['model']['C'] == 7:\n    raise SystemExit({ATTACK + ESCAPES!r})\n"
    ready.write("train.py", train + fails)
    ready.commit("Fail with a long story")
    ready.gitexp("goal", "accuracy >= 0.97")
    failed = ready.start("--set", "model.C=7", text=f"C=7 {ATTACK} fails because it must")
    won = ready.start("--set", "model.C=10", "--gain", "0.02", "--chance", "0.5")
    lost = ready.start("--set", "model.C=9", "--expect", "accuracy +0.05", text=f"C=9 {ATTACK} is"
                       " what helps because it underfits")  # fmt: skip
    ready.gitexp("run", won, lost, "--jobs", "2")
    ready.gitexp("run", failed, code=4)
    ready.gitexp("accept", won)
    waiting = ready.start("--set", "train.lr=2e-3")
    ready.git("switch", "--quiet", f"exp/{waiting}")
    said = ready.git("log", "-1", "--format=%B")
    begin = f"{ATTACK} {ESCAPES} because {100_000 * 'x'}\n\n"
    ready.git("commit", "--amend", "--no-verify", "--quiet", "-m", begin + said.split("\n\n", 1)[1])
    ready.git("switch", "--quiet", "main")

    ready.gitexp("report", "-o", "report.html", "--number", "2")
    cut = Page((ready.path / "report.html").read_text("utf-8"))
    assert "The newest 2 of 4 experiments" in cut.shown

    ready.gitexp("report", "-o", "report.html")
    text = (ready.path / "report.html").read_text("utf-8")
    page = Page(text)
    assert set(page.elements) <= ELEMENTS
    assert page.elements["script"] == page.elements["style"] == page.elements["main"] == 1
    assert not [name for _, name in page.attributes if name.startswith("on") or name == "style"]
    for element, source in (("script", "script-src"), ("style", "style-src")):
        digest = hashlib.sha256(page.inside[element].encode()).digest()
        assert f"{source} 'sha256-{base64.b64encode(digest).decode()}'" in page.policy
    assert "default-src 'none'" in page.policy
    assert "unsafe" not in page.policy

    # Every link leads to something in the page, and nothing but the empty icon leads out of it.
    assert {link for link in page.links if not link.startswith("#")} == {"data:,"}
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))

    assert page.shown.count(ATTACK) > 5
    assert f"{ATTACK}\\x1b[31mred\\u202e" in page.shown  # what the failed run printed
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", text)
    assert "\\x1b[31mred\\u202e" in page.shown
    assert "more characters)" in page.shown
    assert len(text) < 60_000
    for heading in (
        "Where it stands", "Experiments", "Predicted and measured", "Where it loses",
        "Planned next", "Dead ends", "Config", "Ladder", "Each in full",
    ):  # fmt: skip
        assert heading in page.shown
    assert page.elements["details"] == 4
    assert "Places left" in page.shown
    assert "+C = 10  # strength" in page.shown
    assert "never tested" in page.shown
    assert "Not known: " in page.shown


def test_a_page_of_nothing_is_one_too(ready: World) -> None:
    ready.gitexp("report", "-o", "report.html")
    page = Page((ready.path / "report.html").read_text("utf-8"))
    assert page.elements["table"] == 1  # the config's
    assert "0 experiments" in page.shown
