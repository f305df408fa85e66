"""Zygotes whose kernel, on another machine, says nothing any more: what runs is kept for the next, then they end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from zygote_kit import order_in

from phelps_jupyter.runtime import attempts, shipment
from phelps_jupyter.runtime.agent import Post
from phelps_jupyter.runtime.keeper import Keeper, Setting
from phelps_jupyter.runtime.line import pack, unpack
from phelps_jupyter.runtime.mailbox import Letters
from phelps_jupyter.runtime.news import order_message
from phelps_jupyter.runtime.orders import Order
from phelps_jupyter.runtime.vigil import Vigil

HANG = 60.0


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    owner = json.dumps(json.loads(attempts.owner()) | {"place": "another machine"})
    setting = Setting(str(tmp_path / "store"), owner, {}, tied=True)
    post = Post(Keeper(setting, lambda: shipment.install(shipment.pack())))
    post.keeper.open()
    yield post
    post.keeper.close()


@pytest.fixture
def vigil(post: Post) -> Iterator[Vigil]:
    vigil = Vigil(post, patience=0.5, look=0.05)
    yield vigil
    vigil.stop()


def order(run: int, folder: Path, body: str) -> Order:
    return replace(order_in(folder, body), run=run, note={"task": "fit"})


def zygotes(folder: Path) -> list[psutil.Process]:
    return [psutil.Process(json.loads(path.read_text())["pid"]) for path in folder.glob("store/engines/*/pid")]


def test_a_zygote_that_has_nothing_to_do_ends(post: Post, vigil: Vigil, tmp_path: Path) -> None:
    (zygote,) = zygotes(tmp_path)
    vigil.start()
    assert psutil.wait_procs([zygote], timeout=HANG)[1] == []
    until(lambda: post.keeper.line is None)
    assert list((tmp_path / "store" / "engines").iterdir()) == []


def test_what_runs_is_finished_and_kept_and_what_waits_is_lost(post: Post, vigil: Vigil, tmp_path: Path) -> None:
    waits = "import os, time\nopen('begun', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.01)\nx = 1"
    orders = [order(1, tmp_path, waits), order(2, tmp_path, "open('never', 'w').close()")]
    post.take(Letters(0, 0, [pack(order_message(each)) for each in orders]))
    until(lambda: (tmp_path / "begun").exists())
    (zygote,) = zygotes(tmp_path)
    vigil.start()
    until(lambda: b"said nothing for long" in b"".join(post.mailbox.all_letters().messages))
    assert zygote.is_running()
    (tmp_path / "go").touch()
    assert psutil.wait_procs([zygote], timeout=HANG)[1] == []
    (kept,) = (tmp_path / "store" / "attempts").iterdir()
    assert (kept / "outcome").exists()
    assert json.loads((kept / "note.json").read_text()) == {"task": "fit"}
    assert not (tmp_path / "never").exists()
    until(lambda: post.keeper.line is None)
    told = [(message.kind, message.run) for message in map(unpack, post.mailbox.all_letters().messages)]
    assert [each for each in told if each[0] in ("outcome", "gone")] == [("gone", 2), ("outcome", 1)]


def test_who_says_something_now_and_then_is_there(post: Post, vigil: Vigil, tmp_path: Path) -> None:
    (zygote,) = zygotes(tmp_path)
    vigil.start()
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        post.take(Letters(0, 0, []))
        time.sleep(0.01)
    assert zygote.is_running()
    assert psutil.wait_procs([zygote], timeout=HANG)[1] == []
    until(lambda: post.keeper.line is None)
    # One who comes back finds another.
    post.take(Letters(0, 0, [pack(order_message(order(1, tmp_path, "x = 1")))]))

    def is_told() -> bool:
        post.take(Letters(0, 0, []))
        post.collect()
        return any(unpack(message).kind == "outcome" for message in post.mailbox.all_letters().messages)

    until(is_told)
