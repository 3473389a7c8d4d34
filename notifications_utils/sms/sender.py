"""The name that a text message comes from, as phones show it: a slot, because operators of each country have rules."""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from notifications_utils.localisation import gettext_noop

MIN_LENGTH: Final = 3
MAX_LENGTH: Final = 11
"""Of an alphanumeric sender (3GPP TS 23.040); the least length is the contract's."""

_SHOWN: Final = re.compile(r"[A-Za-z0-9 &._-]*")
_GENERIC: Final = frozenset({"alert", "info", "verify"})


class InvalidSenderError(ValueError):
    """A name that is refused. `message` is an English text whose `%(name)s` and the like are in `values`."""

    def __init__(self, code: str, message: str, values: Mapping[str, object]) -> None:
        super().__init__(message % values)
        self.code = code
        self.message = message
        self.values = values


class SenderRules(Protocol):
    """Slot: which names text messages may come from."""

    def check(self, name: str) -> None:
        """Expects the name trimmed, inner blanks single. Raises `InvalidSenderError`."""
        ...


class ContractSenderRules:
    """The contract's, but for what is British in them: which numbers may be senders, and lists of protected names."""

    def check(self, name: str) -> None:
        check_length(name)
        if not _SHOWN.fullmatch(name):
            raise InvalidSenderError(
                "characters",
                gettext_noop(
                    "%(name)s cannot be shown by all phones: use letters without accents, digits, blanks and & . - _"
                ),
                {"name": name},
            )
        if name.startswith("00"):
            raise InvalidSenderError(
                "zeros", gettext_noop("%(name)s begins with 00: leave the zeros out"), {"name": name}
            )
        if name.lower() in _GENERIC:
            raise InvalidSenderError(
                "generic",
                gettext_noop("%(name)s does not say who writes: give the name of your organisation"),
                {"name": name},
            )


def check_length(name: str) -> None:
    """Raises `InvalidSenderError`."""
    if not MIN_LENGTH <= len(name) <= MAX_LENGTH:
        raise InvalidSenderError(
            "length",
            gettext_noop("%(name)s has %(length)s characters: give %(least)s to %(most)s"),
            {"name": name, "length": len(name), "least": MIN_LENGTH, "most": MAX_LENGTH},
        )
