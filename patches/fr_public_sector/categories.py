"""What a legal category (catégorie juridique of INSEE, four digits) says about a body.

Only used where the register does not say itself whether a body is an administration. The longest prefix wins.
"""

from types import MappingProxyType
from typing import Final

TYPES: Final = MappingProxyType(
    {
        "central": "Administration de l’État",
        "operator": "Opérateur ou établissement public de l’État",
        "local": "Collectivité territoriale ou groupement",
        "emergency_service": "Service d’incendie et de secours",
        "health": "Établissement public de santé",
        "social_security": "Organisme de sécurité sociale",
        "school_or_college": "Établissement d’enseignement",
        "other": "Autre",
    }
)
"""The keys of the contract are kept where they fit: central, local, emergency_service, school_or_college, other."""

_BY_PREFIX: Final = {
    "71": "central",
    "72": "local",
    "73": "operator",
    "7331": "school_or_college",
    "7343": "local",
    "7344": "local",
    "7345": "local",
    "7346": "local",
    "7347": "local",
    "7348": "local",
    "7353": "local",
    "7354": "local",
    "7355": "local",
    "7361": "local",
    "7364": "health",
    "7365": "health",
    "7366": "health",
    "7372": "emergency_service",
    "74": "other",
    "81": "social_security",
}
# Public bodies, all of them: category 7; social security (81) is a private body with a public task.
_PUBLIC_PREFIX: Final = "7"


def type_of(category: str) -> str | None:
    """A key of `TYPES`, or None when the category says nothing."""
    prefixes = (category[:length] for length in range(len(category), 1, -1))
    return next((_BY_PREFIX[prefix] for prefix in prefixes if prefix in _BY_PREFIX), None)


def is_public(category: str) -> bool:
    return category.startswith(_PUBLIC_PREFIX)
