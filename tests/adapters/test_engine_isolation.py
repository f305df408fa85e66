"""`--isolation engine`: the body runs in the engine's own process, which keeps its modules, and is left as it was."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import ipyparallel as ipp
import psutil
import pytest
from engine_bench import Bench, gave, poll, users_cluster

from phelps_jupyter.adapters.ipyparallel import connection_of, correspondence
from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesFailed
from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.orders import Given, Order, Outcome

MB = 1_000_000


class Inside:
    """A bench whose bodies run in their engine's own process."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def submit(self, body: str, **fields: Any) -> Order:
        return self.bench.submit(body, isolation="engine", **fields)

    def run(self, body: str, **fields: Any) -> Outcome:
        return self.bench.outcome(self.submit(body, **fields))

    def value(self, body: str, **fields: Any) -> Any:
        """What the body has bound to ``x``."""
        outcome = self.run(body, outputs=("x",), **fields)
        assert (outcome.kind, outcome.message) == ("done", "")
        return self.bench.value(outcome, "x")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with users_cluster(tmp_path_factory.mktemp("profile"), 1) as started:
        yield started


@pytest.fixture(scope="module")
def user(cluster: Any) -> Iterator[Any]:
    client = cluster.connect_client_sync()
    yield client[0]
    client.close()


