"""Domains by which people of public bodies can be recognised while they type. They prove nothing.

The public list of the DINUM is longer; FR_PUBLIC_SECTOR_EXTRA_DOMAINS adds to this one.
"""

from typing import Final

PUBLIC_DOMAINS: Final = frozenset(
    {
        "gouv.fr",
        "justice.fr",
        "francetravail.fr",
        "assurance-maladie.fr",
        "urssaf.fr",
        "caf.fr",
        "ars.sante.fr",
        "aphp.fr",
        "cnrs.fr",
        "paris.fr",
        "marseille.fr",
        "asp-public.fr",
        "i-carre.net",
    }
)
# Académies: ac-paris.fr, ac-reunion.fr…
ACADEMY_PREFIX: Final = "ac-"

PERSONAL_DOMAINS: Final = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "outlook.fr",
        "hotmail.com",
        "hotmail.fr",
        "live.fr",
        "live.com",
        "msn.com",
        "yahoo.com",
        "yahoo.fr",
        "orange.fr",
        "wanadoo.fr",
        "laposte.net",
        "free.fr",
        "sfr.fr",
        "neuf.fr",
        "bbox.fr",
        "numericable.fr",
        "icloud.com",
        "protonmail.com",
        "proton.me",
    }
)


def parents_of(email_address: str) -> list[str]:
    """The domain of the address and those above it."""
    labels = email_address.rpartition("@")[2].strip().lower().split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def is_academy(domain: str) -> bool:
    return domain.startswith(ACADEMY_PREFIX) and domain.endswith(".fr") and domain.count(".") == 1
