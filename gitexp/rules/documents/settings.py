"""A project's settings, as its baseline commits declare them; settings_file.py reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitexp.rules.gate.formats.keys import parse_key
from gitexp.rules.verdict.criterion import Criterion, Scale

if TYPE_CHECKING:
    from gitexp.rules.documents.elsewhere import Elsewhere
    from gitexp.rules.documents.stop_rule import StopRule

LOOKS = (5, 10, 20)
# Where a seed does not redraw the split, more looks find more in fewer runs (docs/benchmarks.md).
LOOKS_ON_FIXED_SPLIT = (4, 6, 9, 13, 18, 24)
MOST_REPEATS = 100_000
RULES = 2  # the newest rules of verdict; experiments of gitexp 0.1.0 are judged by rules 1
INTERLEAVED = "interleaved"  # the one way of pairing runs that must be asked for
NOTEBOOK = ("KNOWN.toml", "GOALS.toml")
INERT = ("*.md", "docs/", "tests/", ".github/")


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of `[tool.gitexp]` or gitexp.toml; docs/settings.md explains each.

    `effect` is a number, or in percent a text such as "2%".
    """

    config: tuple[str, ...]
    command: str
    metric: str
    baseline: str = "main"
    metrics: str = ""
    direction: str = "higher"
    effect: float | str = 0.005
    repeats: tuple[int, ...] = LOOKS
    vary: str = "split"
    test_ratio: float | None = None
    planned: int = 20
    error_budget: float = 0.10
    seed_key: str = ""
    first_seed: int | None = None
    shell: bool = False
    data: tuple[str, ...] = ()
    predictions: str = ""
    holdout: str = ""
    keep: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    inert: tuple[str, ...] = INERT
    protect: tuple[str, ...] = ()
    timeout: float | None = None
    silent: float | None = None
    memory: int | None = None
    stop_if: tuple[StopRule, ...] = ()
    sample: tuple[float, ...] = ()
    canary: float | None = None
    threads: int | None = None
    gpus: float | None = None
    pairing: str = ""
    notify: str = ""
    rules: int = 1
    on: tuple[Elsewhere, ...] = ()
    table: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def criterion(self) -> Criterion:
        """What experiments have to reach that do not say it themselves."""
        scale = Scale.PERCENT if isinstance(self.effect, str) else Scale.DIFFERENCE
        amount = float(str(self.effect).rstrip("% "))
        return Criterion(self.metric, amount, self.higher_is_better, scale)

    @property
    def widening(self) -> float:
        """n_test / n_train if splits are redrawn, else 0.

        Splits may be redrawn by the seed, or within one deterministic run if `test_ratio` is set.
        """
        if self.vary == "seed":
            return 0.0
        ratio = self.test_ratio
        return (0.25 if self.vary == "split" else 0.0) if ratio is None else ratio

    @property
    def unread(self) -> tuple[str, ...]:
        """Paths that cannot change a run: the inert ones, and files that only gitexp reads."""
        return (*self.inert, *NOTEBOOK)

    @property
    def seeded(self) -> bool:
        """Whether runs are repeated with other seeds; a deterministic trainer runs once."""
        return self.vary != "none"

    @property
    def fresh_seeds(self) -> bool:
        """Whether there are seeds that no run has used; numbers of folds are always the same."""
        return self.seeded and self.first_seed is None

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of pairs at which there may be a verdict."""
        return self.repeats if self.seeded else (1,)

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher value of the project's metric is better."""
        return self.direction == "higher"

    def key_of_seed(self) -> tuple[str, ...]:
        """`seed_key` as a path of names."""
        return parse_key(self.seed_key)

    @property
    def digest(self) -> str:
        """Hash of these settings; approval is for exactly this hash."""
        import hashlib  # loads OpenSSL

        canonical = json.dumps(self.table, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()
