"""From request to provider: whose choice of an alphabet counts, and what the answers say of it."""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from api.app import create_app
from api.config import load_settings
from api.core.delivery.claims import Claimed
from api.core.delivery.preparation import prepare
from api.core.notifications.models import Notification
from api.core.templates.sizes import compare_alphabets
from api.runtime import Runtime, make_runtime
from api.slots import neutral_slots
from patches.fr_sms_alphabet.alphabets import make_alphabets
from tests.factories import change_template, forget_rates, make_key, make_rate, make_service, make_template

CONTENT = "Reçu ((nom))"
VALUES = {"nom": "Noël"}
BODIES = {"economy": "Recu Noel", "faithful": "Reçu Noël"}
CHOICES = [
    (None, None, "economy"),
    ("faithful", None, "faithful"),
    (None, "faithful", "faithful"),
    ("faithful", "economy", "economy"),
    ("economy", "faithful", "faithful"),
    pytest.param("contract", None, "economy", id="no-longer-offered"),
]


@pytest.fixture
def runtime(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    settings = load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        cache_seconds=0,
        object_store_dir=str(tmp_path),
    )
    slots = replace(neutral_slots(settings), sms_alphabets=make_alphabets(settings))
    runtime = make_runtime(settings, slots)
    yield runtime
    runtime.close()


def send(runtime: Runtime, template: Any, path: str = "/v2/notifications/sms", **values: Any) -> Any:
    key = make_key(runtime, template.service)
    body = {"template_id": str(template.id), "phone_number": "+33612345678", "personalisation": VALUES}
    client = create_app(runtime.settings, runtime).test_client()
    answer = client.post(path, json=body | values, headers=key.headers)
    assert answer.status_code in (200, 201), answer.get_json()
    return answer.get_json()


def make(runtime: Runtime, of_service: str | None, of_template: str | None, **values: Any) -> Any:
    service = make_service(runtime, sms_alphabet=of_service, **values)
    template = make_template(runtime, service, content=CONTENT, sms_alphabet=of_template)
    template.service = service
    return template


@pytest.mark.parametrize(("of_service", "of_template", "alphabet"), CHOICES)
def test_template_before_service_before_deployment(runtime, of_service, of_template, alphabet):
    template = make(runtime, of_service, of_template, prefix_sms=False)
    answer = send(runtime, template)
    assert answer["content"]["body"] == BODIES[alphabet]

    with runtime.unit_of_work() as work:
        row = work.session.scalars(select(Notification).where(Notification.id == answer["id"])).one()
        columns = {
            field.name: getattr(row, field.name) for field in fields(Claimed) if hasattr(row, field.name)
        }
    prepared = prepare(runtime, Claimed(**columns))
    assert (prepared.message.content, prepared.billable_units) == (BODIES[alphabet], row.billable_units)

    key = make_key(runtime, template.service)
    client = create_app(runtime.settings, runtime).test_client()
    shown = client.get(f"/v2/notifications/{answer['id']}", headers=key.headers).get_json()
    assert shown["body"] == BODIES[alphabet]
    preview = send(runtime, template, f"/v2/template/{template.id}/preview")
    assert preview["body"] == BODIES[alphabet]


def test_a_message_keeps_the_alphabet_of_its_version(runtime):
    template = make(runtime, None, None)
    change_template(runtime, template, CONTENT, sms_alphabet="faithful")
    service = runtime.services.find(template.service_id)
    texts = [
        runtime.templates.find_version(template.id, version)
        .sms(service.sms_prefix, service.sms_alphabet)
        .render(VALUES)
        .body
        for version in (1, 2)
    ]
    assert texts == [BODIES["economy"], BODIES["faithful"]]


def test_the_answer_tells_what_the_alphabet_changed(runtime):
    answer = send(runtime, make(runtime, None, None))
    assert answer["sanitised_content"] == {"body": {"unsanitised": "Reçu Noël", "sanitised": "Recu Noel"}}


@pytest.mark.parametrize(("of_service", "nom"), [("faithful", "Noël"), ("economy", "Zoé")])
def test_the_answer_is_that_of_the_contract_when_nothing_changed(runtime, of_service, nom):
    service = make_service(runtime, sms_alphabet=of_service)
    template = make_template(runtime, service, content="Bonjour ((nom))")
    template.service = service
    answer = send(runtime, template, personalisation={"nom": nom})
    assert set(answer) == {"id", "reference", "content", "uri", "template", "scheduled_for"}


def test_both_alphabets_are_compared_with_their_price(runtime):
    service = runtime.services.find(make_service(runtime, name=f"Préfecture {uuid4().hex[:8]}").id)
    forget_rates(runtime)
    make_rate(runtime, 415)
    economy, faithful = compare_alphabets(runtime, service, "a" * 110 + "((nom))", {"nom": "Noël"})
    assert (economy.alphabet, economy.is_chosen, economy.message.fragments, economy.price) == (
        "economy",
        True,
        1,
        415,
    )
    assert (faithful.alphabet, faithful.is_chosen, faithful.message.fragments, faithful.price) == (
        "faithful",
        False,
        3,
        1245,
    )
    assert faithful.message.text.startswith("Préfecture ")
    assert [(piece.start, piece.original, piece.replacement) for piece in faithful.message.costly] == [
        (112, "ë", "e")
    ]
    forget_rates(runtime)
    assert compare_alphabets(runtime, service, "a")[0].price is None
