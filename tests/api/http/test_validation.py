"""Contract: validation messages, and which bodies are right."""

import string
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from api.http.v2 import schemas
from api.http.v2.schemas import (
    check_file,
    check_letter,
    parse_bulk,
    parse_email,
    parse_notifications_query,
    parse_path_id,
    parse_preview,
    parse_sms,
)
from api.http.validation import ContractValidationError, SchemaValidator, validate
from notifications_utils.recipients.phone_rules import RegionPhoneRules

RULES = RegionPhoneRules(region="FR")
RUNTIME = SimpleNamespace(slots=SimpleNamespace(phone_rules=RULES))
ID = "7a3d0f52-8f0e-4b7d-9f6c-1b1f0c2d3e4f"
SMS = {"phone_number": "06 12 34 56 78", "template_id": ID}
EMAIL = {"email_address": "lea@exemple.fr", "template_id": ID}
BULK = {"template_id": ID, "name": "Relance", "rows": [["email address"], ["lea@exemple.fr"]]}


def refusal(parse, body):
    with pytest.raises(ContractValidationError) as refused:
        parse(body, RUNTIME)
    assert {error["error"] for error in refused.value.errors} == {"ValidationError"}
    return [error["message"] for error in refused.value.errors]


def in_hours(hours):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


class TestSms:
    def test_what_is_absent_has_a_default(self):
        order = parse_sms(SMS, RUNTIME)
        assert (order.phone_number, str(order.template_id)) == ("06 12 34 56 78", ID)
        assert (order.personalisation, order.reference, order.sms_sender_id) == ({}, None, None)

    @pytest.mark.parametrize("form", [ID.upper(), ID.replace("-", ""), f"{{{ID}}}"])
    def test_identifiers_in_any_form(self, form):
        assert str(parse_sms(SMS | {"template_id": form, "sms_sender_id": form}, RUNTIME).sms_sender_id) == ID

    @pytest.mark.parametrize(
        ("body", "messages"),
        [
            ({}, ["phone_number is a required property", "template_id is a required property"]),
            ([1], ["[1] is not of type object"]),
            ("x", ["x is not of type object"]),
            (SMS | {"phone_number": ""}, ["phone_number Not enough digits"]),
            (SMS | {"phone_number": "0612345678901234"}, ["phone_number Too many digits"]),
            (SMS | {"phone_number": "06x2345678"}, ["phone_number Must not contain letters or symbols"]),
            (SMS | {"phone_number": "+999612345678"}, ["phone_number Not a valid country prefix"]),
            (SMS | {"phone_number": 612345678}, ["phone_number 612345678 is not of type string"]),
            (SMS | {"template_id": "x"}, ["template_id is not a valid UUID"]),
            (SMS | {"template_id": None}, ["template_id is not a valid UUID"]),
            (SMS | {"sms_sender_id": None}, ["sms_sender_id is not a valid UUID"]),
            (SMS | {"reference": None}, ["reference None is not of type string"]),
            (SMS | {"reference": "a" * 1001}, [f"reference {'a' * 1001} is too long"]),
            (SMS | {"personalisation": "x"}, ["personalisation x is not of type object"]),
            (SMS | {"personalisation": None}, ["personalisation None is not of type object"]),
            (SMS | {"foo": 1}, ["Additional properties are not allowed (foo was unexpected)"]),
            (
                SMS | {"foo": 1, "bar": 2},
                ["Additional properties are not allowed (bar, foo were unexpected)"],
            ),
            (SMS | {"scheduled_for": 5}, ["scheduled_for 5 is not of type string, null"]),
        ],
    )
    def test_messages(self, body, messages):
        assert refusal(parse_sms, body) == messages

    def test_everything_wrong_is_told_at_once_in_a_fixed_order(self):
        body = {"x": 1, "reference": None, "phone_number": "abc", "sms_sender_id": "x'y"}
        assert refusal(parse_sms, body) == [
            "phone_number Must not contain letters or symbols",
            "reference None is not of type string",
            "sms_sender_id is not a valid UUID",
            "template_id is a required property",
            "Additional properties are not allowed (x was unexpected)",
        ]

    def test_single_quotes_are_stripped(self):
        assert refusal(parse_sms, SMS | {"personalisation": ["l'été"]}) == [
            'personalisation ["lété"] is not of type object'
        ]

    @pytest.mark.parametrize("reference", ["", "a" * 1000, "été 🙂"])
    def test_references_that_pass(self, reference):
        assert parse_sms(SMS | {"reference": reference}, RUNTIME).reference == reference

    @pytest.mark.parametrize("reference", ["a\x00b", "\ud800"])
    def test_references_that_no_database_stores(self, reference):
        assert len(refusal(parse_sms, SMS | {"reference": reference})) == 1

    def test_names_that_are_not_unicode_text(self):
        assert refusal(parse_sms, SMS | {"\ud800": 1}) == [
            "Additional properties are not allowed (? was unexpected)"
        ]

    def test_nesting_that_could_not_be_stored(self):
        nested = []
        for _ in range(400):
            nested = [nested]
        assert len(refusal(parse_sms, SMS | {"personalisation": {"x": nested}})) == 1
        assert len(refusal(parse_sms, SMS | {"reference": nested})) == 1


