import pytest

from notifications_utils.sms.alphabet import ECONOMY, FAITHFUL, NEUTRAL
from notifications_utils.sms.alphabets import CONTRACT_ALPHABETS, SmsAlphabets

BOTH = SmsAlphabets(ECONOMY, (FAITHFUL,))


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ((), ECONOMY),
        ((None, None), ECONOMY),
        (("faithful", None), FAITHFUL),
        ((None, "faithful"), FAITHFUL),
        (("economy", "faithful"), ECONOMY),
        (("faithful", "economy"), FAITHFUL),
        pytest.param(("morse", "faithful"), FAITHFUL, id="what-is-no-longer-offered-is-passed-over"),
        pytest.param(("morse",), ECONOMY, id="and-stops-no-message"),
    ],
)
def test_the_first_choice_on_offer_wins(names, chosen):
    assert BOTH.choose(*names) is chosen


def test_the_default_is_offered_first():
    assert list(BOTH.offered) == ["economy", "faithful"]


def test_the_contract_leaves_no_choice():
    assert list(CONTRACT_ALPHABETS.offered) == ["contract"]
    assert CONTRACT_ALPHABETS.choose("economy") is NEUTRAL
    assert not CONTRACT_ALPHABETS.tells_changes
