import uuid

import pytest

from api.contract import Channel
from api.core.services.allowed_recipients import is_team_or_guest
from api.runtime import Runtime
from tests.factories import make_guest, make_member, make_service, make_user


@pytest.fixture
def mark() -> str:
    """Addresses are unique in the database that tests share."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def service(runtime: Runtime, mark: str):
    service = make_service(runtime, trial=True)
    member = make_user(runtime, email_address=f"Membre-{mark}@Exemple.fr", mobile_number="+33639980007")
    make_member(runtime, service, member)
    left = make_user(runtime, email_address=f"parti-{mark}@exemple.fr", mobile_number=None, state="inactive")
    make_member(runtime, service, left)
    make_guest(runtime, service, f"invite-{mark}@exemple.fr")
    make_guest(runtime, service, "33639980008")
    return service


@pytest.mark.parametrize(
    ("channel", "recipient", "allowed"),
    [
        (Channel.EMAIL, "membre-{mark}@exemple.fr", True),
        (Channel.SMS, "33639980007", True),
        (Channel.EMAIL, "invite-{mark}@exemple.fr", True),
        (Channel.SMS, "33639980008", True),
        (Channel.EMAIL, "parti-{mark}@exemple.fr", False),
        (Channel.EMAIL, "autre-{mark}@exemple.fr", False),
        (Channel.SMS, "33639980009", False),
    ],
)
def test_active_members_and_guests_may_receive(
    runtime: Runtime, service, mark: str, channel: Channel, recipient: str, allowed: bool
) -> None:
    assert is_team_or_guest(runtime.database, service.id, channel, recipient.format(mark=mark)) is allowed


def test_members_of_another_service_may_not(runtime: Runtime, service, mark: str) -> None:
    other = make_service(runtime)
    assert not is_team_or_guest(runtime.database, other.id, Channel.EMAIL, f"membre-{mark}@exemple.fr")