class TestSchedule:
    @pytest.mark.parametrize(
        ("text", "hours"),
        [
            ("{:%Y-%m-%dT%H:%M:%S}", 0),
            ("{:%Y-%m-%dT%H:%M:%S}Z", 0),
            ("{:%Y-%m-%dT%H:%M:%S.%f}+00:00", 0),
            ("{:%Y%m%dT%H%M%S}+0200", -2),
            ("{:%Y-%m-%dT%H:%M:%S}-05:00", 5),
        ],
    )
    def test_an_offset_is_honoured_and_utc_is_assumed(self, text, hours):
        moment = (datetime.now(UTC) + timedelta(hours=48)).replace(microsecond=0)
        order = parse_sms(SMS | {"scheduled_for": text.format(moment)}, RUNTIME)
        assert order.scheduled_for == moment + timedelta(hours=hours)

    @pytest.mark.parametrize("value", [None, in_hours(0.1), in_hours(95.9)], ids=["none", "soon", "late"])
    def test_moments_that_pass(self, value):
        assert (parse_sms(SMS | {"scheduled_for": value}, RUNTIME).scheduled_for is None) == (value is None)

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (in_hours(-0.1), "datetime cannot be in the past"),
            ("0001-01-01T00:00:00+14:00", "datetime is not in ISO 8601 format"),
            ("2020-01-01", "datetime cannot be in the past"),
            (in_hours(96.1), "datetime can only be up to 96 hours in the future"),
            ("9999-12-31T23:59:59-14:00", "datetime is not in ISO 8601 format"),
            ("demain", "datetime is not in ISO 8601 format"),
            ("", "datetime is not in ISO 8601 format"),
        ],
        ids=["past", "before-utc-began", "day-in-the-past", "too-late", "after-utc-ends", "a-word", "empty"],
    )
    def test_moments_that_do_not(self, value, message):
        assert refusal(parse_email, EMAIL | {"scheduled_for": value}) == [f"scheduled_for {message}"]


class TestEmail:
    def test_all_fields(self):
        order = parse_email(
            EMAIL
            | {
                "email_reply_to_id": ID,
                "one_click_unsubscribe_url": "https://exemple.fr/d?u=9",
                "sanitise_content_for": ["nom", 3, None],
            },
            RUNTIME,
        )
        assert str(order.email_reply_to_id) == ID
        assert order.one_click_unsubscribe_url == "https://exemple.fr/d?u=9"
        assert order.sanitise_content_for == ("nom",)

    @pytest.mark.parametrize(
        "address", ["a@b", "é@c.fr", "a..b@c.fr", "a b@c.fr", "a\x00@c.fr", "a@b\x00.fr"]
    )
    def test_addresses_that_do_not_pass(self, address):
        assert refusal(parse_email, EMAIL | {"email_address": address}) == [
            "email_address Not a valid email address"
        ]

    @pytest.mark.parametrize(
        "url",
        ["", "x", "http://a.fr", "HTTPS://a.fr", "https://", "https://é.fr", "https://a.fr/é", "https://a.fr/ b",
         "https://a.fr/<b>", "https://a.fr/%zz", "https://a.fr/\r\nBcc: x@y.fr", "https://a.fr\n"],
    )  # fmt: skip
    def test_addresses_that_are_not_https_urls(self, url):
        assert refusal(parse_email, EMAIL | {"one_click_unsubscribe_url": url}) == [
            "one_click_unsubscribe_url is not a valid https url"
        ]

    @pytest.mark.parametrize(
        "url", ["https://a.fr", "https://a.fr:8443/d/?u=%C3%A9&v=(1)#x", "https://a_b.fr/~x"]
    )
    def test_addresses_that_are(self, url):
        assert (
            parse_email(EMAIL | {"one_click_unsubscribe_url": url}, RUNTIME).one_click_unsubscribe_url == url
        )

    def test_types(self):
        assert refusal(
            parse_email,
            EMAIL | {"one_click_unsubscribe_url": None, "sanitise_content_for": "a", "sms_sender_id": ID},
        ) == [
            "one_click_unsubscribe_url None is not of type string",
            "sanitise_content_for a is not of type array, null",
            "Additional properties are not allowed (sms_sender_id was unexpected)",
        ]
        assert parse_email(EMAIL | {"sanitise_content_for": None}, RUNTIME).sanitise_content_for == ()


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, ["template_id is a required property", "personalisation is a required property"]),
        ({"content": "x"}, ["reference is a required property"]),
        (
            {"content": 1, "reference": "a", "postage": "third"},
            ["content 1 is not of type string", "postage invalid. It must be either first, second or economy."],
        ),
        ({"content": "x", "reference": "a", "template_id": ID},
         ["Additional properties are not allowed (template_id was unexpected)"]),
    ],
)  # fmt: skip
def test_letters(body, messages):
    assert refusal(check_letter, body) == messages


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ({"file": 1}, ["file 1 is not of type string"]),
        ({"file": "", "filename": "a"}, ["filename must end with a file extension. For example, file.pdf"]),
        (
            {"file": "", "confirm_email_before_download": "x", "retention_period": "79 weeks"},
            [
                (
                    "confirm_email_before_download Unsupported value for confirm_email_before_download: x. "
                    "Use a boolean true or false value."
                ),
                (
                    "retention_period Unsupported value for retention_period: 79 weeks. "
                    "Supported periods are from 1 to 78 weeks."
                ),
            ],
        ),
        (
            {"file": "", "is_csv": None, "filename": None},
            ["Do not set a value for `is_csv` if `filename` is set."],
        ),
        ({"file": "", "x": 1}, ["Additional properties are not allowed (x was unexpected)"]),
    ],
)
def test_files(value, messages):
    assert refusal(check_file, value) == messages


