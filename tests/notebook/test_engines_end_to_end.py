"""Real ipyparallel engines under a whole run: how many at once, what is lost, what is left."""

from __future__ import annotations

import json
import os
import signal
import time

import psutil
import pytest

pytestmark = [pytest.mark.notebook, pytest.mark.engines]

SLEEPS = """import time
from pathlib import Path
begun = time.time()
time.sleep(2)
Path('{0}.json').write_text(f'[{{begun}}, {{time.time()}}]')"""


def spans(folder, names):
    return [tuple(json.loads((folder / f"{name}.json").read_text())) for name in names]


def most_at_once(found):
    """How many of these spans overlap at most."""
    return max(sum(begun <= moment < ended for begun, ended in found) for moment, _ in found)


@pytest.mark.parametrize(("cpus", "at_once"), [(1, 2), (2, 1)])
def test_cpus_say_how_many_run_at_once(book, cpus, at_once):
    names = ("a", "b", "c")
    cells = {name: f"%%task {name} --cpus {cpus}\n" + SLEEPS.format(name) for name in names}
    notebook = book("local:2", **cells)
    ran = notebook.run()
    assert ran.code == 0, ran.stderr
    assert most_at_once(spans(notebook.folder, names)) == at_once


MEETS = """import time
from pathlib import Path
Path('here-{0}').touch()
while len(list(Path().glob('here-*'))) < 16:
    time.sleep(0.1)
x{0} = {0}"""


def test_sixteen_engines_join_and_take_sixty_four_tasks(book):
    # The first sixteen go on only when all of them are there.
    cells = {f"t{n}": f"%%task t{n}\n" + (MEETS.format(n) if n < 16 else f"x{n} = {n}") for n in range(64)}
    total = " + ".join(f"x{n}" for n in range(64))
    ran = book("local:16", **cells, total=f"print({total})").run()
    assert ran.code == 0, ran.stderr
    # One that looked for files before others wrote them may be asked for once more, and its result stands.
    assert {task["state"] for task in ran.tasks.values()} <= {"done", "reused"}


def test_tasks_in_the_engine_itself_share_its_process_and_their_results_are_reused(book):
    here = "import os, sys\nsys.held = getattr(sys, 'held', 0) + 1\n{0} = [*{1}, (os.getpid(), sys.held)]"
    notebook = book(
        "local:1",
        a="%%task a --isolation engine\n" + here.format("a", "()"),
        b="%%task b --isolation engine\n" + here.format("b", "a"),
        c="%%task c\n" + here.format("c", "b"),
        told="import json\nfrom pathlib import Path\nPath('told.json').write_text(json.dumps(c))",
    )
    ran = notebook.run()
    assert ran.code == 0, ran.stderr
    (first, one), (second, two), (third, three) = json.loads((notebook.folder / "told.json").read_text())
    assert (first == second != third, one, two, three) == (True, 1, 2, 1)
    assert {task["state"] for task in notebook.run().tasks.values()} == {"reused"}


def until(condition, guard=60.0):
    end = time.monotonic() + guard
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_a_killed_engine_loses_its_attempt_once_and_the_run_finishes(book):
    body = (
        "import os, time, psutil\nfrom pathlib import Path\n"
        "if not Path('pid').exists():\n"
        "    Path('pid.new').write_text(str(psutil.Process().parent().ppid()))\n"
        "    os.rename('pid.new', 'pid')\n    time.sleep(60)\nx = 1"
    )
    notebook = book("local:2", t=f"%%task t\n{body}", u="%%task u\ny = 2", p="print(x + y)")
    process = notebook.start()
    pid = until(lambda: (notebook.folder / "pid").exists() and int((notebook.folder / "pid").read_text()))
    assert "ipyparallel" in " ".join(psutil.Process(pid).cmdline())
    os.kill(pid, signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=100)
    report = {task["name"]: task for task in json.loads(stdout)["tasks"]}
    assert process.returncode == 0, stderr
    assert [failure["kind"] for failure in report["t"]["failures"]] == ["lost"]
    assert (report["t"]["state"], report["t"]["attempts"]) == ("done", 2)


