"""Which dependencies an edit adds to the files that declare them."""

from __future__ import annotations

import re
from typing import Any

import tomli

_REQUIREMENTS = re.compile(r"(?:^|/)(?:requirements[^/]*\.(?:txt|in)|constraints[^/]*\.txt)$")
_ENVIRONMENT = re.compile(r"(?:^|/)(?:conda|environment)[^/]*\.ya?ml$")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def declares(path: str) -> bool:
    """Whether a file declares dependencies."""
    return path.rpartition("/")[2] == "pyproject.toml" or bool(
        _REQUIREMENTS.search(path) or _ENVIRONMENT.search(path)
    )


def added(path: str, before: bytes | None, after: bytes | None) -> list[str]:
    """Names of the dependencies that an edit adds to a file, sorted."""
    return sorted(_declared(path, after or b"") - _declared(path, before or b""))


def _declared(path: str, content: bytes) -> set[str]:
    text = content.decode("utf-8", "replace")
    if path.endswith(".toml"):
        return _of_pyproject(text)
    if _ENVIRONMENT.search(path):
        lines = [line.strip()[2:] for line in text.splitlines() if line.strip().startswith("- ")]
        return {name for line in lines if not line.rstrip().endswith(":") for name in _named(line)}
    lines = [line.strip() for line in text.splitlines()]
    return {name for line in lines if not line.startswith(("#", "-")) for name in _named(line)}


def _of_pyproject(text: str) -> set[str]:
    try:
        document = tomli.loads(text)
    except (ValueError, RecursionError):
        return set()
    project = _table(document.get("project"))
    poetry = _table(_table(document.get("tool")).get("poetry"))
    texts = [*_list(project.get("dependencies")), *_table(poetry.get("dependencies"))]
    for group in _table(project.get("optional-dependencies")).values():
        texts += _list(group)
    return {name for one in texts if one != "python" for name in _named(one)}


def _table(value: Any) -> dict[str, Any]:  # noqa: ANN401 - parsed data
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[str]:  # noqa: ANN401 - parsed data
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _named(line: str) -> list[str]:
    found = _NAME.match(line.strip().strip("'\""))
    return [re.sub(r"[-_.]+", "-", found[0]).lower()] if found else []
