"""`python -m gitexp`."""

from __future__ import annotations

import os
import sys

# `python -m` looks for modules in the current folder first, so that a random.py of yours would be
# imported instead of Python's. The command `gitexp` does not, and neither may this.
if sys.path and sys.path[0] in {"", os.getcwd()}:  # noqa: PTH109 - compared as Python wrote it
    del sys.path[0]

from gitexp.cli.start import main

main()
