"""Values in a few words."""

from __future__ import annotations

import datetime
import enum
import itertools
import math
import subprocess
import sys
from collections import Counter, OrderedDict, deque, namedtuple
from decimal import Decimal
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
from matplotlib.figure import Figure
from sklearn.linear_model import LinearRegression

from phelps_jupyter.runtime.summaries import size_text, summarise

Point = namedtuple("Point", "x y")


class Color(enum.Enum):
    """A colour."""

    RED = 1


class Own:
    """An object of a class of users."""

    def __repr__(self) -> str:
        raise AssertionError("user code must not run")


class OwnList(list[int]):
    """A list whose length lies."""

    def __len__(self) -> int:
        raise AssertionError("user code must not run")


class OwnError(Exception):
    """An error that can't be shown."""

    def __str__(self) -> str:
        raise AssertionError("user code must not run")


class Renamed:
    """Something that poses as a library's, and isn't whole."""

    __module__ = "numpy"
    shape = (1,)


@pytest.mark.parametrize(
    ("value", "summary"),
    [
        (None, "None"),
        (True, "True"),
        (1_000_000, "1,000,000"),
        (-(2**70), "int of 71 bits"),
        (3.14, "3.14"),
        (math.nan, "nan"),
        (1j, "1j"),
        ("text", "'text'"),
        ("x" * 2000, "str of 2,000"),
        ("\0" * 30, "str of 30"),
        (b"abc", "bytes of 3"),
        (bytearray(1500), "bytearray of 1,500"),
        ([1] * 12, "list of 12"),
        ((), "tuple of 0"),
        ({1}, "set of 1"),
        (dict.fromkeys(range(1234)), "dict of 1,234"),
        (deque([1]), "deque of 1"),
        (OrderedDict(a=1), "OrderedDict of 1"),
        (Counter("aab"), "Counter of 2"),
        (Point(1, 2), "Point of 2"),
        (OwnList([1, 2]), "OwnList of 2"),
        (range(3), "range(0, 3)"),
        (datetime.date(2024, 2, 1), "date 2024-02-01"),
        (Decimal("1.50"), "Decimal 1.50"),
        (PurePosixPath("a/b.csv"), "PurePosixPath a/b.csv"),
        (Color.RED, "Color.RED"),
        (Color, "class Color"),
        (len, "function len"),
        (size_text, "function size_text"),
        (Point(1, 2)._asdict, "function _asdict"),
        (math, "module math"),
        (ValueError("wrong"), "ValueError: wrong"),
        (ValueError("first\nsecond"), "ValueError: first second"),
        (OSError(2, "gone"), "FileNotFoundError"),
        (OwnError("why"), "OwnError: why"),
        (ValueError("x" * 200), "ValueError: " + "x" * 67 + "…"),
        (Own(), "Own"),
        (Renamed(), "Renamed"),
        (itertools.count(), "count"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_plain_values(value: object, summary: str) -> None:
    assert summarise(value) == summary


@pytest.mark.parametrize(
    ("value", "summary"),
    [
        (np.zeros((3, 4)), "array float64 (3, 4)"),
        (np.zeros(()), "array float64 ()"),
        (np.ma.zeros(3), "MaskedArray float64 (3,)"),
        (np.float32(3.5), "float32 3.5"),
        (np.random.default_rng(0), "Generator"),
        (scipy.sparse.csr_array((3, 4)), "csr_array float64 (3, 4)"),
        (pd.DataFrame(np.zeros((1333, 8))), "DataFrame 1,333 x 8"),
        (pd.Series([1.0, 2.0]), "Series float64 of 2"),
        (pd.Index([1, 2]), "Index int64 of 2"),
        (pd.Timestamp("2024-01-01"), "Timestamp 2024-01-01 00:00:00"),
        (pd.DataFrame({"a": [1]}).groupby("a"), "DataFrameGroupBy"),
        (pa.table({"a": [1, 2]}), "Table 2 x 1"),
        (pa.array([1, 2]), "Int64Array of 2"),
        (LinearRegression(), "LinearRegression()"),
        (Figure(), "Figure 640 x 480"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_values_of_libraries(value: object, summary: str) -> None:
    assert summarise(value) == summary


def test_summaries_import_no_library() -> None:
    code = (
        "import sys; from phelps_jupyter.runtime.summaries import summarise; summarise([1]);"
        "print({'numpy', 'pandas', 'pyarrow', 'matplotlib', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.2 kB"),
        (9949, "9.9 kB"),
        (9951, "10 kB"),
        (42_000, "42 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_200_000_000, "1.2 GB"),
        (5e21, "5,000 EB"),
    ],
)
def test_sizes_in_powers_of_a_thousand(nbytes: float, text: str) -> None:
    assert size_text(nbytes) == text
