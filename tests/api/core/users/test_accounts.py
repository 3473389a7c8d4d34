import uuid

import pytest

from api.core.command_errors import ConflictError, InvalidValueError
from api.core.events.commands import Actor
from api.core.users.commands import (
    NewUser,
    activate_user,
    archive_user,
    change_user,
    create_user,
    set_password,
)
from api.core.users.errors import EmailAddressTakenError, WeakPasswordError
from api.core.users.passwords import generate_password, hash_password, is_right_password
from api.core.users.rules import AuthType, check_password, check_second_factor
from tests.factories import make_member, make_service, make_user

ACTOR = Actor(via="test")


def address() -> str:
    return f"lea-{uuid.uuid4().hex[:12]}@exemple.fr"


@pytest.mark.parametrize(
    "password",
    ["court", "a" * 40, "abcabcabcabcabc", "lea.martin-2027!", "x" * 1001],
)
def test_password_that_is_refused(password):
    with pytest.raises(WeakPasswordError):
        check_password(password, "lea.martin@exemple.fr")


@pytest.mark.parametrize("password", ["douze lettres", "пароль для всех"])
def test_password_that_is_accepted(password):
    check_password(password, "lea.martin@exemple.fr")


def test_generated_passwords_are_good_ones():
    check_password(generate_password(), "lea.martin@exemple.fr")


def test_password_is_kept_as_argon2id():
    kept = hash_password("un long secret")
    assert kept.startswith("$argon2id$")
    assert is_right_password(kept, "un long secret")
    assert not is_right_password(kept, "un autre secret")


@pytest.mark.parametrize("kept", [None, "", "pas un condensat"])
def test_account_without_password_lets_nobody_in(kept):
    assert not is_right_password(kept, "un long secret")


def test_code_by_text_message_needs_a_number():
    check_second_factor(AuthType.SMS, "+33612345678")
    with pytest.raises(InvalidValueError):
        check_second_factor(AuthType.SMS, None)


def test_address_belongs_to_one_account_whatever_its_case(runtime):
    user = make_user(runtime)
    new = NewUser("Léa", user.email_address.upper())
    with runtime.unit_of_work() as work, pytest.raises(EmailAddressTakenError):
        create_user(work.session, runtime.slots.phone_rules, new, ACTOR)


def test_number_is_kept_in_the_form_in_which_recipients_are_compared(runtime):
    new = NewUser("Léa", address(), "+33 6 12 34 56 78", auth_type=AuthType.SMS)
    with runtime.unit_of_work() as work:
        user = create_user(work.session, runtime.slots.phone_rules, new, ACTOR)
    assert user.mobile_number == "+33612345678"


def test_password_is_not_in_representations():
    assert "secret" not in repr(NewUser("Léa", "lea@exemple.fr", password="un long secret"))


def test_new_password_unlocks_and_signs_out(runtime):
    user = make_user(runtime, failed_login_count=10, current_session_id=uuid.uuid4())
    with runtime.unit_of_work() as work:
        found = work.session.merge(user)
        set_password(work.session, found, "un long secret", ACTOR)
    assert (found.failed_login_count, found.current_session_id) == (0, None)


def test_only_what_differs_is_named_in_the_trail(runtime):
    user = make_user(runtime)
    with runtime.unit_of_work() as work:
        found = work.session.merge(user)
        changed = change_user(
            work.session,
            runtime.slots.phone_rules,
            found,
            ACTOR,
            name="Léa",
            email_address=user.email_address,
        )
    assert changed == ["name"]


def test_archived_account_keeps_nothing_personal_and_stays_closed(runtime):
    user = make_member(runtime, make_service(runtime), permissions=["send_texts"])
    before = user.email_address
    with runtime.unit_of_work() as work:
        found = work.session.merge(user)
        archive_user(work.session, found, ACTOR)
        archive_user(work.session, found, ACTOR)
    assert (found.name, found.mobile_number, found.password_hash) == ("", None, None)
    assert before not in found.email_address
    with runtime.unit_of_work() as work, pytest.raises(ConflictError):
        activate_user(work.session, work.session.merge(found), ACTOR)
