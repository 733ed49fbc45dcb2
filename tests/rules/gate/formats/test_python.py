from __future__ import annotations

import ast
import warnings
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats import python
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.values import Source, same
from gitexp.rules.gate.one_change import inspect
from tests.rules.gate.config_files import flatten
from tests.rules.gate.formats.cases import leaves, said, set_to, spelled_leaves
from tests.rules.gate.formats.drawn import FORMATS

unhurried = settings(deadline=None, max_examples=60)
DOCUMENTS = FORMATS[3].documents

# Before, after, what is said of it.
EDITS = (
    # values
    ("a = 1\n", "a = 2\n", "a = 1 -> 2"),
    ("a = 1\n", "a = 1.0\n", "a = 1 -> 1.0"),
    ("a = 1\n", "a = True\n", "a = 1 -> true"),
    ("a = 1\n", "a = '1'\n", 'a = 1 -> "1"'),
    ("a = 0.0\n", "a = -0.0\n", "a = 0.0 -> -0.0"),
    ("a = None\n", "a = 1\n", "a = null -> 1"),
    ("a = 'x'\n", "a = b'x'\n", "a = \"x\" -> b'x'"),
    ("a = [1, 2]\n", "a = (1, 2)\n", "a = [1, 2] -> (1, 2)"),
    ("a = (1, 2)\n", "a = (1, True)\n", "a = (1, 2) -> (1, true)"),
    ("a: int = 1\n", "a: int = 2\n", "a = 1 -> 2"),
    ("class A:\n    b = 1\n", "class A:\n    b = 2\n", "A.b = 1 -> 2"),
    ("class A:\n    class B:\n        c = 1\n", "class A:\n    class B:\n        c = 2\n",
     "A.B.c = 1 -> 2"),
    ("_C.M.LR = 1\n", "_C.M.LR = 2\n", '"_C.M.LR" = 1 -> 2'),
    ("c['x'] = 1\n", "c['x'] = 2\n", '"c[\'x\']" = 1 -> 2'),
    # expressions
    ("a = 10 * 2\n", "a = 10 * 3\n", "a = 10 * 2 -> 10 * 3"),
    ("a = 20\n", "a = 10 * 2\n", "a = 20 -> 10 * 2"),
    ("a = 'b'\n", "a = b\n", 'a = "b" -> b'),
    ("a = f'{x}'\n", "a = f'{y}'\n", "a = f'{x}' -> f'{y}'"),
    ("a = f(1)\n", "a = f(2)\n", "a = f(1) -> f(2)"),
    # tables
    ("a = {'b': 1, 'c': {'d': 2}}\n", "a = {'b': 1, 'c': {'d': 3}}\n", "a.c.d = 2 -> 3"),
    ("a = dict(b=1)\n", "a = dict(b=2)\n", "a.b = 1 -> 2"),
    ("a = dict(b=1)\n", "a = dict(b=1, c=2)\n", "a.c = (absent) -> 2"),
    ("a = dict()\n", "a = dict(c=2)\n", "a.c = (absent) -> 2"),
    ("a = [dict(b=1), dict(b=1)]\n", "a = [dict(b=1), dict(b=2)]\n", "a[1].b = 1 -> 2"),
    ("a = ({'b': 1},)\n", "a = ({'b': 2},)\n", "a[0].b = 1 -> 2"),
    ("a = SVC(C=1, g=2)\n", "a = SVC(C=10, g=2)\n", "a.C = 1 -> 10"),
    ("a = SVC(C=1)\n", "a = NuSVC(C=1)\n", 'a."(call)" = SVC() -> NuSVC()'),
    ("a = f(x, C=1)\n", "a = f(y, C=1)\n", 'a."(call)" = f(x) -> f(y)'),
    ("a = edict({'b': 1})\n", "a = edict({'b': 2})\n", "a[0].b = 1 -> 2"),
    ("a = L(Adam)(lr=1)\n", "a = L(Adam)(lr=2)\n", "a.lr = 1 -> 2"),
    ("a = {**b, 'c': 1}\n", "a = {**d, 'c': 1}\n", 'a."**" = b -> d'),
    ("a = {1: 2, 3: 4}\n", "a = {1: 2, 3: 5}\n", "a.3 = 4 -> 5"),
    ("a = {X.Y: 2}\n", "a = {X.Y: 3}\n", 'a."(X.Y)" = 2 -> 3'),
    ("a = {'b': 1, 'b': 2}\n", "a = {'b': 1, 'b': 3}\n",
     "a = {'b': 1, 'b': 2} -> {'b': 1, 'b': 3}"),
    ("{'a': {'b': 1}}\n", "{'a': {'b': 2}}\n", "a.b = 1 -> 2"),
    # keys of several kinds side by side
    ("a = [f(dict(b=1), c=2), 3]\nd = 1\n", "a = [f(dict(b=1), c=2), 3]\nd = 2\n", "d = 1 -> 2"),
    ("a = f({1: 2}, *b, c=3, **d)\n", "a = f({1: 2}, *b, c=4, **d)\n", "a.c = 3 -> 4"),
    ("a = f(*[1], **{'b': 2})\n", "a = f(*[1], **{'b': 3})\n", 'a."**".b = 2 -> 3'),
    ("a = {(1, 'x'): 1, 2: 3, **b, 'c': {4, 5}}\n", "a = {(1, 'x'): 9, 2: 3, **b, 'c': {4, 5}}\n",
     "a.\"((1, 'x'))\" = 1 -> 9"),
    ("a = [f({1: 2}, b=f'{x!r:>{w}}'), [y := 4]]\n", "a = [f({1: 2}, b=f'{x!r:>{w}}'),[y := 4]]\n",
     "C4 0"),
    # code
    ("import a\n", "import b\n", '"(import)" = import a -> import b'),
    ("a = 1\n", "import b\na = 1\n", '"(import)" = (absent) -> import b'),
    ("import a\nimport c\n", "import a\nimport b\nimport c\n",
     '"(import)" = [import a, import c] -> [import a, import b, import c]'),
    ("print(1)\n", "print(2)\n", '"(print)" = print(1) -> print(2)'),
    ("init(lr=1)\n", "init(lr=2)\n", '"(init)".lr = 1 -> 2'),
    ("p.add_argument('--lr', default=1)\n", "p.add_argument('--lr', default=2)\n", "--lr = 1 -> 2"),
    ("p.add_argument('--lr', type=int)\n", "p.add_argument('--lr', type=float)\n",
     '"(--lr)".type = int -> float'),
    ("p.add_argument('--lr', default=1)\n",
     "p.add_argument('--lr', default=1)\np.add_argument('--n', default=1)\n", "C2 2"),
    ("p.add_argument('--lr', default=1, help='a')\n",
     "p.add_argument('--lr', default=2, help='b')\n", "C2 2"),
    ("@click.option('--lr', default=1)\ndef f(lr):\n    g()\n",
     "@click.option('--lr', default=2)\ndef f(lr):\n    g()\n", "f.--lr = 1 -> 2"),
    ("@option('-a/-b', default=1)\ndef f(a): pass\n",
     "@option('-a/-c', default=1)\ndef f(a): pass\n",
     "f.\"(def)\" = @option('-a/-b')\\u000adef _(a): -> @option('-a/-c')\\u000adef _(a):"),
    ("@app.command()\ndef f(a, lr=1): pass\n", "@app.command()\ndef f(a, lr=2): pass\n",
     "f.--lr = 1 -> 2"),
    ("@app.command()\ndef f(a, lr): pass\n", "@app.command()\ndef f(a, lr=2): pass\n",
     "f.--lr = (absent) -> 2"),
    ("@app.command()\ndef f(a, *, lr=1): pass\n", "@app.command()\ndef f(a, lr=1): pass\n",
     'f."(def)" = @app.command()\\u000adef _(a, *, lr): -> @app.command()\\u000adef _(a, lr):'),
    ("def f(a=typer.Option(1, help='x')): pass\n", "def f(a=typer.Option(1, help='y')): pass\n",
     'f."(--a)".help = "x" -> "y"'),
    ("def f(a=typer.Option(1), b=2): pass\n", "def f(a=typer.Option(3), b=4): pass\n", "C2 2"),
    ("def f(n_layers=1): pass\nfire.Fire(f)\n", "def f(n_layers=2): pass\nfire.Fire(f)\n",
     "f.--n-layers = 1 -> 2"),
    ("def f(n=1): pass\ntyper.run(f)\n", "def f(n=2): pass\ntyper.run(f)\n", "f.--n = 1 -> 2"),
    ("def f(n=1): pass\n", "def f(n=2): pass\n", 'f."(def)" = def _(n=1): -> def _(n=2):'),
    ("LR = flags.DEFINE_float('lr', 1, 'x')\n", "LR = flags.DEFINE_float('lr', 2, 'x')\n",
     "--lr = 1 -> 2"),
    ("flags.DEFINE_float('lr', default=1)\n", "flags.DEFINE_float('lr', default=2)\n",
     "--lr = 1 -> 2"),
    ("flags.DEFINE_float('lr', 1, 'x')\n", "flags.DEFINE_integer('lr', 1, 'x')\n",
     "\"(--lr)\" = flags.DEFINE_float('lr', ..., 'x') -> flags.DEFINE_integer('lr', ..., 'x')"),
    ("if __name__ == '__main__':\n    a = 1\n", "if __name__ == '__main__':\n    a = 2\n",
     "a = 1 -> 2"),
    ("if __name__ == '__main__':\n    f()\n", "if __name__ == '__main__': f()\n", "C4 0"),
    ("if __name__ == '__main__': f()\n", "f()\n",
     "\"(if)\" = if __name__ == '__main__' -> (absent)"),
    ("def f():\n    return 1\n", "def f():\n    return 2\n",
     'f."(return)" = return 1 -> return 2'),
    ("def f(x):\n    c.lr = 1\n    return c\n", "def f(x):\n    c.lr = 2\n    return c\n",
     'f."c.lr" = 1 -> 2'),
    ("def f(x):\n    return x\n", "def f(x=1):\n    return x\n",
     'f."(def)" = def _(x): -> def _(x=1):'),
    ("class A:\n  async def f(x):\n    y = 1\n", "class A:\n  async def f(x):\n    y = 2\n",
     "A.f.y = 1 -> 2"),
    ("for i in a:\n    b = 1\n", "for i in a:\n    b = 2\n",
     '"(for)" = for i in a:\\u000a    b = 1 -> for i in a:\\u000a    b = 2'),
    ("a += 1\n", "a += 2\n", '"(a)" = a += 1 -> a += 2'),
    # one name twice: the last value counts, and each that code may have read before
    ("a = 1\na = 2\n", "a = 1\na = 3\n", "a = 2 -> 3"),
    ("a = 1\n", "a = 1\na = 2\n", "a = 1 -> 2"),
    ("a = 1\nb = 2 * a\na = 3\n", "a = 2\nb = 2 * a\na = 3\n", "a = [1, 3] -> [2, 3]"),
    ("a = 1\nf()\na = 3\n", "a = 2\nf()\na = 3\n", "a = [1, 3] -> [2, 3]"),
    ("a = f()\na = 3\n", "a = g()\na = 3\n", "a = [f(), 3] -> [g(), 3]"),
    ("class A:\n    b = 1\n    b = 2\n", "class A:\n    b = 3\n    b = 2\n", "C4 0"),
    ("a = 1\nb = {'c': 2}\na = 3\n", "a = 2\nb = {'c': 2}\na = 3\n", "C4 0"),
    ("a = 1\n", "a = 1\na = 1\n", "C4 0"),
    ("a = 1\na: int = a + 1\n", "a = 2\na: int = a + 1\n", "a = [1, a + 1] -> [2, a + 1]"),
    ("a = 1\nb = dict(c=a)\na = 2\n", "a = 1\nb = dict(c=d)\na = 2\n", "b.c = a -> d"),
    ("class A(B):\n    c = 1\n", "class A(D):\n    c = 1\n",
     'A."(class)" = class _(B): -> class _(D):'),
    ("class A:\n    c: int\n", "class A:\n    c: float\n", 'A."(c)" = c: int -> c: float'),
    # several at once
    ("a, b = 1, 2\n", "a, b = 2, 3\n", "C2 2"),
    ("a = b = 1\n", "a = b = 2\n", "C2 2"),
    ("a = 1; b = 2\n", "a = 2; b = 3\n", "C2 2"),
    ("a = dict(b=1, c=2)\n", "a = dict(b=2, c=3)\n", "C2 2"),
    ("a = SVC(C=1, g=2)\n", "a = SVC(C=2, g=3)\n", "C2 2"),
    ("a = f({'b': 1, 'c': 2})\n", "a = f({'b': 2, 'c': 3})\n", "C2 2"),
    ("a = 1\n", "b = 1\n", "C9 0"),
    ("class A:\n    b = 1\n", "class C:\n    b = 1\n", "C9 0"),
    # the same
    ("a = 1 # c\n", "a = 1 # d\n", "C4 0"),
    ("a = 'x'\n", 'a = "x"\n', "C4 0"),
    ("a = 1_000\n", "a = 1000\n", "C4 0"),
    ("a = 1\n", "a: int = 1\n", "C4 0"),
    ("a = {'b': 1}\n", "a = dict(b=1)\n", "C4 0"),
    ("a = {1, 2}\n", "a = {2,1}\n", "C4 0"),
    ("a = f( 1 )\n", "a = f(1)\n", "C4 0"),
    ('"""Doc."""\na = 1\n', '"""Other."""\na = 1\n', "C4 0"),
    ('def f():\n    """Doc."""\n    pass\n', 'def f():\n    """Other."""\n    pass\n', "C4 0"),
    ("a = 1\nb = 2\n", "b = 2\na = 1\n", "C4 0"),
    ("a = 1\n", "a = 1\r\n", "C5 0"),
    # broken
    ("a = 1\n", "a = \n", "C7 0"),
)  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), EDITS)
def test_an_edit_is_judged_by_the_values_that_it_changes(
    before: str, after: str, expected: str
) -> None:
    assert said("c.py", before, after) == expected


