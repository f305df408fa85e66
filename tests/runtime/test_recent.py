"""Attempts that were heard of are known again, the latest so many."""

from __future__ import annotations

from phelps_jupyter.runtime.recent import Recent


def test_an_attempt_is_new_once():
    recent = Recent()
    assert [recent.is_new((1, 1)), recent.is_new((1, 2)), recent.is_new((1, 1))] == [True, True, False]


def test_no_more_than_the_latest_are_known():
    recent = Recent(2)
    for number in range(3):
        recent.is_new((number, 1))
    assert [recent.is_new((number, 1)) for number in (2, 1, 0)] == [False, False, True]
