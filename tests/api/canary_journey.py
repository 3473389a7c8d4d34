"""Takes the canaries of `test_canary.py` through every public route of a running system, and through what can fail."""

import http.client
import json
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg2

from api.contract import CallbackType, Channel, KeyType
from api.core.callbacks.commands import set_callback
from api.core.delivery.receipts import apply_events
from api.core.events.commands import Actor
from api.core.inbound.models import InboundNumber
from api.core.services.guest_list import replace_guest_list
from api.core.services.senders import SenderKind, add_sender
from api.core.users.commands import NewUser, create_user
from api.providers.protocol import Complaint, OptOut
from api.providers.sandbox.behaviour import Fault
from api.providers.sandbox.signing import signature_headers
from api.runtime import Runtime
from tests import factories
from tests.faults.system import System, wait_for

EMAIL = "canary.recipient@example.com"
PHONE = "7700900737"  # national part, as it stands in every form of the number
REPLY_TO = "canary.reply@example.com"
GUEST = "canary.guest@example.com"
MEMBER = "canary.member@example.com"
RECEIVER = "7700900747"
PERSONALISATION = "canary-personalisation"
FILE_CELL = "canary-cell"
RECEIVED_TEXT = "canary-received"
CALLBACK_TOKEN = "canary-callback-token"
CALLBACK_PATH = "canary-callback-path"
OWN_LINK = "canary-link"
NOISE = "canary-noise"  # in whatever is refused
CANARIES = frozenset(
    {
        EMAIL,
        PHONE,
        REPLY_TO,
        GUEST,
        MEMBER,
        RECEIVER,
        PERSONALISATION,
        FILE_CELL,
        RECEIVED_TEXT,
        CALLBACK_TOKEN,
    }
    | {CALLBACK_PATH, OWN_LINK, NOISE}
)
NUMBER = f"+44{PHONE}"
_ACTOR = Actor(via="tests")
_SETTLE_SECONDS = 240


