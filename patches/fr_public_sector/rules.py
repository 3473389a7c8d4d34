"""What fills the slot `public_sector`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.config import Settings
from api.core.organisations.membership import PublicBody, RegisterUnavailableError
from patches.fr_public_sector import categories
from patches.fr_public_sector.domains import PERSONAL_DOMAINS, PUBLIC_DOMAINS, is_academy, parents_of
from patches.fr_public_sector.identifiers import read_identifier, siren_of
from patches.fr_public_sector.register import Register, RegisteredBody
from patches.fr_public_sector.settings import PublicSectorSettings

_DINUM: Final = "130025265"  # the State's digital department, which runs the register


def make_public_sector(settings: Settings) -> "FrenchPublicSector":  # noqa: ARG001 - every filler gets them
    own = PublicSectorSettings.load()
    return FrenchPublicSector(own, Register(own.api_url, own.timeout_seconds))


@dataclass(frozen=True, slots=True)
class FrenchPublicSector:
    """Public bodies of France, by the public register of companies and administrations."""

    _own: PublicSectorSettings
    _register: Register

    @property
    def organisation_types(self) -> Mapping[str, str]:
        return categories.TYPES

    def is_known_domain(self, email_address: str) -> bool:
        known = PUBLIC_DOMAINS | set(self._own.extra_domains)
        return any(domain in known or is_academy(domain) for domain in parents_of(email_address))

    def is_personal_domain(self, email_address: str) -> bool:
        return any(domain in PERSONAL_DOMAINS for domain in parents_of(email_address))

    def find_body(self, identifier: str) -> PublicBody | None:
        """By SIREN or SIRET."""
        digits = read_identifier(identifier)
        found = self._register.find(digits)
        if found is None:
            return None
        return PublicBody(
            identifier=digits,
            name=found.name,
            is_public=self._is_public(siren_of(digits), found),
            is_active=found.is_active,
            organisation_type=categories.type_of(found.category),
        )

    def problems(self) -> list[str]:
        """For `doctor`: whether the register answers, whatever it says of a number that exists."""
        try:
            self._register.find(_DINUM)
        except RegisterUnavailableError as error:
            return [f"{error} (FR_PUBLIC_SECTOR_API_URL)"]
        return []

    def _is_public(self, siren: str, found: RegisteredBody) -> bool:
        """Refused and accepted numbers first, then closed bodies, then what the register says, then the category."""
        if siren in self._own.refused_sirens or not found.is_active:
            return False
        if siren in self._own.public_sirens:
            return True
        if found.is_administration is not None:
            return found.is_administration
        return categories.is_public(found.category)
