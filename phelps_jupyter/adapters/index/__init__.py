"""Records by key, and the history of runs."""

from phelps_jupyter.adapters.index.records import SqliteIndex
from phelps_jupyter.adapters.index.rows import from_row, to_row

__all__ = ["SqliteIndex", "from_row", "to_row"]
