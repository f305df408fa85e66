"""Settings of a kernel's Phelps, as traitlets: ``%config Phelps.engines = 4``, or in IPython's config files."""

from __future__ import annotations

from collections.abc import Callable

from traitlets import Bool, Float, Int, Unicode
from traitlets.config import Configurable

from phelps_jupyter.adapters.solo import SoloEngines
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.ports import Engines, Notify

MakeEngines = Callable[[Notify], Engines]


class Phelps(Configurable):
    """Everything has a default; nothing needs to be set."""

    engines = Int(0, min=0, help="Engines to start, and cpus to use; 0: as many as there are cores.").tag(config=True)
    cluster = Unicode(
        "local", help="local: an ipyparallel cluster of our own; none: child processes of the kernel."
    ).tag(config=True)
    store = Unicode("", help="Folder of the store; empty: .phelps beside the notebook.").tag(config=True)
    lease = Float(30.0, min=0.0, help="Seconds after which engines end when the kernel is gone.").tag(config=True)
    quiet = Bool(False, help="Show no cards under task cells.").tag(config=True)

    def make_engines(self, store: str) -> MakeEngines:
        """The engines that these settings ask for. Errors: DeclarationError."""
        kind, count = parse_cluster(self.cluster)
        engines = count or self.engines
        if kind == "none":
            return lambda notify: SoloEngines(store, notify, engines)
        return lambda notify: _local(store, notify, engines, self.lease)


def make_engines_of(cluster: object, store: str) -> MakeEngines:
    """The engines of a cluster that is there: an ``ipp.Client`` or ``ipp.Cluster``, or as text a profile or a client's
    connection file. Errors: DeclarationError."""
    from phelps_jupyter.adapters.ipyparallel import IpyparallelEngines, connection_of

    connection = connection_of(cluster)
    return lambda notify: IpyparallelEngines(store, notify, connection=connection)


def parse_cluster(text: str) -> tuple[str, int]:
    """``local``, ``local:N`` or ``none``: the kind and how many engines (0: not said). Errors: DeclarationError."""
    kind, colon, count = text.partition(":")
    if kind not in ("local", "none") or (kind == "none" and colon):
        raise DeclarationError(f"cluster {text!r}: must be local, local:N or none")
    if colon and not (count.isdigit() and int(count) > 0):
        raise DeclarationError(f"cluster {text!r}: {count!r} is no number of engines")
    return kind, int(count or 0)


def _local(store: str, notify: Notify, engines: int, lease: float) -> Engines:
    # Importing ipyparallel takes half a second; a notebook whose results are all fresh never needs it.
    from phelps_jupyter.adapters.ipyparallel import IpyparallelEngines

    return IpyparallelEngines(store, notify, engines, lease_seconds=lease)
