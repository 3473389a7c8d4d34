"""Contract: reading templates and trying them."""

import uuid

import pytest

from api.contract import Channel
from tests import factories
from tests.api.http.conftest import messages


@pytest.fixture
def service(runtime):
    return factories.make_service(runtime)


@pytest.fixture
def author(runtime):
    return factories.make_user(runtime)


@pytest.fixture
def email(runtime, service, author):
    return factories.make_template(
        runtime,
        service,
        Channel.EMAIL,
        "Bonjour ((Prénom)), ((date??le)) ((date)) **((nom))**",
        subject="Dossier ((nom))",
        name="Relance",
        created_by_id=author.id,
    )


@pytest.fixture
def sms(runtime, service):
    return factories.make_template(runtime, service, content="Bonjour ((nom))", name="Accueil")


@pytest.fixture
def api(runtime, anonymous, service):
    return anonymous.with_key(factories.make_key(runtime, service))


def test_a_template_with_all_its_fields(api, email, author):
    answer = api.get(f"/v2/template/{email.id}").get_json()
    created_at = answer.pop("created_at")
    assert created_at.endswith("Z")
    assert len(created_at) == 27
    assert answer == {
        "id": str(email.id),
        "name": "Relance",
        "type": "email",
        "version": 1,
        "body": "Bonjour ((Prénom)), ((date??le)) ((date)) **((nom))**",
        "subject": "Dossier ((nom))",
        "updated_at": None,
        "created_by": author.email_address,
        "personalisation": {name: {"required": True} for name in ("nom", "Prénom", "date")},
        "postage": None,
        "letter_contact_block": None,
    }


def test_a_text_message_template_has_no_subject(api, sms):
    answer = api.get(f"/v2/template/{sms.id}").get_json()
    assert (answer["subject"], answer["created_by"]) == (None, None)


def test_versions(runtime, api, email):
    factories.change_template(runtime, email, "Au revoir")
    factories.change_template(runtime, email, "Adieu")
    bodies = {}
    for version in (0, 1, 2, 3):
        answer = api.get(f"/v2/template/{email.id}/version/{version}").get_json()
        bodies[version] = (answer["version"], answer["body"], answer["updated_at"] is None)
    assert bodies[0] == bodies[3] == (3, "Adieu", False)
    assert bodies[1][0] == 1
    assert bodies[1][2] is True
    assert bodies[2] == (2, "Au revoir", False)
    assert api.get(f"/v2/template/{email.id}").get_json()["body"] == "Adieu"


def test_versions_that_are_not_there(api, email):
    unknown = api.get(f"/v2/template/{email.id}/version/9")
    assert (unknown.status_code, unknown.get_json()["errors"][0]["error"]) == (404, "NoResultFound")
    beyond = api.get(f"/v2/template/{email.id}/version/99999999999")
    assert (beyond.status_code, beyond.get_json()["errors"][0]["error"]) == (404, "DataError")
    for text in ("x", "-1", "1.5"):
        answer = api.get(f"/v2/template/{email.id}/version/{text}")
        assert (answer.status_code, answer.get_json()["result"]) == (404, "error")


@pytest.mark.parametrize("method", ["get", "post"])
def test_identifiers(runtime, api, method):
    path = "/v2/template/{}" + ("/preview" if method == "post" else "")
    call = getattr(api, method)
    bad = call(path.format("x"))
    assert (bad.status_code, messages(bad)) == (400, ["id is not a valid UUID"])
    others = factories.make_template(runtime, factories.make_service(runtime))
    hidden = factories.make_template(runtime, factories.make_service(runtime), hidden=True)
    for unknown in (uuid.uuid4(), others.id, hidden.id):
        missing = call(path.format(unknown))
        assert (missing.status_code, messages(missing)) == (404, ["No result found"])


def test_archived_templates_can_be_read_but_are_not_listed(runtime, api, service, sms):
    archived = factories.make_template(runtime, service, archived=True)
    factories.make_template(runtime, service, hidden=True)
    assert api.get(f"/v2/template/{archived.id}").status_code == 200
    listed = api.get("/v2/templates").get_json()["templates"]
    assert [found["id"] for found in listed] == [str(sms.id)]


def test_lists_are_by_name_and_then_by_type(runtime, api, service):
    for name, channel in (("B", Channel.SMS), ("A", Channel.SMS), ("A", Channel.EMAIL)):
        factories.make_template(runtime, service, channel, name=name)
    listed = api.get("/v2/templates").get_json()["templates"]
    assert [(found["name"], found["type"]) for found in listed] == [
        ("A", "email"),
        ("A", "sms"),
        ("B", "sms"),
    ]
    only = api.get("/v2/templates?type=sms").get_json()["templates"]
    assert [found["name"] for found in only] == ["A", "B"]
    assert api.get("/v2/templates?type=letter").get_json() == {"templates": []}


def test_what_lists_do_not_understand(api):
    answer = api.get("/v2/templates?type=orange&page=1")
    assert messages(answer) == [
        "type orange is not one of [sms, email, letter]",
        "Additional properties are not allowed (page was unexpected)",
    ]


def test_preview_of_an_email(api, email):
    values = {"pre-nom": "x", "PRÉNOM": "Léa", "date": "oui", "nom": ["a", "b"], "autre": 1}
    answer = api.post(f"/v2/template/{email.id}/preview", {"personalisation": values, "autre": 2})
    assert answer.status_code == 200
    found = answer.get_json()
    assert set(found) == {"id", "type", "version", "body", "subject", "html", "postage"}
    assert found["subject"] == "Dossier a and b"
    assert found["body"].startswith("Bonjour Léa, le oui **")
    assert "<p" in found["html"]
    assert found["postage"] is None


def test_preview_of_a_text_message_is_without_the_name_of_the_service(api, sms):
    answer = api.post(f"/v2/template/{sms.id}/preview", {"personalisation": {"nom": "Léa"}}).get_json()
    assert (answer["body"], answer["subject"], answer["html"]) == ("Bonjour Léa", None, None)


def test_preview_wants_every_value(api, email, sms):
    answer = api.post(f"/v2/template/{email.id}/preview", {"personalisation": {"date": 1, "nom": None}})
    assert answer.get_json() == {
        "status_code": 400,
        "errors": [{"error": "BadRequestError", "message": "Missing personalisation: nom, Prénom"}],
    }
    for body in ({"data": b""}, {"data": b"{}"}, {"data": b"null"}):
        answer = api.post(f"/v2/template/{sms.id}/preview", **body)
        assert messages(answer) == ["Missing personalisation: nom"]


def test_preview_of_what_is_not_right(api, sms):
    path = f"/v2/template/{sms.id}/preview"
    assert messages(api.post(path, {"personalisation": None})) == [
        "personalisation None is not of type object"
    ]
    assert messages(api.post(path, [1])) == ["[1] is not of type object"]
    assert messages(api.post(path, data=b"{")) == ["Invalid JSON supplied in POST data"]
