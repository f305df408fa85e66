"""How much of what a run reads each host has at hand. Knows runs and hosts; places nothing."""

from __future__ import annotations

from collections.abc import Mapping

from phelps_jupyter.core.model import Host, HostId
from phelps_jupyter.core.runs import Run, Runs

Kept = HostId | None
"""Where a value lies: on one host that keeps it for itself, or (None) in the store, for all that see that."""


def kept_by(host: Host) -> Kept:
    """Where a host keeps values."""
    return host.id if host.apart else None


def note_kept(runs: Runs, run: Run, host: Host) -> None:
    """A run has ended well on this host: what it read and what it made lies there."""
    place = kept_by(host)
    run.kept_at.setdefault(place, set()).update(version.name for version in run.outputs)
    for name, source in run.providers.items():
        runs[source].kept_at.setdefault(place, set()).add(name)


def at_hand(runs: Runs, run: Run, hosts: Mapping[HostId, Host]) -> dict[HostId, int]:
    """Bytes of the run's inputs that each host need not fetch."""
    sizes: dict[Kept, int] = {}
    for name, source in run.providers.items():
        provider = runs[source]
        version = provider.version(name)
        size = 0 if version is None else version.size
        for place in [place for place, names in provider.kept_at.items() if name in names] or [None]:
            sizes[place] = sizes.get(place, 0) + size
    return {host.id: sizes.get(kept_by(host), 0) for host in hosts.values()}
