"""The channel between kernel and engines: nothing is lost or told twice, whichever way it goes, and strangers are left
unread."""

from __future__ import annotations

import logging
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import ipyparallel as ipp
import pytest
import zmq
from engine_bench import HANG, Bench, gave, poll

from phelps_jupyter.adapters.ipyparallel import correspondence, engines
from phelps_jupyter.adapters.ipyparallel import seat as seats
from phelps_jupyter.adapters.ipyparallel.channel import Channel
from phelps_jupyter.adapters.ipyparallel.seat import Seat
from phelps_jupyter.core.model import EngineId
from phelps_jupyter.runtime import agent, attempts, mailbox, shipment
from phelps_jupyter.runtime.agent import Agent, Post
from phelps_jupyter.runtime.keeper import Keeper, Setting
from phelps_jupyter.runtime.line import Message, pack, unpack
from phelps_jupyter.runtime.mailbox import Letters
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


def test_a_channel_whose_gate_can_not_be_guarded_can_be_closed(tmp_path: Path) -> None:
    channel = Channel(str(tmp_path))
    # As by a gate that is just about to go.
    other = channel._context.socket(zmq.REP)
    other.bind("inproc://zeromq.zap.01")
    with pytest.raises(OSError, match=r"127\.0\.0\.1: Address already in use"):
        channel.admit(b"k" * 40, "127.0.0.1")
    other.close()
    closing = threading.Thread(target=channel.close, daemon=True)
    closing.start()
    closing.join(HANG)
    assert not closing.is_alive()


def test_a_channel_whose_gate_can_not_be_opened_can_be_closed(tmp_path: Path) -> None:
    channel = Channel(str(tmp_path))
    with pytest.raises(OSError, match=r"203.0.113.7: "):
        # For documentation: no machine has it.
        channel.admit(agent.new_keys().public, "203.0.113.7")
    closing = threading.Thread(target=channel.close, daemon=True)
    closing.start()
    closing.join(HANG)
    assert not closing.is_alive()


@pytest.fixture(params=["folder", "gate"])
def running(request: pytest.FixtureRequest, post: Post, channel: Channel) -> Iterator[Agent]:
    """An agent that the kernel has heard; it has come through the channel's folder, or its gate."""
    keys = agent.new_keys() if request.param == "gate" else None
    way = channel.admit(keys.public, "127.0.0.1") if keys else (channel.endpoint, b"")
    running = Agent(post, way[0], NAME, way[1], keys)
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


def heard(channel: Channel) -> Letters:
    """The next that comes."""
    limit = time.monotonic() + HANG
    while time.monotonic() < limit:
        for name, letters in channel.receive():
            assert name == NAME
            return letters
        time.sleep(0.01)
    raise TimeoutError("nothing came")


def until_outcome(channel: Channel, into: Seat) -> list[Message]:
    """All that comes until an attempt has ended, each message once; it is acknowledged as the kernel does it."""
    told: list[Message] = []
    while not told or told[-1].kind != "outcome":
        told += into.take(heard(channel))
        channel.send(NAME, into.mailbox.letters())
    return told


def kinds(letters: Letters) -> list[str]:
    return [unpack(message).kind for message in letters.messages]


def say(channel: Channel, *messages: Message) -> None:
    """As the kernel does in its first letters."""
    channel.send(NAME, Letters(0, 0, list(map(pack, messages))))


@pytest.mark.usefixtures("running")
def test_an_order_goes_out_and_what_follows_comes_back_in_order(tmp_path: Path, channel: Channel) -> None:
    say(channel, order(tmp_path, body="print('hello')"))
    assert [message.kind for message in until_outcome(channel, seat())] == ["started", "frames", "outcome"]


@pytest.mark.usefixtures("running")
def test_what_nobody_has_heard_is_said_again_with_its_number(
    tmp_path: Path, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "AGAIN", 0.1)
    say(channel, order(tmp_path))
    (first,) = poll(lambda: [letters for letters in [heard(channel)] if letters.messages])
    (again,) = poll(lambda: [letters for letters in [heard(channel)] if letters.first == 0 and letters.messages])
    assert again.messages[0] == first.messages[0]
    assert [message.kind for message in until_outcome(channel, seat())] == ["started", "outcome"]


def test_an_agent_that_ends_leaves_what_was_not_heard_to_whoever_asks(
    tmp_path: Path, post: Post, channel: Channel, running: Agent
) -> None:
    say(channel, order(tmp_path))
    poll(lambda: "outcome" in kinds(heard(channel)))
    running.stop()
    assert kinds(post.mailbox.all_letters()) == ["started", "outcome"]
    post.take(Letters(1, 1, []))
    assert kinds(post.mailbox.all_letters()) == ["outcome"]


def test_an_agent_that_is_dismissed_ends_what_it_runs(
    tmp_path: Path, post: Post, channel: Channel, running: Agent
) -> None:
    say(channel, order(tmp_path, body="import time\ntime.sleep(600)"))
    poll(lambda: "started" in kinds(heard(channel)))
    channel.dismiss(NAME)
    running.join(HANG)
    assert post.keeper.line is None


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


