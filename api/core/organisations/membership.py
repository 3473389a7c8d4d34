"""Who counts as public sector: a slot, and its neutral default."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from api.core.command_errors import CommandError, InvalidValueError
from notifications_utils.localisation import gettext_noop


@dataclass(frozen=True, slots=True)
class PublicBody:
    """What an official register says of an organisation; `organisation_type` is a key of `organisation_types`."""

    identifier: str
    name: str
    is_public: bool
    is_active: bool
    organisation_type: str | None = None


class RegisterUnavailableError(CommandError):
    """The register does not answer; nothing is known of the organisation."""


class PublicSectorRules(Protocol):
    """What a country says about its public bodies."""

    @property
    def organisation_types(self) -> Mapping[str, str]:
        """Key → what people read."""
        ...

    def is_known_domain(self, email_address: str) -> bool:
        """Whether the address looks like one of a public body. It helps people who type, and proves nothing."""
        ...

    def is_personal_domain(self, email_address: str) -> bool:
        """Whether anybody may have such an address: no proof of belonging to a body."""
        ...

    def find_body(self, identifier: str) -> PublicBody | None:
        """By its official identifier; None when no body has it.

        Raises `InvalidValueError` for what is no identifier, `RegisterUnavailableError`.
        """
        ...


NEUTRAL_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "central": gettext_noop("Central government"),
        "local": gettext_noop("Local government"),
        "emergency_service": gettext_noop("Emergency service"),
        "school_or_college": gettext_noop("School or college"),
        "other": gettext_noop("Other"),
    }
)


@dataclass(frozen=True, slots=True)
class OpenPublicSector:
    """No register and no list of domains: an operator decides who belongs."""

    @property
    def organisation_types(self) -> Mapping[str, str]:
        return NEUTRAL_TYPES

    def is_known_domain(self, email_address: str) -> bool:  # noqa: ARG002 - the protocol's name
        return False

    def is_personal_domain(self, email_address: str) -> bool:  # noqa: ARG002
        return False

    def find_body(self, identifier: str) -> PublicBody | None:  # noqa: ARG002
        raise RegisterUnavailableError("This deployment asks no register of public bodies")


def check_organisation_type(rules: PublicSectorRules, organisation_type: str | None) -> None:
    """Raises `InvalidValueError`."""
    if organisation_type is not None and organisation_type not in rules.organisation_types:
        known = ", ".join(rules.organisation_types)
        raise InvalidValueError(
            f"There is no kind of organisation called {organisation_type!r}; there are: {known}", field="type"
        )
