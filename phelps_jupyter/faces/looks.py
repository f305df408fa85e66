"""How a told task looks: glyph, word and colour. The same as the front end's (labextension/src/model.ts)."""

from __future__ import annotations

from collections.abc import Mapping

from phelps_jupyter.core.board import Json
from phelps_jupyter.core.model import RunState
from phelps_jupyter.faces.cards import GLYPHS

_GOOD = (RunState.DONE.value, RunState.REUSED.value)
_VERDICTS: Mapping[object, str] = {"fresh": "fresh", "stale": "stale", "undecided": "maybe"}
_MARKS: Mapping[str, str] = {state.value: glyph for state, glyph in GLYPHS.items()} | {
    "stale": "○",
    "maybe": "◌",
    "fresh": "●",
    "unknown": "·",
}
_WORDS: Mapping[str, str] = {"maybe": "maybe stale", "unknown": "not looked at yet"}
_COLOURS: Mapping[str, str] = dict.fromkeys(("done", "reused", "fresh"), "#1a7f37") | {
    "failed": "#b42318",
    **dict.fromkeys(("running", "submitted"), "#0b62c4"),
    **dict.fromkeys(("stale", "maybe", "skipped", "blocked"), "#8a5300"),
}


def look_of(task: Json) -> str:
    """Its open run, what went wrong, or the verdict on its result."""
    state, verdict = task["state"], _VERDICTS.get(task["verdict"], "unknown")
    if state is None:
        return verdict
    if task["open"]:
        return str(state)
    if state in _GOOD:
        return str(state) if verdict in ("fresh", "unknown") else verdict
    return "fresh" if verdict == "fresh" else str(state)


def mark_of(task: Json) -> str:
    """A glyph."""
    return _MARKS[look_of(task)]


def words_of(task: Json) -> str:
    """In a word or two; no time, which differs between equal runs."""
    look = look_of(task)
    return _WORDS.get(look, look)


def colour_of(task: Json) -> str:
    """On a white ground."""
    return _COLOURS.get(look_of(task), "#57606a")
