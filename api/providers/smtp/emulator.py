"""A relay that sends nothing to anyone, and whose bounces come back over LMTP:

`python -m api.providers.smtp.emulator [--port 2525] [--bounces 127.0.0.1:2424]`

The recipient's local part decides: `busy` and `unknown` are refused with 450 4.2.0 and 550 5.1.1; `bounce-5.1.1` (any
code of RFC 3463), `delayed` and `complaint` are taken, and reported on; `silent` is taken, and nothing comes. Whatever
else is relayed: reported where the client asked for it (RFC 3461), as relays do.
"""

import argparse
import asyncio
import re
import smtplib
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from api.providers.smtp.lmtp import DEFAULT_PORT as BOUNCES_PORT

_DSN_PARAMETERS: Final = ("RET", "ENVID", "NOTIFY", "ORCPT")
_BOUNCE: Final = re.compile(r"bounce-([245]\.\d{1,3}\.\d{1,3})")
_PAUSES_SECONDS: Final = (0, 0.2, 0.5, 1, 2, 5)
_MAX_LINE: Final = 64 * 1024


class _Relay(SMTP):
    """Understands the parameters of RFC 3461, which the library does not."""

    line_length_limit = _MAX_LINE

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        found = super()._getparams(params)
        if found is not None and self.session is not None:
            known = {name: str(found.pop(name)) for name in _DSN_PARAMETERS if name in found}
            self.session.dsn = getattr(self.session, "dsn", {}) | known  # type: ignore[attr-defined]
        return found


class SmtpEmulator:
    """`bounces` is where the LMTP server listens; None: nothing comes back. `taken` are the latest envelopes."""

    def __init__(self, bounces: tuple[str, int] | None) -> None:
        self.taken: list[Envelope] = []
        self.replies: list[str] = []  # of the LMTP server
        self._bounces = bounces
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Relay(self, hostname="relay", loop=loop), host, port)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("busy"):
            return "450 4.2.0 try again later"
        if address.startswith("unknown"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken = [*self.taken[-999:], envelope]
        dsn: dict[str, str] = getattr(session, "dsn", {})
        report = _report_on(envelope, dsn)
        if report is not None and self._bounces is not None:
            task = asyncio.get_running_loop().create_task(self._bounce(str(envelope.mail_from), report))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return "250 2.0.0 queued"

    async def _bounce(self, return_path: str, report: bytes) -> None:
        for pause in _PAUSES_SECONDS:
            await asyncio.sleep(pause)
            reply = await asyncio.to_thread(self._hand_over, return_path, report)
            self.replies.append(reply)
            if reply.startswith("250"):
                return

    def _hand_over(self, return_path: str, report: bytes) -> str:
        host, port = self._bounces or ("", 0)
        try:
            with smtplib.LMTP(host, port, "relay") as client:
                client.sendmail("", [return_path], report)
        except smtplib.SMTPDataError as error:
            return f"{error.smtp_code}"
        except (smtplib.SMTPException, OSError) as error:
            return type(error).__name__
        return "250"


def _report_on(envelope: Envelope, dsn: dict[str, str]) -> bytes | None:
    recipient = envelope.rcpt_tos[0]
    bounce = _BOUNCE.match(recipient)
    if bounce:
        return _delivery_report(envelope, dsn, "failed", bounce[1])
    if recipient.startswith("delayed"):
        return _delivery_report(envelope, dsn, "delayed", "4.4.1")
    if recipient.startswith("complaint"):
        return _complaint(envelope)
    wants_success = "SUCCESS" in dsn.get("NOTIFY", "")
    is_silent = recipient.startswith("silent")
    return _delivery_report(envelope, dsn, "relayed", "2.0.0") if wants_success and not is_silent else None


def _delivery_report(envelope: Envelope, dsn: dict[str, str], action: str, code: str) -> bytes:
    """RFC 3464, in the order in which common relays write it."""
    recipient = envelope.rcpt_tos[0]
    envelope_id = f"Original-Envelope-Id: {dsn['ENVID']}\n" if "ENVID" in dsn else ""
    return _report(
        envelope,
        "delivery-status",
        f"What became of your message to <{recipient}>: {action}.\n",
        f"Reporting-MTA: dns; relay\n{envelope_id}Arrival-Date: {formatdate()}\n\n"
        f"Final-Recipient: rfc822; {recipient}\nOriginal-Recipient: rfc822;{recipient}\n"
        f"Action: {action}\nStatus: {code}\nDiagnostic-Code: smtp; {code[0]}50 {code} <{recipient}> says so\n",
    )


def _complaint(envelope: Envelope) -> bytes:
    """RFC 5965."""
    fields = (
        f"Feedback-Type: abuse\nUser-Agent: relay/1\nVersion: 1\nOriginal-Mail-From: <{envelope.mail_from}>\n"
    )
    return _report(envelope, "feedback-report", "Somebody says that this is spam.\n", fields)


def _report(envelope: Envelope, report_type: str, words: str, fields: str) -> bytes:
    headers = bytes(envelope.original_content or b"").partition(b"\r\n\r\n")[0].replace(b"\r\n", b"\n")
    text = (
        f"From: Mail Delivery System <MAILER-DAEMON@relay>\nTo: {envelope.mail_from}\nSubject: Delivery report\n"
        f"Date: {formatdate()}\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={report_type}; boundary="=_report"\n\n'
        f"--=_report\nContent-Type: text/plain; charset=us-ascii\n\n{words}\n"
        f"--=_report\nContent-Type: message/{report_type}\n\n{fields}\n"
        f"--=_report\nContent-Type: text/rfc822-headers\n\n"
    )
    return text.encode() + headers + b"\n--=_report--\n"


@contextmanager
def running(start: Callable[[str, int], Awaitable[asyncio.Server]]) -> Iterator[tuple[str, int]]:
    """A server of this package in a thread of this process, for tests; gives its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_started(start), loop).result(10)
    try:
        yield server.sockets[0].getsockname()
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _started(start: Callable[[str, int], Awaitable[asyncio.Server]]) -> asyncio.Server:
    return await start("127.0.0.1", 0)


async def _stop(server: asyncio.Server) -> None:
    server.close()
    await asyncio.sleep(0.01)  # clients have gone: let the conversations see it
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m api.providers.smtp.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=2525, help="default: %(default)s")
    parser.add_argument("--bounces", default=f"127.0.0.1:{BOUNCES_PORT}", help="default: %(default)s")
    given = parser.parse_args()
    host, _, port = given.bounces.rpartition(":")

    async def run() -> None:
        server = await SmtpEmulator((host, int(port))).start("127.0.0.1", given.port)
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main()
