"""Reading mail that came back: well-known shapes, codes, and whatever else may come."""

import time
import uuid
from collections.abc import Sequence
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.contract import Status
from api.providers.protocol import Complaint, Receipt
from api.providers.smtp.bounces import MAX_BYTES, Bounce, BounceKind, read_bounce
from tests.api.providers.smtp import reports
from tests.api.providers.smtp.reports import (
    HEADERS,
    ID,
    PATH,
    TO,
    WORDS,
    postfix,
    recipient,
    report,
    status_part,
)

DELIVERED, TEMPORARY = Status.DELIVERED, Status.TEMPORARY_FAILURE
PERMANENT, TECHNICAL = Status.PERMANENT_FAILURE, Status.TECHNICAL_FAILURE


def read(content: bytes, recipients: Sequence[str] = ()) -> Bounce:
    return read_bounce(PATH, content, recipients)


def receipt_of(content: bytes) -> Receipt:
    bounce = read(content)
    assert bounce.kind is BounceKind.REPORT
    [receipt] = bounce.events
    assert isinstance(receipt, Receipt)
    assert receipt.notification_id == ID
    return receipt


@pytest.mark.parametrize(
    ("action", "status", "expected", "is_hard"),
    [
        ("delivered", "2.0.0", DELIVERED, False),
        ("relayed", "2.0.0", DELIVERED, False),
        ("expanded", "2.0.0", DELIVERED, False),
        ("failed", "5.1.1", PERMANENT, True),
        ("failed", "5.1.1 (bad destination mailbox address)", PERMANENT, True),
        ("Failed", "5.1.2", PERMANENT, True),
        ("failed", "5.1.10", PERMANENT, True),
        ("failed", "5.1.8", TECHNICAL, False),
        ("failed", "5.2.1", PERMANENT, False),
        ("failed", "5.2.2", TEMPORARY, False),
        ("failed", "5.2.3", PERMANENT, False),
        ("failed", "5.3.4", TECHNICAL, False),
        ("failed", "5.4.4", TECHNICAL, False),
        ("failed", "5.5.0", TECHNICAL, False),
        ("failed", "5.6.1", TECHNICAL, False),
        ("failed", "5.7.1", TECHNICAL, False),
        ("failed", "5.0.0", PERMANENT, False),
        ("failed", "4.2.2", TEMPORARY, False),
        ("failed", "4.4.7", TEMPORARY, False),
        ("failed", "", TECHNICAL, False),
        ("failed", "9.9.9", TECHNICAL, False),
    ],
)
def test_meaning_of_actions_and_codes(action: str, status: str, expected: Status, is_hard: bool) -> None:
    receipt = receipt_of(postfix(recipient(action, status)))
    assert (receipt.status, receipt.is_hard_bounce) == (expected, is_hard)


@pytest.mark.parametrize(
    ("status", "diagnosis", "code", "expected"),
    [
        ("5.0.0", "550 5.1.1 <lea@exemple.fr> unknown", "5.1.1", PERMANENT),
        ("5.0.0", "550-5.7.26 unauthenticated", "5.7.26", TECHNICAL),
        ("5.1.1", "550 5.7.1 refused", "5.1.1", PERMANENT),
        ("5.0.0", "451 4.7.1 later", "5.0.0", PERMANENT),
        ("", "550 no such user", "5.0.0", PERMANENT),
        ("", "452 full", "4.0.0", TEMPORARY),
        ("", "host mx[5.1.1.7] said no", "", TECHNICAL),
    ],
)
def test_diagnosis_says_what_the_status_leaves_open(
    status: str, diagnosis: str, code: str, expected: Status
) -> None:
    receipt = receipt_of(postfix(recipient("failed", status, diagnosis)))
    assert (receipt.code, receipt.status) == (code, expected)


@pytest.mark.parametrize("action", ["delayed", "unheard-of", ""])
def test_report_that_decides_nothing_changes_nothing(action: str) -> None:
    assert read(postfix(recipient(action, "4.4.1"))) == Bounce(BounceKind.REPORT)


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([("failed", "5.1.1"), ("failed", "5.1.1")], PERMANENT),
        ([("failed", "5.1.1"), ("failed", "4.2.2")], TEMPORARY),
        ([("failed", "5.1.1"), ("failed", "5.7.1")], TECHNICAL),
        ([("failed", "5.1.1"), ("relayed", "2.0.0")], DELIVERED),
        ([("delayed", "4.4.1"), ("relayed", "2.0.0")], DELIVERED),
        ([("delayed", "4.4.1"), ("failed", "5.1.1")], None),
    ],
)
def test_of_several_recipients_of_an_alias_the_mildest_outcome_counts(
    actions: list[tuple[str, str]], expected: Status | None
) -> None:
    bounce = read(postfix(*(recipient(*action) for action in actions)))
    assert [event.status for event in bounce.events if isinstance(event, Receipt)] == [expected] * bool(
        expected
    )


def test_shape_of_exchange() -> None:
    receipt = receipt_of(reports.EXCHANGE)
    assert (receipt.status, receipt.code, receipt.is_hard_bounce) == (PERMANENT, "5.1.10", True)


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_internationalised_report(encoding: str) -> None:
    assert receipt_of(reports.global_report(encoding)).code == "5.1.1"


def test_report_inside_another_multipart() -> None:
    inner = postfix(recipient("failed", "5.1.1")).decode().replace("\r\n", "\n")
    content = inner[inner.index("Content-Type") :]
    wrapped = f"From: list@exemple.fr\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n{content}\n--outer--\n"
    assert receipt_of(wrapped.encode()).code == "5.1.1"


