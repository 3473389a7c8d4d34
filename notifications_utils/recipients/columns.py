"""Which column of a file holds what: recipients and the values of placeholders, found by their headings."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications_utils.templating.placeholders import normalise_name


class RecipientKind(StrEnum):
    EMAIL = "email"
    SMS = "sms"


CONTRACT_HEADINGS: Final[Mapping[RecipientKind, str]] = {
    RecipientKind.EMAIL: "email address",
    RecipientKind.SMS: "phone number",
}

# Ours: by language code. Any of them may stand in any file, because lists travel between teams.
TRANSLATED_HEADINGS: Final[Mapping[str, Mapping[RecipientKind, tuple[str, ...]]]] = {
    "fr": {
        RecipientKind.EMAIL: (
            "adresse électronique",
            "adresse e-mail",
            "adresse courriel",
            "courriel",
        ),
        RecipientKind.SMS: (
            "numéro de téléphone",
            "téléphone",
            "téléphone mobile",
        ),
    },
}

_AMBIGUOUS: Final = ""  # no heading: those have none


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file, by index from 0."""

    headings: tuple[str, ...]
    """As the file spells them."""
    recipient: int | None
    values: Mapping[str, tuple[int, ...]]
    """By normalised placeholder name; several columns make a list."""
    missing: tuple[str, ...]
    """The recipient's heading and the placeholders that no column matches."""
    duplicate_recipients: tuple[str, ...]
    """The headings that all name the recipient, if there are several; the last one is used."""
    ambiguous: tuple[str, ...]
    """Placeholders that several headings match once accents are set aside, so that none is taken."""


def match_columns(headings: Sequence[str], placeholders: Iterable[str], kind: RecipientKind) -> Columns:
    """Compares headings by `normalise_name`, then without accents for placeholders that nothing matches."""
    placeholder_names = {normalise_name(name): name for name in placeholders}
    by_key = _group_by_key(headings)
    recipients = _find_recipients(by_key, placeholder_names.keys(), kind)
    contract_key = normalise_name(CONTRACT_HEADINGS[kind])
    values: dict[str, tuple[int, ...]] = {}
    ambiguous: list[str] = []
    for key, name in placeholder_names.items():
        if key == contract_key and recipients:
            values[key] = recipients[-1:]
            continue
        match = key if key in by_key else _find_unaccented(key, by_key.keys(), placeholder_names.keys())
        if match in by_key:
            values[key] = _same_spelling(headings, by_key[match])
        elif match == _AMBIGUOUS:
            ambiguous.append(name)
    missing = [name for key, name in placeholder_names.items() if key not in values and key != contract_key]
    return Columns(
        headings=tuple(headings),
        recipient=recipients[-1] if recipients else None,
        values=values,
        missing=tuple(missing if recipients else [CONTRACT_HEADINGS[kind], *missing]),
        duplicate_recipients=tuple(headings[index] for index in recipients) if len(recipients) > 1 else (),
        ambiguous=tuple(ambiguous),
    )


def _group_by_key(headings: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Columns by normalised heading; those without heading are left out."""
    by_key: dict[str, tuple[int, ...]] = {}
    for index, heading in enumerate(headings):
        if key := normalise_name(heading):
            by_key[key] = (*by_key.get(key, ()), index)
    return by_key


def _find_recipients(
    by_key: Mapping[str, tuple[int, ...]], placeholders: Iterable[str], kind: RecipientKind
) -> tuple[int, ...]:
    """In the order of the file. A translated heading that is also a placeholder comes only for want of others."""
    contract_key = normalise_name(CONTRACT_HEADINGS[kind])
    translated = {
        _drop_accents(normalise_name(heading))
        for headings in TRANSLATED_HEADINGS.values()
        for heading in headings[kind]
    }
    found = {key for key in by_key if key == contract_key or _drop_accents(key) in translated}
    proper = {key for key in found if key == contract_key or key not in set(placeholders)}
    return tuple(sorted(index for key in proper or found for index in by_key[key]))


def _find_unaccented(key: str, headings: Collection[str], placeholders: Collection[str]) -> str | None:
    """The only heading that differs from the placeholder by its accents alone, unless it suits another as well."""
    bare = _drop_accents(key)
    alike = [
        heading for heading in headings if heading not in placeholders and _drop_accents(heading) == bare
    ]
    rivals = [name for name in placeholders if name not in headings and _drop_accents(name) == bare]
    if not alike:
        return None
    return alike[0] if len(alike) == len(rivals) == 1 else _AMBIGUOUS


def _same_spelling(headings: Sequence[str], indexes: tuple[int, ...]) -> tuple[int, ...]:
    """Contract: columns spelt alike make a list, of different spellings the last one wins."""
    last = headings[indexes[-1]]
    return tuple(index for index in indexes if headings[index] == last)


def _drop_accents(key: str) -> str:
    letters = unicodedata.normalize("NFD", key.replace("œ", "oe").replace("æ", "ae"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
