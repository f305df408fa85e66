"""What tasks write, as users see it: on the card while they run, and in the executed notebook."""

from __future__ import annotations

import time

HALF = """%%task slow
import os, time
import phelps_jupyter as phelps
print("begun")
for at in phelps.progress(range(4)):
    while at == 2 and not os.path.exists("go"):
        time.sleep(0.02)
score = at
"""
FLOOD = """%%task flood
for number in range(400_000):
    print(f"{number:09}")
end = number
"""
BAR = """%%task bar
from tqdm.auto import tqdm
import logging, warnings
for at in tqdm(range(300), mininterval=0, ascii=True, bar_format="{percentage:.0f}%"):
    pass
logging.warning("logged")
warnings.warn("careful")
print("\\rone\\rtwo")
shown = display("before", display_id="mine")
print("three")
shown.update("after")
"""
FIGURE = """%%task figure
import matplotlib.pyplot as plt
print("above")
plt.plot([1, 2])
plt.show()
print("below")
"""
SIDE = """%%task {name}
import time
for at in range(60):
    print("{name}", at)
    time.sleep(0.01)
"""


def card_with(kernel, task: str, words: str) -> str:
    until = time.monotonic() + 60
    while words not in kernel.card(task):
        assert time.monotonic() < until, kernel.card(task)
        assert "✗" not in kernel.card(task)
        kernel.execute("pass")
    return kernel.card(task)


def test_a_card_shows_what_is_written_and_how_far_the_body_is_while_it_runs(kernel, tmp_path):
    kernel.execute(HALF, "a")
    card = card_with(kernel, "slow", "2 of 4")
    assert card.startswith("▶ slow · running · 2 of 4 (50 %)")
    assert "  | begun" in card
    assert "running, 2 of 4 (50 %)" in kernel.text("%phelps status")
    (tmp_path / "go").touch()
    assert kernel.text("score", "b") == "3"
    kernel.execute("%phelps wait")
    card = kernel.card("slow").splitlines()
    assert (card[0], card[-1]) == ("✓ slow · done", "  | begun")


def test_who_waits_for_a_task_is_told_how_far_it_is(kernel, tmp_path):
    kernel.execute(HALF, "a")
    card_with(kernel, "slow", "2 of 4")
    waiting = kernel.send("score", "b")
    told = ""
    while "2 of 4" not in told:
        message = kernel.client.get_iopub_msg(timeout=60)
        told = str(message["content"].get("data", {}).get("text/plain", ""))
    assert told.startswith("waiting for score of slow · slow: 2 of 4 (50 %) · ")
    (tmp_path / "go").touch()
    assert kernel.collect(waiting)[-1]["content"]["data"]["text/plain"] == "3"


def test_in_a_plain_cell_progress_is_a_loop(kernel):
    kernel.execute("import phelps_jupyter as phelps")
    assert kernel.text("sum(phelps.progress(range(4)))") == "6"


def plain(outputs: list) -> list[str]:
    """Outputs in words, without the card."""
    told = []
    for output in outputs[1:]:
        if output["output_type"] == "stream":
            told.append(f"{output['name']}: {output['text']}")
        else:
            told.append("figure" if "image/png" in output["data"] else output["data"]["text/plain"])
    return told


def test_an_executed_notebook_holds_what_a_terminal_shows_in_its_place_and_reuse_shows_the_same(book):
    made = book(a=BAR, b=FIGURE, c=FLOOD)
    for ran in (["bar", "figure", "flood"], []):
        assert made.run("-o", "out.ipynb").ran() == ran
        outputs = made.outputs(made.folder / "out.ipynb")
        warned = '<task bar>:7: UserWarning: careful\n  warnings.warn("careful")\n'
        assert plain(outputs["a"]) == [
            f"stderr: 100%\nWARNING:root:logged\n{warned}",
            "stdout: two\n",
            "'after'",
            "stdout: three\n",
        ]
        above, *drawn, below = plain(outputs["b"])
        assert (above, drawn, below) == ("stdout: above\n", ["figure"], "stdout: below\n")
        (flood,) = plain(outputs["c"])
        lines = flood.splitlines()
        (left_out,) = [line for line in lines if line.startswith("… ")]
        assert (lines[0], lines[-1]) == ("stdout: 000000000", "000399999")
        assert f"… {400_000 - len(lines) + 1:,} lines (" in left_out
        assert (made.folder / "out.ipynb").stat().st_size < 6_000_000


def test_what_two_tasks_write_at_once_is_not_mixed(book):
    made = book(a=SIDE.format(name="left"), b=SIDE.format(name="right"))
    assert made.run("-o", "out.ipynb").ran() == ["left", "right"]
    outputs = made.outputs(made.folder / "out.ipynb")
    for cell, name in (("a", "left"), ("b", "right")):
        assert plain(outputs[cell]) == ["stdout: " + "".join(f"{name} {at}\n" for at in range(60))]
