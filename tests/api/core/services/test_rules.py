import pytest

from api.core.command_errors import InvalidValueError
from api.core.services.errors import SenderRefusedError
from api.core.services.rules import (
    DailyLimit,
    check_daily_limit,
    check_rate_limit,
    check_retention,
    clean_member_permissions,
    clean_service_permissions,
    clean_sms_sender,
    key_name_for_clients,
    sender_local_part,
)
from notifications_utils.sms.sender import ContractSenderRules


@pytest.mark.parametrize(
    ("name", "local_part"),
    [
        ("Mairie de Belrive", "mairie.de.belrive"),
        ("Préfecture de l’Œuvre – été", "prefecture.de.l.oeuvre.ete"),
        ("  SDIS  44 ", "sdis.44"),
        ("Vide-grenier_2027 !", "vide-grenier_2027"),
        ("a" * 80, "a" * 64),
        ("a" * 63 + " bc", "a" * 63),
    ],
)
def test_sender_address_is_made_of_the_name(name, local_part):
    assert sender_local_part(name) == local_part


@pytest.mark.parametrize("name", ["", "中文", "…", "--", "_"])
def test_name_without_letter_or_digit_makes_no_address(name):
    with pytest.raises(InvalidValueError):
        sender_local_part(name)


@pytest.mark.parametrize(
    ("name", "in_key"),
    [
        ("Site web", "Site_web"),
        ("Clé d'essai n° 2", "Cle_dessai_n_2"),
        ("a/b:c?d", "abcd"),
        ("v1.2-bêta_3", "v1.2-beta_3"),
        ("中文", "key"),
    ],
)
def test_key_begins_with_its_name_made_safe(name, in_key):
    assert key_name_for_clients(name) == in_key


def test_blanks_around_an_sms_sender_are_removed():
    assert clean_sms_sender(ContractSenderRules(), "  Mairie   44 ") == "Mairie 44"


def test_refused_sms_sender_names_field_and_cause():
    with pytest.raises(SenderRefusedError) as refused:
        clean_sms_sender(ContractSenderRules(), "Été")
    assert (refused.value.field, refused.value.cause.code) == ("value", "characters")


@pytest.mark.parametrize("days", [3, 7, 90])
def test_retention_within_the_limits(days):
    check_retention(days)


@pytest.mark.parametrize("days", [-1, 0, 2, 91])
def test_retention_beyond_the_limits(days):
    with pytest.raises(InvalidValueError):
        check_retention(days)


def test_limits_have_a_range():
    check_daily_limit(DailyLimit.SMS, 0)
    check_rate_limit(1)
    for value in (-1, 1_000_000_000):
        with pytest.raises(InvalidValueError) as refused:
            check_daily_limit(DailyLimit.INTERNATIONAL_SMS, value)
        assert refused.value.field == "international_sms_message_limit"
    with pytest.raises(InvalidValueError):
        check_rate_limit(0)


def test_permissions_are_known_and_in_the_order_of_the_contract():
    assert clean_service_permissions(["inbound_sms", "sms", "sms", "email"]) == [
        "email",
        "sms",
        "inbound_sms",
    ]
    assert clean_member_permissions(["view_activity", "manage_users"]) == ["manage_users", "view_activity"]
    with pytest.raises(InvalidValueError) as refused:
        clean_service_permissions(["sms", "pigeons"])
    assert refused.value.field == "permissions"
    assert "pigeons" in str(refused.value)
