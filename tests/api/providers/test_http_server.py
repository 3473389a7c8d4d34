import asyncio
import socket

import pytest

from api.providers.http_server import (
    MalformedHttpError,
    Request,
    Response,
    serve,
    take_request,
)


def test_request_is_taken_once_it_is_whole() -> None:
    whole = b"POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET"
    buffer = bytearray()
    for byte in whole[:-4]:
        buffer.append(byte)
        assert take_request(buffer) is None
    buffer += whole[-4:]
    assert take_request(buffer) == Request(
        "POST", "/a b", "x=1", {"host": "h", "content-length": "3"}, b"abc"
    )
    assert buffer == b"GET"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / SPDY/1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 431),
    ],
)
def test_malformed_requests_are_refused(raw: bytes, status: int) -> None:
    with pytest.raises(MalformedHttpError) as raised:
        take_request(bytearray(raw))
    assert raised.value.status == status


def converse(sent: bytes, handler_answers: list[Response | None]) -> bytes:
    """All that the server says until it closes."""

    async def handle(_request: Request) -> Response | None:
        answer = handler_answers.pop(0)
        if answer is not None and answer.status == 500:
            raise RuntimeError
        return answer

    async def run() -> bytes:
        server = await serve(handle, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        try:
            return await asyncio.wait_for(reader.read(), 5)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()
            await server.close()

    return asyncio.run(run())


def test_requests_sent_ahead_are_answered_in_order() -> None:
    sent = b"GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\nConnection: close\r\n\r\n"
    said = converse(sent, [Response(200, b"one", "text/plain"), Response(404, b"two", "text/plain")])
    assert said == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\none"
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    )


def test_handler_that_fails_answers_500(caplog: pytest.LogCaptureFixture) -> None:
    said = converse(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", [Response(500)])
    assert said.startswith(b"HTTP/1.1 500 ")
    assert "stand_in_request_failed" in caplog.text


def test_handler_may_close_the_connection_instead_of_answering() -> None:
    assert converse(b"GET / HTTP/1.1\r\n\r\n", [None]) == b""


def test_client_that_leaves_before_the_answer_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        left = asyncio.Event()

        async def handle(_request: Request) -> Response:
            await left.wait()
            return Response(200, b"late")

        server = await serve(handle, "127.0.0.1", 0)
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)
        left.set()
        await asyncio.sleep(0.05)
        await server.close()

    asyncio.run(run())
    assert not caplog.records
