"""What only the kernel can tell, asked when a run's turn has come: the values of ``--uptodate``.

The session asks in its own thread; the kernel answers in its main thread, whenever that is free. Evaluates, and knows
nothing of keys and verdicts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from phelps_jupyter.core.model import Digest, Part, PartKind, RunId, TaskName
from phelps_jupyter.core.runs import Run
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.summaries import summarise

THE_KERNEL = "the kernel, to evaluate --uptodate"


@dataclass(frozen=True, slots=True)
class _Question:
    run: RunId
    task: TaskName
    expression: str
    values: Mapping[str, object]
    """What the expression reads, as it was when the run was submitted."""


@dataclass(slots=True)
class Questions:
    """Of one session. ``wake``: asks the kernel to answer soon."""

    wake: Callable[[], None]
    latest: dict[TaskName, Part] = field(default_factory=dict)
    """The last answer to each task's question."""
    _open: deque[_Question] = field(default_factory=deque)
    _waiting: set[RunId] = field(default_factory=set)
    _answers: dict[RunId, Part | str] = field(default_factory=dict)
    """A text tells why there is no value."""

    def ask(self, run: Run, values: Mapping[str, object]) -> bool:
        """Whether the run must wait for an answer; `due` tells when it is there."""
        task = run.task
        if not task.options.uptodate or task.still or run.id in self._answers:
            return False
        if run.id not in self._waiting:
            self._waiting.add(run.id)
            self._open.append(_Question(run.id, task.name, task.options.uptodate, values))
            self.wake()
        return True

    def waited_for(self, run: RunId) -> str:
        """Whom the run waits for, for people; empty: it does not."""
        return THE_KERNEL if run in self._waiting else ""

    def due(self) -> list[RunId]:
        """The runs whose answers have come since."""
        found = [run for run in self._waiting if run in self._answers]
        self._waiting.difference_update(found)
        return sorted(found)

    def parts(self, run: RunId) -> tuple[Part, ...]:
        """The answer as a part of the key; none, if nothing was asked. Errors: DeclarationError."""
        answer = self._answers.get(run)
        if isinstance(answer, str):
            raise DeclarationError(answer, line=1)
        return () if answer is None else (answer,)

    def drop(self, run: RunId) -> None:
        """The run has settled."""
        self._waiting.discard(run)
        self._answers.pop(run, None)

    def answer(self, names: dict[str, object]) -> None:
        """In the kernel's main thread: answer all that is open, by these names."""
        while self._open:
            question = self._open.popleft()
            try:
                answer = _evaluated(question, names) if question.run in self._waiting else ""
                self._keep(question, answer)
            except BaseException:
                # Interrupted between two steps: it is asked still.
                self._open.appendleft(question)
                raise

    def _keep(self, question: _Question, answer: Part | str) -> None:
        if question.run not in self._waiting:
            # It has settled meanwhile.
            return
        if isinstance(answer, Part):
            self.latest[question.task] = answer
        else:
            self.latest.pop(question.task, None)
        self._answers[question.run] = answer

    @property
    def is_open(self) -> bool:
        """Whether there is anything to answer."""
        return bool(self._open)


def _evaluated(question: _Question, names: dict[str, object]) -> Part | str:
    option = f"--uptodate {question.expression}"
    try:
        value = eval(question.expression, names, dict(question.values))
        found = digest(value)
        told = summarise(value)
    except KeyboardInterrupt:
        return f"{option}: interrupted"
    except (Exception, SystemExit) as error:
        return f"{option}: {type(error).__name__}: {error}"
    if found.opaque:
        return f"{option}: its value has no digest ({found.opaque}): give a number, a text or a date"
    return Part(PartKind.UPTODATE, question.expression, Digest(found.digest), detail=told)
