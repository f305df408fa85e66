"""Mailboxes: whatever is lost, repeated or late on its way, each message is taken once, and in order."""

from __future__ import annotations

import random

import pytest

from phelps_jupyter.runtime import mailbox
from phelps_jupyter.runtime.mailbox import AT_ONCE, UNHEARD, Letters, Mailbox


def test_a_message_is_new_once_and_none_is_taken_after_a_gap() -> None:
    box, words = Mailbox(), [b"a", b"b", b"c", b"d"]
    came = [(0, 1), (0, 2), (3, 4), (1, 3), (0, 4)]
    new = [box.take(Letters(0, first, words[first:end])) for first, end in came]
    assert new == [[b"a"], [b"b"], [], [b"c"], [b"d"]]
    assert box.letters().heard == 4


def test_what_was_heard_is_kept_no_more() -> None:
    box = Mailbox()
    for word in (b"a", b"b", b"c"):
        box.put(word)
    box.take(Letters(2, 0, []))
    assert box.all_letters() == Letters(0, 2, [b"c"])
    box.take(Letters(1, 0, []))
    box.take(Letters(99, 0, []))
    assert (box.all_letters(), box.pending) == (Letters(0, 3, []), False)


def test_what_is_on_its_way_waits_to_be_heard_before_it_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    box, now = Mailbox(), 0.0
    monkeypatch.setattr(mailbox.time, "monotonic", lambda: now)
    box.put(b"a")
    assert box.pending
    box.sent(box.letters())
    assert (box.pending, box.letters().messages) == (False, [])
    sent = []
    for second in range(20):
        now = float(second)
        letters = box.letters()
        box.sent(letters)
        sent += [second] if letters.messages else []
    # After more than 2 s, and then after twice as long each time.
    assert sent == [3, 8, 17]


def test_of_much_that_is_to_be_said_a_part_is_on_its_way() -> None:
    box = Mailbox()
    for _ in range(2 * UNHEARD):
        box.put(b"a")
    sizes = []
    while letters := box.letters().messages:
        sizes.append(len(letters))
        box.sent(box.letters())
    assert sizes == [AT_ONCE] * (UNHEARD // AT_ONCE)
    box.take(Letters(10, 0, []))
    assert len(box.letters().messages) == 10


@pytest.mark.parametrize("seed", range(20))
def test_over_any_way_all_is_taken_once_and_in_order(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    dice, now = random.Random(seed), 0.0
    monkeypatch.setattr(mailbox.time, "monotonic", lambda: now)
    ends, took = (Mailbox(), Mailbox()), ([], [])  # type: tuple[Mailbox, Mailbox], tuple[list[bytes], list[bytes]]
    words = [b"%d" % number for number in range(300)]
    under_way: list[tuple[int, Letters]] = []
    said = [0, 0]
    while min(map(len, took)) < len(words):
        now += dice.expovariate(2)
        who = dice.randrange(2)
        for word in words[said[who] : said[who] + dice.randrange(40)]:
            ends[who].put(word)
            said[who] += 1
        letters = ends[who].all_letters() if dice.random() < 0.1 else ends[who].letters()
        ends[who].sent(letters)
        # Lost, once or twice; and taken in any order.
        under_way += [(1 - who, letters)] * dice.choice([0, 1, 1, 2])
        dice.shuffle(under_way)
        while under_way and dice.random() < 0.6:
            to, came = under_way.pop()
            took[to].extend(ends[to].take(came))
    assert took == (words, words)
