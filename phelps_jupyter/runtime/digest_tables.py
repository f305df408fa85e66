"""pandas' and polars' values taken apart: labels, columns and what is attached to them.

Caches inside of them, blocks and chunks don't count. Neither library is ever imported here.
"""

from __future__ import annotations

import sys
from typing import Any

from phelps_jupyter.runtime.digest_arrays import columns_digests
from phelps_jupyter.runtime.digest_atoms import text
from phelps_jupyter.runtime.digest_parts import Parts, described

_HASHED_KINDS = "biufcmM"


def take_pandas(value: Any) -> Parts | None:
    """A frame, series, index or column taken apart; None for pandas' other objects."""
    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.DataFrame):
        return _take_frame(pandas, value)
    if isinstance(value, pandas.Series):
        inside = (type(value), value.index, value.name, _column(value), *_attached(value))
        return Parts(b"series%d;" % len(inside), inside, _of_series)
    if isinstance(value, pandas.Index):
        return _take_index(pandas, value)
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return _take_extension(pandas, value)
    return None


def _of_series(index: int) -> str:
    return ("", ".index", ".name", "", ".attrs", ".flags", "._metadata")[index]


def _column(owner: Any) -> Any:
    """The array of a series or index; numpy's own where there is one."""
    array = owner.array
    return array.to_numpy() if type(array).__name__ == "NumpyExtensionArray" else array


def _attached(value: Any) -> tuple[object, ...]:
    own = {name: getattr(value, name, None) for name in value._metadata if name not in ("_name", "name")}
    return dict(value.attrs), value.flags.allows_duplicate_labels, own


def _take_frame(pandas: Any, frame: Any) -> Parts:
    # A frame of its own: each column of the given one would come with a deep copy of its attrs.
    arrays = [_column(column) for _, column in pandas.DataFrame(frame).items()]
    plain = [
        i for i, each in enumerate(arrays) if type(each).__name__ == "ndarray" and each.dtype.kind in _HASHED_KINDS
    ]
    sums = columns_digests([arrays[i] for i in plain])
    known = b"".join(b"%d" % i + text(arrays[i].dtype.str) + each for i, each in zip(plain, sums, strict=True))
    others = [i for i in range(len(arrays)) if i not in set(plain)]
    fixed = (type(frame), frame.columns, frame.index, *_attached(frame))
    head = b"frame%d,%d,%d;" % (len(frame), len(arrays), len(others)) + known
    labels = ["", "columns", "index", "attrs", "flags", "_metadata"]

    def label(index: int) -> str:
        if index < len(fixed):
            return f".{labels[index]}"
        return f"[{frame.columns[others[index - len(fixed)]]!r}]"

    return Parts(head, (*fixed, *(arrays[i] for i in others)), label)


def _take_index(pandas: Any, index: Any) -> Parts:
    if isinstance(index, pandas.RangeIndex):
        inside: tuple[object, ...] = (range(index.start, index.stop, index.step),)
    elif isinstance(index, pandas.MultiIndex):
        inside = (*index.levels, *index.codes)
    else:
        inside = (getattr(index, "freqstr", None), _column(index))

    def label(place: int) -> str:
        if place < 2:
            return ".names" if place else ""
        return f".levels[{place - 2}]" if isinstance(index, pandas.MultiIndex) else ""

    head = b"index%d;" % len(inside)
    return Parts(head, (type(index), tuple(index.names), *inside), label, shared=False, frozen=True)


def _take_extension(pandas: Any, array: Any) -> Parts | None:
    kinds = pandas.arrays
    dtype = array.dtype
    if isinstance(array, kinds.DatetimeArray | kinds.TimedeltaArray | kinds.PeriodArray):
        head = f"{dtype} {type(getattr(array, 'tz', None)).__qualname__} {getattr(array, 'freqstr', None)}"
        return Parts(b"times" + text(head), (array.asi8,))
    if isinstance(array, kinds.Categorical):
        return Parts(b"categories%d;" % bool(array.ordered), (array.codes, array.categories))
    if isinstance(array, kinds.IntegerArray | kinds.FloatingArray | kinds.BooleanArray):
        return Parts(b"holes" + text(str(dtype)), (_blanked(array), array.isna()))
    if hasattr(array, "_pa_array"):
        return Parts(b"arrow" + text(_name(dtype)), (array._pa_array,))
    if isinstance(array, kinds.StringArray):
        return Parts(b"strings" + text(_name(dtype)), (array.to_numpy(dtype=object, na_value=None),))
    if isinstance(array, kinds.IntervalArray):
        return Parts(b"intervals" + text(array.closed), (array.left, array.right), described(("left", "right")))
    if isinstance(array, kinds.SparseArray):
        places = array.sp_index.to_int_index().indices
        return Parts(b"sparse%d;" % len(array) + text(str(dtype)), (places, array.sp_values, array.fill_value))
    return None


def _name(dtype: Any) -> str:
    return f"{dtype!r} {getattr(dtype, 'storage', '')} {getattr(dtype, 'na_value', '')!r}"


def _blanked(array: Any) -> Any:
    """The numbers, with a zero wherever the hole hides an old one."""
    zero = array.dtype.type(0)
    return array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=zero)


def take_polars(value: Any) -> Parts | None:
    """A frame or a series by its columns in Arrow; None for polars' other objects."""
    if type(value).__name__ == "Series":
        columns = [value]
    elif type(value).__name__ == "DataFrame":
        columns = value.get_columns()
    else:
        return None
    names = [each.name for each in columns]
    head = b"polars%d,%d;" % (len(value), len(names)) + b"".join(text(repr(each.dtype)) for each in columns)
    inside = (type(value), names, *map(_polars_column, columns))
    return Parts(head, inside, lambda index: f"[{names[index - 2]!r}]" if index > 1 else "", shared=False)


def _polars_column(column: Any) -> Any:
    polars = sys.modules["polars"]
    # What Arrow has no type for: objects would arrive as addresses.
    if column.dtype in (polars.Object, polars.Int128):
        return column.to_list()
    return column.to_arrow()
