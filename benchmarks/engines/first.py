"""`python -m benchmarks.engines.first TOOL FOLDER`: open a tool, run one task, and tell when each was there."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmarks.engines import bodies
from benchmarks.engines.graph import Node
from benchmarks.engines.session import Setting
from benchmarks.engines.tools import tool


def main(name: str, folder: Path) -> None:
    """Print one line: when Python was there, and when the result was. What the tool prints beside it doesn't matter."""
    loaded = time.time()
    with tool(name).open(Setting(folder, warm=False)) as session:
        ran = session.graph([Node(0, bodies.inc, (1,))])
        print(f"\nFIRST {loaded} {ran.ended}", flush=True)
    # Some tools leave threads that would keep the process.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
