"""Tensors of torch. It is too big to be asked of all who run the tests: collected only where it is installed."""

from __future__ import annotations

import copy
from typing import Any

import torch
from digest_kit import check_different, check_same

from phelps_jupyter.runtime.digests import digest


def trained(steps: int) -> list[Any]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(steps):
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return [model, optimizer]


def same_tensors() -> list[tuple[Any, Any]]:
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
        (trained(0), trained(0)),
        (trained(2), copy.deepcopy(trained(2))),
        (torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)),
    ]


def different_tensors() -> list[tuple[Any, Any]]:
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
        (trained(1), trained(2)),
        (torch.Size([1]), (1,)),
        (torch.float32, torch.int32),
    ]


def test_tensors_that_no_reader_can_tell_apart_have_one_digest():
    for one, other in same_tensors():
        check_same(one, other)


def test_tensors_that_a_reader_can_tell_apart_have_two():
    for one, other in different_tensors():
        check_different(one, other)


def test_a_model_that_was_used_is_the_same_model():
    model = trained(1)[0]
    before = digest(model)
    model(torch.ones(1, 3))
    assert digest(model) == before
