"""Refusals of several things of which all are done or none, told at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from gitexp.errors import Refused, UsageError


class Refusals:
    """What is wrong with several things of which all are done or none: told at once."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._refused: list[Refused] = []
        self.unread: list[UsageError] = []

    @contextlib.contextmanager
    def of(self, label: str) -> Iterator[None]:
        """Remember what is refused within, under the name of the thing, "" for a single one."""
        try:
            yield
        except Refused as refused:
            self._refused.append(_labelled(refused, label))
        except UsageError as error:
            self.unread.append(UsageError(_said(label, error.message), error.hint))

    def demand(self) -> None:
        """Go on where nothing was refused.

        Raises:
            Refused: something was.
            UsageError: something cannot be read; the message has what else is refused, too.
        """
        if self.unread:
            said = [error.message for error in self.unread]
            said += [one for refused in self._refused for one in _messages(refused)]
            raise UsageError("\n".join(said), self.unread[0].hint)
        if len(self._refused) == 1:
            raise self._refused[0]
        if self._refused:
            found = [finding for refused in self._refused for finding in refused.findings]
            bare = [refused.message for refused in self._refused if not refused.findings]
            raise Refused("\n".join([self._message, *bare]), found)


def _messages(refused: Refused) -> list[str]:
    return [one.message for one in refused.findings] or [refused.message]


def _labelled(refused: Refused, label: str) -> Refused:
    found = [replace(one, message=_said(label, one.message)) for one in refused.findings]
    message = refused.message if found else _said(label, refused.message)
    return Refused(message, found, refused.hint)


def _said(label: str, message: str) -> str:
    return f"{label}: {message}" if label else message
