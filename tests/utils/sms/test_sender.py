import pytest

from notifications_utils.sms.sender import ContractSenderRules, InvalidSenderError

RULES = ContractSenderRules()


@pytest.mark.parametrize("name", ["NOTIF", "Mairie 44", "Abc", "36180", "A&B.c_d-e", "12345678901", "-abc"])
def test_names_that_the_contract_lets_through(name):
    RULES.check(name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "length"),
        ("ab", "length"),
        ("a" * 12, "length"),
        ("Été", "characters"),
        ("abc!", "characters"),
        ("l'État", "characters"),
        ("00336", "zeros"),
        ("Info", "generic"),
        ("VERIFY", "generic"),
        ("alert", "generic"),
    ],
)
def test_names_that_the_contract_refuses(name, code):
    with pytest.raises(InvalidSenderError) as refused:
        RULES.check(name)
    assert refused.value.code == code
    assert str(refused.value) == refused.value.message % refused.value.values
