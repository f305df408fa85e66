"""The text of one stream as a terminal shows it in the end: what carriage returns and moves of the cursor leave.

Knows the last lines, which may still change; refuses to know who reads them.
"""

from __future__ import annotations

import re

ROWS = 24
"""Lines that the cursor can go back to, as on a terminal of this height."""
OPEN = 1 << 14
"""Characters that may still change, at most."""
WIDTH = 1 << 10
"""Columns that the cursor can go to where nothing is written: each line that it does so on is filled up to there."""
DIGITS = 6
"""Of a number in a sequence: more lines and columns than there are."""
MOVES = re.compile(r"\x1b\[[0-9;?]*[A-HJKhl]")
TOKENS = re.compile(r"(\x1b\[[0-9;?]*[A-Za-z]|[\r\n\b])")
CUT = re.compile(r"\x1b(\[[0-9;?]{0,16})?\Z")
CELLS = re.compile(r"(?:\x1b\[[0-9;]*m)*.(?:\x1b\[[0-9;]*m)*", re.DOTALL)
"""A character with the colours around it, which take no place."""


class Screen:
    """One stream, from where it begins or begins anew."""

    def __init__(self) -> None:
        self._shown = ""
        """What may still change, as it was told."""
        self._up = 0
        """Lines from the last one up to the cursor's."""
        self._column: int | None = None
        """The cursor's; None: behind all text."""
        self._style = ""
        """Colours that begin with the next character."""
        self._cut = ""
        """A sequence of which only the beginning has come."""

    def write(self, text: str) -> tuple[int, str]:
        """The text comes: so many characters at the end of what was shown go, and these are added."""
        before = self._shown
        text = self._whole(self._cut + text).replace("\r\n", "\n")
        is_plain = self._column is None and not self._style and not _moves(text)
        after = before + text if is_plain else self._moved(text)
        same = len(before) if after.startswith(before) else _common(before, after)
        self._shown = self._open(after)
        return len(before) - same, after[same:]

    def _whole(self, text: str) -> str:
        """The text without a sequence that has only begun."""
        begins = text.rfind("\x1b")
        cut = CUT.search(text, begins) if begins >= 0 else None
        self._cut = cut[0] if cut else ""
        return text.removesuffix(self._cut)

    def _moved(self, text: str) -> str:
        page = _Page(self._shown, self._up, self._column, self._style)
        for token in TOKENS.split(text):
            page.take(token)
        page.end_style()
        self._up, self._column = page.cursor
        self._style = page.style
        return page.text

    def _open(self, text: str) -> str:
        """The end of it, which may still change."""
        rows = text.rsplit("\n", ROWS)
        shown = text if len(rows) <= ROWS else "\n".join(rows[1:])
        if len(shown) <= OPEN:
            return shown
        if self._column is not None and "\n" not in shown[-OPEN:]:
            self._column = max(self._column - (len(rows[-1]) - OPEN), 0)
        return shown[-OPEN:]


def _moves(text: str) -> bool:
    """Whether anything in it moves the cursor elsewhere than on to the next line."""
    return "\r" in text or "\b" in text or ("\x1b" in text and MOVES.search(text) is not None)


def _common(one: str, other: str) -> int:
    """How many characters at their beginning are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, its) in pairs if mine != its), min(len(one), len(other)))


class _Page:
    """Lines of characters, and the place where the next one goes."""

    def __init__(self, text: str, up: int, column: int | None, style: str) -> None:
        self._rows = [CELLS.findall(line) if "\x1b" in line else list(line) for line in text.split("\n")]
        self._row = max(len(self._rows) - 1 - up, 0)
        self._column = len(self._rows[-1]) if column is None else column
        self.style = style

    @property
    def text(self) -> str:
        return "\n".join(map("".join, self._rows))

    @property
    def cursor(self) -> tuple[int, int | None]:
        """Lines up from the last one, and the column; None behind all text."""
        up = len(self._rows) - 1 - self._row
        return up, None if up == 0 and self._column == len(self._rows[-1]) else self._column

    def take(self, token: str) -> None:
        match token:
            case "\n":
                self.end_style()
                self._row, self._column = self._row + 1, 0
                if self._row == len(self._rows):
                    self._rows.append([])
            case "\r":
                self.end_style()
                self._column = 0
            case "\b":
                self._column = max(self._column - 1, 0)
            case _ if TOKENS.fullmatch(token):
                self._obey(token[-1], token[2:-1], token)
            case _ if token:
                self._write(token)

    def end_style(self) -> None:
        """What follows no character belongs to the one before it."""
        row = self._rows[self._row]
        if 0 < self._column <= len(row):
            row[self._column - 1] += self.style
            self.style = ""

    def _write(self, text: str) -> None:
        row, end = self._rows[self._row], self._column + len(text)
        row.extend(" " * (self._column - len(row)))
        row[self._column : end] = text
        row[self._column] = self.style + row[self._column]
        self.style = ""
        self._column = end

    def _obey(self, command: str, argument: str, token: str) -> None:
        count = int(argument[:DIGITS]) if argument.isdigit() else 1
        match command:
            case "m":
                self.style += token
            case "A":
                self._row = max(self._row - count, 0)
            case "B":
                self._row = min(self._row + count, len(self._rows) - 1)
            case "C" | "D" | "G":
                begin = {"C": self._column + count, "D": self._column - count, "G": count - 1}[command]
                self._column = min(max(begin, 0), max(len(self._rows[self._row]), WIDTH))
            case "K" | "J":
                self._erase(argument, below=command == "J")

    def _erase(self, argument: str, *, below: bool) -> None:
        row = self._rows[self._row]
        if argument in ("1", "2"):
            row[: self._column] = " " * min(self._column, len(row))
        if argument != "1":
            del row[self._column :]
        if below and argument != "1":
            del self._rows[self._row + 1 :]
