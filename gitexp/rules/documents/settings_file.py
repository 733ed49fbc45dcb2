"""A settings file: read and checked once, so that no other code has to check settings."""

from __future__ import annotations

import dataclasses
import math
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tomli

from gitexp.errors import NotReady
from gitexp.rules.documents.overlap import demand_apart
from gitexp.rules.documents.quantities import parse_size, parse_time
from gitexp.rules.documents.settings import INTERLEAVED, MOST_REPEATS, RULES, Settings
from gitexp.rules.documents.stop_rule import UNDERSTOOD, StopRule, parse_stop_rule
from gitexp.rules.gate.formats.keys import parse_key
from gitexp.rules.plan.seeds import REGISTERED
from gitexp.rules.text import meant

FILES = ("gitexp.toml", "pyproject.toml")

_Parser = Callable[[str, str, Any], Any]  # of the file's path, a setting's name and its value
_MOST_GPUS, _LEAST_SHARE = 1024, 0.01  # that one run gets
_LARGEST = 1e300  # beyond it sums overflow


def table_of(path: str, content: bytes) -> dict[str, Any] | None:
    """Gitexp's own table in a settings file, None if there is none.

    Raises:
        NotReady: the file is not TOML.
    """
    try:
        document = tomli.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotReady(f"{path} does not parse: {error}", f"fix {path}") from None
    if path.rpartition("/")[2] == "pyproject.toml":
        tool = document.get("tool")
        found = tool.get("gitexp") if isinstance(tool, dict) else None
        return found if isinstance(found, dict) else None
    return document


def find_settings(files: Iterable[tuple[str, bytes | None]]) -> tuple[str, Settings] | None:
    """Read the settings of the first of these files that has some; returns its path with them.

    Raises:
        NotReady: that file, or one before it, is not valid.
    """
    for path, content in files:
        table = table_of(path, content) if content is not None else None
        if table is not None:
            return path, parse_settings(path, table)
    return None


_EXAMPLES = {
    "config": 'config = ["config.toml"]',
    "command": 'command = "python train.py --seed {seed}"',
    "metric": 'metric = "accuracy"',
}


def parse_settings(path: str, table: dict[str, Any]) -> Settings:
    """Check a settings table.

    Raises:
        NotReady: a key is unknown, missing or has a wrong value; the message names it.
    """
    known = {item.name for item in dataclasses.fields(Settings)} - {"table"}
    for name in table:
        if name not in known:
            raise NotReady(
                f"{path}: unknown setting {name!r}", meant(name, sorted(known), "settings are:")
            )
    missing = [name for name in ("config", "command", "metric") if not table.get(name)]
    if missing:
        raise NotReady(
            f"{path}: {', '.join(missing)} must be set",
            f"set it there and commit it, such as: {_EXAMPLES[missing[0]]}",
        )
    values = {name: _PARSERS.get(name, _text)(path, name, value) for name, value in table.items()}
    settings = Settings(**values, table=table)
    demand_apart(
        path,
        {"metrics": settings.metrics, "predictions": settings.predictions},
        link=settings.link, config=settings.config, data=settings.data, keep=settings.keep,
    )  # fmt: skip
    if settings.pairing:
        _demand_pairs(path, settings)
    return settings


def _demand_pairs(path: str, settings: Settings) -> None:
    """Refuse settings under which no pair of runs has a device to itself."""
    share = settings.gpus
    for holds, name, wanted in (
        (settings.rules > 1, "rules", f"{RULES}"),
        (settings.seeded, "vary", '"seed" or "split"'),
        (share is None or share >= 1, "gpus", "a whole number"),
    ):
        _demand(holds, path, name, f'{wanted} where pairing = "{INTERLEAVED}"')


def _demand(holds: bool, path: str, name: str, wanted: str) -> None:
    if not holds:
        raise NotReady(f"{path}: {name} must be {wanted}", f"correct {name} in {path}")


