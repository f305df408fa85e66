"""The store with what other hosts hold: asked for only where the store lacks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.core.model import Digest
from phelps_jupyter.errors import StoreError
from phelps_jupyter.wide_store import WideStore


class Elsewhere:
    """Engines on hosts that hold what is in another store."""

    def __init__(self, store: DiskStore, target: DiskStore) -> None:
        self._store = store
        self._target = target
        self.reached = True

    def holds(self, digest: str) -> bool:
        return self._store.has(Digest(digest))

    def bring(self, digest: str) -> None:
        if not self.reached:
            raise FileNotFoundError("its host is gone")
        self._target.put("x", self._store.get(Digest(digest)))


@pytest.fixture
def stores(tmp_path: Path) -> tuple[DiskStore, DiskStore]:
    return DiskStore(str(tmp_path / "here")), DiskStore(str(tmp_path / "there"))


def test_what_another_host_holds_is_at_hand_and_comes_when_it_is_read(stores: tuple[DiskStore, DiskStore]) -> None:
    here, there = stores
    wide = WideStore(here, lambda: Elsewhere(there, here))
    digest = there.put("x", [1, 2]).digest
    assert wide.has(digest)
    assert not here.has(digest)
    assert wide.get(digest) == [1, 2]
    assert here.has(digest)


def test_what_was_removed_is_lost_until_it_is_there_again(stores: tuple[DiskStore, DiskStore]) -> None:
    wide = WideStore(stores[0], lambda: None)
    digest = wide.put("x", [1, 2]).digest
    assert not wide.has_lost(digest)
    wide.discard([digest])
    assert wide.has_lost(digest)
    wide.put("x", [1, 2])
    assert not wide.has_lost(digest)


def test_without_engines_there_is_the_store_alone(stores: tuple[DiskStore, DiskStore]) -> None:
    here, there = stores
    wide = WideStore(here, lambda: None)
    assert not wide.has(there.put("x", 1).digest)
    assert wide.get(wide.put("x", 2).digest) == 2
    assert wide.get_bytes(wide.put_bytes(b"text")) == b"text"


def test_a_host_that_is_gone_is_told_with_what_to_do(stores: tuple[DiskStore, DiskStore]) -> None:
    here, there = stores
    elsewhere = Elsewhere(there, here)
    elsewhere.reached = False
    with pytest.raises(StoreError, match="its host is gone; run its task again"):
        WideStore(here, lambda: elsewhere).get(there.put("x", 1).digest)
