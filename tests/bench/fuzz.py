"""Whatever bytes come, the parsers end in a value or in their own error, soon and in little memory.

`python -m tests.bench.fuzz [MINUTES]` drives them by coverage; it needs `pip install atheris`. An
input that breaks the promise is written to the folder where it runs, and read again with
`python -m tests.bench.fuzz FILE`. `python -m tests.bench.fuzz notes [LINES]` is about the lines of
notes, and needs nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

if sys.argv[1:2] == ["notes"]:
    from tests.bench import foreign_lines

    foreign_lines.main(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
    sys.exit()

try:
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]
except ImportError:
    sys.exit("pip install atheris")

with atheris.instrument_imports():
    import ruamel.yaml  # noqa: F401
    import tomli  # noqa: F401

    from gitexp.errors import NotReady
    from gitexp.rules.documents import message, record, registration, settings_file
    from gitexp.rules.gate import formats, hypothesis
    from gitexp.rules.gate.edited import Edited
    from gitexp.rules.gate.formats.malformed import Malformed
    from gitexp.rules.gate.formats.values import same, spell, to_json
    from gitexp.rules.gate.one_change import inspect

FILES = ("c.toml", "c.yaml", "c.json", "c.ini", "c.py", "c.conf", "c.txt")
SEEDS = (
    b'a = 1 # c\n[t]\nb.c = [1, {d = "x"}]\n[[u]]\ne = 1e-3\n[[u]]\ne = 1979-05-27T07:32:00Z\n',
    b"a: &x {b: 1, c: [1, 2]}\n<<: *x\nd: |\n  text\ne: !t 1\n---\n- f: ${g}\n",
    b'{"a": [{"b": 1e5}, {"b": null}], "c": "\\u00e4", "d": [1, [2]]}',
    b"[a]\nb = 1 # c\nd: x\n  y\n[DEFAULT]\ne\n",
    b"import a\nb = dict(c=1, d=[dict(e=-2.5)])\nclass F(G):\n    h: int = 3\ndef i(x):\n    x.y=1",
    b"a = 1\nb: 2 # c\n[s]\nc 3\nc 4\n",
    b"C raises acc because it is low\n\nExperiment: a-b\nChange: c: a = 1 -> 2\nLevel: 0.1\n",
)
_BRIEF = 1 << 14  # bytes of one input; time is measured on long ones elsewhere


def one_input(content: bytes) -> None:
    """Hold one input against the promise; its first two bytes say which parser and which edit."""
    if len(content) < 2:
        return
    kind, place, content = content[0] % (len(FILES) + 2), content[1], content[2:]
    if kind == len(FILES):
        _message(content.decode(errors="surrogateescape"))
    elif kind == len(FILES) + 1:
        _settings(content)
    else:
        _config(FILES[kind], content, len(content) * place // 256)


def _config(file: str, content: bytes, at: int) -> None:
    edited = content[:at] + b"7" + content[at + 1 :]
    found = inspect([Edited(file, "100644", "100644", content, edited)], [file])
    assert (found.change is None) == any(not finding.advice for finding in found.findings)
    assert str(found.change).isprintable()
    for finding in found.findings:
        assert all(line.isprintable() for line in finding.message.split("\n"))
    form = formats.format_of(file)
    if form is None:
        return
    try:
        leaves = formats.read_leaves(file, content)
    except Malformed:
        return
    for key, value in list(leaves.items())[:3]:
        assert same(value, value)
        to_json(value)
        assert spell(value).isprintable()
        try:
            text = form.set_value(content.decode(), key, form.spell_value("a b"))
        except (ValueError, LookupError):
            continue
        assert same(formats.read_leaves(file, text.encode())[key], form.parse_value("a b"))


def _message(text: str) -> None:
    hypothesis.lint(message.hypothesis_of(text), "acc")
    found, findings = registration.parse_message(text)
    assert (found is None) == bool(findings)
    record.parse_records(text)


def _settings(content: bytes) -> None:
    try:
        table = settings_file.table_of("gitexp.toml", content)
        if table is not None:
            settings_file.parse_settings("gitexp.toml", table)
    except NotReady:
        pass


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else "10"
    if Path(given).is_file():
        one_input(Path(given).read_bytes())
        return
    with tempfile.TemporaryDirectory() as corpus:
        for kind, seed in enumerate((*SEEDS, *SEEDS[:1], *SEEDS[6:])):
            Path(corpus, str(kind)).write_bytes(bytes([kind, 100]) + seed)
        atheris.Setup(
            [sys.argv[0], corpus, f"-max_total_time={round(60 * float(given))}", "-timeout=30",
             "-rss_limit_mb=2048", f"-max_len={_BRIEF}", "-print_final_stats=1"],
            one_input,
        )  # fmt: skip
        atheris.Fuzz()


if __name__ == "__main__":
    main()
