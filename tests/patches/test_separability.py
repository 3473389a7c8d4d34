"""Any selection of patches starts and sends: none, each alone, all, and all but each (design D1)."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from api.app import create_app
from api.config import Settings, load_settings
from api.contract import Channel, Status
from api.core.delivery.choice import ProviderChoice
from api.core.delivery.deliver import Dispatcher, deliver
from api.core.notifications.models import Notification
from api.patch_series.loading import fill_slots
from api.providers.registry import build_providers
from api.providers.sandbox.behaviour import Behaviour, ReceiptMode
from api.providers.sandbox.client import SandboxSms
from api.providers.sandbox.server import SandboxOptions, running_sandbox
from api.runtime import Runtime, make_runtime
from api.slots import KEYED_SLOTS, Slots, neutral_slots
from tests.factories import make_key, make_service, make_template
from tests.patches.series import SELECTIONS, SERIES, selected

SECRET = "a secret of the tests, long enough 01234"
# Known to everybody's rules, written as abroad, and nobody's.
RECIPIENT = "+33612345678"


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    options = SandboxOptions(
        secret=SECRET, receipts_url="http://127.0.0.1:9", behaviour=Behaviour(receipts=ReceiptMode.OFF)
    )
    with running_sandbox(options) as url:
        yield url


@pytest.fixture
def settings(database_url: str, redis_url: str, sandbox_url: str, tmp_path: Path) -> Settings:
    return load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        sandbox_url=sandbox_url,
        sandbox_secret=SECRET,
        cache_seconds=0,
        object_store_dir=str(tmp_path),
    )


@pytest.fixture(params=SELECTIONS)
def runtime(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Runtime]:
    runtime = make_runtime(settings, fill_slots(neutral_slots(settings), selected(request.param), settings))
    yield runtime
    runtime.close()


@pytest.mark.parametrize(
    ("channel", "body"),
    [(Channel.SMS, {"phone_number": RECIPIENT}), (Channel.EMAIL, {"email_address": "lea@exemple.fr"})],
)
def test_message_is_accepted_and_handed_over(
    runtime: Runtime, channel: Channel, body: dict[str, str]
) -> None:
    service = make_service(runtime)
    template = make_template(runtime, service, channel, "Bonjour ((nom)) : « ça va ? »")
    client = create_app(runtime.settings, runtime).test_client()
    order = body | {"template_id": str(template.id), "personalisation": {"nom": "Noël"}}

    answer = client.post(
        f"/v2/notifications/{channel}", json=order, headers=make_key(runtime, service).headers
    )

    assert answer.status_code == 201, answer.get_json()
    message_id = answer.get_json()["id"]
    choice = ProviderChoice(runtime.database, build_providers(runtime.settings, runtime.slots))
    with runtime.database.session() as session:
        deliver(Dispatcher(runtime, choice), channel, session.get_one(Notification, message_id).id)
    with runtime.database.session() as session:
        row = session.get_one(Notification, message_id)
        assert (row.status, row.sent_by) == (Status.SENDING, "sandbox")
    assert SandboxSms(runtime.settings.sandbox_url, SECRET, 5).find(row.id) is not None


@pytest.mark.parametrize("patch", SERIES, ids=lambda patch: patch.slug)
def test_patch_fills_what_it_says_and_nothing_else(patch, settings: Settings) -> None:
    neutral = neutral_slots(settings)
    filled = fill_slots(neutral, [patch], settings)

    declared = {place.partition(".")[0] for place in patch.declaration.fills}
    assert {field.name for field in fields(Slots) if _differs(neutral, filled, field.name)} == declared


def _differs(neutral: Slots, filled: Slots, slot: str) -> bool:
    before, after = getattr(neutral, slot), getattr(filled, slot)
    return before.keys() != after.keys() if slot in KEYED_SLOTS else before is not after and before != after