class Elsewhere(Channel):
    """No engine sees its folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.endpoint += "-elsewhere"
        self.ways: list[tuple[str, bytes]] = []

    def admit(self, key: bytes, address: str) -> tuple[str, bytes]:
        self.ways.append(super().admit(key, address))
        return self.ways[-1]


class Nowhere(Elsewhere):
    """And its gate is out of their reach."""

    def admit(self, key: bytes, address: str) -> tuple[str, bytes]:
        del address
        return super().admit(key, "127.0.0.2")[0].replace("127.0.0.2", "127.0.0.3"), key


class Shut(Elsewhere):
    """It can't have a gate."""

    def admit(self, key: bytes, address: str) -> tuple[str, bytes]:
        self.ways.append((address, key))
        return Channel.admit(self, key, "203.0.113.7")


@pytest.mark.engines
@pytest.mark.parametrize(
    ("kind", "way"),
    [(Elsewhere, "its own channel"), (Nowhere, "requests through ipyparallel"), (Shut, "requests through ipyparallel")],
)
def test_where_the_channel_s_folder_is_not_seen_engines_come_to_its_gate_or_are_asked_through_ipyparallel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Elsewhere], way: str
) -> None:
    made: list[Elsewhere] = []
    monkeypatch.setattr(engines, "Channel", lambda folder: made.append(kind(folder)) or made[-1])
    bench = Bench("ipyparallel", tmp_path).open()
    try:
        assert f"2 reached by {way}" in bench.engines.describe()
        assert len(made[0].ways) == 2
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


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given up is tried again soon."""
    monkeypatch.setattr(seats, "TRY_AFTER", 0.3)


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
    monkeypatch.setattr(correspondence, "SILENCE", 0.0)
    poll(lambda: "2 reached by requests" in bench.engines.describe())
    assert [gave(bench.outcome(run)) for run in runs] == [["x"], ["x"]]
    assert (bench.root / "runs").read_text() == "xx"
    assert len(bench.log.of(Outcome)) == 2


@pytest.mark.engines
def test_a_channel_that_was_given_up_is_tried_again_and_nothing_is_lost_or_done_twice(
    soon: None, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    del soon
    runs = [bench.submit("import time\ntime.sleep(2)\nopen('runs', 'a').write('x')\nx = 1", outputs=("x",))]
    bench.started(runs[0])
    with monkeypatch.context() as silent:
        silent.setattr(correspondence, "SILENCE", 0.0)
        poll(lambda: "by requests" in bench.engines.describe())
    runs += [bench.submit("open('runs', 'a').write('x')\nx = 1", outputs=("x",)) for _ in "ab"]
    poll(lambda: "2 reached by its own channel" in bench.engines.describe())
    runs += [bench.submit("open('runs', 'a').write('x')\nx = 1", outputs=("x",)) for _ in "ab"]
    assert [gave(bench.outcome(run)) for run in runs] == [["x"]] * 5
    assert ((bench.root / "runs").read_text(), len(bench.log.of(Outcome))) == ("xxxxx", 5)


KILL_AGENTS = """
import gc, threading
agents = [each for each in threading.enumerate() if each.name == "phelps-agent"]
for each in gc.get_objects():
    if any(each is agent for agent in agents):
        each._stopping.set()
for each in agents:
    each.join()
count = len(agents)
"""


@pytest.mark.engines
def test_an_engine_whose_agent_is_dead_is_asked_otherwise_and_gets_another(
    soon: None, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    del soon
    monkeypatch.setattr(correspondence, "SILENCE", 2.0)
    runs = [bench.submit("import time\ntime.sleep(1)\nopen('runs', 'a').write('x')\nx = 1", outputs=("x",))]
    bench.started(runs[0])
    (connection,) = bench.root.glob("phelps-cluster-*/security/ipcontroller*-client.json")
    with ipp.Client(str(connection)) as client:
        client[:].execute(KILL_AGENTS, block=True)
        assert client[:].pull("count", block=True) == [1, 1]
    runs.append(bench.submit("open('runs', 'a').write('x')\nx = 1", outputs=("x",)))
    assert [gave(bench.outcome(run)) for run in runs] == [["x"], ["x"]]
    poll(lambda: "2 reached by its own channel" in bench.engines.describe())
    assert bench.text(bench.submit("print('hello')")) == "hello\n"
    assert ((bench.root / "runs").read_text(), len(bench.log.of(Outcome))) == ("xx", 3)


@pytest.mark.engines
def test_strangers_on_the_channel_are_left_unread(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    (place,) = bench.root.glob("phelps-cluster-*/channel")
    assert os.stat(place.parent).st_mode & 0o777 == 0o700
    order = bench.submit("import time\ntime.sleep(0.5)\nx = 1", outputs=("x",))
    with caplog.at_level(logging.WARNING), zmq.Context() as context, context.socket(zmq.DEALER) as stranger:
        stranger.connect(f"ipc://{place}")
        stranger.send(b"no message")
        stranger.send_multipart([agent.HEAD.pack(0, 0), pack(Message("outcome", order.run, 1, b"forged"))])
        assert gave(bench.outcome(order)) == ["x"]
        poll(lambda: len(caplog.records) == 2)
    assert [("left unread" in record.message) for record in caplog.records] == [True, True]


def connected(endpoint: str, kernel: bytes, keys: agent.Keys | None) -> zmq.Socket[bytes]:
    """Somebody who speaks under the agent's name."""
    dealer = zmq.Context.instance().socket(zmq.DEALER)
    dealer.linger = 0
    dealer.setsockopt(zmq.IDENTITY, NAME)
    if keys is not None:
        dealer.curve_publickey, dealer.curve_secretkey = keys
        dealer.curve_serverkey = kernel
    dealer.connect(endpoint)
    return dealer


