"""The graph where nothing runs: picture, table and text, made of what front ends are told."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from phelps_jupyter.faces.graph_picture import MANY, MIME, graph_bundle, picture
from phelps_jupyter.faces.looks import look_of

FIXTURE = Path(__file__).parents[1] / "labextension" / "fixtures" / "protocol.json"
TOLD = json.loads(FIXTURE.read_text())
TASKS = TOLD["snapshot"]["tasks"]
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def saved(tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """Our MIME type's part of the bundle."""
    found = graph_bundle(tasks)[MIME]
    assert isinstance(found, dict)
    return found


def test_tasks_look_as_the_front_end_shows_them() -> None:
    assert {task["name"]: look_of(task) for task in TASKS} == TOLD["looks"]


def test_the_picture_has_a_box_for_each_task_and_a_line_for_each_need() -> None:
    svg = picture(TASKS)
    assert [text for text in texts(svg) if text[2:] in TOLD["looks"]] == ["✓ load", "✗ fit", "⤼ plot"]
    assert len(list(ElementTree.fromstring(svg).iter(f"{SVG}path"))) == 2


def test_a_name_can_not_break_the_picture() -> None:
    assert "✓ <script>&" in texts(picture([TASKS[0] | {"name": "<script>&"}]))


def test_the_table_says_states_reasons_and_outputs() -> None:
    html = str(graph_bundle(TASKS)["text/html"])
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall("<tr>.*?</tr>", html)]
    assert [re.sub(r"\|+", "|", row) for row in rows][1:3] == [
        "|load|✓ done|out: str value|",
        "|fit|✗ failed|code: code it was|load|",
    ]
    drawn = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert [base64.b64decode(one).decode() for one in drawn] == [picture(TASKS)]


def test_plain_text_has_a_line_for_each_task() -> None:
    lines = str(graph_bundle(TASKS)["text/plain"]).splitlines()
    assert lines[0] == "✓ load · done"
    assert lines[1].startswith("✗ fit · failed · needs load")


def test_equal_runs_give_equal_pictures() -> None:
    elsewhere = {"engine": "other:1", "seconds": 9.9, "started_at": 5.0, "ended_at": 6.0, "expected": 7.0}
    other = [task | elsewhere | {"history": [{"engine": "other:1", "ready_at": 4.0}]} for task in TASKS]
    assert graph_bundle(other) == graph_bundle(TASKS)


def test_of_very_many_tasks_the_first_are_kept_and_the_rest_counted() -> None:
    many = [TASKS[0] | {"name": f"t{number}"} for number in range(MANY + 7)]
    bundle = graph_bundle(many)
    assert saved(many)["more"] == 7
    assert len(saved(many)["tasks"]) == MANY
    assert "and 7 tasks more" in str(bundle["text/html"])
    assert "and 7 tasks more" in str(bundle["text/plain"])


def test_no_tasks_are_said() -> None:
    assert graph_bundle([])["text/plain"] == "there are no tasks"
