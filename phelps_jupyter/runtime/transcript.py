"""An attempt's output on its way: framed through a pipe by the body, gathered by the supervisor, a JSON line per Frame.

Knows order, pace and encoding; refuses to know what the output means or who shows it.
"""

from __future__ import annotations

import codecs
import fcntl
import io
import json
import os
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from phelps_jupyter.runtime.dial import Dial
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.roll import SPARE, Roll
from phelps_jupyter.runtime.screen import Screen

Stream = Literal["stdout", "stderr"]

HEADER = struct.Struct(">cI")
REPORT = b"r"
LINE = b"f"
BEGUN = b"b"
KINDS: Mapping[bytes, Stream] = {b"o": "stdout", b"e": "stderr"}
CODES: Mapping[str, bytes] = {"stdout": b"o", "stderr": b"e"}
PATIENCE = 0.5
BATCH = 0.05
"""Seconds between two messages about what a body writes."""
FIRST = 0.005
"""Seconds from a text to the message: a line is often written in two pieces."""
AT_ONCE = 1 << 16
"""Characters of text in one of them."""
PROGRESS = 0.1
"""Seconds between two messages about how far it is."""


def encode(frame: Frame) -> bytes:
    """The frame as one line of the transcript; what JSON can't say is told by ``str``."""
    fields: dict[str, object] = {"kind": frame.kind}
    for name in ("text", "back", "data", "metadata", "display_id", "update"):
        value = getattr(frame, name)
        if value:
            fields[name] = dict(value) if isinstance(value, Mapping) else value
    return json.dumps(fields, default=str).encode() + b"\n"


def decode(data: bytes) -> tuple[Frame, ...]:
    """The frames of whole lines; text of one stream that stands together is one frame."""
    frames: list[Frame] = []
    for line in data.splitlines():
        frame = Frame(**json.loads(line))
        if frames and frame.kind in CODES and frame.kind == frames[-1].kind and not frame.back:
            last = frames.pop()
            frame = replace(last, text=last.text + frame.text)
        frames.append(frame)
    return tuple(frames)


class Pipe:
    """The body's end: frames in order, also among what C code and subprocesses write to fd 1 and 2."""

    def __init__(self, control: int, raw: tuple[int, ...], dial: Dial) -> None:
        self._control = control
        self._dial = dial
        self._raw = raw
        self._lock = threading.RLock()
        self._owner = os.getpid()

    @property
    def ours(self) -> bool:
        """False in a process that the body forked: it would mix its frames into ours."""
        return os.getpid() == self._owner

    def text(self, stream: Stream, data: bytes) -> None:
        if self.ours:
            self._send(CODES[stream], data)
        else:
            _write(1 if stream == "stdout" else 2, data)

    def frame(self, frame: Frame) -> None:
        if self.ours:
            self._send(LINE, encode(frame))
        else:
            _write(1, str(frame.data.get("text/plain", "")).encode() + b"\n")

    def progress(self, done: float, total: float | None) -> None:
        """How far the body is; what a process that it forked says of that is not heard."""
        if self.ours:
            self._dial.set(done, total)

    def tell_loaded(self, libraries: Iterable[int]) -> None:
        """Which ones the body has imported, by their numbers."""
        self._dial.tell_loaded(libraries)

    def take_place(self) -> None:
        """What compiled code and subprocesses write goes this way from now on."""
        for number, fd in enumerate(self._raw, 1):
            os.dup2(fd, number)

    def begin(self) -> None:
        """Say that the body is there, where nobody has forked it."""
        self._send(BEGUN, b"")

    def report(self, outcome: bytes) -> None:
        self._send(REPORT, outcome)

    def close(self) -> None:
        """The body has ended, and its process goes on: what a thread of it still writes goes where its process does."""
        with self._lock:
            self._owner = 0
            for fd in (self._control, *self._raw):
                os.close(fd)

    def _send(self, kind: bytes, payload: bytes) -> None:
        with self._lock:
            if not self.ours:
                return
            # See Supervisor._gather.
            for fd in self._raw:
                _drained(fd)
            _write(self._control, HEADER.pack(kind, len(payload)) + payload)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _drained(fd: int) -> None:
    until = 0.0
    while _pending(fd):
        now = time.monotonic()
        until = until or now + PATIENCE
        if now > until:
            return
        time.sleep(0.0005)


def _pending(fd: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0])


