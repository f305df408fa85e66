"""An attempt's output on its way: framed through a pipe by the body, gathered by the supervisor, a JSON line per Frame.

Knows order and encoding; refuses to know what the output means or who shows it.
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
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from phelps_jupyter.runtime.orders import Frame

Stream = Literal["stdout", "stderr"]

HEADER = struct.Struct(">cI")
REPORT = b"r"
LINE = b"f"
KINDS: Mapping[bytes, Stream] = {b"o": "stdout", b"e": "stderr"}
CODES: Mapping[str, bytes] = {"stdout": b"o", "stderr": b"e"}
PATIENCE = 0.5
WAITS = 0.03


def encode(frame: Frame) -> bytes:
    """The frame as one line of the transcript; what JSON can't say is told by ``str``."""
    fields: dict[str, object] = {"kind": frame.kind}
    for name in ("text", "data", "metadata", "display_id", "update"):
        value = getattr(frame, name)
        if value:
            fields[name] = dict(value) if isinstance(value, Mapping) else value
    return json.dumps(fields, default=str).encode() + b"\n"


def decode(data: bytes) -> tuple[Frame, ...]:
    """The frames of whole lines; text of one stream that stands together is one frame."""
    frames: list[Frame] = []
    for line in data.splitlines():
        frame = Frame(**json.loads(line))
        if frames and frame.kind in CODES and frame.kind == frames[-1].kind:
            frame = Frame(frame.kind, frames.pop().text + frame.text)
        frames.append(frame)
    return tuple(frames)


class Pipe:
    """The body's end: frames in order, also among what C code and subprocesses write to fd 1 and 2."""

    def __init__(self, control: int, raw: tuple[int, ...]) -> None:
        self._control = control
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

    def report(self, outcome: bytes) -> None:
        self._send(REPORT, outcome)

    def _send(self, kind: bytes, payload: bytes) -> None:
        with self._lock:
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
    """The supervisor's end: gathers text of one stream into one frame, writes whole lines into a new file at ``path``,
    and passes them to ``tell``."""

    def __init__(self, path: str, tell: Callable[[bytes], None]) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._tell = tell
        self._decoders = {
            kind: codecs.getincrementaldecoder("utf-8")("replace") for kind in ("o", "e", "stdout", "stderr")
        }
        self._text: list[str] = []
        self._since = 0.0
        self._stream: Stream = "stdout"
        self._held = bytearray()
        self.report = b""

    def raw(self, stream: Stream, data: bytes) -> None:
        """Bytes that came through fd 1 or 2."""
        self._add(stream, self._decoders[stream].decode(data))

    def control(self, data: bytes) -> None:
        """Bytes that came through the pipe of frames, in any portion."""
        for kind, payload in self._pieces(data):
            if kind == REPORT:
                self.report = payload
            elif kind == LINE:
                self.flush()
                self._put(payload)
            else:
                self._add(KINDS[kind], self._decoders[kind.decode()].decode(payload))

    def flush_aged(self) -> None:
        """Write text that has waited: not at each portion, or a progress bar makes a thousand frames."""
        if self._text and time.monotonic() - self._since > WAITS:
            self.flush()

    def flush(self) -> None:
        if self._text:
            self._put(encode(Frame(self._stream, "".join(self._text))))
            self._text.clear()

    def close(self) -> None:
        self.flush()
        os.close(self._file)

    def _put(self, line: bytes) -> None:
        _write(self._file, line)
        self._tell(line)

    def _add(self, stream: Stream, text: str) -> None:
        if stream != self._stream:
            self.flush()
            self._stream = stream
        if text:
            self._since = self._since if self._text else time.monotonic()
            self._text.append(text)

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
