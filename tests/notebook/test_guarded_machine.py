"""Tasks on a machine of 24 GB that seems to run out of memory: what it tells of itself is pretended."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.notebook, pytest.mark.engines]

PRETENDS = """
import builtins, os
real, count = builtins.open, os.sysconf
pretended = {{"/proc/meminfo": {told!r}, "/sys/fs/cgroup/memory.max": "/nowhere"}}
def pretending(path, *rest, **more):
    return real(pretended.get(path, path) if isinstance(path, str) else path, *rest, **more)
builtins.open = pretending
os.sysconf = lambda name: 6_000_000 if name == "SC_PHYS_PAGES" else count(name)
"""
CALM = """
import os, time
until = time.monotonic() + 60
while not os.path.exists("tried") and time.monotonic() < until:
    time.sleep(0.01)
time.sleep(3)
open("calm_ended", "w").close()
x = 1
"""
GREEDY = """
import os, time
again = os.path.exists("tried")
if not again:
    held = bytearray(b"x") * 300_000_000
    with open("meminfo", "w") as file:
        file.write("MemAvailable: 400000 kB")
    open("tried", "w").close()
    time.sleep(60)
alone = os.path.exists("calm_ended")
"""


def test_the_newest_is_stopped_and_runs_again_alone(book, tmp_path, monkeypatch):
    folder = tmp_path / "tools"
    folder.mkdir()
    (tmp_path / "meminfo").write_text("MemAvailable: 9000000000 kB")
    (folder / "sitecustomize.py").write_text(PRETENDS.format(told=str(tmp_path / "meminfo")))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    ran = book(
        cluster="local:2",
        calm=f"%%task calm\n{CALM}",
        greedy=f"%%task greedy\n{GREEDY}",
        p="assert (again, alone) == (True, True)",
    ).run()
    assert ran.code == 0, ran.report
    calm, greedy = ran.tasks["calm"], ran.tasks["greedy"]
    assert (calm["attempts"], greedy["attempts"]) == (1, 2)
    (failure,) = greedy["failures"]
    assert failure["kind"] == "memory"
    assert failure["message"].startswith("stopped as its machine was about to run out of memory")
    assert max(held for _, held in failure["memory_curve"]) > 300_000_000