def test_report_that_our_message_itself_holds_is_not_read() -> None:
    quoted = postfix(recipient("failed", "5.1.1")).decode().replace("\r\n", "\n")
    forwarded = f"From: lea@exemple.fr\nTo: {TO}\nContent-Type: message/rfc822\n\n{quoted}"
    assert read(forwarded.encode()).kind is BounceKind.NOT_UNDERSTOOD
    outer = report(
        WORDS, status_part(recipient("relayed", "2.0.0")), f"Content-Type: message/rfc822\n\n{quoted}"
    )
    assert receipt_of(outer).status is DELIVERED


def test_envelope_says_whom_it_is_about_when_the_headers_do_not() -> None:
    nameless = report(WORDS, status_part(recipient("failed", "5.1.1")), to="postmaster@exemple.fr")
    assert read(nameless).kind is BounceKind.UNAUTHENTICATED
    assert read(nameless, [TO]).kind is BounceKind.REPORT


def test_forged_report_changes_nothing() -> None:
    genuine = postfix(recipient("failed", "5.1.1"))
    forged = genuine.replace(str(ID).encode(), str(uuid.uuid4()).encode())
    assert read(forged) == Bounce(BounceKind.UNAUTHENTICATED)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (reports.QMAIL, BounceKind.NOT_UNDERSTOOD),
        (reports.HOLIDAY, BounceKind.AUTO_REPLY),
        (b"", BounceKind.NOT_UNDERSTOOD),
        (f"To: {TO}\r\nAuto-Submitted: no\r\n\r\nBonjour".encode(), BounceKind.NOT_UNDERSTOOD),
    ],
)
def test_mail_that_is_no_report(content: bytes, kind: BounceKind) -> None:
    assert read(content) == Bounce(kind)


@pytest.mark.parametrize("kind", ["abuse", "FRAUD", "other"])
def test_complaint_is_about_the_message_that_it_quotes(kind: str) -> None:
    bounce = read(reports.complaint(kind))
    assert bounce.kind is BounceKind.COMPLAINT
    assert list(bounce.events) == [Complaint(str(ID), kind.lower(), notification_id=ID)]


def test_complaint_names_its_message_by_the_envelope_too() -> None:
    redacted = "Content-Type: text/rfc822-headers\n\nSubject: redacted\n"
    assert read(reports.complaint("abuse", redacted)).kind is BounceKind.UNAUTHENTICATED
    named = reports.complaint("abuse", redacted, f"Original-Mail-From: <{TO}>\n")
    assert read(named).kind is BounceKind.COMPLAINT


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", ""])
def test_feedback_that_is_no_complaint_changes_nothing(kind: str) -> None:
    assert read(reports.complaint(kind)) == Bounce(BounceKind.REPORT)


def test_huge_original_is_not_read() -> None:
    huge = report(
        WORDS, status_part(recipient("failed", "5.1.1")), f"{HEADERS}{'x' * 70}\n" + "y" * 3_000_000
    )
    started = time.monotonic()
    assert receipt_of(huge).code == "5.1.1"
    assert time.monotonic() - started < 5


def test_report_after_the_part_that_is_read_is_not_found() -> None:
    late = report(f"Content-Type: text/plain\n\n{'x' * MAX_BYTES}", status_part(recipient("failed", "5.1.1")))
    assert read(late).kind is BounceKind.NOT_UNDERSTOOD


def test_nothing_of_the_report_s_words_is_kept() -> None:
    receipt = receipt_of(postfix(recipient("failed", "5.1.1", "550 5.1.1 <lea@exemple.fr> Bonjour")))
    assert receipt.code == "5.1.1"


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: multipart/report; boundary=x\n\n--x\n" * 3000,
        b"Content-Type: message/rfc822\n\n" * 4000,
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\xff\x00\n--x--",
        b'Content-Type: multipart/report; boundary="\n\n--\n',
        b"Content-Type: message/delivery-status\n\nAction: failed",
        b"Content-Type: multipart/report; boundary*=utf-9''%ff; boundary=x\n\n--x\n\n--x--",
        b"Content-Transfer-Encoding: base64\nContent-Type: multipart/report; boundary=x\n\n--x\n",
        b"\n" * 100_000,
    ],
)
def test_hostile_mail_is_survived(content: bytes) -> None:
    assert read(content).events == ()


_PIECES = st.sampled_from(
    [
        *(piece + b"\n" for piece in postfix(recipient("failed", "5.1.1", "550 5.1.1 x")).split(b"\r\n")),
        *(piece + b"\n" for piece in reports.complaint("abuse").split(b"\r\n")),
        *(piece + b"\n" for piece in reports.global_report("base64").split(b"\r\n")),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=20)), max_size=60).map(b"".join))
@example(b"Auto-Submitted: \xff\n\n")
@example(b"Content-Type: multipart/report; boundary=x\nAuto-Submitted:\n\n--x\n--x--")
def test_no_mail_makes_it_raise_or_speak_of_another_message(content: bytes) -> None:
    assert all(event.notification_id == ID for event in read(content, [TO]).events)  # type: ignore[union-attr]


def test_python_s_own_composer_is_understood() -> None:
    message = EmailMessage()
    message["To"] = TO
    message["Content-Type"] = "multipart/report; report-type=delivery-status; boundary=b"
    message.set_payload(f"--b\n{WORDS}\n--b\n{status_part(recipient('failed', '4.4.7'))}\n--b--\n")
    assert receipt_of(message.as_bytes()).status is TEMPORARY
