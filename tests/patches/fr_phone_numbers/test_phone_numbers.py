"""French numbers, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.config import load_settings
from notifications_utils.recipients.phone_number import (
    InvalidPhoneNumberError,
    PhoneNumberKind,
    check_can_receive_sms,
)
from patches.fr_phone_numbers.rules import make_phone_rules
from patches.french_territories import TERRITORIES, find_territory

RULES = make_phone_rules(load_settings())


def outcome(text, *, allow_international=False):
    """The digits, or the code of the error."""
    try:
        number = RULES.parse(text)
        check_can_receive_sms(number, allow_international=allow_international)
    except InvalidPhoneNumberError as error:
        return error.code.value
    return number.e164_digits


@pytest.mark.parametrize(
    "text",
    [
        "0612345678",
        "06.12.34.56.78",
        "06 12 34 56 78",
        "06-12-34-56-78",
        "06/12/34/56/78",
        "6 12 34 56 78",
        "612345678",
        "33612345678",
        "0033612345678",
        "+33 (0)6 12 34 56 78",
        "(+33) 612345678",
        "+33.6.12.34.56.78",
        "\u00a006\u202f12\u202f34\u202f56\u202f78\u200b",
    ],
)
def test_spellings_of_one_mobile_number(text):
    number = RULES.parse(text)
    assert (number.e164_digits, number.display) == ("33612345678", "06 12 34 56 78")
    assert (number.region, number.kind, number.is_international) == ("FR", PhoneNumberKind.MOBILE, False)


@pytest.mark.parametrize(
    ("significant", "expected", "territory"),
    [
        ("690001234", "590690001234", "GP"),
        ("691221234", "590691221234", "GP"),
        ("691123456", "590691123456", "GP"),  # a block that the metadata do not know
        ("709001234", "590709001234", "GP"),
        ("694201234", "594694201234", "GF"),
        ("709301234", "594709301234", "GF"),
        ("696201234", "596696201234", "MQ"),
        ("697001234", "596697001234", "MQ"),
        ("709101234", "596709101234", "MQ"),
        ("692123456", "262692123456", "RE"),
        ("693001234", "262693001234", "RE"),
        ("709201234", "262709201234", "RE"),
        ("639001234", "262639001234", "YT"),
        ("639123456", "262639123456", "YT"),  # the same
        ("709351234", "262709351234", "YT"),
        ("708401234", "508708401234", "PM"),
        ("508551234", "508551234", "PM"),
    ],
)
@pytest.mark.parametrize("start", ["0", "", "+33", "0033", "33", "+33 (0)", "+", "00", "+0"])
def test_overseas_mobiles_have_the_code_of_their_territory(start, significant, expected, territory):
    """In national form, with a lost zero, or with the country code of the mainland; or else as they should be."""
    text = start + (expected if start in ("+", "00") else significant)
    number = RULES.parse(text)
    assert (number.e164_digits, number.region, number.is_international) == (expected, territory, False)
    assert number.kind is PhoneNumberKind.MOBILE
    assert number.display.startswith(f"+{number.country_code} ")
    assert find_territory(expected) is TERRITORIES[territory]
    assert RULES.parse(f"+{expected}") == number


def test_display_of_an_overseas_number():
    assert RULES.parse("0690001234").display == "+590 690 00 12 34"


@pytest.mark.parametrize(
    ("text", "expected", "territory"),
    [
        ("+681821234", "681821234", "WF"),
        ("+68987123456", "68987123456", "PF"),
        ("+687751234", "687751234", "NC"),
    ],
)
def test_numbers_of_the_pacific_have_international_form_and_are_at_home(text, expected, territory):
    assert outcome(text) == expected
    assert find_territory(expected) is TERRITORIES[territory]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0730123456", "33730123456"),
        ("0790123456", "33790123456"),
        ("0712345678", "invalid_number"),
        ("0700123456", "invalid_number"),
        ("0709341234", "invalid_number"),  # between Guyane and Mayotte
        ("0709381234", "invalid_number"),
        ("07000123456789", "too_long"),  # machine to machine
        ("+33 700 00 01 23 45 67", "too_long"),
        ("0123456789", "not_a_mobile"),
        ("0987654321", "not_a_mobile"),
        ("0269601234", "not_a_mobile"),
        ("0596301234", "not_a_mobile"),
        ("0199001234", "not_a_mobile"),
        ("0800123456", "special_number"),
        ("0806123456", "special_number"),
        ("0810123456", "special_number"),
        ("0892123456", "special_number"),
        ("+33 8 92 12 34 56", "special_number"),
        ("+33801234567", "special_number"),
        ("3939", "short_number"),
        ("36180", "short_number"),
        ("118712", "short_number"),
        ("116000", "short_number"),
        ("15", "short_number"),
        ("112", "short_number"),
        ("061234567", "invalid_number"),
        ("061234567 8 9", "too_long"),
        ("+812345678", "too_short"),
        ("6,12E+08", "unknown_character"),
        ("06 12 34 56 7x", "unknown_character"),
        ("", "too_short"),
        ("+32470123456", "not_a_mobile"),
        ("+41791234567", "not_a_mobile"),
        ("+377 6 12 34 56 78", "not_a_mobile"),
        ("+376312345", "not_a_mobile"),
        ("+690312345", "not_a_mobile"),  # Tokelau, not Guadeloupe without its zero
        ("00690312345", "not_a_mobile"),
    ],
)
def test_what_may_get_a_text_message(text, expected):
    assert outcome(text) == expected


@pytest.mark.parametrize("text", ["+32470123456", "+41791234567", "+377 6 12 34 56 78"])
def test_abroad_needs_the_permission(text):
    assert RULES.parse(text).is_international
    assert outcome(text, allow_international=True).isdigit()


@pytest.mark.parametrize(
    ("text", "short_message"),
    [
        ("0892123456", "Number is not valid – check the number and try again"),
        ("3939", "Not enough digits"),
        ("07000123456789", "Too many digits"),
        ("6,12E+08", "Must not contain letters or symbols"),
        ("+999123456", "Not a valid country prefix"),
    ],
)
def test_programs_read_the_words_of_the_contract(text, short_message):
    with pytest.raises(InvalidPhoneNumberError) as caught:
        RULES.parse(text)
    assert caught.value.short_message == short_message


@pytest.mark.parametrize("text", ["0639981234", "+33639981234", "0199001234", "0353010123", "0536490123"])
def test_numbers_of_fiction_are_read_and_known_as_such(text):
    number = RULES.parse(text)
    assert number.region == "FR"
    assert RULES.is_fictional(number.e164_digits)


@pytest.mark.parametrize("end", ["000", "111", "222", "001", "002", "003"])
@pytest.mark.parametrize("start", ["+447700900", "07700900", "07700 900 "])
def test_simulated_numbers_of_the_contract_need_no_permission(start, end):
    assert outcome(start + end) == f"447700900{end}"
    assert RULES.is_fictional(f"447700900{end}")


@pytest.mark.parametrize("digits", ["33612345678", "590690001234", "262639001234", "447911123456"])
def test_numbers_of_people_are_not_fiction(digits):
    assert not RULES.is_fictional(digits)


@given(st.text() | st.text("+0123456789 ()-./"))
def test_any_text_is_a_number_or_the_typed_error(text):
    try:
        number = RULES.parse(text)
    except InvalidPhoneNumberError:
        return
    assert number.e164_digits.startswith(number.country_code)
    assert RULES.parse(f"+{number.e164_digits}") == number
    assert number.display


@given(st.sampled_from([t for t in TERRITORIES.values() if t.mobile]), st.data())
def test_every_mobile_of_a_territory_is_accepted_and_found_again(territory, data):
    """Prefix and length are enough, whatever the metadata know; the mainland's are those of the metadata."""
    significant = data.draw(st.from_regex(territory.is_mobile, fullmatch=True))
    try:
        number = RULES.parse(f"+{territory.country_code}{significant}")
    except InvalidPhoneNumberError:
        assert territory.code == "FR"
        return
    assert number.kind in {PhoneNumberKind.MOBILE, PhoneNumberKind.FIXED_OR_MOBILE}
    assert not number.is_international
    found = find_territory(number.e164_digits)
    assert found is territory or territory.code == "FR"
