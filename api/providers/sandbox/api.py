"""The sandbox's own API, as any provider has one: signed requests that hand over messages or change its behaviour."""

import asyncio
import uuid
from typing import Any

import orjson
from pydantic import ValidationError

from api.providers.http_server import Request, Response
from api.providers.protocol import ForbiddenRequestError, UnauthenticatedRequestError
from api.providers.sandbox.behaviour import FAULT_STATUSES, Behaviour, Fault, ReceiptMode
from api.providers.sandbox.receipts import ReceiptOutbox, receipts_of
from api.providers.sandbox.signing import check_signature
from api.providers.sandbox.store import MessageStore, NewMessage, StoredMessage

API_PREFIX = "/v1/"


class SandboxApi:
    """`behaviour` may change at any time, and goes back to the `initial` one on demand."""

    def __init__(self, secret: bytes, store: MessageStore, outbox: ReceiptOutbox, initial: Behaviour) -> None:
        self._secret = secret
        self._store = store
        self._outbox = outbox
        self._initial = initial
        self.behaviour = initial

    async def handle(self, request: Request) -> Response | None:
        try:
            check_signature(self._secret, request.headers, request.body)
        except ForbiddenRequestError as error:
            return _error(403, str(error))
        except UnauthenticatedRequestError as error:
            return _error(401, str(error))
        parts = request.path.removeprefix(API_PREFIX).split("/")
        if request.method == "POST" and parts in (["sms"], ["email"]):
            return await self._take(parts[0], request.body)
        return self._administer(request, parts)

    def _administer(self, request: Request, parts: list[str]) -> Response:
        match (request.method, parts):
            case ("GET", ["messages"]):
                return self._list(request.query.get("q", ""))
            case ("GET", ["messages", notification_id]):
                return self._show(notification_id)
            case ("GET", ["statistics"]):
                return _json(200, self._statistics())
            case ("GET", ["behaviour"]):
                return _json(200, self.behaviour.model_dump(mode="json"))
            case ("PUT", ["behaviour"]):
                return self._change_behaviour(request.body)
            case ("DELETE", ["behaviour"]):
                self.behaviour = self._initial
                return Response(204)
        return _error(404, "there is nothing here")

    async def _take(self, channel: str, body: bytes) -> Response | None:
        behaviour = self.behaviour
        if behaviour.latency_ms:
            await asyncio.sleep(behaviour.latency_ms / 1000)
        fault = behaviour.draw_fault()
        if fault in FAULT_STATUSES:
            return _error(FAULT_STATUSES[fault], fault.value)
        try:
            message = _parse_message(channel, orjson.loads(body))
        except (KeyError, TypeError, ValueError):
            return _error(400, "this is not a message")
        reference, is_new = self._store.take(message)
        if is_new and behaviour.receipts is not ReceiptMode.OFF:
            await self._send_receipts(reference, behaviour)
        if fault is Fault.LOST_ANSWER:
            return None
        return Response(201, b'{"reference":"%s"}' % reference.encode())

    async def _send_receipts(self, reference: str, behaviour: Behaviour) -> None:
        if behaviour.receipts is ReceiptMode.AUTO:
            self.send_receipt_later(reference, behaviour)
            return
        message = self._store.find(reference)
        assert message is not None
        for delivery in receipts_of(message, behaviour, behaviour.receipt_status):
            await self._outbox.post_now(delivery)
        self._store.set_status(reference, behaviour.receipt_status)

    def send_receipt_later(self, reference: str, behaviour: Behaviour) -> None:
        def post() -> None:
            message = self._store.find(reference)
            if message is not None and message.status is None:
                self._store.set_status(reference, behaviour.receipt_status)
                self._outbox.post_later(receipts_of(message, behaviour, behaviour.receipt_status), 0)

        asyncio.get_running_loop().call_later(behaviour.receipt_delay_ms / 1000, post)

    def _list(self, words: str) -> Response:
        found = self._store.search(words, page=1, page_size=50)
        return _json(200, {"messages": [_serialise(message) for message in found]})

    def _show(self, notification_id: str) -> Response:
        message = self._store.find_by_notification(notification_id)
        return _error(404, "no such message") if message is None else _json(200, _serialise(message))

    def _statistics(self) -> dict[str, Any]:
        return {
            **self._store.counts(),
            "repeated_ids": self._store.repeated_ids(),
            "receipts_posted": self._outbox.posted,
            "receipts_given_up": self._outbox.given_up,
        }

    def _change_behaviour(self, body: bytes) -> Response:
        """What the body does not name goes back to its default."""
        try:
            self.behaviour = Behaviour.model_validate_json(body)
        except ValidationError as error:
            return _error(400, "; ".join(str(problem["msg"]) for problem in error.errors()))
        return _json(200, self.behaviour.model_dump(mode="json"))


def _parse_message(channel: str, data: dict[str, Any]) -> NewMessage:
    """Raises `KeyError`, `TypeError` or `ValueError`."""
    identifier = str(uuid.UUID(data["id"]))
    if channel == "sms":
        return NewMessage(identifier, channel, str(data["to"]), str(data["sender"]), str(data["content"]))
    return NewMessage(
        identifier,
        channel,
        str(data["to"]),
        f"{data['from_name']} <{data['from_address']}>",
        str(data["text"]),
        str(data["subject"]),
        str(data["html"]),
        data.get("reply_to"),
        data.get("unsubscribe_url"),
    )


def _serialise(message: StoredMessage) -> dict[str, Any]:
    return {
        "reference": message.reference,
        "notification_id": message.notification_id,
        "channel": message.channel,
        "to": message.recipient,
        "sender": message.sender,
        "subject": message.subject,
        "content": message.content,
        "html": message.html,
        "reply_to": message.reply_to,
        "unsubscribe_url": message.unsubscribe_url,
        "taken_at": message.taken_at,
        "times_taken": message.times_taken,
        "status": message.status,
    }


def _json(status: int, body: Any) -> Response:
    return Response(status, orjson.dumps(body))


def _error(status: int, message: str) -> Response:
    return Response(status, orjson.dumps({"error": message}))
