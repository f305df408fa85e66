"""What open runs ask of the kernel, and what comes of its answers."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from phelps_jupyter.core.model import (
    Bindings,
    CellId,
    Digest,
    Options,
    Part,
    PartKind,
    Resources,
    RunId,
    Task,
    TaskName,
)
from phelps_jupyter.core.runs import Run
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.questions import THE_KERNEL, Questions
from phelps_jupyter.runtime.digests import digest


class Asked:
    """Questions, with how often the kernel was woken."""

    def __init__(self) -> None:
        self.woken = 0
        self.questions = Questions(self._wake)

    def _wake(self) -> None:
        self.woken += 1


@pytest.fixture
def asked() -> Asked:
    return Asked()


def run(expression: str, number: int = 1, *, still: bool = False) -> Run:
    task = Task(TaskName("t"), CellId("c"), "", Options(uptodate=expression), Bindings(), still)
    return Run(RunId(number), task, {}, frozenset(), Resources())


def answered(asked: Asked, expression: str, names: dict[str, Any], values: dict[str, Any] | None = None) -> Part:
    one = run(expression)
    assert asked.questions.ask(one, values or {})
    asked.questions.answer(names)
    (part,) = asked.questions.parts(one.id)
    return part


def test_a_run_waits_until_the_kernel_has_answered(asked):
    one = run("len(rows)")
    assert [asked.questions.ask(one, {}) for _ in range(2)] == [True, True]
    assert (asked.woken, asked.questions.waited_for(one.id), asked.questions.due()) == (1, THE_KERNEL, [])
    assert asked.questions.is_open
    asked.questions.answer({"rows": [1, 2]})
    assert not asked.questions.is_open
    asked.questions.answer({"rows": []})
    assert asked.questions.due() == [one.id]
    assert (asked.questions.waited_for(one.id), asked.questions.due(), asked.questions.ask(one, {})) == ("", [], False)
    expected = Part(PartKind.UPTODATE, "len(rows)", Digest(digest(2).digest))
    assert asked.questions.parts(one.id) == (expected,)
    assert asked.questions.parts(one.id)[0].detail == "2"
    assert asked.questions.latest == {"t": expected}


@pytest.mark.parametrize("one", [run(""), run("n", still=True)])
def test_who_has_no_question_or_is_frozen_does_not_wait(asked, one):
    assert not asked.questions.ask(one, {})
    assert (asked.woken, asked.questions.parts(one.id)) == (0, ())


def test_names_are_as_they_were_when_the_run_was_submitted(asked):
    assert answered(asked, "n + m", {"n": 1, "m": 5}, {"n": 10}).digest == digest(15).digest


def test_an_expression_binds_nothing_in_the_kernel(asked):
    names: dict[str, Any] = {"n": 1}
    answered(asked, "(m := n + 1)", names)
    assert names.keys() - {"__builtins__"} == {"n"}


def interrupted() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("1 / 0", "--uptodate 1 / 0: ZeroDivisionError: division by zero"),
        ("later", "--uptodate later: NameError: name 'later' is not defined"),
        ("stop()", "--uptodate stop(): interrupted"),
        ("leave(3)", "--uptodate leave(3): SystemExit: 3"),
        (
            "(n for n in [1])",
            "--uptodate (n for n in [1]): its value has no digest (generator): give a number, a text or a date",
        ),
    ],
)
def test_where_there_is_no_value_the_run_is_told_why(asked, expression, told):
    asked.questions.latest[TaskName("t")] = Part(PartKind.UPTODATE, expression, Digest("old"))
    with pytest.raises(DeclarationError) as raised:
        answered(asked, expression, {"stop": interrupted, "leave": sys.exit})
    assert (str(raised.value), raised.value.line) == (told, 1)
    assert asked.questions.latest == {}


def test_a_run_that_has_settled_asks_no_more(asked):
    one, other = run("1", 1), run("2", 2)
    for each in (one, other):
        asked.questions.ask(each, {})
    asked.questions.drop(one.id)
    asked.questions.answer({})
    assert asked.questions.due() == [other.id]
    asked.questions.drop(other.id)
    assert asked.questions.parts(other.id) == ()


def test_an_answer_to_a_run_that_has_settled_meanwhile_is_kept_for_nobody(asked):
    one = run("settle()")
    asked.questions.ask(one, {})
    asked.questions.answer({"settle": lambda: asked.questions.drop(one.id)})
    assert (asked.questions.parts(one.id), asked.questions.latest, asked.questions.is_open) == ((), {}, False)
