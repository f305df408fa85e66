"""What each event of the interpreter tells about the user's files, as notes. Looks at a path when it first occurs.

Knows events and paths; refuses to know how events reach it, and what follows from the notes.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.notes import Act, Book
from phelps_jupyter.runtime.programs import ASKING, SCRIPTS, named, words
from phelps_jupyter.runtime.sights import Stamp, file_digest, files_below, listed, stamp_now, standing

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SOURCES = tuple(importlib.machinery.all_suffixes())
SOURCE_READERS = frozenset(
    {
        "_frozen_importlib",
        "_frozen_importlib_external",
        "importlib._bootstrap",
        "importlib._bootstrap_external",
        "inspect",
        "linecache",
        "zipimport",
    }
)
"""Modules that read source: what a module's source changes is judged by the module, not by the file."""
INSTALLED_READERS = frozenset({"importlib.metadata", "importlib_metadata", "pkg_resources"})
"""Modules that look through ``sys.path`` for what is installed, and never for data."""
BETWEEN = frozenset(
    {
        "genericpath",
        "pathlib",
        "pathlib._local",
        "pathlib._abc",
        "posixpath",
        "tokenize",
        __name__,
        f"{__package__}.hook",
    }
)
"""Modules that look at paths for others."""

AnyPath = Any
"""Whatever ``os.fspath`` takes; or a number of an open file, which names no path."""


