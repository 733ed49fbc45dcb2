from __future__ import annotations

import math
import tomllib
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitexp.errors import NotReady
from gitexp.rules.documents.quantities import parse_time
from gitexp.rules.documents.settings import INERT, Settings
from gitexp.rules.documents.settings_file import parse_settings, table_of
from gitexp.rules.documents.stop_rule import StopRule

unhurried = settings(deadline=None, max_examples=100)

LEAST: dict[str, Any] = {
    "config": ["config.toml"],
    "command": "python train.py",
    "metric": "accuracy",
}
FULL: dict[str, Any] = LEAST | {
    "baseline": "trunk",
    "metrics": "out/metrics.json",
    "predictions": "out/predictions.npz",
    "direction": "lower",
    "effect": 0.01,
    "repeats": [3, 6],
    "vary": "seed",
    "test_ratio": 0.5,
    "planned": 7,
    "rules": 2,
    "error_budget": 0.2,
    "seed_key": "train.seed",
    "first_seed": 1,
    "shell": True,
    "data": ["data/*.csv"],
    "keep": ["model.pkl"],
    "link": ["data"],
    "inert": ["*.md", "docs/"],
    "timeout": "2h",
    "silent": "10m",
    "sample": 0.1,
    "memory": "4 GB",
    "stop_if": ["loss is nan"],
    "threads": 4,
    "gpus": 0.5,
}


def refused(table: dict[str, Any], path: str = "gitexp.toml") -> str:
    with pytest.raises(NotReady) as caught:
        parse_settings(path, table)
    assert path in caught.value.message
    return f"{caught.value.message}\n{caught.value.hint}"


def said_of(table: dict[str, Any], path: str = "gitexp.toml") -> str:
    """What is said of settings that are refused; for tables, whose failing rows are all named."""
    try:
        parse_settings(path, table)
    except NotReady as error:
        return error.message
    return "it was taken"


# --- what is taken ------------------------------------------------------------------------------


def test_three_settings_are_enough() -> None:
    assert parse_settings("gitexp.toml", LEAST) == Settings(
        config=("config.toml",), command="python train.py", metric="accuracy",
        baseline="main", metrics="", predictions="", direction="higher", effect=0.005,
        repeats=(5, 10, 20), vary="split", test_ratio=None, planned=20, error_budget=0.10,
        seed_key="", shell=False,
        data=(), keep=(), link=(), inert=INERT, timeout=None,
    )  # fmt: skip


def test_every_setting_is_taken_in_its_own_type() -> None:
    found = parse_settings("gitexp.toml", FULL)
    assert found.repeats == (3, 6)
    assert found.timeout == 7200
    assert found.key_of_seed() == ("train", "seed")
    assert found.keep == ("model.pkl",)
    assert found.inert == ("*.md", "docs/")
    assert found.shell is True
    assert found.widening == 0
    assert not found.higher_is_better
    assert found.table == FULL


def test_the_split_widens_only_where_a_seed_redraws_it() -> None:
    assert parse_settings("f", LEAST).widening == 0.25
    assert parse_settings("f", LEAST | {"test_ratio": 0.5}).widening == 0.5
    assert parse_settings("f", LEAST | {"vary": "seed"}).widening == 0


