"""pyarrow's values taken apart: by type, validity and the bytes of what is valid, whatever the chunks and offsets.

pyarrow is never imported here: the value at hand proves that it is loaded.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable
from typing import Any, Literal

import xxhash

from phelps_jupyter.runtime.digest_atoms import text
from phelps_jupyter.runtime.digest_parts import Parts, described, numbered

_WIDTHS: dict[str, Literal["i", "q"]] = {"string": "i", "binary": "i", "large_string": "q", "large_binary": "q"}


def take_arrow(value: Any) -> Parts | None:
    """A table, batch, array or chunked array taken apart; None for pyarrow's other objects."""
    arrow = sys.modules["pyarrow"]
    if isinstance(value, arrow.Table | arrow.RecordBatch):
        schema = value.schema
        notes = [(each.nullable, each.metadata) for each in schema]
        inside = (type(value), schema.metadata, notes, schema.names, *map(_whole, value.columns))
        labels = ("metadata", "fields", "column_names", *schema.names)
        return Parts(b"table%d;" % value.num_rows, inside, described(labels, 1), shared=False)
    if isinstance(value, arrow.Array | arrow.ChunkedArray):
        return Parts(b"arrow", (type(value), ArrowColumn(_whole(value))), shared=False)
    return None


class ArrowColumn:
    """A chunked array as seen by content alone: it stands for arrays and chunked arrays alike."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array


def _whole(array: Any) -> Any:
    arrow = sys.modules["pyarrow"]
    return array if isinstance(array, arrow.ChunkedArray) else arrow.chunked_array([array], type=array.type)


def take_column(value: ArrowColumn) -> Parts:
    """A column by type, holes and content."""
    array = value.array
    head = b"column%d;" % len(array) + text(str(array.type)) + _validity(array)
    valid = array.drop_null() if array.null_count else array
    types = sys.modules["pyarrow"].types
    kind = valid.type
    name = str(kind)
    if name in _WIDTHS:
        return Parts(head + _texts(valid, _WIDTHS[name]), shared=False)
    if types.is_boolean(kind):
        return Parts(head + _numbers(valid.cast("uint8")), shared=False)
    if types.is_float16(kind):
        return Parts(head + _numbers(valid.cast("float")), shared=False)
    if types.is_primitive(kind) or types.is_decimal(kind) or types.is_fixed_size_binary(kind):
        return Parts(head + _numbers(valid), shared=False)
    return _take_nested(head, valid, types)


def _take_nested(head: bytes, valid: Any, types: Any) -> Parts:
    kind = valid.type
    columns: list[Any]
    if types.is_struct(kind):
        columns = valid.flatten()
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        columns = [_lengths(valid, "list_value_length"), _mapped(valid, lambda chunk: chunk.flatten(), kind.value_type)]
    elif types.is_dictionary(kind):
        one = valid.unify_dictionaries()
        words = one.chunk(0).dictionary if one.num_chunks else []
        indices = _mapped(one, lambda chunk: chunk.indices, kind.index_type)
        return Parts(head + b"dictionary", (ArrowColumn(indices), words), shared=False)
    elif hasattr(kind, "storage_type"):
        columns = [_mapped(valid, lambda chunk: chunk.storage, kind.storage_type)]
    else:
        # Maps, unions, views and what is to come: slower, but every type can do this.
        return Parts(head + b"objects", (valid.to_pylist(),), numbered, shared=False)
    return Parts(head + b"nested%d;" % len(columns), [ArrowColumn(each) for each in columns], numbered, shared=False)


def _mapped(array: Any, take: Callable[[Any], Any], kind: Any) -> Any:
    return sys.modules["pyarrow"].chunked_array([take(chunk) for chunk in array.chunks], type=kind)


def _compute() -> Any:
    # A part of pyarrow that is loaded when first used; pyarrow itself is there.
    return importlib.import_module("pyarrow.compute")


def _lengths(array: Any, function: str) -> Any:
    return _compute().call_function(function, [array]).cast("int64")


def _validity(array: Any) -> bytes:
    return _numbers(array.is_valid().cast("uint8")) if array.null_count else b"full"


def _numbers(array: Any) -> bytes:
    whole = xxhash.xxh3_128()
    width = array.type.bit_width // 8
    for chunk in _with_one_nan(array).chunks:
        if len(chunk):
            whole.update(chunk.buffers()[1].slice(chunk.offset * width, len(chunk) * width))
    return whole.digest()


def _with_one_nan(array: Any) -> Any:
    """NaNs are made one NaN, as in numpy's arrays: their sign and payload differ by how they came."""
    if str(array.type) not in ("float", "double"):
        return array
    compute = _compute()
    holes = compute.is_nan(array)
    if not compute.any(holes).as_py():
        return array
    return compute.if_else(holes, sys.modules["pyarrow"].scalar(math.nan, array.type), array)


def _texts(array: Any, width: Literal["i", "q"]) -> bytes:
    content = xxhash.xxh3_128()
    for chunk in array.chunks:
        _, offsets, letters = chunk.buffers()
        if len(chunk) and letters is not None:
            places = memoryview(offsets).cast("B").cast(width)
            first, last = places[chunk.offset], places[chunk.offset + len(chunk)]
            content.update(letters.slice(first, last - first))
    return _numbers(_lengths(array, "binary_length")) + content.digest()
