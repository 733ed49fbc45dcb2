"""Before/after pairs of config files out of public repositories, judged by another parser.

They belong to other projects and are read where they lie; without them nothing here runs.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gitexp.rules.one_change import Edited, inspect

_HERE = Path(__file__).resolve().parents[2]
FOLDER = Path(
    os.environ.get("GITEXP_CONFIG_PAIRS") or _HERE.parent / "shared" / "vectors" / "config-pairs"
)
PAIRS = sorted(path.parent for path in FOLDER.glob("*/meta.json"))

if not PAIRS:
    pytest.skip("the folder of config pairs is not here", allow_module_level=True)


def described(pair: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((pair / "meta.json").read_text())
    return meta


TOML = [pair for pair in PAIRS if described(pair)["ext"] == "toml"]


@pytest.mark.parametrize("pair", TOML, ids=lambda pair: pair.name)
def test_a_pair_is_an_experiment_where_one_line_and_one_value_differ(pair: Path) -> None:
    meta = described(pair)
    before, after = ((pair / name).read_bytes() for name in ("before", "after"))
    found = inspect([Edited("config.toml", "100644", "100644", before, after)], ["config.toml"])
    one_line = meta["line_class"] in {"1 replaced", "1 added", "1 removed"}
    one_value = meta["key_class"].startswith("1 ")
    assert (found.change is not None) == (one_line and one_value), found.findings
    assert (found.change is None) == bool(found.findings)