@pytest.mark.parametrize(
    ("name", "given_", "taken"),
    [
        ("config", "config.toml", ("config.toml",)),
        ("config", ["a.toml", "conf/*.toml"], ("a.toml", "conf/*.toml")),
        ("keep", [], ()),
        ("keep", "model.pkl", ("model.pkl",)),
        ("link", ["data/raw/", ".cache", "ein Ordner/größe"], ("data/raw/", ".cache", "ein Ordner/größe")),  # noqa: E501
        ("inert", ["..."], ("...",)),
        ("repeats", 5, (5,)),
        ("repeats", [5], (5,)),
        ("repeats", [1, 100_000], (1, 100_000)),
        ("effect", 0, 0.0),
        ("effect", 1, 1.0),
        ("effect", "2%", "2%"),
        ("effect", "0.5 %", "0.5 %"),
        ("test_ratio", 0, 0.0),
        ("error_budget", 0.49, 0.49),
        ("timeout", 90, 90.0),
        ("threads", 1, 1),
        ("first_seed", 0, 0),
        ("first_seed", 99_999, 99_999),
        ("timeout", 1.5, 1.5),
        ("silent", "10m", 600.0),
        ("memory", "1.5 GB", 1_500_000_000),
        ("memory", " 512MiB", 512 << 20),
        ("stop_if", "loss > 10", (StopRule("loss", ">", 10),)),
        ("stop_if", [], ()),
        ("sample", 0.1, (0.1,)),
        ("sample", [0.5, 0.01, 0.5], (0.01, 0.5)),
        ("metrics", "metrics.toml", "metrics.toml"),
        ("predictions", "p.csv", "p.csv"),
        ("predictions", "out/p.parquet", "out/p.parquet"),
        ("metric", "val/acc@5", "val/acc@5"),
        ("seed_key", 'runs[0]."odd name"', 'runs[0]."odd name"'),
        ("command", "sh -c 'a | b'", "sh -c 'a | b'"),
    ],
)  # fmt: skip
def test_a_setting_is_taken(name: str, given_: object, taken: object) -> None:
    found = getattr(parse_settings("f", LEAST | {name: given_}), name)
    assert found == taken
    assert type(found) is type(taken)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config", "command", "metric"])
@pytest.mark.parametrize("empty", [None, "", []])
def test_what_must_be_set_is_named_where_it_is_missing(name: str, empty: object) -> None:
    table = {key: value for key, value in LEAST.items() if key != name}
    if empty is not None:
        table[name] = empty
    assert f"gitexp.toml: {name} must be set" in refused(table)


def test_all_that_is_missing_is_named_at_once() -> None:
    assert "config, command, metric must be set" in refused({})


@pytest.mark.parametrize(
    ("name", "near"), [("metrik", "metric"), ("repeat", "repeats"), ("seedkey", "seed_key")]
)
def test_an_unknown_setting_is_named_with_the_nearest_known_one(name: str, near: str) -> None:
    said = refused(LEAST | {name: 1})
    assert f"gitexp.toml: unknown setting '{name}'" in said
    assert f"did you mean {near}?" in said


def test_an_unknown_setting_like_no_other_lists_them_all() -> None:
    said = refused(LEAST | {"zzz": 1})
    assert all(name in said for name in FULL)
    assert "table" not in said.split("settings are:")[1].split(", ")
    assert "unknown setting 'table'" in refused(LEAST | {"table": {}})


PATHS_OUTSIDE = (
    "..", "../x", "x/../../y", "x/..", "/etc/passwd", "/", "//x", "\\x", "x\\y", "C:\\x", "-x",
    "--", "-", "", ".", "./", "./x", "x/./y", "x//y", "x\0y", "x\ny", "x\x1b[2J", "x\u202ey",
    "x\x7f", "x\r", "\t", ".git", ".git/hooks", "sub/.GIT/config", "x\udc00",
)  # fmt: skip


@pytest.mark.parametrize("name", ["config", "data", "keep", "link", "inert"])
def test_a_path_that_leaves_the_project_or_hides_is_refused(name: str) -> None:
    wrong = []
    for path in PATHS_OUTSIDE:
        if name == "inert" and path == "/etc/passwd":
            # Not the machine's: a slash in front stands for the top of the repository.
            assert parse_settings("gitexp.toml", LEAST | {name: path}).inert == (path,)
            continue
        for value in (path, [path], ["good.toml", path]):
            said = said_of(LEAST | {name: value})
            listed = isinstance(value, list)
            must = " must be a list of paths inside the project" if listed else " must be"
            if f"{name}{must}" not in said:
                wrong.append((value, said))
    assert wrong == []


@pytest.mark.parametrize(
    ("path", "odd"), [("-x.toml", True), ("x\ny", True), ("c\udcff.toml", True), ("../x", False)]
)
def test_a_file_that_has_to_be_renamed_is_told_so(path: str, odd: bool) -> None:
    assert ("; rename what begins with a dash" in refused(LEAST | {"config": [path]})) is odd


