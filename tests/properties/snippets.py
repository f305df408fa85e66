"""Small pieces of notebook code, and how one is filled in with names that are bound. Knows no cell and no task.

A piece names what it needs and what it binds by one letter in angle brackets: ``<i>`` is a bound integer, ``<I>`` a
name that becomes one, ``<-i>`` one that is deleted; ``<n>`` is a number. A digit tells two picks apart.
"""

from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass, field

from pieces import ARRAYS, DICTS, FUNCTIONS, GAPS, INTEGERS, LISTS

NAMES = {
    "i": ("a", "b", "c"),
    "x": ("xs", "ys"),
    "m": ("m", "mm"),
    "v": ("v", "w"),
    "d": ("df", "dg"),
    "f": ("f", "g", "h"),
    "c": ("P", "Q"),
    "p": ("p", "q"),
    "t": ("table",),
    "b": ("bump",),
    "g": ("grow",),
    "k": ("deco",),
    "u": ("push",),
    "s": ("stem",),
    "l": ("lib",),
    "r": ("scale",),
}
"""A name keeps its kind wherever it is bound: integer, list, dict, array, frame, function, class, instance .."""

SHOWN = {
    "v": "{0}.tolist()",
    "d": "{0}.to_dict('list')",
    "f": "{0}(3)",
    "t": "sorted({0})",
    "c": "{0}(2)",
    "r": "{0}(2)",
    "l": "{0}.scale(1)",
}
"""How a value of a kind is printed; else by its name."""
SILENT = frozenset("bgku")

TOKEN = re.compile(r"<(-?)([a-zA-Z])(\d?)>")
FAMILIES = (
    (INTEGERS, 9),
    (LISTS, 6),
    (DICTS, 3),
    (ARRAYS, 3),
    (FUNCTIONS, 9),
    *(((GAPS, 2),) if "PHELPS_GAPS" in os.environ else ()),
)


@dataclass
class Draft:
    """A notebook while it is written: which names are bound so far."""

    chance: random.Random
    bound: set[str] = field(default_factory=set)

    def statement(self) -> str:
        """One piece of code whose needs are met."""
        while True:
            family = self.chance.choices([one for one, _ in FAMILIES], [weight for _, weight in FAMILIES])[0]
            written = self.fill(self.chance.choice(family))
            if written is not None:
                return written

    def fill(self, piece: str) -> str | None:
        """The piece with names in it; None: it needs what is not bound."""
        picks: dict[str, str] = {}
        for drop, letter, digit in TOKEN.findall(piece):
            if f"{drop}{letter}{digit}" not in picks:
                pick = self._pick(letter, set(picks.values()))
                if pick is None:
                    return None
                picks[f"{drop}{letter}{digit}"] = pick
        filled = TOKEN.sub(lambda found: picks["".join(found.groups())], piece)
        self._note(picks, filled)
        return filled

    def _pick(self, letter: str, taken: set[str]) -> str | None:
        if letter == "n":
            return str(self.chance.randint(1, 9))
        names = [name for name in NAMES[letter.lower()] if letter.isupper() or name in self.bound]
        return self.chance.choice([name for name in names if name not in taken] or [""]) or None

    def _note(self, picks: dict[str, str], filled: str) -> None:
        self.bound |= {name for token, name in picks.items() if token[0].isupper()}
        self.bound -= {name for token, name in picks.items() if token.startswith("-")}
        known = {name for names in NAMES.values() for name in names}
        self.bound |= known & set(re.findall(r"^(?:def|class|import|from lib import) (\w+)", filled, re.MULTILINE))
        if "from lib import *" in filled:
            self.bound.add("scale")

    def show(self) -> str:
        """A line that shows something bound."""
        kinds = {name: kind for kind, names in NAMES.items() for name in names if kind not in SILENT}
        names = sorted(kinds.keys() & self.bound) or ["0"]
        shown = [
            SHOWN.get(kinds.get(name, ""), "{0}").format(name) for name in self.chance.sample(names, min(2, len(names)))
        ]
        return shown[0] if self.chance.random() < 0.2 else f"print({', '.join(shown)})"
