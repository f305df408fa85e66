"""Plays a case: what differs from a fresh run, what ran for nothing, what did not run though it must."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forks import Forks
from neighbours import Case, Moment


@dataclass
class Theatre:
    """A folder with a notebook in it."""

    folder: Path
    forks: Forks
    written: dict[str, str] = field(default_factory=dict)

    def play(self, case: Case) -> list[str]:
        """All that is wrong."""
        wrong: list[str] = []
        for number, moment in enumerate(case.moments):
            wrong += [f"step {number}: {text}" for text in self._step(moment)]
        again = _ran(self._ours(case.moments[-1]))
        if again:
            wrong.append(f"a second run runs {again}")
        return wrong

    def _step(self, moment: Moment) -> list[str]:
        self._write(moment)
        cells = [(name, _body(source)) for name, source in moment.cells.items()]
        fresh = self.forks.ask("fresh", cells=cells, files=moment.files, env=moment.env)
        failing = {name for name, shown in fresh.items() if shown["error"] is not None}
        assert failing == moment.fails, f"the case is wrong: {fresh}"
        ours = self._ours(moment)
        ran = _ran(ours)
        failed = {task["cell"] for task in ours["tasks"] if task["state"] == "failed"}
        wrong = [text for name, wanted in fresh.items() for text in _differing(name, wanted, ours["cells"].get(name))]
        wrong += [f"{name} ran for nothing: {ran[name]}" for name in sorted(moment.idle & ran.keys())]
        return wrong + [f"{name} did not run" for name in sorted(moment.runs - ran.keys() - failed)]

    def _ours(self, moment: Moment) -> dict[str, Any]:
        cells = [(name, _text(name, source, moment)) for name, source in moment.cells.items()]
        return self.forks.ask("ours", folder=str(self.folder), cells=cells, env=moment.env)

    def _write(self, moment: Moment) -> None:
        for name in self.written.keys() - moment.files.keys():
            (self.folder / name).unlink()
        for name, text in moment.files.items():
            if self.written.get(name) != text:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_text(text)
        self.written = dict(moment.files)
        for name in moment.touched:
            os.utime(self.folder / name)
        for name, seconds in moment.times:
            os.utime(self.folder / name, (seconds, seconds))


def _body(source: str) -> str:
    return source.split("\n", 1)[1] if source.startswith("%%task") else source


def _text(name: str, source: str, moment: Moment) -> str:
    return source if source.startswith("%%") or name in moment.plain or name[0] == "p" else f"%%task {name}\n{source}"


def _ran(ours: Mapping[str, Any]) -> dict[str, Any]:
    """Bodies that ended well: what fails is tried again each time."""
    good = ("done", "reused")
    return {task["cell"]: task["reasons"] for task in ours["tasks"] if task["ran"] and task["state"] in good}


def _differing(name: str, wanted: Mapping[str, Any], shown: Mapping[str, Any] | None) -> list[str]:
    """``NotRun``: the command stops plain cells after one that failed, as every headless run does."""
    if shown is None:
        return [f"{name} shows nothing"]
    failed = shown["error"] is not None
    if failed != (wanted["error"] is not None) and shown["error"] != "NotRun":
        return [f"{name} ends with {shown['error']} ({shown.get('why')}), a fresh run with {wanted['error']}"]
    # What a cell writes is still there when it runs again.
    text = shown["text"].strip().replace("Overwriting", "Writing")
    if not failed and text != wanted["text"]:
        return [f"{name} shows {text!r}, a fresh run {wanted['text']!r}"]
    return []
