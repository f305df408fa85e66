"""numpy's values taken apart: by dtype, shape and elements, whatever the layout in memory.

numpy is never imported here: the value at hand proves that it is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import xxhash

from phelps_jupyter.runtime.digest_atoms import packed, packed_texts, text
from phelps_jupyter.runtime.digest_parts import Parts, described, numbered

_BLOCK = 1 << 16
"""Elements at a time: what is copied or checked for NaN stays in the processor's cache."""
_PLAIN_KINDS = "biufcmMSUV"


def _numpy() -> Any:
    return sys.modules["numpy"]


def take_numpy(value: Any) -> Parts | None:
    """An array, scalar or dtype taken apart; None for numpy's other objects."""
    numpy = _numpy()
    if isinstance(value, numpy.ndarray):
        return _take_array(value)
    if isinstance(value, numpy.generic):
        return Parts(b"scalar", (type(value), numpy.asarray(value)), shared=False)
    if isinstance(value, numpy.dtype) and _is_simple(value):
        return Parts(b"dtype" + text(value.str), shared=False)
    return None


def _take_array(value: Any) -> Parts:
    numpy = _numpy()
    kind = numpy.ndarray if type(value) is numpy.memmap else type(value)
    if isinstance(value, numpy.ma.MaskedArray):
        # What a mask hides counts: ``.data`` shows it, and a body may lift the mask.
        inside = (kind, value.data, numpy.ma.getmaskarray(value), value.fill_value, value.hardmask)
        return Parts(b"masked", inside, described(("data", "mask", "fill_value", "hardmask"), 1))
    plain = value.view(numpy.ndarray)
    if kind is numpy.ndarray:
        return _take_plain(plain)
    # A record array's view would make its fields record arrays again.
    attributes = sorted(getattr(value, "__dict__", {}).items()) if kind.__module__.partition(".")[0] != "numpy" else []
    names = [name for name, _ in attributes]
    inside = (kind, plain, *(each for _, each in attributes))
    return Parts(b"array of kind%d;" % len(names) + text(",".join(names)), inside, described(["", *names], 1))


def _take_plain(array: Any) -> Parts:
    dtype = array.dtype
    head = b"array%d;" % array.ndim + b"".join(b"%d," % length for length in array.shape)
    if dtype.names is not None:
        fields = [array[name] for name in dtype.names]
        return Parts(head + b"fields%d;" % len(fields), (dtype, *fields), described(dtype.names, 1))
    kinds = () if _is_simple(dtype) else (dtype,)
    if dtype.kind in _PLAIN_KINDS:
        known = b"" if kinds else text(dtype.str)
        return Parts(head + b"%d;" % len(kinds) + known + elements_digest(array), kinds)
    return _take_objects(head, array, kinds)


def _is_simple(dtype: Any) -> bool:
    return dtype.names is None and dtype.kind in _PLAIN_KINDS + "O" and dtype.metadata is None


def _take_objects(head: bytes, array: Any, kinds: tuple[object, ...]) -> Parts:
    flat = array.reshape(-1)
    run = None
    if flat.size and type(flat[0]) is str:
        run = packed_texts(flat.size, lambda start, end: flat[start:end].tolist())
    items = flat.tolist() if run is None else []
    run = run or packed(items)
    if run is not None:
        return Parts(head + b"packed%d;" % len(kinds) + run, kinds)
    return Parts(head + b"objects%d;" % len(kinds), (*kinds, *items), lambda index: numbered(index - len(kinds)))


def elements_digest(array: Any) -> bytes:
    """The elements in C order, as 16 bytes after their count."""
    flat = _as_bytes_of(array)
    if flat.ndim == 1 or flat.flags.c_contiguous:
        return columns_digests([flat.reshape(-1)])[0]
    whole = xxhash.xxh3_128()
    for block in _row_blocks(flat):
        for part in _parts(block.reshape(-1)):
            whole.update(part)
    return b"%d:%s" % (flat.size, whole.digest())


def columns_digests(columns: Sequence[Any]) -> list[bytes]:
    """Elements of 1-d arrays of one length. Strided ones are read side by side, for they may share their lines."""
    columns = [_as_bytes_of(each) for each in columns]
    sums = [xxhash.xxh3_128() for _ in columns]
    apart = [index for index, column in enumerate(columns) if not column.flags.c_contiguous]
    for index in set(range(len(columns))) - set(apart):
        for part in _parts(columns[index]):
            sums[index].update(part)
    length = columns[apart[0]].size if apart else 0
    for start in range(0, length, _BLOCK):
        for index in apart:
            for part in _parts(_numpy().ascontiguousarray(columns[index][start : start + _BLOCK])):
                sums[index].update(part)
    return [b"%d:%s" % (column.size, each.digest()) for column, each in zip(columns, sums, strict=True)]


def _as_bytes_of(array: Any) -> Any:
    """An array whose buffer can be hashed: dates have no buffer format, so they are read as numbers."""
    kind = array.dtype.kind
    if kind in "mM":
        return array.view(array.dtype.str.replace("m8", "i8").replace("M8", "i8").partition("[")[0])
    return array


def _row_blocks(array: Any) -> Iterator[Any]:
    """Contiguous copies of a few rows at a time, in C order."""
    per_row = max(1, array.size // max(1, len(array)))
    if per_row > _BLOCK and array.ndim > 1:
        for row in array:
            yield from _row_blocks(row)
        return
    step = max(1, 8 * _BLOCK // per_row)
    for start in range(0, len(array), step):
        yield _numpy().ascontiguousarray(array[start : start + step])


def _parts(flat: Any) -> Iterator[Any]:
    """Buffers to hash, one after the other. NaNs are made one NaN: their sign and payload differ by how they came."""
    if flat.dtype.kind not in "fc":
        yield flat.view("u1") if flat.dtype.itemsize else b""
        return
    numbers = flat.view(flat.real.dtype)
    clean = _halves if numbers.dtype.itemsize > 8 else _with_one_nan
    for start in range(0, numbers.size, _BLOCK):
        yield clean(numbers[start : start + _BLOCK]).view("u1")


def _with_one_nan(part: Any) -> Any:
    numpy = _numpy()
    with numpy.errstate(invalid="ignore"):
        # One NaN is the greatest of all. (A sum may overflow; a product has BLAS start threads, who wait for each other
        # wherever the processors are busy.)
        if not numpy.isnan(numpy.maximum.reduce(part)):
            return part
    part = part.copy()
    part[numpy.isnan(part)] = numpy.nan
    return part


def _halves(part: Any) -> Any:
    """Long doubles have bytes that mean nothing: taken as exponent and two doubles."""
    numpy = _numpy()
    with numpy.errstate(all="ignore"):
        mantissa, exponent = numpy.frexp(part)
        high = mantissa.astype("f8")
        halves = [high, (mantissa - high).astype("f8"), exponent.astype("f8")]
    return _with_one_nan(numpy.concatenate(halves))
