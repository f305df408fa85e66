"""What every kind of engines must do with an order: one suite, run against each adapter."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import psutil
import pytest
from engine_bench import Bench, gave, poll

from phelps_jupyter.core.events import EngineJoined, EnginesSettled
from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.orders import Given, Outcome, Started

MB = 1_000_000
KINDS = ["solo", pytest.param("ipyparallel", marks=pytest.mark.engines)]


@pytest.fixture(scope="module", params=KINDS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(request.param, tmp_path_factory.mktemp("bench")).open()
    yield bench
    bench.engines.close()


def test_engines_join_with_their_host_and_then_settle(bench: Bench) -> None:
    joined = [notice for notice in bench.log.notices[:3] if isinstance(notice, EngineJoined)]
    assert [type(notice) for notice in bench.log.notices[:3]] == [EngineJoined, EngineJoined, EnginesSettled]
    assert {notice.host.memory > 100 * MB and notice.host.cpus >= 1 for notice in joined} == {True}
    assert {notice.engine.host for notice in joined} == {joined[0].host.id}


def test_they_describe_themselves_in_a_line(bench: Bench) -> None:
    assert bench.engines.describe().startswith("2 ")


def test_a_body_runs_and_its_output_is_stored(bench: Bench) -> None:
    order = bench.submit("# %%task fit\nx = [1, 2]\ny = 3", outputs=("x",))
    outcome = bench.outcome(order)
    assert (outcome.kind, gave(outcome), outcome.changed, outcome.left_out) == ("done", ["x"], (), {})
    assert bench.value(outcome, "x") == [1, 2]
    assert outcome.outputs[0].summary == "list of 2"
    assert outcome.seconds > 0
    assert outcome.cpu_seconds > 0
    assert outcome.peak_memory > MB


def test_what_a_body_and_its_processes_read_and_wrote_is_counted(bench: Bench) -> None:
    body = """
import os, subprocess
with open("moved", "wb") as file:
    file.write(bytes(20_000_000))
subprocess.run(["sh", "-c", "cat moved > /dev/null & wait"])
os.unlink("moved")
"""
    before = bench.run("x = 1")
    outcome = bench.run(body)
    assert None not in (before.read_bytes, before.written_bytes, outcome.read_bytes, outcome.written_bytes)
    # ``cat`` may copy without reading.
    assert 40 * MB >= outcome.written_bytes - before.written_bytes >= 20 * MB
    assert before.written_bytes < MB


def test_an_attempt_starts_writes_and_ends_in_this_order_and_leaves_no_file(bench: Bench) -> None:
    for each in (0, 1):
        # Who runs its first body may not have all its files yet.
        bench.run("x = 1", on=each)
    before = files_of(bench)
    order = bench.submit("print('hello')\nopen(get_ipython().profile_dir.location + '/mine', 'w').close()")
    bench.outcome(order)
    story = [type(n).__name__ for n in bench.log.notices if getattr(n, "run", None) == order.run]
    assert [name for name, _ in groupby(story)] == ["Started", "Wrote", "Outcome"]
    poll(lambda: files_of(bench) <= before)


def test_frames_come_in_order(bench: Bench) -> None:
    body = """
import sys
print("one")
print("two", file=sys.stderr)
display({"three": 3})
print("four")
5
"""
    shown = [(frame.kind, frame.text or frame.data["text/plain"]) for frame in bench.frames(bench.submit(body))]
    assert shown == [
        ("stdout", "one\n"),
        ("stderr", "two\n"),
        ("display", "{'three': 3}"),
        ("stdout", "four\n"),
        ("result", "5"),
    ]


def test_output_that_never_passes_python_is_seen_in_its_place(bench: Bench) -> None:
    body = """
