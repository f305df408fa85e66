"""Whatever comes, in whatever order: what must hold holds, and in the end everything has ended as it should."""

from __future__ import annotations

from dataclasses import replace

from books import PLAIN, Place, picture_of
from documents import task
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from simulator import Simulation

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import FailureKind, Resources, RunState, Task, TaskName

NAMES = ["a", "b", "c", "d", "e", "f", "g"]
PLACES = [Place("small", 2, 4), Place("big", 4, 16), Place("gpus", 8, 8)]
KINDS = [FailureKind.MEMORY, FailureKind.LOST, FailureKind.TIMEOUT, FailureKind.CODE, FailureKind.OUTPUT]
RESOURCES = st.builds(
    Resources,
    cpus=st.sampled_from([1, 1, 2, 4, "all"]),
    memory=st.sampled_from([None, None, 2, 6]),
    label=st.sampled_from([None, None, None, "gpu", "big"]),
)


@st.composite
def declarations(draw: st.DrawFn, name: str) -> Task:
    """A task that reads some of those above it. Two codes only, so that keys are equal now and then."""
    above = [PLAIN, *NAMES[: NAMES.index(name)]]
    reads = draw(st.lists(st.sampled_from(above), max_size=2, unique=True))
    after = draw(st.lists(st.sampled_from(above[1:]), max_size=1)) if len(above) > 1 else []
    always = draw(st.sampled_from([False, False, False, True]))
    plain = task(name, *reads, after=after, always=always, retries=draw(st.integers(0, 1)))
    code = draw(st.sampled_from(["f", "g"]))
    return replace(
        plain,
        body=f"out = {code}({', '.join(reads)})",
        options=replace(plain.options, resources=draw(RESOURCES)),
        bindings=replace(plain.bindings, code=code),
    )


class Weather(RuleBasedStateMachine):
    """Draws what happens next."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Simulation()

    @initialize(data=st.data(), prompt=st.booleans())
    def declare(self, data: st.DataObject, prompt: bool) -> None:
        self.world.prompt = prompt
        self.world.change_document([data.draw(declarations(name)) for name in NAMES])

    @rule(name=st.sampled_from(NAMES), data=st.data())
    def redeclare(self, name: str, data: st.DataObject) -> None:
        new = data.draw(declarations(name))
        self.world.change_document(new if old.name == name else old for old in list(self.world.tasks.values()))

    @rule()
    def change_setting(self) -> None:
        self.world.change_setting()

    @rule(
        tasks=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3),
        forced=st.sampled_from([False, False, False, True]),
        confirm=st.booleans(),
    )
    def request(self, tasks: list[str], forced: bool, confirm: bool) -> None:
        self.world.request(tasks, forced=forced, confirm=confirm)

    @rule(tasks=st.none() | st.lists(st.sampled_from(NAMES), min_size=1, max_size=2))
    def cancel(self, tasks: list[str] | None) -> None:
        self.world.cancel(tasks)

    @rule(name=st.sampled_from(NAMES))
    def wait_for(self, name: str) -> None:
        self.world.feed(lambda at: ev.Awaited(at, TaskName(name)))

    @precondition(lambda self: len(self.world.engines) < 5)
    @rule(place=st.sampled_from(PLACES), labels=st.sampled_from([frozenset(), frozenset({"gpu"})]))
    def join(self, place: Place, labels: frozenset[str]) -> None:
        self.world.join(place, labels)

    @precondition(lambda self: self.world.engines)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.world.leave(data.draw(st.sampled_from(list(self.world.engines))))

    @rule()
    def engines_settle(self) -> None:
        self.world.feed(ev.EnginesSettled)

    @rule()
    def engines_fail(self) -> None:
        self.world.starting = False
        self.world.feed(lambda at: ev.EnginesFailed(at, "no such host"))

    @precondition(lambda self: self.world.captures)
    @rule(failing=st.sampled_from([None, None, None, RunState.BLOCKED, RunState.FAILED]))
    def capture(self, failing: RunState | None) -> None:
        self.world.answer_capture(failing)

    @precondition(lambda self: self.world.proofs)
    @rule(failing=st.sampled_from([False, False, False, True]))
    def prove(self, failing: bool) -> None:
        self.world.answer_proof(failing=failing)

    @precondition(lambda self: self.world.captures or self.world.proofs)
    @rule()
    def answer_all(self) -> None:
        self.world.answer_all()

    @precondition(lambda self: self.world.live)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        self.world.start(data.draw(st.sampled_from(list(self.world.live))))

    @precondition(lambda self: self.world.live)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        self.world.succeed(data.draw(st.sampled_from(list(self.world.live))))

    @precondition(lambda self: self.world.live)
    @rule(data=st.data(), kind=st.sampled_from(KINDS), peak=st.integers(0, 6))
    def fail(self, data: st.DataObject, kind: FailureKind, peak: int) -> None:
        self.world.fail(data.draw(st.sampled_from(list(self.world.live))), kind, peak)

    @precondition(lambda self: self.world.ghosts)
    @rule(data=st.data(), answer=st.sampled_from(["start", "succeed", "fail"]))
    def answer_late(self, data: st.DataObject, answer: str) -> None:
        slot = data.draw(st.sampled_from(self.world.ghosts))
        match answer:
            case "start":
                self.world.start(slot)
            case "succeed":
                self.world.succeed(slot)
            case "fail":
                self.world.fail(slot, FailureKind.LOST)

    def teardown(self) -> None:
        self.world.drain()
        self.world.check_end()
        assert picture_of(Machine.replay(self.world.events)) == self.world.picture()


Weather.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


class TestWeather(Weather.TestCase):
    """Each example is one course of events; in the end all is answered, checked and replayed."""
