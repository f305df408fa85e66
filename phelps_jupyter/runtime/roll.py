"""What an attempt has written, bounded: its beginning and its end, and between them how much was left out.

The kernel's roll of an attempt is the engine's, whatever was left out on the way because nobody took it. Knows frames
and how much they weigh; refuses to know who writes and who reads them.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from phelps_jupyter.runtime.orders import Frame

TEXT = 1 << 20
"""Characters of text that are kept of the beginning, and as many of the end, in whole lines."""
DISPLAYS = 1 << 25
"""Bytes of displays that are kept from the beginning on, and as many of the latest; the one that exceeds them too."""
SPARE = 1 << 15
"""Characters that are more than enough for that."""
LEAST = 1 << 10
"""Bytes that a display counts for at least."""
PIECE = 1 << 13
"""Characters up to which text is put together; a longer line may be cut."""
PIECES = 1 << 13
"""Pieces of text that are kept of the beginning, and as many of the end: those of two streams in turns may be short."""
STREAMS = ("stdout", "stderr")


class Roll:
    """Frames in order, as a front end leaves them: text put together, displays updated, what was cleared gone.

    ``spare``: characters more of the end, for whoever passes frames on: where lines are cut, the other end keeps less.
    Of pieces it keeps twice as many: those that are taken apart are put together at the other end.
    """

    def __init__(self, text: int = TEXT, displays: int = DISPLAYS, spare: int = 0, pieces: int = PIECES) -> None:
        self._most_text = text
        self._most_displays = displays
        self._most_latest = text + spare
        self._most_pieces = 2 * pieces if spare else pieces
        self._passes_on = spare > 0
        self.progress: Frame | None = None
        """The latest one. It has no place among the others, and is not kept."""
        self._empty()

    def _empty(self) -> None:
        self._kept: deque[Frame] = deque()
        """From the beginning on, with gaps."""
        self._latest: deque[Frame] = deque()
        self._text = 0
        self._pieces = 0
        self._displays = 0
        """What is in the latest."""
        self._text_room = self._most_text
        self._piece_room = self._most_pieces
        self._display_room = self._most_displays
        """What else is kept."""

    def extend(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self.add(frame)

    def add(self, frame: Frame) -> None:
        if frame.kind == "progress":
            self.progress = frame
            return
        if frame.kind == "clear" and not frame.metadata.get("wait"):
            self._clear()
            return
        if self._latest and self._latest[-1].kind == "clear":
            self._clear()
        if frame.kind in STREAMS:
            self._write(frame)
        elif frame.update:
            self._update(frame)
        else:
            self._push(frame)
        self._trim()

    def __bool__(self) -> bool:
        return bool(self._kept or self._latest)

    def frames(self) -> tuple[Frame, ...]:
        """All that is kept, text of one stream that stands together as one frame."""
        found: list[Frame] = []
        texts: list[str] = []
        for frame in (*self._kept, *self._latest):
            if texts and frame.kind != found[-1].kind:
                found[-1] = replace(found[-1], text="".join(texts))
                texts.clear()
            if frame.kind not in STREAMS:
                found.append(frame)
                continue
            if not texts:
                found.append(frame)
            texts.append(frame.text)
        if texts:
            found[-1] = replace(found[-1], text="".join(texts))
        return tuple(found)

    def take(self, most: int) -> list[Frame]:
        """Take off what comes first, with so many characters of text."""
        taken = []
        while most > 0 and self:
            source = self._kept or self._latest
            frame = source.popleft()
            if source is self._latest:
                self._weigh(frame, -1)
            if len(frame.text) > most:
                source.appendleft(replace(frame, text=frame.text[most:], back=0))
                if source is self._latest:
                    self._weigh(source[0])
                frame = replace(frame, text=frame.text[:most])
            if source is self._latest:
                # What has been taken was the beginning.
                self._text_room = max(self._text_room - len(frame.text), 0)
                self._piece_room = max(self._piece_room - _is_text(frame), 0)
                self._display_room = max(self._display_room - _weight(frame), 0)
            most -= len(frame.text)
            taken.append(frame)
        return taken

    def _clear(self) -> None:
        self._empty()
        # For whoever holds what was taken before.
        self._kept.append(Frame("clear", metadata={"wait": False}))

    def _push(self, frame: Frame) -> None:
        self._latest.append(frame)
        self._weigh(frame)

    def _weigh(self, frame: Frame, sign: int = 1) -> None:
        self._text += sign * len(frame.text)
        self._pieces += sign * _is_text(frame)
        self._displays += sign * _weight(frame)

    def _write(self, frame: Frame) -> None:
        text, back = frame.text, frame.back
        while self._latest and self._latest[-1].kind == frame.kind:
            last = self._latest.pop()
            self._weigh(last, -1)
            left = last.text[: max(len(last.text) - back, 0)]
            back = last.back + max(back - len(last.text), 0)
            if left:
                self._join(replace(last, text=left), text)
                return
        if self._text_room:
            self._text_room += back
        self._push(Frame(frame.kind, text, back=back))

    def _join(self, last: Frame, text: str) -> None:
        """Lines stand whole in one frame, so that they are left out as such."""
        begins = 0 if len(last.text) + len(text) <= PIECE else last.text.rfind("\n") + 1
        if len(last.text) - begins > PIECE:
            begins = len(last.text)
        if begins:
            self._push(replace(last, text=last.text[:begins]))
            last = replace(last, text=last.text[begins:], back=0)
        if last.text or text:
            self._push(replace(last, text=last.text + text))

    def _update(self, frame: Frame) -> None:
        found = False
        for source in (self._kept, self._latest):
            for place, old in enumerate(source):
                if old.kind == "display" and old.display_id == frame.display_id:
                    source[place] = replace(frame, update=old.update)
                    more = _weight(frame) - _weight(old)
                    self._displays += more if source is self._latest else 0
                    self._display_room -= more if source is self._kept else 0
                    # Others of this id may have been passed on before.
                    found = found or old.update or not self._passes_on
        if not found:
            self._push(frame)

    @property
    def _is_over(self) -> bool:
        if self._text > self._most_latest or self._pieces > self._most_pieces:
            return True
        if self._displays > self._most_displays and len(self._latest) > 1:
            return True
        # What comes before it is left out, too.
        return bool(self._latest) and self._latest[0].kind == "gap"

    def _trim(self) -> None:
        while self._is_over:
            frame = self._latest.popleft()
            self._weigh(frame, -1)
            if frame.kind in STREAMS:
                self._trim_text(frame)
            elif frame.kind == "gap":
                self._leave_out(**{name: _count(frame, name) for name in ("lines", "characters", "displays")})
            elif self._display_room > 0:
                self._display_room -= _weight(frame)
                self._kept.append(frame)
            else:
                self._leave_out(displays=1)

    def _trim_text(self, frame: Frame) -> None:
        """Of the first frame of the latest: what is over goes, in whole lines."""
        over = self._text + len(frame.text) - self._most_latest
        end = len(frame.text)
        if 0 < over < end:
            end = frame.text.find("\n", over - 1, over + PIECE) + 1 or over
        if end < len(frame.text):
            rest = replace(frame, text=frame.text[end:], back=0)
            self._latest.appendleft(rest)
            self._weigh(rest)
        room = self._text_room if self._piece_room else 0
        keeps = end if end <= room else frame.text.rfind("\n", 0, room) + 1
        if keeps or frame.back:
            self._kept.append(replace(frame, text=frame.text[:keeps]))
            self._piece_room = max(self._piece_room - 1, 0)
        self._text_room -= keeps
        if keeps < end:
            self._leave_out(frame.text.count("\n", keeps, end), end - keeps)

    def _leave_out(self, lines: int = 0, characters: int = 0, displays: int = 0) -> None:
        if characters:
            # The beginning ends here.
            self._text_room = 0
        counts = {"lines": lines, "characters": characters, "displays": displays}
        if self._kept and self._kept[-1].kind == "gap":
            gap = self._kept.pop()
            counts = {name: count + _count(gap, name) for name, count in counts.items()}
        self._kept.append(Frame("gap", metadata=counts))


def _count(gap: Frame, name: str) -> int:
    count = gap.metadata[name]
    assert isinstance(count, int)
    return count


def _is_text(frame: Frame) -> bool:
    return frame.kind in STREAMS


def _weight(frame: Frame) -> int:
    """Bytes of a display, near enough; nothing for other frames."""
    if frame.kind not in ("display", "result"):
        return 0
    told = (piece if isinstance(piece, str) else json.dumps(piece, default=str) for piece in frame.data.values())
    return LEAST + sum(map(len, told))
