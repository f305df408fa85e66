"""The body's IPython: magics, top-level await and the last expression's display mean here what they mean in a kernel.

The one place of the runtime that knows IPython. Knows no inputs, outputs or limits; touches no profile or history.
"""

from __future__ import annotations

import ast
import atexit
import base64
import linecache
import os
import re
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, MappingProxyType, ModuleType, TracebackType
from typing import Any

from IPython.core import async_helpers
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir

from phelps_jupyter.runtime import warning_filters
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.transcript import Pipe

OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
TIMED = ("<timed exec>", "<timed eval>")
"""The file names under which ``%%time`` compiles."""
INLINE = "matplotlib_inline.backend_inline"
PYTHON_MAGICS = re.compile(r"%%(time|timeit|capture|prun)\b")


@dataclass(frozen=True, slots=True)
class Raised:
    """What the body raised. ``line``: the innermost one within the cell."""

    error: BaseException
    line: int | None
    traceback: str


class TaskCompiler(CachingCompiler):
    """Compiles under the task's name."""

    task = ""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        del raw_code, transformed_code, number
        return f"<task {self.task}>"

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        return ("Task", self.task) if name == f"<task {self.task}>" else None


class FrameHook(DisplayHook):
    """Sends the last expression's value as a frame."""

    def quiet(self) -> bool:
        shell: Any = self.shell
        hides: Callable[[str], bool] = self.semicolon_at_end_of_expression
        return hides(shell.history_manager.input_hist_parsed[-1])

    def write_output_prompt(self) -> None:
        """A notebook writes the number; a task has none."""

    def write_format_data(self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None) -> None:
        shell: Any = self.shell
        shell.pipe.frame(Frame("result", data=_printable(format_dict), metadata=md_dict or {}))

    def finish_displayhook(self) -> None:
        self._is_active = False


class FramePublisher(DisplayPublisher):
    """Sends displays as frames."""

    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *args: object,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **kwargs: object,
    ) -> None:
        del args, kwargs
        display_id = str((transient or {}).get("display_id", ""))
        frame = Frame("display", data=_printable(data), metadata=metadata or {}, display_id=display_id, update=update)
        self.shell.pipe.frame(frame)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.pipe.frame(Frame("clear", metadata={"wait": wait}))


