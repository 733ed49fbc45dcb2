from __future__ import annotations

import pytest

from gitexp.rules.documents.same_settings import run_alike

BASE = 'config = ["c.toml"]\ncommand = "python t.py"\nmetric = "a"\nplanned = 20\n'


@pytest.mark.parametrize(
    ("after", "alike"),
    [
        (BASE.replace("20", "30"), True),
        (f"# more\n{BASE}effect = 0.1\nrepeats = [3]\nrules = 2\nfirst_seed = 0\n", True),
        (f'{BASE}protect = ["evaluate.py"]\n', True),
        (f"{BASE}direction = 'lower'\n", False),
        (f"{BASE}timeout = 5\n", False),
        (BASE.replace("t.py", "u.py"), False),
        (f"{BASE}shell = true\n", False),
        (f"{BASE}vary = 'seed'\n", False),
        ("config = [\n", False),
        (None, False),
    ],
)
def test_only_what_is_asked_of_results_leaves_runs_alike(after: str | None, alike: bool) -> None:
    changed = None if after is None else after.encode()
    assert run_alike("gitexp.toml", BASE.encode(), changed) is alike
    assert run_alike("other.toml", BASE.encode(), changed) is False


def test_a_pyproject_counts_for_the_other_tools_that_read_it() -> None:
    table = f"[tool.gitexp]\n{BASE}[tool.x]\ny = 1\n"
    assert run_alike("pyproject.toml", table.encode(), table.replace("20", "30").encode())
    assert not run_alike("pyproject.toml", table.encode(), table.replace("y = 1", "y = 2").encode())
    assert not run_alike("pyproject.toml", b"[tool.x]\n", table.encode())


def test_more_may_be_protected_and_not_less() -> None:
    one, two = (f"{BASE}protect = [{names}]\n".encode() for names in ("'a.py'", "'b/', 'a.py'"))
    assert run_alike("gitexp.toml", one, two)
    assert not run_alike("gitexp.toml", two, one)
    assert not run_alike("gitexp.toml", one, BASE.encode())
