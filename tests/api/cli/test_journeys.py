"""What operators do, one area after the other, as they would."""

import json
import stat
import uuid

import pytest
from notifications_python_client.base import BaseAPIClient

from api.core.services.directory import API_KEY_SECRET
from api.core.services.models import ApiKey
from api.core.templates.models import Template
from api.core.users.models import User
from api.core.users.passwords import is_right_password
from tests.factories import make_notification


def stored(runtime, model, identifier):
    with runtime.unit_of_work() as work:
        return work.session.get(model, uuid.UUID(identifier))


def test_users_from_creation_to_archive(notifications, own_runtime):
    made = notifications.json(
        "users", "create", "Lea@Exemple.fr", "--name", " Léa  Martin ", "--generate-password"
    )
    assert (made["name"], made["state"], made["has_password"]) == ("Léa Martin", "active", True)
    assert is_right_password(stored(own_runtime, User, made["id"]).password_hash, made["password"])

    changed = notifications.json(
        "users", "change", "lea@exemple.fr", "--name", "Léa Roux", "--platform-admin"
    )
    assert (changed["name"], changed["platform_admin"]) == ("Léa Roux", True)

    notifications(
        "users", "set-password", "lea@exemple.fr", "--password-stdin", input="un autre long secret\n"
    )
    assert is_right_password(stored(own_runtime, User, made["id"]).password_hash, "un autre long secret")

    archived = notifications.json("users", "archive", "lea@exemple.fr", "--yes")
    assert (archived["name"], archived["state"], archived["has_password"]) == ("", "inactive", False)
    assert notifications.json("users", "list") == []
    assert len(notifications.json("users", "list", "--all")) == 1


def test_pending_user_is_activated(notifications):
    notifications.json("users", "create", "a@exemple.fr", "--name", "A", "--pending")
    assert notifications.json("users", "activate", "a@exemple.fr")["state"] == "active"


def test_service_goes_live_and_back(notifications):
    made = notifications.json("services", "create", "Mairie d’Été")
    assert (made["mode"], made["email_sender"], made["sms_prefix"]) == ("trial", "mairie.d.ete", True)
    assert made["limits"] == {
        "email": 50,
        "sms": 50,
        "letter": 50,
        "international_sms": 100,
        "rate_limit": 3000,
    }
    live = notifications.json("services", "go-live", made["id"])
    assert live["mode"] == "live"
    assert live["limits"] == {
        "email": 250_000,
        "sms": 250_000,
        "letter": 20_000,
        "international_sms": 100,
        "rate_limit": 3000,
    }
    assert notifications.json("services", "trial", made["id"])["limits"]["sms"] == 50


def test_service_settings(notifications, service):
    notifications.json("services", "permissions", service, "--add", "inbound_sms", "--remove", "email")
    notifications.json("services", "limits", service, "--sms", "10", "--rate", "60")
    notifications.json("services", "sms-prefix", service, "off")
    notifications.json("services", "retention", service, "sms", "30")
    notifications.json("services", "rename", service, "Ville de Test")
    details = ("--email-sender-name", "Ville", "--contact-link", "https://ville.exemple.fr")
    notifications.json("services", "details", "Ville de Test", *details)
    notifications.json("services", "details", "Ville de Test", "--email-sender-name", "")
    shown = notifications.json("services", "show", "ville de test")
    assert (shown["email_sender_name"], shown["contact_link"]) == (None, "https://ville.exemple.fr")
    assert shown["permissions"] == ["sms", "international_sms", "inbound_sms"]
    assert (shown["limits"]["sms"], shown["limits"]["rate_limit"]) == (10, 60)
    assert (shown["sms_prefix"], shown["retention_days"]) == (False, {"sms": 30})
    assert shown["email_sender"] == "ville.de.test"


def test_archived_service_is_stopped_and_its_name_is_free(notifications, service):
    notifications.json("keys", "create", service, "Site", "--type", "live")
    notifications.json("templates", "create", service, "sms", "--name", "A", "--content", "B")
    archived = notifications.json("services", "archive", service, "--yes")
    assert archived["mode"] == "archived"
    assert notifications.json("keys", "list", archived["id"]) == []
    assert notifications.json("templates", "list", archived["id"]) == []
    assert notifications.error("services", "go-live", archived["id"])["type"] == "ServiceArchivedError"
    notifications.json("services", "create", service)