def test_one_more_statement_anywhere_is_one_more_value() -> None:
    lines = ["import a", "x = 1", "f()", "assert x", "if x:\n    y = 1", "import b", "g()"]
    for at in range(len(lines) + 1):
        for new in ("import c", "h()", "assert y", "del x", "x += 1", "z = 3"):
            longer = [*lines[:at], new, *lines[at:]]
            text, edited = ("".join(f"{line}\n" for line in each) for each in (lines, longer))
            assert not said("c.py", text, edited).startswith("C"), new
            assert not said("c.py", edited, text).startswith("C"), new


def test_a_texts_that_looks_like_another_key_keeps_its_quotes() -> None:
    text = "a = {0: 1, '0': 2, '(X)': 3, X: 4, '**': 5, **b, '': 6, None: 7, 'c d': 8}\n"
    assert [key[1] for key in leaves("c.py", text)] == [
        "0", "'0'", "'(X)'", "(X)", "'**'", "**", "''", "(None)", "c d",
    ]  # fmt: skip


MALFORMED = (
    ("a = 1\nb = \n", "invalid syntax (at line 2, column 5)", 2),
    ("a = (\n1\n", "'(' was never closed (at line 1, column 5)", 1),
    ("a = 1\n\tb = 2\n", "unexpected indent (at line 2, column 1)", 2),
    ("a = '\n", "unterminated string literal", 1),
    ("a = 0777\n", "leading zeros", 1),
    ("a = 0x" + "f" * 5_000, "integer is too long", None),
    ("a = (1, 0x" + "f" * 5_000 + ")", "integer is too long", None),
    ("a = 1" + " + 1" * 5_000, "nested too deeply", None),
    ("a = " + "-" * 7_000 + "1", "nested too deeply", None),
)