class Shell(InteractiveShell):
    """Runs one body, in a fresh ``__main__``."""

    pipe: Pipe
    told = ""
    absent: Mapping[str, str] = MappingProxyType({})
    """What is to be said of names that nobody gives the body, if it fails for want of them."""
    displayhook_class = FrameHook
    display_pub_class = FramePublisher
    compiler_class = TaskCompiler

    def enter(self, task: str, pipe: Pipe) -> None:
        """In the body's process, and in the folder where it runs."""
        TaskCompiler.task = task
        self.pipe = pipe
        history: Any = self.history_manager
        history.dir_hist[:] = [os.getcwd()]

    def init_virtualenv(self) -> None:
        """``sys.path`` is the notebook's, exactly."""

    def init_history(self) -> None:
        self.history_manager = HistoryManager(shell=self, parent=self, enabled=False, hist_file=":memory:")

    def init_completer(self) -> None:
        """Nobody types here."""

    def enable_gui(self, gui: object = None) -> None:
        """``%matplotlib`` asks for this; figures are displayed without an event loop."""

    def ask_exit(self) -> None:
        raise SystemExit

    @contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        # IPython 9 would keep all output a second time, for its history.
        del channel
        yield

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        value: Any = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        _strip_ours(value)
        self._explain_absence(value)
        # "Use %tb to see the full traceback": in a task nobody can.
        kwargs.pop("exception_only", None)
        # IPython prints groups with all frames of its own; and who interrupted wants the process to end soon.
        if isinstance(value, KeyboardInterrupt) or _holds_group(value):
            self.told = "".join(traceback.format_exception(type(value), value, self.within(value.__traceback__)))
        else:
            super().showtraceback(exc_tuple, *args, **kwargs)

    def _format_exception_for_storage(self, *args: object, **kwargs: object) -> dict[str, object]:
        # IPython 9 would lay out each traceback a second time, for its history: that took most of a cancel's time.
        del args, kwargs
        return {}

    def _explain_absence(self, error: object) -> None:
        why = self.absent.get(str(error.name)) if type(error) is NameError else ""
        if isinstance(error, NameError) and why:
            error.add_note(f"`{error.name}` {why}")

    def _showtraceback(self, etype: object, evalue: object, stb: list[str]) -> None:
        del etype, evalue
        self.told = "\n".join(stb)

    def within(self, tb: TracebackType | None) -> TracebackType | None:
        """The traceback from the cell's own frame on."""
        inside = tb
        while inside is not None and not _is_cell(inside):
            inside = inside.tb_next
        return inside or tb

    def code_of(self, body: str) -> list[CodeType]:
        """What a cell that has run was compiled to, magics as the calls that stand for them; no Python: nothing."""
        transform: Callable[[str], str] = self.transform_cell
        with warnings.catch_warnings():
            # It has been warned of when the cell ran.
            warnings.simplefilter("ignore")
            try:
                plain = transform(_magic_first(body))
                return [compile(plain, "<body>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)]
            except SyntaxError:
                return []

    def run_body(self, body: str) -> Raised | None:
        """Run a cell; what it raised, if it did."""
        run: Callable[..., Any] = self.run_cell
        with warning_filters.applied():
            result = run(_magic_first(body), store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            return Raised(error, _line(error), self.told or f"{type(error).__name__}: {error}")
        if self.told:
            # A figure that can't be drawn, a failure within %%capture: a notebook shows it, and the cell goes well.
            self.pipe.text("stderr", f"{self.told}\n".encode())
        return None


def open_shell(folder: str) -> Shell:
    """The shell, with its ``__main__`` in place; ``folder`` is for its scratch files."""
    shell: Shell = Shell.instance(
        display_page=True,
        ipython_dir=folder,
        profile_dir=ProfileDir(location=folder),
        user_module=ModuleType("__main__"),
    )
    # It would collect all garbage, of a process that ends.
    atexit.unregister(shell.atexit_operations)
    warnings.filterwarnings("ignore", message="To exit: use 'exit'", append=True)
    # Line numbers are the cell's: blank lines at its start stay.
    cleanup = shell.input_transformer_manager.cleanup_transforms
    cleanup[:] = [step for step in cleanup if getattr(step, "__name__", "") != "leading_empty_lines"]
    return shell


@contextmanager
def beside_another(folder: str) -> Iterator[Shell]:
    """A new shell in a process that has one of its own, as engines have: that one steps aside meanwhile."""
    kept: Any = InteractiveShell
    other, kept._instance = kept._instance, None
    Shell._instance = None
    try:
        shell = open_shell(folder)
        with _figures(shell, other):
            yield shell
        shell.user_ns.clear()
        _end_scripts(shell)
    finally:
        Shell._instance = None
        kept._instance = other
        async_helpers._asyncio_event_loop = None


def _end_scripts(shell: Any) -> None:
    """What ``%%bash`` and its kin keep for the next one: a loop with its thread, and themselves until Python ends."""
    scripts = shell.magics_manager.registry.get("ScriptMagics")
    if scripts is None:
        return
    atexit.unregister(scripts.kill_bg_processes)
    loop = scripts.event_loop
    if hasattr(scripts, "stop_event_loop"):
        scripts.stop_event_loop()
    elif loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
        while loop.is_running():
            time.sleep(0.001)
        loop.close()


@contextmanager
def _figures(shell: Shell, other: Any) -> Iterator[None]:
    """Where matplotlib is there already: it knows one shell to show figures in, the one that it was imported under."""
    was_there = INLINE in sys.modules
    if was_there:
        _show_figures(shell)
    try:
        yield
    finally:
        if INLINE in sys.modules and other is not None:
            _show_figures(other, anew=not was_there)


def _show_figures(shell: Any, anew: bool = True) -> None:
    inline: Any = sys.modules[INLINE]
    if anew:
        # Else it takes the formats for set.
        inline.configure_inline_support.current_backend = "unset"
        inline.configure_inline_support(shell, "inline")
    else:
        inline.InlineBackend.instance().shell = shell


def _magic_first(body: str) -> str:
    """A cell magic right below the ``%%task`` lines is the first line for IPython; the lines above it stay counted."""
    lines = body.splitlines(keepends=True)
    above = 0
    while above < len(lines) and (not lines[above].strip() or lines[above].lstrip().startswith("#")):
        above += 1
    if above == 0 or above == len(lines) or not lines[above].startswith("%%"):
        return body
    padding = "\n" * (above + 1) if PYTHON_MAGICS.match(lines[above]) else ""
    linecache.cache.update({name: (len(body), None, lines, name) for name in TIMED})
    return lines[above] + padding + "".join(lines[above + 1 :])


def _line(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == f"<task {TaskCompiler.task}>":
        return error.lineno
    inside, tb = None, error.__traceback__
    while tb is not None:
        inside, tb = (tb.tb_lineno if _is_cell(tb) else inside), tb.tb_next
    return inside


def _is_cell(tb: TracebackType) -> bool:
    return tb.tb_frame.f_code.co_filename in (f"<task {TaskCompiler.task}>", *TIMED)


def _strip_ours(error: BaseException | None) -> None:
    """Take our own frames out: where the body called something that we put in place."""
    tb = error.__traceback__ if error is not None else None
    while tb is not None:
        while tb.tb_next is not None and tb.tb_next.tb_frame.f_code.co_filename.startswith(OURS):
            tb.tb_next = tb.tb_next.tb_next
        tb = tb.tb_next


def _holds_group(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, BaseExceptionGroup):
        error = error.__context__
    return error is not None


def _printable(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Images as notebooks keep them."""
    return {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value for kind, value in data.items()
    }
