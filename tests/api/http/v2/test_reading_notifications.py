"""Contract: reading messages."""

import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from api.contract import Channel, KeyType, Status
from tests import factories

KEYS = {
    "id", "reference", "email_address", "phone_number", "line_1", "line_2", "line_3", "line_4", "line_5", "line_6",
    "postcode", "postage", "type", "status", "template", "body", "subject", "created_at", "created_by_name",
    "sent_at", "completed_at", "scheduled_for", "one_click_unsubscribe_url", "is_cost_data_ready",
    "cost_in_pounds", "cost_details",
}  # fmt: skip
MORNING = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=120000)


@pytest.fixture(autouse=True)
def price(runtime):
    factories.forget_rates(runtime)
    factories.make_rate(runtime, 227)
    yield
    factories.forget_rates(runtime)


@pytest.fixture
def service(runtime):
    return factories.make_service(runtime)


@pytest.fixture
def template(runtime, service):
    return factories.make_template(runtime, service, content="Bonjour ((nom)), à bientôt")


@pytest.fixture
def api(runtime, anonymous, service):
    return anonymous.with_key(factories.make_key(runtime, service))


def ids(response):
    assert response.status_code == 200, response.get_data()
    return [found["id"] for found in response.get_json()["notifications"]]


def test_a_text_message_shows_everything_the_contract_lists(runtime, api, template):
    row = factories.make_notification(
        runtime,
        template,
        client_reference="rdv-2041",
        status=Status.DELIVERED,
        created_at=MORNING,
        sent_at=MORNING + timedelta(seconds=1),
        updated_at=MORNING + timedelta(seconds=7),
    )

    answer = api.get(f"/v2/notifications/{row.id}").get_json()

    day = f"{MORNING:%Y-%m-%d}"
    assert set(answer) == KEYS
    assert answer | {name: None for name in KEYS if answer[name] is None} == answer
    assert {name: value for name, value in answer.items() if value is not None} == {
        "id": str(row.id),
        "reference": "rdv-2041",
        "phone_number": "+33639980001",
        "type": "sms",
        "status": "delivered",
        "template": {
            "id": str(template.id),
            "version": 1,
            "uri": f"http://localhost/v2/template/{template.id}/version/1",
        },
        "body": "Bonjour Léa, à bientôt",
        "created_at": f"{day}T00:00:00.120000Z",
        "sent_at": f"{day}T00:00:01.120000Z",
        "completed_at": f"{day}T00:00:07.120000Z",
        "is_cost_data_ready": True,
        "cost_in_pounds": 0.0227,
        "cost_details": {
            "billable_sms_fragments": 1,
            "international_rate_multiplier": 1,
            "sms_rate": 0.0227,
        },
    }


def test_an_email_shows_its_subject_and_costs_nothing(runtime, api, service):
    template = factories.make_template(
        runtime, service, Channel.EMAIL, "Bonjour ((nom)) <b>", subject="Dossier ((nom))"
    )
    row = factories.make_notification(runtime, template)

    answer = api.get(f"/v2/notifications/{row.id}").get_json()

    assert set(answer) == KEYS
    assert (answer["email_address"], answer["phone_number"]) == ("lea@exemple.fr", None)
    assert (answer["subject"], answer["body"]) == ("Dossier Léa", "Bonjour Léa <b>")
    assert (answer["is_cost_data_ready"], answer["cost_in_pounds"], answer["cost_details"]) == (True, 0.0, {})
    assert answer["one_click_unsubscribe_url"] is None


@pytest.mark.parametrize(
    ("values", "cost", "ready"),
    [
        ({"status": Status.CREATED, "billable_units": 0}, None, False),
        ({"status": Status.CREATED, "billable_units": 2}, 0.0454, True),
        ({"status": Status.SENDING, "billable_units": 3, "rate_multiplier": 4}, 0.2724, True),
        ({"status": Status.TECHNICAL_FAILURE, "billable_units": 0}, 0.0, True),
        ({"created_at": datetime.now(UTC) - timedelta(days=2), "rate_multiplier": None}, 0.0227, True),
    ],
)
def test_cost_is_fragments_by_multiplier_by_rate(runtime, api, template, values, cost, ready):
    row = factories.make_notification(runtime, template, **values)
    answer = api.get(f"/v2/notifications/{row.id}").get_json()
    assert (answer["cost_in_pounds"], answer["is_cost_data_ready"]) == (cost, ready)
    assert bool(answer["cost_details"]) is ready


@pytest.mark.parametrize("status", Status)
def test_completed_at_is_there_once_the_status_is_final(runtime, api, template, status):
    row = factories.make_notification(runtime, template, status=status, updated_at=MORNING)
    answer = api.get(f"/v2/notifications/{row.id}").get_json()
    open_statuses = {"created", "sending", "pending", "pending-virus-check", "virus-scan-failed"}
    assert (answer["completed_at"] is None) == (status in open_statuses)


