"""Values as files: what is written is what is read, in this process and in another, and big parts are never copied."""

from __future__ import annotations

import io
import mmap
import os
import resource
import stat
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.values import Damaged, Unreadable, dumps, loads, read, write

DIGEST = "abcdef"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path)


def open_files(path: str) -> int:
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}") == path
        except FileNotFoundError:
            continue
    return found


def copied_kilobytes(path: str) -> int:
    """Pages of the file's maps that this process has a copy of its own of."""
    total, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ")[0]:
            inside = line.endswith(path)
        elif inside and line.startswith("Anonymous:"):
            total += int(line.split()[1])
    return total


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "text",
        "\ud800",
        b"\0" * 200_000,
        bytearray(b"abc"),
        [1, {"a": (2.0, {3})}],
        deque([1], maxlen=3),
        range(3),
        pd.Timestamp("2024-01-01", tz="UTC"),
    ],
    ids=repr,
)
def test_a_value_comes_back_equal_and_of_its_own_type(store: str, value: object) -> None:
    size = write(value, DIGEST, store)
    assert read(DIGEST, store) == value == loads(dumps(value))
    assert type(read(DIGEST, store)) is type(value)
    assert size == os.path.getsize(values.object_path(DIGEST, store)) == len(dumps(value))


@pytest.mark.parametrize("size", [0, 3, 200_000], ids=["empty", "small", "mapped"])
@pytest.mark.parametrize("kind", [np.float64, np.int8, "U4", "M8[ns]", [("a", "i8"), ("b", "f4")]], ids=str)
def test_arrays_come_back_equal_and_writable(store: str, size: int, kind: Any) -> None:
    array = np.zeros(size, dtype=kind)
    write(array, DIGEST, store)
    for back in (read(DIGEST, store), loads(dumps(array))):
        assert isinstance(back, np.ndarray)
        np.testing.assert_array_equal(back, array)
        assert back.dtype == array.dtype
        assert back.flags.writeable


def test_layout_and_order_of_arrays_are_kept(store: str) -> None:
    array = np.asfortranarray(np.arange(400_000.0).reshape(400, 1000))
    write([array, array[::2, ::2]], DIGEST, store)
    back: Any = read(DIGEST, store)
    whole, part = back
    np.testing.assert_array_equal(whole, array)
    np.testing.assert_array_equal(part, array[::2, ::2])
    assert whole.flags.f_contiguous


@pytest.mark.parametrize("size", [3, 300_000], ids=["small", "mapped"])
def test_what_was_read_only_stays_read_only(store: str, size: int) -> None:
    array = np.ones(size)
    array.flags.writeable = False
    write(array, DIGEST, store)
    assert not read(DIGEST, store).flags.writeable  # type: ignore[attr-defined]  # an array
    assert not loads(dumps(array)).flags.writeable  # type: ignore[attr-defined]  # an array


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": np.arange(300_000), "b": np.arange(300_000) / 7, "c": ["x", None, "z"] * 100_000}),
        pd.DataFrame({"when": pd.date_range("2024", periods=3, tz="UTC"), "kind": pd.Categorical(["a", "b", "a"])}),
    ],
    ids=["big", "small"],
)
def test_frames_and_tables_come_back_equal(store: str, frame: pd.DataFrame) -> None:
    write([frame, pa.Table.from_pandas(frame)], DIGEST, store)
    both: Any = read(DIGEST, store)
    back, table = both
    pd.testing.assert_frame_equal(back, frame)
    assert table.equals(pa.Table.from_pandas(frame))
    back.iloc[0, 0] = back.iloc[1, 0]


def test_one_object_under_two_names_is_one_object_again() -> None:
    shared = [1]
    back: Any = loads(dumps([shared, shared]))
    assert back[0] is back[1]


def test_writing_to_what_was_read_leaves_the_stored_bytes_alone(store: str) -> None:
    write(np.zeros(1_000_000), DIGEST, store)
    first: Any = read(DIGEST, store)
    first[:] = 1
    second: Any = read(DIGEST, store)
    assert second.sum() == 0
    assert copied_kilobytes(values.object_path(DIGEST, store)) >= 7_800


def test_reading_copies_no_page(store: str) -> None:
    write(np.zeros(10_000_000), DIGEST, store)
    array: Any = read(DIGEST, store)
    assert array.sum() == 0
    assert copied_kilobytes(values.object_path(DIGEST, store)) <= 16


def test_mapped_buffers_are_aligned(store: str) -> None:
    write([np.zeros(300_001, np.int8), np.zeros(1_000_003, np.int8), np.zeros(1_000_000)], DIGEST, store)
    back: Any = read(DIGEST, store)
    assert [each.ctypes.data % 64 for each in back[1:]] == [0, 0]


def test_only_big_buffers_keep_the_file_open(store: str) -> None:
    write([np.zeros(90_000) for _ in range(20)], DIGEST, store)
    kept = read(DIGEST, store)
    assert open_files(values.object_path(DIGEST, store)) == 0
    write(np.zeros(200_000), "big", store)
    array = read("big", store)
    assert open_files(values.object_path("big", store)) == 1
    del array
    assert open_files(values.object_path("big", store)) == 0
    assert isinstance(kept, list)


