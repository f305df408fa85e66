"""The digest of any value: equal for equal content in every process, different for what a reader could tell apart."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import xxhash

from phelps_jupyter.runtime.digest_code import is_named
from phelps_jupyter.runtime.digest_parts import Parts, Undigestible, type_name
from phelps_jupyter.runtime.digest_walk import Classes, Walk


@dataclass(frozen=True, slots=True)
class Digested:
    """32 hex digits. For a value without a digest: a text that occurs once, and in ``opaque`` the part at fault."""

    digest: str
    opaque: str = ""
    modules: tuple[str, ...] = ()
    """Sorted: the project's modules whose functions and classes are in it, and what its notebook functions import."""


def digest(value: object) -> Digested:
    """The content digest of a value. Never raises: what has no digest is opaque, with the path of the part at fault."""
    classes = Classes()
    try:
        if isinstance(value, type) and issubclass(type(value), type) and not is_named(value):
            found = classes.digest(value)
        else:
            found = Walk(classes).run(Parts(b"", (value,)))
        return Digested(found, modules=tuple(sorted(classes.modules)))
    except Undigestible as fault:
        return _opaque(str(fault))
    except (Exception, SystemExit) as error:  # a value may raise anything wherever it is touched
        return _opaque(f"{type_name(value)} ({type_name(error)})")


def _opaque(where: str) -> Digested:
    return Digested(f"opaque-{uuid.uuid4().hex}", where)


def digest_bytes(data: Any) -> str:
    """The digest of a buffer as such, 32 hex digits: bytes have another one as a value, for their type counts there."""
    return xxhash.xxh3_128_hexdigest(data)
