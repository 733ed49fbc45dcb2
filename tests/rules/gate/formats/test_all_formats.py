from __future__ import annotations

import importlib
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from gitexp.rules.gate import formats
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.formats.keys import Key, keys_at, parse_key, spell_key
from gitexp.rules.gate.formats.malformed import Malformed
from gitexp.rules.gate.formats.place import value_at
from gitexp.rules.gate.formats.values import Source, same, spell, to_json
from gitexp.rules.gate.one_change import Inspection, inspect
from tests.rules.gate.formats.drawn import FORMATS, Format

unhurried = settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
each_format = pytest.mark.parametrize("form", FORMATS, ids=repr)

# The quietest interpreter: what it loads without us is not ours.
BARE = (sys.executable, "-I", "-c")


def judge(form: Format, before: str, after: str) -> Inspection:
    edited = Edited(form.file, "100644", "100644", before.encode(), after.encode())
    return inspect([edited], [form.file])


def ids(found: Inspection) -> list[str]:
    return [finding.id for finding in found.findings]


def module_of(form: Format) -> Any:  # noqa: ANN401 - a module
    return formats.format_of(form.file)


def leaves(form: Format, text: str) -> dict[Key, Any]:
    return formats.read_leaves(form.file, text.encode())


def settable(form: Format, text: str) -> list[Key]:
    """Keys of scalars; code and values on several lines are left to an editor."""
    found = []
    for key, value in leaves(form, text).items():
        kept = isinstance(value, Source) and "(" not in str(key[-1])
        if value is None or kept or isinstance(value, bool | int | float | str):
            try:
                start, end = module_of(form).find_value(text, key)
            except LookupError:
                assert value is None or "(" in str(key)
            except ValueError:
                assert "\n" in text
            else:
                if "\n" not in text[start:end]:
                    found.append(key)
    return found


def set_to(form: Format, text: str, key: Key, typed: str) -> str:
    module = module_of(form)
    edited: str = module.set_value(text, key, module.spell_value(typed))
    return edited


@each_format
@unhurried
@given(data=st.data())
def test_one_value_set_is_one_change_and_every_other_byte_stays(
    form: Format, data: st.DataObject
) -> None:
    text = data.draw(form.documents)
    keys = settable(form, text)
    assume(keys)
    key, typed = data.draw(st.sampled_from(keys)), data.draw(st.sampled_from(form.typed))
    old, new = leaves(form, text)[key], module_of(form).parse_value(typed)
    assume(not same(old, new) and not isinstance(new, dict))
    start, end = module_of(form).find_value(text, key)
    try:
        edited = set_to(form, text, key, typed)
    except ValueError as error:
        # A tag makes another value of it, and a comment begins where a plain value ends.
        assert "it would be read differently" in str(error)  # noqa: PT017
        assert "!!float" in text or form.file.endswith(".conf")
        return
    spelled = edited[start : len(edited) - len(text) + end]
    assert edited == text[:start] + spelled + text[end:]
    assert spelled.strip() == module_of(form).spell_value(typed)
    found = judge(form, text, edited)
    # What two versions of YAML read differently has tests of its own.
    assume("C13" not in ids(found))
    assert found.change is not None, found.findings
    assert found.change.key == key
    assert same(found.change.before, old)
    assert same(found.change.after, new)
    assert found.findings == ()


@each_format
@unhurried
@given(data=st.data())
def test_a_copied_value_is_spelled_as_where_it_comes_from(
    form: Format, data: st.DataObject
) -> None:
    text = data.draw(form.documents)
    keys = settable(form, text)
    assume(keys)
    key = data.draw(st.sampled_from(keys))
    try:
        other = set_to(form, text, key, "987")
    except ValueError:
        assume(False)
    copied = formats.copy_value(form.file, key, text.encode(), other.encode()).decode()
    assert same(leaves(form, copied)[key], leaves(form, text)[key])
    assert copied.replace(" ", "") == text.replace(" ", "")


@each_format
@unhurried
@given(data=st.data())
def test_two_values_set_are_two_changes(form: Format, data: st.DataObject) -> None:
    text = data.draw(form.documents)
    keys = settable(form, text)
    assume(len(keys) > 1)
    first, second = data.draw(st.permutations(keys))[:2]
    try:
        edited = set_to(form, set_to(form, text, first, "987"), second, "654")
    except ValueError:
        assume(False)
    found = judge(form, text, edited)
    assert found.change is None
    assert ids(found) == ["C2"]
    assert {change.key for change in found.changes} == {first, second}


