"""Cancels at any moment, of bodies of every kind: each ends its own attempt, and harms nothing that comes after it."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from engine_bench import KINDS, Bench, gave, poll

from phelps_jupyter.runtime.orders import Order, Started

CANCELS = 100
AT_ONCE = 2
"""Engines, each with one victim at a time."""
MARK = f"36{secrets.randbelow(10**8):08}"
"""Seconds that their programs sleep: nobody else's do for so long."""

VICTIMS = {
    "queued": "while True: pass",
    "Python": "import time\nprint('begun')\nx = 1\nwhile True:\n    x += 1",
    "Python that cleans up": "import time\ntry:\n    time.sleep(3600)\nfinally:\n    open('cleaned', 'a').close()",
    "Python that heeds nothing": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "a call that waits": "import ctypes\nctypes.CDLL(None).sleep(3600)",
    "a call that waits and lets no other thread go on": "import ctypes\nctypes.PyDLL(None).sleep(3600)",
    "a call that computes": "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)",
    "many calls that compute": "import numpy\na = numpy.ones((300, 300))\nwhile True: a @ a",
    "a program": f"import subprocess\nsubprocess.run(['sleep', '{MARK}'])",
    "programs that are left alone": f"import subprocess, time\n"
    f"subprocess.Popen(['sleep', '{MARK}'], start_new_session=True)\ntime.sleep(3600)",
    "a shell's program": f"!sleep {MARK}",
    "output without end": "while True: print('x' * 1000)",
}
SUCCESSOR = "import os, signal\nprint('successor of', {0})\nx = {0}, signal.getsignal(signal.SIGINT) is not None"


@pytest.fixture(params=[kind if kind == "solo" else pytest.param(kind, marks=pytest.mark.engines) for kind in KINDS])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(request.param, tmp_path, AT_ONCE).open()
    yield made
    made.engines.close()


def begin(bench: Bench, kind: str, on: int) -> tuple[Order, list[Order]]:
    """The victim, and what has to end so that its successor can begin."""
    before = [bench.submit("while True: pass", on)] if kind == "queued" else []
    return bench.submit(VICTIMS[kind], on), before


def our_programs() -> list[int]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if MARK in process.cmdline()[1:2]:
                found.append(process.pid)
    return found


def test_of_a_hundred_cancels_each_ends_its_victim_and_no_successor_is_harmed(bench: Bench) -> None:
    dice = random.Random(7)
    kinds = [*VICTIMS] * (CANCELS // len(VICTIMS) + 1)
    dice.shuffle(kinds)
    for number in range(0, CANCELS, AT_ONCE):
        begun = {on: (kinds[number + on], *begin(bench, kinds[number + on], on)) for on in range(AT_ONCE)}
        # From before the body is forked until it is in the midst of its work.
        time.sleep(dice.choice([0.0, dice.uniform(0.0, 0.05), dice.uniform(0.0, 0.3)]))
        for _, victim, before in begun.values():
            for order in (victim, *before):
                bench.engines.kill(order.run, order.attempt)
        successors = {on: bench.submit(SUCCESSOR.format(number + on), on, outputs=("x",)) for on in begun}
        for on, (kind, victim, before) in begun.items():
            assert [bench.outcome(order).kind for order in (victim, *before)] == ["cancelled"] * (1 + len(before)), kind
            ended = bench.outcome(successors[on])
            assert (ended.kind, gave(ended)) == ("done", ["x"]), (kind, ended)
            assert bench.value(ended, "x") == (number + on, True)
            assert bench.text(successors[on]) == f"successor of {number + on}\n"
        queued = {victim.run for kind, victim, _ in begun.values() if kind == "queued"}
        assert not queued & {notice.run for notice in bench.log.of(Started)}
    poll(lambda: not our_programs())


RENDERS = """
class Odd(Exception):
    def _render_traceback_(self):
        with open('rendered', 'a') as file:
            file.write('once ')
        return ['odd']
raise Odd
"""


def test_a_traceback_is_laid_out_once_which_takes_long_enough(bench: Bench) -> None:
    ended = bench.run(RENDERS)
    assert (ended.kind, ended.traceback) == ("code", "odd")
    assert (bench.root / "rendered").read_text() == "once "
