"""What differs between two values, in lines for people. Never an error, never slow: it looks at so much, and says so.

Knows containers, texts, scalars, and objects by their parameters; tables and arrays are told by `diff_tables`.
"""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any

from phelps_jupyter.core.freshness import code_diff
from phelps_jupyter.records import diff_tables
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.homes import Home, home_of_class
from phelps_jupyter.runtime.summaries import summarise

LINES = 20
NAMED = 5
"""Of keys, elements and parameters, those told one by one."""
LOOKED_AT = 100_000
"""Elements of a container that are compared."""
PATIENCE = 1.0
"""Seconds after which no further element is compared."""
DEPTH = 3

_ATOMS = (type(None), bool, int, float, complex, str, bytes)
_LONGEST = 60


def difference(old: object, new: object) -> tuple[str, ...]:
    """What differs between two values that do, in lines for people."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            lines = _lines(old, new, DEPTH)
        except Exception:
            # Code of users and libraries runs here; whatever it raises, their types and lengths can be said.
            lines = []
    if lines and all(line.startswith("(") for line in lines):
        lines = ["no difference was found", *lines]
    if not lines:
        before, after = summarise(old), summarise(new)
        lines = [f"{before} -> {after}" if before != after else f"{after}, differing in what is not compared here"]
    return tuple(lines) if len(lines) <= LINES else (*lines[:LINES], f".. {len(lines) - LINES} lines more")


def same(old: object, new: object) -> bool:
    """Whether two values are one to a task: by content, not by ``==``."""
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, _ATOMS):
        return bool(old == new) or (old != old and new != new)
    return digest(old).digest == digest(new).digest


def pair(old: object, new: object) -> str:
    """Two values in one line: ``3 -> 4``."""
    return f"{shown(old)} -> {shown(new)}"


def shown(value: object) -> str:
    """A value in a few words; scalars and short texts as they are."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return str(value)
    text = repr(value) if isinstance(value, _ATOMS) else ""
    return text if 0 < len(text) <= _LONGEST else summarise(value)


def _lines(old: Any, new: Any, depth: int) -> list[str]:
    if type(old) is not type(new):
        before, after = pair(old, new).split(" -> ", 1)
        return [f"{_kind(old, before)} -> {_kind(new, after)}"]
    found = diff_tables.lines(old, new, same, shown)
    if found is not None:
        return found
    for kinds, tell in _TELLERS:
        if isinstance(old, kinds):
            return tell(old, new, depth)
    return _object(old, new, depth)


def _kind(value: object, text: str) -> str:
    """A scalar with its type: ``1`` and ``1.0`` and ``"1"`` look alike."""
    return f"{text} ({type(value).__name__})" if isinstance(value, bool | int | float | complex | str) else text


def _atom(old: object, new: object, depth: int) -> list[str]:
    del depth
    return [pair(old, new)]


def _text(old: str, new: str, depth: int) -> list[str]:
    if "\n" not in old + new and len(old) + len(new) <= 2 * _LONGEST:
        return _atom(old, new, depth)
    if len(old) + len(new) > LOOKED_AT:
        place = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), -1)
        return [f"{summarise(old)} -> {summarise(new)}, first different at character {place:,}"]
    return diff_lines(old, new)


def diff_lines(old: str, new: str) -> list[str]:
    """The lines of two texts that differ, each after ``-`` or ``+``; ``..`` between places."""
    lines = code_diff(old, new).splitlines()
    return [".." if line.startswith("@@") else line for line in lines[1:]]


def _function(old: Any, new: Any, depth: int) -> list[str]:
    del depth
    before, after = _source_of(old), _source_of(new)
    return diff_lines(before, after) if before and after else []


