"""Regular expressions that most commands compile when they first need them, for all to have.

The server that forks itself for each command imports this last (tests/forked.py).
"""

from __future__ import annotations

from gitexp.rules.gate.hypothesis import lint

# "C=10" would be taken for a name, and the words that open a question not be looked for.
lint("C raises accuracy because the model underfits: its training accuracy is 0.93")
