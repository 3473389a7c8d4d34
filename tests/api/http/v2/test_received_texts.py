"""Contract: reading received text messages."""

from datetime import UTC, datetime, timedelta

import pytest

from api.contract import Channel
from tests import factories
from tests.api.http.conftest import messages

PATH = "/v2/received-text-messages"


@pytest.fixture
def service(runtime):
    return factories.make_service(runtime)


@pytest.fixture
def api(runtime, anonymous, service):
    return anonymous.with_key(factories.make_key(runtime, service))


def contents(answer):
    return [text["content"] for text in answer.get_json()["received_text_messages"]]


def test_a_text_has_exactly_six_keys(runtime, api, service):
    row = factories.make_inbound_sms(runtime, service, "STOP été")
    answer = api.get(PATH).get_json()
    (text,) = answer["received_text_messages"]
    assert text.pop("created_at").endswith("Z")
    assert text == {
        "id": str(row.id),
        "user_number": "33639980002",
        "notify_number": "36180",
        "service_id": str(service.id),
        "content": "STOP été",
    }
    assert answer["links"] == {
        "current": f"http://localhost{PATH}",
        "next": f"http://localhost{PATH}?older_than={row.id}",
    }


def test_newest_first_and_others_never(runtime, api, service):
    factories.make_inbound_sms(runtime, factories.make_service(runtime), "ailleurs")
    rows = [factories.make_inbound_sms(runtime, service, text) for text in ("un", "deux", "trois")]
    assert contents(api.get(PATH)) == ["trois", "deux", "un"]
    older = api.get(f"{PATH}?older_than={rows[1].id}")
    assert contents(older) == ["un"]
    assert older.get_json()["links"]["current"] == f"http://localhost{PATH}"


def test_a_service_without_any_gets_an_empty_page(api):
    assert api.get(PATH).get_json() == {
        "received_text_messages": [],
        "links": {"current": f"http://localhost{PATH}"},
    }


def test_250_a_page(runtime, api, service):
    for number in range(251):
        factories.make_inbound_sms(runtime, service, str(number))
    first = api.get(PATH).get_json()
    assert len(first["received_text_messages"]) == 250
    second = api.get(first["links"]["next"])
    assert contents(second) == ["0"]
    last = api.get(second.get_json()["links"]["next"])
    assert contents(last) == []
    assert "next" not in last.get_json()["links"]


def test_kept_as_long_as_sent_text_messages(runtime, api, service):
    for days in (2, 5):
        moment = datetime.now(UTC) - timedelta(days=days)
        factories.make_inbound_sms(runtime, service, f"{days}", created_at=moment)
    assert contents(api.get(PATH)) == ["2", "5"]
    factories.set_retention(runtime, service, Channel.SMS, 3)
    assert contents(api.get(PATH)) == ["2"]


def test_what_the_query_may_not_hold(api):
    answer = api.get(f"{PATH}?older_than=x&status=sent")
    assert messages(answer) == [
        "older_than is not a valid UUID",
        "Additional properties are not allowed (status was unexpected)",
    ]
    assert contents(api.get(f"{PATH}?older_than={'f' * 32}")) == []
