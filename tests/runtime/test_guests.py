"""Orders that an engine's own process is to run, and that it does not begin; and how their bodies are interrupted."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from zygote_kit import Told, order_in

from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.dial import Dial
from phelps_jupyter.runtime.guests import Guests
from phelps_jupyter.runtime.lodging import Lodging
from phelps_jupyter.runtime.news import order_message
from phelps_jupyter.runtime.unwatched import code_at_hand


def test_an_order_that_it_can_t_read_waits_until_it_is_withdrawn(tmp_path: Path) -> None:
    (tmp_path / "guest").mkdir()
    (tmp_path / "guest" / "order").write_bytes(b"nonsense")
    with pytest.raises(pickle.UnpicklingError):
        Guests().take_in(str(tmp_path), lambda: None)
    assert Lodging(str(tmp_path)).withdraw()


@pytest.fixture
def kernel() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_an_order_whose_kernel_dies_while_it_waits_is_never_begun(
    tmp_path: Path, kernel: subprocess.Popen[bytes]
) -> None:
    owner = json.dumps({**json.loads(attempts.owner()), "pid": kernel.pid, "began": attempts.began(kernel.pid)})
    told = Told(tmp_path / "store", owner)
    try:
        told.keeper.tell(order_message(replace(order_in(tmp_path, "x = 1"), isolation="engine")))
        folder = told.until("wanted").payload.decode()
        kernel.kill()
        kernel.wait()
        assert told.outcome().kind == "cancelled"
        assert not Lodging(folder).claim()
    finally:
        told.keeper.close()


def test_an_interrupt_counts_only_when_it_was_asked_for() -> None:
    dial = Dial()
    dial.heed_if_asked(signal.SIGINT, None)
    assert not dial.heeded
    dial.ask()
    with pytest.raises(KeyboardInterrupt):
        dial.heed_if_asked(signal.SIGINT, None)
    assert dial.heeded


def test_a_body_says_when_it_can_be_interrupted_no_more() -> None:
    dial = Dial()
    assert not dial.is_over
    dial.end()
    assert dial.is_over


def test_our_modules_beside_another_version_of_us_are_no_code_of_the_user_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (f"phelps_{'0' * 32}.agent", f"phelps_shipment_{'0' * 32}", "phelps_of_the_user"):
        module = ModuleType(name)
        exec("def read():\n    return called_in_" + name.partition(".")[0], module.__dict__)
        monkeypatch.setitem(sys.modules, name, module)
    found = [name for name in code_at_hand([], {}).names if name.startswith("called_in_phelps")]
    assert found == ["called_in_phelps_of_the_user"]