def test_big_buffers_are_written_from_where_they_lie(store: str) -> None:
    array = np.zeros(40_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    write(array, DIGEST, store)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 350_000


def test_objects_are_read_only_and_their_folders_private(store: str) -> None:
    write([1], DIGEST, store)
    path = values.object_path(DIGEST, store)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o444
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert os.listdir(f"{store}/objects") == ["ab"]


def test_what_is_there_is_not_written_again(store: str) -> None:
    write([1], DIGEST, store)
    before = os.stat(values.object_path(DIGEST, store))
    assert write([1], DIGEST, store) == before.st_size
    assert os.stat(values.object_path(DIGEST, store)) == before


def test_a_truncated_object_counts_as_absent_and_is_written_again(store: str) -> None:
    size = write("value", DIGEST, store)
    path = Path(values.object_path(DIGEST, store))
    path.chmod(0o600)
    os.truncate(path, size - 1)
    assert values.stored_size(DIGEST, store) == 0
    with pytest.raises(Damaged, match=f"{size - 1:,} bytes long instead of {size:,}"):
        read(DIGEST, store)
    assert write("value", DIGEST, store) == size
    assert read(DIGEST, store) == "value"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes long, too short"),
        (b"phelps", "6 bytes long, too short"),
        (bytes(100), "damaged, or written by another version of Phelps"),
        (b"phelpsP\x09" + bytes(100), "another version of Phelps"),
    ],
)
def test_a_file_that_is_none_of_ours_is_damaged(store: str, content: bytes, message: str) -> None:
    path = Path(values.object_path(DIGEST, store))
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert values.stored_size(DIGEST, store) == 0
    with pytest.raises(Damaged, match=message):
        read(DIGEST, store)


def test_an_object_of_another_python_is_unreadable_and_written_again(store: str) -> None:
    content = bytearray(dumps([1]))
    struct.pack_into("<BB", content, 16, 3, 10)
    with pytest.raises(Unreadable, match=r"written by Python 3\.10, and this is Python 3\.1"):
        loads(bytes(content))
    write([1], DIGEST, store)
    path = Path(values.object_path(DIGEST, store))
    path.chmod(0o600)
    path.write_bytes(content)
    write([1], DIGEST, store)
    assert read(DIGEST, store) == [1]


def test_an_absent_object_is_a_missing_file(store: str) -> None:
    assert values.stored_size(DIGEST, store) == 0
    with pytest.raises(FileNotFoundError):
        read(DIGEST, store)


def refuse(text: str) -> None:
    raise {"memory": MemoryError, "value": ValueError}[text](text)


class Unloadable:
    """Something that pickles well and fails to load."""

    def __init__(self, how: str) -> None:
        self.how = how

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return refuse, (self.how,)


def test_a_value_that_fails_to_load_says_why() -> None:
    with pytest.raises(Unreadable, match="can't be loaded here: ValueError: value"):
        loads(dumps(Unloadable("value")))


def test_memory_that_runs_out_while_loading_is_what_it_is() -> None:
    with pytest.raises(MemoryError):
        loads(dumps(Unloadable("memory")))


class Hungry:
    """Something whose pickling runs out of memory."""

    def __reduce__(self) -> str:
        raise MemoryError


def test_memory_that_runs_out_while_writing_is_what_it_is() -> None:
    with pytest.raises(MemoryError):
        dumps(Hungry())


def test_plain_bytes_lie_beside_values(store: str) -> None:
    size = values.write_bytes(b"text", DIGEST, store)
    assert values.read_bytes(DIGEST, store) == b"text"
    assert values.stored_size(DIGEST, store) == size
    assert values.write_bytes(b"text", DIGEST, store) == size


def test_bytes_and_values_are_not_taken_for_each_other(store: str) -> None:
    values.write_bytes(b"text", "aa", store)
    write("text", "bb", store)
    with pytest.raises(Damaged, match="another kind"):
        read("aa", store)
    with pytest.raises(Damaged, match="another kind"):
        values.read_bytes("bb", store)


def test_writers_of_one_digest_dont_mind_each_other(store: str) -> None:
    array = np.arange(300_000)
    with ThreadPoolExecutor(8) as threads:
        sizes = set(threads.map(lambda _: write(array, DIGEST, store), range(40)))
    assert len(sizes) == 1
    np.testing.assert_array_equal(read(DIGEST, store), array)
    assert os.listdir(f"{store}/objects") == ["ab"]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file can grow beyond 1 MB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("full_disk")
def test_a_write_that_fails_leaves_nothing_behind(store: str) -> None:
    with pytest.raises(OSError, match="too large"):
        write(np.zeros(600_000), DIGEST, store)
    assert os.listdir(f"{store}/objects") == ["ab"]
    assert os.listdir(f"{store}/objects/ab") == []


def test_a_folder_that_is_none_is_an_os_error(store: str) -> None:
    Path(store, "objects").write_text("a file")
    with pytest.raises(OSError, match="objects"):
        write([1], DIGEST, store)


def test_a_folder_that_is_gone_is_an_os_error(store: str) -> None:
    os.makedirs(f"{store}/objects/ab")
    os.rmdir(f"{store}/objects/ab")
    Path(store, "objects", "ab").symlink_to("/nowhere/at/all")
    with pytest.raises(OSError, match="ab"):
        write([1], DIGEST, store)


def test_standard_streams_are_the_readers() -> None:
    kept, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO())
    try:
        assert loads(dumps([sys.stdout])) == [sys.stdout]
    finally:
        sys.stdout = kept


@pytest.mark.parametrize(
    "view",
    [memoryview(b"abc"), memoryview(bytearray(b"abcd"))[::2], np.ones((2, 3)).data, memoryview(b"")],
)
def test_views_come_back_as_views(view: memoryview) -> None:
    back = loads(dumps(view))
    assert isinstance(back, memoryview)
    assert (back.tobytes(), back.tolist()) == (view.tobytes(), view.tolist())


def test_a_view_of_a_map_of_another_file_is_copied(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"x" * 5000)
    with open(tmp_path / "other", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        with memoryview(mapped) as view:
            data = dumps(view)
        assert loads(data) == b"x" * 5000