def test_interrupting_cancels_what_runs_and_leaves_the_store_sound(book):
    notebook = book(
        "local:2",
        done="%%task done\nx = 1",
        slow="%%task slow\nfrom pathlib import Path\nimport time\nPath('started').touch()\ntime.sleep(300)\ny = x",
    )
    process = notebook.start()
    until(lambda: (notebook.folder / "started").exists())
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    states = {task["name"]: task["state"] for task in json.loads(stdout)["tasks"]}
    assert process.returncode == 1, stderr
    assert states["slow"] == "cancelled"
    notebook.edit("slow", "time.sleep(300)", "")
    again = notebook.run()
    assert (again.code, again.ran()) == (0, ["slow"])


def test_a_plan_with_nothing_to_run_starts_no_engine(book):
    notebook = book("local:2", t="%%task t\nx = 1")
    notebook.run()
    notebook.cells["p"] = "import psutil\nprint([p for p in psutil.Process().children(recursive=True)])"
    out = notebook.folder / "out.ipynb"
    notebook.run("-o", str(out))
    assert notebook.outputs(out)["p"][0]["text"] == "[]\n"


def test_a_later_kernel_takes_over_what_finished_after_its_kernel_was_killed(book, tmp_path_factory):
    # Signals lie outside the project: files in it that a body looks for are conditions of its result.
    signals = tmp_path_factory.mktemp("signals")
    body = f"from pathlib import Path\nimport time\nsignals = Path({str(signals)!r})\n(signals / 'started').touch()\n"
    body += "while not (signals / 'go').exists():\n    time.sleep(0.05)\nx = 1\nprint('written alone')"
    notebook = book("none", t=f"%%task t\n{body}")
    process = notebook.start()
    until(lambda: (signals / "started").exists())
    kernel = next(child for child in psutil.Process(process.pid).children() if "ipykernel_launcher" in child.cmdline())
    process.kill()
    kernel.kill()
    process.communicate()
    (signals / "go").touch()
    until(lambda: list((notebook.folder / ".phelps" / "attempts").glob("*/outcome")))
    out = notebook.folder / "out.ipynb"
    again = notebook.run("-o", str(out))
    assert (again.code, again.ran(), again.tasks["t"]["state"]) == (0, [], "reused")
    assert notebook.outputs(out)["t"][-1]["text"] == "written alone\n"
    assert list((notebook.folder / ".phelps" / "attempts").iterdir()) == []


def test_a_cluster_is_started_told_of_and_stopped_by_hand(kernel):
    kernel.execute("%config Phelps.cluster = 'local'")
    kernel.execute("%phelps cluster start -n 1")
    kernel.execute("%%task t\nx = 1", "a")
    assert kernel.text("x", "b") == "1"
    assert "1 ipyparallel engine" in kernel.text("%phelps cluster status")
    kernel.execute("%phelps cluster stop")
    assert kernel.text("%phelps cluster status") == "no engines are running\n"
    assert kernel.text("import psutil; print(psutil.Process().children(recursive=True))") == "[]\n"


def test_tasks_run_on_a_cluster_of_the_user_s_that_stays_as_it_is(kernel, tmp_path):
    kernel.execute(
        "import os, ipyparallel as ipp\n"
        f"mine = ipp.Cluster(n=1, profile_dir={str(tmp_path / 'profile')!r}, log_level=40)\n"
        "client = mine.start_and_connect_sync()",
        "a",
    )
    try:
        kernel.execute("%phelps cluster connect client", "b")
        kernel.execute("%%task where\nimport os, psutil\nengine = psutil.Process(os.getppid()).ppid()", "c")
        assert kernel.text("engine == client[0].apply_sync(os.getpid)", "d") == "True"
        assert "1 reached by its own channel" in kernel.text("%phelps cluster status", "e")
        kernel.execute("%phelps cluster stop", "f")
        assert kernel.text("client[0].apply_sync(os.getpid) == engine", "g") == "True"
    finally:
        kernel.execute("mine.stop_cluster_sync()", "h")


def test_a_way_to_no_cluster_is_refused_and_the_engines_stay(kernel):
    kernel.execute("%%task a\nx = 1", "a")
    assert "there is no profile 'nobody'" in str(kernel.execute("%phelps cluster connect nobody", "b"))
    assert kernel.text("x", "c") == "1"