@pytest.fixture(scope="module")
def inside(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    root = tmp_path_factory.mktemp("bench")
    bench = Bench("ipyparallel", root, connection=connection_of(cluster)).open()
    yield Inside(bench)
    bench.engines.close()


@pytest.mark.engines
def test_the_body_runs_in_the_engine_s_own_process(inside: Inside, user: Any) -> None:
    assert inside.value("import os\nx = os.getpid()") == user.apply_sync(os.getpid)
    outcome = inside.bench.run("import os\nx = os.getpid()", outputs=("x",))
    assert inside.bench.value(outcome, "x") != user.apply_sync(os.getpid)


@pytest.mark.engines
def test_what_it_writes_comes_in_order(inside: Inside) -> None:
    order = inside.submit("import os, sys\nprint('one')\nos.system('echo two')\nprint('three', file=sys.stderr)\n4")
    frames = inside.bench.frames(order)
    shown = [(frame.kind, frame.text or frame.data["text/plain"]) for frame in frames]
    assert shown == [("stdout", "one\ntwo\n"), ("stderr", "three\n"), ("result", "4")]


@pytest.mark.engines
def test_what_it_writes_is_seen_while_it_runs(inside: Inside) -> None:
    os.mkfifo(inside.bench.root / "go")
    order = inside.submit("print('early', flush=True)\nopen('go').read()")
    assert inside.bench.wrote(order, "early\n") == "early\n"
    (inside.bench.root / "go").write_text("")
    assert inside.bench.outcome(order).kind == "done"


@pytest.mark.engines
def test_an_error_is_told_as_that_of_any_other_body(inside: Inside) -> None:
    outcome = inside.run("x = 1\nx / 0")
    assert (outcome.kind, outcome.error_type, outcome.line) == ("code", "ZeroDivisionError", 2)
    assert "guests" not in outcome.traceback


@pytest.mark.engines
def test_it_takes_inputs_and_may_await(inside: Inside) -> None:
    given = (inside.bench.given("y", [1]),)
    assert inside.value("import asyncio\nx = await asyncio.sleep(0, y)", inputs=given) == [1]
    assert inside.value("import asyncio\nx = asyncio.run(asyncio.sleep(0, y))", inputs=given) == [1]


@pytest.mark.engines
def test_it_has_an_asyncio_loop_of_its_own(inside: Inside, user: Any) -> None:
    before = user.apply_sync(loop)
    body = "import asyncio\nx = asyncio.get_event_loop().run_until_complete(asyncio.sleep(0, 1))"
    assert inside.value(body) == 1
    inside.run("import asyncio\nasyncio.run(asyncio.sleep(0))")
    assert user.apply_sync(loop) == before


@pytest.mark.engines
def test_what_it_raised_is_not_kept_and_the_user_s_own_is(inside: Inside, user: Any) -> None:
    with suppress(ipp.RemoteError):
        user.execute("1 / 0", block=True)
    user.execute("import sys; sys.last_value = sys.last_exc = ValueError('mine')", block=True)
    inside.run("raise KeyError('theirs')")
    assert user.apply_sync(last) == ["mine", "mine"]


@pytest.mark.engines
def test_a_module_that_was_written_a_moment_ago_is_found(inside: Inside) -> None:
    folder = inside.bench.root / "fresh"
    folder.mkdir()
    path = (str(folder), *sys.path)
    assert inside.value("import importlib.util\nx = importlib.util.find_spec('just_written') is None", path=path)
    before = folder.stat()
    (folder / "just_written.py").write_text("value = 1\n")
    # As on a file system whose clock is coarse.
    os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert inside.value("import just_written\nx = just_written.value", path=path) == 1


@pytest.mark.engines
def test_names_do_not_stay(inside: Inside) -> None:
    inside.run("left = 1")
    assert inside.value("x = 'left' in globals()") is False


@pytest.mark.engines
def test_modules_stay_with_their_state_between_tasks_of_this_kind(inside: Inside) -> None:
    (inside.bench.root / "counting.py").write_text("count = 0\n")
    body = "import counting\ncounting.count += 1\nx = counting.count"
    path = (str(inside.bench.root), *sys.path)
    # What was written a moment ago may have been written while the first body ran, and not while the next one does.
    assert [inside.value(body, path=path) for _ in range(4)] in ([1, 2, 3, 4], [1, 1, 2, 3])
    forked = inside.bench.run(body, outputs=("x",), path=path)
    assert inside.bench.value(forked, "x") == 1


@pytest.mark.engines
def test_a_module_that_was_edited_is_imported_anew_with_all_of_the_project(inside: Inside) -> None:
    inner, outer = inside.bench.root / "inner.py", inside.bench.root / "outer.py"
    path = (str(inside.bench.root), *sys.path)
    outer.write_text("from inner import value\n")
    inner.write_text("value = 1\n")
    assert inside.value("import outer\nx = outer.value", path=path) == 1
    inner.write_text("value = 2\n")
    assert inside.value("import outer\nx = outer.value", path=path) == 2


@pytest.mark.engines
def test_files_that_it_reads_are_seen_each_time(inside: Inside) -> None:
    (inside.bench.root / "data.txt").write_text("1")
    root = str(inside.bench.root)
    outcomes = [inside.run("open('data.txt').read();", base=root, project=root) for _ in range(2)]
    assert [[seen.name for seen in outcome.sightings.read] for outcome in outcomes] == [["data.txt"]] * 2


@pytest.mark.engines
def test_what_a_process_of_a_body_before_reads_is_not_seen(inside: Inside) -> None:
    root = str(inside.bench.root)
    for name in ("begin", "end"):
        os.mkfifo(inside.bench.root / name)
    (inside.bench.root / "theirs.txt").write_text("1")
    body = """
import os
if os.fork() == 0:
    open("begin").read()
    open("theirs.txt").read()
    open("end", "w").write("read")
    os._exit(0)
"""
    assert inside.run(body, base=root, project=root).kind == "done"
    outcome = inside.run("open('begin', 'w').close()\nopen('end').read();", base=root, project=root)
    assert "theirs.txt" not in [seen.name for seen in outcome.sightings.read]


@pytest.mark.engines
def test_spawned_processes_are_told_by_each_body_that_may_have_them(inside: Inside) -> None:
    root = str(inside.bench.root)
    spawns = "import multiprocessing\np = multiprocessing.get_context('spawn').Process(target=int)\np.start()\np.join()"
    told = [inside.run(body, base=root, project=root).sightings.unwatched for body in (spawns, spawns, "x = 1")]
    assert told == [("spawned processes",), ("spawned processes",), ()]


@pytest.mark.engines
def test_files_are_no_more_watched_when_its_inputs_could_not_be_loaded(inside: Inside, user: Any) -> None:
    root = str(inside.bench.root)
    inside.run("x = 1", base=root, project=root)
    before = user.apply_sync(watchers)
    missing = (Given("y", "0" * 64),)
    assert inside.run("x = y", base=root, project=root, inputs=missing).kind != "done"
    assert user.apply_sync(watchers) == before


@pytest.mark.engines
def test_the_user_finds_the_engine_as_it_was(inside: Inside, user: Any) -> None:
    user.execute("mine = 7; import os; os.environ['MINE'] = '1'", block=True)
    before = user.apply_sync(state)
    body = """
import builtins, matplotlib, os, random, signal, sys, warnings
sys.path.insert(0, "/nowhere")
sys.argv.append("more")
warnings.simplefilter("error")
os.environ["THEIRS"] = "1"
os.environ.pop("HOME", None)
os.chdir("/")
os.umask(0o77)
random.seed(1)
builtins.input = None
signal.signal(signal.SIGINT, signal.SIG_DFL)
mine = 8
x = "MINE" in os.environ
"""
    body = body.replace("matplotlib, ", "")
    assert inside.value(body) is False
    assert user.apply_sync(state) == before
    user.execute("print('still heard')", block=True)
    assert user["mine"] == 7
    # What the user writes is no task's.
    result = user.execute("print(get_ipython().__class__.__name__)")
    result.get()
    result.wait_for_output(10)
    assert "IPythonParallel" in result.stdout or "ZMQ" in result.stdout


@pytest.mark.engines
def test_the_users_own_modules_of_a_project_are_not_its_own(inside: Inside, user: Any) -> None:
    (inside.bench.root / "shared_by_name.py").write_text("who = 'task'\n")
    elsewhere = inside.bench.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "shared_by_name.py").write_text("who = 'user'\n")
    user.execute(f"import sys; sys.path.insert(0, {str(elsewhere)!r}); import shared_by_name", block=True)
    path = (str(inside.bench.root), *sys.path)
    assert inside.value("import shared_by_name\nx = shared_by_name.who", path=path) == "task"
    user.execute("import shared_by_name as again", block=True)
    assert user.apply_sync(who) == "user"


