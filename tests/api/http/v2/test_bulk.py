"""Contract: many messages in one request (Canada), and what is ours about it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from api.contract import Channel, JobStatus, KeyType
from api.core.jobs.models import Job
from api.core.jobs.rows import object_key, read_rows
from api.core.notifications.accept import Caller, daily_count
from api.object_store import ObjectNotFoundError
from api.queue import QueueName, TaskName
from tests import factories
from tests.api.http.conftest import messages

PATH = "/v2/notifications/bulk"
KEYS = {
    "id", "original_file_name", "notification_count", "template", "template_version", "template_type", "service",
    "service_name", "created_by", "api_key", "job_status", "scheduled_for", "sender_id", "created_at", "updated_at",
    "processing_started", "processing_finished", "archived",
}  # fmt: skip


@pytest.fixture
def service(runtime):
    return factories.make_service(runtime)


@pytest.fixture
def key(runtime, service):
    return factories.make_key(runtime, service)


@pytest.fixture
def api(anonymous, key):
    return anonymous.with_key(key)


@pytest.fixture
def email(runtime, service):
    return factories.make_template(runtime, service, Channel.EMAIL, "Bonjour ((Prénom))")


@pytest.fixture
def sms(runtime, service):
    return factories.make_template(runtime, service, content="Bonjour ((nom))")


@pytest.fixture
def published(runtime, monkeypatch):
    calls = []
    monkeypatch.setattr(type(runtime.queue), "publish", lambda _queue, *args, **_options: calls.append(args))
    return calls


def order(template, rows, **others):
    return {"template_id": str(template.id), "name": "Relance", "rows": rows} | others


def emails(*addresses):
    return [["email address", "prenom"], *([address, "Léa"] for address in addresses)]


def stored_job(runtime, answer):
    assert answer.status_code == 201, answer.get_json()
    with runtime.database.session() as session:
        return session.get_one(Job, uuid.UUID(answer.get_json()["data"]["id"]))


def stored_rows(runtime, job):
    return [
        (row.recipient, row.personalisation, row.reference)
        for row in read_rows(runtime.objects.get(object_key(job.id)))
    ]


def refusal(answer):
    assert answer.status_code == 400
    (error,) = answer.get_json()["errors"]
    assert error["error"] == "BadRequestError"
    return error["message"]


class TestAccepted:
    def test_the_answer_describes_the_job(self, runtime, api, service, key, email, published):
        answer = api.post(PATH, order(email, emails("lea@exemple.fr", "Zoe@Exemple.fr")))
        data = answer.get_json()["data"]
        assert set(data) == KEYS
        given = {name: value for name, value in data.items() if value is not None}
        assert given.pop("created_at").endswith("Z")
        assert given.pop("api_key").pop("id") == str(key.id)
        assert given == {
            "id": data["id"],
            "original_file_name": "Relance",
            "notification_count": 2,
            "template": str(email.id),
            "template_version": 1,
            "template_type": "email",
            "service": str(service.id),
            "service_name": {"name": service.name},
            "created_by": {"id": None, "name": None},
            "job_status": "pending",
            "archived": False,
        }
        assert published == [(TaskName.PROCESS_JOB, QueueName.JOBS, data["id"])]

    def test_rows_lie_in_the_object_store_as_they_will_be_sent(self, runtime, api, email, published):
        rows = [
            ["Email Address", "autre", "PRENOM"],
            [" lea@exemple.fr ", 1, "Léa"],
            ["Zoe@Exemple.fr", None, 7.5],
        ]
        job = stored_job(runtime, api.post(PATH, order(email, rows, reference="lot 7")))
        assert stored_rows(runtime, job) == [
            ("lea@exemple.fr", {"prénom": "Léa"}, "lot 7"),
            ("Zoe@Exemple.fr", {"prénom": "7.5"}, "lot 7"),
        ]
        assert job.due_at - job.created_at == timedelta(seconds=runtime.settings.republish_after_seconds)

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_csv_as_programs_write_it(self, runtime, api, sms, published, delimiter):
        lines = [["phone number", "nom"], ["+33612345678", '"Léa "" D"'], ["+33 6 12 34 56 79", "Zoé"]]
        text = "\r\n".join(delimiter.join(line) for line in lines) + "\r\n\r\n"
        body = order(sms, None, csv=text)
        del body["rows"]
        job = stored_job(runtime, api.post(PATH, body))
        assert stored_rows(runtime, job) == [
            ("+33612345678", {"nom": 'Léa " D'}, None),
            ("+33 6 12 34 56 79", {"nom": "Zoé"}, None),
        ]

    def test_a_scheduled_job_waits(self, runtime, api, email, published):
        moment = (datetime.now(UTC) + timedelta(hours=95)).replace(microsecond=0)
        body = order(email, emails("lea@exemple.fr"), scheduled_for=moment.isoformat())
        answer = api.post(PATH, body)
        job = stored_job(runtime, answer)
        assert (job.job_status, job.scheduled_for, job.due_at) == (JobStatus.SCHEDULED, moment, moment)
        assert answer.get_json()["data"]["scheduled_for"] == f"{moment:%Y-%m-%dT%H:%M:%S}.000000Z"
        assert published == []

    def test_the_sender_is_the_default_or_the_chosen_one(self, runtime, api, service, email, sms, published):
        chosen = factories.make_reply_to(runtime, service, "greffe@exemple.fr")
        factories.make_sms_sender(runtime, service, "MAIRIE", is_default=True)
        body = order(email, emails("lea@exemple.fr"), reply_to_id=str(chosen.id))
        job = stored_job(runtime, api.post(PATH, body))
        assert (job.reply_to_text, job.sender_id) == ("greffe@exemple.fr", chosen.id)
        job = stored_job(
            runtime, api.post(PATH, order(sms, [["phone number", "nom"], ["+33612345678", "x"]]))
        )
        assert (job.reply_to_text, job.sender_id) == ("MAIRIE", None)
        unknown = uuid.uuid4()
        answer = api.post(PATH, order(email, emails("lea@exemple.fr"), reply_to_id=str(unknown)))
        assert refusal(answer) == (
            f"reply_to_id {unknown} does not exist in database for service id {service.id}"
        )

    @pytest.mark.slow
    def test_50000_rows(self, runtime, api, service, key, email, published):
        rows = emails(*(f"lea{number}@exemple.fr" for number in range(50_000)))
        assert stored_job(runtime, api.post(PATH, order(email, rows))).notification_count == 50_000
        assert counted(runtime, service, key, "email") == 50_000
        rows.append(["lea@exemple.fr", "x"])
        assert refusal(api.post(PATH, order(email, rows))) == (
            "Too many rows. Maximum number of rows allowed is 50000"
        )


def counted(runtime, service, key, channel):
    known = runtime.services.find(service.id)
    caller = Caller(known, next(found for found in known.keys if found.id == key.id))
    return runtime.limits.counted_today(daily_count(caller, channel))


class TestRefused:
    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ([["adresse", "x"], ["a", "b"]], "Missing column headers: email address, Prénom"),
            ([["email address"], ["lea@exemple.fr"]], "Missing column headers: Prénom"),
            (
                [["email address", "Email_Address", "prénom"], ["lea@exemple.fr", "a@b.fr", "x"]],
                "Duplicate column headers: email address, Email_Address",
            ),
            (
                [["email address", "prénom"], ["lea@exemple.fr", "x"], ["lea@", ""], ["", "x"]],
                ("Some rows have errors. Row 2 - `email address`: invalid recipient. Row 2 - `Prénom`: Missing. "
                "Row 3 - `email address`: Missing."),
            ),
            (
                [["email address", "prénom"], ["lea@exemple.fr"], []],
                ("Some rows have errors. Row 1 - `Prénom`: Missing. Row 2 - `email address`: Missing. "
                "Row 2 - `Prénom`: Missing."),
            ),
            (
                emails("lea@exemple.fr", "simulate-delivered@notifications.service.gov.uk"),
                "You cannot mix simulated and real recipients in one request",
            ),
        ],
    )  # fmt: skip
    def test_lists_with_a_fault(self, runtime, api, service, key, email, published, rows, message):
        assert refusal(api.post(PATH, order(email, rows))) == message
        assert published == []
        assert counted(runtime, service, key, "email") == 0
        with runtime.database.session() as session:
            assert session.scalar(select(func.count()).where(Job.service_id == service.id)) == 0

    def test_only_the_first_faulty_rows_are_told(self, api, email):
        message = refusal(api.post(PATH, order(email, emails(*["x"] * 30))))
        assert message.count("invalid recipient") == 20
        assert message.endswith("10 other rows have errors.")

    def test_texts_that_are_too_long(self, api, sms):
        answer = api.post(PATH, order(sms, [["phone number", "nom"], ["+33612345678", "x" * 919]]))
        assert refusal(answer) == "Some rows have errors. Row 1 - the message is too long."

    @pytest.mark.parametrize("csv", ["", "\x01\x02", '"never closed\nx'])
    def test_text_that_is_no_table(self, api, email, csv):
        body = order(email, None, csv=csv)
        del body["rows"]
        assert refusal(api.post(PATH, body)).startswith(
            ("Error converting to CSV: ", "Missing column headers: ")
        )

    def test_rows_or_csv_but_not_both(self, api, email):
        body = order(email, emails("lea@exemple.fr"))
        assert refusal(api.post(PATH, body | {"csv": "x"})) == "You should specify either rows or csv"
        del body["rows"]
        assert refusal(api.post(PATH, body)) == "You should specify either rows or csv"

    def test_templates(self, runtime, api, service, email):
        rows = emails("lea@exemple.fr")
        elsewhere = factories.make_template(runtime, factories.make_service(runtime), Channel.EMAIL)
        archived = factories.make_template(runtime, service, Channel.EMAIL, archived=True)
        letter = factories.make_template(runtime, service, Channel.LETTER)
        for template, message in (
            (elsewhere, "Template not found"),
            (archived, "Template has been deleted"),
            (letter, "letter template is not suitable for bulk notification"),
        ):
            assert refusal(api.post(PATH, order(template, rows))) == message

    def test_a_channel_that_the_service_may_not_use(self, runtime, anonymous):
        service = factories.make_service(runtime, permissions=["sms"])
        email = factories.make_template(runtime, service, Channel.EMAIL, "Bonjour")
        api = anonymous.with_key(factories.make_key(runtime, service))
        answer = api.post(PATH, order(email, emails("lea@exemple.fr")))
        assert refusal(answer) == "Service is not allowed to send emails"

    def test_cells_that_are_not_values(self, api, email):
        assert messages(api.post(PATH, order(email, [["email address"], [{"a": 1}]]))) == [
            "rows {a: 1} is not of type string, number, boolean, null"
        ]


class TestRecipientRules:
    @pytest.mark.parametrize(
        ("trial", "key_type", "reason"),
        [
            (True, KeyType.NORMAL, "when service is in trial mode – see "),
            (False, KeyType.TEAM, "using a team-only API key"),
            (True, KeyType.TEST, None),
            (False, KeyType.NORMAL, None),
        ],
    )
    def test_who_may_be_on_the_list(self, runtime, anonymous, published, trial, key_type, reason):
        service = factories.make_service(runtime, trial=trial)
        template = factories.make_template(runtime, service, Channel.EMAIL, "Bonjour")
        api = anonymous.with_key(factories.make_key(runtime, service, key_type))
        member = factories.make_member(runtime, service)
        factories.make_guest(runtime, service, "guest@exemple.fr")

        def send(*addresses):
            return api.post(PATH, order(template, [["email address"], *([address] for address in addresses)]))

        allowed = [member.email_address.upper(), "guest@exemple.fr"]
        assert stored_job(runtime, send(*allowed)).notification_count == 2
        answer = send(*allowed, "lea@exemple.fr")
        if reason is None:
            assert answer.status_code == 201
        else:
            assert refusal(answer).startswith(f"You cannot send to these recipients {reason}")

    def test_members_numbers_in_any_form(self, runtime, anonymous, published):
        service = factories.make_service(runtime, trial=True)
        template = factories.make_template(runtime, service, content="Bonjour")
        factories.make_member(runtime, service, factories.make_user(runtime, mobile_number="+33612345678"))
        api = anonymous.with_key(factories.make_key(runtime, service))
        answer = api.post(PATH, order(template, [["phone number"], ["0033 6 12 34 56 78"]]))
        assert answer.status_code == 201

    def test_simulated_recipients_end_the_job_at_once(self, runtime, anonymous, published):
        service = factories.make_service(runtime, trial=True)
        template = factories.make_template(runtime, service, content="Bonjour")
        key = factories.make_key(runtime, service)
        answer = anonymous.with_key(key).post(PATH, order(template, [["phone number"], ["+447700900000"]]))
        job = stored_job(runtime, answer)
        assert job.job_status == JobStatus.FINISHED
        assert job.processing_finished is not None
        assert published == []
        assert counted(runtime, service, key, "sms") == 0
        with pytest.raises(ObjectNotFoundError):
            runtime.objects.get(object_key(job.id))


class TestLimits:
    def test_the_whole_job_counts_when_it_is_accepted(self, runtime, anonymous, published):
        service = factories.make_service(runtime, email_message_limit=5)
        template = factories.make_template(runtime, service, Channel.EMAIL, "Bonjour ((prénom))")
        key = factories.make_key(runtime, service)
        api = anonymous.with_key(key)
        body = order(template, emails(*(f"a{number}@exemple.fr" for number in range(3))))
        assert api.post(PATH, body).status_code == 201
        assert refusal(api.post(PATH, body)) == (
            "You have 2 messages left today (limit email: 5). You tried to send 3."
        )
        assert counted(runtime, service, key, "email") == 3

    def test_test_keys_count_nothing(self, runtime, anonymous, published):
        service = factories.make_service(runtime, trial=True)
        template = factories.make_template(runtime, service, Channel.EMAIL, "Bonjour ((prénom))")
        key = factories.make_key(runtime, service, KeyType.TEST)
        rows = emails(*(f"a{number}@exemple.fr" for number in range(60)))
        assert anonymous.with_key(key).post(PATH, order(template, rows)).status_code == 201
        assert counted(runtime, service, key, "email") == 0

    def test_a_request_takes_one_token_even_when_it_is_refused(self, runtime, anonymous):
        service = factories.make_service(runtime, rate_limit=3)
        api = anonymous.with_key(factories.make_key(runtime, service))
        assert [api.post(PATH, {}).status_code for _ in range(3)] == [400, 429, 429]
