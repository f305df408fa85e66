"""The words of an option line, and what each may stand for: a name, a number, a size, an expression. Knows no option.

Every reading of a word raises OptionError, with the word's place, where the word can't stand for that.
"""

from __future__ import annotations

import ast
import keyword
import re
import shlex
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from phelps_jupyter.errors import OptionError

# A word by the rules of a shell: plain characters, escapes and quoted parts, in any mixture.
_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+""")
_QUOTED = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*')""")
_NUMBER = r"\d{1,12}(?:\.\d{1,9})?"
_SIZE = re.compile(rf"({_NUMBER})([A-Za-z]+)")
_DURATION = re.compile(
    rf"(?P<bare>{_NUMBER})|(?:({_NUMBER})d)?(?:({_NUMBER})h)?(?:({_NUMBER})m(?:in)?)?(?:({_NUMBER})s)?"
)
_UNIT_SECONDS = (86400, 3600, 60, 1)
_UNIT_BYTES: dict[str, int] = {
    **{unit: 1000**power for power, unit in enumerate(("kb", "mb", "gb", "tb"), 1)},
    **{unit: 1024**power for power, unit in enumerate(("kib", "mib", "gib", "tib"), 1)},
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the cell that holds options, from column ``start`` on."""

    text: str
    start: int
    number: int

    def wrong(self, message: str, at: int) -> OptionError:
        """What to raise for what is wrong at column ``at``."""
        # A tab would move the caret away from its word.
        return OptionError(message, text=self.text.replace("\t", " "), at=at, line=self.number)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of an option line: ``text`` with its quotes taken off, ``raw`` as it is written at column ``at``."""

    text: str
    raw: str
    at: int
    line: Line

    @property
    def is_flag(self) -> bool:
        """Whether it names an option."""
        return self.raw.startswith("--")

    def wrong(self, message: str) -> OptionError:
        """What to raise for what is wrong with it."""
        return self.line.wrong(message, self.at)


def words_of(line: Line) -> list[Word]:
    """The words of a line."""
    words: list[Word] = []
    at = line.start
    while True:
        at += len(line.text[at:]) - len(line.text[at:].lstrip())
        if at >= len(line.text):
            return words
        match = _WORD.match(line.text, at)
        if match is None or line.text[match.end() : match.end() + 1].strip():
            at = match.end() if match else at
            fault = "a backslash" if line.text[at] == "\\" else f"a quote, {line.text[at]},"
            raise line.wrong(f"{fault} is opened here and never closed", at)
        words.append(Word(shlex.split(match[0])[0], match[0], at, line))
        at = match.end()


def identifier(what: str, word: Word) -> str:
    """A name of Python's. ``what``: what it is the name of."""
    text = word.text
    if text.isidentifier() and not keyword.iskeyword(text):
        return text
    if keyword.iskeyword(text):
        raise word.wrong(f"{what} can't be a word of Python's: {text!r}; try {text}_")
    tidy = re.sub(r"\W+", "_", text).strip("_")
    hint = f"; try {tidy if tidy.isidentifier() and not keyword.iskeyword(tidy) else f'task_{tidy}'}" if tidy else ""
    raise word.wrong(f"{what} must be an identifier, {text!r} is none{hint}")


def items_of(words: Sequence[Word]) -> list[Word]:
    """``a,b c`` is three items."""
    items = []
    for word in words:
        at = 0
        for text in filter(None, word.text.split(",")):
            at = max(word.raw.find(text, at), at)
            items.append(Word(text, text, word.at + at, word.line))
            at += len(text)
    return items


def names_of(what: str, words: Sequence[Word]) -> tuple[str, ...]:
    """Names, each once."""
    return tuple(dict.fromkeys(identifier(what, item) for item in items_of(words)))


def integer(flag: str, word: Word, least: int, special: str = "") -> int:
    """A whole number. ``special``: what else the option takes."""
    if re.fullmatch(r"\d{1,12}", word.text, re.ASCII) and int(word.text) >= least:
        return int(word.text)
    special = f", or {special}" if special else ""
    raise word.wrong(f"{flag} {word.text}: must be a whole number, {least} or more{special}")


def size_of(flag: str, word: Word) -> int:
    """Bytes."""
    match = _SIZE.fullmatch(word.text)
    if match and match[2].lower() in _UNIT_BYTES and float(match[1]) > 0:
        return round(float(match[1]) * _UNIT_BYTES[match[2].lower()])
    if match and match[2].lower() in _UNIT_BYTES:
        raise word.wrong(f"{flag} {word.text}: must be more than nothing")
    if match or re.fullmatch(_NUMBER, word.text):
        raise word.wrong(f"{flag} {word.text}: unit must be kB, MB, GB or TB (or KiB, MiB, ..)")
    raise word.wrong(f"{flag} {word.text}: must be a number and a unit, like 200MB or 1.5GB")


def seconds_of(flag: str, word: Word) -> float:
    """Seconds."""
    match = _DURATION.fullmatch(word.text)
    if not match or not word.text:
        raise word.wrong(f"{flag} {word.text}: must be like 90s, 10min, 2h, 1d or 1h30m")
    bare, *parts = match.groups(default="0")
    seconds = float(bare) + sum(float(part) * unit for part, unit in zip(parts, _UNIT_SECONDS, strict=True))
    if not seconds:
        raise word.wrong(f"{flag} {word.text}: must be more than nothing")
    return seconds


def variable(word: Word) -> str:
    """The name of an environment variable."""
    if re.fullmatch(r"[A-Za-z_]\w*", word.text, re.ASCII):
        return word.text
    name, equals, _ = word.text.partition("=")
    hint = f"; only its name stands here: {name}" if equals and name else ""
    raise word.wrong(f"--env {word.text}: must be the name of an environment variable{hint}")


def expression(flag: str, word: Word) -> str:
    """A Python expression as `ast.unparse` writes it: however it is spelled, an equal one is the same."""
    # Quotes around all of it are the option line's; quotes inside are Python's.
    text = (word.text if _QUOTED.fullmatch(word.raw) else word.raw).strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, flag, "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        told = error.msg if isinstance(error, SyntaxError) else error
        raise word.wrong(f"{flag} {text}: must be a Python expression: {told}") from None
    return ast.unparse(ast.parse(text, mode="eval"))
