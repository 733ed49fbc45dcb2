"""What sharing costs beside plain git, and its growth: `python -m tests.bench.sharing [COUNT ...]`.

For each number of experiments, a project with records goes to an empty remote, comes into a fresh
clone, and then one more experiment goes and comes. Beside each stands the git command that moves
the same refs without merging, checking or judging anything, timed in the same run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.projects import many_experiments, project, seal
from tests.bench.timing import Command, cost_of
from tests.project import World
from tests.team import an_experiment, measure

_SYNC = (str(Path(sys.executable).with_name("gitexp")), "sync")
_REFS = ("refs/heads/exp/*:refs/heads/exp/*", "refs/notes/gitexp*:refs/notes/gitexp*")
_BESIDE = tuple(f"+{spec.replace(':refs/', ':refs/beside/')}" for spec in _REFS)


@dataclass(frozen=True, slots=True)
class Place:
    """A remote, and a clone that shares with it or (plain git) moves refs there."""

    hub: World
    clone: World


def _row(what: str, ours: float, floor: float) -> None:
    print(f"{what:48}{ours / 1000:10.2f} s{floor / 1000:10.2f} s{ours / floor:9.1f}x", flush=True)


def _wall(command: Command, world: World) -> float:
    return cost_of(command, world.path).wall


def _hub(home: Path, name: str, source: World) -> World:
    """An empty remote that has the baseline branch."""
    hub = World(home / f"{name}.git")
    source.git("init", "--quiet", "--bare", str(hub.path))
    source.git("remote", "add", name, str(hub.path))
    source.git("push", "--quiet", "--no-verify", name, "main")
    return hub


def growth(home: Path, count: int) -> None:
    """Time one number of experiments."""
    source = project(home / "source")
    many_experiments(source, count)
    shared, plain = _hub(home, "shared", source), _hub(home, "plain", source)
    label = f"{count:,} experiments"
    push = ("git", "push", "--quiet", "--no-verify", "plain", *_REFS)
    _row(f"{label}: all go out", _wall((*_SYNC, "shared"), source), _wall(push, source))
    places = []
    for hub in (shared, plain):
        clone = World(home / f"clone-of-{hub.path.stem}")
        source.git("clone", "--quiet", f"file://{hub.path}", str(clone.path))
        places.append(Place(hub, clone))
    ours, floor = (place.clone for place in places)
    fetch = ("git", "fetch", "--quiet", "origin", *_BESIDE)
    _row(f"{label}: all come in", _wall(_SYNC, ours), _wall(fetch, floor))
    _row(f"{label}: nothing to do", _wall(_SYNC, ours), _wall(fetch, floor))
    commit = an_experiment(ours, "one-more", 99_999)
    measure(ours, commit, 0.95)
    out = _wall(_SYNC, ours)
    floor.git("fetch", "--quiet", str(ours.path), f"{commit}:refs/heads/exp/one-more")
    more = ("git", "push", "--quiet", "origin", "exp/one-more")
    _row(f"{label}: one more goes out", out, _wall(more, floor))
    back = ("git", "fetch", "--quiet", "plain", *_BESIDE)
    _row(f"{label}: one more comes in", _wall((*_SYNC, "shared"), source), _wall(back, source))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="*", type=int, default=[100, 1000, 10_000])
    with tempfile.TemporaryDirectory(prefix="gitexp-bench-") as folder:
        seal(Path(folder))
        print(f"{'':48}{'gitexp':>12}{'git':>12}{'ratio':>10}")
        for count in parser.parse_args().count:
            home = Path(folder) / str(count)
            home.mkdir()
            growth(home, count)


if __name__ == "__main__":
    main()
