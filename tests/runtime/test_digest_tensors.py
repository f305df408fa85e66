"""Tensors, by a stand-in that has what we ask of torch; test_digest_torch.py has the real ones."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest
from digest_kit import check_different, check_same


class Dtype:
    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return f"torch.{self.name}"


class Tensor:
    """What is asked of a tensor, over an array; its dtype is a label on it."""

    __module__ = "torch"

    def __init__(self, values: object, dtype: str = "float32", device: str = "cpu", **options: object) -> None:
        self._array = np.array(values, "f4")
        self._dtype = dtype
        self._device = device
        self.__dict__.update(options)

    def __reduce__(self) -> Any:
        return Tensor, (self._array.shape, self._dtype, self._device)

    dtype = property(lambda self: Dtype(self._dtype))
    device = property(lambda self: types.SimpleNamespace(type=self._device))
    layout, is_quantized, requires_grad = "strided", False, False

    def detach(self) -> Tensor:
        return self

    def as_subclass(self, _: object) -> Tensor:
        return Tensor(self._array, self._dtype)

    resolve_conj = resolve_neg = cpu = detach

    def is_floating_point(self) -> bool:
        return True

    def to(self, dtype: str) -> Tensor:
        return Tensor(self._array, dtype)

    def numpy(self) -> np.ndarray:
        return {"float32": self._array, "complex64": self._array.astype("c8")}[self._dtype]


@pytest.fixture
def _stand_in(monkeypatch):
    stand_in = types.SimpleNamespace(Tensor=Tensor, strided="strided", float32="float32", complex64="complex64")
    monkeypatch.setitem(sys.modules, "torch", stand_in)


@pytest.mark.usefixtures("_stand_in")
def test_a_tensor_is_what_its_elements_are():
    check_same(Tensor([1, 2]), Tensor([1, 2]))
    check_different(Tensor([1, 2]), Tensor([1, 3]))
    check_different(Tensor([1]), Tensor([1], "bfloat16"))
    check_different(Tensor([1]), Tensor([1], "complex32"))
    check_different(Tensor([1]), Tensor([1], note=1))


@pytest.mark.usefixtures("_stand_in")
def test_a_tensor_without_elements_is_taken_apart_like_any_object():
    check_same(Tensor([1], device="meta"), Tensor([2], device="meta"))
    check_different(Tensor([1], device="meta"), Tensor([1, 2], device="meta"))