import os, subprocess
print("one")
os.system("echo two")
print("three")
subprocess.run(["sh", "-c", "echo four"])
os.write(1, b"five\\n")
print("six")
os.write(2, "se\u0301pt".encode());
"""
    order = bench.submit(body)
    assert bench.text(order) == "one\ntwo\nthree\nfour\nfive\nsix\nse\u0301pt"


def test_what_compiled_code_still_holds_at_the_end_is_seen(bench: Bench) -> None:
    body = "import ctypes, sys\nctypes.CDLL(None).printf(b'from C, ')\nsys.__stdout__.write('and below');"
    assert sorted(bench.text(bench.submit(body))) == sorted("from C, and below")


def test_what_a_forked_process_prints_is_seen(bench: Bench) -> None:
    body = """
import multiprocessing
worker = multiprocessing.get_context("fork").Process(target=print, args=("from below",))
worker.start()
worker.join()
"""
    assert bench.text(bench.submit(body)) == "from below\n"


COUNTED = """
import time, {imported}
for at in {bar}(range(4)):
    for _ in {bar}("ab"):
        time.sleep(0.06)
"""
BARS = [
    ("phelps_jupyter as phelps", "phelps.progress"),
    ("tqdm", "tqdm.tqdm"),
    ("tqdm.auto", "tqdm.auto.tqdm"),
    ("tqdm.notebook", "tqdm.notebook.tqdm"),
]


@pytest.mark.parametrize(("imported", "bar"), BARS)
def test_it_is_told_how_far_a_body_is(bench: Bench, imported: str, bar: str) -> None:
    order = bench.submit(COUNTED.format(imported=imported, bar=bar))
    assert bench.outcome(order).kind == "done"
    told = [frame.metadata for frame in bench.raw(order) if frame.kind == "progress"]
    assert {each["total"] for each in told} == {4.0}
    assert [each["done"] for each in told] == sorted({each["done"] for each in told})
    assert len(told) >= 3


def test_warnings_and_records_of_logging_read_as_in_a_kernel_in_their_places(bench: Bench) -> None:
    body = """
import logging, warnings
for _ in range(3):
    warnings.warn("careful")
    print("between")
logging.warning("logged")
logging.basicConfig(level="INFO", force=True)
logging.getLogger("mine").info("told")
warnings.warn("old", DeprecationWarning)
"""
    frames = [(frame.kind, frame.text) for frame in bench.frames(bench.submit(body))]
    assert frames == [
        ("stderr", '<task fit>:4: UserWarning: careful\n  warnings.warn("careful")\n'),
        ("stdout", "between\nbetween\nbetween\n"),
        (
            "stderr",
            "WARNING:root:logged\nINFO:mine:told\n"
            '<task fit>:9: DeprecationWarning: old\n  warnings.warn("old", DeprecationWarning)\n',
        ),
    ]


def test_a_bar_is_one_line_and_two_are_two(bench: Bench) -> None:
    body = """
import sys
from tqdm.auto import tqdm
print("begin")
for _ in tqdm(range(1000), mininterval=0, ascii=True):
    pass
print("between", file=sys.stderr)
for _ in tqdm("ab", mininterval=0):
    for _ in tqdm(range(100), mininterval=0, leave=False):
        pass
"""
    lines = bench.text(bench.submit(body)).rstrip().splitlines()
    assert [line.split("|")[0].strip() for line in lines] == ["begin", "100%", "between", "100%"]


def test_a_process_that_a_body_forks_does_not_count_for_it(bench: Bench) -> None:
    body = """
import multiprocessing, phelps_jupyter as phelps
def below():
    print(len(list(phelps.progress(range(10)))))
worker = multiprocessing.get_context("fork").Process(target=below)
worker.start()
worker.join()
"""
    order = bench.submit(body)
    assert bench.text(order) == "10\n"
    assert [frame for frame in bench.raw(order) if frame.kind == "progress"] == []


def test_a_display_is_as_it_was_updated_and_a_clear_that_waits_stands_at_the_end(bench: Bench) -> None:
    body = """
