"""Contract: one-click unsubscribe (RFC 8058)."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from api.contract import Channel
from api.core.notifications.models import UnsubscribeRequest
from api.core.notifications.unsubscribe import make_token, make_unsubscribe_url
from tests import factories

SUCCESS = {"result": "success", "message": "Unsubscribe successful"}


@pytest.fixture
def template(runtime):
    service = factories.make_service(runtime)
    return factories.make_template(runtime, service, Channel.EMAIL, "Bonjour", has_unsubscribe_link=True)


def requests_for(runtime, notification_id):
    with runtime.database.session() as session:
        query = select(UnsubscribeRequest).where(UnsubscribeRequest.notification_id == notification_id)
        return session.scalars(query).all()


def refusal(answer):
    assert answer.status_code == 404
    body = answer.get_json()
    assert body["result"] == "error"
    return body["message"]["unsubscribe request"]


@pytest.mark.parametrize("make", [factories.make_notification, factories.make_history])
def test_a_click_is_recorded_once(runtime, anonymous, template, make):
    row = make(runtime, template)
    token = make_token(runtime.keyring, row.id, "lea@exemple.fr")
    for _ in range(2):
        answer = anonymous.post(f"/unsubscribe/{row.id}/{token}", data="List-Unsubscribe=One-Click")
        assert (answer.status_code, answer.get_json()) == (200, SUCCESS)
    (recorded,) = requests_for(runtime, row.id)
    assert recorded.email_address == "lea@exemple.fr"
    assert (recorded.service_id, recorded.template_id) == (template.service_id, template.id)
    assert (recorded.template_version, recorded.processed_at) == (1, None)


def test_the_link_leads_to_the_public_address_of_the_api(runtime):
    url = make_unsubscribe_url(runtime, uuid.uuid4(), "lea@exemple.fr")
    assert url.startswith(f"{runtime.settings.api_base_url}/unsubscribe/")
    assert "lea" not in url


def test_links_that_were_altered(runtime, anonymous, template):
    row, other = (factories.make_notification(runtime, template) for _ in range(2))
    token = make_token(runtime.keyring, row.id, "lea@exemple.fr")
    altered = token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB")
    for path in (
        f"{row.id}/{altered}",
        f"{row.id}/x",
        f"{row.id}/é",
        f"{row.id}/AAAAA",
        f"{other.id}/{token}",
    ):
        assert refusal(anonymous.post(f"/unsubscribe/{path}")) == "This is not a valid unsubscribe link."
    assert not requests_for(runtime, row.id)


def test_a_message_that_nobody_knows(runtime, anonymous):
    unknown = uuid.uuid4()
    token = make_token(runtime.keyring, unknown, "lea@exemple.fr")
    answer = anonymous.post(f"/unsubscribe/{unknown}/{token}")
    assert refusal(answer) == "This unsubscribe link is invalid or expired."


@pytest.mark.parametrize(("days", "status"), [(364, 200), (366, 404)])
def test_links_are_good_for_a_year(runtime, anonymous, template, days, status):
    row = factories.make_notification(runtime, template)
    token = make_token(runtime.keyring, row.id, "lea@exemple.fr")
    with time_machine.travel(row.created_at + timedelta(days=days), tick=False):
        assert anonymous.post(f"/unsubscribe/{row.id}/{token}").status_code == status


def test_looking_at_the_link_does_nothing(runtime, anonymous, template):
    """Scanners of mail follow links: only a POST counts."""
    row = factories.make_notification(runtime, template)
    token = make_token(runtime.keyring, row.id, "lea@exemple.fr")
    assert anonymous.get(f"/unsubscribe/{row.id}/{token}").status_code == 405
    assert not requests_for(runtime, row.id)
