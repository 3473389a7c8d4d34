"""A template filled in for a look (contract: reading, template preview)."""

import uuid
from collections.abc import Mapping
from typing import Any

from api.contract import Channel
from api.core.errors import BusinessRuleError, NotFoundError
from api.core.templates.directory import KnownTemplate
from api.runtime import Runtime


def preview_template(
    runtime: Runtime, service_id: uuid.UUID, template_id: uuid.UUID, values: Mapping[str, object]
) -> dict[str, Any]:
    """Raises `NotFoundError`, or `BusinessRuleError` when values are missing."""
    template = runtime.templates.find_latest(service_id, template_id)
    if template is None or template.hidden:
        raise NotFoundError
    return {
        "id": template.id,
        "type": template.type,
        "version": template.version,
        **_render(runtime, template, values),
        "postage": None,
    }


def _render(runtime: Runtime, template: KnownTemplate, values: Mapping[str, object]) -> dict[str, str | None]:
    if template.type == Channel.SMS:
        service = runtime.services.find(template.service_id)
        text = template.sms(None, service.sms_alphabet if service else None).render(values)
        _check_nothing_missing(text.missing)
        return {"body": text.body, "subject": None, "html": None}
    message = template.email.render(values)
    _check_nothing_missing(message.missing)
    html = message.html_body if template.type == Channel.EMAIL else None
    return {"body": message.body, "subject": message.subject, "html": html}


def _check_nothing_missing(names: tuple[str, ...]) -> None:
    if names:
        raise BusinessRuleError(f"Missing personalisation: {', '.join(names)}")
