from dataclasses import replace

import pytest

from api.contract import Channel
from api.core.command_errors import InvalidValueError
from api.core.events.commands import Actor
from api.core.templates.catalogue import list_versions
from api.core.templates.commands import change_template, create_template
from api.core.templates.errors import ContentTooLongError, SubjectMissingError, SubjectNotAllowedError
from api.core.templates.rules import TemplateText, clean_template_text
from notifications_utils.sms.alphabet import ECONOMY, FAITHFUL
from notifications_utils.sms.alphabets import CONTRACT_ALPHABETS, SmsAlphabets
from tests.factories import make_service

ACTOR = Actor(via="test")


def clean(channel, **values):
    text = TemplateText(**({"name": "Rappel", "content": "Bonjour"} | values))
    return clean_template_text(channel, text, CONTRACT_ALPHABETS)


def test_text_is_composed_and_trimmed():
    cleaned = clean(
        Channel.EMAIL,
        name="  Re\u0301ponse   ",
        subject=" Votre  dossier ",
        content="e\u0301te\u0301\r\nfin\r",
    )
    assert cleaned == TemplateText("Réponse", "été\nfin\n", "Votre dossier")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 256}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"content": " \n "}, "content"),
        ({"content": "a\x00b"}, "content"),
        ({"has_unsubscribe_link": True}, "has_unsubscribe_link"),
    ],
)
def test_text_message_that_is_refused(values, field):
    with pytest.raises(InvalidValueError) as refused:
        clean(Channel.SMS, **values)
    assert refused.value.field == field


@pytest.mark.parametrize("subject", [None, "", "  "])
def test_email_needs_a_subject(subject):
    with pytest.raises(SubjectMissingError):
        clean(Channel.EMAIL, subject=subject)


def test_text_message_has_none():
    with pytest.raises(SubjectNotAllowedError):
        clean(Channel.SMS, subject="Votre dossier")


def test_length_of_a_text_message_is_counted_without_placeholders():
    clean(Channel.SMS, content="a" * 918 + "((nom))")
    for content in ("a" * 919, "ê" * 403):
        with pytest.raises(ContentTooLongError):
            clean(Channel.SMS, content=content)


def test_length_of_a_text_message_is_that_in_its_alphabet():
    offer = SmsAlphabets(ECONOMY, (FAITHFUL,))
    text = TemplateText("Rappel", "ê" * 403)
    clean_template_text(Channel.SMS, text, offer)
    for chosen, of_service in (("faithful", "economy"), (None, "faithful")):
        with pytest.raises(ContentTooLongError):
            clean_template_text(Channel.SMS, replace(text, sms_alphabet=chosen), offer, of_service)


def test_only_text_messages_have_an_alphabet():
    with pytest.raises(InvalidValueError) as refused:
        clean(Channel.EMAIL, subject="S", sms_alphabet="contract")
    assert refused.value.field == "sms_alphabet"


def test_a_choice_that_is_no_longer_on_offer_stays_and_hinders_no_change(runtime):
    service = make_service(runtime)
    with runtime.unit_of_work() as work:
        text = TemplateText("A", "Bonjour", sms_alphabet="faithful")
        with pytest.raises(InvalidValueError):
            create_template(work.session, CONTRACT_ALPHABETS, service.id, Channel.SMS, text, ACTOR)
        offer = SmsAlphabets(ECONOMY, (FAITHFUL,))
        template = create_template(work.session, offer, service.id, Channel.SMS, text, ACTOR)
        changed = change_template(work.session, CONTRACT_ALPHABETS, template, ACTOR, content="Bonsoir")
        assert (changed.content, changed.sms_alphabet) == ("Bonsoir", "faithful")


def test_length_of_an_email_is_counted_in_bytes():
    clean(Channel.EMAIL, subject="S", content="a" * 2_000_000)
    with pytest.raises(ContentTooLongError):
        clean(Channel.EMAIL, subject="S", content="é" * 1_000_001)


def test_each_change_is_a_version_that_sending_finds(runtime):
    service = make_service(runtime)
    with runtime.unit_of_work() as work:
        template = create_template(
            work.session, CONTRACT_ALPHABETS, service.id, Channel.SMS, TemplateText("A", "Bonjour"), ACTOR
        )
        change_template(work.session, CONTRACT_ALPHABETS, template, ACTOR, content="Bonsoir ((nom))")
        change_template(work.session, CONTRACT_ALPHABETS, template, ACTOR, content="Bonsoir ((nom))")
        assert [version.version for version in list_versions(work.session, template)] == [2, 1]
    assert runtime.templates.find_latest(service.id, template.id).content == "Bonsoir ((nom))"
    assert runtime.templates.find_version(template.id, 1).content == "Bonjour"
