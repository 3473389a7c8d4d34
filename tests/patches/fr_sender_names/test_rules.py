"""AF2M charter: which names French operators let through."""

import pytest

from api.config import load_settings
from notifications_utils.sms.sender import InvalidSenderError
from patches.fr_sender_names.rules import FrenchSenderRules, make_rules
from patches.fr_sender_names.settings import SenderNamesSettings


def check(name: str, **settings: str) -> None:
    FrenchSenderRules(SenderNamesSettings.load(**settings)).check(name)


def problem_of(name: str, **settings: str) -> str:
    with pytest.raises(InvalidSenderError) as refused:
        check(name, **settings)
    assert name in str(refused.value)
    return refused.value.code


@pytest.mark.parametrize(
    "name",
    ["NOTIF", "Abc", "DGFiP", "CAF75", "2ndeChance", "Prefecture0", "36180", "38123", "INFOMAIRIE", "3939X"],
)
def test_names_that_operators_let_through(name):
    check(name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "length"),
        ("ab", "length"),
        ("a" * 12, "length"),
        ("Mairie 44", "characters"),
        ("Préfecture", "characters"),
        ("l’État", "characters"),
        ("A&B", "characters"),
        ("impots.gouv", "characters"),
        ("A_B-C", "characters"),
        ("МВД", "characters"),
        ("12345", "digits_only"),
        ("3939", "digits_only"),
        ("35180", "digits_only"),
        ("361800", "digits_only"),
        ("36 180", "digits_only"),
        ("12345678901", "digits_only"),
        ("٣٦١٨٠", "digits_only"),
        ("0612345678", "phone_number"),
        ("0712345678", "phone_number"),
        ("33612345678", "phone_number"),
        ("+33612345678", "phone_number"),
        ("0033612345678", "phone_number"),
        ("06 12 34 56 78", "phone_number"),
        ("06.12.34.56.78", "phone_number"),
        ("0123456789", "phone_number"),
        ("RDV", "generic"),
        ("alert", "generic"),
        ("Payment", "generic"),
        ("BANK", "generic"),
        ("Parcel", "generic"),
    ],
)
def test_names_that_operators_block(name, code):
    if name:
        assert problem_of(name) == code
    else:
        with pytest.raises(InvalidSenderError):
            check(name)


def test_lists_of_names_are_settings():
    assert problem_of("Gagnant", generic="gagnant, cadeau") == "generic"
    check("RDV", generic="gagnant")
    assert problem_of("MaBanque", forbidden="mabanque") == "forbidden"


def test_a_reserved_name_needs_an_authorisation():
    assert problem_of("IMPOTS", reserved="impots,ameli") == "not_authorised"
    check("IMPOTS", reserved="impots,ameli", authorised="Impots")


def test_an_authorisation_does_not_lift_a_ban():
    assert problem_of("IMPOTS", forbidden="impots", authorised="impots") == "forbidden"


def test_lists_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("SENDER_NAMES_FORBIDDEN", "MaBanque, AUTRE")
    rules = make_rules(load_settings())
    with pytest.raises(InvalidSenderError) as refused:
        rules.check("autre")
    assert refused.value.code == "forbidden"
