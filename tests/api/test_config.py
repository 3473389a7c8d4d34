"""All problems of the environment at once, and nothing unsafe in production."""

import pytest

from api.config import InvalidConfigurationError, load_settings

SAFE = {
    "environment": "production",
    "secret_keys": "k" * 40,
    "sandbox_secret": "s" * 40,
    "sms_providers": ["sandbox"],
    "email_providers": ["smtp"],
}


def problems_of(**settings) -> str:
    with pytest.raises(InvalidConfigurationError) as caught:
        load_settings(**settings)
    return "\n".join(caught.value.problems)


def test_every_problem_is_reported_at_once() -> None:
    problems = problems_of(database_pool_size=0, smtp_port=99_999, default_retention_days=1)
    assert all(name in problems for name in ("DATABASE_POOL_SIZE", "SMTP_PORT", "DEFAULT_RETENTION_DAYS"))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"secret_keys": "insecure-development-secret-0123456789"}, "SECRET_KEYS"),
        ({"secret_keys": "short"}, "SECRET_KEYS"),
        ({"sandbox_secret": "insecure-development-secret-0123456789"}, "SANDBOX_SECRET"),
        ({"smtp_security": "none"}, "SMTP_SECURITY"),
        ({"unknown_after_seconds": 15, "provider_timeout_seconds": 10}, "UNKNOWN_AFTER_SECONDS"),
    ],
)
def test_what_is_unsafe_is_refused(changes: dict[str, object], named: str) -> None:
    load_settings(**SAFE)
    assert named in problems_of(**SAFE | changes)


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    addresses = {"redis_url": "redis://:canary@h/0", "database_url": "postgresql://u:canary@h/d"}
    assert "canary" not in repr(load_settings(**SAFE, **addresses, smtp_password="canary"))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_the_driver_is_named_whatever_the_platform_writes(scheme: str) -> None:
    assert load_settings(database_url=f"{scheme}://u:p@h/d").database_url == "postgresql+psycopg2://u:p@h/d"


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_PROVIDERS", "one, two,")
    assert load_settings().sms_providers == ["one", "two"]