def test_creator_may_do_everything_and_brings_the_organisation(notifications):
    notifications.json("users", "create", "lea@drh.ville.exemple.fr", "--name", "Léa")
    made = notifications.json("organisations", "create", "Ville", "--domain", "ville.exemple.fr")
    service = notifications.json("services", "create", "Mairie", "--creator", "lea@drh.ville.exemple.fr")
    assert service["organisation_id"] == made["id"]
    (member,) = notifications.json("members", "list", "Mairie")
    assert "manage_settings" in member["permissions"]


def test_members_are_added_changed_and_removed(notifications, service):
    for name in ("lea", "bob"):
        notifications.json("users", "create", f"{name}@exemple.fr", "--name", name)
    notifications.json("members", "add", service, "lea@exemple.fr", "--permission", "all")
    notifications.json("members", "add", service, "bob@exemple.fr", "--permission", "send_texts")
    assert notifications.error("members", "add", service, "bob@exemple.fr")["type"] == "AlreadyAMemberError"
    assert notifications.error("members", "change", service, "lea@exemple.fr")["type"] == "LastManagerError"
    assert notifications.error("users", "archive", "lea@exemple.fr", "--yes")["type"] == "LastManagerError"

    notifications.json("members", "change", service, "bob@exemple.fr", "--permission", "manage_settings")
    notifications("members", "remove", service, "lea@exemple.fr", "--yes")
    assert [member["name"] for member in notifications.json("members", "list", service)] == ["bob"]


def test_templates_have_versions(notifications, service, tmp_path):
    text = tmp_path / "texte.md"
    text.write_text("Bonjour ((nom)),\r\n\r\nà demain.\n", encoding="utf-8")
    made = notifications.json(
        "templates",
        "create",
        service,
        "email",
        "--name",
        "Rappel",
        "--subject",
        "Demain",
        "--content-file",
        str(text),
    )
    assert (made["version"], made["content"]) == (1, "Bonjour ((nom)),\n\nà demain.")
    assert notifications.json("templates", "change", made["id"], "--subject", "Demain")["version"] == 1
    assert notifications.json("templates", "change", made["id"], "--subject", "Après-demain")["version"] == 2
    assert notifications.json("templates", "show", made["id"], "--version", "1")["subject"] == "Demain"
    versions = notifications.json("templates", "versions", made["id"])
    assert [version["subject"] for version in versions] == ["Après-demain", "Demain"]
    assert notifications.json("templates", "archive", made["id"], "--yes")["archived"]
    assert notifications.json("templates", "list", service) == []
    assert (
        notifications.error("templates", "change", made["id"], "--name", "X")["type"]
        == "TemplateArchivedError"
    )


def test_key_is_shown_once_in_the_form_that_clients_take_apart(notifications, service, own_runtime):
    made = notifications.json("keys", "create", service, "Site de l’été", "--type", "live")
    client = BaseAPIClient(made["key"], base_url="http://127.0.0.1")
    secret = own_runtime.keyring.open_text(API_KEY_SECRET, stored(own_runtime, ApiKey, made["id"]).secret)
    assert made["key"].startswith("Site_de_lete-")
    assert client.api_key == secret
    listed = notifications("keys", "list", service, "--json").stdout
    assert secret not in listed
    assert json.loads(listed)[0]["type"] == "live"

    notifications.json("keys", "revoke", service, "site DE L’été", "--yes")
    assert notifications.json("keys", "list", service) == []
    notifications.json("keys", "create", service, "Site de l’été", "--type", "test")


def test_service_in_trial_has_no_live_keys(notifications):
    notifications.json("services", "create", "À l’essai")
    error = notifications.error("keys", "create", "À l’essai", "Site", "--type", "live")
    assert (error["type"], error["field"]) == ("LiveKeyInTrialError", "key_type")
    notifications.json("keys", "create", "À l’essai", "Site", "--type", "team")


def test_one_sender_of_each_kind_is_always_the_default(notifications, service):
    first = notifications.json("senders", "add", service, "reply-to", "contact@exemple.fr")
    assert first["default"]
    notifications.json("senders", "add", service, "reply-to", "autre@exemple.fr", "--default")
    assert (
        notifications.error("senders", "archive", service, "autre@exemple.fr")["type"] == "DefaultSenderError"
    )
    notifications.json("senders", "archive", service, first["id"])
    notifications.json("senders", "add", service, "sms", "Mairie")
    notifications.json("senders", "default", service, "mairie")
    listed = notifications.json("senders", "list", service)
    assert [(sender["kind"], sender["value"], sender["default"]) for sender in listed] == [
        ("reply-to", "autre@exemple.fr", True),
        ("sms", "Mairie", True),
        ("sms", "NOTIF", False),
    ]