def _source_of(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def _mapping(old: Mapping[Any, Any], new: Mapping[Any, Any], depth: int) -> list[str]:
    lines = [*_named("key", "added", [key for key in new if key not in old])]
    lines += _named("key", "removed", [key for key in old if key not in new])
    common = [key for key in old if key in new]
    changed, note = _differing((key, old[key], new[key]) for key in common)
    lines += _each(changed, lambda key: f"[{shown(key)}]", depth, f"{len(changed):,} values differ")
    if not lines and list(old) != list(new):
        lines = ["the keys are in another order"]
    return lines + note


def _set(old: Set[Any], new: Set[Any], depth: int) -> list[str]:
    del depth
    return [*_named("element", "added", new - old), *_named("element", "removed", old - new)]


def _sequence(old: Sequence[Any], new: Sequence[Any], depth: int) -> list[str]:
    length = min(len(old), len(new))
    changed, note = _differing((place, old[place], new[place]) for place in range(length))
    more = len(new) - len(old)
    lines: list[str] = []
    if more:
        count = f"{abs(more):,} {'element' if abs(more) == 1 else 'elements'}"
        end = "" if changed else " at the end"
        lines.append(f"{count} {'added' if more > 0 else 'removed'}{end} ({len(old):,} -> {len(new):,})")
    if changed:
        place, before, after = changed[0]
        count = f"{len(changed):,} of {length:,} elements {'differs' if len(changed) == 1 else 'differ'}"
        lines += _nested(f"{count}, first at [{place}]", before, after, depth)
    return lines + note


Triple = tuple[Any, Any, Any]


def _differing(triples: Iterable[Triple]) -> tuple[list[Triple], list[str]]:
    """Those with two different values, and a note if not all were looked at."""
    found: list[Triple] = []
    until = time.monotonic() + PATIENCE
    count = 0
    rest = iter(triples)
    for place, old, new in islice(rest, LOOKED_AT):
        count += 1
        if not same(old, new):
            found.append((place, old, new))
        if time.monotonic() > until:
            break
    more = next(rest, None) is not None
    return found, ([f"(only the first {count:,} were compared)"] if more else [])


def _each(changed: list[Triple], title: Callable[[Any], str], depth: int, summed_up: str) -> list[str]:
    lines: list[str] = []
    if len(changed) > NAMED:
        lines.append(f"{summed_up}, among them:")
    for place, old, new in changed[:NAMED]:
        lines += _nested(title(place), old, new, depth)
    return lines


def _nested(title: str, old: object, new: object, depth: int) -> list[str]:
    inner = _lines(old, new, depth - 1) if depth > 1 else []
    if not inner:
        inner = [pair(old, new)]
    if len(inner) == 1:
        return [f"{title}: {inner[0]}"]
    return [f"{title}:", *(f"  {line}" for line in inner)]


def _named(noun: str, what: str, found: Iterable[Any]) -> Iterator[str]:
    elements = list(found)
    if not elements:
        return
    names = ", ".join(shown(one) for one in elements[:NAMED])
    many = len(elements) > 1
    more = ", .." if len(elements) > NAMED else ""
    count = f"{len(elements):,} {noun}s" if many else noun
    yield f"{count} {what}: {names}{more}" if many else f"{count} {names} {what}"


def _object(old: Any, new: Any, depth: int) -> list[str]:
    if callable(getattr(type(old), "get_params", None)):
        return _estimator(old, new, depth)
    if home_of_class(type(old)) is Home.LIBRARY:
        return []
    before, after = _attributes(old), _attributes(new)
    changed, note = _differing((key, before[key], after[key]) for key in before if key in after)
    lines = [*_named("attribute", "added", sorted(after.keys() - before.keys()))]
    lines += _named("attribute", "removed", sorted(before.keys() - after.keys()))
    return lines + _each(changed, lambda key: f".{key}", depth, f"{len(changed):,} attributes differ") + note


def _attributes(value: Any) -> dict[str, Any]:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    found = {name: getattr(value, name) for name in slots if not name.startswith("__") and hasattr(value, name)}
    return {**found, **getattr(value, "__dict__", {})}


def _estimator(old: Any, new: Any, depth: int) -> list[str]:
    """An object with parameters in the manner of scikit-learn: those first, then what it has learnt."""
    before, after = old.get_params(deep=False), new.get_params(deep=False)
    changed, note = _differing((key, before[key], after[key]) for key in before if key in after)
    lines = _each(changed, lambda key: f"parameter {key}", depth, f"{len(changed):,} parameters differ") + note
    learnt, more = _learnt(old), _learnt(new)
    lines += _named("attribute", "added", sorted(more.keys() - learnt.keys()))
    lines += _named("attribute", "removed", sorted(learnt.keys() - more.keys()))
    differing, note = _differing((key, learnt[key], more[key]) for key in learnt if key in more)
    return lines + _each(differing, lambda key: f".{key}", depth, f"{len(differing):,} attributes differ") + note


def _learnt(value: Any) -> dict[str, Any]:
    return {name: found for name, found in vars(value).items() if name.endswith("_") and not name.startswith("_")}


_TELLERS: tuple[tuple[type | tuple[type, ...], Callable[[Any, Any, int], list[str]]], ...] = (
    (str, _text),
    ((*_ATOMS, range), _atom),
    (Mapping, _mapping),
    ((set, frozenset), _set),
    ((list, tuple), _sequence),
    ((type, type(difference)), _function),
)
