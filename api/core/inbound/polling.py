"""Fetching received texts from providers that keep them until they are asked. May run twice at once, anywhere."""

import logging
from functools import partial

from api.contract import Channel
from api.core.delivery.deliver import Dispatcher
from api.core.delivery.polling import safely
from api.core.inbound.commands import store_received_text
from api.providers.protocol import PollsReceivedTexts

log = logging.getLogger(__name__)


def poll_received_texts(dispatcher: Dispatcher) -> int:
    """A provider forgets a text once it is stored; one that comes twice is stored once. Returns how many came."""
    total = 0
    for name, provider in dispatcher.choice.providers.get(Channel.SMS, {}).items():
        if not isinstance(provider, PollsReceivedTexts):
            continue
        for received in safely(name, provider.poll_received_texts) or []:
            store_received_text(dispatcher.runtime, name, received)
            safely(name, partial(provider.forget_received_text, received.reference))
            total += 1
    if total:
        log.info("received_texts_polled", extra={"texts": total})
    return total
