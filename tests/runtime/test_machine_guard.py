"""A zygote on a machine that seems to run out of memory, or has a process that nothing ends. Both are pretended."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from zygote_kit import Told, order_in

from phelps_jupyter.runtime import keeper
from phelps_jupyter.runtime.news import order_message
from phelps_jupyter.runtime.orders import Order

LEFT = """
from phelps_jupyter.runtime import host
host.memory = lambda: 16_000_000_000
host.available = lambda: int(open({file!r}).read() or 10**12)
"""
DEAF = """
import os
send = os.kill
def kill(pid, number):
    try:
        command = open(f"/proc/{pid}/cmdline", "rb").read()
    except OSError:
        command = b""
    if b"sleep" not in command:
        send(pid, number)
os.kill = kill
"""
HOLD = "import time\nx = bytearray(b'x') * 200_000_000\nprint('begun.')\ntime.sleep(600)"


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return order_in(tmp_path, HOLD)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Zygotes run this first."""

    def put(prelude: str) -> None:
        first = f"exec({prelude!r}); sys.exit(".replace("{", "{{").replace("}", "}}")
        monkeypatch.setattr(keeper, "PROGRAM", keeper.PROGRAM.replace("sys.exit(", first))

    return put


@pytest.fixture
def tell(tmp_path: Path) -> Iterator[Callable[[str], Told]]:
    """A zygote with a store of its own, on the one machine."""
    told: list[Told] = []

    def make(name: str) -> Told:
        told.append(Told(tmp_path / name))
        return told[-1]

    yield make
    for each in told:
        each.keeper.close()


def test_the_newest_attempt_is_stopped_and_the_others_are_not(tmp_path, order, pretend, tell):
    left = tmp_path / "left"
    left.write_text("")
    pretend(LEFT.format(file=str(left)))
    older, newer = tell("older"), tell("newer")
    for each in (older, newer):
        each.keeper.tell(order_message(order))
        each.wrote(end="begun.")
    left.write_text(str(100_000_000))
    outcome = newer.outcome()
    left.write_text("")
    assert outcome.kind == "memory"
    assert outcome.message.startswith("stopped as its machine was about to run out of memory")
    assert outcome.evidence.startswith("100 MB were left, ")
    assert not [message for message in older.messages if message.kind == "outcome"]


def test_who_keeps_within_its_limit_is_not_stopped_for_others(tmp_path, order, pretend, tell):
    left = tmp_path / "left"
    left.write_text(str(100_000_000))
    pretend(LEFT.format(file=str(left)))
    told = tell("limited")
    body = HOLD.replace("600", "2")
    told.keeper.tell(order_message(replace(order, body=body, memory=10**9, asked_memory=10**9, outputs=())))
    assert told.outcome().kind == "done"


@pytest.mark.parametrize("kind", ["timeout", "done"])
def test_a_process_that_nothing_ends_is_told_and_another_zygote_goes_on(order, pretend, tell, kind):
    pretend(DEAF)
    told = tell("store")
    body = "import subprocess\nprint(subprocess.Popen(['sleep', '600'], start_new_session=True).pid, end='.')\nx = 1"
    waits = "\nimport time\ntime.sleep(600)" if kind == "timeout" else ""
    told.keeper.tell(order_message(replace(order, body=body + waits, time=2.0 if waits else None)))
    outcome = told.outcome()
    pid = int(told.wrote().removesuffix("."))
    try:
        assert outcome.kind == kind
        assert f"process {pid} (sleep) can't be ended: " in outcome.evidence
        told.keeper.tell(order_message(replace(order, run=2, body="x = 1")))
        assert told.outcome(2).kind == "done"
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_body_that_nothing_ends_is_given_up(order, pretend, tell):
    pretend(DEAF.replace('b"sleep"', 'b"zygote"'))
    told = tell("store")
    body = "import os, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint(os.getpid())\ntime.sleep(60)"
    told.keeper.tell(order_message(replace(order, body=body, time=1.0)))
    outcome = told.outcome()
    assert outcome.kind == "timeout"
    assert "can't be ended" in outcome.evidence
    told.keeper.tell(order_message(replace(order, run=2, body="x = 1")))
    assert told.outcome(2).kind == "done"
