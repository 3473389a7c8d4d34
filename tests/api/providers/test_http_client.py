"""What a failure on the way means for the message: over real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from api.providers.http_client import HttpAnswer, ProviderHttp, answer_of_failure
from api.providers.protocol import NotSent, Refused, Unknown

POST = {"method": "POST", "path": "/messages", "body": b"{}"}


@contextmanager
def socket_server(converse: Callable[[socket.socket], None], connections: int = 1) -> Iterator[int]:
    """A server that does with each connection what the test says."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        for _ in range(connections):
            connection, _ = listener.accept()
            with connection:
                converse(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)
    listener.close()


@contextmanager
def client(url: str, timeout: float = 5) -> Iterator[ProviderHttp]:
    http = ProviderHttp(url, timeout)
    yield http
    http.close()


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def test_refused_connection_means_not_sent() -> None:
    with client(f"http://127.0.0.1:{free_port()}") as http:
        assert http.request(**POST) == NotSent("no connection: ConnectionRefusedError")


def test_unknown_host_means_not_sent() -> None:
    with client("http://provider.invalid") as http:
        assert isinstance(http.request(**POST), NotSent)


def test_failed_tls_handshake_means_not_sent() -> None:
    def speak_no_tls(connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket_server(speak_no_tls) as port, client(f"https://127.0.0.1:{port}") as http:
        assert http.request(**POST) == NotSent("no connection: SSLError")


def test_connection_lost_during_tls_handshake_means_not_sent() -> None:
    with (
        socket_server(lambda connection: connection.close()) as port,
        client(f"https://127.0.0.1:{port}") as http,
    ):
        assert isinstance(http.request(**POST), NotSent)


def test_silence_during_tls_handshake_means_not_sent() -> None:
    done = threading.Event()
    with socket_server(lambda _: done.wait(5) and None) as port:
        with client(f"https://127.0.0.1:{port}", 0.1) as http:
            assert isinstance(http.request(**POST), NotSent)
        done.set()


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 20", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_connection_closed_without_a_whole_answer_means_unknown(said: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    with socket_server(answer) as port, client(f"http://127.0.0.1:{port}") as http:
        assert isinstance(http.request(**POST), Unknown)


def test_no_answer_in_time_means_unknown() -> None:
    done = threading.Event()
    with socket_server(lambda _: done.wait(5) and None) as port:
        with client(f"http://127.0.0.1:{port}", 0.1) as http:
            assert http.request(**POST) == Unknown("no answer: TimeoutError")
        done.set()


def read_request(connection: socket.socket) -> bytes:
    """All of it: head and body may come in pieces."""
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return body


def test_connection_is_kept_for_the_next_request() -> None:
    def answer_twice(connection: socket.socket) -> None:
        for _ in range(2):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with socket_server(answer_twice) as port, client(f"http://127.0.0.1:{port}") as http:
        for _ in range(2):
            answer = http.request(**POST)
            assert isinstance(answer, HttpAnswer)
            assert answer.body == b"ok"


def test_connection_that_the_provider_closed_meanwhile_is_not_used_again() -> None:
    def answer_once(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with socket_server(answer_once, connections=2) as port, client(f"http://127.0.0.1:{port}") as http:
        for _ in range(2):
            assert isinstance(http.request(**POST), HttpAnswer)
            threading.Event().wait(0.05)  # the closing arrives


def test_path_of_the_address_comes_before_the_path_of_the_request() -> None:
    heard = []

    def answer(connection: socket.socket) -> None:
        heard.append(connection.recv(65536).split(b"\r\n")[0])
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with socket_server(answer) as port, client(f"http://127.0.0.1:{port}/v3/") as http:
        http.request("GET", "/messages?x=1")
    assert heard == [b"GET /v3/messages?x=1 HTTP/1.1"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, NotSent("HTTP 301")),
        (400, Refused("HTTP 400")),
        (401, NotSent("HTTP 401")),
        (402, NotSent("HTTP 402")),
        (403, NotSent("HTTP 403")),
        (404, Refused("HTTP 404")),
        (408, NotSent("HTTP 408")),
        (422, Refused("HTTP 422")),
        (429, NotSent("HTTP 429")),
        (500, Unknown("HTTP 500")),
        (502, Unknown("HTTP 502")),
        (503, NotSent("HTTP 503")),
        (504, Unknown("HTTP 504")),
    ],
)
def test_meaning_of_statuses(status: int, expected: object) -> None:
    assert answer_of_failure(HttpAnswer(status, {}, b"")) == expected


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("", None), ("Fri, 31 Dec 2027 23:59:59 GMT", None)]
)
def test_wish_of_an_overloaded_provider_is_kept(value: str, seconds: float | None) -> None:
    answer = HttpAnswer(429, {"Retry-After": value}, b"")
    assert answer_of_failure(answer) == NotSent("HTTP 429", seconds)
