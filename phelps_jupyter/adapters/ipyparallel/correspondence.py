"""What the engines of one cluster and this kernel tell one another, each by its own way; who has one, and whose values
come and go, takes tasks.

Knows letters, and what an outcome means for its engine; refuses to know who comes to the cluster and who is gone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from phelps_jupyter.adapters.ipyparallel.channel import Channel
from phelps_jupyter.adapters.ipyparallel.freight import Freight
from phelps_jupyter.adapters.ipyparallel.reception import Reception
from phelps_jupyter.adapters.ipyparallel.seat import Call, Seat, Way
from phelps_jupyter.adapters.ipyparallel.supply import Supply
from phelps_jupyter.core.events import EngineJoined, EnginesFailed
from phelps_jupyter.core.model import Engine
from phelps_jupyter.ports import Notify
from phelps_jupyter.runtime.line import Message
from phelps_jupyter.runtime.mailbox import Letters
from phelps_jupyter.runtime.news import news, order_message
from phelps_jupyter.runtime.orders import Order, Outcome, Started, Wrote
from phelps_jupyter.runtime.recent import Recent

SILENCE = 10.0
"""Seconds without a sign of life on the channel after which that is given up."""
logger = logging.getLogger(__name__)


class Correspondence:
    """``seats``: those of the cluster, as others keep them."""

    def __init__(
        self, seats: Mapping[int, Seat], channel: Channel, reception: Reception, freight: Freight, notify: Notify
    ) -> None:
        self._seats = seats
        self._channel = channel
        self._reception = reception
        self._freight = freight
        self._notify = notify
        self._supply = Supply(reception, freight, notify)
        self._strangers = Recent()
        self._is_over = False

    def end(self) -> None:
        """Nobody takes tasks any more. Whoever is refused may end all, in the midst of a round."""
        self._is_over = True

    def order(self, seat: Seat, order: Order) -> None:
        """Let it be run there."""
        try:
            seat.send(order_message(self._freight.addressed(order, seat.depot)))
        except OSError as error:
            # One may go after it was looked for: the next attempt has it from elsewhere, or is told that it is missing.
            why = f"a value that it reads can't be sent: {error}"
            self._notify(Outcome(order.run, order.attempt, "lost", message=why, evidence=why))

    def cancel(self, number: tuple[int, int]) -> None:
        for seat in self._seats.values():
            if number in seat.running:
                seat.send(Message("cancel", *number))

    def receive(self) -> None:
        """What has come by the channel."""
        seats = {seat.name: seat for seat in self._seats.values()}
        for name, letters in self._channel.receive():
            seat = seats.get(name)
            if seat is None:
                self._send_away(name)
                continue
            seat.expect(SILENCE)
            if seat.way in (Way.NONE, Way.TRIED):
                self._join(seat, Way.CHANNEL)
            self._hear(seat, letters)
            # It learns what was heard.
            self._send(seat)
            if self._is_over:
                return

    def _send_away(self, name: bytes) -> None:
        """It may be an engine that was given up, and came back: what it still runs has been started anew."""
        self._channel.dismiss(name)
        if self._strangers.is_new(name):
            logger.warning("messages on the channel from nobody we know are left unread")

    def attend(self) -> None:
        """Send what is to be sent, each engine's by its own way."""
        for seat in list(self._seats.values()):
            if self._is_over:
                return
            self._supply.look(seat)
            if not seat.joined and seat.way is not Way.NONE:
                self._admit(seat)
            if seat.is_overdue:
                if seat.way is Way.CHANNEL:
                    logger.warning("engine %s is silent on the channel: it is asked through ipyparallel", seat.id)
                self._join(seat, Way.REQUESTS)
            if seat.way is Way.CHANNEL and seat.mailbox.pending:
                self._send(seat)
            elif seat.way is Way.REQUESTS and seat.is_to_be_asked:
                self._exchange(seat)
            elif seat.is_to_try:
                seat.enter(Way.TRIED)
                self._reception.attach(seat, seat.give_up)
        self._supply.settle()

    def _join(self, seat: Seat, way: Way) -> None:
        seat.enter(way)
        self._admit(seat)

    def _admit(self, seat: Seat) -> None:
        """It takes tasks, once its values come and go."""
        if not seat.joined and not self._is_over and self._reception.can_serve(seat):
            assert seat.host is not None
            seat.joined = True
            self._notify(EngineJoined(time.time(), Engine(seat.id, seat.host.id), seat.host))

    def _exchange(self, seat: Seat) -> None:
        """Hand messages over by a request, and take those that are there."""
        letters = seat.mailbox.all_letters()
        seat.mailbox.sent(letters)
        # Should it fail, what was not heard goes with the next one.
        seat.ask(Call("exchange", (seat.name, tuple(letters)), lambda told: self._hear(seat, Letters(*told)), _ignore))

    def _send(self, seat: Seat) -> None:
        letters = seat.mailbox.letters()
        if not self._is_over and self._channel.send(seat.name, letters):
            seat.mailbox.sent(letters)

    def lose(self, seat: Seat) -> None:
        """It is gone, and may have been killed for what it ran, before that could be told by its own way."""
        for number in sorted(seat.running):
            told = self._reception.last_word(number)
            if told is not None:
                self._pass_on(seat, told)
        self._supply.forget(seat)

    def _hear(self, seat: Seat, letters: Letters) -> None:
        for message in seat.take(letters):
            notice = news(message)
            if isinstance(notice, Outcome) and notice.ends_engine:
                self._reception.last_word(message.number)
            self._pass_on(seat, notice)

    def _pass_on(self, seat: Seat, notice: Started | Wrote | Outcome) -> None:
        if isinstance(notice, Outcome):
            if not self._is_over:
                self._freight.note(notice, seat.depot)
            if notice.ends_engine:
                # Before it is free again: what would be placed there now would be lost.
                self._notify(EnginesFailed(time.time(), f"engine {seat.id} ends with what it ran", (seat.id,)))
        self._notify(notice)


def _ignore(_: object) -> None:
    """Nothing follows from the answer."""