def test_guest_list_is_normalised_and_limited(notifications, service):
    listed = notifications.json("guest-list", "replace", service, "Voisine@Exemple.fr", "+33 6 12 34 56 78")
    assert {guest["recipient"] for guest in listed} == {"voisine@exemple.fr", "33612345678"}
    six = [f"invite{number}@exemple.fr" for number in range(6)]
    assert notifications.error("guest-list", "replace", service, *six)["field"] == "recipients"
    assert len(notifications.json("guest-list", "list", service)) == 2
    assert notifications.json("guest-list", "replace", service, "--empty") == []


def test_inbound_number_goes_to_a_service_and_back(notifications, service):
    notifications.json("inbound-numbers", "add", "36180", "--provider", "sandbox")
    notifications("inbound-numbers", "assign", "36180", service, "--default")
    assert "inbound_sms" in notifications.json("services", "show", service)["permissions"]
    assert notifications.json("senders", "list", service)[0]["value"] == "36180"
    assert notifications.error("senders", "archive", service, "36180")["type"] == "NumberSenderError"
    assert notifications.json("inbound-numbers", "list")[0]["service"] == service

    notifications("inbound-numbers", "release", "36180")
    assert notifications.json("inbound-numbers", "list")[0]["service"] is None
    assert [sender["value"] for sender in notifications.json("senders", "list", service)] == ["NOTIF"]
    assert "inbound_sms" not in notifications.json("services", "show", service)["permissions"]


def test_callback_token_is_never_shown_again(notifications, service):
    address = "https://exemple.fr/suivi"
    made = notifications.json("callbacks", "set", service, "delivery_status", address, "--generate-token")
    listed = notifications("callbacks", "list", service, "--json").stdout
    assert made["bearer_token"] not in listed
    assert json.loads(listed)[0]["url"] == address
    assert notifications.json("callbacks", "log", service) == []
    notifications("callbacks", "remove", service, "delivery_status")
    assert notifications.json("callbacks", "list", service) == []


def test_provider_changes_leave_a_history(notifications):
    notifications.json("db", "upgrade")
    changed = notifications.json(
        "providers", "change", "sandbox", "sms", "--weight", "40", "--reason", "Essai"
    )
    assert (changed["weight"], changed["weight_now"]) == (40, 40)
    notifications.json("providers", "change", "sandbox", "sms", "--inactive", "--reason", "Panne")
    reasons = [change["reason"] for change in notifications.json("providers", "history", "sandbox", "sms")]
    assert reasons[:2] == ["Panne", "Essai"]
    by_channel = {provider["channel"]: provider for provider in notifications.json("providers", "list")}
    assert (by_channel["sms"]["active"], by_channel["email"]["active"]) == (False, True)


def test_rates_are_decimal_amounts(notifications):
    made = notifications.json("rates", "set", "0,0421")
    assert made["amount"] == "0.0421"
    assert [rate["amount"] for rate in notifications.json("rates", "list")] == ["0.0421"]


def test_every_change_is_in_the_audit_trail_without_what_is_personal(notifications, service):
    notifications.json("users", "create", "lea@exemple.fr", "--name", "Léa", "--platform-admin")
    acting = ("--acting-for", "lea@exemple.fr")
    notifications.json(*acting, "guest-list", "replace", service, "canari@exemple.fr")
    key = notifications.json(*acting, "keys", "create", service, "Site", "--type", "test")["key"]
    trail = notifications("events", "list", "--json").stdout
    assert "canari" not in trail
    assert "lea@" not in trail
    assert key[-36:] not in trail
    events = json.loads(trail)
    assert events[0]["type"] == "key.created"
    assert events[0]["actor_id"] == notifications.json("users", "show", "lea@exemple.fr")["id"]
    assert {"service.created", "service.went_live", "user.created", "guest_list.replaced"} <= {
        event["type"] for event in events
    }


def test_message_is_shown_with_its_history_and_a_masked_recipient(notifications, service, own_runtime):
    template_id = notifications.json("templates", "create", service, "sms", "--name", "A", "--content", "B")[
        "id"
    ]
    message = _message(own_runtime, template_id, to="+33612345678", normalised_to="33612345678")
    shown = notifications.json("notifications", "show", str(message.id))
    assert (shown["status"], shown["service"], shown["template"]) == ("created", service, "A")
    assert shown["recipient"] == "…5678"
    assert [step["what"] for step in shown["steps"]] == ["accepted"]
    assert "+33612345678" in notifications("notifications", "show", str(message.id), "--recipient").stdout


