"""How soon the face does what it is asked for: prints the figures, and asserts only what a busy machine keeps."""

from __future__ import annotations

import pytest
from lab_kit import Front, Server, until

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
TASKS = ["%%task t0\nx0 = 1", *[f"%%task t{number}\nx{number} = x{number - 1}" for number in range(1, 8)]]
BUSY = "import time\nopen('begun', 'w').close()\nwhile not __import__('os').path.exists('go'): time.sleep(0.05)"
HANG = 20.0
"""Seconds that none of it may take."""
TIMED = """async ([act, argument, wanted]) => {
    const { content } = jupyterapp.shell.currentWidget;
    const acts = {
        press: name => document.querySelector(`.phelps-panel [data-act=${name}]`).click(),
        edit: ([number, source]) => content.model.cells.get(number).sharedModel.setSource(source),
        run: number => { content.activeCellIndex = number; content.deselectAll();
                         void jupyterapp.commands.execute('notebook:run-cell') },
    };
    const told = () => [...document.querySelectorAll('.jp-Cell > .phelps-badge')].map(one => one.textContent.slice(2));
    const isSo = () => { const all = told();
        return Object.entries(wanted).every(([task, look]) => all.some(one => one.startsWith(`${task} · ${look}`))) };
    const began = performance.now();
    acts[act](argument);
    while (!isSo() && performance.now() - began < 60000) await new Promise(done => setTimeout(done, 5));
    return (performance.now() - began) / 1000 }"""


def timed(front: Front, act: str, argument: object, **wanted: str) -> float:
    """Seconds from the act until the badges say so."""
    seconds: float = front.page.evaluate(TIMED, [act, argument, wanted])
    assert seconds < HANG, (act, argument, wanted, front.badges())
    return seconds


def tell(capsys: pytest.CaptureFixture[str], what: str, seconds: float, wanted: float) -> None:
    with capsys.disabled():
        print(f"\n{what}: {seconds:.2f} s (wanted: {wanted} s)", end="")


def test_badges_and_what_an_edit_makes_stale(front: Front, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.write("soon.ipynb", LOAD, *TASKS)
    front.open("soon.ipynb")
    front.show_panel()
    stale = {f"t{number}": "stale" for number in range(8)}
    tell(capsys, "eight badges after the extension was loaded", timed(front, "run", 0, **stale), 2)
    front.press("stale")
    front.await_looks(dict.fromkeys(stale, "done"))
    edited = timed(front, "edit", [3, "%%task t2\nx2 = x1 + 1"], t2="stale", t7="maybe")
    tell(capsys, "an edit makes it and all below stale", edited, 1.5)
    back = timed(front, "edit", [3, TASKS[2]], t2="done", t7="done")
    tell(capsys, "to take it back brings them back", back, 1.5)


def test_runs_and_cancels_while_a_cell_runs(front: Front, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    slow = [f"%%task {name}\nimport time\ntime.sleep({600 + place})" for place, name in enumerate(("one", "two"))]
    server.write("wishes.ipynb", LOAD, *slow, BUSY)
    front.open("wishes.ipynb")
    front.show_panel()
    front.run_cell(0)
    front.await_looks({"one": "stale", "two": "stale"})
    front.run_cell(3)
    until((server.root / "wishes" / "begun").exists)
    tell(capsys, "run while a cell runs", timed(front, "press", "stale", one="running", two="running"), 1)
    tell(
        capsys,
        "all are cancelled while a cell runs",
        timed(front, "press", "cancel", one="cancelled", two="cancelled"),
        1,
    )
    tell(capsys, "run again: their engines are free", timed(front, "press", "stale", one="running", two="running"), 2)
    front.press("cancel")
    front.await_looks({"one": "cancelled", "two": "cancelled"})
    (server.root / "wishes" / "go").touch()
    front.idle()
