"""Has something done in another thread, and waits for what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def answered(put: Callable[[Callable[[], None]], None], act: Callable[[], T]) -> T:
    """What ``act`` returns or raises where it is carried out. ``put``: hands work to the other thread."""
    answer: Future[T] = Future()

    def carry_out() -> None:
        try:
            answer.set_result(act())
        except BaseException as error:
            answer.set_exception(error)

    put(carry_out)
    return answer.result()
