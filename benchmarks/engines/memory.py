"""`python -m benchmarks.engines.memory MARK LEADER`: the peak of what a measurement's processes hold together.

It is a process of its own, so that looking doesn't disturb the one that is measured.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from types import TracebackType

import psutil

from benchmarks.engines import processes

LOOK, SEARCH = 0.03, 0.3
"""Seconds between looks at the known processes, and between searches for new ones."""


class Sampler:
    """Around what is measured; afterwards ``peak`` is known, in bytes."""

    peak = 0

    def __enter__(self) -> Sampler:
        environment = {name: value for name, value in os.environ.items() if name != processes.MARK}
        command = [sys.executable, "-m", __name__, os.environ[processes.MARK], str(os.getsid(0))]
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        said, _ = self._process.communicate("stop\n")
        self.peak = int(said or 0)


def main(mark: str, leader: int) -> None:
    """Look until something stands in stdin, and print the peak."""
    peak, known, searched = 0, list[psutil.Process](), -SEARCH
    print("looking", flush=True)
    while not select.select([sys.stdin], [], [], LOOK)[0]:
        if time.monotonic() - searched >= SEARCH:
            known = [process for process in processes.of(mark, leader) if process.pid != os.getpid()]
            searched = time.monotonic()
        peak = max(peak, processes.size(known))
    print(peak)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
