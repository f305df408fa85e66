"""Tensors of torch. It is too big to be asked of all who run the tests: without it, a stand-in proves the way in."""

from __future__ import annotations

import copy
import importlib.util
import sys
import types
from typing import Any

import numpy as np
import pytest
from digest_kit import check_different, check_same

from phelps_jupyter.runtime.digests import digest

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")
without_torch = pytest.mark.skipif(HAS_TORCH, reason="torch itself is here")


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


@without_torch
@pytest.mark.usefixtures("_stand_in")
def test_a_tensor_is_what_its_elements_are():
    check_same(Tensor([1, 2]), Tensor([1, 2]))
    check_different(Tensor([1, 2]), Tensor([1, 3]))
    check_different(Tensor([1]), Tensor([1], "bfloat16"))
    check_different(Tensor([1]), Tensor([1], "complex32"))
    check_different(Tensor([1]), Tensor([1], note=1))


@without_torch
@pytest.mark.usefixtures("_stand_in")
def test_a_tensor_without_elements_is_taken_apart_like_any_object():
    check_same(Tensor([1], device="meta"), Tensor([2], device="meta"))
    check_different(Tensor([1], device="meta"), Tensor([1, 2], device="meta"))


def trained(torch: Any, steps: int) -> list[Any]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(steps):
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return [model, optimizer]


def same_tensors(torch: Any) -> list[tuple[Any, Any]]:
    rows = torch.arange(12.0).reshape(3, 4)
    return [
        (rows.T, rows.T.contiguous()),
        (rows[1:], rows[1:].clone()),
        (torch.tensor([float("nan")]), -torch.tensor([float("nan")])),
        (torch.tensor([1 + 2j]).conj(), torch.tensor([1 - 2j])),
        (rows.to(torch.bfloat16), rows.to(torch.bfloat16)),
        (rows.to(torch.float8_e4m3fn), rows.to(torch.float8_e4m3fn)),
        (rows.to_sparse(), rows.to_sparse()),
        (torch.zeros(0), torch.zeros(0)),
        (trained(torch, 0), trained(torch, 0)),
        (trained(torch, 2), copy.deepcopy(trained(torch, 2))),
        (torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)),
    ]


def different_tensors(torch: Any) -> list[tuple[Any, Any]]:
    rows = torch.arange(12.0).reshape(3, 4)
    return [
        (rows, rows.T.contiguous()),
        (rows, rows + 1),
        (rows, rows.double()),
        (rows, rows.numpy()),
        (rows.to(torch.bfloat16), (rows + 1).to(torch.bfloat16)),
        (rows.to_sparse(), (rows * 2).to_sparse()),
        (torch.tensor([1.0]), torch.tensor([1.0], requires_grad=True)),
        (torch.nn.Parameter(torch.ones(1)), torch.ones(1, requires_grad=True)),
        (torch.empty(3, device="meta"), torch.empty(4, device="meta")),
        ([rows, rows], [rows, rows.clone()]),
        (trained(torch, 1), trained(torch, 2)),
        (torch.Size([1]), (1,)),
        (torch.float32, torch.int32),
    ]


@needs_torch
def test_tensors_that_no_reader_can_tell_apart_have_one_digest():
    for one, other in same_tensors(pytest.importorskip("torch")):
        check_same(one, other)


@needs_torch
def test_tensors_that_a_reader_can_tell_apart_have_two():
    for one, other in different_tensors(pytest.importorskip("torch")):
        check_different(one, other)


@needs_torch
def test_a_model_that_was_used_is_the_same_model():
    torch = pytest.importorskip("torch")
    model = trained(torch, 1)[0]
    before = digest(model)
    model(torch.ones(1, 3))
    assert digest(model) == before