@pytest.mark.engines
def test_it_waits_for_the_user_s_own_work_and_may_be_cancelled_meanwhile(inside: Inside, user: Any) -> None:
    os.mkfifo(inside.bench.root / "on")
    busy = user.apply_async(Path.read_text, inside.bench.root / "on")
    order = inside.submit("x = 1")
    inside.bench.engines.kill(order.run, order.attempt)
    assert inside.bench.outcome(order).kind == "cancelled"
    later = inside.submit("x = 1")
    while not busy.ready():
        with suppress(OSError):
            # Nobody reads it, before or after.
            os.close(os.open(inside.bench.root / "on", os.O_WRONLY | os.O_NONBLOCK))
        busy.wait(0.05)
    assert inside.bench.outcome(later).kind == "done"


@pytest.mark.engines
@pytest.mark.parametrize("waits", ["time.sleep(1000)", "os.system('sleep 1000')"], ids=["itself", "for a program"])
def test_a_cancel_interrupts_it_and_the_engine_lives(inside: Inside, user: Any, waits: str) -> None:
    pid = user.apply_sync(os.getpid)
    order = inside.submit(f"import os, time\nprint('here', flush=True)\n{waits}")
    inside.bench.wrote(order, "here")
    inside.bench.engines.kill(order.run, order.attempt)
    assert inside.bench.outcome(order).kind == "cancelled"
    assert user.apply_sync(os.getpid) == pid


@pytest.mark.engines
def test_what_other_kernels_run_beside_the_engine_is_not_its_memory(
    cluster: Any, inside: Inside, tmp_path: Path
) -> None:
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster)).open()
    try:
        other = bench.submit("import time\nx = bytearray(600_000_000)\nprint('here', flush=True)\ntime.sleep(1000)")
        bench.wrote(other, "here")
        outcome = inside.run("import time\ntime.sleep(0.3)\nx = 1", outputs=("x",), memory=600 * MB)
    finally:
        bench.engines.close()
    assert gave(outcome) == ["x"]
    assert 0 < outcome.peak_memory < 600 * MB