def test_stuck_messages_are_published_again(notifications, service, own_runtime):
    template_id = notifications.json("templates", "create", service, "sms", "--name", "A", "--content", "B")[
        "id"
    ]
    _message(own_runtime, template_id)
    assert notifications.json("notifications", "republish") == {"published": 0}
    assert notifications.json("notifications", "republish", "--older-than", "0s") == {"published": 1}
    away = {"BROKER_URL": "redis://127.0.0.1:1/0"}
    error = notifications.error("notifications", "republish", "--older-than", "0s", environment=away)
    assert error["type"] == "QueueUnavailableError"


def test_configuration_is_shown_without_secrets(notifications):
    secret = "un-secret-bien-garde-que-personne-ne-lit"
    environment = {
        "SECRET_KEYS": secret,
        "BROKER_URL": f"amqp://notifications:{secret}@broker.exemple.fr//",
        "INTERNAL_CLIENT_SECRETS": json.dumps({"notify-admin": [secret]}),
    }
    output = notifications("config", "show", "--json", environment=environment).stdout
    assert secret not in output
    shown = {setting["setting"]: setting for setting in json.loads(output)}
    assert shown["BROKER_URL"]["value"].startswith("amqp://notifications:")
    assert shown["SECRET_KEYS"]["source"] == "environment"
    assert shown["CURRENCY"] == {"setting": "CURRENCY", "value": "EUR", "source": "default"}


def test_empty_database_is_upgraded_twice_without_harm(notifications, empty_database_url):
    environment = {"DATABASE_URL": empty_database_url}
    assert notifications.json("db", "status", environment=environment, status=1)["revision"] is None
    first = notifications.json("db", "upgrade", environment=environment)
    assert first["revision"] == first["newest_revision"]
    assert notifications.json("db", "upgrade", environment=environment) == first
    assert len(notifications.json("providers", "list", environment=environment)) == 2


@pytest.mark.parametrize("command", [["docs"], ["config", "docs"]])
def test_page_that_is_out_of_date_fails_the_check(notifications, tmp_path, command):
    page = tmp_path / "page.md"
    notifications(*command, "--check", "--file", str(page), status=1)
    assert not page.exists()
    notifications(*command, "--file", str(page))
    notifications(*command, "--check", "--file", str(page))


class TestDemo:
    def load(self, notifications, path):
        return notifications.json("demo", "load", "--file", str(path))

    def test_gives_scripts_what_they_need(self, notifications, tmp_path):
        path = tmp_path / "deep" / "demo.json"
        facts = self.load(notifications, path)
        assert json.loads(path.read_text(encoding="utf-8")) == facts
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert set(facts["keys"]) == {"live", "team", "test"}
        assert set(facts["templates"]) == {"email", "sms"}
        assert [user["role"] for user in facts["users"]] == ["operator", "member"]
        assert notifications.json("services", "show", facts["service_id"])["mode"] == "live"
        assert len(notifications.json("guest-list", "list", facts["service_id"])) == 2

    def test_loading_twice_keeps_everything(self, notifications, tmp_path):
        first = self.load(notifications, tmp_path / "demo.json")
        notifications.json("services", "rename", first["service_id"], "Ville renommée")
        notifications.json("templates", "change", first["templates"]["sms"], "--name", "Autre nom")
        again = self.load(notifications, tmp_path / "demo.json")
        assert again == first | {"service_name": "Ville renommée"}

    def test_lost_file_costs_passwords_only(self, notifications, tmp_path):
        first = self.load(notifications, tmp_path / "demo.json")
        again = self.load(notifications, tmp_path / "other.json")
        assert {name: again[name] for name in ("service_id", "keys", "templates")} == {
            name: first[name] for name in ("service_id", "keys", "templates")
        }
        assert again["users"][0]["password"] != first["users"][0]["password"]

    def test_file_of_another_database_is_replaced(self, notifications, tmp_path):
        path = tmp_path / "demo.json"
        identifier = str(uuid.uuid4())
        path.write_text(json.dumps({"service_id": identifier, "templates": {"sms": identifier}, "users": []}))
        assert self.load(notifications, path)["service_id"] != identifier

    def test_is_not_for_production(self, notifications, tmp_path):
        environment = {
            "ENVIRONMENT": "production",
            "SECRET_KEYS": "k" * 32,
            "SANDBOX_SECRET": "s" * 32,
        }
        arguments = ("demo", "load", "--file", str(tmp_path / "demo.json"))
        assert notifications.error(*arguments, environment=environment)["type"] == "ConflictError"


def _message(runtime, template_id, **values):
    template = stored(runtime, Template, template_id)
    return make_notification(runtime, template, **values)
