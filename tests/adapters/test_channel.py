"""The channel between kernel and engines: nothing is lost or told twice, whichever way it goes, and strangers are left
unread."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from engine_bench import HANG, Bench, gave, poll

from phelps_jupyter.adapters.ipyparallel import engines
from phelps_jupyter.adapters.ipyparallel.channel import Channel
from phelps_jupyter.adapters.ipyparallel.seat import Seat
from phelps_jupyter.core.model import EngineId
from phelps_jupyter.runtime import agent, attempts, shipment
from phelps_jupyter.runtime.agent import Agent, Post
from phelps_jupyter.runtime.keeper import Keeper, Setting
from phelps_jupyter.runtime.line import Message, pack, unpack
from phelps_jupyter.runtime.news import news, order_message
from phelps_jupyter.runtime.orders import Order, Outcome

NAME = b"the agent's name"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    setting = Setting(str(tmp_path / "store"), attempts.owner(), {}, tied=True)
    post = Post(Keeper(setting, lambda: shipment.install(shipment.pack())))
    yield post
    post.keeper.close()


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    channel = Channel(str(tmp_path))
    yield channel
    channel.close()


@pytest.fixture
def running(post: Post, channel: Channel) -> Iterator[Agent]:
    """An agent that the kernel has heard."""
    running = Agent(post, channel.endpoint, NAME)
    running.start()
    heard(channel)
    yield running
    running.stop()


def seat() -> Seat:
    return Seat(EngineId("0"), None, shipment.pack(), NAME)


def order(tmp_path: Path, run: int = 1, body: str = "x = 1") -> Message:
    fields = {"inputs": (), "outputs": ("x",), "declared": False, "optional": frozenset[str](), "env": {}}
    limits = {"seed": None, "cpus": 1, "memory": None, "time": None}
    place = {"store": str(tmp_path / "store"), "folder": str(tmp_path), "path": tuple(sys.path)}
    return order_message(Order(run=run, attempt=1, task="fit", body=body, **fields, **limits, **place))  # type: ignore[arg-type]


def heard(channel: Channel) -> tuple[int, list[Message]]:
    """The next batch: the number of its first message, and what it says."""
    limit = time.monotonic() + HANG
    while time.monotonic() < limit:
        for name, first, messages in channel.receive():
            assert name == NAME
            return first, list(map(unpack, messages))
        time.sleep(0.01)
    raise TimeoutError("nothing came")


def until_outcome(channel: Channel, into: Seat) -> list[Message]:
    """All that comes until an attempt has ended, each message once; it is acknowledged as the kernel does it."""
    told: list[Message] = []
    while not told or told[-1].kind != "outcome":
        first, messages = heard(channel)
        told += into.new(first, list(map(pack, messages)))
        channel.send(NAME, into.heard, [])
    return told


@pytest.mark.usefixtures("running")
def test_an_order_goes_out_and_what_follows_comes_back_in_order(tmp_path: Path, channel: Channel) -> None:
    channel.send(NAME, 0, [pack(order(tmp_path, body="print('hello')"))])
    assert [message.kind for message in until_outcome(channel, seat())] == ["started", "frames", "outcome"]


@pytest.mark.usefixtures("running")
def test_what_nobody_has_heard_is_said_again_with_its_number(
    tmp_path: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "AGAIN", 0.1)
    channel.send(NAME, 0, [pack(order(tmp_path))])
    first = poll(lambda: [batch for batch in [heard(channel)] if batch[1]])
    again = poll(lambda: [batch for batch in [heard(channel)] if batch[0] == 0 and batch[1]])
    assert again[0][1][0] == first[0][1][0]
    assert [message.kind for message in until_outcome(channel, seat())] == ["started", "outcome"]


def test_an_agent_that_ends_leaves_what_was_not_heard_to_whoever_asks(
    tmp_path: Path, post: Post, channel: Channel, running: Agent
) -> None:
    channel.send(NAME, 0, [pack(order(tmp_path))])
    kinds: list[str] = []
    while "outcome" not in kinds:
        kinds += [message.kind for message in heard(channel)[1]]
    running.stop()
    assert [unpack(message).kind for message in post.since(post.heard)] == ["started", "outcome"]
    post.take(1, [])
    assert [unpack(message).kind for message in post.since(post.heard)] == ["outcome"]


def test_an_agent_that_is_dismissed_ends_what_it_runs(
    tmp_path: Path, post: Post, channel: Channel, running: Agent
) -> None:
    channel.send(NAME, 0, [pack(order(tmp_path, body="import time\ntime.sleep(600)"))])
    poll(lambda: "started" in [message.kind for message in heard(channel)[1]])
    channel.dismiss(NAME)
    running.join(HANG)
    assert post.keeper.line is None


def test_orders_and_cancels_that_may_not_have_arrived_are_sent_once_more() -> None:
    told = seat()
    for message in (Message("order", 1, 1), Message("order", 2, 1), Message("cancel", 2, 1), Message("order", 3, 1)):
        told.send(message)
    told.outgoing()
    list(told.new(0, [pack(Message("outcome", 3, 1))]))
    told.begin_anew()
    again = [(message.kind, message.run) for message in map(unpack, told.outgoing())]
    assert again == [("order", 1), ("order", 2), ("cancel", 2)]


def test_what_can_t_be_read_of_an_end_is_an_end_with_the_reason() -> None:
    told = news(Message("outcome", 1, 2, b"no pickle"))
    assert isinstance(told, Outcome)
    assert (told.run, told.attempt, told.kind) == (1, 2, "lost")
    assert "can't be read: UnpicklingError" in told.message


@pytest.mark.engines
def test_a_folder_with_a_long_name_has_a_channel_as_well(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    bench = Bench("ipyparallel", tmp_path, folder=str(folder)).open()
    try:
        assert "2 reached by its own channel" in bench.engines.describe()
    finally:
        bench.engines.close()


def test_a_message_is_new_once_and_none_is_taken_after_a_gap() -> None:
    told, messages = seat(), [pack(Message("frames", 1, 1, text)) for text in (b"a", b"b", b"c", b"d")]
    batches = [(0, 1), (0, 2), (3, 4), (1, 3), (0, 4)]
    new = [[message.payload for message in told.new(first, messages[first:end])] for first, end in batches]
    assert new == [[b"a"], [b"b"], [], [b"c"], [b"d"]]


@pytest.mark.engines
def test_where_the_channel_does_not_reach_engines_are_asked_through_ipyparallel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(Channel):
        def __init__(self, folder: str) -> None:
            super().__init__(folder)
            self.endpoint += "-elsewhere"

    monkeypatch.setattr(engines, "Channel", Elsewhere)
    bench = Bench("ipyparallel", tmp_path).open()
    try:
        assert "2 reached by requests through ipyparallel" in bench.engines.describe()
        assert bench.text(bench.submit("print('hello')")) == "hello\n"
        waits = bench.submit("import time\nprint('begun')\ntime.sleep(600)")
        bench.wrote(waits, "begun")
        bench.engines.kill(waits.run, waits.attempt)
        assert bench.outcome(waits).kind == "cancelled"
    finally:
        bench.engines.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench("ipyparallel", tmp_path, folder=str(tmp_path)).open()
    yield bench
    bench.engines.close()


@pytest.mark.engines
def test_a_channel_that_falls_silent_is_given_up_and_nothing_is_lost_or_done_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "2 reached by its own channel" in bench.engines.describe()
    runs = [
        bench.submit("import time\ntime.sleep(0.5)\nopen('runs', 'a').write('x')\nx = 1", outputs=("x",)) for _ in "ab"
    ]
    bench.started(runs[0])
    (place,) = bench.root.glob("phelps-cluster-*/channel")
    place.unlink()
    monkeypatch.setattr(engines, "SILENCE", 0.0)
    poll(lambda: "2 reached by requests" in bench.engines.describe())
    assert [gave(bench.outcome(run)) for run in runs] == [["x"], ["x"]]
    assert (bench.root / "runs").read_text() == "xx"
    assert len(bench.log.of(Outcome)) == 2


@pytest.mark.engines
def test_strangers_on_the_channel_are_left_unread(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    (place,) = bench.root.glob("phelps-cluster-*/channel")
    assert os.stat(place.parent).st_mode & 0o777 == 0o700
    order = bench.submit("import time\ntime.sleep(0.5)\nx = 1", outputs=("x",))
    with caplog.at_level(logging.WARNING), zmq.Context() as context, context.socket(zmq.DEALER) as stranger:
        stranger.connect(f"ipc://{place}")
        stranger.send(b"no message")
        stranger.send_multipart([agent.COUNT.pack(0), pack(Message("outcome", order.run, 1, b"forged"))])
        assert gave(bench.outcome(order)) == ["x"]
        poll(lambda: len(caplog.records) == 2)
    assert [("left unread" in record.message) for record in caplog.records] == [True, True]