@pytest.mark.parametrize("path", [f"{path}/m.json" for path in PATHS_OUTSIDE if path != "-"])
def test_metrics_that_would_leave_the_project_are_refused(path: str) -> None:
    assert "metrics must be" in refused(LEAST | {"metrics": path})


MEETING: tuple[tuple[dict[str, object], str], ...] = (
    ({"link": ["out"], "metrics": "out/m.json"}, 'metrics = "out/m.json" and link = ["out"]'),
    ({"link": ["data/"], "predictions": "data/p.csv"}, "name the same files"),
    ({"link": ["a/*"], "metrics": "a/b/m.json"}, "name the same files"),
    ({"link": ["*.json"], "metrics": "m.json"}, "name the same files"),
    ({"link": ["conf"], "config": ["conf/a.toml"]}, "a config belongs to the commit"),
    ({"link": ["models/"], "keep": ["a.pt", "models"]}, "so none would be kept"),
    ({"data": ["out/"], "metrics": "out/m.json"}, "that would remove an input"),
    ({"config": ["c.json"], "metrics": "c.json"}, "that would remove an input"),
)


@pytest.mark.parametrize(("table", "said"), MEETING)
def test_a_result_must_not_be_an_input_too(table: dict[str, object], said: str) -> None:
    assert said in refused(LEAST | table)


@pytest.mark.parametrize(
    "table",
    [
        {"link": ["data"], "keep": ["**/*.pt"], "metrics": "data.json"},
        {"link": ["data/in"], "keep": ["data/out/*"], "predictions": "data/out/p.csv"},
        {"link": ["models"], "keep": ["models/*.pt"]},
        {"link": ["data"], "data": ["data/*.csv"], "keep": ["model.pt"]},
        {"config": ["*.json"], "metrics": "m.json"},
        {"data": ["in/*.csv"], "predictions": "in/p.npz", "keep": ["in/p.npz"]},
    ],
)
def test_paths_that_do_not_meet_are_taken(table: dict[str, object]) -> None:
    assert parse_settings("gitexp.toml", LEAST | table).table == LEAST | table


OF_THE_WRONG_KIND: tuple[tuple[str, list[object]], ...] = (
    ("config", [5, True, 1.5, {"a": 1}, [1], [["a"]], [None], [True], {}]),
    ("data", [5, True, {"a": 1}, [1], {}]),
    ("keep", [5, True, {"a": 1}, [1], {}]),
    ("command", [5, True, ["python", "train.py"], {"a": 1}, "python\0train.py"]),
    ("metric", [5, True, ["accuracy"], "two words", "a=b", "a%", "a,b", "a:b", "<a", "a\x1bb"]),
    ("baseline", [5, True, ["main"], "", "-main", "--output=x"]),
    ("metrics", [5, True, ["m.json"], "m.txt", "m", "", ".json/"]),
    ("predictions", [5, True, ["p.csv"], "p.json", "p", "", ".csv/", "../p.csv", "/p.csv"]),
    ("direction", [5, True, "up", "", ["higher"], {"a": 1}, "Higher", 1.0]),
    ("effect", ["0.1", "%", "100%", "-2%", "1e3%", "\u0662%", True, -1,
                -0.001, math.nan, math.inf, 10**400, 1e301, [0.1], {}]),
    ("repeats", [0, -5, True, [], [0, 5], [5, 5], [10, 5], [5.0], ["5"], [True], 5.0, "5",
                 [100_001], [10**400], {"a": 1}]),
    ("vary", [5, True, "both", "", ["split"], {}]),
    ("test_ratio", ["0.25", True, -1, math.nan, math.inf, 10**400]),
    ("rules", [0, 3, True, "2", 2.0, [2]]),
    ("planned", [0, -1, True, 1.0, "20", [20], math.inf, 100_001, 10**400]),
    ("error_budget", [0, 0.5, 1, -0.1, True, math.nan, "0.1", 10**400]),
    ("seed_key", [5, True, ["seed"], {"a": 1}, "", "a b", "a =", "a.", "a[x]", "a\nb", None]),
    ("shell", [0, 1, "true", [], None]),
    ("threads", [0, -1, True, 1.5, "4", [4], None, 5000]),
    ("first_seed", [-1, True, 1.0, "1", [1], None, 100_000, 10**400]),
    ("pairing", ["", "Interleaved", True, None, ["interleaved"]]),
    ("gpus", [0, -1, True, 1.5, "1", [1], None, 0.001, 5000, float("nan"), float("inf")]),
    ("timeout", [0, -1, True, False, "", "0s", "soon", "5 weeks", "-5m", "1h30m", [90], {},
                 math.nan, math.inf, "1e3", "9" * 400, "400d", 1e10, 10**400, None]),
    ("sample", [0, 1, 0.0, 1.0, -0.1, 10, True, "0.1", [1], ["0.1"], {}, math.nan, None]),
    ("silent", [0, True, "always", "", None]),
    ("memory", [4, 1e9, True, "4", "GB", "-1 GB", "0 GB", "4 GBit", "9999999999 TB", None]),
    ("stop_if", [5, True, {"loss": 10}, [1], [["loss > 1"]], None]),
)  # fmt: skip


