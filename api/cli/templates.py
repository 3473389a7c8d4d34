"""`notifications templates …`"""

import json
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option
from api.contract import Channel

if TYPE_CHECKING:
    from api.core.templates.models import Template, TemplateVersion
    from api.core.templates.sizes import SmsVariant
    from notifications_utils.templating.email import EmailMessage

_COLUMNS = ("id", "type", "name", "version", "archived")
_DEFAULT_ALPHABET = "default"
_TEN_THOUSANDTHS = 10_000


@click.group(cls=Area)
def templates() -> None:
    """Texts that services send; each change is a version."""


@templates.command(
    "create",
    example="templates create 'Mairie de Belrive' sms --name Rappel --content 'Bonjour ((nom)), à demain !'",
)
@click.argument("service")
@click.argument("channel", type=click.Choice(["email", "sms"]))
@click.option("--name", required=True)
@click.option("--subject", help="Of an e-mail.")
@click.option("--content", help="With placeholders as ((name)).")
@click.option(
    "--content-file",
    type=click.File(encoding="utf-8"),
    help="Read the content from a file, `-` is standard input.",
)
@click.option("--unsubscribe-link", is_flag=True, help="End the e-mail with a link to unsubscribe.")
@click.option("--sms-alphabet", metavar="NAME", help="Of a text message; by default that of the service.")
@json_option
@click.pass_obj
def create(
    operator: Operator, /, service: str, channel: str, *, unsubscribe_link: bool, **options: Any
) -> None:
    """Create a template of CHANNEL in SERVICE (id or name)."""
    from api.core.services.queries import get_service_to_change
    from api.core.templates.catalogue import get_version
    from api.core.templates.commands import create_template
    from api.core.templates.rules import TemplateText

    content = _content(options["content"], options["content_file"])
    if content is None:
        raise click.UsageError("Give one of --content and --content-file.")
    text = TemplateText(
        options["name"],
        content,
        options["subject"],
        unsubscribe_link,
        _alphabet(options["sms_alphabet"]),
    )
    with operator.session() as session:
        owner = get_service_to_change(session, service)
        template = create_template(
            session,
            operator.runtime.slots.sms_alphabets,
            owner.id,
            Channel(channel),
            text,
            operator.actor(session),
        )
        record = _record(template, get_version(session, template))
    operator.show(record)


@templates.command(
    "change", example="templates change 019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f --name 'Rappel de rendez-vous'"
)
@click.argument("template")
@click.option("--name")
@click.option("--subject", help="Of an e-mail.")
@click.option("--content", help="With placeholders as ((name)).")
@click.option(
    "--content-file",
    type=click.File(encoding="utf-8"),
    help="Read the content from a file, `-` is standard input.",
)
@click.option("--unsubscribe-link/--no-unsubscribe-link", "has_unsubscribe_link", default=None)
@click.option("--sms-alphabet", metavar="NAME", help="Of a text message; `default` is that of the service.")
@click.option(
    "--urgent/--not-urgent",
    default=None,
    help="Whether its text messages go out in quiet hours; no new version.",
)
@json_option
@click.pass_obj
def change(
    operator: Operator, /, template: str, content: str | None, content_file: IO[str] | None, **changes: Any
) -> None:
    """Make a new version of TEMPLATE (id) with what is given."""
    from api.core.templates.catalogue import get_template_to_change
    from api.core.templates.commands import change_template, set_urgent

    urgent = changes.pop("urgent")

    changes["content"] = _content(content, content_file)
    given = {name: value for name, value in changes.items() if value is not None}
    if "sms_alphabet" in given:
        given["sms_alphabet"] = _alphabet(given["sms_alphabet"])
    with operator.session() as session:
        found = get_template_to_change(session, template)
        actor = operator.actor(session)
        if urgent is not None:
            set_urgent(session, found, actor, urgent=urgent)
        version = change_template(session, operator.runtime.slots.sms_alphabets, found, actor, **given)
    operator.show(_record(found, version))


@templates.command("archive", example="templates archive 019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f --yes")
@click.argument("template")
@confirm_option
@json_option
@click.pass_obj
def archive(operator: Operator, template: str, *, yes: bool) -> None:
    """Let nothing more be sent with TEMPLATE (id), for good."""
    from api.core.templates.catalogue import get_template, get_version
    from api.core.templates.commands import archive_template

    confirm(f"Archive the template {template} for good?", yes=yes)
    with operator.session() as session:
        found = get_template(session, template)
        archive_template(session, found, operator.actor(session))
        record = _record(found, get_version(session, found))
    operator.show(record)


