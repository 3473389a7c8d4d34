"""Gives the vectors the states that they need, on a server of ours (`upstream/vectors/README.md` lists them).

`python -m tests.conformance.adapter --data-dir .data --state /tmp/state.json` prepares what `./scripts/server` runs,
for `./scripts/conformance --state /tmp/state.json`. Each call makes new services: counters start afresh.
"""

import argparse
import json
import os
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.config import Settings
from api.contract import Channel, KeyType, ServicePermission, Status
from api.core.jobs.models import Job
from api.core.services.models import Service
from api.core.tables import metadata as _every_table  # noqa: F401 - foreign keys need all models
from api.core.templates.models import Template
from api.runtime import Runtime, make_runtime
from scripts.local.environment import read_environment
from tests import factories

CHANNELS = [ServicePermission.EMAIL, ServicePermission.SMS]
ABROAD = [*CHANNELS, ServicePermission.INTERNATIONAL_SMS]
MEMBER = ("member@example.com", "+447700900321")
GUEST = ("guest@example.com", "+447700900322")
HOME_REGION = "GB"
FULL_PAGE_AND_ONE = 251
STATUSES = [
    Status.CREATED,
    Status.SENDING,
    Status.SENT,
    Status.DELIVERED,
    Status.PENDING,
    Status.TECHNICAL_FAILURE,
    Status.TEMPORARY_FAILURE,
    Status.PERMANENT_FAILURE,
]
COMPLETED = {Status.SENT, Status.DELIVERED, *(status for status in STATUSES if status.endswith("failure"))}
PROVIDES = [
    "member",
    "guest-list",
    "delivery",
    "receipts",
    "fresh-counters",
    "simulated-for-any-key",
    "scheduling",
    "bulk",
    "service-without-letters",
    "service-without-file-contact",
    "notifications:251",
    "notifications:every-status",
    "inbound:0",
    "inbound:2",
    "inbound:251",
    "templates:none",
    "templates:sorted",
]


def prepare(runtime: Runtime, api_url: str) -> dict[str, Any]:
    """The state file's content."""
    states = _States(runtime)
    states.make_main_service()
    states.make_second_service()
    states.make_services_that_cannot_call()
    states.make_services_with_few_permissions()
    states.make_trial_service()
    states.make_services_with_limits()
    states.make_pages()
    states.make_every_status()
    states.make_received_texts()
    states.make_template_lists()
    home = ["home-region"] if runtime.settings.default_phone_region == HOME_REGION else []
    return {
        "api_url": api_url,
        "keys": states.keys,
        "values": states.values,
        "provides": [*PROVIDES, *home],
    }


