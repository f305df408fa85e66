"""What the messages of a zygote say of an attempt. Knows how it is encoded."""

from __future__ import annotations

import pickle

from phelps_jupyter.runtime.line import Message
from phelps_jupyter.runtime.orders import Order, Outcome, Started, Wrote
from phelps_jupyter.runtime.transcript import decode


def order_message(order: Order) -> Message:
    """What starts the attempt."""
    return Message("order", order.run, order.attempt, pickle.dumps(order))


def news(message: Message) -> Started | Wrote | Outcome:
    """What came back."""
    run, attempt = message.number
    match message.kind:
        case "started":
            return Started(run, attempt)
        case "frames":
            return Wrote(run, attempt, decode(message.payload))
        case "outcome":
            return _outcome(message)
        case _:
            return _lost(message, message.payload.decode())


def _outcome(message: Message) -> Outcome:
    try:
        outcome: Outcome = pickle.loads(message.payload)
    except Exception as error:
        # Whatever unpickling raises, when other code than ours wrote it.
        return _lost(message, f"what the engine said of the attempt's end can't be read: {error!r}")
    return outcome


def _lost(message: Message, why: str) -> Outcome:
    return Outcome(message.run, message.attempt, "lost", message=why, evidence=why)