@pytest.mark.parametrize(("text", "message", "line"), MALFORMED, ids=[m for _, m, _ in MALFORMED])
def test_what_does_not_parse_says_so_and_where(text: str, message: str, line: int | None) -> None:
    with pytest.raises(Malformed) as caught:
        leaves("c.py", text)
    assert message in str(caught.value)
    assert caught.value.line == line


def test_nothing_is_executed_and_no_warning_reaches_anybody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = "a = '\\d'\nb = 1 is 1\nc = __import__('os').abort()\nraise SystemExit\n"
        assert spelled_leaves("c.py", text)["c"] == "__import__('os').abort()"
        assert python.parse_value("'\\d'") == "\\d"


SET = (
    ("a = 1  # c\n", "a", "2", "a = 2  # c\n"),
    ("a: int=1\r\nb = 1\r\n", "a", "2", "a: int=2\r\nb = 1\r\n"),
    ("a = 'ü😀'; b = 1\n", "b", "2", "a = 'ü😀'; b = 2\n"),
    ("größe = 'ü' # 😀\n", '"größe"', "x", 'größe = "x" # 😀\n'),
    ("a = dict(b=1, c=[1, 2])\n", "a.c", "[3]", "a = dict(b=1, c=[3])\n"),
    ("a = {\n    'b': 1,\n    'c': 2,\n}\n", "a.c", "3", "a = {\n    'b': 1,\n    'c': 3,\n}\n"),
    ("a = [dict(b=1), dict(b=1)]\n", "a[1].b", "2", "a = [dict(b=1), dict(b=2)]\n"),
    ("a = f({'b': 1}, c=1)\n", "a[0].b", "2", "a = f({'b': 2}, c=1)\n"),
    ("class A:\n    b = -1\n", "A.b", "-2", "class A:\n    b = -2\n"),
    ("_C.M.LR = 10 ** 2\n", "_C.M.LR", "0.5", "_C.M.LR = 0.5\n"),
    ("a, b = 1, 2\n", "b", "3", "a, b = 1, 3\n"),
    ("a = (1)\n", "a", "2", "a = (2)\n"),
    ("a = 'x' 'y'\n", "a", "z", 'a = "z"\n'),
    ("def f():\n    a = 1\n\x0ca = 1\n", "a", "2", "def f():\n    a = 1\n\x0ca = 2\n"),
    ("a = True\n", "a", "False", "a = False\n"),
    ("a = True\n", "a", "false", 'a = "false"\n'),
    ("a = 1\n", "a", "10 * 2", 'a = "10 * 2"\n'),
    ("a = 1\n", "a", "2 # c", 'a = "2 # c"\n'),
    ("a = 1\n", "a", "None", "a = None\n"),
    ("a = b = 1\n", "a", "2", "a = b = 2\n"),
    (
        "def f():\n    p.add_argument('-b', '--batch-size', default=1)\n",
        "batch_size",
        "2",
        "def f():\n    p.add_argument('-b', '--batch-size', default=2)\n",
    ),
    (
        "def f():\n    c.m['lr'] = 1\n    lr_of(c)\n",
        "lr",
        "2",
        "def f():\n    c.m['lr'] = 2\n    lr_of(c)\n",
    ),
    ("def f():\n    c.lr = 1\nlr = 1\n", "lr", "2", "def f():\n    c.lr = 1\nlr = 2\n"),
    (
        "if __name__ == '__main__':\n    p.add_argument('--lr', type=f, default=1, help='')\n",
        "lr",
        "2",
        "if __name__ == '__main__':\n    p.add_argument('--lr', type=f, default=2, help='')\n",
    ),
)