# --- one kind of setting each: what it may be, and what becomes of it ---------------------------


def _fitting(fits: Callable[[Any], bool], wanted: str) -> _Parser:
    """Take a value as it is where it fits."""

    def parse(path: str, name: str, value: Any) -> Any:  # noqa: ANN401 - parsed data
        _demand(fits(value), path, name, wanted)
        return value

    return parse


def _whole(least: int, most: int, more: str = "") -> _Parser:
    wanted = f"a whole number from {least} to {most}{more}"
    return _fitting(lambda value: type(value) is int and least <= value <= most, wanted)


def _file(*endings: str) -> _Parser:
    listed = f"{', '.join(endings[:-1])} or {endings[-1]}"
    return _fitting(
        lambda value: _is_inside(value) and value.endswith(endings),
        f"a {listed} file inside the project",
    )


def _number(fits: Callable[[float], bool] = lambda _: True, wanted: str = "") -> _Parser:
    def parse(path: str, name: str, value: Any) -> float:  # noqa: ANN401 - parsed data
        is_number = type(value) in {int, float} and 0 <= value <= _LARGEST
        _demand(is_number, path, name, "a number, 0 or more")
        _demand(fits(value), path, name, wanted)
        return float(value)

    return parse


def _effect(path: str, name: str, value: Any) -> float | str:  # noqa: ANN401 - parsed data
    """A number, or a percentage as it is written."""
    if not isinstance(value, str):
        number: float = _number()(path, name, value)
        return number
    percent = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%", value)
    fits = percent is not None and float(percent[1]) < 100
    _demand(fits, path, name, 'a number, 0 or more, or a percentage below 100, such as "2%"')
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value


_text = _fitting(_is_text, "text")


