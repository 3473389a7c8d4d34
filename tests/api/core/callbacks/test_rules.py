from datetime import UTC, datetime, timedelta

import pytest

from api.contract import CallbackType
from api.core.callbacks.commands import remove_callback, set_callback
from api.core.callbacks.queries import list_callbacks
from api.core.callbacks.rules import (
    InvalidCallbackError,
    check_callback,
    check_callback_url,
    is_public_address,
    next_try,
)
from tests.factories import make_service

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "https://exemple.fr",
        "https://exemple.fr:8443/suivi?cle=a",
        "https://api.mairie.gouv.fr/notify",
        "https://1.1.1.1/suivi",
        "https://[2606:4700::1111]/suivi",
    ],
)
def test_public_https_addresses_are_taken(url):
    check_callback_url(url, allow_insecure=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://exemple.fr",
        "ftp://exemple.fr",
        "exemple.fr",
        "https://",
        "https:///chemin",
        "https://exemple.fr:99999/",
        "https://exemple .fr/",
        "https://[::1",
        "https://nom:secret@exemple.fr/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://base/",
        "https://redis.internal/",
        "https://imprimante.local/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://224.0.0.1/",
    ],
)
def test_other_addresses_are_refused(url):
    with pytest.raises(InvalidCallbackError):
        check_callback_url(url, allow_insecure=False)


@pytest.mark.parametrize("url", ["http://localhost:8000/suivi", "https://10.1.2.3/", "http://127.0.0.1/"])
def test_development_may_use_this_machine(url):
    check_callback_url(url, allow_insecure=True)


@pytest.mark.parametrize(("token", "is_fine"), [("123456789", False), ("1234567890", True)])
def test_token_has_ten_characters_at_least(token, is_fine):
    if is_fine:
        check_callback("https://exemple.fr", token, allow_insecure=False)
        return
    with pytest.raises(InvalidCallbackError, match="10 characters"):
        check_callback("https://exemple.fr", token, allow_insecure=False)


@pytest.mark.parametrize(
    ("address", "is_public"), [("8.8.8.8", True), ("64:ff9b::808:808", True), ("fe80::1%eth0", False)]
)
def test_public_addresses(address, is_public):
    assert is_public_address(address) == is_public


@pytest.mark.parametrize(("attempts", "again"), [(1, True), (5, True), (6, False)])
def test_five_retries(attempts, again):
    assert next_try(NOW, attempts, 300) == (NOW + timedelta(minutes=5) if again else None)


def test_callback_is_set_changed_and_taken_away(runtime):
    service = make_service(runtime)
    for url in ("https://exemple.fr/a", "https://exemple.fr/b"):
        set_callback(runtime, service.id, CallbackType.INBOUND_SMS, url, "jeton-secret")
    known = runtime.services.find(service.id)
    assert known.callbacks["inbound_sms"].url == "https://exemple.fr/b"
    assert known.callbacks["inbound_sms"].bearer_token == "jeton-secret"
    assert remove_callback(runtime, service.id, CallbackType.INBOUND_SMS)
    assert not remove_callback(runtime, service.id, CallbackType.INBOUND_SMS)
    with runtime.database.autocommit() as connection:
        assert list_callbacks(connection, service.id) == []


def test_refused_callback_changes_nothing(runtime):
    service = make_service(runtime)
    with pytest.raises(InvalidCallbackError):
        set_callback(runtime, service.id, CallbackType.INBOUND_SMS, "http://exemple.fr", "jeton-secret")
    assert runtime.services.find(service.id).callbacks == {}
