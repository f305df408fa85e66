"""Plays a kernel that is killed: starts engines and an attempt that ends only when this process is gone."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from engine_bench import Bench

BODY = f"""
import os, time
print("begun")
until = time.monotonic() + 60
while os.path.exists("/proc/{os.getpid()}") and time.monotonic() < until:
    time.sleep(0.02)
print("finished")
x = 1
"""


def main(kind: str, root: str, isolation: str = "fork") -> None:
    settings = {"lease_seconds": 1.0} if kind == "ipyparallel" else {}
    bench = Bench(kind, Path(root), **settings).open()
    order = bench.submit(BODY, outputs=("x",), note={"task": "fit"}, isolation=isolation)
    bench.wrote(order, "begun")
    print("begun", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