class Journey:
    """`needles` are all canaries, with the secrets that come into being on the way."""

    def __init__(self, system: System, runtime: Runtime, callback_url: str) -> None:
        self.system = system
        self._runtime = runtime
        self._callback_url = f"{callback_url}/{CALLBACK_PATH}?token={CALLBACK_PATH}"
        self._secret = system.environment["SANDBOX_SECRET"].encode()
        self.needles = set(CANARIES) | _secrets_of(system)

    def run(self) -> None:
        self._make_service()
        self._send_everything()
        self._read_everything()
        self._be_refused()
        self._send_nonsense()
        self._receive_texts()
        self._fail_at_the_provider()
        self._lose_redis()
        self._fail_in_the_database()
        self._fail_in_tasks()
        self._wait_for_the_end()
        self._unsubscribe()
        self._be_suppressed()

    def _make_service(self) -> None:
        runtime = self._runtime
        self._service = factories.make_service(runtime, prefix_sms=False)
        self._key = factories.make_key(runtime, self._service)
        self._test_key = factories.make_key(runtime, self._service, KeyType.TEST)
        self._team_key = factories.make_key(runtime, self._service, KeyType.TEAM)
        self.needles |= {self._key.secret, self._test_key.secret, self._team_key.secret}
        self._sms = factories.make_template(runtime, self._service, Channel.SMS, "Hello ((name))")
        self._email = factories.make_template(
            runtime, self._service, Channel.EMAIL, "Dear ((name))", has_unsubscribe_link=True
        )
        with runtime.unit_of_work() as work:
            session, rules = work.session, runtime.slots.phone_rules
            session.add(self._service)
            create_user(session, rules, NewUser("Canary", MEMBER, mobile_number="+447700900757"), _ACTOR)
            add_sender(
                session, runtime.slots.sender_rules, self._service, SenderKind.REPLY_TO, REPLY_TO, _ACTOR
            )
            replace_guest_list(session, rules, self._service, [GUEST], _ACTOR)
            session.add(
                InboundNumber(number=f"44{RECEIVER}", provider="sandbox", service_id=self._service.id)
            )
        for callback_type in CallbackType:
            set_callback(runtime, self._service.id, callback_type, self._callback_url, CALLBACK_TOKEN)
        time.sleep(1)  # until the API asks again

    def _send_everything(self) -> None:
        for key in (self._key, self._test_key):
            self._expect(201, self._send_sms(key))
            self._expect(201, self._send_email(key))
            link = f"https://example.com/{OWN_LINK}"
            self._expect(201, self._send_email(key, one_click_unsubscribe_url=link))
        rows = [["phone number", "name"], [NUMBER, FILE_CELL], [f"0{PHONE}", FILE_CELL]]
        self._expect(201, self._send_bulk(rows=rows))
        self._expect(201, self._send_bulk(csv=f"phone number,name\n{NUMBER},{FILE_CELL}\n"))
        later = {"scheduled_for": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))}
        self._send_sms(self._key, **later)
        preview = {"personalisation": {"name": PERSONALISATION}}
        self._expect(200, self._post(f"/v2/template/{self._sms.id}/preview", preview))

    def _send_sms(self, key: Any = None, **more: Any) -> int:
        body = {"phone_number": NUMBER, "template_id": str(self._sms.id), "reference": "a reference"}
        return self._post("/v2/notifications/sms", body | {"personalisation": _NAME} | more, key)

    def _send_email(self, key: Any = None, **more: Any) -> int:
        body = {"email_address": EMAIL, "template_id": str(self._email.id), "personalisation": _NAME}
        return self._post("/v2/notifications/email", body | more, key)

    def _send_bulk(self, **rows: Any) -> int:
        body = {"template_id": str(self._sms.id), "name": "A list"}
        return self._post("/v2/notifications/bulk", body | rows)

    def _read_everything(self) -> None:
        (identifier,) = self.system.query("SELECT id::text FROM notifications LIMIT 1")[0]
        for path in (
            "/v2/notifications",
            f"/v2/notifications?reference={EMAIL}&status=created&include_jobs=true",
            f"/v2/notifications/{identifier}",
            "/v2/received-text-messages",
            "/v2/templates",
            f"/v2/template/{self._sms.id}",
            f"/v2/template/{self._sms.id}/version/1",
        ):
            self._expect(200, self._call("GET", path))

    def _be_refused(self) -> None:
        """Every route, with canaries wherever a caller can write: path, query, headers, body."""
        document = json.loads(self.system.get("/openapi.json"))
        headers = self._key.headers
        for template in document["paths"]:
            path = template
            for name in ("notification_id", "template_id", "version", "token", "provider_name", "channel"):
                path = path.replace(f"{{{name}}}", f"{NOISE}-{EMAIL}")
            for method in ("GET", "POST", "DELETE"):
                for body in _BAD_BODIES:
                    self._call(method, f"{path}?to={quote(EMAIL)}&{NOISE}={PHONE}", body, headers)
        for field in ("phone_number", "email_address", "personalisation", "template_id", NOISE):
            for value in (
                f"{NOISE} {EMAIL}",
                [NOISE],
                {NOISE: NUMBER},
                f"{NUMBER}{NOISE}",
                f"{NOISE}\0" * 600,
            ):
                self._expect(400, self._send_sms(**{field: value}))
        self._expect(400, self._send_sms(self._team_key))
        self._expect(400, self._send_sms(personalisation={"name": PERSONALISATION * 100}))
        self._expect(400, self._send_sms(personalisation={NOISE: PERSONALISATION}))
        self._expect(400, self._send_bulk(rows=[["phone number", NOISE], [f"{NOISE}{NUMBER}", FILE_CELL]]))
        self._expect(400, self._send_bulk(csv=f'phone number,name\n"{NUMBER},{FILE_CELL}'))
        for token in (
            NOISE,
            f"{NOISE}.{NOISE}.{NOISE}",
            self._key.token(iss=NOISE),
            self._key.token(iat=NOISE),
            self._key.token()[:-4],
            self._key.text,
        ):
            status = self._call("GET", "/v2/notifications", headers={"Authorization": f"Bearer {token}"})
            self._expect(403, status)

    def _send_nonsense(self) -> None:
        """What the web server refuses before the application sees it."""
        address = urlsplit(self.system.demo["api_url"])
        for request in (
            f"GET /unsubscribe/{NOISE}?to={EMAIL} HTTP/7.7\r\n\r\n",
            f"{NOISE}({EMAIL}) / HTTP/1.1\r\n\r\n",
            f"GET /{NOISE} {EMAIL} HTTP/1.1\r\n\r\n",
            f"GET / HTTP/1.1\r\nAuthorization {self._key.token()} {NOISE}\r\n\r\n",
            f"GET / HTTP/1.1\r\n{NOISE}@: {EMAIL}\r\n\r\n",
            f"GET / HTTP/1.1\r\nContent-Length: {NOISE}\r\n\r\n",
            f"GET / HTTP/1.1\r\nTransfer-Encoding: {NOISE}\r\n\r\n",
            f"POST /v2/notifications/sms HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{NOISE}{NUMBER}\r\n\r\n",
            f"GET /{NOISE * 1000} HTTP/1.1\r\n\r\n",
            f"GET / HTTP/1.1\r\nX-Large: {NOISE * 2000}\r\n\r\n",
        ):
            with closing(
                socket.create_connection((address.hostname or "", address.port or 0), 5)
            ) as connection:
                connection.sendall(request.encode())
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(5)
                connection.recv(1000)

    def _receive_texts(self) -> None:
        text = {
            "reference": uuid.uuid4().hex,
            "from": NUMBER,
            "to": f"44{RECEIVER}",
            "content": RECEIVED_TEXT,
        }
        path = "/notifications/sms/receive/sandbox"
        self._expect(200, self._post_signed(path, text))
        self._expect(200, self._post_signed(path, text | {"reference": "2", "to": "447700900748"}))
        for body in (text | {"content": None, "occurred_at": NOISE}, {NOISE: RECEIVED_TEXT}, [RECEIVED_TEXT]):
            self._expect(400, self._post_signed(path, body))
            self._expect(400, self._post_signed("/notifications/sms/sandbox", body))
        wrong = {"X-Sandbox-Signature": NOISE, "Authorization": f"Bearer {NOISE}"}
        for target in (path, "/notifications/email/sandbox", f"/notifications/sms/{NOISE}"):
            self._call("POST", f"{target}?to={PHONE}", json.dumps(text).encode(), wrong)

    def _fail_at_the_provider(self) -> None:
        for fault in Fault:
            self.system.behave(faults={fault: 1})
            self._send_sms()
            self._send_email()
            time.sleep(0.3)
        self.system.behave(latency_ms=3000)  # longer than is waited for
        self._send_email()
        self._send_sms()
        time.sleep(1)
        self.system.kill("sandbox")
        self._send_sms()
        self._send_email()
        time.sleep(1)
        self.system.start("sandbox")

    def _lose_redis(self) -> None:
        self.system.kill("redis")
        self._expect(201, self._send_sms())
        self._expect(201, self._send_email())
        self._send_bulk(csv=f"phone number,name\n{NUMBER},{FILE_CELL}\n")
        self.system.start("redis")

    def _fail_in_the_database(self) -> None:
        """Statements that wait for a lock are cancelled after DATABASE_STATEMENT_TIMEOUT_MS."""
        with self._locked("notifications"):
            self._expect(500, self._send_sms())
            self._expect(500, self._send_email())
            self._expect(500, self._call("GET", f"/v2/notifications?reference={EMAIL}"))
            self._send_bulk(rows=[["phone number", "name"], [NUMBER, FILE_CELL]])
            self._post_signed("/notifications/sms/sandbox", {"reference": NOISE, "status": "delivered"})
            time.sleep(4)  # the sweeps of the workers fail meanwhile
        with self._locked("inbound_sms"):
            text = {"reference": "3", "from": NUMBER, "to": f"44{RECEIVER}", "content": RECEIVED_TEXT}
            self._expect(503, self._post_signed("/notifications/sms/receive/sandbox", text))
        self.system.kill("postgres")
        self._expect(500, self._send_sms())
        self._expect(500, self._send_email())
        self.system.start("postgres")

    @contextmanager
    def _locked(self, table: str) -> Iterator[None]:
        with closing(psycopg2.connect(self.system.cluster.url())) as connection:
            connection.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield

    def _fail_in_tasks(self) -> None:
        """A message that cannot be opened any more, and one whose template is broken."""
        self.system.kill("worker")
        self._send_sms()
        self._send_email()
        self.system.query("UPDATE notifications SET personalisation = 'spoilt' WHERE status = 'created'")
        self.system.start("worker")
        spoilt = "SELECT 1 FROM notifications WHERE personalisation = 'spoilt'"
        untried = f"{spoilt} AND (attempts = 0 OR status = 'sending')"
        wait_for(lambda: not self.system.query(untried), _SETTLE_SECONDS, untried)
        self.system.query("UPDATE notifications SET personalisation = NULL WHERE status = 'created'")

    def _wait_for_the_end(self) -> None:
        """What failed waits for its next try, which is made now."""
        self.system.behave()
        self.system.query("UPDATE notifications SET due_at = now() WHERE status = 'created'")
        self.system.query("UPDATE callback_deliveries SET due_at = now() WHERE status = 'pending'")
        for table, is_open in (
            ("notifications", "status IN ('created', 'sending', 'pending')"),
            ("callback_deliveries", "status = 'pending'"),
        ):
            query = f"SELECT 1 FROM {table} WHERE {is_open} LIMIT 1"
            wait_for(lambda query=query: not self.system.query(query), _SETTLE_SECONDS, query)

    def _unsubscribe(self) -> None:
        """The token of our own link: known to the recipient alone."""
        messages = self.system.ask_sandbox("GET", f"/v1/messages?q={EMAIL}")["messages"]
        links = [message["unsubscribe_url"] or "" for message in messages]
        path = next(urlsplit(link).path for link in links if "/unsubscribe/" in link)
        self.needles.add(path.rsplit("/", 1)[1])
        self._expect(200, self._call("POST", path))
        self._expect(200, self._call("POST", path))
        self._expect(404, self._call("POST", path + NOISE))

    def _be_suppressed(self) -> None:
        """A complaint and STOP, as providers tell of them; then messages that are withheld."""
        runtime = self._runtime
        runtime.database.dispose()  # PostgreSQL was killed meanwhile
        query = (
            "SELECT id FROM notifications WHERE notification_type = 'email' AND sent_by = 'sandbox' LIMIT 1"
        )
        complaint = Complaint("feedback-1", notification_id=uuid.UUID(str(self.system.query(query)[0][0])))
        apply_events(runtime, Channel.EMAIL, "sandbox", [complaint])
        apply_events(runtime, Channel.SMS, "sandbox", [OptOut(f"44{PHONE}")])
        self._expect(201, self._send_sms())
        self._expect(201, self._send_email())
        withheld = "SELECT 1 FROM notification_events WHERE kind = 'suppressed'"
        wait_for(lambda: len(self.system.query(withheld)) == 2, _SETTLE_SECONDS, withheld)

    def _post(self, path: str, body: Any, key: Any = None) -> int:
        return self._call("POST", path, json.dumps(body).encode(), (key or self._key).headers)

    def _post_signed(self, path: str, body: Any) -> int:
        raw = json.dumps(body).encode()
        return self._call("POST", path, raw, signature_headers(self._secret, raw))

    def _call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> int:
        if headers is None:
            headers = self._key.headers
        self.needles.add(headers.get("Authorization", NOISE).removeprefix("Bearer ")[-30:])
        connection = http.client.HTTPConnection(urlsplit(self.system.demo["api_url"]).netloc, timeout=30)
        with closing(connection):
            connection.request(method, path, body, {"Content-Type": "application/json"} | headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status

    @staticmethod
    def _expect(wanted: int, status: int) -> None:
        assert status == wanted


_NAME = {"name": f"{PERSONALISATION} Doe"}
_BAD_BODIES: tuple[bytes | None, ...] = (
    None,
    f'{{"{NOISE}": "{EMAIL}"'.encode(),
    json.dumps({NOISE: EMAIL, "phone_number": f"{NUMBER}{NOISE}", "template_id": NOISE}).encode(),
    json.dumps([NOISE, NUMBER]).encode(),
    f"\xff{NOISE}".encode("latin-1"),
)


def _secrets_of(system: System) -> set[str]:
    names = ("SANDBOX_SECRET", "SECRET_KEYS")
    found = {system.environment[name] for name in names}
    found |= {urlsplit(system.environment[name]).password or "" for name in ("DATABASE_URL", "REDIS_URL")}
    found |= {key[-36:] for key in system.demo["keys"].values()}
    found |= {user["password"] for user in system.demo["users"]}
    assert "" not in found
    return found