class _States:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._run = uuid.uuid4().hex[:6]
        self.keys: dict[str, str] = {}
        self.values: dict[str, str] = {
            "recipient.email.member": MEMBER[0],
            "recipient.sms.member": MEMBER[1],
            "recipient.email.guest": GUEST[0],
            "recipient.sms.guest": GUEST[1],
        }
        factories.make_rate(runtime)
        self._author = factories.make_user(runtime, email_address=f"author-{self._run}@example.com")
        self._member = factories.make_user(
            runtime, email_address=f"member-{self._run}@example.com", mobile_number=MEMBER[1]
        )
        self.values["recipient.email.member"] = self._member.email_address

    def make_main_service(self) -> None:
        service = self._make_service("live", permissions=[*ABROAD, ServicePermission.INBOUND_SMS])
        self._add_key("team", service, KeyType.TEAM)
        self._add_key("test", service, KeyType.TEST)
        self._add_key("revoked", service, revoked_at=datetime.now(UTC))
        self._add_key("revoked-long-ago", service, revoked_at=datetime.now(UTC) - timedelta(days=8))
        self._add_people(service)
        texts = {
            "sms": "Hello ((name))",
            "sms-plain": "Plain text",
            "sms-two": "((first name)) ((last_name))",
            "sms-conditional": "Start((show??, shown)) end",
            "sms-blank": "((name))",
        }
        for name, content in texts.items():
            self._add_template(name, service, Channel.SMS, content)
        self._add_template("sms-archived", service, Channel.SMS, "Hello ((name))", archived=True)
        self._add_template("hidden", service, Channel.SMS, "Hello", hidden=True)
        self._add_template("email", service, Channel.EMAIL, "Dear ((name))")
        self._add_template("email-blank", service, Channel.EMAIL, "((name))", subject="Blank")
        self._add_template("email-two", service, Channel.EMAIL, "((name)) ((other))", subject="Two")
        self._add_template("email-archived", service, Channel.EMAIL, "Dear ((name))", archived=True)
        self._add_template(
            "email-unsubscribe", service, Channel.EMAIL, "Dear ((name))", has_unsubscribe_link=True
        )
        self._add_template("letter", service, Channel.LETTER, "Dear ((name))", subject="Letter")
        changed = self._add_template("sms-versions", service, Channel.SMS, "First text")
        factories.change_template(self._runtime, changed, "Second text")
        self._add_senders(service)

    def make_second_service(self) -> None:
        service = self._make_service("second")
        self._add_template("second-sms", service, Channel.SMS, "Hello ((name))")
        self.values["sms-sender.second"] = str(factories.make_sms_sender(self._runtime, service, "SECOND").id)
        self.values["reply-to.second"] = str(factories.make_reply_to(self._runtime, service).id)
        prefixed = self._make_service("prefixed", prefix_sms=True)
        self._add_template("prefixed-sms", prefixed, Channel.SMS, "Hello ((name))")

    def make_services_that_cannot_call(self) -> None:
        self._make_service("archived", active=False)
        keyless = factories.make_service(self._runtime, name=f"Without keys {self._run}")
        self.values["service.without-keys"] = str(keyless.id)

    def make_services_with_few_permissions(self) -> None:
        self._make_service("no-sms", permissions=[ServicePermission.EMAIL])
        self._make_service("no-email", permissions=[ServicePermission.SMS])
        domestic = self._make_service("domestic")
        self._add_key("domestic-team", domestic, KeyType.TEAM)
        self._add_template("domestic-sms", domestic, Channel.SMS, "Hello ((name))")
        zero = self._make_service("domestic-zero", international_sms_message_limit=0)
        self._add_template("domestic-zero-sms", zero, Channel.SMS, "Hello ((name))")

    def make_trial_service(self) -> None:
        service = self._make_service("trial", restricted=True)
        self._add_key("trial-team", service, KeyType.TEAM)
        self._add_key("trial-test", service, KeyType.TEST)
        self._add_people(service)
        self._add_channels("trial", service)

    def make_services_with_limits(self) -> None:
        nothing = {"email_message_limit": 0, "sms_message_limit": 0, "letter_message_limit": 0}
        zero = self._make_service("daily-zero", **nothing)
        self._add_key("daily-zero-team", zero, KeyType.TEAM)
        self._add_channels("daily-zero", zero)
        abroad = self._make_service(
            "daily-international-zero", permissions=ABROAD, international_sms_message_limit=0
        )
        self._add_channels("daily-international-zero", abroad)
        for letter in "abcdef":
            name = f"daily-two-{letter}"
            service = self._make_service(name, email_message_limit=2, sms_message_limit=2)
            self._add_key(f"{name}-team", service, KeyType.TEAM)
            self._add_key(f"{name}-test", service, KeyType.TEST)
            self._add_people(service)
            self._add_channels(name, service)
        self._make_service("rate-1-daily-zero", rate_limit=1, **nothing)
        for kind in ("invalid", "sms", "email", "both", "types", "reading"):
            service = self._make_service(f"rate-1-{kind}", rate_limit=1)
            self._add_key(f"rate-1-{kind}-team", service, KeyType.TEAM)
            self._add_key(f"rate-1-{kind}-test", service, KeyType.TEST)
        self._make_service("rate-6", rate_limit=6)
        self._make_service("rate-60", rate_limit=60)

    def make_pages(self) -> None:
        service = self._make_service("pages")
        self._add_key("pages-test", service, KeyType.TEST)
        template = factories.make_template(self._runtime, service, content="Hello ((name))")
        reference = str(uuid.uuid4())
        ids = factories.make_notifications(
            self._runtime,
            template,
            FULL_PAGE_AND_ONE,
            client_reference=reference,
            status=Status.DELIVERED,
            personalisation={"name": "Ana"},
        )
        self.values |= {
            "pages.reference": reference,
            "pages.newest": str(ids[-1]),
            "pages.oldest": str(ids[0]),
        }

    def make_every_status(self) -> None:
        service = self._make_service("statuses")
        sms = factories.make_template(self._runtime, service, content="Hello ((name))")
        email = factories.make_template(self._runtime, service, Channel.EMAIL, content="Dear ((name))")
        now = datetime.now(UTC)
        for status in STATUSES:
            row = factories.make_notification(
                self._runtime,
                email if status == Status.DELIVERED else sms,
                status=status,
                client_reference=f"about-{status}",
                personalisation={"name": "Ana"},
                billable_units=0 if status in {Status.CREATED, Status.DELIVERED} else 1,
                sent_at=None if status == Status.CREATED else now,
                updated_at=now if status in COMPLETED else None,
            )
            self.values[f"statuses.{status}"] = str(row.id)
        job = self._make_job(sms)
        row = factories.make_notification(
            self._runtime,
            sms,
            status=Status.DELIVERED,
            client_reference="about-job",
            job_id=job,
            job_row_number=0,
            personalisation={"name": "Ana"},
        )
        self.values["statuses.job"] = str(row.id)

    def make_received_texts(self) -> None:
        service = self._make_service("inbound")
        self._add_key("inbound-test", service, KeyType.TEST)
        for position, content in (("oldest", "first reply"), ("newest", "second reply")):
            row = factories.make_inbound_sms(self._runtime, service, content, user_number="447700900456")
            self.values[f"inbound.{position}"] = str(row.id)
        many = self._make_service("inbound-many")
        for number in range(FULL_PAGE_AND_ONE):
            factories.make_inbound_sms(self._runtime, many, f"reply {number}", user_number="447700900456")

    def make_template_lists(self) -> None:
        self._make_service("empty")
        service = self._make_service("sorted")
        for name, channel in (("B", Channel.SMS), ("A", Channel.SMS), ("A", Channel.EMAIL)):
            self._add_template(f"sorted-{name.lower()}-{channel}", service, channel, "Hello", name=name)
        self._add_template("sorted-archived", service, Channel.SMS, "Hello", name="C", archived=True)
        self._add_template("sorted-hidden", service, Channel.SMS, "Hello", name="D", hidden=True)

    def _make_service(self, name: str, /, **columns: Any) -> Service:
        """A live service with a live key, both of this name."""
        defaults = {
            "name": f"Conformance {name} {self._run}",
            "permissions": CHANNELS,
            "prefix_sms": False,
            "rate_limit": 100_000,
            "email_sender_local_part": "conformance",
        }
        values: dict[str, Any] = defaults | columns
        values["permissions"] = [str(permission) for permission in values["permissions"]]
        service = factories.make_service(self._runtime, **values)
        self._add_key(name, service)
        return service

    def _add_key(
        self, name: str, service: Service, key_type: KeyType = KeyType.NORMAL, **columns: Any
    ) -> None:
        self.keys[name] = factories.make_key(self._runtime, service, key_type, **columns).text

    def _add_template(
        self, name: str, service: Service, channel: Channel, content: str, /, **columns: Any
    ) -> Template:
        subject = {"subject": "About ((name))"} if channel == Channel.EMAIL else {}
        values = {"name": name, "created_by_id": self._author.id} | subject | columns
        template = factories.make_template(self._runtime, service, channel, content, **values)
        self.values[f"template.{name}"] = str(template.id)
        return template

    def _add_channels(self, name: str, service: Service) -> None:
        self._add_template(f"{name}-sms", service, Channel.SMS, "Hello ((name))")
        self._add_template(f"{name}-email", service, Channel.EMAIL, "Dear ((name))")

    def _add_people(self, service: Service) -> None:
        factories.make_member(self._runtime, service, self._member)
        factories.make_guest(self._runtime, service, GUEST[0])
        factories.make_guest(self._runtime, service, GUEST[1].removeprefix("+"))

    def _add_senders(self, service: Service) -> None:
        for name, columns in {
            "default": {"is_default": True},
            "other": {},
            "archived": {"archived": True},
        }.items():
            text = f"CONF{name[:5].upper()}"
            sender = factories.make_sms_sender(self._runtime, service, text, **columns)
            reply_to = factories.make_reply_to(self._runtime, service, f"{name}@example.com", **columns)
            self.values[f"sms-sender.{name}"] = str(sender.id)
            self.values[f"sms-sender.{name}.value"] = text
            self.values[f"reply-to.{name}"] = str(reply_to.id)

    def _make_job(self, template: Template) -> uuid.UUID:
        job = Job(
            service_id=template.service_id,
            template_id=template.id,
            template_version=template.version,
            original_file_name="conformance.csv",
            notification_count=1,
            job_status="finished",
            key_type=KeyType.NORMAL,
        )
        with self._runtime.unit_of_work() as work:
            work.session.add(job)
            work.session.flush()
            return job.id


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data-dir", type=Path, required=True, help="data folder of a running ./scripts/server"
    )
    parser.add_argument("--state", type=Path, required=True, help="file to write; it holds keys")
    options = parser.parse_args(arguments)
    environment = read_environment(options.data_dir)
    runtime = runtime_of(environment)
    options.state.write_text(json.dumps(prepare(runtime, environment["API_BASE_URL"]), indent=2))
    runtime.close()


def runtime_of(environment: dict[str, str]) -> Runtime:
    """The runtime of a running server, from the settings that it wrote."""
    known = Settings.model_fields
    found = {**os.environ, **environment}
    values: dict[str, Any] = {name.lower(): value for name, value in found.items() if name.lower() in known}
    values.pop("internal_client_secrets", None)
    return make_runtime(Settings(**values))


if __name__ == "__main__":
    main(sys.argv[1:])
