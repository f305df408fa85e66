"""What a terminal shows of a stream in the end, whatever portions it comes in."""

from __future__ import annotations

import pytest

from phelps_jupyter.runtime.screen import OPEN, ROWS, WIDTH, Screen


def shown(*portions: str) -> str:
    """What stands there when all changes that are told are carried out."""
    screen, text = Screen(), ""
    for portion in portions:
        back, new = screen.write(portion)
        text = text[: len(text) - back] + new
    return text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\nb\n", "a\nb\n"),
        ("10%\r20%\r30%", "30%"),
        ("long line\rshort", "shortline"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("50%\r", "50%"),
        ("50%\rdone\n", "done\n"),
        ("ab\bX", "aX"),
        ("a\b\b\bX", "X"),
        ("above\nbar\rBAR\nbelow", "above\nBAR\nbelow"),
        ("twelve\r\x1b[K1\n", "1\n"),
        ("twelve\x1b[2K\rone", "one   "),
        ("one\ntwo\x1b[A\rONE\nTWO", "ONE\nTWO"),
        ("one\ntwo\nthree\x1b[2A\x1b[J", "one"),
        ("\x1b[32m10%\x1b[0m\r\x1b[31m99%\x1b[0m", "\x1b[31m99%\x1b[0m"),
        ("\x1b[1mbold\x1b[0m text\n", "\x1b[1mbold\x1b[0m text\n"),
        ("a\x1b[3Cb\x1b[2Dc\x1b[1Gd\r\x1b[?25l", "d  cb"),
        ("two\nrows\x1b[A\x1b[9B\r!", "two\n!ows"),
        ("a\x1bb\rX\x1b", "X\x1bb"),
    ],
)
def test_what_a_terminal_shows_is_the_same_in_portions_of_any_size(text: str, left: str) -> None:
    assert shown(text).rstrip() == left.rstrip()
    assert shown(*text).rstrip() == left.rstrip()


def test_a_bar_within_a_bar_is_two_lines() -> None:
    steps = [f"\router {at}\n\rinner {at}\x1b[A" for at in range(100)]
    assert shown(*steps) == shown("".join(steps)) == "outer 99\ninner 99"


def test_lines_that_have_gone_by_stay_as_they_are() -> None:
    lines = "".join(f"{number}\n" for number in range(3 * ROWS))
    assert shown(lines, f"\x1b[{9 * ROWS}A\rX").split("\n")[: 2 * ROWS] == lines.split("\n")[: 2 * ROWS]


def test_of_a_line_without_end_only_the_end_changes() -> None:
    assert shown("." * (3 * OPEN), "\r!") == "." * (2 * OPEN) + "!" + "." * (OPEN - 1)
    assert shown("." * OPEN + "\rab", "." * 10) == "ab" + "." * (OPEN - 2)


def test_only_what_may_still_change_is_told_anew() -> None:
    screen = Screen()
    screen.write("done\n" * 1000 + "bar 10%")
    assert screen.write("\rbar 20%") == (3, "20%")
    assert screen.write("\n") == (0, "\n")


def test_a_number_of_any_length_moves_the_cursor_no_further_than_there_are_lines() -> None:
    assert shown("a\nb\x1b[" + "9" * 5000 + "Ax") == "ax\nb"


def test_moves_into_the_void_fill_no_memory() -> None:
    lines = shown("\x1b[16384Cx\n" * 100)
    assert len(lines) <= 100 * (WIDTH + 2)


def test_the_cursor_goes_back_in_a_line_that_is_wider() -> None:
    assert shown("a" * 2 * WIDTH + "\x1b[2Dxy") == "a" * (2 * WIDTH - 2) + "xy"
