"""The files around a notebook: what ``--reads`` names, whether conditions hold, and files brought back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.files import Files, as_condition
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.core.model import Digest, Part, PartKind, Seen
from phelps_jupyter.errors import DeclarationError, StoreError
from phelps_jupyter.runtime.sights import word_digest

LONG_AGO = 1_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.csv", "b.csv", "sub/c.csv", ".phelps/notes", ".git/HEAD", "__pycache__/m.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "dangling.csv").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.csv")
    return tmp_path


@pytest.fixture
def index(folder: Path) -> Iterator[SqliteIndex]:
    made = SqliteIndex(str(folder / ".phelps" / "state.db"))
    yield made
    made.close()


@pytest.fixture
def files(folder: Path, index: SqliteIndex) -> Files:
    return Files(str(folder), index)


def names(parts: tuple[Part, ...]) -> list[str]:
    return [part.name for part in parts]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["a.csv"], ["a.csv"]),
        (["*.csv"], ["a.csv", "b.csv"]),
        (["**/*.csv"], ["a.csv", "b.csv", "sub/c.csv"]),
        (["."], ["a.csv", "b.csv", "sub/c.csv"]),
        (["sub", "a.csv", "*.csv"], ["a.csv", "b.csv", "sub/c.csv"]),
        ([".git/HEAD"], [".git/HEAD"]),
    ],
)
def test_patterns_name_regular_files(files: Files, folder: Path, patterns: list[str], expected: list[str]) -> None:
    assert names(files.declared(patterns, str(folder))) == expected


@pytest.mark.parametrize("pattern", ["none.csv", "dangling.csv", "pipe.csv", "*.txt"])
def test_a_pattern_that_names_nothing_is_told(files: Files, folder: Path, pattern: str) -> None:
    with pytest.raises(DeclarationError, match="there is no such file or folder"):
        files.declared([pattern], str(folder))


def test_what_cant_be_read_is_told(files: Files, folder: Path) -> None:
    (folder / "b.csv").chmod(0)
    # The superuser reads it all the same; but nobody can read the start of his own memory.
    pattern = "b.csv" if os.geteuid() else "/proc/self/mem"
    with pytest.raises(DeclarationError, match=f"--reads {pattern} can't be read"):
        files.declared([pattern], str(folder))


def test_content_counts(files: Files, folder: Path) -> None:
    before = files.declared(["a.csv"], str(folder))
    (folder / "a.csv").write_text("")
    assert files.declared(["a.csv"], str(folder)) != before


def test_a_part_tells_the_way_from_the_notebook_to_its_folder(files: Files, folder: Path) -> None:
    (part,) = files.declared(["c.csv"], str(folder / "sub"))
    assert (part.name, part.origin) == ("c.csv", "sub")
    (part,) = files.declared(["a.csv"], str(folder))
    assert part.origin == ""


def seen(files: Files, *conditions: tuple[PartKind, str]) -> Seen:
    """What a body would have seen now."""
    parts = [Part(kind, name, Digest("")) for kind, name in conditions]
    return Seen(tuple(Part(part.kind, part.name, files.now(part)) for part in parts))


@pytest.mark.parametrize(
    ("kind", "name", "change", "holds"),
    [
        (PartKind.FILE, "a.csv", "a.csv", False),
        (PartKind.FILE, "a.csv", "b.csv", True),
        (PartKind.FOLDER, ".", "new.csv", False),
        (PartKind.FOLDER, ".", "a.csv", True),
        (PartKind.FOLDER, "sub", "sub/new.csv", False),
        (PartKind.PATH, "new.csv", "new.csv", False),
        (PartKind.PATH, "a.csv", "a.csv", True),
        (PartKind.PATH, "nowhere/at/all", "new.csv", True),
    ],
)
def test_a_condition_holds_while_what_was_seen_is_as_it_was(
    files: Files, folder: Path, kind: PartKind, name: str, change: str, holds: bool
) -> None:
    before = seen(files, (kind, name))
    assert files.broken(before) is None
    (folder / change).write_text("changed")
    broken = files.broken(before)
    assert (broken is None) == holds
    assert holds or broken == before.conditions[0]


def test_an_own_output_is_no_news_in_a_folder(files: Files, folder: Path) -> None:
    before = seen(files, (PartKind.FOLDER, "."))
    (folder / "out.csv").write_text("made by the body")
    assert files.broken(before) is not None
    assert files.broken(Seen(before.conditions, (Part(PartKind.FILE, "out.csv", Digest("d")),))) is None


def test_a_digest_is_remembered_while_the_file_is_untouched(files: Files, folder: Path, index: SqliteIndex) -> None:
    path = folder / "a.csv"
    # As if long ago; the change time can't be set, so the file is young all the same.
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert files.digest(str(path)) == files.digest(str(path))
    files.keep()
    assert dict(index.stamps()) == {}


def test_a_file_that_is_not_young_is_read_once(
    files: Files, folder: Path, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phelps_jupyter.runtime.sights.YOUNG", -(10**12))
    path = str(folder / "a.csv")
    digest = files.digest(path)
    files.keep()
    assert [found for _, found in index.stamps().values()] == [digest]
    (folder / "a.csv").write_text("A.CSV")
    assert Files(str(folder), index).digest(path) != digest


def test_equal_size_and_time_do_not_hide_an_edit(files: Files, folder: Path) -> None:
    path = folder / "a.csv"
    before, times = files.digest(str(path)), path.stat()
    path.write_text("A.csv")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size
    assert files.digest(str(path)) != before


def test_a_file_is_brought_back_as_it_was(files: Files, folder: Path) -> None:
    store = DiskStore(str(folder / ".phelps"))
    parts = [Part(PartKind.FILE, name, Digest(store.put_bytes(name.encode()))) for name in ("a.csv", "deep/er/d.csv")]
    wrote = Seen(files=tuple(parts), kept=frozenset({"a.csv", "deep/er/d.csv"}))
    (folder / "a.csv").write_text("edited")
    (folder / "a.csv").chmod(0o600)
    assert files.altered(wrote) == parts
    files.restore(files.altered(wrote), store)
    assert files.altered(wrote) == []
    assert (folder / "deep/er/d.csv").read_text() == "deep/er/d.csv"
    assert (folder / "a.csv").stat().st_mode & 0o777 == 0o600


def test_what_a_body_took_away_is_taken_away_again_and_folders_are_made_again(files: Files, folder: Path) -> None:
    left = {"sub": "absent", "sub/c.csv": "absent", "new/deep": "folder", "new": "folder"}
    wrote = Seen(files=tuple(Part(PartKind.PATH, name, Digest(word_digest(word))) for name, word in left.items()))
    assert files.altered(wrote) == list(wrote.files)
    files.restore(files.altered(wrote), DiskStore(str(folder / ".phelps")))
    assert files.altered(wrote) == []
    assert ((folder / "sub").exists(), (folder / "new" / "deep").is_dir()) == (False, True)


def test_a_folder_that_others_have_filled_is_not_taken_away(files: Files, folder: Path) -> None:
    part = Part(PartKind.PATH, "sub", Digest(word_digest("absent")))
    with pytest.raises(StoreError, match="sub can't be restored"):
        files.restore([part], DiskStore(str(folder / ".phelps")))


@pytest.mark.parametrize(
    ("left", "kind", "found"),
    [
        (Part(PartKind.FILE, "a", Digest("d")), PartKind.FILE, "d"),
        (Part(PartKind.FILE, "a", Digest("d")), PartKind.PATH, word_digest("file")),
        (Part(PartKind.PATH, "a", Digest(word_digest("absent"))), PartKind.FILE, ""),
        (Part(PartKind.PATH, "a", Digest(word_digest("absent"))), PartKind.PATH, word_digest("absent")),
    ],
)
def test_what_a_body_left_is_what_a_condition_finds(left: Part, kind: PartKind, found: str) -> None:
    assert as_condition(left, kind) == found


def test_a_file_that_cant_be_brought_back_is_told(files: Files, folder: Path) -> None:
    store = DiskStore(str(folder / ".phelps"))
    part = Part(PartKind.FILE, "a.csv/below", Digest(store.put_bytes(b"x")))
    with pytest.raises(StoreError, match="below can't be restored"):
        files.restore([part], store)