def test_a_scheduled_message_says_when_it_goes(runtime, api, template):
    moment = datetime(2027, 1, 2, 8, tzinfo=UTC)
    row = factories.make_notification(runtime, template, scheduled_for=moment)
    answer = api.get(f"/v2/notifications/{row.id}").get_json()
    assert answer["scheduled_for"] == "2027-01-02T08:00:00.000000Z"


def test_the_author_of_a_message_sent_by_hand_is_named(runtime, api, template):
    user = factories.make_user(runtime, name="Inès Petit")
    row = factories.make_notification(runtime, template, created_by_id=user.id)
    assert api.get(f"/v2/notifications/{row.id}").get_json()["created_by_name"] == "Inès Petit"


def test_the_link_to_unsubscribe_is_the_callers_or_the_templates(runtime, api, service, anonymous):
    template = factories.make_template(runtime, service, Channel.EMAIL, "Bonjour", has_unsubscribe_link=True)
    own = factories.make_notification(runtime, template, unsubscribe_link="https://exemple.fr/d?u=9")
    ours = factories.make_notification(runtime, template)

    answer = api.get(f"/v2/notifications/{own.id}").get_json()
    assert answer["one_click_unsubscribe_url"] == "https://exemple.fr/d?u=9"

    url = api.get(f"/v2/notifications/{ours.id}").get_json()["one_click_unsubscribe_url"]
    assert url.startswith(f"https://api.exemple.fr/unsubscribe/{ours.id}/")
    assert anonymous.post(urlsplit(url).path).status_code == 200


def test_bodies_are_those_of_the_version_that_was_sent(runtime, api, template):
    before = factories.make_notification(runtime, template)
    factories.change_template(runtime, template, "Au revoir ((nom))")
    after = factories.make_notification(runtime, template, personalisation=None)

    assert ids(api.get("/v2/notifications")) == [str(after.id), str(before.id)]
    bodies = [found["body"] for found in api.get("/v2/notifications").get_json()["notifications"]]
    assert bodies == ["Au revoir", "Bonjour Léa, à bientôt"]


@pytest.mark.parametrize("path", ["/v2/notifications/{}", "/v2/notifications/{}/pdf"])
def test_bad_and_unknown_identifiers(runtime, api, path):
    elsewhere = factories.make_template(runtime, factories.make_service(runtime))
    others = factories.make_notification(runtime, elsewhere)

    bad = api.get(path.format("x-1"))
    assert bad.status_code == 400
    assert bad.get_json() == {
        "status_code": 400,
        "errors": [{"error": "ValidationError", "message": "notification_id is not a valid UUID"}],
    }
    for unknown in (uuid.uuid4(), others.id):
        missing = api.get(path.format(unknown))
        assert missing.status_code == 404
        assert missing.get_json()["errors"] == [{"error": "NoResultFound", "message": "No result found"}]


@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_identifiers_in_any_form_that_means_the_same(runtime, api, template, form):
    row = factories.make_notification(runtime, template)
    for text in (str(row.id), str(row.id).upper(), row.id.hex):
        assert api.get(f"/v2/notifications/{form.format(text)}").status_code == 200


def test_any_key_reads_one_message_but_lists_only_those_of_its_type(runtime, anonymous, service, template):
    keys = {kind: anonymous.with_key(factories.make_key(runtime, service, kind)) for kind in KeyType}
    sent = {kind: str(factories.make_notification(runtime, template, key_type=kind).id) for kind in KeyType}
    for kind, api in keys.items():
        assert ids(api.get("/v2/notifications")) == [sent[kind]]
        for other in sent.values():
            assert api.get(f"/v2/notifications/{other}").status_code == 200


def test_messages_past_their_retention_are_gone(runtime, api, service, template):
    email = factories.make_template(runtime, service, Channel.EMAIL, "Bonjour")
    factories.set_retention(runtime, service, Channel.EMAIL, 3)
    ago = {days: datetime.now(UTC) - timedelta(days=days) for days in (2, 5, 9)}
    sms = {days: factories.make_notification(runtime, template, created_at=ago[days]) for days in (5, 9)}
    mail = {days: factories.make_notification(runtime, email, created_at=ago[days]) for days in (2, 5)}

    assert ids(api.get("/v2/notifications")) == [str(mail[2].id), str(sms[5].id)]
    assert api.get(f"/v2/notifications/{sms[5].id}").status_code == 200
    assert api.get(f"/v2/notifications/{sms[9].id}").status_code == 404
    assert api.get(f"/v2/notifications/{mail[5].id}").status_code == 404


def test_pdf_of_what_is_not_a_letter(runtime, api, template):
    row = factories.make_notification(runtime, template)
    answer = api.get(f"/v2/notifications/{row.id}/pdf")
    assert answer.status_code == 400
    assert answer.get_json()["errors"] == [
        {"error": "BadRequestError", "message": "Notification is not a letter"}
    ]