class Witness:
    """Turns events into notes. ``takes``: what to call for each event of the audit hook."""

    def __init__(self, ground: Ground, book: Book) -> None:
        self._ground = ground
        self._book = book
        self._read: dict[str, Stamp] = {}
        self._wrote: set[str] = set()
        self._opened: set[AnyPath] = set()
        self._listed: set[AnyPath] = set()
        self._folder = ""
        self.looked: set[AnyPath] = set()
        """Paths, as they were given, of which is noted whether they lead anywhere."""

    def takes(self) -> Mapping[str, Callable[..., None]]:
        return {
            "open": self._open,
            "os.listdir": self._list,
            "os.scandir": self._list,
            "os.chdir": self._leave,
            "os.rename": self._rename,
            "os.remove": self._remove,
            "os.rmdir": self._remove,
            "os.mkdir": self._make,
            "os.link": self._link,
            "os.symlink": self._symlink,
            "os.truncate": self._truncate,
            **dict.fromkeys(("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr"), self._touch),
            "sqlite3.connect": self._database,
            "subprocess.Popen": self._program,
            "os.system": self._command,
            "os.exec": self._exec,
            "os.posix_spawn": self._exec,
            "socket.connect": self._connect,
        }

    def look(self, path: AnyPath) -> None:
        """Somebody asks whether a path leads anywhere."""
        absolute, name = self._place(path)
        if name is None or self._ground.is_above(absolute):
            self.looked.add(path)
        elif not self._is_for_modules(absolute.endswith(SOURCES)):
            self.looked.add(path)
            self._book.add(Act.FOUND, name, text=standing(absolute))

    def measure(self, path: AnyPath) -> None:
        """Somebody asks for more than that: for a file's size, which its content tells as well, or its times."""
        if path in self._opened:
            return
        absolute, name = self._place(path)
        stamp = None if name is None or absolute.endswith(SOURCES) else stamp_now(absolute)
        if name is not None and stamp is not None:
            self._note_read(path, name, stamp)

    def _open(self, path: AnyPath, mode: str | None, flags: int) -> None:
        if flags & WRITING:
            self._open_to_write(path, flags)
        elif path not in self._opened:
            self._open_to_read(path, mode)

    def _open_to_read(self, path: AnyPath, mode: str | None) -> None:
        absolute, name = self._place(path)
        if name is None:
            self._opened.add(path)
            return
        if absolute.endswith(SOURCES) and self._is_for_modules(True):
            return
        # shutil and os walk folders by numbers: this path is relative to a folder that no event tells.
        if mode is None and os.fspath(path) != absolute and _asker() in ("shutil", "os"):
            return
        stamp = stamp_now(absolute)
        if stamp is None:
            self._book.add(Act.FOUND, name, text=standing(absolute))
        else:
            self._note_read(path, name, stamp)

    def _note_read(self, path: AnyPath, name: str, stamp: Stamp) -> None:
        self._opened.add(path)
        if name not in self._wrote:
            self._read.setdefault(name, stamp)
        self._book.add(Act.READ, name, stamp)

    def _open_to_write(self, path: AnyPath, flags: int) -> None:
        absolute, name = self._place(path)
        if name is None or name in self._wrote:
            return
        before = stamp_now(absolute)
        # Who only appends does not see what is there.
        if before is not None and flags & os.O_RDWR and not flags & os.O_TRUNC and name not in self._read:
            self._read[name] = before
            self._book.add(Act.READ, name, before)
        self._write(absolute, name)

    def _write(self, absolute: str, name: str) -> None:
        self._secure(absolute, name)
        self._wrote.add(name)
        self._book.add(Act.WROTE, name, stamp_now(absolute))

    def _secure(self, absolute: str, name: str) -> None:
        """Take the digest of what was read, before it changes."""
        stamp = self._read.pop(name, None)
        if stamp is not None:
            digest = file_digest(absolute) if stamp_now(absolute) == stamp else ""
            self._book.add(Act.SECURED, name, text=digest)

    def _list(self, path: AnyPath) -> None:
        given = "." if path is None else path
        if given in self._listed:
            return
        absolute, name = self._place(given)
        if name is None or self._is_for_modules(True):
            return
        names = listed(absolute)
        if names is None:
            self._book.add(Act.FOUND, name, text=standing(absolute))
        else:
            self._listed.add(given)
            self._book.add(Act.LISTED, name, names=names)

    def _leave(self, path: AnyPath) -> None:
        # The event comes before the change, which may fail.
        del path
        self._folder = ""
        for known in (self._opened, self._listed, self.looked):
            known.clear()

    def _rename(self, source: AnyPath, target: AnyPath, source_folder: int, target_folder: int) -> None:
        absolute, name = self._place(source, source_folder)
        to, called = self._place(target, target_folder)
        is_folder = standing(absolute) == "folder" and not os.path.islink(absolute)
        if name is not None:
            for inner in files_below(absolute) if is_folder else ():
                if (named := self._ground.name(inner)) is not None:
                    self._removed(inner, named)
            self._removed(absolute, name)
        if called is not None and is_folder:
            self._book.add(Act.MOVED, called)
        elif called is not None:
            self._write(to, called)

    def _remove(self, path: AnyPath, folder: int = -1) -> None:
        absolute, name = self._place(path, folder)
        if name is not None:
            self._removed(absolute, name)

    def _removed(self, absolute: str, name: str) -> None:
        self._secure(absolute, name)
        self._wrote.discard(name)
        self._book.add(Act.REMOVED, name, text=standing(absolute))

    def _make(self, path: AnyPath, mode: int, folder: int) -> None:
        del mode
        absolute, name = self._place(path, folder)
        if name is not None and standing(absolute) == "absent":
            self._book.add(Act.MADE, name)

    def _link(self, source: AnyPath, target: AnyPath, source_folder: int, target_folder: int) -> None:
        self._touch(source, source_folder)
        self._symlink(source, target, target_folder)

    def _symlink(self, source: AnyPath, target: AnyPath, folder: int) -> None:
        del source
        absolute, name = self._place(target, folder)
        if name is not None:
            self._write(absolute, name)

    def _truncate(self, path: AnyPath, length: int) -> None:
        del length
        absolute, name = self._place(path)
        if name is not None:
            self._write(absolute, name)

    def _touch(self, path: AnyPath, *others: object) -> None:
        """The body changes a file's times: from now on they don't tell whether somebody else changed it."""
        folder = others[-1] if others and isinstance(others[-1], int) else -1
        absolute, name = self._place(path, folder)
        if name is not None:
            self._secure(absolute, name)

    def _database(self, path: AnyPath) -> None:
        text = os.fsdecode(path)
        self._hand(text[5:].partition("?")[0] if text.startswith("file:") else text)

    def _hand(self, path: str, folder: str = "") -> bool:
        """Whether the path leads to a file or folder of the user."""
        absolute, name = self._place(os.path.join(folder, path))
        if name is None or name in self._wrote:
            return name is not None
        self._secure(absolute, name)
        stamp, word = stamp_now(absolute), standing(absolute)
        if word == "folder" and self._ground.is_above(absolute):
            return False
        self._book.add(Act.HANDED, name, stamp, word)
        return stamp is not None or word == "folder"

    def _program(self, program: AnyPath, arguments: Any, folder: AnyPath, environment: object) -> None:
        del environment
        where = "" if folder is None else os.fsdecode(folder)
        given = [arguments] if isinstance(arguments, str | bytes | os.PathLike) else list(arguments)
        texts = [os.fsdecode(each) for each in given]
        # Whoever named the shell meant what it is told to run.
        command = texts[2] if len(texts) == 3 and texts[0].endswith("sh") and texts[1] == "-c" else ""
        self._start(words(command) if command else [os.fsdecode(program or texts[0]), *texts[1:]], where)

    def _command(self, command: str | bytes) -> None:
        self._start(words(os.fsdecode(command)), "")

    def _exec(self, program: AnyPath, arguments: Any, environment: object) -> None:
        self._program(program, arguments, None, environment)

    def _start(self, said: list[str], folder: str) -> None:
        if not said:
            return
        name = os.path.basename(said[0])
        if os.path.dirname(said[0]):
            self._hand(said[0], folder)
        handed = [word for each in said[1:] for word in named(each) if self._hand(word, folder)]
        # What a script reads, nobody has named.
        if name not in ASKING and all(word.endswith(SCRIPTS) for word in handed):
            self._book.add(Act.UNWATCHED, "", text=f"a subprocess ({name})")

    def _connect(self, connection: Any, address: object) -> None:
        del connection
        if isinstance(address, tuple) and isinstance(address[0], str):
            self._book.add(Act.UNWATCHED, "", text=f"the network ({address[0]}:{address[1]})")

    def _place(self, path: AnyPath, folder: int = -1) -> tuple[str, str | None]:
        """The absolute path, and what it is called if it counts."""
        if isinstance(path, int):
            return "", None
        text = path if type(path) is str else os.fsdecode(path)
        if not text or "\0" in text:
            return "", None
        if not text.startswith("/"):
            text = f"{self._here(folder)}/{text}"
        if "/." in text or "//" in text or text[-1] == "/":
            # After a symbolic link ".." leads elsewhere than the names say.
            text = os.path.realpath(text) if "/.." in text else os.path.normpath(text)
        return text, self._ground.name(text)

    def _here(self, folder: int) -> str:
        if folder >= 0:
            return os.readlink(f"/proc/self/fd/{folder}")
        self._folder = self._folder or os.getcwd()
        return self._folder

    def _is_for_modules(self, of_source: bool) -> bool:
        asker = _asker()
        return asker in INSTALLED_READERS or (of_source and asker in SOURCE_READERS)


def _asker() -> str:
    """The module that touched the path."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__") in BETWEEN:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))
