"""The condition: what a run depends on besides its commit, and whether two runs share it.

A changed package version or data file is a second change that no diff shows. It is found in two
ways: every run reports what it loaded, and before the first run the command's own interpreter says
which versions it would load today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitexp.rules.documents.lines import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

_BASIS = ("python", "implementation", "accelerators", "data")


def condition_of(described: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> str:
    """Name the condition of an environment: a known one that agrees with it, else a new one.

    Two environments agree if interpreter, accelerators and data are the same and every package
    that both loaded has the same version. An experiment may load one package more.
    """
    own = sha256({name: described.get(name) for name in (*_BASIS, "packages")})[:12]
    if own in known:
        return own
    return next(
        (name for name in reversed([*known]) if not changes_between(known[name], described)), own
    )


def changes_between(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what keeps two environments from sharing a condition; empty if nothing does."""
    said = [
        f"{name} {_short(then.get(name))} -> {_short(now.get(name))}"
        for name in _BASIS[:3]
        if (then.get(name) or None) != (now.get(name) or None)
    ]
    old, new = then.get("data") or {}, now.get("data") or {}
    said += [
        f"data {path} has changed"
        for path in sorted(old.keys() & new.keys())
        if old[path] != new[path]
    ]
    old, new = then.get("packages") or {}, now.get("packages") or {}
    both = sorted(old.keys() & new.keys())
    return said + [f"{name} {old[name]} -> {new[name]}" for name in both if old[name] != new[name]]


def _short(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
