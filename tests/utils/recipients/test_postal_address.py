"""The neutral rules: lines as they are."""

import pytest

from notifications_utils.recipients.postal_address import (
    InvalidPostalAddressError,
    PlainAddressRules,
    PostalAddressProblem,
)


@pytest.mark.parametrize(
    ("lines", "printed"),
    [
        (["A", "B", "C"], ("A", "B", "C")),
        ([" A  b ,", "", "B\u00a0", "C , d"], ("A b", "B", "C, d")),
        (["A\nB\r\nC"], ("A", "B", "C")),
        (["É", "1", "C"], ("É", "1", "C")),
    ],
)
def test_lines_are_cleaned(lines: list[str], printed: tuple[str, ...]) -> None:
    assert PlainAddressRules().parse(lines).lines == printed


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], PostalAddressProblem.NOT_ENOUGH_LINES),
        (["A", "B", " , "], PostalAddressProblem.NOT_ENOUGH_LINES),
        (["A"] * 8, PostalAddressProblem.TOO_MANY_LINES),
        (["A", "@B", "C"], PostalAddressProblem.FORBIDDEN_START),
        (["--", "B", "C"], PostalAddressProblem.NO_LETTER),
    ],
)
def test_what_cannot_be_an_address_is_refused(lines: list[str], code: PostalAddressProblem) -> None:
    with pytest.raises(InvalidPostalAddressError) as caught:
        PlainAddressRules().parse(lines)

    assert caught.value.code is code


def test_address_stays_out_of_its_representation() -> None:
    assert "Léa" not in repr(PlainAddressRules().parse(["Léa", "B", "C"]))
