"""Where the program began in older installations; see app.py."""

from gitexp.cli.app import main

__all__ = ["main"]
