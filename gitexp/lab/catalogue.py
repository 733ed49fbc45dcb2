"""The catalogue of rules, read from the files that the package brings along."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from gitexp.rules.catalogue import Rule, Shared, parse_family, parse_shared

FAMILIES = ("change", "code", "place", "message", "known", "verify", "server")


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the documentation."""
    shared = shared_examples()
    return tuple(rule for family in FAMILIES for rule in parse_family(_read(family), shared))


def find_rule(rule_id: str) -> Rule | None:
    """Return the rule with an id, in upper or lower case; None if there is none."""
    wanted = rule_id.upper()
    return next((rule for rule in all_rules() if rule.id == wanted), None)


@cache
def shared_examples() -> Shared:
    """Return what the examples of several rules share."""
    return parse_shared(_read("shared"))


def _read(name: str) -> str:
    return (files("gitexp.rules.catalogue") / f"{name}.toml").read_text("utf-8")
