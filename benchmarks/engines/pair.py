"""One workload with one tool, in a process of its own.

`python -m benchmarks.engines.pair TOOL WORKLOAD SCALE RUNS FOLDER` writes what it found to FOLDER/found.json.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.engines import processes
from benchmarks.engines.session import Tool
from benchmarks.engines.tools import tool
from benchmarks.engines.workload import Found, Trial, Workload
from benchmarks.engines.workloads import workload

ROOT = Path(__file__).parents[2]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SHORT = 300
FOUND = "found.json"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured. ``limit``: seconds that a pair may take."""

    scale: float
    runs: int
    limit: float


def measured(tool: Tool, workload: Workload, amount: Amount) -> Found:
    """Run the pair; whatever it leaves behind is ended."""
    if workload.name in tool.cannot:
        return Found(why=f"n/a: {tool.cannot[workload.name]}")
    # Sockets lie below it, and their paths must be short.
    with tempfile.TemporaryDirectory(prefix="eng-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        runs = 1 if workload.runs_once else amount.runs
        words = (tool.name, workload.name, str(amount.scale), str(runs), made)
        with open(folder / "said", "wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.engines.pair", *words],
                cwd=made,
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        late = _ends_late(process, folder.name, amount.limit)
        if (folder / FOUND).exists():
            return Found(**json.loads((folder / FOUND).read_text()))
        words_left = (folder / "said").read_text(errors="replace")[-SHORT:]
        return Found(why=f"no end after {amount.limit:.0f} s" if late else f"failed: it died: {words_left}")


def _ends_late(process: subprocess.Popen[bytes], mark: str, limit: float) -> bool:
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        return True
    finally:
        processes.end(mark, process.pid)
        process.wait()
    return False


def _environment(folder: Path) -> dict[str, str]:
    # Where Python is told not to write bytecode, every process would compile what it imports.
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    changed = {
        "PYTHONPATH": path,
        "PATH": programs,
        "TMPDIR": str(folder),
        processes.MARK: folder.name,
    }
    return {**told, **dict.fromkeys(THREADS, "1"), **changed}


def main(workload: Workload, trial: Trial, folder: Path) -> None:
    """Measure, and write down what was found. Some tools' processes end only when they are told to."""
    # A shell's background processes have it ignored, and so would all engines.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    load, why = os.getloadavg()[0], ""
    try:
        workload.measure(trial)
    except Exception as error:
        why = f"failed: {type(error).__name__}: {' '.join(str(error).split())}"[:SHORT]
    found = Found(trial.figures, trial.said, why, load)
    (folder / "found.new").write_text(json.dumps(found.as_json()))
    (folder / "found.new").rename(folder / FOUND)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _folder = Path(sys.argv[5])
    main(workload(sys.argv[2]), Trial(tool(sys.argv[1]), _folder, float(sys.argv[3]), int(sys.argv[4])), _folder)