from IPython.display import clear_output
shown = display("a", display_id="bar")
shown.update("b")
clear_output(wait=True)
"""
    frames = bench.frames(bench.submit(body))
    assert [(frame.kind, frame.display_id, frame.update) for frame in frames] == [
        ("display", "bar", False),
        ("clear", "", False),
    ]
    assert frames[0].data["text/plain"] == "'b'"
    assert frames[1].metadata == {"wait": True}


@pytest.mark.parametrize(("body", "shown"), [("1 + 1", ["result"]), ("1 + 1;", []), ("x = 1", []), ("None", [])])
def test_the_last_expression_is_displayed_unless_a_semicolon_follows(bench: Bench, body: str, shown: list[str]) -> None:
    assert [frame.kind for frame in bench.frames(bench.submit(body))] == shown


def test_top_level_await_and_magics_mean_what_they_mean_in_a_kernel(bench: Bench) -> None:
    body = """
import asyncio
await asyncio.sleep(0)
!echo from the shell
files = !echo listed
%time x = 3
print(files, get_ipython().user_ns["x"])
"""
    order = bench.submit(body, outputs=("x",))
    assert gave(bench.outcome(order)) == ["x"]
    text = bench.text(order)
    assert "from the shell" in text
    assert "Wall time" in text
    assert text.endswith("['listed'] 3\n")


def test_a_cell_magic_may_follow_the_task_line(bench: Bench) -> None:
    outcome = bench.run("# %%task fit\n%%time\nx = 5", outputs=("x",))
    assert bench.value(outcome, "x") == 5


def test_a_figure_is_displayed_at_the_end(bench: Bench) -> None:
    body = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('plotted')\nNone"
    frames = bench.frames(bench.submit(body))
    assert [frame.kind for frame in frames] == ["stdout", "display"]
    assert str(frames[1].data["image/png"]).startswith("iVBOR")


def test_an_error_names_its_class_and_the_innermost_line_of_the_cell(bench: Bench) -> None:
    body = "# %%task fit\n\ndef f(text):\n    return int(text)\n\nf('seven')"
    outcome = bench.run(body)
    assert (outcome.kind, outcome.error_type, outcome.line) == ("code", "ValueError", 4)
    assert outcome.message == "invalid literal for int() with base 10: 'seven'"
    assert "phelps_jupyter" not in outcome.traceback
    assert "IPython" not in outcome.traceback
    assert "fit" in outcome.traceback


@pytest.mark.parametrize(
    ("body", "error_type", "line"),
    [
        ("# %%task fit\nx = (1", "SyntaxError", 2),
        ("import sys\nsys.exit(3)", "SystemExit", 2),
        ("exit()", "SystemExit", 1),
        ("\n\n1 / 0", "ZeroDivisionError", 3),
        ("# %%task fit\n%%time\n\n1 / 0", "ZeroDivisionError", 4),
        ("raise ExceptionGroup('several', [ValueError(1)])", "ExceptionGroup", 1),
        ("%nomagic", "UsageError", 1),
        ("import json\njson.loads('{')", "JSONDecodeError", 2),
        ("name = input('who? ')", "RuntimeError", 1),
    ],
)
def test_errors_of_every_kind_are_the_code_s(bench: Bench, body: str, error_type: str, line: int) -> None:
    outcome = bench.run(body)
    assert (outcome.kind, outcome.error_type, outcome.line) == ("code", error_type, line)
    assert outcome.traceback != ""
    assert "phelps_jupyter" not in outcome.traceback


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("import os\nos._exit(3)", "code", "os._exit(3)"),
        ("import ctypes\nctypes.string_at(0)", "code", "SIGSEGV"),
        ("import os\nos.abort()", "code", "SIGABRT"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", "lost", "SIGTERM"),
    ],
)
def test_a_body_that_takes_its_process_along_harms_no_engine(bench: Bench, body: str, kind: str, words: str) -> None:
    outcome = bench.run(body)
    assert outcome.kind == kind
    assert words in outcome.message
    assert bench.run("x = 1", outputs=("x",)).kind == "done"


def test_a_crash_in_compiled_code_names_the_line(bench: Bench) -> None:
    outcome = bench.run("import ctypes\ndef f():\n    ctypes.string_at(0)\n\nf()")
    assert outcome.line == 3
    assert "Segmentation fault" in outcome.traceback


def test_a_body_killed_from_outside_is_lost(bench: Bench) -> None:
    order = bench.submit("import os, time\nprint(os.getpid())\ntime.sleep(600)")
    os.kill(int(bench.wrote(order, "\n")), signal.SIGKILL)
    outcome = bench.outcome(order)
    assert outcome.kind == "lost"
    assert "SIGKILL by an unknown sender" in outcome.evidence
    assert max(held for _, held in outcome.memory_curve) > MB


def test_a_body_over_its_memory_limit_is_stopped_and_its_neighbour_is_not(bench: Bench) -> None:
    neighbour = bench.submit("import sys\nfor line in open('go'): print(line)", on=1, folder=fifo(bench))
    bench.started(neighbour)
    outcome = bench.run("x = bytearray(1_000_000_000)", memory=200 * MB)
    Path(fifo(bench), "go").write_text("unharmed")
    assert outcome.kind == "memory"
    assert "of 200 MB after" in outcome.evidence
    assert "SIGKILL by Phelps" in outcome.evidence
    assert max(held for _, held in outcome.memory_curve) > 200 * MB
    assert 200 * MB <= outcome.peak_memory < 1_000 * MB
    assert "unharmed" in bench.text(neighbour)


def test_memory_of_processes_that_a_body_starts_counts(bench: Bench) -> None:
    script = "x = bytearray(1_000_000_000)"
    outcome = bench.run(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {script!r}])", memory=200 * MB)
    assert outcome.kind == "memory"


def test_memory_shared_with_forked_processes_counts_once(bench: Bench) -> None:
    body = """