@pytest.mark.parametrize("path", ["gitexp.toml", "sub/pyproject.toml"])
def test_a_value_of_the_wrong_kind_is_refused_by_name_and_file(path: str) -> None:
    wrong = []
    for name, values in OF_THE_WRONG_KIND:
        for value in values:
            said = said_of(LEAST | {name: value}, path)
            if f"{path}: {name}" not in said or "must be" not in said:
                wrong.append((name, value, said))
    assert wrong == []


def test_a_stop_rule_that_cannot_be_read_is_named_with_those_that_can() -> None:
    said = refused(LEAST | {"stop_if": ["loss > 1", "loss >"]})
    wrong = "'loss >' has the end where there must be a number"
    assert f"gitexp.toml: rule 2 of stop_if cannot be read: {wrong}" in said
    assert '"step 500: val_loss > 4"' in said


_anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside),
    max_leaves=4,
)


@unhurried
@given(st.dictionaries(st.sampled_from(sorted(FULL)), _anything, max_size=3))
def test_any_value_is_taken_or_refused_by_a_name_that_was_given(changes: dict[str, Any]) -> None:
    try:
        found = parse_settings("f", LEAST | changes)
    except NotReady as error:
        said = error.message
    else:
        said = ""
        assert hash(found.repeats)
        assert math.isfinite(found.criterion.amount + found.widening + found.error_budget)
        assert found.timeout is None or 0 < found.timeout < 1e9
    assert not said or any(name in said for name in changes)


# --- times --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90), ("90", 90), ("90s", 90), ("90 s", 90), (" 5m ", 300), ("2h", 7200), ("1d", 86400),
        ("1.5h", 5400), (0.5, 0.5), ("366d", 366 * 86400),
    ],
)  # fmt: skip
def test_times_are_read_into_seconds(value: object, seconds: float) -> None:
    assert parse_time(value, "timeout") == seconds


def test_what_is_no_time_is_named_with_its_place() -> None:
    with pytest.raises(NotReady, match=r"^--cost must be a time .*, not 'soon'$"):
        parse_time("soon", "--cost")


# --- the file -----------------------------------------------------------------------------------


def test_settings_stand_at_the_top_of_their_own_file() -> None:
    assert table_of("gitexp.toml", b"a = 1\n[tool.gitexp]\nb = 2") == {
        "a": 1,
        "tool": {"gitexp": {"b": 2}},
    }
    assert table_of("sub/gitexp.toml", "\ufeffa = 'ü'\r\n".encode()) == {"a": "ü"}
    assert table_of("gitexp.toml", b"") == {}


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("[tool.gitexp]\nmetric = 'a'", {"metric": "a"}),
        ("tool.gitexp.metric = 'a'", {"metric": "a"}),
        ("[tool.gitexp]", {}),
        ("[tool.other]\nmetric = 'a'", None),
        ("[gitexp]\nmetric = 'a'", None),
        ("metric = 'a'", None),
        ("tool = 1", None),
        ("[tool]\ngitexp = 1", None),
        ("[[tool]]\ngitexp = {}", None),
        ("[[tool.gitexp]]\nmetric = 'a'", None),
        ("", None),
    ],
)
def test_in_pyproject_they_stand_in_a_table_of_their_own(
    text: str, table: dict[str, Any] | None
) -> None:
    assert table_of("pyproject.toml", text.encode()) == table
    assert table_of("sub/pyproject.toml", text.encode()) == table


