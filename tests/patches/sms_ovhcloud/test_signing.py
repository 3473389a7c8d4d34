"""Signatures and clocks, by the recipe of the documentation."""

import hashlib
import time

import pytest

from patches.sms_ovhcloud.signing import Clock, Credentials

CREDENTIALS = Credentials("key", "secret", "consumer")
URL = "https://eu.api.ovh.com/1.0/sms/sms-xx11111-1/jobs"


@pytest.mark.parametrize(
    ("method", "url", "body", "signed"),
    [
        ("GET", URL, b"", f"secret+consumer+GET+{URL}++1366560945"),
        ("GET", f"{URL}?tag=%2B1", b"", f"secret+consumer+GET+{URL}?tag=%2B1++1366560945"),
        (
            "POST",
            URL,
            '{"message":"é"}'.encode(),
            f'secret+consumer+POST+{URL}+{{"message":"é"}}+1366560945',
        ),
    ],
)
def test_signature_is_of_what_is_sent_to_the_letter(method, url, body, signed):
    expected = "$1$" + hashlib.sha1(signed.encode()).hexdigest()
    headers = CREDENTIALS.headers(method, url, body, 1366560945)
    assert headers == {
        "X-Ovh-Application": "key",
        "X-Ovh-Consumer": "consumer",
        "X-Ovh-Timestamp": "1366560945",
        "X-Ovh-Signature": expected,
    }


def test_secrets_are_not_shown():
    assert "secret" not in repr(CREDENTIALS).replace("application_secret", "")
    assert "consumer'" not in repr(CREDENTIALS)


class Server:
    """`ahead`: seconds by which its clock is ahead of ours."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        self.asked = 0

    def time(self) -> int:
        self.asked += 1
        return int(time.time()) + self.ahead


@pytest.mark.parametrize("ahead", [0, 4000, -4000])
def test_time_is_asked_for_once(ahead):
    server = Server(ahead)
    clock = Clock(server.time)
    assert [abs(clock.difference() - ahead) <= 1 for _ in range(3)] == [True] * 3
    assert server.asked == 1


def test_clock_that_was_right_is_not_to_blame():
    server = Server(0)
    clock = Clock(server.time)
    used = clock.difference()
    assert clock.correct(used) is None
    server.ahead = 300
    assert abs(clock.correct(used) - 300) <= 1
    assert abs(clock.difference() - 300) <= 1