@pytest.mark.parametrize("period", [None, "1 week", "78 Weeks", " 4 weeks "])
def test_files_that_pass(period):
    unset = {"filename": None, "confirm_email_before_download": None}
    check_file({"file": "", "retention_period": period} | unset, RUNTIME)


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"rows": [["email address"]]}, ["rows has too few items"]),
        ({"rows": [["email address"], "x"]}, ["rows x is not of type array"]),
        ({"name": ""}, ["name is too short"]),
        ({"reply_to_id": "x"}, ["reply_to_id is not a valid UUID"]),
    ],
)
def test_bulk(change, messages):
    assert refusal(parse_bulk, BULK | change) == messages
    assert parse_bulk(BULK | {"reply_to_id": None, "scheduled_for": None}, RUNTIME).reply_to_id is None


def test_previews_tolerate_other_keys():
    assert parse_preview({"personalisation": {"a": 1}, "x": 2}, RUNTIME) == {"a": 1}
    assert parse_preview({}, RUNTIME) == {}
    assert refusal(parse_preview, {"personalisation": None}) == ["personalisation None is not of type object"]


def test_of_a_parameter_that_may_not_be_repeated_the_first_value_counts():
    query = MultiDict([("reference", "a"), ("reference", "b"), ("status", "sent"), ("status", "created")])
    chosen = parse_notifications_query(query, RUNTIME)
    assert (chosen.reference, chosen.statuses) == ("a", ("sent", "created"))


def test_path_ids():
    assert str(parse_path_id("id", ID.upper())) == ID
    with pytest.raises(ContractValidationError, match=r"^id is not a valid UUID$"):
        parse_path_id("id", "x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
LIKELY = st.sampled_from(
    [ID, "0612345678", "+32470123456", "lea@exemple.fr", "a", "a" * 1001, "https://a.fr", "2027-01-01", None, [], {},
     [["a"]], [["a"], ["b"]], "first", "sent", "true", "sms", "4 weeks", "a.pdf"]
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted(schemas.validators(RULES)))
@given(data=st.data())
def test_the_fast_check_and_the_explanation_agree(kind, data):
    validator = schemas.validators(RULES)[kind]
    names = [*list(schemas._SCHEMAS[kind]["properties"]), "unknown"]
    body = data.draw(st.dictionaries(st.sampled_from(names), LIKELY | JSON) | JSON)
    assert validator.accepts(body) == (not validator.explain(body))


@given(st.text(alphabet=string.printable))
def test_no_text_breaks_a_format(text):
    for validator in schemas.validators(RULES).values():
        validator.explain(dict.fromkeys(("phone_number", "email_address", "scheduled_for", "postage"), text))


def test_messages_are_not_repeated():
    twice = {"type": "array", "items": {"type": "string"}}
    with pytest.raises(ContractValidationError) as refused:
        validate(SchemaValidator({"type": "object", "properties": {"a": twice}}, {}), {"a": [1, 1]})
    assert [error["message"] for error in refused.value.errors] == ["a 1 is not of type string"]


def test_schemas_use_only_keywords_that_the_fast_check_knows():
    with pytest.raises(KeyError):
        SchemaValidator({"type": "string", "multipleOf": 2}, {})
