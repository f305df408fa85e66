"""Where a body touches the file system, a Witness is told: an audit hook, and wrappers of calls that raise no event.

Knows how to hear; refuses to know what is made of it. No failure of ours reaches the body.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from phelps_jupyter.runtime.witness import Witness

_FAILURES = (OSError, TypeError, ValueError, RecursionError)
"""A path that vanishes, that is none, that holds a zero byte; the body's own call fails by it, or sees no file."""
_SUPPORTED = (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks)


def _is_measured(asker: FrameType) -> bool:
    """Whether a file's size or times are asked for: the standard library itself asks whether it is there."""
    module = asker.f_globals.get("__name__", "")
    if module == "genericpath":
        return asker.f_code.co_name.startswith("get")
    if module.startswith("pathlib"):
        above = asker.f_back
        return above is not None and not above.f_globals.get("__name__", "").startswith("pathlib")
    return module.partition(".")[0] not in sys.stdlib_module_names or module == "__main__"


class Hook:
    """From each `begin` to its `end`, in this process and those that it forks."""

    def __init__(self) -> None:
        self._takes: dict[str, Callable[..., None]] = {}
        self._witness: Witness | None = None
        self._deaf: frozenset[int] = frozenset()
        # Threads that are noting something: what they do meanwhile is our doing.
        self._noting: set[int] = set()
        self._originals: dict[str, Callable[..., Any]] = {}
        self._installed = False

    def begin(self, witness: Witness, deaf: frozenset[int] = frozenset()) -> None:
        """Tell this witness. ``deaf``: threads that are not heard."""
        self.end()
        self._install()
        self._witness, self._deaf = witness, deaf
        self._takes.update(witness.takes())
        self._wrap("stat", self._looking_stat(os.stat))
        self._wrap("lstat", self._looking_lstat(os.lstat))
        self._wrap("access", self._looking_access(os.access))

    def _install(self) -> None:
        if not self._installed:
            # A thread that was noting while another one forked does not exist there.
            os.register_at_fork(after_in_child=self._noting.clear)
            sys.addaudithook(self._hear())
            self._installed = True

    def end(self) -> None:
        """A hook can't be taken out: it hears nothing until the next `begin`."""
        self._takes.clear()
        for name, original in self._originals.items():
            for supported in _SUPPORTED:
                supported.discard(getattr(os, name))
            setattr(os, name, original)
        self._originals.clear()

    def _hear(self) -> Callable[[str, tuple[Any, ...]], None]:
        # Called for each event of the interpreter, id() among them.
        find, note = self._takes.get, self._note

        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            take = find(event)
            if take is not None:
                note(take, *arguments)

        # The interpreter asks each time, and takes long to find that it is not there.
        hear.__cantrace__ = False  # type: ignore[attr-defined]  # no function has it by itself
        return hear

    def _note(self, take: Callable[..., None], *arguments: Any) -> None:
        thread = threading.get_ident()
        if thread in self._noting or thread in self._deaf:
            return
        self._noting.add(thread)
        try:
            take(*arguments)
        except _FAILURES:
            return
        finally:
            self._noting.discard(thread)

    def _look(self, path: Any) -> None:
        witness = self._witness
        if witness is None or not self._takes:
            return
        try:
            known = path in witness.looked
        except TypeError:
            return
        if not known:
            self._note(witness.look, path)

    def _measure(self, path: Any) -> None:
        if self._witness is not None and self._takes and _is_measured(sys._getframe(2)):
            self._note(self._witness.measure, path)

    def _wrap(self, name: str, wrapper: Callable[..., Any]) -> None:
        original = self._originals[name] = getattr(os, name)
        setattr(os, name, wrapper)
        # Who copies files asks what the function can do.
        for supported in _SUPPORTED:
            if original in supported:
                supported.add(wrapper)

    def _looking_stat(self, original: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        @functools.wraps(original)
        def stat(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
            if dir_fd is None:
                self._look(path)
                self._measure(path)
            return original(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

        return stat

    def _looking_lstat(self, original: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        @functools.wraps(original)
        def lstat(path: Any, *, dir_fd: int | None = None) -> os.stat_result:
            if dir_fd is None:
                self._look(path)
            return original(path, dir_fd=dir_fd)

        return lstat

    def _looking_access(self, original: Callable[..., bool]) -> Callable[..., bool]:
        @functools.wraps(original)
        def access(path: Any, mode: int, *, dir_fd: int | None = None, **how: bool) -> bool:
            if dir_fd is None:
                self._look(path)
            return original(path, mode, dir_fd=dir_fd, **how)

        return access