@each_format
@unhurried
@given(data=st.data())
def test_comments_and_blank_space_are_not_values(form: Format, data: st.DataObject) -> None:
    text = data.draw(form.documents)
    if form.comment:
        head = data.draw(st.sampled_from(("one", "a = 1", "b: 2", "x" * 100)))
        before, after = form.comment.format("c") + text, form.comment.format(head) + text
    else:
        before, after = text, f"  {text}"
    found = judge(form, before, after)
    assert found.change is None
    assert ids(found) == ["C4"]


@each_format
@unhurried
@given(data=st.data())
def test_any_two_documents_give_a_change_or_a_reason_but_not_both(
    form: Format, data: st.DataObject
) -> None:
    found = judge(form, data.draw(form.documents), data.draw(form.documents))
    assert (found.change is None) == bool(found.findings)


# --- hostile input ------------------------------------------------------------------------------


def only_malformed(form: Format, content: bytes) -> None:
    said = ""
    found: dict[Key, Any] = {}
    try:
        found = formats.read_leaves(form.file, content)
    except Malformed as error:
        said = str(error)
    assert said.isprintable()
    for key, value in found.items():
        assert spell_key(key).isprintable()
        assert spell(value).isprintable()
        assert same(value, value)
        to_json(value)


@each_format
@unhurried
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(form: Format, content: bytes) -> None:
    only_malformed(form, content)


_GRAMMAR = st.text(
    st.sampled_from("[]{}()=.,:;\"'\\#%&*!|>-?<~@`\n\r\t  ab01_+eET\x1b\x9b\u202e\ufeff\x85"),
    max_size=60,
)


@each_format
@settings(unhurried, max_examples=60)
@given(text=_GRAMMAR)
def test_any_text_of_the_grammar_is_read_or_malformed(form: Format, text: str) -> None:
    only_malformed(form, text.encode())


@each_format
@unhurried
@given(data=st.data())
def test_a_damaged_document_is_read_or_malformed(form: Format, data: st.DataObject) -> None:
    text = data.draw(form.documents)
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(at + 5, len(text))))
    damage = data.draw(st.text(st.sampled_from("[]{}=:.\"'\\\x00\x1b\ufeffz\n&*!"), max_size=3))
    only_malformed(form, (text[:at] + damage + text[end:]).encode())


@each_format
@unhurried
@given(typed=st.text(max_size=30) | _GRAMMAR)
@example(typed=":0")
def test_whatever_is_typed_is_set_as_it_is_understood_or_refused(form: Format, typed: str) -> None:
    text, key = {
        "config.json": ('{"a": [{"b": 1}]}', ("a", 0, "b")),
        "config.py": ("a = dict(b=1, c=2)", ("a", "b")),
        "config.yaml": ("a: {b: 1, c: 2}", ("a", "b")),
        "config.ini": ("[a]\nb = 1\n", ("a", "b")),
        "config.conf": ("b = 1\n", ("b",)),
    }[form.file]
    module = module_of(form)
    value = module.parse_value(typed)
    try:
        edited = set_to(form, text, key, typed)
        content = edited.encode()
    except ValueError:
        assert form.file in {"config.ini", "config.conf"} or not typed.isprintable()
        return
    assert formats.read_leaves(form.file, content)
    assert same(value_at(module.parse(edited), key), value)


DEEP = {
    "config.yaml": ("[", "{a: ", "- ", "? ", "&a [*a, "),
    "config.json": ("[", '{"a": '),
    "config.ini": ("[", "[a]\n", "a = "),
    "config.py": ("a = [", "a = " + "-", "(", "a.", "a = {1: ", "if a:\n ", "lambda: ", "f(a="),
    "config.conf": ("[", "[a]\n", "a = "),
}


@pytest.mark.slow
@each_format
@pytest.mark.parametrize("closing", ["", "]"])
def test_ten_thousand_levels_end_in_a_word(form: Format, closing: str) -> None:
    for opening in DEEP[form.file]:
        only_malformed(form, opening.encode() * 10_000 + closing.encode() * 10_000)


@each_format
def test_a_file_larger_than_any_config_is_refused_unread(form: Format) -> None:
    with pytest.raises(Malformed, match="50,000,000 bytes"):
        formats.read_leaves(form.file, b"a" * 50_000_000)


@pytest.mark.slow
@each_format
def test_a_line_of_nearly_a_megabyte_is_read_in_seconds(form: Format) -> None:
    for filling in (b" ", b"a", b'"', b"#", b"=", b"["):
        only_malformed(form, b"a = " + filling * 900_000 + b" b")


