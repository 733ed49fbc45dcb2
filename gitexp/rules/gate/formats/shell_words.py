"""Divide shell text into commands and words, with the place of each; nothing is ever expanded.

What cannot be told without running it (substitutions, here-documents, loops, conditions, functions,
arrays) is one Unread for each command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gitexp.rules.gate.formats.values import Source


@dataclass(frozen=True, slots=True)
class Word:
    """A word from `start` to `end`; `value` is its text, or a Source where the shell expands it."""

    start: int
    end: int
    raw: str
    value: str | Source


@dataclass(frozen=True, slots=True)
class Unread:
    """A command that only its lines can be compared of."""

    text: str


_OPENING = {"if", "for", "while", "until", "case", "select", "function", "{"}
_CLOSING = {"fi", "done", "esac", "}"}
_KEYWORDS = _OPENING | _CLOSING | {"then", "else", "elif", "do", "[[", "((", "eval"}

_REDIRECTION = re.compile(r"[0-9]*(?:<<<|<<-?|>>|>\||[<>]&[0-9-]?|<>|&>>?|[<>])")
_COMMENT = re.compile(r"#[^\n]*+")
_CONTINUED = re.compile(r"\\\r?\n")
_SINGLE = re.compile(r"'([^']*+)'")
_DOUBLE = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{[^{}`$\n]*+\}|[A-Za-z_]\w*+|[0-9@*#?$!-])")
_MAKE_VARIABLE = re.compile(r"\$(?:\$?\([\w.@<^-]*+\)|\$?\{[\w.@<^-]*+\}|\$?[A-Za-z@<^*?])")
_PLAIN = re.compile(r"[^\s'\"\\;&|<>()`$#*?\[~{}]++")


@dataclass(slots=True)
class _Scanner:
    text: str
    at: int
    end: int
    make: bool
    words: list[Word] = field(default_factory=list)
    certain: bool = True
    brackets: int = 0

    def commands(self) -> Iterator[list[Word] | Unread]:
        depth, began = 0, self.at
        while self.at < self.end:
            if self._step():
                continue
            # The end of a command: a line end, or an operator between commands.
            names = [word.raw for word in self.words]
            first = names[0] if names else ""
            depth += (first in _OPENING) + ("{" in names[1:])
            certain = self.certain and not depth and first not in _KEYWORDS
            depth = max(depth - (first in _CLOSING), 0)
            if names and certain:
                yield self.words
            elif names or not self.certain:
                yield Unread(self.text[began : self.at].strip())
            self.at += 1
            began, self.words, self.certain = self.at, [], True
        if self.words or not self.certain:
            certain = self.certain and not depth and self.words[0].raw not in _KEYWORDS
            yield self.words if certain else Unread(self.text[began : self.end].strip())

    def _step(self) -> bool:
        """Read on by a word, a comment or a blank; False at the end of a command."""
        text, character = self.text, self.text[self.at]
        if found := _CONTINUED.match(text, self.at, self.end):
            self.at = found.end()
        elif character == "\n":
            if not self.brackets:
                return False
            self.at += 1
        elif character.isspace():
            self.at += 1
        elif character == "#":
            found = _COMMENT.match(text, self.at, self.end)
            self.at = found.end() if found else self.end
        elif found := _REDIRECTION.match(text, self.at, self.end):
            self._redirect(found)
        elif character in ";&|":
            return bool(self.brackets and self._skip())
        elif character in "()":
            self.certain = False
            self.brackets = max(self.brackets + (1 if character == "(" else -1), 0)
            self.at += 1
        else:
            self._word()
        return True

    def _skip(self) -> bool:
        self.at += 1
        return True

    def _redirect(self, found: re.Match[str]) -> None:
        operator = found[0].lstrip("0123456789")
        self.words.append(Word(found.start(), found.end(), found[0], found[0]))
        self.at = found.end()
        if operator in {"<<", "<<-"}:
            self.certain = False
            name = re.compile(r"[ \t]*['\"\\]?(\w+)").match(self.text, self.at, self.end)
            close = name and re.compile(rf"^\t*{name[1]}$", re.MULTILINE).search(
                self.text, name.end(), self.end
            )
            self.at = close.end() if close else self.end

    def _word(self) -> None:
        start, parts, plain = self.at, [], True
        while self.at < self.end:
            text, character = self.text, self.text[self.at]
            if found := _PLAIN.match(text, self.at, self.end):
                parts.append(found[0])
            elif _CONTINUED.match(text, self.at, self.end):
                break
            elif found := _SINGLE.match(text, self.at, self.end):
                parts.append(found[1])
                plain = plain and not (self.make and "$" in found[1])
            elif found := _DOUBLE.match(text, self.at, self.end):
                parts.append(re.sub(r"\\([\\\"$`])", r"\1", found[1]))
                plain = plain and not re.search(r"(?<!\\)[$`]", found[1])
                self._doubt(found[1])
            elif found := (_MAKE_VARIABLE if self.make else _VARIABLE).match(
                text, self.at, self.end
            ):
                plain = False
            elif character == "\\" and self.at + 1 < self.end:
                parts.append(text[self.at + 1])
                self.at += 2
                continue
            elif character in "*?[~{}" or (character == "#" and self.at > start):
                plain = plain and character == "#"
                parts.append(character)
                self.at += 1
                continue
            elif character in "'\"`$\\":
                # A quote that is never closed takes all the rest with it.
                self.certain = False
                self.at = self.end if character in "'\"" else self.at + 1
                continue
            else:
                break
            self.at = found.end()
        raw = self.text[start : self.at]
        self.words.append(Word(start, self.at, raw, "".join(parts) if plain else Source(raw)))

    def _doubt(self, quoted: str) -> None:
        if "`" in quoted or (re.search(r"\$\(\(?", quoted) and not self.make):
            self.certain = False


def read_commands(
    text: str, start: int = 0, end: int | None = None, *, make: bool = False
) -> list[list[Word] | Unread]:
    """Divide a part of a text into commands; with `make` as a recipe, in which `$(X)` is a name."""
    return list(_Scanner(text, start, len(text) if end is None else end, make).commands())
