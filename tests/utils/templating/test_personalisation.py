import pytest

from notifications_utils.templating.personalisation import Personalisation


@pytest.mark.parametrize(
    ("supplied", "asked"),
    [("nom_de-FAMILLE", "Nom de famille"), ("É", "é"), ("a<b>", "a<b>"), ("a'b", "a’b")],
)
def test_a_value_is_found_whatever_the_spelling(supplied, asked):
    values = Personalisation({supplied: 1})
    assert values[asked] == 1
    assert values.get(asked) == 1
    assert asked in values


def test_an_absent_name():
    values = Personalisation({"prénom": "Zoé"})
    assert values.get("prenom") is None
    assert values.get("prenom", "?") == "?"
    assert "prenom" not in values
    assert 3 not in values
    with pytest.raises(KeyError):
        values["prenom"]


def test_the_last_of_two_equal_names_wins():
    assert dict(Personalisation({"A b": 1, "a_b": 2})) == {"ab": 2}


def test_no_values():
    assert len(Personalisation()) == len(Personalisation(None)) == len(Personalisation({})) == 0


def test_normalised_values_are_used_as_they_are():
    values = {"nom": "Zoé"}
    assert Personalisation.from_normalised(values)["NOM"] == "Zoé"


def test_a_personalisation_is_not_built_twice():
    values = Personalisation({"a": 1})
    assert Personalisation.of(values) is values
    assert Personalisation.of({"a": 1}) == values
    assert not Personalisation.of(None)


def test_absent_and_none_are_missing_but_empty_text_and_zero_are_not():
    values = Personalisation({"a": None, "b": "", "c": 0, "D": False})
    assert values.find_missing(["A", "b", "c", "d", "E é"]) == ("A", "E é")


def test_additional_keys_keep_the_spelling_of_the_caller():
    assert Personalisation({"A b": 1, "Ville": 2}).find_additional(["a_b"]) == ("Ville",)


def test_values_stay_out_of_the_representation():
    assert "0612345678" not in repr(Personalisation({"numéro": "0612345678"}))
