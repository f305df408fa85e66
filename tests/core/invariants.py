"""What holds after every event, by the simulation's own books."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from books import ENDED, ENDED_WELL, WAYS, look

from phelps_jupyter.core.model import EngineId
from phelps_jupyter.core.runs import Run

if TYPE_CHECKING:
    from simulator import Simulation


def check(world: Simulation) -> None:
    """What holds after every event."""
    _check_hosts(world)
    _check_steps(world)
    _check_nobody_waits_in_vain(world)
    _check_kept(world)
    _check_no_engine_idles(world)


def _check_hosts(world: Simulation) -> None:
    engines = Counter(live.engine for live in world.live.values())
    assert all(count == 1 for count in engines.values())
    for name, place in world.hosts.items():
        held = [live for live in world.live.values() if live.host == name]
        assert sum(live.cpus for live in held) <= place.cpus
        assert sum(live.memory for live in held) <= place.memory
        gpus = [gpu for live in held for gpu in live.gpus]
        assert len(gpus) == len({*gpus})
        assert {*gpus} <= {*place.gpus}


def _check_steps(world: Simulation) -> None:
    for booked in world.booked.values():
        run = booked.run
        assert run.state in WAYS[booked.state], (run.id, booked.state, run.state)
        assert (run.task, dict(run.providers), run.needs) == (booked.task, booked.providers, booked.needs)
        if booked.state in ENDED:
            assert look(run) == booked.ending
        elif run.state in ENDED:
            _check_ending(world, run)
            booked.ending = look(run)
        booked.state = run.state.value


def _check_ending(world: Simulation, run: Run) -> None:
    booked = world.booked[run.id]
    if run.state in ENDED_WELL:
        assert all(world.booked[need].run.state in ENDED_WELL for need in booked.needs)
    if run.state == "reused":
        assert not world.runs_anyway(run.id)
    if run.state == "skipped":
        assert any(world.booked[need].run.state in ENDED - ENDED_WELL for need in booked.needs)
        assert run.root is not None
        assert world.booked[run.root].run.state in ENDED - ENDED_WELL - {"skipped"}
    assert not any(slot[0] == run.id and live.wanted for slot, live in world.live.items())


def _check_nobody_waits_in_vain(world: Simulation) -> None:
    for run, booked in world.booked.items():
        if booked.state == "waiting" and run not in world.captures and run not in world.proofs:
            others = booked.run.waits_for
            assert others
            assert all(world.booked[other].state not in ENDED for other in others)
        if booked.state in ("submitted", "running"):
            assert world.counts((run, booked.attempts))


def _check_kept(world: Simulation) -> None:
    """A run is there as long as it is open, tells of its task, or one that is there needs it; and not much longer."""
    there = set(world.machine.runs.by_id)
    assert there == {run for run, booked in world.booked.items() if not booked.forgotten}
    wanted = {run for run, booked in world.booked.items() if booked.state not in ENDED}
    wanted |= set(world.machine.runs.latest.values())
    assert wanted | {need for run in there for need in world.booked[run].needs} <= there


def _check_no_engine_idles(world: Simulation) -> None:
    busy = {live.engine for live in world.live.values()}
    idle = [engine for engine in world.engines if engine not in busy]
    ready = [run for run in world.machine.runs.by_id.values() if run.state == "ready"]
    idle_for = {run.id: {world.engines[engine][0] for engine in idle if _fits(world, run, engine)} for run in ready}
    kept = set().union(*idle_for.values())
    # One host may be, for the sake of a run that fits nowhere now.
    assert not kept or (len(kept) == 1 and not all(idle_for.values()))
    assert not ready or world.engines or world.starting


def _fits(world: Simulation, run: Run, engine: EngineId) -> bool:
    host, labels = world.engines[engine]
    held = [live for live in world.live.values() if live.host == host]
    needs = run.resources
    whole = needs.cpus == "all" or (needs.alone and needs.cpus <= world.hosts[host].cpus)
    cpus = world.hosts[host].cpus if whole else needs.cpus
    return (
        (needs.label is None or needs.label in labels or needs.label == host)
        and cpus + sum(live.cpus for live in held) <= world.hosts[host].cpus
        and (needs.memory or 0) + sum(live.memory for live in held) <= world.hosts[host].memory
        and (needs.gpus or 0) + sum(len(live.gpus) for live in held) <= len(world.hosts[host].gpus)
    )
