"""The store on a disk: values under their digests, and errors that say what, where and what to do."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from phelps_jupyter.adapters import disk_store
from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.core.model import Digest
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Store
from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.digests import digest, digest_bytes

ABSENT = Digest("0" * 32)


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    return DiskStore(str(tmp_path / ".phelps"))


def object_path(store: DiskStore, key: str) -> Path:
    return Path(values.object_path(key, store.folder))


def truncate(store: DiskStore, key: str) -> None:
    path = object_path(store, key)
    path.chmod(0o600)
    os.truncate(path, path.stat().st_size - 1)


def test_it_is_a_store(store: DiskStore) -> None:
    port: Store = store
    assert port.folder == store.folder


def test_the_folder_is_its_owners_alone_and_hidden_from_git(store: DiskStore) -> None:
    folder = Path(store.folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "objects").is_dir()


def test_a_store_that_is_there_is_left_as_it_is(store: DiskStore) -> None:
    version = store.put("x", [1])
    (Path(store.folder) / ".gitignore").write_text("mine\n")
    again = DiskStore(store.folder)
    assert again.get(version.digest) == [1]
    assert (Path(store.folder) / ".gitignore").read_text() == "mine\n"


def test_a_version_tells_digest_size_and_summary(store: DiskStore) -> None:
    array = np.zeros((300, 1000))
    version = store.put("x", array)
    assert version.name == "x"
    assert version.digest == digest(array).digest
    assert version.size == object_path(store, version.digest).stat().st_size > array.nbytes
    assert (version.summary, version.opaque) == ("array float64 (300, 1000)", "")


def test_what_was_put_can_be_got(store: DiskStore) -> None:
    version = store.put("x", {"a": [1, 2]})
    assert store.get(version.digest) == {"a": [1, 2]}


def test_equal_values_are_stored_once(store: DiskStore) -> None:
    assert store.put("x", [1]).digest == store.put("y", [1]).digest
    assert len(list((Path(store.folder) / "objects").glob("*/*"))) == 1


def test_has_tells_what_is_there_in_full_length(store: DiskStore) -> None:
    whole, cut = store.put("x", "whole").digest, store.put("y", "cut").digest
    truncate(store, cut)
    assert [store.has(each) for each in (whole, cut, ABSENT)] == [True, False, False]


def test_a_store_whose_folder_became_a_file_has_nothing(store: DiskStore) -> None:
    (Path(store.folder) / "objects").rmdir()
    (Path(store.folder) / "objects").write_text("")
    assert not store.has(ABSENT)


def test_a_value_without_a_digest_is_stored_and_says_why_it_has_none(store: DiskStore) -> None:
    class Clock:
        def __phelps_digest__(self) -> str:
            raise ValueError("no two are alike")

    version = store.put("clock", [Clock()])
    assert "[0]" in version.opaque
    assert store.has(version.digest)


def test_bytes_go_in_and_come_out(store: DiskStore) -> None:
    key = store.put_bytes(b"text")
    assert key == digest_bytes(b"text")
    assert store.get_bytes(key) == b"text"
    assert store.has(Digest(key))


def test_what_cant_be_pickled_is_unstorable_with_the_way_to_it(store: DiskStore) -> None:
    with pytest.raises(values.Unstorable, match=r"\[1\]\['lock'\]: _thread.lock can't be stored$"):
        store.put("rows", [0, {"lock": threading.Lock()}])


def test_an_absent_object_is_gone_and_can_be_made_again(store: DiskStore) -> None:
    for get in (store.get, store.get_bytes):
        with pytest.raises(StoreError, match=f"{ABSENT} is gone; run the task that made it again"):
            get(ABSENT)


def test_a_damaged_object_is_an_error_that_says_what_to_do(store: DiskStore) -> None:
    value, plain = store.put("x", "value").digest, store.put_bytes(b"text")
    truncate(store, value)
    truncate(store, plain)
    with pytest.raises(StoreError, match=r"is damaged: .* bytes long instead of .*; delete it"):
        store.get(value)
    with pytest.raises(StoreError, match=r"is damaged: .* bytes long instead of .*; delete it"):
        store.get_bytes(plain)


def test_a_damaged_object_is_mended_by_putting_it_again(store: DiskStore) -> None:
    key = store.put("x", "value").digest
    truncate(store, key)
    store.put("x", "value")
    assert store.get(key) == "value"


def fail() -> None:
    raise ModuleNotFoundError("No module named 'gone'")


class Departed:
    """Something whose module is gone when it is read."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return fail, ()


def test_a_value_that_needs_what_is_not_there_says_so(store: DiskStore) -> None:
    version = store.put("x", Departed())
    with pytest.raises(StoreError, match="No module named 'gone'; install what is missing"):
        store.get(version.digest)


def test_an_object_that_is_a_folder_cant_be_read(store: DiskStore) -> None:
    object_path(store, ABSENT).mkdir(parents=True)
    with pytest.raises(StoreError, match="can't be read: Is a directory; look at the folder's owner"):
        store.get(ABSENT)


def test_a_place_where_nothing_can_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"the store can't be written to .*file/.phelps: Not a directory; look at"):
        DiskStore(str(tmp_path / "file" / ".phelps"))


def test_a_write_that_fails_names_the_value(store: DiskStore) -> None:
    (Path(store.folder) / "objects").rmdir()
    (Path(store.folder) / "objects").write_text("")
    with pytest.raises(StoreError, match=f"`rows` can't be written to {store.folder}: "):
        store.put("rows", [1])
    with pytest.raises(StoreError, match=f"4 bytes can't be written to {store.folder}: "):
        store.put_bytes(b"text")


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "your quota is used up"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "copy the notebook to a folder that you may write to"),
        (errno.EIO, "look at the folder and its disk"),
    ],
)
def test_each_cause_has_its_advice(code: int, advice: str) -> None:
    message = disk_store._not_written("`x`", "/data/.phelps", OSError(code, "why"))
    assert message.startswith(f"`x` can't be written to /data/.phelps: why; {advice}")


def test_what_crashed_writers_left_is_swept_away_after_a_day(store: DiskStore) -> None:
    objects = Path(store.folder) / "objects"
    old, young = objects / ".new-1-a", objects / ".new-2-b"
    old.write_text("half")
    young.write_text("half")
    os.utime(old, (time.time() - 100_000,) * 2)
    version = store.put("x", [1])
    os.utime(object_path(store, version.digest), (0, 0))
    DiskStore(store.folder)
    assert sorted(each.name for each in objects.iterdir()) == sorted([".new-2-b", version.digest[:2]])
    assert store.get(version.digest) == [1]