@pytest.mark.parametrize(("text", "key", "typed", "expected"), SET)
def test_a_value_is_replaced_where_it_is(text: str, key: str, typed: str, expected: str) -> None:
    assert set_to("c.py", text, key, typed) == expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("import a\n", '"(import)"'),
        ("def f(): pass\n", '"(def f)"'),
        ("a = 1\nf()\na = 2\n", "a"),
        ("a += 1\n", '"(a)"'),
        ("a = SVC(C=1)\n", 'a."(call)"'),
        ("class A(B): pass\n", 'A."(class)"'),
        ("a = '''x\ny'''\n", "a"),
        ("a = [\n1]\n", "a"),
    ],
)
def test_code_and_long_values_are_left_to_an_editor(text: str, key: str) -> None:
    with pytest.raises((LookupError, ValueError)):
        set_to("c.py", text, key, "2")


# --- other readers ------------------------------------------------------------------------------

LIBRARY = sorted(
    path for path in Path(ast.__file__).parent.glob("*.py") if 3_000 < path.stat().st_size < 7_000
)[:40]


@pytest.mark.parametrize("module", LIBRARY, ids=lambda path: path.stem)
def test_a_new_line_in_a_program_of_any_kind_is_one_change(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    for value in leaves("c.py", text).values():
        assert same(value, value)
    assert said("c.py", text, f"{text}not_yet_a_name = [1]\n") == "not_yet_a_name = (absent) -> [1]"


@unhurried
@given(DOCUMENTS.filter(lambda text: "{1, 2}" not in text))  # a set is one value here
def test_literals_are_what_ast_literal_eval_reads(text: str) -> None:
    found = leaves("c.py", text)
    compared = 0
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            try:
                value = ast.literal_eval(statement.value)
            except ValueError:
                continue
            name = ast.unparse(target)
            if text.count(f"{name} =") > 1:
                continue
            expected = dict(flatten(value, (name,)))
            assert all(same(found[key], expected[key]) for key in expected)
            compared += len(expected)
    assume(compared)


@unhurried
@given(DOCUMENTS)
def test_formatting_by_unparse_changes_no_value(text: str) -> None:
    found, again = leaves("c.py", text), leaves("c.py", ast.unparse(ast.parse(text)))
    assert list(found) == list(again)
    assert all(same(found[key], again[key]) for key in found)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.binary(max_size=4),
    lambda inside: st.lists(inside, max_size=3) | st.tuples(inside, inside)
    | st.dictionaries(st.sampled_from("abc"), inside, max_size=3),
    max_leaves=8,
)  # fmt: skip