# --- each module ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    ["c.toml", "c.yaml", "c.YML", "MLproject", "x/MLproject", "c.json", "c.ini", "setup.cfg",
     "c.py", "c.conf", ".env", "c.properties"],
)  # fmt: skip
def test_each_format_answers_the_same_questions(file: str) -> None:
    module = formats.format_of(file)
    assert module is not None
    assert issubclass(module.ERROR, ValueError)
    for name in ("parse", "parse_value", "spell_value", "find_value", "set_value"):
        assert callable(getattr(module, name))


@pytest.mark.parametrize("file", ["toml", "yaml", "c.list", "c.toml.bak", "mlproject/c", "c.", ""])
def test_other_files_have_no_parser(file: str) -> None:
    assert formats.format_of(file) is None


@each_format
def test_a_parser_loads_when_a_file_of_its_kind_is_read(form: Format) -> None:
    code = (
        "import sys; from gitexp.rules.gate import formats; before = set(sys.modules);"
        f"formats.read_leaves({form.file!r}, b'{{}}'); "
        "print(*sorted(n for n in sys.modules if n.startswith('gitexp.rules.gate.formats.')))"
    )
    loaded = subprocess.run((*BARE, code), capture_output=True, text=True, check=True).stdout
    own = module_of(form).__name__
    also = {
        f"gitexp.rules.gate.formats.{name}"
        for name in ("keys", "malformed", "values", "place", "plain")
    }
    assert own in loaded.split()
    assert all(name.startswith(own) for name in set(loaded.split()) - also)


def test_the_packages_json_does_not_hide_the_standard_librarys() -> None:
    importlib.import_module("gitexp.rules.gate.formats.json")
    assert spell("a") == '"a"'
    assert spell_key(("a b",)) == '"a b"'


@pytest.mark.parametrize(
    ("file", "text", "key", "expected"),
    [
        ("c.yaml", "seed: 1 # s\n", "seed", "seed: 42 # s\n"),
        ("c.yaml", "- a: {seed: '1'}\n", "[0].a.seed", "- a: {seed: 42}\n"),
        ("c.json", '{"train": {"seed": 1}}', "train.seed", '{"train": {"seed": 42}}'),
        ("c.json", '[{"seed": null}]', "[0].seed", '[{"seed": 42}]'),
        ("c.ini", "[train.data]\nseed = 1\n", "train.data.seed", "[train.data]\nseed = 42\n"),
        ("c.cfg", "[a]\nseed: 1\n", "a.seed", "[a]\nseed: 42\n"),
        ("c.py", "cfg = dict(seed=1)  # s\n", "cfg.seed", "cfg = dict(seed=42)  # s\n"),
        ("c.py", "_C.TRAIN.SEED = 1\n", "_C.TRAIN.SEED", "_C.TRAIN.SEED = 42\n"),
        ("c.conf", "seed=1\n", "seed", "seed=42\n"),
        (".env", "export SEED=1\n", "SEED", "export SEED=42\n"),
        ("c.toml", "[train]\nseed = 1\n", "train.seed", "[train]\nseed = 42\n"),
    ],
)
def test_a_seed_is_written_into_every_format(file: str, text: str, key: str, expected: str) -> None:
    module: Any = formats.format_of(file)
    found = keys_at(formats.read_leaves(file, text.encode()), parse_key(key))
    assert len(found) == 1
    assert module.set_value(text, found[0], module.spell_value("42")) == expected


@each_format
def test_a_byte_order_mark_stays_where_it_is(form: Format) -> None:
    text, key = {
        "config.json": ('{"a": 1}', ("a",)), "config.py": ("a = 1", ("a",)),
        "config.yaml": ("a: 1", ("a",)), "config.ini": ("[s]\na = 1", ("s", "a")),
        "config.conf": ("a = 1", ("a",)),
    }[form.file]  # fmt: skip
    assert set_to(form, f"\ufeff{text}", key, "2") == f"\ufeff{text.replace('1', '2')}"
    assert leaves(form, f"\ufeff{text}") == leaves(form, text)


@each_format
def test_a_missing_value_is_not_set(form: Format) -> None:
    for key in (("nothing",), ("s", "nothing"), ("a", 7), ()):
        with pytest.raises((LookupError, ValueError)):
            set_to(form, "", key, "1")


def test_nan_is_itself_in_every_format_that_has_it() -> None:
    for file, text in (("c.yaml", "a: .nan"), ("c.json", '{"a": NaN}')):
        (value,) = formats.read_leaves(file, text.encode()).values()
        assert math.isnan(value)
        assert same(value, float("nan"))