@pytest.fixture
def admitted(channel: Channel) -> tuple[str, bytes, agent.Keys]:
    """The way through the gate, and the keys to it."""
    keys = agent.new_keys()
    return *channel.admit(keys.public, "127.0.0.1"), keys


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("has a key of its own", "its key was never admitted"),
        ("takes us for another", "meant for another kernel"),
        ("has no key", "before it had shown a key"),
    ],
)
def test_strangers_are_refused_at_the_gate_and_those_within_are_not_disturbed(
    channel: Channel, admitted: tuple[str, bytes, agent.Keys], caplog: pytest.LogCaptureFixture, who: str, why: str
) -> None:
    endpoint, kernel, keys = admitted
    strangers = {
        "has a key of its own": (kernel, agent.new_keys()),
        "takes us for another": (agent.new_keys().public, keys),
        "has no key": (b"", None),
    }
    with connected(endpoint, *strangers[who]) as stranger, connected(endpoint, kernel, keys) as ours:
        with suppress(zmq.Again):
            # It may have been refused by now.
            stranger.send_multipart([agent.HEAD.pack(0, 0), pack(Message("gone", 1, 1, b"forged"))], zmq.NOBLOCK)
        ours.send_multipart([agent.HEAD.pack(0, 0), pack(Message("gone", 1, 1, b"true"))])
        assert unpack(heard(channel).messages[0]).payload == b"true"
        came: list[object] = []
        poll(lambda: came.extend(channel.receive()) or why in caplog.text)
        assert came == []


class Relay(threading.Thread):
    """Passes on what comes in one connection after the other, altered; what came from the first is kept."""

    def __init__(self, port: int, alter: Callable[[bytes], bytes]) -> None:
        super().__init__(daemon=True)
        self._to = port
        self._alter = alter
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.came = b""
        self.connections = 0

    def run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self.connections += 1
                with client, socket.create_connection(("127.0.0.1", self._to)) as there, suppress(OSError):
                    self._pass_on(client, there)

    def _pass_on(self, client: socket.socket, there: socket.socket) -> None:
        while True:
            for each in select.select([client, there], [], [])[0]:
                data = each.recv(1 << 16)
                if not data:
                    return
                if each is there:
                    client.sendall(data)
                else:
                    self.came += data if self.connections == 1 else b""
                    there.sendall(self._alter(data))

    def close(self) -> None:
        # To close it alone would not wake the thread.
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.join()


@contextmanager
def relayed(endpoint: str, alter: Callable[[bytes], bytes]) -> Iterator[Relay]:
    relay = Relay(int(endpoint.rpartition(":")[2]), alter)
    relay.start()
    yield relay
    relay.close()


def test_what_was_altered_on_its_way_counts_for_nothing_and_is_said_again(
    tmp_path: Path,
    post: Post,
    channel: Channel,
    admitted: tuple[str, bytes, agent.Keys],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(mailbox, "AGAIN", 0.1)
    endpoint, kernel, keys = admitted
    once: list[int] = []

    def alter(data: bytes) -> bytes:
        return data[:-1] + bytes([data[-1] ^ once.pop()]) if once else data

    with relayed(endpoint, alter) as relay:
        running = Agent(post, f"tcp://127.0.0.1:{relay.port}", NAME, kernel, keys)
        running.start()
        heard(channel)
        once.append(1)
        say(channel, order(tmp_path, body="print('hello')"))
        told = until_outcome(channel, seat())
        running.stop()
    # What a print writes may come in two pieces.
    assert [*dict.fromkeys(message.kind for message in told)] == ["started", "frames", "outcome"]
    assert (once, relay.connections) == ([], 2)
    assert "altered" in caplog.text


def test_what_is_replayed_counts_for_nothing(
    channel: Channel, admitted: tuple[str, bytes, agent.Keys], caplog: pytest.LogCaptureFixture
) -> None:
    endpoint, kernel, keys = admitted
    with relayed(endpoint, bytes) as relay, connected(f"tcp://127.0.0.1:{relay.port}", kernel, keys) as ours:
        ours.send_multipart([agent.HEAD.pack(0, 0), pack(Message("gone", 1, 1, b"true"))])
        assert unpack(heard(channel).messages[0]).payload == b"true"
        with socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2]))) as replay:
            replay.sendall(relay.came)
            came: list[object] = []
            poll(lambda: came.extend(channel.receive()) or "was refused" in caplog.text)
        assert came == []
