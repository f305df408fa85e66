"""Digests of the items of small dicts, for who reads one item and not the others. Knows exact dicts only."""

from __future__ import annotations

from phelps_jupyter.runtime.digests import digest

MOST = 100
"""Items: a dict with more is a table, not a set of parameters."""


def members(value: object) -> dict[str, str]:
    """The digest of each item's value, by key; empty for all but exact dicts with up to `MOST` text keys."""
    if type(value) is not dict or not 0 < len(value) <= MOST or set(map(type, value)) != {str}:
        return {}
    return {key: digest(item).digest for key, item in value.items()}