@unhurried
@given(_PLAIN)
def test_what_repr_writes_is_typed_as_the_value_it_is(value: object) -> None:
    typed = repr(value)
    assume(typed.isprintable() and "Source" not in typed)
    read = python.parse_value(typed)
    assert not isinstance(read, Source)
    assert python.spell_value(typed) == typed
    assert set_to("c.py", "a = b = 'before'", "a", typed) == f"a = b = {typed}" or value == "before"


@pytest.mark.parametrize(
    ("before", "after", "formerly"),
    [
        ("p.add_argument('--lr', default=1)\n", "p.add_argument('--lr', default=2)\n",
         '"(p.add_argument)".default = 1 -> 2'),
        ("def f():\n    p.add_argument('--lr', default=1)\n    p.add_argument('--n', default=1)\n",
         "def f():\n    p.add_argument('--lr', default=1)\n    p.add_argument('--n', default=2)\n",
         'f."(p.add_argument)"[1].default = 1 -> 2'),
        ("@app.command()\ndef f(n=1):\n    g()\n", "@app.command()\ndef f(n=2):\n    g()\n",
         ('f."(def)" = @app.command()\\u000adef _(n=1):'
          ' -> @app.command()\\u000adef _(n=2):')),
        ("LR = DEFINE_float('lr', 1)\n", "LR = DEFINE_float('lr', 2)\n",
         "LR = DEFINE_float('lr', 1) -> DEFINE_float('lr', 2)"),
        ("if __name__ == '__main__':\n    a = 1\n", "if __name__ == '__main__':\n    a = 2\n",
         ("\"(if)\" = if __name__ == '__main__':\\u000a    a = 1"
          " -> if __name__ == '__main__':\\u000a    a = 2")),
        ("a = 1\n", "a = 2\n", ""),
    ],
)  # fmt: skip
def test_the_line_of_an_early_registration_is_still_known(
    before: str, after: str, formerly: str
) -> None:
    edit = Edited("train.py", "100644", "100644", before.encode(), after.encode())
    change = inspect([edit], ["train.py"]).change
    assert change is not None
    assert str(change.formerly or "") == (formerly and f"train.py: {formerly}")
