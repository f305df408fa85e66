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
            outcome: Outcome = pickle.loads(message.payload)
            return outcome
        case _:
            text = message.payload.decode()
            return Outcome(run, attempt, "lost", message=text, evidence=text)