def _is_word(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return re.fullmatch(r"[^\s=,:+<>%]+", value) is not None and value.isprintable()


def _looks(path: str, name: str, value: Any) -> tuple[int, ...]:  # noqa: ANN401 - parsed data
    looks = [value] if isinstance(value, int) else value
    _demand(
        isinstance(looks, list)
        and bool(looks)
        and all(type(n) is int and 0 < n <= MOST_REPEATS for n in looks)
        and looks == sorted(set(looks)),
        path, name, f"increasing numbers up to {MOST_REPEATS}, such as [5, 10, 20]",
    )  # fmt: skip
    return tuple(looks)


def _shares(path: str, name: str, value: object) -> tuple[float, ...]:
    shares = value if isinstance(value, list) else [value]
    _demand(
        all(type(share) is float and 0 < share < 1 for share in shares),
        path, name, "a share of the data between 0 and 1, such as 0.1, or a list of them",
    )  # fmt: skip
    return tuple(sorted(set(shares)))


def _time(path: str, name: str, value: object) -> float:
    return parse_time(value, f"{path}: {name}")


def _how_often(path: str, name: str, value: object) -> float:
    """Seconds of a time; "always" is 0 and false infinity."""
    if value == "always":
        return 0.0
    if value is False:
        return math.inf
    return parse_time(value, f'{path}: {name}, where it is not "always" or false,')


def _elsewhere(path: str, _: str, value: object) -> Any:  # noqa: ANN401 - as there
    # Which most projects do not set, and its classes take 3 ms to make.
    from gitexp.rules.documents.elsewhere import parse_elsewhere

    return parse_elsewhere(path, value)


def _stop_rules(path: str, name: str, value: object) -> tuple[StopRule, ...]:
    listed = [value] if isinstance(value, str) else value
    _demand(
        isinstance(listed, list) and all(isinstance(one, str) for one in listed),
        path, name, f"a list of rules such as {UNDERSTOOD}",
    )  # fmt: skip
    rules = []
    for number, text in enumerate(listed if isinstance(listed, list) else [], start=1):
        try:
            rules.append(parse_stop_rule(text))
        except ValueError as error:
            raise NotReady(
                f"{path}: rule {number} of stop_if cannot be read: {error}",
                f"write rules such as {UNDERSTOOD}",
            ) from None
    return tuple(rules)


def _paths(path: str, name: str, value: object) -> tuple[str, ...]:
    """Paths in the project; some settings may also name one from the top of the repository."""
    listed = [value] if isinstance(value, str) else value
    outside = "/" if name in {"inert", "protect"} else ""
    _demand(
        isinstance(listed, list)
        and all(isinstance(one, str) and _is_inside(one.removeprefix(outside)) for one in listed),
        path, name, 'a list of paths inside the project, such as ["config.toml"]'
        + (', or from the top of the repository: ["/docs/"]' if outside else "")
        + ("; what lies elsewhere is linked as a link of yours: ln -s ../data data"
           if name == "link" else "")
        + ("; rename what begins with a dash, or has characters that cannot be printed"
           if isinstance(listed, list) and any(map(_is_odd, listed)) else ""),
    )  # fmt: skip
    return tuple(listed) if isinstance(listed, list) else ()


def _is_odd(path: object) -> bool:
    return isinstance(path, str) and (path.startswith("-") or not path.isprintable())


def _is_inside(path: object) -> bool:
    if not isinstance(path, str) or _is_odd(path) or "\\" in path:
        return False
    # A slash at the end means a folder. "./config.toml" would never match a path that git prints.
    parts = path.removesuffix("/").lower().split("/")
    return not {"", ".", "..", ".git"}.intersection(parts)


def _is_command(text: str) -> bool:
    try:
        return bool(shlex.split(text))
    except ValueError:
        return False


def _is_key(text: str) -> bool:
    try:
        return bool(parse_key(text))
    except ValueError:
        return False


_PARSERS: Mapping[str, _Parser] = {
    **dict.fromkeys(("config", "data", "keep", "link", "inert", "protect"), _paths),
    # git would read a name that starts with a dash as an option.
    "baseline": _fitting(lambda value: _is_text(value) and value[:1] not in ("", "-"), "a branch"),
    "metric": _fitting(
        _is_word, "one word: write val_loss for a metric that is printed as `val loss`"
    ),
    "metrics": _file(".json", ".toml", ".jsonl", ".csv"),
    "predictions": _file(".csv", ".npz", ".parquet"),
    "direction": _fitting(("higher", "lower").__contains__, '"higher" or "lower"'),
    "effect": _effect,
    "repeats": _looks,
    "vary": _fitting(("split", "seed", "none").__contains__, '"split", "seed" or "none"'),
    "test_ratio": _number(),
    "planned": _whole(1, 100_000),
    "error_budget": _number(lambda value: 0 < value < 0.5, "between 0 and 0.5"),
    "rules": _whole(1, RULES, "; newer rules need a newer gitexp"),
    "first_seed": _whole(0, REGISTERED[0] - 1),
    "seed_key": _fitting(
        lambda value: _is_text(value) and _is_key(value), "a key of the config, such as train.seed"
    ),
    "sample": _shares,
    "stop_if": _stop_rules,
    "pairing": _fitting((INTERLEAVED,).__contains__, f'"{INTERLEAVED}", or left out'),
    "canary": _how_often,
    "timeout": _time,
    "silent": _time,
    "memory": lambda path, name, value: parse_size(value, f"{path}: {name}"),
    "threads": _whole(1, 4096),
    "gpus": _number(
        lambda value: _LEAST_SHARE <= value < 1 or value in range(1, _MOST_GPUS + 1),
        f"a whole number from 1 to {_MOST_GPUS}, or a share such as 0.5",
    ),
    "shell": _fitting(lambda value: isinstance(value, bool), "true or false"),
    "notify": _fitting(
        lambda value: _is_text(value) and _is_command(value), "a command, such as 'python tell.py'"
    ),
    "on": _elsewhere,
}
