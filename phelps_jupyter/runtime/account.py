"""What follows from the notes about one body: the conditions of its result, the files it left, what was not seen.

Knows the rules, and looks at files as they are when the body has ended; refuses to know how notes are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.notes import Act, Note
from phelps_jupyter.runtime.orders import Sighting, Sightings
from phelps_jupyter.runtime.sights import (
    Stamp,
    file_digest,
    files_below,
    listed,
    names_digest,
    own_names,
    stamp,
    stamp_now,
    standing,
    word_digest,
)


class Account:
    """Of one body. No condition are a file that it wrote first and read back, and the absence of what it then made."""

    def __init__(self, ground: Ground, began: int) -> None:
        self._ground = ground
        # As the file system has it, in nanoseconds: what was changed before, the body did not change.
        self._began = began
        self._read: dict[str, Stamp] = {}
        self._secured: dict[str, str] = {}
        self._found: dict[str, str] = {}
        self._listed: dict[str, tuple[str, ...]] = {}
        self._wrote: dict[str, Stamp | None] = {}
        self._made: set[str] = set()
        self._removed: set[str] = set()
        self._gone: set[str] = set()
        self._handed: dict[str, Stamp | None] = {}
        self._unwatched: dict[str, None] = {}

    def take(self, notes: Iterable[Note]) -> None:
        """The notes, in order."""
        for note in notes:
            if note.act in (Act.READ, Act.SECURED, Act.FOUND, Act.LISTED):
                self._take_look(note)
            else:
                self._take_deed(note)

    def _take_look(self, note: Note) -> None:
        name = note.name
        if name in self._wrote or name in self._made or name in self._removed:
            return
        if note.act is Act.READ and note.stamp is not None:
            if self._handed.get(name, note.stamp) == note.stamp:
                self._read.setdefault(name, note.stamp)
            else:
                # What the name was handed to has written it meanwhile.
                self._wrote[name] = self._handed[name]
        elif note.act is Act.SECURED:
            self._secured.setdefault(name, note.text)
        elif note.act is Act.FOUND:
            self._found.setdefault(name, note.text)
        else:
            self._listed.setdefault(name, note.names)

    def _take_deed(self, note: Note) -> None:
        name = note.name
        match note.act:
            case Act.WROTE:
                self._wrote.setdefault(name, note.stamp)
                self._removed.discard(name)
            case Act.MADE:
                self._made.add(name)
            case Act.REMOVED:
                self._take_removal(note)
            case Act.MOVED:
                self._wrote |= dict.fromkeys(self._files_below(name))
                self._made.add(name)
                self._removed.discard(name)
            case Act.HANDED:
                if note.text == "folder":
                    self.hand(name)
                elif name not in self._wrote:
                    self._handed.setdefault(name, note.stamp)
            case Act.UNWATCHED:
                self._unwatched.setdefault(note.text)
            case Act.READ | Act.SECURED | Act.FOUND | Act.LISTED:
                raise AssertionError(note)
            case _:
                assert_never(note.act)

    def _take_removal(self, note: Note) -> None:
        self._removed.add(note.name)
        own = note.name in self._made or self._wrote.get(note.name, note) is None
        if note.text != "absent" and not own:
            self._gone.add(note.name)

    def hand(self, name: str) -> bool:
        """A name was at hand for code that can't be watched; whether it leads to something of the user."""
        path = self._ground.path(name)
        found = stamp_now(path)
        if found is not None:
            self._hand_file(name, found)
            return True
        names = None if self._ground.is_above(path) else listed(path)
        if names is None:
            return False
        below = list(self._files_below(name))
        self._listed.setdefault(name, names)
        for each in below:
            found = stamp_now(self._ground.path(each))
            if found is not None:
                self._hand_file(each, found)
        return bool(below)

    def _hand_file(self, name: str, found: Stamp) -> None:
        if name in self._read and name not in self._secured and max(self._read[name][1:3]) >= self._began:
            # Written by a library, and then read back.
            del self._read[name]
        if name not in self._wrote:
            self._handed.setdefault(name, found if max(found[1:3]) < self._began else None)

    def saw(self, ending: tuple[str, ...]) -> bool:
        """Whether files with such a name were seen read."""
        return any(name.endswith(ending) for name in self._read)

    def miss(self, what: str) -> None:
        """Something may have read files unseen."""
        self._unwatched.setdefault(what)

    def sightings(self, declared: Iterable[str] = ()) -> Sightings:
        """All that was seen. ``declared``: names of files that count as written, whoever wrote them."""
        wrote = self._written() | set(declared)
        left = [*(self._file(name) for name in wrote), *self._absent(), *self._empty(wrote)]
        return Sightings(
            read=self._conditions(wrote),
            wrote=tuple(sorted(left, key=lambda sighting: sighting.name)),
            unwatched=tuple(sorted(self._unwatched)),
            torn=self.torn(),
        )

    def names(self) -> Sightings:
        """What was used, by name alone: what it was like does not matter where nothing rests on it.

        What was not there might have been a folder, and what it wrote it may have looked into before.
        """
        missing = {name for name, word in self._found.items() if word == "absent"}
        used = self._read.keys() | self._wrote.keys() | self._handed.keys()
        files = (Sighting("file", name, "") for name in sorted(used))
        folders = (Sighting("folder", name, "") for name in sorted(self._listed.keys() | missing))
        paths = (Sighting("path", name, "") for name in sorted(self._found))
        return Sightings((*files, *folders, *paths))

    def conditions(self) -> tuple[Sighting, ...]:
        """What was used. Files that were written are not looked into."""
        return self._conditions(self._written())

    def torn(self) -> tuple[str, ...]:
        """Files that were read and have changed since, sorted."""
        return tuple(sorted(name for name in self._read if self._is_torn(name)))

    def _written(self) -> set[str]:
        self._judge_handed()
        return {name for name in self._wrote if self._has_changed(name)}

    def _conditions(self, wrote: set[str]) -> tuple[Sighting, ...]:
        read = [*self._files(), *self._folders(wrote), *self._paths(wrote)]
        return tuple(sorted(read, key=lambda sighting: (sighting.name, sighting.kind)))

    def _judge_handed(self) -> None:
        """Whoever can't be watched has read what is as it was, and has written the rest."""
        for name, before in self._handed.items():
            now = stamp_now(self._ground.path(name))
            if now is not None and now != before:
                self._wrote.setdefault(name, before)
            elif now is not None:
                self._read.setdefault(name, now)
            elif before is not None:
                self._gone.add(name)

    def _absent(self) -> Iterator[Sighting]:
        """What was there before, and is not now, by the body's doing."""
        for name in self._gone:
            if standing(self._ground.path(name)) == "absent":
                yield Sighting("path", name, word_digest("absent"))

    def _empty(self, wrote: set[str]) -> Iterator[Sighting]:
        """Folders that it made and put nothing into: those with files come with these."""
        filled = {name[:place] for name in wrote for place, sign in enumerate(name) if sign == "/"}
        for name in self._made - filled:
            if standing(self._ground.path(name)) == "folder":
                yield Sighting("path", name, word_digest("folder"))

    def _has_changed(self, name: str) -> bool:
        now = stamp_now(self._ground.path(name))
        return now is not None and now != self._wrote[name]

    def _is_torn(self, name: str) -> bool:
        if name in self._secured:
            return self._secured[name] == ""
        return stamp_now(self._ground.path(name)) != self._read[name]

    def _files(self) -> Iterator[Sighting]:
        for name in self._read:
            secured = self._secured.get(name)
            yield self._file(name) if secured is None else Sighting("file", name, secured)

    def _file(self, name: str) -> Sighting:
        path = self._ground.path(name)
        # Before the content: a change in between makes the stamp out of date, not the digest wrong for its stamp.
        known = stamp(path)
        return Sighting("file", name, file_digest(path), known)

    def _folders(self, wrote: set[str]) -> Iterator[Sighting]:
        for name, names in self._listed.items():
            without = own_names(name, wrote) | own_names(name, self._removed)
            yield Sighting("folder", name, names_digest(names, without))

    def _paths(self, wrote: set[str]) -> Iterator[Sighting]:
        for name, word in self._found.items():
            own = word == "absent" and (name in self._made or name in wrote)
            if not own and name not in self._read and name not in self._listed:
                yield Sighting("path", name, word_digest(word))

    def _files_below(self, name: str) -> Iterator[str]:
        called = map(self._ground.name, files_below(self._ground.path(name)))
        return (each for each in called if each is not None)
