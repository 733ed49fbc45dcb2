"""Before/after pairs of config files out of public repositories, judged by another parser.

They belong to other projects and are read where they lie; without them nothing here runs.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gitexp.rules.gate import formats
from gitexp.rules.gate.edited import Edited
from gitexp.rules.gate.one_change import Inspection, inspect

_HERE = Path(__file__).resolve().parents[3]
FOLDER = Path(
    os.environ.get("GITEXP_CONFIG_PAIRS") or _HERE.parent / "shared" / "vectors" / "config-pairs"
)
PAIRS = sorted(path.parent for path in FOLDER.glob("*/meta.json"))

# Where the other parser counts otherwise; both sides refuse these all the same.
COUNTED_OTHERWISE = {
    "218": "values that follow another by an alias count there, too",
    "242": "values that follow another by an alias count there, too",
    "256": "filling an empty table is one value here, and two there",
    "324": "a dict that a Python file consists of is one statement there",
}

if not PAIRS:
    pytest.skip("the folder of config pairs is not here", allow_module_level=True)


def described(pair: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((pair / "meta.json").read_text())
    return meta


def judge(pair: Path, name: str) -> Inspection:
    before, after = ((pair / side).read_bytes() for side in ("before", "after"))
    return inspect([Edited(name, "100644", "100644", before, after)], [name])


def one_value_on_one_line(meta: dict[str, Any]) -> bool:
    return meta["line_class"] in {"1 replaced", "1 added", "1 removed"} and meta["n_keys"] == 1


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_pair_is_an_experiment_where_one_line_and_one_value_differ(pair: Path) -> None:
    meta = described(pair)
    name = Path(meta["path"]).name
    assert formats.format_of(name) is not None
    found = judge(pair, name)
    assert (found.change is not None) == one_value_on_one_line(meta), found.findings
    assert (found.change is None) == bool(found.findings)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_as_many_values_differ_as_another_parser_finds(pair: Path) -> None:
    meta = described(pair)
    found = judge(pair, Path(meta["path"]).name)
    if any(finding.id == "C9" for finding in found.findings):
        assert meta["rename"]
    elif pair.name not in COUNTED_OTHERWISE:
        assert len(found.changes) == meta["n_keys"]
