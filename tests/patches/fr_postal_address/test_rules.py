"""French addresses by NF Z10-011."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.recipients.postal_address import InvalidPostalAddressError, PostalAddressProblem
from patches.fr_postal_address.countries import find_country, printed_name
from patches.fr_postal_address.rules import LONGEST_LINE, FrenchAddressRules

RULES = FrenchAddressRules()


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (
            "Mme Zoé Petit\n12 bis, rue de l'Hôtel-de-Ville\n75001 Paris",
            "Mme Zoé Petit\n12 BIS RUE DE L HOTEL DE VILLE\n75001 PARIS",
        ),
        ("Préfecture\nCS 12345\n69419 Lyon cedex 03", "Préfecture\nCS 12345\n69419 LYON CEDEX 03"),
        (
            "X\n1 rue A\n97110 Pointe-à-Pitre\nGuadeloupe",
            "X\n1 RUE A\n97110 POINTE A PITRE",
        ),
        ("X\n1 rue A\nParis\n75001", "X\n1 RUE A\n75001 PARIS"),
        ("X\n1 rue A\n75001 Paris\nFrance", "X\n1 RUE A\n75001 PARIS"),
        ("X\n1 rue A\n97400 Saint-Denis\nLa Réunion", "X\n1 RUE A\n97400 SAINT DENIS"),
        ("  X  ,\n\n1\u00a0rue\u202fA\n75001\u00a0Paris", "X\n1 RUE A\n75001 PARIS"),
        ("Élodie\n1 rue du Cœur\n62000 Arras", "Élodie\n1 RUE DU COEUR\n62000 ARRAS"),
        (
            "M. Petit SDF\nCCAS de Belrive\n1 place A\n75001 Paris",
            "M. Petit SDF\nCCAS de Belrive\n1 PLACE A\n75001 PARIS",
        ),
        ("A\nB\nC\nD\n1 rue A\n75001 Paris", "A\nB\nC\nD\n1 RUE A\n75001 PARIS"),
        ("A\nB\n20000 L’Île", "A\nB\n20000 L ILE"),
    ],
)
def test_address_at_home(text: str, printed: str) -> None:
    address = RULES.parse(text.split("\n"))

    assert "\n".join(address.lines) == printed
    assert not address.is_international


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("X\n1 rue A\n7500 Paris", PostalAddressProblem.INVALID_LAST_LINE, 3),
        ("X\n1 rue A\n750001 Paris", PostalAddressProblem.INVALID_LAST_LINE, 3),
        ("X\n1 rue A\nParis", PostalAddressProblem.INVALID_LAST_LINE, 3),
        ("X\n1 rue A\n75001", PostalAddressProblem.INVALID_LAST_LINE, 3),
        ("X\n75001 Paris", PostalAddressProblem.NOT_ENOUGH_LINES, None),
        ("X\nParis\n75001", PostalAddressProblem.NOT_ENOUGH_LINES, None),
        ("", PostalAddressProblem.NOT_ENOUGH_LINES, None),
        ("A\nB\nC\nD\nE\n1 rue A\n75001 Paris", PostalAddressProblem.TOO_MANY_LINES, None),
        ("x" * (LONGEST_LINE + 1) + "\n1 rue A\n75001 Paris", PostalAddressProblem.LINE_TOO_LONG, 1),
        ("--\n1 rue A\n75001 Paris", PostalAddressProblem.NO_LETTER, 1),
        ("X\n[1 rue A\n75001 Paris", PostalAddressProblem.FORBIDDEN_START, 2),
        ("X\nSDF\n75001 Paris", PostalAddressProblem.NO_FIXED_ABODE, None),
        ("X\nSans domicile fixe\n75001 Paris", PostalAddressProblem.NO_FIXED_ABODE, None),
        ("X\nHauptstrasse 1\n10115 Berlin\nAllemagne", PostalAddressProblem.INTERNATIONAL, None),
    ],
)
def test_address_that_cannot_be_printed(text: str, code: PostalAddressProblem, line: int | None) -> None:
    with pytest.raises(InvalidPostalAddressError) as caught:
        RULES.parse(text.split("\n"))

    assert (caught.value.code, caught.value.line) == (code, line)


def test_letter_abroad_ends_with_the_country_in_french_capitals() -> None:
    address = RULES.parse(["X", "Hauptstrasse 1", "10115 Berlin", "Germany"], allow_international=True)

    assert address.lines[-1] == "ALLEMAGNE"
    assert address.country == "DE"


@pytest.mark.parametrize(
    ("written", "code", "printed"),
    [
        ("Allemagne", "DE", "ALLEMAGNE"),
        ("ESPAGNE", "ES", "ESPAGNE"),
        ("Pays-Bas", "NL", "PAYS-BAS"),
        ("Hollande", "NL", "PAYS-BAS"),
        ("Royaume Uni", "GB", "ROYAUME-UNI"),
        ("USA", "US", "ETATS-UNIS"),
        ("Etats-Unis", "US", "ETATS-UNIS"),
        ("Côte d'Ivoire", "CI", "COTE D'IVOIRE"),
        ("Algérie", "DZ", "ALGERIE"),
        ("Monaco", "MC", "MONACO"),
    ],
)
def test_country_is_found_as_people_write_it(written: str, code: str, printed: str) -> None:
    found = find_country(written)

    assert found == code
    assert printed_name(found) == printed


@pytest.mark.parametrize("line", ["Paris", "75001 Paris", "Lyon", "", "rue de France"])
def test_line_that_names_no_country(line: str) -> None:
    assert find_country(line) is None


@given(st.lists(st.text(max_size=60), max_size=9))
def test_any_lines_make_an_address_or_a_known_problem(lines: list[str]) -> None:
    try:
        address = RULES.parse(lines, allow_international=True)
    except InvalidPostalAddressError:
        return
    assert all(len(line) <= LONGEST_LINE for line in address.lines[:6])


@given(
    st.lists(
        st.sampled_from(["X", "1 rue A", "75001 Paris", "Paris", "75001", "BP 1"]), min_size=3, max_size=6
    )
)
def test_printed_address_is_read_again_as_it_is(lines: list[str]) -> None:
    try:
        printed = RULES.parse(lines).lines
    except InvalidPostalAddressError:
        return
    assert RULES.parse(printed).lines == printed
