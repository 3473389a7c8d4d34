"""Contract: letters, asked of a service that may not send any."""

import pytest

from api.contract import KeyType
from tests import factories
from tests.api.http.conftest import messages

PATH = "/v2/notifications/letter"
TEMPLATED = {"template_id": "7a3d0f52-8f0e-4b7d-9f6c-1b1f0c2d3e4f", "personalisation": {}}
PRECOMPILED = {"reference": "lot-7", "content": "JVBERi0x"}


@pytest.mark.parametrize("body", [TEMPLATED, PRECOMPILED])
@pytest.mark.parametrize("key_type", KeyType)
def test_a_well_formed_letter_is_not_allowed(runtime, anonymous, body, key_type):
    service = factories.make_service(runtime, permissions=["email", "sms"])
    api = anonymous.with_key(factories.make_key(runtime, service, key_type))
    answer = api.post(PATH, body)
    assert answer.status_code == 400
    assert answer.get_json()["errors"] == [
        {"error": "BadRequestError", "message": "Service is not allowed to send letters"}
    ]


def test_its_form_is_looked_at_first(runtime, anonymous):
    api = anonymous.with_key(factories.make_key(runtime, factories.make_service(runtime)))
    assert messages(api.post(PATH, {})) == [
        "template_id is a required property",
        "personalisation is a required property",
    ]
    assert messages(api.post(PATH, {"content": "x"})) == ["reference is a required property"]
    assert messages(api.post(PATH, data=b"x")) == ["Invalid JSON supplied in POST data"]


def test_limits_come_before_everything(runtime, anonymous):
    service = factories.make_service(runtime, letter_message_limit=0)
    answer = anonymous.with_key(factories.make_key(runtime, service)).post(PATH, data=b"x")
    assert answer.status_code == 429
    assert answer.get_json()["errors"] == [
        {"error": "TooManyRequestsError", "message": "Exceeded send limits (letter: 0) for today"}
    ]


def test_refused_letters_do_not_count(runtime, anonymous):
    service = factories.make_service(runtime, letter_message_limit=1)
    api = anonymous.with_key(factories.make_key(runtime, service))
    assert [api.post(PATH, TEMPLATED).status_code for _ in range(3)] == [400, 400, 400]
