"""Takes bounces from a mail server over LMTP (RFC 2033): `python -m api.providers.smtp.lmtp [--host …] [--port …]`.

The mail server that is responsible for SMTP_BOUNCE_DOMAIN hands over what comes in. It hears 250 once the database has
what matters, 451 while that is away, and tries again then. There is no password: listen on a private address.
"""

import argparse
import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

log = logging.getLogger(__name__)

DEFAULT_PORT: Final = 2424
_THREADS: Final = 4
_MAX_LINE: Final = 64 * 1024  # some programs quote pages without line breaks

# Gets a message and its envelope's recipients; raises when it cannot keep what it says.
Take = Callable[[bytes, Sequence[str]], object]


class _Lmtp(LMTP):
    line_length_limit = _MAX_LINE


class _Handler:
    def __init__(self, take: Take, threads: ThreadPoolExecutor) -> None:
        self._take = take
        self._threads = threads

    async def handle_DATA(self, _server: LMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One reply for each recipient (RFC 2033 §4.2)."""
        content = envelope.original_content or b""
        recipients = [str(recipient) for recipient in envelope.rcpt_tos]
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, self._take, content, recipients)
            reply = "250 2.0.0 taken"
        except Exception as error:  # noqa: BLE001 - whatever it is, the mail server keeps the message
            log.warning("bounce_not_taken", extra={"error": type(error).__name__})
            reply = "451 4.3.0 try again later"
        return "\r\n".join([reply] * len(recipients))


async def serve(take: Take, host: str, port: int) -> asyncio.Server:
    """Listens until it is closed."""
    # The library writes addresses and contents to its log.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    handler = _Handler(take, ThreadPoolExecutor(_THREADS, "bounces"))
    factory = partial(_Lmtp, handler, enable_SMTPUTF8=True, hostname="notifications", loop=loop)
    return await loop.create_server(factory, host, port)


async def run_until_stopped(take: Take, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await serve(take, host, port)
    log.info("bounces_awaited", extra={"port": server.sockets[0].getsockname()[1]})
    await stopped.wait()
    server.close()


def main() -> None:
    # This program joins what the two sides of the import rule offer: nothing else here knows the core.
    from api.config import load_settings
    from api.core.delivery.bounces import take_bounce
    from api.providers.smtp.return_path import ReturnPath
    from api.runtime import make_runtime
    from notifications_utils.observability.logs import configure_logging

    parser = argparse.ArgumentParser(prog="python -m api.providers.smtp.lmtp", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s")
    given = parser.parse_args()
    settings = load_settings()
    configure_logging("bounces", settings.log_level)
    return_path = ReturnPath.from_settings(settings)
    if return_path is None:
        parser.error("SMTP_BOUNCE_DOMAIN is not set: no e-mail comes back here")
    runtime = make_runtime(settings, pool_size=_THREADS)
    take = partial(take_bounce, runtime, return_path)
    asyncio.run(run_until_stopped(take, given.host, given.port))
    runtime.close()


if __name__ == "__main__":
    main()
