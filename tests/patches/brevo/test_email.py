"""What goes to Brevo for an e-mail, and what its answers mean."""

import dataclasses
import uuid

import pytest

from api.contract import Status
from api.providers.emulation import Conduct, Fault
from api.providers.protocol import (
    Accepted,
    ChecksItself,
    EmailMessage,
    FindsMessages,
    GivesReceipts,
    HasCredit,
    NotSent,
    Refused,
    Unknown,
)
from patches.brevo.email import sender_name
from tests.patches.brevo.conftest import Brevo

MESSAGE = EmailMessage(
    id=uuid.uuid4(),
    to="lea@exemple.fr",
    from_name="Mairie de Saint-Étienne",
    from_address="mairie@notifications.exemple.fr",
    reply_to="contact@exemple.fr",
    subject="Votre dossier n° 12",
    html="<p>Bonjour Léa</p>",
    text="Bonjour Léa",
    unsubscribe_url="https://api.exemple.fr/unsubscribe/1/2",
)


def to(address: str) -> EmailMessage:
    return dataclasses.replace(MESSAGE, id=uuid.uuid4(), to=address)


def test_email_is_sent_as_documented(brevo: Brevo) -> None:
    answer = brevo.email.send(MESSAGE)
    assert brevo.sent == [
        {
            "sender": {"name": "Mairie de Saint-Étienne", "email": "mairie@notifications.exemple.fr"},
            "to": [{"email": "lea@exemple.fr"}],
            "replyTo": {"email": "contact@exemple.fr"},
            "subject": "Votre dossier n° 12",
            "htmlContent": "<p>Bonjour Léa</p>",
            "textContent": "Bonjour Léa",
            "headers": {
                "X-Mailin-custom": str(MESSAGE.id),
                "idempotencyKey": str(MESSAGE.id),
                "List-Unsubscribe": "<https://api.exemple.fr/unsubscribe/1/2>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        }
    ]
    assert isinstance(answer, Accepted)
    assert answer.reference
    assert answer.reference.endswith("@smtp-relay.mailin.fr")
    assert "<" not in answer.reference


def test_what_a_message_lacks_is_left_out(brevo: Brevo) -> None:
    brevo.email.send(dataclasses.replace(MESSAGE, from_name="", reply_to=None, unsubscribe_url=None))
    [body] = brevo.sent
    assert body["sender"] == {"email": MESSAGE.from_address}
    assert "replyTo" not in body
    assert set(body["headers"]) == {"X-Mailin-custom", "idempotencyKey"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Mairie, état civil", "Mairie état civil"),
        ("Préfecture (Finistère): cartes", "Préfecture Finistère cartes"),
        ("Mairie, etat civil", "Mairie, etat civil"),
        ("Impôts\r\nBcc: x@exemple.fr", "Impôts Bcc x exemple fr"),
        ("  Mairie\t", "Mairie"),
        ("É" * 80, "É" * 70),
        (",é", "é"),
        ("", ""),
    ],
)
def test_names_are_written_so_that_brevo_keeps_them(name: str, written: str) -> None:
    assert sender_name(name) == written


def test_line_breaks_add_no_headers(brevo: Brevo) -> None:
    brevo.email.send(
        dataclasses.replace(
            MESSAGE, subject="a\r\nBcc: x@exemple.fr", unsubscribe_url="https://x.fr/\nX-A: b"
        )
    )
    [body] = brevo.sent
    assert body["subject"] == "a Bcc: x@exemple.fr"
    assert body["headers"]["List-Unsubscribe"] == "<https://x.fr/%20X-A:%20b>"


def test_headers_are_ascii(brevo: Brevo) -> None:
    brevo.email.send(dataclasses.replace(MESSAGE, unsubscribe_url="https://été.fr/désinscription?a=b&c=%20d"))
    assert brevo.sent[0]["headers"]["List-Unsubscribe"] == (
        "<https://%C3%A9t%C3%A9.fr/d%C3%A9sinscription?a=b&c=%20d>"
    )


def test_accents_in_domains_are_written_for_the_dns(brevo: Brevo) -> None:
    brevo.email.send(to("lea@été.fr"))
    assert brevo.sent[0]["to"] == [{"email": "lea@xn--t-9fab.fr"}]


@pytest.mark.parametrize("address", ["léa@exemple.fr", "lea", "lea <lea@exemple.fr>"])
def test_addresses_that_cannot_be_written_are_not_handed_over(brevo: Brevo, address: str) -> None:
    answer = brevo.email.send(to(address))
    assert isinstance(answer, Refused)
    assert answer.status is Status.PERMANENT_FAILURE
    assert brevo.sent == []


@pytest.mark.parametrize(
    ("local_part", "kind", "reason"),
    [
        ("invalid-parameter", Refused, "HTTP 400 invalid_parameter"),
        ("not-enough-credits", NotSent, "HTTP 402 not_enough_credits"),
        ("permission_denied", NotSent, "HTTP 403 permission_denied"),
        ("account-under-validation+1", NotSent, "HTTP 403 account_under_validation"),
        ("not-acceptable", Refused, "HTTP 406 not_acceptable"),
        ("unprocessable-entity", Refused, "HTTP 422 unprocessable_entity"),
        ("too-many-requests", NotSent, "HTTP 429"),
        ("internal-server-error", Unknown, "HTTP 500"),
        ("service-unavailable", NotSent, "HTTP 503"),
    ],
)
def test_errors_mean_what_the_sheet_says(brevo: Brevo, local_part: str, kind: type, reason: str) -> None:
    answer = brevo.email.send(to(f"{local_part}@exemple.fr"))
    assert isinstance(answer, kind)
    assert answer.reason == reason


def test_message_that_brevo_had_before_is_not_sent_twice(brevo: Brevo) -> None:
    brevo.emulator.conduct = Conduct(faults={Fault.LOST_ANSWER: 1}, receipts=False)
    assert isinstance(brevo.email.send(MESSAGE), Unknown)
    brevo.emulator.conduct = Conduct(receipts=False)
    assert brevo.email.send(MESSAGE) == Unknown("HTTP 400 duplicate_parameter")
    assert isinstance(brevo.email.send(to("autre@exemple.fr")), Accepted)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.SERVER_ERROR, Unknown),
        (Fault.UNAVAILABLE, NotSent),
        (Fault.TOO_MANY_REQUESTS, NotSent),
        (Fault.NO_CREDIT, NotSent),
    ],
)
def test_faults_of_the_provider(brevo: Brevo, fault: Fault, kind: type) -> None:
    brevo.emulator.conduct = Conduct(faults={fault: 1})
    assert isinstance(brevo.email.send(MESSAGE), kind)


def test_client_offers_what_brevo_can_do(brevo: Brevo) -> None:
    for protocol in (GivesReceipts, HasCredit, ChecksItself):
        assert isinstance(brevo.email, protocol)
    assert not isinstance(brevo.email, FindsMessages)
