"""torch's tensors taken apart: by dtype, shape and elements, whatever their strides, storage and device.

torch is never imported here: the value at hand proves that it is loaded. What holds tensors (modules, optimizers,
sparse tensors) is taken apart like any object. A tensor's ``grad`` doesn't count: it does not travel with it.
"""

from __future__ import annotations

import sys
from typing import Any

from phelps_jupyter.runtime.digest_atoms import text
from phelps_jupyter.runtime.digest_parts import Parts, described

_OF_NUMPY = frozenset({"float64", "float32", "float16"})


def take_torch(value: Any) -> Parts | None:
    """A dense tensor taken apart; None for torch's other objects."""
    torch = sys.modules["torch"]
    if not isinstance(value, torch.Tensor) or not _is_dense(torch, value):
        return None
    attributes = dict(sorted(getattr(value, "__dict__", {}).items()))
    head = text(f"{value.dtype} {value.device.type} {value.requires_grad}")
    # An array of numpy, for whom all layouts are one.
    inside = (type(value), _elements(torch, value), attributes or None)
    return Parts(b"tensor" + head, inside, described(("", "__dict__"), 1))


def _is_dense(torch: Any, value: Any) -> bool:
    return value.layout is torch.strided and value.device.type != "meta" and not value.is_quantized


def _elements(torch: Any, value: Any) -> Any:
    plain = value.detach().as_subclass(torch.Tensor).resolve_conj().resolve_neg().cpu()
    name = str(plain.dtype).removeprefix("torch.")
    # Narrow numbers that numpy lacks: they all fit into wider ones.
    if name == "complex32":
        plain = plain.to(torch.complex64)
    elif plain.is_floating_point() and name not in _OF_NUMPY:
        plain = plain.to(torch.float32)
    return plain.numpy()