@pytest.mark.engines
def test_over_its_time_it_is_interrupted_and_the_engine_lives(inside: Inside, user: Any) -> None:
    pid = user.apply_sync(os.getpid)
    outcome = inside.run("import time\ntime.sleep(1000)", time=0.3)
    assert (outcome.kind, outcome.line) == ("timeout", 2)
    assert user.apply_sync(os.getpid) == pid


@pytest.mark.engines
def test_an_interrupt_that_is_meant_for_the_user_s_work_does_not_reach_it(inside: Inside, user: Any) -> None:
    pid = user.apply_sync(os.getpid)
    os.mkfifo(inside.bench.root / "wait")
    order = inside.submit("print('here', flush=True)\nx = open('wait').read()", outputs=("x",))
    inside.bench.wrote(order, "here")
    os.kill(pid, signal.SIGINT)
    (inside.bench.root / "wait").write_text("went on")
    assert inside.bench.value(inside.bench.outcome(order), "x") == "went on"
    assert user.apply_sync(os.getpid) == pid


@pytest.mark.engines
def test_a_time_limit_never_reaches_the_user_s_work_that_follows(inside: Inside, user: Any) -> None:
    pid = user.apply_sync(os.getpid)
    for early in (0.0, 0.004, 0.008, 0.012, 0.016, 0.02):
        order = inside.submit(f"import time\nprint('here', flush=True)\ntime.sleep({0.3 - early})", time=0.3)
        inside.bench.wrote(order, "here")
        assert user.apply_async(nap).get(timeout=60) == "slept"
        assert inside.bench.outcome(order).kind in ("done", "timeout")
    assert user.apply_sync(os.getpid) == pid


@pytest.mark.engines
def test_figures_are_shown_by_each_and_by_the_user_s_own(inside: Inside, user: Any) -> None:
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    for _ in range(2):
        frames = inside.bench.frames(inside.submit(draw))
        assert [sorted(frame.data) for frame in frames] == [["image/png", "text/plain"]]
    drawn = user.execute(draw)
    drawn.get()
    drawn.wait_for_output(10)
    assert [sorted(output["data"]) for output in drawn.outputs] == [["image/png", "text/plain"]]


@pytest.mark.engines
def test_settings_of_libraries_hold_for_one_body(inside: Inside) -> None:
    body = """
import matplotlib, pandas
x = (matplotlib.rcParams["figure.dpi"], pandas.get_option("display.max_rows"))
"""
    ordered = {
        "matplotlib": {"figure.dpi": values.dumps(50.0)},
        "pandas": {"display.max_rows": values.dumps(5)},
    }
    own = inside.value(body)
    assert inside.value(body, settings=ordered) == (50.0, 5) != own
    assert inside.value(body) == own


@pytest.mark.engines
def test_whatever_it_puts_for_the_engine_s_input_all_is_given_back(inside: Inside, user: Any) -> None:
    before = user.apply_sync(state)
    assert inside.value("import sys\nsys.stdin = None\nsys.path.append('/nowhere')\nx = 1") == 1
    assert user.apply_sync(state) == before


@pytest.mark.engines
def test_an_attempt_that_the_engine_can_t_report_is_lost_and_the_engine_lives(inside: Inside, user: Any) -> None:
    pid = user.apply_sync(os.getpid)
    body = """
import os
for number in map(int, os.listdir("/proc/self/fd")):
    if os.path.exists(f"/proc/self/fd/{number}") and os.readlink(f"/proc/self/fd/{number}").endswith("guest/control"):
        os.close(number)
"""
    assert inside.run(body).kind == "lost"
    assert gave(inside.run("x = 1", outputs=("x",))) == ["x"]
    assert user.apply_sync(os.getpid) == pid


@pytest.mark.engines
@pytest.mark.parametrize("after", [0.0, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.15])
def test_a_cancel_at_any_moment_leaves_the_engine_to_its_user(inside: Inside, user: Any, after: float) -> None:
    pid = user.apply_sync(os.getpid)
    order = inside.submit("import time\ntime.sleep(1000)")
    time.sleep(after)
    inside.bench.engines.kill(order.run, order.attempt)
    assert inside.bench.outcome(order).kind == "cancelled"
    assert gave(inside.run("x = 1", outputs=("x",))) == ["x"]
    assert user.apply_sync(os.getpid) == pid


