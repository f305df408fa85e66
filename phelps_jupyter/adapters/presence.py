"""Which values a store's folder holds. Loads none: to look at a notebook takes far less than to run it."""

from __future__ import annotations

from phelps_jupyter.core.model import Digest
from phelps_jupyter.errors import StoreError
from phelps_jupyter.runtime import objects


class Presence:
    """One look at the folder `.phelps` beside a notebook; made when it isn't there. Errors: StoreError."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._known: dict[Digest, bool] = {}
        try:
            objects.make_folder(folder)
        except OSError as error:
            raise StoreError(f"the store can't be made in {folder}: {error.strerror}") from error

    def has(self, digest: Digest) -> bool:
        """Whether the object is there in full length."""
        if digest not in self._known:
            self._known[digest] = self._look(digest)
        return self._known[digest]

    def _look(self, digest: Digest) -> bool:
        try:
            return objects.stored_size(digest, self.folder) > 0
        except OSError:
            return False
