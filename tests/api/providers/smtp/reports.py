"""Reports in the shapes in which mail programs write them, made up by us."""

import base64
import quopri
import uuid

from api.providers.smtp.return_path import ReturnPath

ID = uuid.UUID("01980000-0000-7000-8000-000000000001")
PATH = ReturnPath("bounces.exemple.fr", ["k" * 40])
TO = PATH.address(ID)
ORIGINAL = f"""Return-Path: <{TO}>
From: Mairie <mairie@notifications.exemple.fr>
To: lea@exemple.fr
Message-ID: <{PATH.token(ID)}@notifications.exemple.fr>
Subject: =?utf-8?q?Votre_dossier_n=C2=B0_5=2E1=2E1?=

"""


def report(*parts: str, report_type: str = "delivery-status", to: str = TO, head: str = "") -> bytes:
    text = (
        f"{head}From: Mail Delivery System <MAILER-DAEMON@relais.exemple.fr>\nTo: {to}\n"
        f"Auto-Submitted: auto-replied\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type={report_type};\n"
        '\tboundary="B0UNC3/1.2"\n\nThis is a MIME-encapsulated message.\n\n'
    )
    text += "".join(f"--B0UNC3/1.2\n{part}\n" for part in parts) + "--B0UNC3/1.2--\n"
    return text.replace("\n", "\r\n").encode()


WORDS = "Content-Type: text/plain; charset=us-ascii\n\nThis is the mail system. <lea@exemple.fr>: 550 5.7.1\n"
HEADERS = f"Content-Type: text/rfc822-headers\n\n{ORIGINAL}"
OF_MESSAGE = "Reporting-MTA: dns; relais.exemple.fr\nArrival-Date: Wed, 25 Nov 2026 10:00:00 +0100 (CET)\n"


def recipient(action: str, status: str, diagnosis: str = "", name: str = "lea@exemple.fr") -> str:
    lines = f"Final-Recipient: rfc822; {name}\nOriginal-Recipient: rfc822;{name}\nAction: {action}\nStatus: {status}\n"
    return lines + (
        f"Remote-MTA: dns; mx.exemple.fr\nDiagnostic-Code: smtp; {diagnosis}\n" if diagnosis else ""
    )


def status_part(*recipients: str, of_message: str = OF_MESSAGE) -> str:
    return "Content-Description: Delivery report\nContent-Type: message/delivery-status\n\n" + "\n".join(
        (of_message, *recipients)
    )


def postfix(*recipients: str) -> bytes:
    return report(WORDS, status_part(*recipients), HEADERS)


def global_report(encoding: str) -> bytes:
    """RFC 6533: what is encoded here, other programs write in plain UTF-8."""
    fields = (
        f"Reporting-MTA: dns; relais.exemple.fr\nOriginal-Envelope-Id: {PATH.token(ID)}\n\n"
        "Final-Recipient: utf-8; léa@exämple.fr\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: X-Système; boîte inconnue\n"
    )
    coded = {
        "8bit": fields,
        "base64": base64.encodebytes(fields.encode()).decode(),
        "quoted-printable": quopri.encodestring(fields.encode()).decode(),
    }[encoding]
    head = f"Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: {encoding}\n\n"
    return report(WORDS, head + coded, to="undisclosed", report_type="delivery-status")


# With a text part in HTML, the original whole, and a status without the enhanced code of the other side.
EXCHANGE = report(
    "Content-Type: multipart/alternative; boundary=inner\n\n--inner\nContent-Type: text/html\n\n<b>Non remis</b>\n--inner--\n",
    status_part(
        "Final-Recipient: rfc822;lea@exemple.fr\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;\n Recipient not found by SMTP address lookup\n"
        "X-Display-Name: Lea\n",
        of_message="Reporting-MTA: dns;EX01.exemple.fr\nReceived-From-MTA: dns;relais\n",
    ),
    f"Content-Type: message/rfc822\n\n{ORIGINAL}Bonjour\n",
)
QMAIL = (
    f"From: MAILER-DAEMON@relais.exemple.fr\r\nTo: {TO}\r\nSubject: failure notice\r\n\r\n"
    "Hi. This is the qmail-send program at relais.exemple.fr.\r\n\r\n<lea@exemple.fr>:\r\n"
    "Sorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n"
).encode()
HOLIDAY = (
    f"From: lea@exemple.fr\r\nTo: {TO}\r\nAuto-Submitted: auto-replied\r\n\r\nJe suis en congé.\r\n".encode()
)


def complaint(kind: str, original: str = HEADERS, fields: str = "") -> bytes:
    part = f"Content-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: Boucle/1.0\nVersion: 1\n{fields}"
    return report(WORDS, part, original, report_type="feedback-report", to="fbl@bounces.exemple.fr")
