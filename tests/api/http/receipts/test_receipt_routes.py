"""Providers' calls over the API's routes; the sandbox signs as it does in earnest."""

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from api.app import create_app
from api.config import DEVELOPMENT_SECRET
from api.contract import Channel, Status
from api.core.notifications.models import Notification
from api.http.receipts import PROVIDERS
from api.providers.sandbox.client import SandboxSms
from api.providers.sandbox.signing import signature_headers
from api.runtime import Runtime, make_runtime
from tests.factories import make_notification, make_service, make_template

SMS = "/notifications/sms/sandbox"
EMAIL = "/notifications/email/sandbox"
TEXTS = "/notifications/sms/receive/sandbox"


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return create_app(runtime.settings, runtime).test_client()


def post(client: FlaskClient, path: str, data: Any, secret: str = DEVELOPMENT_SECRET) -> TestResponse:
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    return client.post(path, data=body, headers=signature_headers(secret.encode(), body))


def make_sent(runtime: Runtime, channel: Channel) -> Notification:
    template = make_template(runtime, make_service(runtime), channel)
    return make_notification(
        runtime, template, status=Status.SENDING, sent_by="sandbox", claimed_at=datetime.now(UTC)
    )


def status_of(runtime: Runtime, message: Notification) -> str:
    with runtime.database.autocommit() as connection:
        return connection.execute(
            select(Notification.status).where(Notification.id == message.id)
        ).scalar_one()


@pytest.mark.parametrize(("channel", "path"), [(Channel.SMS, SMS), (Channel.EMAIL, EMAIL)])
def test_receipt_is_applied_before_it_is_acknowledged(
    runtime: Runtime, client: FlaskClient, channel: Channel, path: str
) -> None:
    message = make_sent(runtime, channel)
    answer = post(client, path, {"status": "delivered", "notification_id": message.id})
    assert (answer.status_code, answer.get_json()) == (200, {"result": "success"})
    assert status_of(runtime, message) == Status.DELIVERED


@pytest.mark.parametrize("which", [{"notification_id": str(uuid.uuid4())}, {"reference": "unknown"}])
def test_unknown_messages_get_the_answer_of_known_ones(client: FlaskClient, which: dict[str, str]) -> None:
    answer = post(client, SMS, {"status": "delivered"} | which)
    assert (answer.status_code, answer.get_json()) == (200, {"result": "success"})


@pytest.mark.parametrize("path", [SMS, EMAIL, TEXTS])
def test_caller_without_proof_is_refused(client: FlaskClient, path: str) -> None:
    answer = client.post(path, json={})
    assert answer.status_code == 401
    assert answer.get_json() == {"result": "error", "message": "this request is not signed"}
    answer = post(client, path, {}, secret="another secret")
    assert answer.status_code == 403
    assert answer.get_json()["result"] == "error"


@pytest.mark.parametrize("path", [SMS, EMAIL, TEXTS])
@pytest.mark.parametrize("body", [b"", b"nonsense", b"{}", b"[]x", b'{"status": "lost"}', b'"\xff"'])
def test_call_without_sense_is_refused(client: FlaskClient, path: str, body: bytes) -> None:
    answer = post(client, path, body)
    assert answer.status_code == 400
    assert answer.get_json()["result"] == "error"


@pytest.mark.parametrize(
    "path",
    [
        "/notifications/sms/pigeon",
        "/notifications/email/pigeon",
        "/notifications/sms/receive/pigeon",
        "/notifications/letter/sandbox",
        "/notifications/email/receive/sandbox",
        "/notifications/sms/receive",
    ],
)
def test_providers_that_are_not_configured_are_not_found(client: FlaskClient, path: str) -> None:
    answer = post(client, path, {})
    assert answer.status_code == 404
    assert answer.get_json()["result"] == "error"


def test_huge_bodies_are_not_read(client: FlaskClient) -> None:
    assert post(client, SMS, b" " * (1024 * 1024 + 1)).status_code == 413


def test_call_by_get_reaches_the_provider(client: FlaskClient) -> None:
    assert client.get(SMS).status_code == 401
    assert client.get(SMS, headers=signature_headers(DEVELOPMENT_SECRET.encode(), b"")).status_code == 400


def test_provider_is_asked_to_come_again_when_a_receipt_cannot_be_put_off(
    runtime: Runtime, client: FlaskClient, redis_server: Any
) -> None:
    redis_server.stop()
    answer = post(client, SMS, {"status": "delivered", "reference": uuid.uuid4().hex})
    assert answer.status_code == 503


class Forgetful(SandboxSms):
    """Sends a call again after 429 only."""

    retry_status: ClassVar[int] = 429


@pytest.mark.parametrize(("provider", "status"), [(SandboxSms, 503), (Forgetful, 429)])
@pytest.mark.parametrize(
    ("path", "data"),
    [
        (SMS, {"status": "delivered", "notification_id": str(uuid.uuid4())}),
        (TEXTS, {"from": "33639980002", "to": "99999", "content": "Oui", "reference": "1"}),
    ],
)
def test_provider_is_asked_to_come_again_while_the_database_is_away(
    runtime: Runtime, provider: type[SandboxSms], status: int, path: str, data: dict[str, str]
) -> None:
    away = make_runtime(
        runtime.settings.model_copy(update={"database_url": "postgresql+psycopg2://nobody@127.0.0.1:9/none"})
    )
    app = create_app(away.settings, away)
    app.extensions[PROVIDERS][Channel.SMS]["sandbox"] = provider.from_settings(away.settings)
    assert post(app.test_client(), path, data).status_code == status
    away.close()


def test_received_text_for_nobody_is_acknowledged(client: FlaskClient) -> None:
    text = {"from": "33639980002", "to": "99999", "content": "Oui", "reference": uuid.uuid4().hex}
    answer = post(client, TEXTS, text)
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})
