from __future__ import annotations

import json
import tomllib

import pytest
import yaml

from gitexp.rules.gate.formats import read_leaves
from gitexp.rules.gate.formats.keys import parse_key
from gitexp.rules.gate.preset import add_preset

HOT = [(parse_key("model.C"), "10"), (parse_key("train.lr"), "0.01")]
MEANT = {"model": {"C": 10}, "train": {"lr": 0.01}}

TEXTS = (
    ("c.toml", "# knobs\n[model]\nC = 1.0\n[train]\nlr = 1e-3\n"),
    ("c.toml", "model.C = 1.0\r\ntrain.lr = 1e-3"),
    ("c.toml", 'preset = ""\n[model]\nC = 1\n[train]\nlr = 1\n[presets.cold]\nmodel.C = 0\n'),
    ("c.yaml", "# knobs\nmodel:\n  C: 1.0  # strength\ntrain: {lr: 0.001}\n"),
    ("c.yml", "%YAML 1.2\n---\nmodel:\r\n  C: 1.0\r\ntrain:\r\n  lr: 0.001"),
    ("c.yaml", "model: {C: 1.0}\npresets:  # two\n    cold: {model: {C: 0}}\ntrain: {lr: 1}\n"),
    ("c.yaml", "preset: ''\nmodel: {C: 1}\ntrain: {lr: 1}\npresets: {cold: {model: {C: 0}}}\n"),
    ("c.yaml", "presets: {}\nmodel: {C: 1}\ntrain: {lr: 1}\n"),
    ("c.yaml", '"model": {C: 1}\ntrain: {lr: 1}\n'),
    ("c.json", '{\n  "model": {"C": 1.0},\n  "train": {"lr": 0.001}\n}\n'),
    ("c.json", '{"model": {"C": 1.0}, "train": {"lr": 0.001}}'),
    ("c.json", '{\r\n\t"presets": {\r\n\t\t"cold":{}\r\n\t},\r\n"model":{"C":1},"train":{"lr":1}}'),
    ("c.json", '{"presets": {}, "model": {"C": 1}, "train": {"lr": 1}}'),
    ("c.toml", "\ufeff[model]\nC = 1.0\n[train]\nlr = 1e-3\n"),
)  # fmt: skip


def read(path: str, text: str) -> dict[str, object]:
    """Read a document by a parser that is not ours."""
    text = text.removeprefix("\ufeff")
    if path.endswith(".toml"):
        return tomllib.loads(text)
    found: dict[str, object] = json.loads(text) if path.endswith("n") else yaml.safe_load(text)
    return found


@pytest.mark.parametrize(("path", "text"), TEXTS)
def test_a_preset_is_added_and_all_else_stays(path: str, text: str) -> None:
    edited = add_preset(path, text, "hot", HOT)
    before, after = read(path, text), read(path, edited)
    assert after.pop("preset") == before.pop("preset", "") == ""
    presets = after.pop("presets")
    assert isinstance(presets, dict)
    assert presets.pop("hot") == MEANT
    assert presets == before.pop("presets", {})
    assert after == before
    # Choosing it is one line, and what was there is there to the letter.
    kept = [line for line in text.removeprefix("\ufeff").splitlines() if "presets" not in line]
    assert all(line.strip("{}\t ") in edited for line in kept)
    assert ("\r\n" in edited) == ("\r\n" in text)
    again = add_preset(path, edited, "warm", HOT)
    assert ("presets", "warm", "model", "C") in read_leaves(path, again.encode())
    with pytest.raises(LookupError):
        add_preset(path, again, "hot", HOT)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("c.ini", "[model]\nC = 1\n[train]\nlr = 1\n"),
        ("c.conf", "model.C = 1\ntrain.lr = 1\n"),
        ("c.py", "model = dict(C=1)\n"),
        ("c.toml", "presets = 3\n[model]\nC = 1\n[train]\nlr = 1\n"),
        ("c.yaml", "model: {C: 1}\n---\ntrain: {lr: 1}\n"),
        ("c.yaml", "model: {C: 1}\ntrain: {lr: 1}\n...\n"),
        ("c.yaml", "presets:\nmodel: {C: 1}\ntrain: {lr: 1}\n"),
        ("c.yaml", "  model: {C: 1}\n  train: {lr: 1}\n"),
        ("c.json", '[{"model": {"C": 1}}]'),
        ("c.json", '{"a": {"presets": {"x": 1}}, "model": {"C": 1}}'),
    ],
)
def test_where_a_preset_has_no_place_nothing_is_written(path: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"preset"):
        add_preset(path, text, "hot", HOT)


def test_a_value_in_a_list_cannot_be_part_of_a_preset() -> None:
    text = '{"layers": [{"size": 1}], "lr": 1}'
    with pytest.raises(ValueError, match="without changing the rest"):
        add_preset("c.json", text, "hot", [(("layers", 0, "size"), "2"), (("lr",), "2")])


def test_a_json_file_is_indented_as_before() -> None:
    text = '{\n  "model": {"C": 1},\n  "train": {\n    "lr": 1\n  }\n}\n'
    assert add_preset("c.json", text, "hot", HOT) == (
        '{\n  "preset": "",\n  "presets": {\n'
        '    "hot": {"model": {"C": 10}, "train": {"lr": 0.01}}\n'
        '  },\n  "model": {"C": 1},\n  "train": {\n    "lr": 1\n  }\n}\n'
    )


def test_a_name_that_yaml_would_misread_is_quoted() -> None:
    values = [(("a key",), "2"), (("b",), "3")]
    edited = add_preset("c.yaml", '"a key": 1\nb: 2\n', "hot", values)
    assert edited.endswith('presets:\n  hot: {"a key": 2, b: 3}\n')


def test_formats_without_presets_are_told_which_have_them() -> None:
    with pytest.raises(ValueError, match=r"^presets are written into .*\.toml, .*\.json alone$"):
        add_preset("c.ini", "[model]\nC = 1\n[train]\nlr = 1\n", "hot", HOT)