import os, time
x = bytearray(120_000_000)
below = [os.fork() for _ in range(2)]
if 0 in below:
    time.sleep(0.5)
    os._exit(0)
for pid in below:
    os.waitpid(pid, 0)
"""
    outcome = bench.run(body, memory=250 * MB)
    assert outcome.kind == "done", outcome
    assert outcome.peak_memory < 250 * MB


def test_mapped_files_do_not_count(bench: Bench) -> None:
    body = """
import mmap
with open("big", "wb") as file:
    file.truncate(400_000_000)
with open("big", "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    total = sum(mapped[::4096])
"""
    outcome = bench.run(body, memory=200 * MB)
    assert outcome.kind == "done", outcome
    assert outcome.peak_memory < 200 * MB


def test_a_memory_error_of_the_body_is_a_failure_of_memory(bench: Bench) -> None:
    outcome = bench.run("x = 1\ny = bytearray(1 << 60)")
    assert (outcome.kind, outcome.error_type, outcome.line) == ("memory", "MemoryError", 2)


def test_a_body_over_its_time_is_stopped_at_its_line(bench: Bench) -> None:
    outcome = bench.run("import time\ntime.sleep(600)", time=1.0)
    assert (outcome.kind, outcome.line) == ("timeout", 2)
    assert "of 1 s" in outcome.evidence


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time\ntime.sleep(600)",
        "import subprocess\nsubprocess.run(['sleep', '600'])",
        "!sleep 600",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: signal.pause()",
        "import asyncio\nawait asyncio.sleep(600)",
        "import threading\nthreading.Event().wait()",
        "sum(range(10**12))",
    ],
)
def test_a_body_is_cancelled_whatever_it_does(bench: Bench, body: str) -> None:
    order = bench.submit(f"print('begun')\n{body}")
    bench.wrote(order, "begun")
    bench.engines.kill(order.run, order.attempt)
    assert bench.outcome(order).kind == "cancelled"


def test_a_body_that_heeds_an_interrupt_has_time_to_clean_up(bench: Bench) -> None:
    body = """
import time
print("begun")
try:
    time.sleep(600)
finally:
    time.sleep(0.8)
    print("cleaned up")
"""
    order = bench.submit(body)
    bench.wrote(order, "begun")
    bench.engines.kill(order.run, order.attempt)
    assert bench.outcome(order).kind == "cancelled"
    assert "cleaned up" in bench.text(order)


def test_an_attempt_may_be_cancelled_before_its_body_has_begun(bench: Bench) -> None:
    order = bench.submit("import time\ntime.sleep(600)")
    bench.engines.kill(order.run, order.attempt)
    assert bench.outcome(order).kind == "cancelled"


def test_killing_what_is_unknown_does_nothing(bench: Bench) -> None:
    bench.engines.kill(999_999, 1)
    assert bench.run("x = 1").kind == "done"


@pytest.mark.parametrize("detached", [False, True])
def test_a_process_that_a_body_leaves_behind_is_ended(bench: Bench, detached: bool) -> None:
    body = f"import subprocess\nprint(subprocess.Popen(['sleep', '600'], start_new_session={detached}).pid)"
    order = bench.submit(body)
    assert bench.outcome(order).kind == "done"
    assert not psutil.pid_exists(int(bench.text(order)))


def test_a_declared_output_must_be_bound(bench: Bench) -> None:
    outcome = bench.run("x = 1", outputs=("x", "score"), declared=True)
    assert (outcome.kind, outcome.message) == ("output", "--out score: the body ended without binding it")


def test_an_output_may_be_unbound_where_that_was_foreseen(bench: Bench) -> None:
    optional = bench.run("x = 1", outputs=("x", "y"), declared=True, optional=frozenset({"y"}))
    undeclared = bench.run("x = 1", outputs=("x", "y"))
    assert [(outcome.kind, gave(outcome)) for outcome in (optional, undeclared)] == [("done", ["x"])] * 2


def test_an_output_that_cannot_be_stored_is_left_out_unless_it_is_declared(bench: Bench) -> None:
    body = "rows = [1, open('/dev/null')]\nx = 1"
    left_out = bench.run(body, outputs=("rows", "x"))
    declared = bench.run(body, outputs=("rows", "x"), declared=True)
    assert (left_out.kind, gave(left_out)) == ("done", ["x"])
    assert left_out.left_out["rows"].startswith("rows[1]: ")
    assert declared.kind == "output"
    assert declared.message.startswith("--out rows: rows[1]: ")


def test_inputs_are_bound_from_the_store_and_from_the_order(bench: Bench) -> None:
    inputs = (bench.given("a", [1, 2]), Given("b", inline=values.dumps({"c": 3})))
    outcome = bench.run("total = sum(a) + b['c']", inputs=inputs, outputs=("total",))
    assert bench.value(outcome, "total") == 6


def test_an_input_that_is_not_there_is_named(bench: Bench) -> None:
    outcome = bench.run("a", inputs=(Given("a", "0" * 32),))
    assert outcome.kind == "code"
    assert "`a`" in outcome.message


def test_public_names_that_nobody_foresaw_are_reported_and_stored(bench: Bench) -> None:
    body = "import json, __main__\n__main__.z, __main__._own, __main__.rows = 5, 6, 7"
    known = {"inputs": (bench.given("rows", [1], watched=False),), "foreseen": frozenset({"json"})}
    outcome = bench.run(body, **known)
    assert (gave(outcome), outcome.changed) == (["z"], ("z",))
    assert bench.run(body, **known, outputs=("z",)).changed == ("z",)
    assert bench.run(body, **known | {"foreseen": None}).outputs == ()


def test_an_input_changed_in_place_is_reported_and_stored(bench: Bench) -> None:
    watched = {"rows": True, "untouched": True, "rebound": True, "unwatched": False}
    inputs = tuple(bench.given(name, [1], watched=watch) for name, watch in watched.items())
    body = "rows.append(2)\nunwatched.append(2)\nrebound = 5"
    outcome = bench.run(body, inputs=inputs, outputs=("rebound",))
    assert outcome.changed == ("rows",)
    assert gave(outcome) == ["rebound", "rows"]
    assert bench.value(outcome, "rows") == [1, 2]


def test_an_input_that_is_bound_anew_unforeseen_is_reported(bench: Bench) -> None:
    outcome = bench.run("exec('ro' + 'ws = 7')", inputs=(bench.given("rows", [1]),))
    assert outcome.changed == ("rows",)
    assert bench.value(outcome, "rows") == 7


def test_the_next_attempt_sees_nothing_of_a_change_in_place(bench: Bench) -> None:
    rows = bench.given("rows", [1])
    bench.run("rows.append(2)", inputs=(rows,))
    outcome = bench.run("seen = list(rows)", inputs=(rows,), outputs=("seen",))
    assert bench.value(outcome, "seen") == [1]


def test_names_of_one_object_share_an_identity(bench: Bench) -> None:
    outcome = bench.run("a = b = [1]\nc = [1]\nd = e = 1", outputs=("a", "b", "c", "d", "e"))
    identities = {stored.name: stored.identity for stored in outcome.outputs}
    assert identities["a"] == identities["b"] != ""
    assert (identities["c"], identities["d"], identities["e"]) == ("", "", "")


def test_inputs_of_one_identity_are_one_object_and_pass_it_on(bench: Bench) -> None:
    inputs = (bench.given("a", [1], identity="7.1.0"), bench.given("b", [1], identity="7.1.0"))
    outcome = bench.run("same = a is b\nc = a\nd = [1]", inputs=inputs, outputs=("same", "c", "d"))
    assert bench.value(outcome, "same") is True
    assert [stored.identity for stored in outcome.outputs] == ["", "7.1.0", ""]


def test_an_instance_of_a_notebook_class_meets_its_class_again(bench: Bench) -> None:
    body = """
class Point:
    def __init__(self, x):
        self.x = x

def double(point):
    return Point(2 * point.x)

one = Point(1)
"""
    made = bench.run(body, outputs=("Point", "double", "one"))
    inputs = tuple(Given(stored.name, stored.digest) for stored in made.outputs)
    outcome = bench.run("two = double(one)\nkin = isinstance(two, Point), two.x", inputs=inputs, outputs=("kin",))
    assert outcome.kind == "done", outcome.traceback
    assert bench.value(outcome, "kin") == (True, 2)


def test_a_seed_makes_draws_equal_also_when_numpy_is_imported_later(bench: Bench) -> None:
    body = "import random\nimport numpy\ndraw = random.random(), numpy.random.rand()"
    seeds = [7, 7, 8]
    draws = [bench.value(bench.run(body, seed=seed, outputs=("draw",)), "draw") for seed in seeds]
    assert draws[0] == draws[1]
    assert draws[0][0] != draws[2][0]
    assert draws[0][1] != draws[2][1]


def test_a_seed_holds_when_an_input_has_numpy_loaded(bench: Bench) -> None:
    numpy = pytest.importorskip("numpy")
    inputs = (bench.given("a", numpy.arange(3)),)
    body = "import numpy\ndraw = numpy.random.rand()"
    draws = [bench.value(bench.run(body, seed=7, inputs=inputs, outputs=("draw",)), "draw") for _ in range(2)]
    assert draws[0] == draws[1] == numpy.random.RandomState(7).rand()


def test_a_body_finds_the_environment_folder_and_path_that_were_ordered(bench: Bench) -> None:
    body = """
import os, sys
seen = {
    "cwd": os.getcwd(),
    "path": tuple(sys.path),
    "set": os.environ.get("PHELPS_SET"),
    "removed": os.environ.get("HOME"),
    "hash": os.environ["PYTHONHASHSEED"],
    "threads": os.environ["OMP_NUM_THREADS"],
    "blas": os.environ["OPENBLAS_NUM_THREADS"],
    "cluster": [name for name in os.environ if name.startswith("IPP_") or name in ("IPYTHONDIR", "PYTHONSAFEPATH")],
    "main": sys.modules["__main__"].__dict__ is globals(),
}
"""
    folder = str(bench.root.resolve())
    path = ("", "/nowhere", *sys.path)
    env = {"PHELPS_SET": "yes", "HOME": None, "OPENBLAS_NUM_THREADS": "5"}
    outcome = bench.run(body, outputs=("seen",), env=env, folder=folder, path=path, cpus=2)
    assert bench.value(outcome, "seen") == {
        "cwd": folder,
        "path": path,
        "set": "yes",
        "removed": None,
        "hash": "0",
        "threads": "2",
        "blas": "5",
        "cluster": [],
        "main": True,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_what_cells_had_set_when_the_engines_started_comes_with_orders_alone(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHELPS_SET_BY_A_CELL", "then")
    own = Bench(kind, tmp_path).open()
    try:
        body = "import os\nseen = os.environ.get('PHELPS_SET_BY_A_CELL')"
        orders = [own.submit(body, outputs=("seen",), env=env) for env in ({}, {"PHELPS_SET_BY_A_CELL": "now"})]
        assert [own.value(own.outcome(order), "seen") for order in orders] == [None, "now"]
    finally:
        own.engines.close()


def test_a_body_lives_in_the_time_zone_that_was_ordered(bench: Bench) -> None:
    body = "import time\nhour = time.localtime(0).tm_hour"
    hours = [
        bench.value(bench.run(body, outputs=("hour",), env={"TZ": zone}), "hour") for zone in ("UTC", "Asia/Tokyo")
    ]
    assert hours == [0, 9]


def test_modules_in_the_folder_do_not_stand_before_ours(bench: Bench) -> None:
    for name in ("digests", "shell", "traitlets", "pickle"):
        (bench.root / f"{name}.py").write_text("raise RuntimeError('the wrong module')")
    outcome = bench.run("x = 1", outputs=("x",), path=("", *sys.path))
    assert outcome.kind == "done", outcome.traceback


def test_two_engines_run_at_the_same_time(bench: Bench) -> None:
    body = """
import os, time
open(mine, "w").close()
until = time.monotonic() + 30
while not os.path.exists(other) and time.monotonic() < until:
    time.sleep(0.01)
met = os.path.exists(other)
"""
    pairs = [("left", "right"), ("right", "left")]
    orders = [
        bench.submit(body, on=on, outputs=("met",), inputs=(bench.given("mine", mine), bench.given("other", other)))
        for on, (mine, other) in enumerate(pairs)
    ]
    assert [bench.value(bench.outcome(order), "met") for order in orders] == [True, True]


def test_an_attempt_that_was_started_is_refused_the_second_time(bench: Bench) -> None:
    order = bench.submit("open('runs', 'a').write('x')")
    bench.outcome(order)
    bench.engines.submit(bench.present()[0], order)
    bench.run("x = 1")
    assert (bench.root / "runs").read_text() == "x"
    assert len([notice for notice in bench.log.of(Outcome) if notice.run == order.run]) == 1
    assert len([notice for notice in bench.log.of(Started) if notice.run == order.run]) == 1


def test_a_megabyte_of_output_arrives_whole(bench: Bench) -> None:
    order = bench.submit("for number in range(100_000): print(f'{number:09}')")
    assert bench.text(order) == "".join(f"{number:09}\n" for number in range(100_000))


def files_of(bench: Bench) -> set[Path]:
    """What attempts may leave in the store beside its objects."""
    # A walk minds no folder that goes away meanwhile.
    walks = (os.walk(Path(bench.store, kind)) for kind in ("attempts", "engines"))
    return {Path(folder, name) for walk in walks for folder, below, files in walk for name in (*below, *files)}


def fifo(bench: Bench) -> str:
    """A folder with a pipe named ``go``: who opens it waits for the other side."""
    folder = bench.root / "fifo"
    folder.mkdir(exist_ok=True)
    if not (folder / "go").exists():
        os.mkfifo(folder / "go")
    return str(folder)


@pytest.mark.parametrize(
    ("body", "drew"),
    [
        ("draw = 1", False),
        ("import random, numpy\ndraw = 1", False),
        ("import random\ndraw = random.random()", True),
        ("import numpy\ndraw = float(numpy.random.rand())", True),
        ("import numpy\ndraw = float(numpy.random.default_rng(1).random())", False),
    ],
)
def test_it_is_told_whether_a_body_drew_from_the_seeded_generators(bench: Bench, body: str, drew: bool) -> None:
    assert bench.run(body, seed=7, outputs=("draw",)).drew is drew