@pytest.mark.engines
def test_bodies_after_one_another_leave_nothing_open(inside: Inside, user: Any) -> None:
    inside.run("x = 1", outputs=("x",))
    before = user.apply_sync(opened)
    for _ in range(5):
        inside.run("import threading\nprint('here')\nx = 1", outputs=("x",))
        inside.run("%%bash\necho here")
    assert user.apply_sync(opened) == before


@pytest.mark.engines
def test_a_thread_of_a_body_that_has_ended_may_go_on_writing(inside: Inside) -> None:
    body = """
import sys, threading, time
go = threading.Event()
sys.thread_of_a_task = threading.Thread(target=lambda out=sys.stdout: (go.wait(), print("late", file=out)))
sys.go = go
sys.thread_of_a_task.start()
"""
    inside.run(body)
    order = inside.submit("import sys\nprint('mine')\nsys.go.set()\nsys.thread_of_a_task.join()")
    assert inside.bench.outcome(order).kind == "done"
    # It goes where the engine's own output goes, and that is to this body meanwhile.
    assert inside.bench.text(order).startswith("mine\n")


@pytest.mark.engines
def test_without_a_channel_it_runs_as_well(
    cluster: Any, user: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correspondence, "SILENCE", 0.0)
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster)).open()
    try:
        poll(lambda: "by requests" in bench.engines.describe())
        order = Inside(bench).submit("import os\nprint('here')\nx = os.getpid()", outputs=("x",))
        assert bench.value(bench.outcome(order), "x") == user.apply_sync(os.getpid)
        assert bench.text(order) == "here\n"
    finally:
        bench.engines.close()


@pytest.mark.engines
def test_files_are_watched_once_for_all_kernels(cluster: Any, inside: Inside, user: Any, tmp_path: Path) -> None:
    root = str(inside.bench.root)
    inside.run("x = 1", base=root, project=root)
    before = user.apply_sync(hooks)
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster)).open()
    try:
        (tmp_path / "of_another.txt").write_text("1")
        body = "open('of_another.txt').read();"
        outcome = Inside(bench).run(body, base=str(tmp_path), project=str(tmp_path))
    finally:
        bench.engines.close()
    assert [seen.name for seen in outcome.sightings.read] == ["of_another.txt"]
    assert user.apply_sync(hooks) == before == 1


@pytest.mark.engines
def test_who_leaves_the_cluster_ends_what_runs_there(cluster: Any, user: Any, tmp_path: Path) -> None:
    pid = user.apply_sync(os.getpid)
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster)).open()
    order = Inside(bench).submit("import time\nprint('here', flush=True)\ntime.sleep(1000)")
    bench.wrote(order, "here")
    bench.engines.close()
    assert user.apply_async(os.getpid).get(timeout=30) == pid


def state() -> dict[str, Any]:
    import builtins
    import os
    import random
    import signal
    import sys
    import warnings

    mask = os.umask(0)
    os.umask(mask)
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "mask": mask,
        "path": list(sys.path),
        "arguments": list(sys.argv),
        "finders": [str(type(each)) for each in sys.meta_path],
        "warnings": [str(each) for each in warnings.filters],
        "random": random.getstate(),
        "input": str(builtins.input),
        "streams": [str(type(each)) for each in (sys.stdin, sys.stdout, sys.stderr, sys.displayhook)],
        "outputs": [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1, 2)],
        "interrupt": str(signal.getsignal(signal.SIGINT)),
        "main": str(sys.modules["__main__"]),
        "ours": sorted(name for name in sys.modules if name.startswith("phelps_jupyter")),
    }


def opened() -> list[str]:
    import gc
    import os
    import threading

    ends = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    shells = sum("ScriptMagics" in str(type(each)) or "Shell" in str(type(each)) for each in gc.get_objects())
    numbers = [f"{threading.active_count()} threads", f"{shells} shells and their magics"]
    return numbers + sorted(
        os.readlink(end).partition(":")[0] for end in ends if os.path.exists(end) or os.path.islink(end)
    )


def nap() -> str:
    import time

    time.sleep(0.2)
    return "slept"


