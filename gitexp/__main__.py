"""`python -m gitexp`."""

from __future__ import annotations

from gitexp.cli.app import main

main()
