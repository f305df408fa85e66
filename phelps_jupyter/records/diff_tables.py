"""What differs between two tables or arrays, in lines for people. Reaches their libraries through the values alone."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

LOOKED_AT = 2_000_000
"""Elements of a table that are compared, from the first row on."""
ELEMENTS_LOOKED_AT = 10_000_000
"""Elements of an array that are compared."""
NAMED = 5
"""Columns that are told by name."""

Same = Callable[[object, object], bool]
Shown = Callable[[object], str]


def lines(old: Any, new: Any, same: Same, shown: Shown) -> list[str] | None:
    """What differs; None when they are neither tables nor arrays. Both are of one type."""
    kind = type(old)
    library = kind.__module__.partition(".")[0]
    if library == "numpy" and hasattr(old, "ndim"):
        return _arrays(old, new, same, shown) if kind.__name__ != "generic" and old.ndim else _scalars(old, new)
    if library == "scipy" and hasattr(old, "nnz"):
        return [*_shape(old, new), *_sparse(old, new)]
    if library in ("pandas", "geopandas"):
        return _of_pandas(old, new, same, shown)
    if library in ("polars", "pyarrow") and (hasattr(old, "schema")):
        return _columnar(old, new)
    return None


def _scalars(old: Any, new: Any) -> list[str]:
    return [f"{old} -> {new}" if old.dtype == new.dtype else f"{old} ({old.dtype}) -> {new} ({new.dtype})"]


def _shape(old: Any, new: Any) -> list[str]:
    found = [f"shape {_tuple(old.shape)} -> {_tuple(new.shape)}"] if old.shape != new.shape else []
    return found + ([f"dtype {old.dtype} -> {new.dtype}"] if old.dtype != new.dtype else [])


def _tuple(shape: Iterable[int]) -> str:
    return " x ".join(str(length) for length in shape)


def _sparse(old: Any, new: Any) -> list[str]:
    if old.shape != new.shape:
        return []
    count = (old != new).nnz
    return [f"{count:,} of {old.shape[0] * old.shape[1]:,} elements differ"] if count else []


def _arrays(old: Any, new: Any, same: Same, shown: Shown) -> list[str]:
    found = _shape(old, new)
    if old.shape != new.shape or not old.size:
        return found
    limit = LOOKED_AT if "O" in (old.dtype.kind, new.dtype.kind) else ELEMENTS_LOOKED_AT
    rows = max(1, limit * old.shape[0] // old.size) if old.size > limit else old.shape[0]
    before, after = old[:rows], new[:rows]
    differ = _unequal(before, after, same)
    count = int(differ.sum())
    if count:
        first = tuple(int(places[0]) for places in differ.nonzero())
        by = _at_most(before[differ], after[differ])
        place = ", ".join(str(one) for one in first)
        word = "differs" if count == 1 else "differ"
        values = f"{shown(before[first])} -> {shown(after[first])}"
        found.append(f"{count:,} of {before.size:,} elements {word}{by}; first at [{place}]: {values}")
    if rows < old.shape[0]:
        found.append(f"(only the first {before.size:,} of {old.size:,} elements were compared)")
    return found


def _unequal(old: Any, new: Any, same: Same) -> Any:
    """An array of truth values. Two missing values are equal."""
    numpy = sys.modules["numpy"]
    if old.dtype.kind == "O" or new.dtype.kind == "O":
        flat = [not same(one, other) for one, other in zip(old.ravel().tolist(), new.ravel().tolist(), strict=True)]
        return numpy.array(flat, dtype=bool).reshape(old.shape)
    differ = numpy.asarray(old != new)
    if old.dtype.kind in "fcmM" and new.dtype.kind in "fcmM":
        differ &= ~((old != old) & (new != new))
    return differ


def _at_most(old: Any, new: Any) -> str:
    """The greatest difference of numbers, in words."""
    if old.dtype.kind not in "iufcb" or new.dtype.kind not in "iufcb" or "b" == old.dtype.kind == new.dtype.kind:
        return ""
    wide = "complex128" if "c" in (old.dtype.kind, new.dtype.kind) else "float64"
    numpy = sys.modules["numpy"]
    by = numpy.abs(new.astype(wide) - old.astype(wide))
    by = by[~numpy.isnan(by)]
    return f", by at most {float(by.max()):.4g}" if by.size else ""


def _of_pandas(old: Any, new: Any, same: Same, shown: Shown) -> list[str] | None:
    if hasattr(old, "columns"):
        return _frames(old, new, same, shown)
    if hasattr(old, "index") and hasattr(old, "dtype"):
        return _series(old, new, same, shown)
    if hasattr(old, "to_numpy") and hasattr(old, "names"):
        return _indexes(old, new, same, shown)
    return None


def _series(old: Any, new: Any, same: Same, shown: Shown) -> list[str]:
    found = [f"name {old.name!r} -> {new.name!r}"] if old.name != new.name else []
    found += [f"dtype {old.dtype} -> {new.dtype}"] if old.dtype != new.dtype else []
    return found + _rows(old.to_frame("value"), new.to_frame("value"), ("value", "values"), same, shown)


def _indexes(old: Any, new: Any, same: Same, shown: Shown) -> list[str]:
    found = [f"names {list(old.names)} -> {list(new.names)}"] if list(old.names) != list(new.names) else []
    found += [f"dtype {old.dtype} -> {new.dtype}"] if old.dtype != new.dtype else []
    before, after = old.to_frame(index=False), new.to_frame(index=False)
    if before.shape[1] != after.shape[1]:
        return found
    after.columns = before.columns
    return found + _rows(before, after, ("label", "labels"), same, shown)


def _frames(old: Any, new: Any, same: Same, shown: Shown) -> list[str]:
    before, after = list(old.columns), list(new.columns)
    if not (old.columns.is_unique and new.columns.is_unique):
        return [f"columns {before} -> {after}"] if before != after else []
    common = [name for name in before if name in new.columns]
    found = _columns({name: old[name].dtype for name in before}, {name: new[name].dtype for name in after})
    if old.empty or new.empty or not common:
        return found + ([f"{_rows_text(old)} -> {_rows_text(new)}"] if len(old) != len(new) else [])
    return found + _rows(old[common], new[common], ("row", "rows"), same, shown)


def _rows_text(table: Any) -> str:
    return f"{len(table):,} {'row' if len(table) == 1 else 'rows'}"


def _columns(old: dict[Any, Any], new: dict[Any, Any]) -> list[str]:
    """Columns added and removed, with other types, in another order. By name: the type."""
    found = _names("added", [name for name in new if name not in old])
    found += _names("removed", [name for name in old if name not in new])
    common = [name for name in old if name in new]
    typed = [name for name in common if old[name] != new[name]]
    found += [f"column `{name}`: {_types(old[name], new[name])}" for name in typed[:NAMED]]
    found += [f"{len(typed) - NAMED} more columns with other types"] if len(typed) > NAMED else []
    if common != [name for name in new if name in old]:
        found.append("the columns are in another order")
    return found


def _types(old: Any, new: Any) -> str:
    return f"{old} -> {new}" if str(old) != str(new) else f"another {new}"


def _names(what: str, names: list[Any]) -> list[str]:
    told = ", ".join(f"`{name}`" for name in names[:NAMED]) + (", .." if len(names) > NAMED else "")
    if len(names) > 1:
        return [f"{len(names)} columns {what}: {told}"]
    return [f"column {told} {what}"] if names else []


Words = tuple[str, str]
"""What a row is called: one, many."""


def _rows(old: Any, new: Any, words: Words, same: Same, shown: Shown) -> list[str]:
    """What differs in the rows of two frames with the same columns."""
    limit = max(1, LOOKED_AT // max(1, len(old.columns)))
    note: list[str] = []
    if max(len(old), len(new)) > limit:
        if len(old) != len(new):
            note = [f"{len(old):,} -> {len(new):,} {words[1]}"]
        note.append(f"(only the first {limit:,} {words[1]} were compared)")
        old, new = old.iloc[:limit], new.iloc[:limit]
    return [*_matched(old, new, words, same, shown), *note]


def _matched(old: Any, new: Any, words: Words, same: Same, shown: Shown) -> list[str]:
    if old.index.equals(new.index):
        return _in_place(old, new, words, same, shown)
    if _is_numbered(old.index) and _is_numbered(new.index):
        return _by_content(old, new, words, same, shown)
    if not (old.index.is_unique and new.index.is_unique):
        return [f"the index differs ({len(old):,} -> {len(new):,} {words[1]})"]
    stays, known = old.index.isin(new.index), new.index.isin(old.index)
    found = _counted(int((~known).sum()), words, "added") + _counted(int((~stays).sum()), words, "removed")
    if not stays.any() and len(old) == len(new):
        found = ["the index differs"]
        return found + _in_place(old.reset_index(drop=True), new.reset_index(drop=True), words, same, shown)
    before, after = old[stays], new[known]
    if not before.index.equals(after.index):
        found.append(f"the {words[1]} are in another order")
        after = after.reindex(before.index)
    return found + _in_place(before, after, words, same, shown)


def _is_numbered(index: Any) -> bool:
    return type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1


def _by_content(old: Any, new: Any, words: Words, same: Same, shown: Shown) -> list[str]:
    """Rows that carry no label but their number, and are not as many as before."""
    length = min(len(old), len(new))
    before, after = _hashes(old), _hashes(new)
    added, removed = (after - before).total(), (before - after).total()
    in_place = _in_place(old.iloc[:length], new.iloc[:length], words, same, shown)
    if not in_place:
        return _counted(abs(len(new) - len(old)), words, f"{'added' if len(new) > len(old) else 'removed'} at the end")
    return _counted(added, words, "added") + _counted(removed, words, "removed")


def _hashes(table: Any) -> Any:
    return Counter(sys.modules["pandas"].util.hash_pandas_object(table, index=False).tolist())


def _counted(count: int, words: Words, what: str) -> list[str]:
    return [f"{count:,} {words[0] if count == 1 else words[1]} {what}"] if count else []


def _in_place(old: Any, new: Any, words: Words, same: Same, shown: Shown) -> list[str]:
    """Of frames with the same index and columns: how many rows differ, in which columns, and the first."""
    numpy = sys.modules["numpy"]
    anywhere = numpy.zeros(len(old), dtype=bool)
    told: list[str] = []
    first: tuple[int, str] | None = None
    for name in old.columns:
        before, after = old[name].to_numpy(), new[name].to_numpy()
        differ = _unequal_values(before, after, same)
        if differ.any():
            by = _at_most(before[differ], after[differ])
            told.append(f"`{name}`" + by.replace(", by", " by"))
            at = int(differ.argmax())
            if first is None or at < first[0]:
                first = at, f"{shown(before[at])} -> {shown(after[at])}"
            anywhere |= differ
    if first is None:
        return []
    return [_told(int(anywhere.sum()), len(old), told, words), _first(first, old.index, words)]


def _told(count: int, length: int, columns: list[str], words: Words) -> str:
    found = f"{count:,} of {length:,} {words[1]} {'differs' if count == 1 else 'differ'}"
    if words[0] != "row":
        # There are no columns that a reader knows of.
        return found + "".join(f",{one.rpartition('`')[2]}" for one in columns if not one.endswith("`"))
    more = ", .." if len(columns) > NAMED else ""
    return f"{found}, in {', '.join(columns[:NAMED])}{more}"


def _first(first: tuple[int, str], index: Any, words: Words) -> str:
    place = index[first[0]]
    return f"the first: {words[0]} {place!r}: {first[1]}" if words[0] == "row" else f"the first: [{place!r}] {first[1]}"


def _unequal_values(old: Any, new: Any, same: Same) -> Any:
    try:
        return _unequal(old, new, same)
    except TypeError:
        # Types that refuse to be compared, as times with and without a zone.
        return _unequal(old.astype(object), new.astype(object), same)


def _columnar(old: Any, new: Any) -> list[str]:
    """Tables of polars and pyarrow: told by columns."""
    before, after = _schema(old), _schema(new)
    found = _columns(before, after)
    rows = old.shape[0], new.shape[0]
    if rows[0] != rows[1]:
        return [*found, f"{rows[0]:,} -> {rows[1]:,} rows"]
    common = [name for name in before if name in after and before[name] == after[name]]
    differing = [name for name in common if not old[name].equals(new[name])]
    return found + _names("with other values", differing)


def _schema(table: Any) -> dict[str, Any]:
    schema = table.schema
    return dict(schema) if hasattr(schema, "items") else dict(zip(schema.names, schema.types, strict=True))