class TestFilters:
    STORED = ("created", "sending", "sent", "delivered", "pending", "technical-failure", "temporary-failure",
              "permanent-failure")  # fmt: skip

    @pytest.mark.parametrize(
        ("asked", "shown"),
        [
            (["created"], {"created"}),
            (["created", "sent"], {"created", "sent"}),
            (["failed"], {"technical-failure", "temporary-failure", "permanent-failure"}),
            (["accepted"], {"created", "sending"}),
            (["received"], {"delivered"}),
            (["cancelled"], set()),
            (["pending-virus-check"], set()),
        ],
    )
    def test_by_status(self, runtime, api, template, asked, shown):
        for status in self.STORED:
            factories.make_notification(runtime, template, status=status)
        answer = api.get("/v2/notifications", query_string=[("status", status) for status in asked])
        assert {found["status"] for found in answer.get_json()["notifications"]} == shown

    def test_by_every_status_at_once_is_no_filter(self, runtime, api, template):
        factories.make_notification(runtime, template, status=Status.SENDING)
        answer = api.get("/v2/notifications", query_string=[("status", status) for status in Status])
        assert len(ids(answer)) == 1

    def test_by_type(self, runtime, api, service, template):
        email = factories.make_template(runtime, service, Channel.EMAIL, "Bonjour")
        sms = str(factories.make_notification(runtime, template).id)
        mail = str(factories.make_notification(runtime, email).id)
        assert ids(api.get("/v2/notifications?template_type=sms")) == [sms]
        assert ids(api.get("/v2/notifications?template_type=letter")) == []
        assert ids(api.get("/v2/notifications?template_type=sms&template_type=email")) == [mail, sms]

    def test_by_reference_exactly_and_the_first_one_only(self, runtime, api, template):
        found = factories.make_notification(runtime, template, client_reference="dossier 7")
        factories.make_notification(runtime, template, client_reference="dossier 77")
        assert ids(api.get("/v2/notifications?reference=dossier+7&reference=x")) == [str(found.id)]
        assert ids(api.get("/v2/notifications?reference=")) == []

    def test_messages_of_jobs_only_when_asked_for(self, runtime, api, template):
        one = factories.make_notification(runtime, template)
        row = factories.make_notification(runtime, template, job_id=uuid.uuid4(), job_row_number=0)
        assert ids(api.get("/v2/notifications")) == [str(one.id)]
        for value in ("true", "True"):
            assert ids(api.get(f"/v2/notifications?include_jobs={value}")) == [str(row.id), str(one.id)]

    def test_every_problem_of_the_query_is_told_at_once(self, api):
        answer = api.get(
            "/v2/notifications?page=2&status=a,b&status=sent&template_type=orange&include_jobs=false&older_than=x"
        )
        assert answer.status_code == 400
        statuses = ", ".join([*Status, "accepted", "received"])
        assert answer.get_json()["errors"] == [
            {"error": "ValidationError", "message": message}
            for message in (
                "older_than is not a valid UUID",
                f"status a,b is not one of [{statuses}]",
                "template_type orange is not one of [sms, email, letter]",
                "include_jobs false is not one of [true, True]",
                "Additional properties are not allowed (page was unexpected)",
            )
        ]

    def test_a_null_character_finds_no_fault_in_the_server(self, api):
        assert api.get("/v2/notifications?reference=%00").status_code == 400


class TestPaging:
    def test_251_messages_are_two_pages_and_an_empty_one(self, runtime, api, template):
        """The Python client goes on until a page is empty, and takes the first UUID in `next` for the cursor."""
        reference = str(uuid.uuid4())
        made = factories.make_notifications(runtime, template, 251, client_reference=reference)
        seen, sizes, path = [], [], f"/v2/notifications?reference={reference}&template_type=sms"
        while True:
            answer = api.get(path).get_json()
            sizes.append(len(answer["notifications"]))
            seen += [found["id"] for found in answer["notifications"]]
            if "next" not in answer["links"]:
                break
            parts = urlsplit(answer["links"]["next"])
            parameters = parse_qsl(parts.query)
            assert parameters == [
                ("older_than", seen[-1]),
                ("reference", reference),
                ("template_type", "sms"),
            ]
            path = f"{parts.path}?{parts.query}"
        assert sizes == [250, 1, 0]
        assert seen == [str(identifier) for identifier in reversed(made)]

    def test_links_keep_the_filters_and_nothing_else(self, runtime, api, template):
        row = factories.make_notification(runtime, template)
        answer = api.get("/v2/notifications?status=created&status=sending&include_jobs=True").get_json()
        filters = "status=created&status=sending&include_jobs=True"
        assert answer["links"] == {
            "current": f"http://localhost/v2/notifications?{filters}",
            "next": f"http://localhost/v2/notifications?older_than={row.id}&{filters}",
        }

    def test_an_empty_page_has_no_next(self, api):
        links = api.get("/v2/notifications").get_json()["links"]
        assert links == {"current": "http://localhost/v2/notifications"}

    @pytest.mark.parametrize("is_others", [True, False])
    def test_older_than_an_unknown_message_is_nothing(self, runtime, api, template, is_others):
        factories.make_notification(runtime, template)
        elsewhere = factories.make_template(runtime, factories.make_service(runtime))
        unknown = factories.make_notification(runtime, elsewhere).id if is_others else "f" * 32
        assert ids(api.get(f"/v2/notifications?older_than={unknown}")) == []
