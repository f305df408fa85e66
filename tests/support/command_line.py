"""The public command as tests run it: in a fork of a process that has imported it, which spares each run a second."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PHELPS = (sys.executable, "-c", "from phelps_jupyter.faces.cli import main; main()")
"""The command for those who must have a process that nothing has been imported into."""
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["phelps_jupyter.faces.cli", "phelps_jupyter.faces.running"])


def phelps(
    *words: str, folder: Path, hang: float, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder. ``hang``: seconds after which it is ended. Errors: TimeoutExpired."""
    with tempfile.TemporaryDirectory(prefix="phelps-command-") as told:
        out, err = Path(told, "out"), Path(told, "err")
        process = _FORKS.Process(target=_run, args=(words, str(folder), {**os.environ, **(env or {})}, out, err))
        process.start()
        process.join(hang)
        if process.is_alive():
            assert process.pid is not None
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
            raise subprocess.TimeoutExpired(words, hang, out.read_text(), err.read_text())
        assert process.exitcode is not None
        return subprocess.CompletedProcess(words, process.exitcode, out.read_text(), err.read_text())


def _run(words: tuple[str, ...], folder: str, env: Mapping[str, str], out: Path, err: Path) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for number, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["phelps", *words]
    from phelps_jupyter.faces.cli import main

    main()