@pytest.mark.parametrize(
    "content",
    [b"a = ", b"a = '\xff'", b"\xff\xfea\x00", b"a = 1\na = 2", b"a = " + b"9" * 5000,
     b"a = " + b"[" * 10_000 + b"]" * 10_000],
)  # fmt: skip
def test_a_file_that_does_not_parse_is_named(content: bytes) -> None:
    for path in ("gitexp.toml", "sub/pyproject.toml"):
        with pytest.raises(NotReady) as caught:
            table_of(path, content)
        assert caught.value.message.startswith(f"{path} does not parse: ")
        assert path in caught.value.hint


# --- identity -----------------------------------------------------------------------------------


@unhurried
@given(st.permutations(sorted(FULL)))
def test_the_order_of_settings_does_not_change_their_identity(names: list[str]) -> None:
    table = {name: FULL[name] for name in names}
    assert parse_settings("f", table).digest == parse_settings("g", FULL).digest


OTHER: dict[str, Any] = {
    "config": ["other.toml"], "command": "python other.py", "metric": "f1", "baseline": "main",
    "metrics": "m.toml", "direction": "higher", "effect": 0.02, "repeats": [3, 7], "vary": "split",
    "test_ratio": 0.25, "planned": 8, "error_budget": 0.1, "seed_key": "seed", "shell": False,
    "data": [], "keep": [], "link": ["other"], "inert": ["docs/", "*.md"], "timeout": "1h",
    "threads": 8, "gpus": 1, "silent": "1h", "memory": "4 GiB", "stop_if": ["loss > 1"],
    "sample": 0.2, "first_seed": 2,
    "rules": 1,
    "predictions": "other.csv",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FULL))
def test_any_other_value_is_another_identity(name: str) -> None:
    known = parse_settings("f", FULL).digest
    assert parse_settings("f", FULL | {name: OTHER[name]}).digest != known
    if name not in LEAST:
        assert parse_settings("f", {n: v for n, v in FULL.items() if n != name}).digest != known


@unhurried
@given(st.text(max_size=10), st.text(max_size=10), st.lists(st.integers(1, 9), unique=True))
def test_two_settings_share_an_identity_only_where_all_is_equal(
    one: str, other: str, looks: list[int]
) -> None:
    assume(one.strip() and other.strip() and "\0" not in one + other)
    looks = sorted(looks) or [5]
    first = parse_settings("f", LEAST | {"command": one, "repeats": looks})
    second = parse_settings("f", LEAST | {"command": other, "repeats": looks})
    assert (first.digest == second.digest) == (one == other)


def test_comments_and_spelling_of_the_file_are_no_part_of_the_identity() -> None:
    texts = (
        "config = 'c.toml' # x\ncommand = 'p'\nmetric = 'a'\neffect = 1e-2\n",
        '\neffect  = 0.010\nmetric="a"\r\ncommand="p"\nconfig = "c.toml"',
    )
    first, second = (parse_settings("f", tomllib.loads(text)).digest for text in texts)
    assert first == second


@pytest.mark.parametrize(
    ("others", "named"),
    [
        ({}, ""),
        ({"gpus": 2}, ""),
        ({"rules": 1}, "rules must be 2"),
        ({"vary": "none"}, 'vary must be "seed" or "split"'),
        ({"gpus": 0.5}, "gpus must be a whole number"),
    ],
)
def test_interleaved_pairs_have_a_device_to_themselves(others: dict[str, Any], named: str) -> None:
    table = {
        "config": ["config.toml"], "command": "python train.py", "metric": "accuracy",
        "rules": 2, "pairing": "interleaved",
    } | others  # fmt: skip
    if not named:
        assert parse_settings("gitexp.toml", table).pairing == "interleaved"
        return
    with pytest.raises(NotReady, match=named):
        parse_settings("gitexp.toml", table)
