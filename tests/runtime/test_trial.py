"""What speaks against importing a library ahead: a process of its own tries it, in one that has no other children."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRY = """
import json, sys
from phelps_jupyter.runtime.orders import Order
from phelps_jupyter.runtime.processes import PR_SET_CHILD_SUBREAPER, control_process
from phelps_jupyter.runtime.trial import trial
folder, library = sys.argv[1:]
standard = {"declared": False, "optional": frozenset(), "seed": None, "cpus": 1, "memory": None, "time": None}
place = {"store": "", "folder": "/", "path": (folder, *sys.path), "env": {"TOLD": "1"}}
order = Order(run=1, attempt=1, task="fit", body="", inputs=(), outputs=(), **place, **standard)
# As a zygote does.
control_process(PR_SET_CHILD_SUBREAPER, 1)
before = set(sys.modules)
found = trial(library, order)
print(json.dumps([found.modules, found.why, sorted(set(sys.modules) - before)]))
"""
STARTS_A_THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
LEAVES_A_PROCESS = (
    "import os, subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\nos._exit(0)"
)


def tried(folder: Path, source: str, place: str = "site-packages") -> tuple[list[str], str, list[str]]:
    home = folder / place
    home.mkdir()
    (home / "library.py").write_text(source)
    command = [sys.executable, "-c", TRY, str(home), "library"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    modules, why, brought = json.loads(done.stdout)
    return modules, why, brought


def test_what_it_brings_is_told_in_order_and_nothing_of_it_is_here(tmp_path: Path) -> None:
    source = "import os\nassert os.environ['TOLD'] == '1'\nimport colorsys"
    assert tried(tmp_path, source) == (["colorsys", "library"], "", [])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (STARTS_A_THREAD, "it starts threads"),
        ("import warnings\nwarnings.warn('old', DeprecationWarning)", "it warns"),
        ("print('hello', flush=True)", "it writes"),
        ("import os\nos.environ['TOLD'] = '2'", "it changes the environment"),
        ("import atexit\natexit.register(print)", "it wants to be called at the end"),
        ("raise ValueError('no')", "it can't be imported: ValueError('no')"),
        (LEAVES_A_PROCESS, "it ended the process, or took too long"),
    ],
)
def test_what_others_would_notice_speaks_against_it(tmp_path: Path, source: str, why: str) -> None:
    assert tried(tmp_path, source) == ([], why, [])


def test_what_can_be_put_in_place_later_does_not_speak_against_it(tmp_path: Path) -> None:
    source = "import atexit, os\nos.environ['NEW'] = '1'\ndef end():\n    print('end')\natexit.register(end)"
    assert tried(tmp_path, source) == (["library"], "", [])


def test_a_module_that_may_change_is_left_to_bodies(tmp_path: Path) -> None:
    assert tried(tmp_path, "x = 1", place="work") == ([], "it brings modules that are no library's", [])
