"""A zygote and its keeper: what they say of attempts, and that nobody outlives them."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from zygote_kit import ENDLESS, HANG, Told, order_in

from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.line import Message
from phelps_jupyter.runtime.news import news, order_message
from phelps_jupyter.runtime.orders import Order, Outcome, Started, Wrote


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return replace(order_in(tmp_path, ENDLESS), note={"key": "k"})


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    told = Told(tmp_path / "store")
    yield told
    told.keeper.close()


def test_it_says_that_a_body_started_what_it_wrote_and_how_it_ended(told: Told, order: Order) -> None:
    told.keeper.tell(order_message(replace(order, body="print('hello')\nx = 1")))
    assert told.outcome().kind == "done"
    first, *wrote, last = [news(message) for message in told.messages]
    assert (type(first), {type(notice) for notice in wrote}, type(last)) == (Started, {Wrote}, Outcome)


def test_it_runs_one_order_after_another(told: Told, order: Order) -> None:
    for run in range(3):
        told.keeper.tell(order_message(replace(order, run=run, body=f"x = {run}")))
    assert [told.outcome(run).kind for run in range(3)] == ["done"] * 3
    assert [message.run for message in told.messages if message.kind == "started"] == [0, 1, 2]


def test_attempts_leave_nothing_open_in_it(told: Told, order: Order) -> None:
    leaves = "import subprocess\nprint(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)"
    counts = []
    for run in range(6):
        told.keeper.tell(order_message(replace(order, run=run, body=leaves)))
        told.outcome(run)
        # It may be clearing its folder.
        counts.append(min(psutil.Process(told.zygote).num_fds() for _ in range(200)))
    assert counts[1:] == counts[:1] * 5


def test_a_body_finds_nothing_of_the_one_before(told: Told, order: Order) -> None:
    leaves = """
import builtins, json, os, sys, threading
json.own = builtins.own = os.environ["OWN"] = "mine"
sys.path.append("/mine")
os.chdir("/")
os.umask(0o777)
threading.Thread(target=threading.Event().wait, daemon=True).start()
open(get_ipython().profile_dir.location + "/mine", "w").close()
os.makedirs(os.path.dirname(get_ipython().profile_dir.location) + "/made/deep")
own = 1
"""
    finds = """
