"""A warm process that answers each question in a fork of its own, so that every answer comes from a fresh process.

Run as a program it is that process; imported, it is the way to ask it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import traceback
from typing import Any

HANG = 90.0
LIBRARIES = ("numpy", "pandas", "IPython.core.interactiveshell", "plain", "ours", "fresh")


class Forks:
    """Asks the warm process. To be closed."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )

    def ask(self, module: str, **arguments: object) -> dict[str, Any]:
        """What ``module.run`` returns."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"module": module, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], HANG)[0]:
            self.close()
            raise TimeoutError(f"{module} did not answer: {arguments}")
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "raised" in answer:
            raise RuntimeError(answer["raised"])
        return answer

    def close(self) -> None:
        """End the process and what it may have left."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.pop(0)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()
            os._exit(0)
        os.waitpid(child, 0)


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    try:
        answer: dict[str, Any] = sys.modules[question["module"]].run(**question["arguments"])
    except BaseException:
        return {"raised": traceback.format_exc()}
    return answer


if __name__ == "__main__":
    for name in LIBRARIES:
        __import__(name)
    _serve()
