"""Which message a bounce is about, and that nobody else can say so."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.config import load_settings
from api.providers.smtp.return_path import ReturnPath

ID = uuid.UUID("01980000-0000-7000-8000-000000000001")
OLD, NEW = "o" * 40, "n" * 40
PATH = ReturnPath("bounces.exemple.fr", [NEW])


@given(st.uuids())
def test_every_message_is_found_again_by_its_address(notification_id: uuid.UUID) -> None:
    address = PATH.address(notification_id)
    assert PATH.find([address]) == notification_id
    assert len(address.partition("@")[0]) <= 64


def test_address_is_what_the_documentation_says() -> None:
    local_part, _, domain = PATH.address(ID).partition("@")
    assert domain == "bounces.exemple.fr"
    assert local_part == f"bounce+{PATH.token(ID)}"
    assert local_part.startswith(f"bounce+{ID}.")


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda text: f"Return-Path: <{text}>\r\n"])
def test_what_mail_servers_do_to_addresses_does_not_matter(change) -> None:
    assert PATH.find([change(PATH.address(ID))]) == ID


def test_older_keys_are_believed_and_strangers_are_not() -> None:
    old = ReturnPath("bounces.exemple.fr", [OLD])
    assert ReturnPath("bounces.exemple.fr", [NEW, OLD]).find([old.address(ID)]) == ID
    assert PATH.find([old.address(ID)]) is None


def test_proof_of_one_message_is_none_of_another() -> None:
    other = uuid.uuid4()
    proof = PATH.token(ID).partition(".")[2]
    assert (
        PATH.find([f"bounce+{other}.{proof}@bounces.exemple.fr", f"bounce+{other}@bounces.exemple.fr"])
        is None
    )


def test_first_token_of_ours_wins_among_others_but_not_among_any_number_of_them() -> None:
    forged = f"{uuid.uuid4()}.{'a' * 16} "
    assert PATH.find([forged * 5, PATH.token(ID)]) == ID
    assert PATH.find([forged * 1000, PATH.token(ID)]) is None


def test_without_a_domain_there_is_no_return_path() -> None:
    assert ReturnPath.from_settings(load_settings()) is None
    made = ReturnPath.from_settings(
        load_settings(smtp_bounce_domain="b.exemple.fr", secret_keys=f"{NEW},{OLD}")
    )
    assert made is not None
    assert made.token(ID) == PATH.token(ID)
