"""Regular expressions that most commands compile when they first need them, for all to have.

The server that forks itself for each command imports this last (tests/forked.py).
"""

from __future__ import annotations

from gitexp.rules.gate.hypothesis import lint

lint("C=10 raises accuracy because the model underfits: its training accuracy is 0.93")