@templates.command("show", example="templates show 019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f --version 1")
@click.argument("template")
@click.option("--version", type=int, help="By default the current one.")
@json_option
@click.pass_obj
def show(operator: Operator, template: str, version: int | None) -> None:
    """Show TEMPLATE (id)."""
    from api.core.templates.catalogue import get_template, get_version

    with operator.session() as session:
        found = get_template(session, template)
        record = _record(found, get_version(session, found, version))
    operator.show(record)


@templates.command(
    "preview",
    example='templates preview 019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f --values \'{"nom": "Zoé"}\'',
)
@click.argument("template")
@click.option("--values", metavar="JSON", help="An object: values of placeholders by name.")
@json_option
@click.pass_obj
def preview(operator: Operator, template: str, values: str | None) -> None:
    """Show a message of TEMPLATE (id); a text message in each alphabet, with its size and its price at home."""
    from api.core.templates.catalogue import get_template
    from api.core.templates.errors import TemplateNotFoundError
    from api.core.templates.sizes import compare_alphabets

    with operator.session() as session:
        found = get_template(session, template)
        template_id, service_id = found.id, found.service_id
    known = operator.runtime.templates.find_latest(service_id, template_id)
    service = operator.runtime.services.find(service_id)
    if known is None or service is None:
        raise TemplateNotFoundError(template)
    filled = _values(values)
    if known.type != Channel.SMS:
        operator.show(_show_email(known.email.render(filled)))
        return
    variants = compare_alphabets(operator.runtime, service, known.content, filled, chosen=known.sms_alphabet)
    operator.show_each([_show_sms(variant, operator.runtime.settings.currency) for variant in variants])


@templates.command("versions", example="templates versions 019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f")
@click.argument("template")
@json_option
@click.pass_obj
def versions(operator: Operator, template: str) -> None:
    """List the versions of TEMPLATE (id), newest first."""
    from api.core.templates.catalogue import get_template, list_versions

    with operator.session() as session:
        found = get_template(session, template)
        records = [_record(found, version) for version in list_versions(session, found)]
    operator.show_all(records, ("version", "name", "subject", "created_at"))


@templates.command("list", example="templates list 'Mairie de Belrive' --all")
@click.argument("service")
@click.option("--all", "with_archived", is_flag=True, help="Archived templates too.")
@json_option
@click.pass_obj
def list_(operator: Operator, service: str, *, with_archived: bool) -> None:
    """List the templates of SERVICE (id or name)."""
    from api.core.services.queries import get_service
    from api.core.templates.catalogue import list_templates

    with operator.session() as session:
        rows = list_templates(session, get_service(session, service).id, with_archived=with_archived)
        records = [_record(template, version) for template, version in rows]
    operator.show_all(records, _COLUMNS)


def _content(content: str | None, file: IO[str] | None) -> str | None:
    if content is not None and file is not None:
        raise click.UsageError("Give only one of --content and --content-file.")
    return file.read().removesuffix("\n") if file is not None else content


def _alphabet(name: str | None) -> str | None:
    return None if name == _DEFAULT_ALPHABET else name


def _values(text: str | None) -> dict[str, object]:
    try:
        values = json.loads(text or "{}")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise click.BadParameter('--values is not a JSON object: it looks like \'{"name": "Zoé"}\'')
    return values


def _show_email(message: "EmailMessage") -> dict[str, Any]:
    return {
        "subject": message.subject,
        "text": message.plain_text,
        "missing": message.missing,
    }


def _show_sms(variant: "SmsVariant", currency: str) -> dict[str, Any]:
    """Positions count the characters of `written` from 0."""
    message = variant.message
    return {
        "alphabet": variant.alphabet,
        "in_use": variant.is_chosen,
        "text": message.text,
        "missing": message.missing,
        "encoding": message.encoding.value,
        "characters": message.character_count,
        "units": message.size.units,
        "parts": message.fragments,
        "price": None if variant.price is None else f"{variant.price / _TEN_THOUSANDTHS:.4f}",
        "currency": currency,
        "written": message.written,
        "replaced": [asdict(piece) for piece in message.replacements],
        "costly": [asdict(piece) for piece in message.costly],
    }


def _record(template: "Template", version: "TemplateVersion") -> dict[str, Any]:
    return {
        "id": template.id,
        "service_id": template.service_id,
        "type": template.template_type,
        "name": version.name,
        "subject": version.subject,
        "content": version.content,
        "has_unsubscribe_link": version.has_unsubscribe_link,
        "sms_alphabet": version.sms_alphabet,
        "version": version.version,
        "archived": template.archived,
        "urgent": template.is_urgent,
        "created_at": version.created_at,
    }
