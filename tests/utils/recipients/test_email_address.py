import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.recipients.email_address import (
    INVALID_EMAIL_ADDRESS_MESSAGE,
    EmailAddressProblem,
    InvalidEmailAddressError,
    format_email_address,
    validate_email_address,
)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co",
        ".a@c.fr",
        "a.@c.fr",
        "a+b@c.fr",
        "a'b@c.fr",
        "a/b@c.fr",
        "a@b--c.fr",
        "a@xn--bcher-kva.fr",
        "a@bücher.fr",
        "a@faß.de",
        "a@例え.テスト",
        "a@c.рф",
        "a" * 65 + "@c.fr",
        "a" * 315 + "@c.fr",
        "A@B.FR",
    ],
)
def test_valid_addresses_keep_their_spelling(address):
    assert validate_email_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "a@b",
        "a@b.c",
        "a..b@c.fr",
        "a@.c.fr",
        "a@c.fr.",
        "a’b@c.fr",
        '"a"@c.fr',
        "a b@c.fr",
        "a@-b.fr",
        "a@b-.fr",
        "a@c.f1",
        "a@c.123",
        "a@127.0.0.1",
        "a@[127.0.0.1]",
        "a@b@c.fr",
        "a;b@c.fr",
        "a,b@c.fr",
        "mailto:a@c.fr",
        "a@c_d.fr",
        "a@" + "b" * 64 + ".fr",
        "a" * 316 + "@c.fr",
        "a@" + "b." * 126 + "fr",
        "a@b.fr\nc@d.fr",
        "@b.fr",
        "a@",
    ],
)
def test_invalid_addresses(address):
    with pytest.raises(InvalidEmailAddressError) as caught:
        validate_email_address(address)
    assert caught.value.code is EmailAddressProblem.INVALID
    assert caught.value.short_message == str(caught.value) == INVALID_EMAIL_ADDRESS_MESSAGE
    assert caught.value.suggestion is None


def test_the_contract_message_is_what_clients_read():
    assert INVALID_EMAIL_ADDRESS_MESSAGE == "Not a valid email address"


@pytest.mark.parametrize(
    ("address", "suggestion"),
    [
        ("é@c.fr", "e@c.fr"),
        ("prénom.nom@gouv.fr", "prenom.nom@gouv.fr"),
        ("œ@c.fr", "oe@c.fr"),
        ("François@ÉTAT.fr", "Francois@ÉTAT.fr"),
    ],
)
def test_accents_before_the_at_sign_are_told_and_mended(address, suggestion):
    with pytest.raises(InvalidEmailAddressError) as caught:
        validate_email_address(address)
    assert caught.value.code is EmailAddressProblem.ACCENTED_LOCAL_PART
    assert caught.value.suggestion == suggestion
    assert caught.value.short_message == INVALID_EMAIL_ADDRESS_MESSAGE
    assert address not in repr(caught.value)  # it would end in a log


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" A@B.FR ", "a@b.fr"),
        ("a\u200b@c.fr", "a@c.fr"),
        ("\ufeffa@c.fr\u00a0\r\n", "a@c.fr"),
        ("\u202fA@c.fr", "a@c.fr"),
    ],
)
def test_the_stored_form_is_clean_and_in_lower_case(text, address):
    assert format_email_address(text) == address
    assert format_email_address(validate_email_address(text)) == address


@given(st.text())
def test_any_text_is_an_address_or_the_typed_error(text):
    formatted = format_email_address(text)
    assert format_email_address(formatted) == formatted or not text.isascii()
    try:
        address = validate_email_address(text)
    except InvalidEmailAddressError:
        return
    assert validate_email_address(address) == address
    assert len(address) <= 320


@given(st.emails(domains=st.sampled_from(["exemple.fr", "gouv.fr", "a.b.example.org"])))
def test_ordinary_addresses_are_valid(address):
    if ".." not in address:
        assert validate_email_address(address) == address
