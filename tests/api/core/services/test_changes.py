"""Changes to a service inside transactions: what they guard, and what they leave in the trail."""

import threading
import uuid

import pytest
from sqlalchemy import select

from api.contract import KeyType, UserPermission
from api.core.events.commands import Actor
from api.core.events.models import Event
from api.core.services.commands import NewService, archive_service, create_service, rename_service
from api.core.services.errors import DefaultSenderError, ServiceNameTakenError
from api.core.services.keys import create_key
from api.core.services.members import NewMember, add_member, change_member, remove_member
from api.core.services.queries import get_service_to_change, services_managed_only_by
from api.core.services.senders import SenderKind, add_sender, archive_sender, list_senders, set_default_sender
from api.core.users.errors import LastManagerError
from tests.factories import make_service, make_user

ACTOR = Actor(via="test")
MANAGER = [UserPermission.MANAGE_SETTINGS]


def name() -> str:
    return f"Mairie {uuid.uuid4().hex[:12]}"


def create(runtime, **values):
    with runtime.unit_of_work() as work:
        new = NewService(name(), default_sms_sender="NOTIF", **values)
        return create_service(work.session, new, ACTOR)


def test_new_service_has_a_default_sms_sender_that_requests_find(runtime):
    service = create(runtime)
    known = runtime.services.find(service.id)
    assert [(sender.value, sender.is_default) for sender in known.sms_senders] == [("NOTIF", True)]
    assert known.restricted
    assert known.from_address.startswith("mairie.")


def test_service_of_a_platform_admin_does_not_count_as_live(runtime):
    assert not create(runtime, creator=make_user(runtime, platform_admin=True)).count_as_live
    assert create(runtime, creator=make_user(runtime)).count_as_live


def test_name_may_not_make_the_address_of_another_service(runtime):
    first, second = create(runtime), create(runtime)
    with runtime.unit_of_work() as work, pytest.raises(ServiceNameTakenError):
        rename_service(work.session, second, first.name.replace(" ", ", "), ACTOR)
    with runtime.unit_of_work() as work:  # a service may change the spelling of its own
        rename_service(work.session, work.session.merge(first), first.name.upper(), ACTOR)


def test_revoked_and_archived_together(runtime):
    service = make_service(runtime)
    with runtime.unit_of_work() as work:
        found = get_service_to_change(work.session, str(service.id))
        create_key(work.session, runtime.keyring, found, "Site", KeyType.NORMAL, ACTOR)
        archive_service(work.session, found, ACTOR)
    known = runtime.services.find(service.id)
    assert not known.active
    assert [key.revoked for key in known.keys] == [True]


def test_last_manager_is_the_last_active_one(runtime):
    service = make_service(runtime)
    lea, bob = make_user(runtime), make_user(runtime, state="pending")
    with runtime.unit_of_work() as work:
        for user in (lea, bob):
            add_member(work.session, service, NewMember(user, MANAGER), ACTOR)
        assert services_managed_only_by(work.session, bob.id) == []
        with pytest.raises(LastManagerError):
            remove_member(work.session, service, lea, ACTOR)
        with pytest.raises(LastManagerError):
            change_member(work.session, service, lea, [], ACTOR)
        work.session.merge(bob).state = "active"
        work.session.flush()
        remove_member(work.session, service, lea, ACTOR)


def test_each_kind_of_sender_has_one_default(runtime):
    service = create(runtime)
    with runtime.unit_of_work() as work:
        second = add_sender(
            work.session,
            runtime.slots.sender_rules,
            service,
            SenderKind.SMS,
            "Second",
            ACTOR,
            make_default=True,
        )
        third = add_sender(work.session, runtime.slots.sender_rules, service, SenderKind.SMS, "Third", ACTOR)
        with pytest.raises(DefaultSenderError):
            archive_sender(work.session, second, ACTOR)
        set_default_sender(work.session, third, ACTOR)
        archive_sender(work.session, second, ACTOR)
        listed = list_senders(work.session, service.id, SenderKind.SMS)
    assert [sender.is_default for sender in listed] == [True, False]


def test_two_changes_of_one_service_wait_for_each_other(runtime):
    service = make_service(runtime)
    order = []

    def change() -> None:
        with runtime.unit_of_work() as work:
            get_service_to_change(work.session, str(service.id))
            order.append("second")

    with runtime.unit_of_work() as work:
        get_service_to_change(work.session, str(service.id))
        other = threading.Thread(target=change)
        other.start()
        other.join(0.2)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_refused_change_leaves_nothing_in_the_trail(runtime):
    service = create(runtime)
    taken = create(runtime).name

    def rename_twice() -> None:
        with runtime.unit_of_work() as work:
            found = get_service_to_change(work.session, str(service.id))
            rename_service(work.session, found, name(), ACTOR)
            rename_service(work.session, found, taken, ACTOR)

    with pytest.raises(ServiceNameTakenError):
        rename_twice()
    with runtime.unit_of_work() as work:
        types = work.session.scalars(select(Event.event_type).where(Event.service_id == service.id)).all()
    assert types == ["service.created"]