def loop() -> str:
    import asyncio

    return str(id(asyncio.get_event_loop_policy()._local._loop))


def last() -> list[str]:
    import sys

    return [str(sys.last_value), str(sys.last_exc)]


def hooks() -> int:
    import gc

    return sum(type(each).__module__ == "phelps_jupyter.runtime.hook" for each in gc.get_objects())


def watchers() -> list[str]:
    import os

    return [str(getattr(os, name)) for name in ("stat", "lstat", "access")]


def who() -> str:
    import sys

    return str(sys.modules["shared_by_name"].who)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    bench = Bench("ipyparallel", tmp_path_factory.mktemp("bench"), 1).open()
    yield Inside(bench)
    bench.engines.close()


def follows(own: Inside, gone: int) -> None:
    """The engine has been replaced, so often by now, and the new one takes both kinds."""
    poll(lambda: len(own.bench.log.of(EngineLeft)) == gone and len(own.bench.present()) == 1)
    assert len(own.bench.log.of(EngineJoined)) == gone + 1
    assert gave(own.run("x = 1", outputs=("x",))) == ["x"]
    assert gave(own.bench.run("x = 1", outputs=("x",))) == ["x"]


@pytest.mark.engines
def test_what_ends_the_engine_costs_it_and_another_one_comes(own: Inside) -> None:
    crash = own.submit("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    follows(own, 1)
    assert [out for out in own.bench.log.of(Outcome) if out.run == crash.run] == []


@pytest.mark.engines
def test_sets_are_in_the_order_that_they_have_in_other_bodies(own: Inside) -> None:
    forked = own.bench.run("x = hash('a')", outputs=("x",))
    assert own.value("x = hash('a')") == own.bench.value(forked, "x")


@pytest.mark.engines
def test_over_its_memory_it_is_told_so_and_the_engine_ends(own: Inside) -> None:
    gone, engine = len(own.bench.log.of(EngineLeft)), own.bench.present()[0]
    outcome = own.run("import time\nx = bytearray(400_000_000)\ntime.sleep(1000)", memory=300 * MB)
    assert (outcome.kind, outcome.ends_engine) == ("memory", True)
    told = [notice for notice in own.bench.log.notices if isinstance(notice, EnginesFailed | Outcome | EngineLeft)]
    at = told.index(outcome)
    # Nothing more is placed on it by then.
    assert (type(told[at - 1]), told[at - 1].leaving) == (EnginesFailed, (engine,))
    follows(own, gone + 1)


@pytest.mark.engines
def test_why_it_ends_is_told_also_where_the_engine_hears_nothing(own: Inside) -> None:
    gone = len(own.bench.log.of(EngineLeft))
    # Compiled code that holds the interpreter's lock: no thread of the engine does anything.
    outcome = own.run("sum(range(10**13))", time=0.3)
    assert (outcome.kind, outcome.ends_engine) == ("timeout", True)
    follows(own, gone + 1)
    assert not list((own.bench.root / "store" / "attempts").iterdir())


@pytest.mark.engines
def test_one_that_does_not_heed_its_time_limit_ends_with_the_engine(own: Inside) -> None:
    gone = len(own.bench.log.of(EngineLeft))
    body = """
import subprocess, time
started = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(started.pid, end=".", flush=True)
while True:
    try:
        time.sleep(1000)
    except KeyboardInterrupt:
        pass
"""
    began = time.monotonic()
    order = own.submit(body, time=0.3)
    started = psutil.Process(int(own.bench.wrote(order, ".").removesuffix(".")))
    outcome = own.bench.outcome(order)
    assert (outcome.kind, "SIGKILL" in outcome.evidence) == ("timeout", True)
    assert time.monotonic() - began > 1
    follows(own, gone + 1)
    # What it had started ended with it.
    poll(lambda: not started.is_running())


def test_without_a_cluster_it_is_refused(tmp_path: Path) -> None:
    bench = Bench("solo", tmp_path, 1).open()
    try:
        outcome = Inside(bench).run("x = 1")
    finally:
        bench.engines.close()
    assert outcome.kind == "declaration"
    assert "run with a cluster (--cluster local), or leave the option out" in outcome.message
