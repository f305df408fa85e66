"""The channel's way in from other machines: encrypted, and whoever holds no key that was admitted is refused.

Knows keys and connections; refuses to know what is said.
"""

from __future__ import annotations

import logging
import socket

import zmq
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils.monitor import recv_monitor_message

logger = logging.getLogger(__name__)
REFUSED = {
    zmq.Event.HANDSHAKE_FAILED_AUTH: "its key was never admitted",
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "what came was altered, or meant for another kernel",
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "it went away before it had shown a key",
}


class Gate:
    """Opens ``router`` to TCP at ``address`` of this machine; what it was bound to before stays as it is.

    Errors: OSError, where that can't be.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], router: zmq.Socket[bytes], address: str) -> None:
        self._admitted: set[bytes] = set()
        self._told: set[zmq.Event] = set()
        with socket.socket() as trial:
            trial.bind((address, 0))
        self._authenticator = ThreadAuthenticator(context, log=logger)
        try:
            self._authenticator.start()
        except zmq.ZMQError as error:
            # What it has opened by then would keep the context, and who closes that, for ever.
            self._authenticator.stop()
            raise OSError(error.errno, error.strerror) from None
        self._authenticator.configure_curve_callback(credentials_provider=self)
        self._router = router
        self._monitor = router.get_monitor_socket(sum(REFUSED))
        self.key, secret = zmq.curve_keypair()
        """Ours: who connects must know it."""
        router.curve_server = True
        router.curve_publickey, router.curve_secretkey = self.key, secret
        try:
            self.endpoint = f"tcp://{address}:{router.bind_to_random_port(f'tcp://{address}')}"
        except zmq.ZMQError as error:
            self.close()
            raise OSError(error.errno, error.strerror) from None

    def admit(self, key: bytes) -> None:
        """Let in whoever holds the secret to this key."""
        self._admitted.add(key)

    def callback(self, domain: str, key: bytes) -> bool:
        """Asked by the authenticator, in its thread."""
        del domain
        return key in self._admitted

    def look(self) -> None:
        """Tell of those who were refused, once for each reason."""
        while self._monitor.poll(0):
            event = zmq.Event(recv_monitor_message(self._monitor)["event"])
            if event not in self._told:
                self._told.add(event)
                logger.warning("a connection to the channel was refused: %s", REFUSED[event])

    def close(self) -> None:
        self._router.disable_monitor()
        self._monitor.close()
        self._authenticator.stop()
