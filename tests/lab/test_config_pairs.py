"""Edits out of public repositories, made once more in real ones: is each taken as an experiment?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitexp.errors import Refused
from gitexp.lab.projects.project import open_project
from gitexp.workflows.start import start
from tests.project import BECAUSE, World
from tests.rules.gate.test_config_pairs import PAIRS, described, one_value_on_one_line


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_an_edit_in_the_work_tree_is_taken_where_one_line_and_one_value_differ(
    pair: Path, tmp_path: Path
) -> None:
    meta = described(pair)
    world = World(tmp_path)
    config = world.write(meta["path"], (pair / "before").read_bytes())
    settings = {"config": [meta["path"]], "command": "python train.py", "metric": "accuracy"}
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    world.write("gitexp.toml", "".join(lines))
    world.git("init", "--quiet")
    world.commit("baseline")
    after = (pair / "after").read_bytes()
    config.write_bytes(after)
    if one_value_on_one_line(meta):
        started = start(open_project(world.path), BECAUSE)
        branch = f"exp/{started.name}"
        assert world.git("diff-tree", "-r", "--name-only", "main", branch) == meta["path"]
        blob = world.git("hash-object", "--no-filters", str(pair / "after"))
        assert world.git("rev-parse", f"{branch}:{meta['path']}") == blob
        assert config.read_bytes() == (pair / "before").read_bytes()
    else:
        with pytest.raises(Refused) as refused:
            start(open_project(world.path), BECAUSE)
        assert refused.value.findings
        assert world.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
        assert config.read_bytes() == after
