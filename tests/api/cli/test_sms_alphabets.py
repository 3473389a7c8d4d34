"""Choosing an alphabet, and seeing what it changes and costs."""

import pytest

from tests.factories import forget_rates, make_rate

CONTENT = "Reçu ((nom)), le 12 août… être"


@pytest.fixture
def template(notifications, service):
    made = notifications.json("templates", "create", service, "sms", "--name", "A", "--content", CONTENT)
    assert made["sms_alphabet"] is None
    return made["id"]


def test_a_service_and_a_template_choose_what_is_on_offer(notifications, service, template):
    assert notifications.json("services", "sms-alphabet", service, "contract")["sms_alphabet"] == "contract"
    assert notifications.json("services", "sms-alphabet", service, "default")["sms_alphabet"] is None
    changed = notifications.json("templates", "change", template, "--sms-alphabet", "contract")
    assert (changed["sms_alphabet"], changed["version"]) == ("contract", 2)
    changed = notifications.json("templates", "change", template, "--sms-alphabet", "default")
    assert (changed["sms_alphabet"], changed["version"]) == (None, 3)


def test_an_unknown_alphabet_is_refused_with_those_on_offer(notifications, service, template):
    for command in (
        ("services", "sms-alphabet", service, "morse"),
        ("templates", "change", template, "--sms-alphabet", "morse"),
    ):
        refused = notifications.error(*command)
        assert (refused["type"], refused["field"]) == ("InvalidValueError", "sms_alphabet")
        assert "contract" in refused["message"]


def test_a_preview_shows_text_size_price_and_what_costs_most(notifications, own_runtime, template):
    make_rate(own_runtime, 400)
    (shown,) = notifications.json("templates", "preview", template, "--values", '{"nom": "Noël"}')
    assert (shown["alphabet"], shown["in_use"], shown["missing"]) == ("contract", True, [])
    assert shown["text"] == "Mairie de Test: Recu Noël, le 12 août... être"
    assert (shown["encoding"], shown["characters"], shown["units"], shown["parts"]) == ("ucs2", 45, 45, 1)
    assert (shown["price"], shown["currency"]) == ("0.0400", "EUR")
    assert shown["written"] == "Reçu Noël, le 12 août… être"
    assert [(piece["start"], piece["original"], piece["replacement"]) for piece in shown["replaced"]] == [
        (2, "ç", "c"),
        (21, "…", "..."),
    ]
    assert [(piece["start"], piece["original"], piece["replacement"]) for piece in shown["costly"]] == [
        (7, "ë", "e"),
        (19, "û", "u"),
        (23, "ê", "e"),
    ]
    forget_rates(own_runtime)


def test_a_preview_without_rate_or_value_says_so(notifications, template):
    (shown,) = notifications.json("templates", "preview", template)
    assert (shown["price"], shown["missing"]) == (None, ["nom"])
    assert "alphabet" in notifications("templates", "preview", template).stdout


def test_an_email_is_previewed_as_text(notifications, service):
    made = notifications.json(
        "templates", "create", service, "email", "--name", "A", "--subject", "S ((a))", "--content", "# T"
    )
    shown = notifications.json("templates", "preview", made["id"], "--values", '{"a": 1}')
    assert (shown["subject"], shown["missing"]) == ("S 1", [])
    assert shown["text"].startswith("T\n")


@pytest.mark.parametrize("values", ["nom=Zoé", '["a"]', "{"])
def test_values_are_a_json_object(notifications, template, values):
    notifications("templates", "preview", template, "--values", values, status=2)
