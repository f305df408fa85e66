"""The machine: events in, actions out. It plans runs, releases and places them, and judges how attempts ended.

Theory. A run waits until all it needs has ended well and its captures are made; then its key is proved. A known key
ends it as reused; else it is ready, is placed on an engine, and its attempt ends in exactly one event. Each answer of
an engine carries the attempt's number: an engine that comes back late still answers, the number tells its answer
from the current one. Whoever needs a run that ended badly is skipped.
It knows no clock (time comes with each event), no values, and no engine but by its id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import assert_never

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.events import Action, Event
from phelps_jupyter.core.failures import allow_another, lower_memory
from phelps_jupyter.core.freshness import ALWAYS, FORCED, Verdict
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Failure, FailureKind, HostId, Key, Record, Resources, RunId, RunState, Usage
from phelps_jupyter.core.nearness import at_hand, note_kept
from phelps_jupyter.core.placement import Fleet
from phelps_jupyter.core.plan import plan
from phelps_jupyter.core.ready import ReadyRuns
from phelps_jupyter.core.runs import Run, Runs
from phelps_jupyter.core.temporary import done_with, gone_for_good, regained

LOG_LINES_KEPT = 1_000


class Machine:
    """All runs of one kernel. ``handle`` touches only what changed."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.runs = Runs()
        self.fleet = Fleet()
        self.log: deque[str] = deque(maxlen=LOG_LINES_KEPT)
        """Answers that came late or twice, for the bug report."""
        self._ready = ReadyRuns()
        self._by_key: dict[Key, list[Run]] = {}
        """Open runs that were not reused, by the key they go with."""
        self._engines_asked = False
        self._engines_settled = False

    @classmethod
    def replay(cls, events: Iterable[Event]) -> Machine:
        """A machine that has seen these events: a bug report becomes a test."""
        machine = cls()
        for event in events:
            machine.handle(event)
        return machine

    def handle(self, event: Event) -> list[Action]:
        """Take one event; return what must happen now, in order."""
        actions: list[Action] = [ev.Forget(event, run) for run in self.runs.forget()]
        actions += self._take(event)
        return actions + self._dispatch(event)

    def _take(self, event: Event) -> list[Action]:
        match event:
            case ev.DocumentChanged() | ev.RunRequested() | ev.Awaited() | ev.CancelRequested():
                return self._take_wish(event)
            case ev.Captured() | ev.CaptureFailed() | ev.Proved() | ev.ProofFailed():
                return self._take_answer(event)
            case ev.EngineJoined() | ev.HostShared() | ev.EngineLeft() | ev.EnginesSettled() | ev.EnginesFailed():
                return self._take_from_engines(event)
            case ev.AttemptStarted() | ev.AttemptDone() | ev.AttemptFailed() | ev.InputsLost():
                return self._take_from_attempt(event)
            case _:
                assert_never(event)

    def _take_wish(self, event: ev.DocumentChanged | ev.RunRequested | ev.Awaited | ev.CancelRequested) -> list[Action]:
        match event:
            case ev.DocumentChanged():
                self.graph = event.graph
                return []
            case ev.RunRequested():
                return self._on_run_requested(event)
            case ev.Awaited():
                return self._hurry(self.runs.open_of([event.task]))
            case ev.CancelRequested():
                names = list(self.runs.open) if event.tasks is None else event.tasks
                return self._cancel(self.runs.open_of(names), event, "cancelled")
            case _:
                assert_never(event)

    def _take_answer(self, event: ev.Captured | ev.CaptureFailed | ev.Proved | ev.ProofFailed) -> list[Action]:
        run = self.runs.by_id.get(event.run)
        if run is None or run.state is not RunState.WAITING:
            # It was cancelled while the answer was on its way.
            return []
        match event:
            case ev.Captured():
                run.captured = True
                return self._release(run, event)
            case ev.CaptureFailed():
                return self._fail(run, event.failure, event, event.state)
            case ev.Proved():
                return self._on_proved(run, event)
            case ev.ProofFailed():
                return self._fail(run, event.failure, event)
            case _:
                assert_never(event)

    def _show_ready(self, event: Event) -> list[Action]:
        """What ready runs wait for is another thing now."""
        return [ev.Show(event, run.id) for run in self._ready.all()]

    def wanted(self, most: int, held: int) -> int:
        """Cpus that ready runs could use beside those ``held``, ``most`` at most."""
        return self._ready.wanted(most, held)

    def wide(self, host: HostId) -> Run | None:
        """The run that waits for several cpus of this host which others hold, for the longest."""
        return self._ready.wide(self.fleet.rooms[host])

    def _take_from_engines(
        self, event: ev.EngineJoined | ev.HostShared | ev.EngineLeft | ev.EnginesSettled | ev.EnginesFailed
    ) -> list[Action]:
        match event:
            case ev.EngineJoined():
                self.fleet.join(event.engine, event.host)
                return []
            case ev.HostShared():
                return self._show_ready(event) if self.fleet.allow(event.host, event.cpus) else []
            case ev.EngineLeft():
                return self._on_engine_left(event)
            case ev.EnginesSettled():
                self._engines_settled = True
                return self._fail_the_impossible(event) + self._show_ready(event)
            case ev.EnginesFailed():
                return self._on_engines_failed(event)
            case _:
                assert_never(event)

    def _take_from_attempt(
        self, event: ev.AttemptStarted | ev.AttemptDone | ev.AttemptFailed | ev.InputsLost
    ) -> list[Action]:
        if not isinstance(event, ev.AttemptStarted):
            self.fleet.release((event.run, event.attempt))
        run = self._current(event.run, event.attempt)
        if run is None:
            self.log.append(f"{event.at}: {type(event).__name__} of run {event.run}.{event.attempt} came too late")
            return []
        match event:
            case ev.AttemptStarted():
                return self._on_attempt_started(run, event)
            case ev.AttemptDone():
                return self._on_attempt_done(run, event)
            case ev.AttemptFailed():
                run.seen = event.seen
                return self._on_ended_badly(run, event.failure, event.usage, event)
            case ev.InputsLost():
                return self._on_inputs_lost(run, event)
            case _:
                assert_never(event)

    def _on_run_requested(self, event: ev.RunRequested) -> list[Action]:
        request = plan(self.graph, self.runs, event)
        actions = self._cancel(request.superseded, event, "newer code was submitted")
        for run in request.lengthened:
            self._ready.renew(run)
        for run in request.made:
            actions += self._open(run, event)
        return actions

    def _open(self, run: Run, event: Event) -> list[Action]:
        if run.settled:
            # What it needs was found at fault a moment ago, and it was skipped with all the others that need it.
            return []
        actions: list[Action] = [ev.Show(event, run.id)]
        problems = self.graph.problems.get(run.task.cell, ())
        if problems:
            return actions + self._fail(run, problems[0], event)
        bad = next((need for need in sorted(run.needs) if self.runs[need].settled and not self.runs[need].good), None)
        if bad is not None:
            return actions + self._skip_readers(self.runs[bad], event)
        return [*actions, ev.Capture(event, run.id)]

    def _hurry(self, runs: Iterable[Run]) -> list[Action]:
        """Somebody waits for these: they and all that they wait for go first."""
        stack = list(runs)
        while stack:
            run = stack.pop()
            run.awaited = True
            self._ready.renew(run)
            stack += [other for other in (self.runs[other] for other in run.waits_for) if not other.awaited]
        return []

    def _cancel(self, runs: Sequence[Run], event: Event, why: str) -> list[Action]:
        actions: list[Action] = []
        for run in runs:
            actions += self._end(run, RunState.CANCELLED, event, why)
        for run in runs:
            actions += self._skip_readers(run, event)
        return actions

    def _release(self, run: Run, event: Event) -> list[Action]:
        """Prove its key once nothing is missing for it."""
        if run.state is not RunState.WAITING or run.waits_for or not run.captured:
            return []
        return [ev.Prove(event, run.id)]

    def _on_proved(self, run: Run, event: ev.Proved) -> list[Action]:
        self.runs.note_key(run, event.key)
        run.verdict, run.reasons = event.verdict, event.reasons
        if event.record is not None and not _runs_anyway(run):
            return self._reuse(run, event.record, event)
        if event.record is not None:
            run.verdict, run.reasons = Verdict.STALE, (FORCED if run.forced else ALWAYS,)
        if event.memory is not None:
            run.ask_for_memory(max(event.memory, run.resources.memory or 0))
        twin = self._twin(run, event.key)
        if twin is None:
            return self._make_ready(run, event)
        self.runs.wait(run, twin)
        return self._hurry([twin]) if run.awaited else []

    def _reuse(self, run: Run, record: Record, event: Event) -> list[Action]:
        run.outputs, run.usage = record.outputs, record.usage
        run.changed, run.left_out, run.seen = record.changed, record.left_out, record.seen
        return self._succeed(run, RunState.REUSED, event)

    def _twin(self, run: Run, key: Key) -> Run | None:
        """An open run with the same key, whose result will serve both."""
        alike = self._by_key.setdefault(key, [])
        if alike and not _runs_anyway(run):
            return alike[0]
        alike.append(run)
        return None

    def _make_ready(self, run: Run, event: Event) -> list[Action]:
        self.runs.is_news(run)
        run.step(RunState.READY, event.at, type(event).__name__)
        if self._engines_settled:
            lower_memory(run, self.fleet.largest_memory)
        if self._is_impossible(run.resources):
            return self._fail_as_impossible(run, event)
        return self._line_up(run, event)

    def _line_up(self, run: Run, event: Event) -> list[Action]:
        run.ready_at = event.at
        self._ready.add(run)
        return [ev.Show(event, run.id)]

    def _on_engine_left(self, event: ev.EngineLeft) -> list[Action]:
        slot = self.fleet.leave(event.engine)
        if not self.fleet.engines:
            self._engines_settled = False
        run = None if slot is None else self._current(*slot)
        if run is None:
            return []
        lost = Failure(FailureKind.LOST, f"engine {event.engine} is gone: {event.why}", evidence=event.why)
        return self._on_ended_badly(run, lost, Usage(), event)

    def _on_engines_failed(self, event: ev.EnginesFailed) -> list[Action]:
        self.fleet.dismiss(event.leaving)
        if self.fleet.engines:
            # One could not be replaced, and the others go on; or each is about to leave, and what it runs is lost then.
            return self._fail_the_impossible(event)
        self._engines_asked = False
        failure = Failure(FailureKind.LOST, f"engines could not be started: {event.why}")
        return [action for run in self._ready.all() for action in self._fail(run, failure, event)]

    def _fail_the_impossible(self, event: Event) -> list[Action]:
        for run in self._ready.all() if self._engines_settled else ():
            if lower_memory(run, self.fleet.largest_memory):
                self._ready.add(run)
        shapes = {needs for needs in self._ready.shapes() if self._is_impossible(needs)}
        hopeless = [run for run in self._ready.all() if run.resources in shapes] if shapes else []
        return [action for run in hopeless for action in self._fail_as_impossible(run, event)]

    def _is_impossible(self, needs: Resources) -> bool:
        """All engines that will come are there, and it would fit none of them were they idle."""
        return self._engines_settled and bool(self.fleet.engines) and not self.fleet.could_ever_fit(needs)

    def _fail_as_impossible(self, run: Run, event: Event) -> list[Action]:
        return self._fail(run, Failure(FailureKind.IMPOSSIBLE, self.fleet.shortcoming(run.resources)), event)

    def _current(self, run: RunId, attempt: int) -> Run | None:
        """The run, if this attempt of it is the one that counts."""
        found = self.runs.by_id.get(run)
        if found is None or found.attempt != attempt or found.state not in (RunState.SUBMITTED, RunState.RUNNING):
            return None
        return found

    def _on_attempt_started(self, run: Run, event: ev.AttemptStarted) -> list[Action]:
        if run.state is RunState.RUNNING:
            return []
        run.step(RunState.RUNNING, event.at, f"attempt {run.attempt}")
        run.started_at = event.at
        return [ev.Show(event, run.id)]

    def _on_attempt_done(self, run: Run, event: ev.AttemptDone) -> list[Action]:
        run.outputs, run.usage, run.changed, run.left_out = event.outputs, event.usage, event.changed, event.left_out
        run.drew, run.seen = event.drew, event.seen
        if self.fleet.apart and run.engine in self.fleet.engines:
            note_kept(self.runs, run, self.fleet.hosts[self.fleet.engines[run.engine].host])
        return [ev.Store(event, run.id), *self._succeed(run, RunState.DONE, event)]

    def _on_ended_badly(self, run: Run, failure: Failure, usage: Usage, event: Event) -> list[Action]:
        run.failures = (*run.failures, failure)
        run.usage = usage
        if not allow_another(run, failure, self.fleet.largest_memory):
            return self._fail(run, failure, event)
        run.step(RunState.READY, event.at, f"attempt {run.attempt} {failure.kind}")
        return self._line_up(run, event)

    def _on_inputs_lost(self, run: Run, event: ev.InputsLost) -> list[Action]:
        run.losses += 1
        # What an earlier attempt used is not what this one did: it never began.
        run.usage = Usage()
        requests = regained(self.graph, self.runs, run, event)
        if not requests:
            return self._fail(run, gone_for_good(event), event)
        actions = [action for request in requests for action in self._on_run_requested(request)]
        for other in self.runs.open_of([run.task.name]):
            other.losses = run.losses
        return actions

    def _succeed(self, run: Run, state: RunState, event: Event) -> list[Action]:
        run.step(state, event.at, type(event).__name__)
        self._settle(run, event)
        actions: list[Action] = [ev.Show(event, run.id)]
        for waiting in self.runs.waiting_on(run):
            waiting.waits_for.discard(run.id)
            actions += self._release(waiting, event)
        past = done_with(self.runs, run)
        return [*actions, ev.Discard(event, past)] if past else actions

    def _fail(self, run: Run, failure: Failure, event: Event, state: RunState = RunState.FAILED) -> list[Action]:
        run.failure = failure
        return self._end(run, state, event, failure.message) + self._skip_readers(run, event)

    def _skip_readers(self, run: Run, event: Event) -> list[Action]:
        """Nothing that needs the run can start any more; a run that waited only for an equal key goes itself."""
        actions: list[Action] = []
        culprits = [run]
        for culprit in culprits:
            for waiting in self.runs.waiting_on(culprit):
                if culprit.id in waiting.needs:
                    waiting.root = culprit.id if culprit.root is None else culprit.root
                    actions += self._end(waiting, RunState.SKIPPED, event, f"{culprit.task.name} {culprit.state}")
                    culprits.append(waiting)
                else:
                    waiting.waits_for.discard(culprit.id)
                    actions += self._release(waiting, event)
        return actions

    def _end(self, run: Run, state: RunState, event: Event, why: str) -> list[Action]:
        """Settle a run without outputs."""
        actions: list[Action] = [ev.Show(event, run.id)]
        if run.state in (RunState.SUBMITTED, RunState.RUNNING) and (run.id, run.attempt) in self.fleet.held:
            assert run.engine is not None
            actions.append(ev.Kill(event, run.id, run.attempt, run.engine))
        self._ready.discard(run)
        run.step(state, event.at, why)
        self._settle(run, event)
        return actions

    def _settle(self, run: Run, event: Event) -> None:
        run.ended_at = event.at
        self.runs.settled(run)
        alike = [] if run.key is None else self._by_key.get(run.key, [])
        if run in alike:
            alike.remove(run)
        if run.key is not None and not alike:
            self._by_key.pop(run.key, None)

    def _near(self, run: Run) -> dict[HostId, int]:
        return at_hand(self.runs, run, self.fleet.hosts) if self.fleet.apart else {}

    def _dispatch(self, event: Event) -> list[Action]:
        if not self.fleet.engines:
            if self._engines_asked or not self._ready:
                return []
            self._engines_asked = True
            return [ev.StartEngines(event)]
        self._engines_asked = False
        actions: list[Action] = []
        for run, engine in self._ready.place_on(self.fleet, event.at, self._near):
            run.engine, run.place = engine, self.fleet.name_of(engine)
            run.step(RunState.SUBMITTED, event.at, f"to engine {engine}")
            gpus = None if run.resources.gpus is None else self.fleet.gpus_held.get((run.id, run.attempt), ())
            actions += [ev.Submit(event, run.id, run.attempt, engine, run.resources, gpus), ev.Show(event, run.id)]
        return actions


def _runs_anyway(run: Run) -> bool:
    """Whatever is known of its key."""
    return run.forced or run.task.options.always
