"""What an organisation may hold."""

import re

from api.core.command_errors import InvalidValueError

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def clean_domain(text: str) -> str:
    """Raises `InvalidValueError`."""
    domain = text.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(domain):
        raise InvalidValueError(f"{text!r} is not a domain: it looks like example.org", field="domains")
    return domain


def parent_domains(email_address: str) -> list[str]:
    """The domain of the address and those above it, the longest first."""
    labels = email_address.rpartition("@")[2].lower().split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