class _Unbuffered(io.RawIOBase):
    """Bytes written by ``sys.stdout.buffer`` and the text layer above it."""

    def __init__(self, pipe: Pipe, stream: Stream) -> None:
        self._pipe = pipe
        self._stream: Stream = stream

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1 if self._stream == "stdout" else 2

    def isatty(self) -> bool:
        return False

    def write(self, data: bytes | memoryview | bytearray, /) -> int:  # type: ignore[override]  # typeshed's Buffer
        payload = bytes(data)
        self._pipe.text(self._stream, payload)
        return len(payload)


def open_stream(pipe: Pipe, stream: Stream) -> io.TextIOWrapper:
    """What stands for ``sys.stdout`` or ``sys.stderr``: each write is on its way at once."""
    raw: Any = _Unbuffered(pipe, stream)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)


class Transcript:
    """The supervisor's end: keeps what is written, as a terminal would show it, and passes it on to ``tell`` as lines:
    the first of it at once, then every BATCH seconds, and then no more than AT_ONCE characters."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell
        self._decoders = {
            kind: codecs.getincrementaldecoder("utf-8")("replace") for kind in ("o", "e", "stdout", "stderr")
        }
        self._kept = Roll()
        self._unsent = Roll(spare=SPARE)
        self._screen = Screen()
        self._stream: Stream = "stdout"
        self._text: list[str] = []
        self._size = 0
        self._sent_at = 0.0
        self._since = 0.0
        self._told_at = 0.0
        self._held = bytearray()
        self.begun = False
        self.report = b""

    def raw(self, stream: Stream, data: bytes) -> None:
        """Bytes that came through fd 1 or 2."""
        self._add(stream, self._decoders[stream].decode(data))

    def control(self, data: bytes) -> None:
        """Bytes that came through the pipe of frames, in any portion."""
        for kind, payload in self._pieces(data):
            if kind == REPORT:
                self.report = payload
            elif kind == BEGUN:
                self.begun = True
            elif kind == LINE:
                self._put(*decode(payload))
            else:
                self._add(KINDS[kind], self._decoders[kind.decode()].decode(payload))

    def count(self, done: float, total: float | None) -> None:
        """How far the body is by now."""
        self._unsent.add(Frame("progress", metadata={"done": done, "total": total}))

    def due(self) -> float:
        """Seconds until something is to be passed on: none, or less, when it is time."""
        times = [time.monotonic() + BATCH]
        if self._text or self._unsent:
            times.append(max(self._sent_at + BATCH, self._since + FIRST))
        if self._unsent.progress is not None:
            times.append(self._told_at + PROGRESS)
        return min(times) - time.monotonic()

    def pass_on(self) -> None:
        """What is next."""
        now = time.monotonic()
        self._settle()
        frames = self._unsent.take(AT_ONCE)
        if self._unsent.progress is not None and now - self._told_at >= PROGRESS:
            frames.append(self._unsent.progress)
            self._unsent.progress = None
            self._told_at = now
        self._sent_at = now
        if frames:
            self._tell(b"".join(map(encode, frames)))

    def written(self) -> bytes:
        """All that is kept, as lines."""
        self._settle()
        return b"".join(map(encode, self._kept.frames()))

    def close(self) -> None:
        """Pass on all that is left."""
        self._settle()
        while self._unsent:
            self._tell(b"".join(map(encode, self._unsent.take(AT_ONCE))))

    def _put(self, frame: Frame) -> None:
        self._note_time()
        self._settle()
        self._screen = Screen()
        self._roll(frame)

    def _add(self, stream: Stream, text: str) -> None:
        if stream != self._stream:
            self._settle()
            self._stream = stream
            self._screen = Screen()
        if text:
            self._note_time()
            self._text.append(text)
            self._size += len(text)
            if self._size > AT_ONCE:
                self._settle()

    def _note_time(self) -> None:
        if not (self._text or self._unsent):
            self._since = time.monotonic()

    def _settle(self) -> None:
        """Text that has come goes where it belongs."""
        if self._text:
            back, text = self._screen.write("".join(self._text))
            self._text.clear()
            self._size = 0
            if back or text:
                self._roll(Frame(self._stream, text, back=back))

    def _roll(self, frame: Frame) -> None:
        self._kept.add(frame)
        self._unsent.add(frame)

    def _pieces(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        self._held += data
        at = 0
        while len(self._held) - at >= HEADER.size:
            kind, length = HEADER.unpack_from(self._held, at)
            end = at + HEADER.size + length
            if end > len(self._held):
                break
            yield kind, bytes(self._held[at + HEADER.size : end])
            at = end
        del self._held[:at]
