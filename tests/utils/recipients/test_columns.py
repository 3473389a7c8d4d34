import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.recipients.columns import CONTRACT_HEADINGS, RecipientKind, match_columns

EMAIL, SMS = RecipientKind.EMAIL, RecipientKind.SMS


def match(headings, placeholders=(), kind=SMS):
    return match_columns(headings.split("|"), placeholders, kind)


@pytest.mark.parametrize(
    "heading",
    [
        "phone number",
        "Phone_Number",
        "PHONE-NUMBER",
        "phonenumber",
        "numéro de téléphone",
        "Numero de telephone",
        "Téléphone",
        "TÉLÉPHONE",
        "te\u0301le\u0301phone",
        "telephone",
        "téléphone mobile",
    ],
)
def test_headings_of_phone_numbers(heading):
    columns = match(f"nom|{heading}", ["nom"])
    assert (columns.recipient, columns.missing, columns.values) == (1, (), {"nom": (0,)})


@pytest.mark.parametrize(
    "heading",
    [
        "email address",
        "Email_Address",
        "adresse électronique",
        "Adresse e-mail",
        "adresse email",
        "adresse courriel",
        "Courriel",
    ],
)
def test_headings_of_email_addresses(heading):
    columns = match(f"{heading}|nom", ["nom"], EMAIL)
    assert (columns.recipient, columns.missing) == (0, ())


def test_the_headings_of_the_contract():
    assert CONTRACT_HEADINGS == {EMAIL: "email address", SMS: "phone number"}


@pytest.mark.parametrize(
    ("headings", "placeholders", "missing"),
    [
        ("phone number;nom;date", ["nom", "date"], ("phone number", "nom", "date")),
        ("nom", ["nom"], ("phone number",)),
        ("email address|nom", ["nom"], ("phone number",)),
        ("phone number", ["Nom", "  "], ("Nom", "  ")),
        ("phone number||", ["  "], ("  ",)),
        ("", [], ("phone number",)),
        ("phone number|a’b|c d", ["a'b", "C_D"], ()),
        ("nom", ["phone number", "nom"], ("phone number",)),
    ],
)
def test_missing_columns(headings, placeholders, missing):
    assert match(headings, placeholders).missing == missing


@pytest.mark.parametrize(
    ("headings", "recipient", "duplicates"),
    [
        ("phone number|phone_number|nom", 1, ("phone number", "phone_number")),
        ("phone number|phone number", 1, ("phone number", "phone number")),
        ("téléphone|nom|phone number", 2, ("téléphone", "phone number")),
        ("téléphone|numéro de téléphone", 1, ("téléphone", "numéro de téléphone")),
        ("phone number|email address", 0, ()),
    ],
)
def test_two_columns_of_recipients(headings, recipient, duplicates):
    columns = match(headings)
    assert (columns.recipient, columns.duplicate_recipients) == (recipient, duplicates)


def test_a_placeholder_with_the_name_of_a_translated_heading_is_no_second_recipient():
    columns = match("phone number|téléphone", ["téléphone"])
    assert (columns.recipient, columns.values, columns.duplicate_recipients) == (0, {"téléphone": (1,)}, ())


def test_a_translated_heading_may_serve_the_recipient_and_a_placeholder():
    columns = match("téléphone", ["téléphone"])
    assert (columns.recipient, columns.values) == (0, {"téléphone": (0,)})


def test_the_recipient_may_be_a_placeholder_whatever_its_heading():
    columns = match("téléphone", ["Phone Number"])
    assert (columns.recipient, columns.values, columns.missing) == (0, {"phonenumber": (0,)}, ())


@pytest.mark.parametrize(
    ("headings", "indexes"),
    [
        ("nom|phone number|nom|nom", (0, 2, 3)),
        ("nom|NOM", (1,)),
        ("nom|NOM|nom", (0, 2)),
        ("nom|N O M", (1,)),
    ],
)
def test_repeated_columns_make_a_list_when_they_are_spelt_alike(headings, indexes):
    assert match(headings, ["nom"]).values == {"nom": indexes}


@pytest.mark.parametrize(
    ("headings", "placeholders", "values", "missing", "ambiguous"),
    [
        ("prenom", ["prénom"], {"prénom": (0,)}, (), ()),
        ("Prénom", ["prenom"], {"prenom": (0,)}, (), ()),
        ("cœur", ["coeur"], {"coeur": (0,)}, (), ()),
        ("prenom|prénom", ["prénom"], {"prénom": (1,)}, (), ()),
        ("prenom|prénom", ["prénom", "prenom"], {"prénom": (1,), "prenom": (0,)}, (), ()),
        ("prenom", ["prénom", "prenom"], {"prenom": (0,)}, ("prénom",), ()),
        ("peche|pechè", ["pêche"], {}, ("pêche",), ("pêche",)),
        ("peche", ["pêche", "péché"], {}, ("pêche", "péché"), ("pêche", "péché")),
    ],
)
def test_accents_are_set_aside_when_nothing_else_matches(headings, placeholders, values, missing, ambiguous):
    columns = match(f"{headings}|phone number", placeholders)
    assert (columns.values, columns.missing, columns.ambiguous) == (values, missing, ambiguous)


NAMES = st.lists(
    st.sampled_from(["nom", "Nom", "prénom", "prenom", "téléphone", "phone number", "", " "])
    | st.text(max_size=5)
)


@given(NAMES, NAMES, st.sampled_from(RecipientKind))
def test_any_headings_and_placeholders(headings, placeholders, kind):
    columns = match_columns(headings, placeholders, kind)
    indexes = {index for group in columns.values.values() for index in group}
    assert all(0 <= index < len(headings) for index in indexes)
    assert (columns.recipient is None) == (CONTRACT_HEADINGS[kind] in columns.missing[:1])
    assert set(columns.ambiguous) <= set(columns.missing)
