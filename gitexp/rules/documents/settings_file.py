"""A settings file: read and checked once, so that no other code has to check settings."""

from __future__ import annotations

import dataclasses
import math
import re
import shlex
from typing import Any

import tomli

from gitexp.errors import NotReady
from gitexp.rules.documents.overlap import demand_apart
from gitexp.rules.documents.quantities import parse_size, parse_time
from gitexp.rules.documents.settings import INTERLEAVED, MOST_REPEATS, RULES, Settings
from gitexp.rules.documents.stop_rule import UNDERSTOOD, StopRule, parse_stop_rule
from gitexp.rules.gate.formats.keys import parse_key
from gitexp.rules.plan.seeds import REGISTERED

FILES = ("gitexp.toml", "pyproject.toml")

_MOST = {"planned": 100_000, "rules": RULES, "threads": 4096, "first_seed": REGISTERED[0] - 1}
_CHOICES = {
    "direction": (("higher", "lower"), '"higher" or "lower"'),
    "vary": (("split", "seed", "none"), '"split", "seed" or "none"'),
    "pairing": ((INTERLEAVED,), f'"{INTERLEAVED}", or left out'),
}
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
            import difflib  # only where there is an error

            near = difflib.get_close_matches(name, known, 1)
            raise NotReady(
                f"{path}: unknown setting {name!r}",
                f"did you mean {near[0]}?" if near else f"settings are: {', '.join(sorted(known))}",
            )
    missing = [name for name in ("config", "command", "metric") if not table.get(name)]
    if missing:
        raise NotReady(
            f"{path}: {', '.join(missing)} must be set",
            f"set it there and commit it, such as: {_EXAMPLES[missing[0]]}",
        )
    values = {name: _checked(path, name, value) for name, value in table.items()}
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


def _checked(path: str, name: str, value: Any) -> Any:  # noqa: ANN401 - parsed data
    match name:
        case "config" | "data" | "keep" | "link" | "inert" | "protect":
            return _paths(path, name, value)
        case "on":
            # Which most projects do not set, and its classes take 3 ms to make.
            from gitexp.rules.documents.elsewhere import parse_elsewhere

            return parse_elsewhere(path, value)
        case "repeats":
            looks = [value] if isinstance(value, int) else value
            _demand(
                isinstance(looks, list)
                and bool(looks)
                and all(type(n) is int and 0 < n <= MOST_REPEATS for n in looks)
                and looks == sorted(set(looks)),
                path, name, f"increasing numbers up to {MOST_REPEATS}, such as [5, 10, 20]",
            )  # fmt: skip
            return tuple(looks)
        case "planned" | "rules" | "threads" | "first_seed":
            least, most = int(name != "first_seed"), _MOST[name]
            newer = "; newer rules need a newer gitexp" * (name == "rules")
            _demand(
                type(value) is int and least <= value <= most,
                path, name, f"a whole number from {least} to {most}{newer}",
            )  # fmt: skip
        case "effect" | "test_ratio" | "error_budget" | "gpus":
            _demand(
                type(value) in {int, float} and 0 <= value <= _LARGEST,
                path, name, "a number, 0 or more",
            )  # fmt: skip
            _demand(name != "error_budget" or 0 < value < 0.5, path, name, "between 0 and 0.5")
            _demand(
                name != "gpus" or _LEAST_SHARE <= value < 1 or value in range(1, _MOST_GPUS + 1),
                path, name, f"a whole number from 1 to {_MOST_GPUS}, or a share such as 0.5",
            )  # fmt: skip
            return float(value)
        case "direction" | "vary" | "pairing":
            words, wanted = _CHOICES[name]
            _demand(value in words, path, name, wanted)
        case "shell":
            _demand(isinstance(value, bool), path, name, "true or false")
        case "seed_key" | "notify":
            fits, wanted = _TEXTS[name]
            is_text = isinstance(value, str) and "\0" not in value
            _demand(is_text and fits(value), path, name, wanted)
        case "sample" | "stop_if" | "memory" | "timeout" | "silent" | "canary":
            return _limit(path, name, value)
        case "metric":
            _demand(
                isinstance(value, str)
                and re.fullmatch(r"[^\s=,:+<>%]+", value) is not None
                and value.isprintable(),
                path, name, "one word: write val_loss for a metric that is printed as `val loss`",
            )  # fmt: skip
        case "metrics":
            _demand(
                _is_inside(value) and value.endswith((".json", ".toml", ".jsonl", ".csv")),
                path, name, "a .json, .toml, .jsonl or .csv file inside the project",
            )  # fmt: skip
        case "predictions":
            _demand(
                _is_inside(value) and value.endswith((".csv", ".npz", ".parquet")),
                path, name, "a .csv, .npz or .parquet file inside the project",
            )  # fmt: skip
        case _:
            _demand(isinstance(value, str) and "\0" not in value, path, name, "text")
            # git would read a name that starts with a dash as an option.
            _demand(name != "baseline" or value[:1] not in ("", "-"), path, name, "a branch")
    return value


def _limit(path: str, name: str, value: object) -> float | tuple[float, ...] | tuple[StopRule, ...]:
    """How much of the data or of the machine a run gets, and when it has to end."""
    if name == "sample":
        shares = value if isinstance(value, list) else [value]
        _demand(
            all(type(share) is float and 0 < share < 1 for share in shares),
            path, name, "a share of the data between 0 and 1, such as 0.1, or a list of them",
        )  # fmt: skip
        return tuple(sorted(set(shares)))
    if name == "stop_if":
        return _stop_rules(path, value)
    if name == "memory":
        return parse_size(value, f"{path}: memory")
    return _time(value, f"{path}: {name}", often=name == "canary")


def _time(value: object, where: str, *, often: bool) -> float:
    """Seconds of a time; where it says how often, also of "always" (0) and false (infinity)."""
    if often and value == "always":
        return 0.0
    if often and value is False:
        return math.inf
    return parse_time(value, f'{where}, where it is not "always" or false,' if often else where)


def _stop_rules(path: str, value: object) -> tuple[StopRule, ...]:
    listed = [value] if isinstance(value, str) else value
    _demand(
        isinstance(listed, list) and all(isinstance(one, str) for one in listed),
        path, "stop_if", f"a list of rules such as {UNDERSTOOD}",
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


_TEXTS = {
    "seed_key": (_is_key, "a key of the config, such as train.seed"),
    "notify": (_is_command, "a command, such as 'python tell.py'"),
}


def _demand(holds: bool, path: str, name: str, wanted: str) -> None:
    if not holds:
        raise NotReady(f"{path}: {name} must be {wanted}", f"correct {name} in {path}")
