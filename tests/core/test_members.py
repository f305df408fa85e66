"""Items of an input as parts of a key."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.members import digest_of, input_parts, name_of
from phelps_jupyter.core.model import Cell, CellId, Digest, Version
from phelps_jupyter.core.notebook import Notebook

SETTINGS = Version("d", Digest("whole"), 10, "dict of 2", members={"a": Digest("one"), "it's": Digest("two")})
ORIGIN = "task:make"


def parts(source: str, version: Version = SETTINGS) -> dict[str, str]:
    notebook = Notebook()
    cells = [("m", "%%task make\nd = {'a': 1, \"it's\": 2}"), ("r", f"%%task read\n{source}")]
    notebook.read([Cell(CellId(name), text) for name, text in cells], 0.0)
    return {part.name: part.digest for part in input_parts(notebook.graph(), CellId("r"), version, ORIGIN)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = d['a']", {"d['a']": "one"}),
        ("x = d['a'] + d[\"it's\"]", {"d['a']": "one", 'd["it\'s"]': "two"}),
        ("x = d['new']", {"d['new']": ""}),
        ("x = [d['a'] for i in range(3)]", {"d['a']": "one"}),
        ("x = f\"{d['a']}\"", {"d['a']": "one"}),
        ("x = d[0]", {"d": "whole"}),
        ("x = d[k]\nk = 'a'", {"d": "whole"}),
        ("x = d['a'], d", {"d": "whole"}),
        ("x = d['a'], d.get('b')", {"d": "whole"}),
        ("d['a'] = 3\nx = d['a']", {"d": "whole"}),
        ("d['a'] += 3", {"d": "whole"}),
        ("del d['a']", {"d": "whole"}),
        ("d = d['a']", {"d": "whole"}),
        ("d['a'].append(3)", {"d": "whole"}),
        ("def f():\n    return d['a']\nx = f()", {"d['a']": "one"}),
    ],
)
def test_who_reads_items_alone_hangs_on_them_alone(source: str, expected: dict[str, str]) -> None:
    assert parts(source) == expected


def test_a_value_without_items_counts_as_a_whole() -> None:
    assert parts("x = d['a']", Version("d", Digest("frame"), 10, "DataFrame 3 x 2")) == {"d": "frame"}


@pytest.mark.parametrize(
    ("part", "expected", "digest"),
    [
        ("d", ("d", None), "whole"),
        ("d['a']", ("d", "a"), "one"),
        ('d["it\'s"]', ("d", "it's"), "two"),
        ("d['new']", ("d", "new"), ""),
        ("d['[']", ("d", "["), ""),
    ],
)
def test_a_parts_name_leads_back_to_the_item(part: str, expected: tuple[str, str | None], digest: str) -> None:
    assert name_of(part) == expected
    assert digest_of(part, SETTINGS) == digest
