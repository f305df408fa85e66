"""The project's store together with what the engines' hosts hold and it has not yet. Moves no bytes itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from phelps_jupyter.core.model import Digest, Version
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Engines, Store


class WideStore:
    """A `Store`. ``engines`` tells those that are in use, if any are."""

    def __init__(self, store: Store, engines: Callable[[], Engines | None]) -> None:
        self.folder = store.folder
        self._store = store
        self._engines = engines
        self._discarded: set[Digest] = set()

    def put(self, name: str, value: object) -> Version:
        return self._store.put(name, value)

    def get(self, digest: Digest) -> object:
        """The value; brought first where only another host holds it. Errors: StoreError."""
        self._bring(digest)
        return self._store.get(digest)

    def has(self, digest: Digest) -> bool:
        """Whether it is at hand, here or on a host that can be asked for it."""
        engines = self._engines()
        return self._store.has(digest) or (engines is not None and engines.holds(digest))

    def discard(self, digests: Sequence[Digest]) -> None:
        """Remove values, here and on all hosts. Errors: StoreError."""
        engines = self._engines()
        if engines is not None:
            engines.drop(digests)
        self._store.discard(digests)
        self._discarded.update(digests)

    def has_lost(self, digest: Digest) -> bool:
        """Whether it was removed, and is not there again. Who found it stored before writes none of its own."""
        return digest in self._discarded and not self.has(digest)

    def put_bytes(self, data: bytes) -> str:
        return self._store.put_bytes(data)

    def get_bytes(self, digest: str) -> bytes:
        """The bytes. Errors: StoreError."""
        self._bring(Digest(digest))
        return self._store.get_bytes(digest)

    def _bring(self, digest: Digest) -> None:
        engines = self._engines()
        if engines is None or self._store.has(digest) or not engines.holds(digest):
            return
        try:
            engines.bring(digest)
        except OSError as error:
            raise StoreError(
                f"the value could not be fetched from the host that made it: {error}; run its task again"
            ) from error