import builtins, json, os, sys, threading
found = [
    hasattr(json, "own"), hasattr(builtins, "own"), "OWN" in os.environ, "/mine" in sys.path, os.getcwd() == "/",
    os.umask(0) == 0o777, threading.active_count() > 1, "own" in globals(), len(In) > 2,
    os.path.exists(get_ipython().profile_dir.location + "/mine"),
    os.path.exists(os.path.dirname(get_ipython().profile_dir.location) + "/made"),
]
assert not any(found), found
"""
    told.keeper.tell(order_message(replace(order, body=leaves)))
    told.keeper.tell(order_message(replace(order, run=2, body=finds)))
    assert told.outcome().kind == "done"
    assert told.outcome(2).kind == "done", told.outcome(2).message


def test_the_folder_that_a_body_begins_in_is_the_first_one_of_its_history(told: Told, order: Order) -> None:
    told.keeper.tell(order_message(replace(order, body="here = %pwd\nassert _dh == [here]")))
    assert told.outcome().kind == "done", told.outcome().traceback


def test_draws_without_a_seed_differ(told: Told, order: Order) -> None:
    for run in (1, 2):
        told.keeper.tell(order_message(replace(order, run=run, body="import random\nprint(random.random())")))
    draws = [told.wrote(run, end="\n") for run in (1, 2)]
    assert draws[0] != draws[1]


def test_an_attempt_is_started_once(told: Told, order: Order) -> None:
    for body in ("x = 1", "x = 2"):
        told.keeper.tell(order_message(replace(order, body=body)))
    told.outcome()
    told.keeper.tell(order_message(replace(order, run=2, body="x = 3")))
    told.outcome(2)
    assert [message.run for message in told.messages if message.kind == "outcome"] == [1, 2]


def test_a_waiting_attempt_is_cancelled_without_having_begun(told: Told, order: Order) -> None:
    told.keeper.tell(order_message(order))
    told.keeper.tell(order_message(replace(order, run=2)))
    told.body()
    for run in (2, 1):
        told.keeper.tell(Message("cancel", run, 1))
    assert [told.outcome(run).kind for run in (1, 2)] == ["cancelled"] * 2
    assert [message.run for message in told.messages if message.kind == "started"] == [1]


def test_a_killed_zygote_takes_its_attempt_along_and_the_next_one_runs_what_waited(told: Told, order: Order) -> None:
    told.keeper.tell(order_message(order))
    told.keeper.tell(order_message(replace(order, run=2, body="x = 1")))
    body = told.body()
    zygote, below = body.parent(), [body, *body.children()]
    assert zygote is not None
    zygote.kill()
    gone = news(told.until("gone"))
    assert isinstance(gone, Outcome)
    assert (gone.kind, "signal 9" in gone.evidence) == ("lost", True)
    assert told.outcome(2).kind == "done"
    assert psutil.wait_procs(below, timeout=HANG)[1] == []


def test_a_cancel_holds_also_for_the_zygote_that_takes_over(told: Told, order: Order) -> None:
    told.keeper.tell(order_message(order))
    told.keeper.tell(order_message(replace(order, run=2)))
    body = told.body()
    told.keeper.tell(Message("cancel", 2, 1))
    os.kill(body.ppid(), signal.SIGKILL)
    told.until("gone")
    assert told.outcome(2).kind == "cancelled"
    assert [message.run for message in told.messages if message.kind == "started"] == [1]


def test_signals_that_whoever_started_us_has_ignored_are_none_of_ours(told: Told, order: Order) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        told.keeper.open()
    finally:
        signal.signal(signal.SIGCHLD, before)
    told.keeper.tell(order_message(replace(order, body="import subprocess\nx = subprocess.run(['false']).returncode")))
    assert told.outcome().kind == "done"


def test_a_zygote_that_is_asked_to_end_takes_everything_with_it(told: Told, order: Order) -> None:
    told.keeper.tell(order_message(order))
    body = told.body()
    below = [body, *body.children()]
    os.kill(body.ppid(), signal.SIGTERM)
    assert b"exit code 143" in told.until("gone").payload
    assert psutil.wait_procs(below, timeout=HANG)[1] == []


def test_an_order_that_cannot_be_read_is_lost_with_the_reason(told: Told) -> None:
    told.keeper.tell(Message("order", 1, 1, b"nonsense"))
    assert b"UnpicklingError" in told.until("gone").payload


def test_where_no_folder_can_be_made_attempts_are_lost_with_the_reason(tmp_path: Path, order: Order) -> None:
    (tmp_path / "store").write_text("")
    told = Told(tmp_path / "store")
    told.keeper.open()
    told.keeper.tell(order_message(order))
    assert b"could not be started" in told.until("gone").payload


def test_a_closed_keeper_leaves_nothing(told: Told, order: Order) -> None:
    told.keeper.tell(order_message(order))
    body = told.body()
    below = [body, *body.children(), psutil.Process(body.ppid())]
    told.keeper.close()
    assert [process for process in below if process.is_running()] == []
    assert os.listdir(Path(order.store, "engines")) == []


KEEPER = """
import pickle, select, sys
from zygote_kit import Told
store, message, tied = pickle.load(sys.stdin.buffer)
told = Told(store, tied=tied)
told.keeper.tell(message)
print(told.body().pid, flush=True)
select.select([], [], [])
"""


def killed_keeper(order: Order, *, tied: bool) -> list[psutil.Process]:
    """Its body and zygote, after the process that kept it was killed."""
    paths = [os.path.dirname(__file__), *sys.path]
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    with keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        keeper.stdin.write(pickle.dumps((order.store, order_message(order), tied)))
        keeper.stdin.close()
        body = psutil.Process(int(keeper.stdout.readline()))
        processes = [body, psutil.Process(body.ppid())]
        keeper.kill()
    return processes


def test_a_tied_zygote_ends_with_its_keeper(order: Order) -> None:
    left = killed_keeper(order, tied=True)
    assert psutil.wait_procs(left, timeout=HANG)[1] == []
    assert attempts.finished(order.store) == []
    assert os.listdir(Path(order.store, "engines")) == []


def test_another_zygote_lets_its_attempt_finish_and_leaves_the_outcome(order: Order, tmp_path: Path) -> None:
    body = ENDLESS.replace("subprocess.run(['sleep', '600'])", "open('go').read()\nx = 1")
    os.mkfifo(tmp_path / "go")
    left = killed_keeper(replace(order, body=body), tied=False)
    (tmp_path / "go").write_text("")
    assert psutil.wait_procs(left, timeout=HANG)[1] == []
    (found,) = attempts.finished(order.store)
    assert (found.outcome.kind, found.note) == ("done", {"key": "k"})
    assert found.frames[0].text.startswith("begun")
    assert os.listdir(Path(order.store, "engines")) == []


def test_where_what_was_written_finds_no_place_the_outcome_is_left_without(order: Order, tmp_path: Path) -> None:
    body = ENDLESS.replace("subprocess.run(['sleep', '600'])", "open('go').read()\nprint('x' * 1_000_000)\nx = 1")
    os.mkfifo(tmp_path / "go")
    left = killed_keeper(replace(order, body=body), tied=False)
    left[1].rlimit(psutil.RLIMIT_FSIZE, (500_000, 500_000))
    (tmp_path / "go").write_text("")
    assert psutil.wait_procs(left, timeout=HANG)[1] == []
    (found,) = attempts.finished(order.store)
    assert (found.outcome.kind, found.frames) == ("done", ())


def test_without_its_kernel_a_zygote_ends_what_it_has_begun_and_begins_nothing(order: Order, tmp_path: Path) -> None:
    kernel = subprocess.Popen(["sleep", "600"])
    owner = json.loads(attempts.owner()) | {"pid": kernel.pid, "began": attempts.began(kernel.pid)}
    told = Told(Path(order.store), json.dumps(owner))
    body = ENDLESS.replace("subprocess.run(['sleep', '600'])", "open('go').read()\nx = 1")
    os.mkfifo(tmp_path / "go")
    for run in (1, 2):
        told.keeper.tell(order_message(replace(order, run=run, body=body)))
    told.body()
    kernel.kill()
    kernel.wait()
    (tmp_path / "go").write_text("")
    assert told.outcome().kind == "done"
    (found,) = attempts.finished(order.store)
    assert (found.outcome.run, found.outcome.kind) == (1, "done")
    told.keeper.close()
    assert [message.run for message in told.messages if message.kind == "started"] == [1]


def test_the_environment_is_that_in_which_the_keeper_was_made(
    told: Told, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a body in the same process does while it runs.
    monkeypatch.setenv("OF_A_GUEST", "1")
    told.keeper.tell(order_message(replace(order, body="import os\nprint('OF_A_GUEST' in os.environ, end='.')\nx = 1")))
    assert told.wrote() == "False."
