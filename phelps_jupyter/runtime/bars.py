"""tqdm's bars in a body's process: they count for the task, and those of widgets are drawn as text.

The one place that knows tqdm, and does not import it: it waits until the body does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from phelps_jupyter.runtime.import_watch import ImportWatch
from phelps_jupyter.runtime.progress import METER


def count_tqdm() -> None:
    """In a body's process: tqdm's bars are told, too, as soon as tqdm is there."""
    watched: dict[str, Callable[[str], None]] = {"tqdm.std": _count_bars, "tqdm.notebook": _draw_as_text}
    for name, act in watched.items():
        if name in sys.modules:
            act(name)
    ImportWatch(watched).install()


def _count_bars(name: str) -> None:
    """All flavours of bars are of this class."""
    bar: Any = sys.modules[name].tqdm
    # In a process that has had a body before, maybe of another kernel, these tell somebody else.
    refresh, close = (getattr(each, "counts_for", each) for each in (bar.refresh, bar.close))

    def refresh_and_tell(self: Any, *args: Any, **kwargs: Any) -> Any:
        drawn = refresh(self, *args, **kwargs)
        if not self.disable:
            METER.show(id(self), self.n, self.total)
        return drawn

    def close_and_tell(self: Any) -> None:
        close(self)
        # A bar of which nothing was drawn has no numbers, and was not told of.
        METER.end(id(self), getattr(self, "n", 0), getattr(self, "total", None))

    counting: tuple[Any, Any] = refresh_and_tell, close_and_tell
    for each, original in zip(counting, (refresh, close), strict=True):
        each.counts_for = original
    bar.refresh, bar.close = counting


def _draw_as_text(name: str) -> None:
    """A widget lives by a kernel, and a task has none: where it is shown, nothing would be drawn."""
    notebook: Any = sys.modules[name]

    class Bar(notebook.std_tqdm):  # type: ignore[misc]  # tqdm has no types
        """A bar of text where one of widgets was asked for."""

        def __init__(self, *args: Any, display: bool = True, **kwargs: Any) -> None:
            if not display:
                kwargs["disable"] = True
            super().__init__(*args, **kwargs)

    notebook.tqdm = notebook.tqdm_notebook = Bar
