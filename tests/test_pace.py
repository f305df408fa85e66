"""How often cards are shown anew."""

from __future__ import annotations

from phelps_jupyter.pace import EVERY, SELDOM, Pace


def test_updates_that_take_long_are_seldom():
    now = [100.0]
    pace = Pace(lambda: now[0])
    assert pace.is_due
    found = []
    for seconds in (0.001, 0.05, 5.0, 0.001):
        with pace.update():
            now[0] += seconds
        found.append((pace.is_due, round(pace.pause, 3)))
        now[0] += 1.01 * pace.pause
        assert pace.is_due
    assert found == [(False, EVERY), (False, 0.5), (False, SELDOM), (False, EVERY)]
