"""Credit, and what `doctor` is told."""

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from api.config import InvalidConfigurationError, Settings
from api.providers.http_server import Request, Response
from api.providers.protocol import Credit, SmsMessage
from patches.brevo.account import count_email_credits, count_sms_credits
from patches.brevo.emulator import BrevoEmulator
from patches.brevo.sms import BrevoSms
from tests.patches.brevo.conftest import Brevo

MESSAGE = SmsMessage(uuid.uuid4(), "33639980001", "Bonjour", "MAIRIE", international=False)


def answering(emulator: BrevoEmulator, respond: Callable[[Request], tuple[int, Any]]) -> Any:
    async def answer(request: Request) -> Response:
        status, content = respond(request)
        return Response(status, orjson.dumps(content))

    return answer


def asked(brevo: Brevo, path: str) -> int:
    return sum(exchange.target == path for exchange in brevo.emulator.exchanges)


def test_credit_is_read_from_the_account_and_not_asked_for_again_soon(brevo: Brevo) -> None:
    assert brevo.sms.get_credit() == Credit(1000, "SMS credits")
    assert brevo.sms.get_credit() == Credit(1000, "SMS credits")
    assert brevo.email.get_credit() == Credit(39983, "e-mails")
    assert asked(brevo, "/v3/account") == 2


def test_credit_is_noted_from_what_brevo_answers_when_sending(brevo: Brevo) -> None:
    brevo.sms.send(dataclasses.replace(MESSAGE, content="a" * 161))
    assert brevo.sms.get_credit() == Credit(998, "SMS credits")
    assert asked(brevo, "/v3/account") == 0


@pytest.mark.parametrize(
    ("account", "sms", "email"),
    [
        ({}, None, None),
        ({"plan": None}, None, None),
        ({"plan": ["sms", {"type": "sms"}, {"type": "sms", "credits": "12"}]}, None, None),
        ({"plan": [{"type": "sms", "credits": 0}]}, 0, None),
        ({"plan": [{"type": "sms", "credits": 12.5}, {"type": "sms", "credits": 1}]}, 13.5, None),
        ({"plan": [{"type": "free", "credits": 300}, {"type": "payAsYouGo", "credits": 5000}]}, None, 5300),
    ],
)
def test_account_in_any_shape_is_borne(account: Any, sms: float | None, email: float | None) -> None:
    assert (count_sms_credits(account), count_email_credits(account)) == (sms, email)


def test_credit_that_cannot_be_told_is_no_credit(brevo: Brevo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brevo.emulator, "answer", answering(brevo.emulator, lambda _: (429, {})))
    assert brevo.sms.get_credit() is None
    assert brevo.email.get_credit() is None


def test_healthy_account_has_no_problems(brevo: Brevo) -> None:
    assert brevo.sms.problems() == []
    assert brevo.email.problems() == []


def test_refused_key_is_a_problem(brevo: Brevo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brevo.emulator, "API_KEY", "another key", raising=False)
    for client in (brevo.sms, brevo.email):
        [problem] = client.problems()
        assert "BREVO_API_KEY" in problem


def test_silence_is_a_problem(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BrevoEmulator.environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    client = BrevoSms.from_settings(settings)
    [problem] = client.problems()
    assert "BREVO_URL" in problem
    assert client.get_credit() is None
    client.close()


def test_account_that_is_asked_too_often_is_no_problem(brevo: Brevo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brevo.emulator, "answer", answering(brevo.emulator, lambda _: (429, {})))
    assert brevo.sms.problems() == []


def test_empty_account_is_a_problem(brevo: Brevo) -> None:
    brevo.emulator.sms_credits = 0
    assert len(brevo.sms.problems()) == 1


def test_account_that_does_not_tell_of_texts_is_no_problem(
    brevo: Brevo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brevo.emulator, "answer", answering(brevo.emulator, lambda _: (200, {"plan": []})))
    assert brevo.sms.problems() == []


@pytest.mark.parametrize(
    ("authenticated", "problems"),
    [
        ({"notifications.exemple.fr": True}, 0),
        ({"notifications.exemple.fr": False, "exemple.fr": True}, 0),
        ({"exemple.fr": True}, 0),
        ({"exemple.fr": False}, 1),
        ({}, 1),
    ],
)
def test_senders_domain_must_be_authenticated(
    brevo: Brevo, monkeypatch: pytest.MonkeyPatch, authenticated: dict[str, bool], problems: int
) -> None:
    def respond(request: Request) -> tuple[int, Any]:
        if request.path == "/v3/account":
            return 200, {"plan": []}
        domain = request.path.rpartition("/")[2]
        if domain not in authenticated:
            return 404, {"code": "document_not_found"}
        return 200, {"domain": domain, "authenticated": authenticated[domain]}

    monkeypatch.setattr(brevo.emulator, "answer", answering(brevo.emulator, respond))
    assert len(brevo.email.problems()) == problems


def test_relay_that_is_not_activated_is_a_problem(brevo: Brevo, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"relay": {"enabled": False}, "authenticated": True}
    monkeypatch.setattr(brevo.emulator, "answer", answering(brevo.emulator, lambda _: (200, content)))
    assert len(brevo.email.problems()) == 1


def test_missing_settings_are_all_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BrevoEmulator.environment(""):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidConfigurationError) as caught:
        BrevoSms.from_settings(settings)
    assert {problem.partition(":")[0] for problem in caught.value.problems} == {
        "BREVO_API_KEY",
        "BREVO_WEBHOOK_TOKEN",
    }


def test_short_webhook_token_is_refused_without_being_shown(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BREVO_API_KEY", "xkeysib-1")
    monkeypatch.setenv("BREVO_WEBHOOK_TOKEN", "trop-court")
    with pytest.raises(InvalidConfigurationError) as caught:
        BrevoSms.from_settings(settings)
    assert "trop-court" not in str(caught.value)
