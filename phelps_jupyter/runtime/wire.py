"""One encrypted connection between hosts: lines of words, and the bytes of files between them.

Both ends show a certificate that the same kernel has signed. Knows nothing of what is asked.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any

from phelps_jupyter.runtime.places import Place

REACH = 2.0
"""Seconds that a place has to be reached."""
STALL = 20.0
"""Seconds without a byte after which a connection is given up."""
PORTION = 1 << 20
LINE = 1 << 16
"""Bytes of the longest line."""
CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"
"""Files of a folder of credentials: ours, its key that nobody else has, and the kernel's, which has signed all."""
Words = dict[str, Any]


class Wire:
    """Used by one thread at a time. Errors of all methods: OSError; ValueError where the other end talks nonsense."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._socket = connection
        self._held = bytearray()
        connection.settimeout(STALL)

    @property
    def peer(self) -> str:
        """The name that the kernel has given to whoever is at the other end."""
        shown: Any = self._socket.getpeercert() or {}
        return next((value for part in shown.get("subject", ()) for name, value in part if name == "commonName"), "")

    @property
    def addresses(self) -> tuple[str, str]:
        """Of this end, and of the other one."""
        return str(self._socket.getsockname()[0]), str(self._socket.getpeername()[0])

    def expect(self, seconds: float) -> None:
        """From now on, no more than so many seconds pass between its bytes, or it is gone."""
        self._socket.settimeout(seconds)

    def tell(self, **words: Any) -> None:
        self._socket.sendall(json.dumps(words).encode() + b"\n")

    def hear(self) -> Words:
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > LINE:
                raise ValueError("a line without an end came")
            self._held += self._some(self._socket.recv(LINE))
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        words = json.loads(line)
        if not isinstance(words, dict):
            raise ValueError("no words came")
        return words

    def send_file(self, path: str, start: int, length: int) -> None:
        """The bytes of a file from ``start`` on, up to ``length`` of the whole."""
        room = memoryview(bytearray(PORTION))
        with open(path, "rb", buffering=0) as file:
            file.seek(start)
            while start < length and (count := file.readinto(room)):
                count = min(count, length - start)
                self._socket.sendall(room[:count])
                start += count

    def receive(self, count: int, take: Callable[[memoryview], None]) -> None:
        """So many bytes, as they come."""
        first = memoryview(bytes(self._held[:count]))
        del self._held[:count]
        take(first)
        count -= len(first)
        room = memoryview(bytearray(PORTION))
        while count:
            portion = room[: min(count, PORTION)]
            self._fill(portion)
            take(portion)
            count -= len(portion)

    def _fill(self, room: memoryview) -> None:
        # TLS gives 16 kB at a time.
        at = 0
        while at < len(room):
            came = self._socket.recv_into(room[at:])
            if not came:
                raise ConnectionError("the other end has closed the connection")
            at += came

    def _some(self, data: bytes) -> bytes:
        if not data:
            raise ConnectionError("the other end has closed the connection")
        return data

    def close(self) -> None:
        self._socket.close()


def connect(place: Place, credentials: str) -> Wire:
    """Errors: OSError."""
    raw = socket.create_connection((place.address, place.port), timeout=REACH)
    try:
        raw.settimeout(STALL)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _context(credentials, ssl.PROTOCOL_TLS_CLIENT).wrap_socket(raw)
    except OSError:
        raw.close()
        raise
    shown = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()
    if shown != place.fingerprint:
        connection.close()
        raise ConnectionError(f"{place.address}:{place.port} shows another certificate than {place.host} has")
    return Wire(connection)


def accept(raw: socket.socket, context: ssl.SSLContext) -> Wire:
    """Whoever comes without a certificate that the kernel has signed is refused. Errors: OSError."""
    raw.settimeout(STALL)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Wire(context.wrap_socket(raw, server_side=True))


def server_context(credentials: str) -> ssl.SSLContext:
    context = _context(credentials, ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _context(credentials: str, side: ssl._SSLMethod) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    # Who it is says the certificate, and not the address that it has today.
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(os.path.join(credentials, AUTHORITY))
    context.load_cert_chain(os.path.join(credentials, CERTIFICATE), os.path.join(credentials, KEY))
    return context
