"""Bad input and broken surroundings: exit status and field, never a traceback, never half a change."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "kind", "field"),
    [
        (["services", "show", "Nulle part"], "ServiceNotFoundError", "service"),
        (["services", "create", "  "], "InvalidValueError", "name"),
        (["services", "create", "mairie de test"], "ServiceNameTakenError", "name"),
        (["services", "create", "Mâirie dé test"], "ServiceNameTakenError", "name"),
        (["services", "create", "中文"], "InvalidValueError", "name"),
        (["services", "limits", "Mairie de Test", "--sms", "-1"], "InvalidValueError", "sms_message_limit"),
        (["services", "retention", "Mairie de Test", "sms", "2"], "InvalidValueError", "days"),
        (["users", "create", "pas une adresse", "--name", "A"], "InvalidValueError", "email_address"),
        (
            ["users", "create", "a@exemple.fr", "--name", "A", "--mobile", "12"],
            "InvalidValueError",
            "mobile_number",
        ),
        (
            ["users", "create", "a@exemple.fr", "--name", "A", "--auth-type", "sms_auth"],
            "InvalidValueError",
            "mobile_number",
        ),
        (["users", "show", "inconnue@exemple.fr"], "UserNotFoundError", "user"),
        (
            ["templates", "create", "Mairie de Test", "email", "--name", "A", "--content", "B"],
            "SubjectMissingError",
            "subject",
        ),
        (["templates", "show", "pas-un-id"], "TemplateNotFoundError", "template"),
        (["keys", "revoke", "Mairie de Test", "inconnue", "--yes"], "KeyNotFoundError", "key"),
        (["senders", "add", "Mairie de Test", "sms", "Préfecture"], "SenderRefusedError", "value"),
        (["senders", "default", "Mairie de Test", "inconnu"], "SenderNotFoundError", "sender"),
        (["guest-list", "replace", "Mairie de Test", "ni@dresse", "12"], "InvalidValueError", "recipients"),
        (["inbound-numbers", "assign", "36180", "Mairie de Test"], "NumberNotFoundError", "number"),
        (["members", "add", "Mairie de Test", "inconnue@exemple.fr"], "UserNotFoundError", "user"),
        (
            [
                "callbacks",
                "set",
                "Mairie de Test",
                "delivery_status",
                "http://exemple.fr",
                "--generate-token",
            ],
            "InvalidCallbackError",
            None,
        ),
        (
            ["providers", "change", "personne", "sms", "--weight", "1", "--reason", "essai"],
            "ProviderNotFoundError",
            "provider",
        ),
        (
            ["notifications", "show", "019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f"],
            "NotificationNotFoundError",
            "id",
        ),
        (["recipients", "purge", "ni adresse ni numéro", "--yes"], "InvalidValueError", "recipient"),
        (["--acting-for", "personne@exemple.fr", "services", "create", "Autre"], "UserNotFoundError", "user"),
    ],
)
def test_refused_command_says_which_field(notifications, service, arguments, kind, field):
    error = notifications.error(*arguments)
    assert (error["type"], error["field"]) == (kind, field)
    assert error["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["services"],
        ["services", "creer"],
        ["keys", "create", "S", "N"],
        ["keys", "create", "S", "N", "--type", "normale"],
        ["notifications", "show", "42"],
        ["notifications", "republish", "--older-than", "bientôt"],
        ["guest-list", "replace", "S"],
        ["guest-list", "replace", "S", "a@exemple.fr", "--empty"],
        ["users", "create", "a@exemple.fr", "--name", "A", "--generate-password", "--password-stdin"],
        ["templates", "create", "S", "sms", "--name", "A"],
        ["rates", "set", "quatre centimes"],
        ["rates", "set", "0.00001"],
    ],
)
def test_wrong_usage_has_a_status_of_its_own(notifications, arguments):
    notifications(*arguments, status=2)


def test_nothing_of_a_refused_command_stays(notifications):
    error = notifications.error("services", "create", "Mairie", "--creator", "inconnue@exemple.fr")
    assert error["field"] == "user"
    assert notifications.json("services", "list") == []


def test_confirmation_that_is_not_given_changes_nothing(notifications, service):
    notifications("services", "archive", service, input="n\n", status=1)
    assert notifications.json("services", "show", service)["mode"] == "live"


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"DATABASE_URL": "postgresql://personne@127.0.0.1:1/rien"}, "OperationalError"),
        ({"SECRET_KEYS": "trop court"}, "InvalidConfigurationError"),
        ({"REPUBLISH_AFTER_SECONDS": "zéro"}, "InvalidConfigurationError"),
    ],
)
def test_broken_surroundings_are_named(notifications, environment, kind):
    assert notifications.error("services", "list", environment=environment)["type"] == kind


def test_database_without_tables_says_how_to_make_them(notifications, empty_database_url):
    error = notifications.error("services", "list", environment={"DATABASE_URL": empty_database_url})
    assert "db upgrade" in error["message"]


def test_debug_shows_where_an_error_comes_from(notifications):
    result = notifications("--debug", "services", "show", "Nulle part", status=1)
    assert result.exc_info[0].__name__ == "ServiceNotFoundError"


def test_colours_are_for_terminals(notifications, service):
    assert "\033[" in notifications("services", "list", color=True).stdout
    assert "\033[" not in notifications("services", "list").stdout
    assert "\033[" not in notifications("services", "list", color=True, environment={"NO_COLOR": "1"}).stdout
