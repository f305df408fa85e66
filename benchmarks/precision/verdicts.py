"""Judges what a tool did after an edit by what the edit demands. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from benchmarks.precision.answers import Answer


class Grade(Enum):
    """One cell of the table."""

    EXACT = "exact"
    NEEDLESS = "needless"
    STALE = "stale"
    FAILED = "failed"
    NONE = "n/a"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a tool did: ``detail`` names the steps, or says why there is no grade."""

    grade: Grade
    ran: tuple[str, ...] = ()
    detail: str = ""


def judge(
    answer: Answer, ran: tuple[str, ...], shown: Mapping[str, object], hidden: frozenset[str], always: frozenset[str]
) -> Verdict:
    """``always``: steps that the tool was told to run each time, as its documentation advises; never needless."""
    stale = [name for name, value in answer.fresh.items() if name not in hidden and shown.get(name) != value]
    if stale:
        return Verdict(Grade.STALE, ran, f"shows an old {_listed(stale)}")
    needless = sorted((set(ran) & answer.still) - always)
    twice = sorted(name for name in set(ran) - always if ran.count(name) > 1)
    if needless or twice:
        said = [f"ran {_listed(needless)} for nothing"] if needless else []
        said += [f"ran {_listed(twice)} more than once"] if twice else []
        return Verdict(Grade.NEEDLESS, ran, "; ".join(said))
    return Verdict(Grade.EXACT, ran)


def _listed(names: list[str]) -> str:
    return ", ".join(names)
