"""An IMAP server for tests: one account, one folder, and what `imaplib` asks of it (RFC 9051)."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

USER, PASSWORD, FOLDER = "retours@exemple.fr", "mot de passe/:a lui", "Bounces"


@dataclass
class Mail:
    content: bytes
    flags: set[str] = field(default_factory=set)
    received: datetime = field(default_factory=lambda: datetime.now(UTC))


class Mailbox:
    def __init__(self) -> None:
        self.mails: dict[int, Mail] = {}
        self.logins = 0
        self._next = 1

    def add(self, content: bytes, *flags: str, received: datetime | None = None) -> Mail:
        mail = Mail(content, set(flags), received or datetime.now(UTC))
        self.mails[self._next] = mail
        self._next += 1
        return mail

    def search(self, criteria: str) -> list[int]:
        if criteria == "UNDELETED UNFLAGGED":
            return [uid for uid, mail in self.mails.items() if not mail.flags & {r"\Deleted", r"\Flagged"}]
        before = datetime.strptime(criteria.removeprefix("FLAGGED BEFORE "), "%d-%b-%Y").replace(tzinfo=UTC)
        return [
            uid for uid, mail in self.mails.items() if r"\Flagged" in mail.flags and mail.received < before
        ]


class _Conversation(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.wfile.write(b"* OK IMAP4rev1 ready\r\n")
        for line in self.rfile:
            tag, _, command = line.decode().strip().partition(" ")
            try:
                status = self._answer(command)
            except LookupError as error:
                status = f"NO {error}"
            self.wfile.write(f"{tag} {status}\r\n".encode())
            if command.upper() == "LOGOUT":
                return

    def _answer(self, command: str) -> str:
        mailbox = self.server.mailbox
        word = command.split(maxsplit=1)[0].upper()
        if word == "CAPABILITY":
            self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif word == "LOGIN":
            _, user, password = re.findall(r'"[^"]*"|\S+', command)
            if (user.strip('"'), password.strip('"')) != (USER, PASSWORD):
                raise LookupError("LOGIN refused")
            mailbox.logins += 1
        elif word == "SELECT":
            if command.split(maxsplit=1)[1].strip('"') != FOLDER:
                raise LookupError("no such folder")
            self.wfile.write(f"* {len(mailbox.mails)} EXISTS\r\n".encode())
        elif word == "EXPUNGE":
            for uid in [uid for uid, mail in mailbox.mails.items() if r"\Deleted" in mail.flags]:
                del mailbox.mails[uid]
        elif word == "UID":
            self._answer_uid(*command.split(maxsplit=2)[1:])
        elif word == "LOGOUT":
            self.wfile.write(b"* BYE\r\n")
        return "OK done"

    def _answer_uid(self, verb: str, rest: str) -> None:
        mailbox = self.server.mailbox
        if verb == "SEARCH":
            found = " ".join(str(uid) for uid in mailbox.search(rest))
            self.wfile.write(f"* SEARCH {found}\r\n".encode())
            return
        uid, _, rest = rest.partition(" ")
        mail = mailbox.mails.get(int(uid))
        if mail is None:
            return
        if verb == "FETCH":
            length = int(re.fullmatch(r"\(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)[1])  # type: ignore[index]
            content = mail.content[:length]
            self.wfile.write(b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\n" % (uid.encode(), len(content)))
            self.wfile.write(content + b")\r\n")
        elif verb == "STORE":
            mail.flags |= set(re.findall(r"\\\w+", rest))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        super().__init__(("127.0.0.1", 0), _Conversation)

    def finish_request(self, request, client_address) -> None:
        try:
            if self.tls is None:
                super().finish_request(request, client_address)
                return
            with self.tls.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except OSError:
            pass  # the client hung up


@contextmanager
def serving(mailbox: Mailbox, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    with _Server(mailbox) as server:
        server.tls = tls
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(5)
