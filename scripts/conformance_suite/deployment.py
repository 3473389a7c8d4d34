"""What is known of the server under test: its address, its keys, its things, and the states it can give."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scripts.conformance_suite.tokens import service_id_of
from scripts.conformance_suite.vectors import Vector

# Numbers and addresses that reach nobody (Ofcom's numbers for fiction, RFC 2606's domain).
DEFAULT_VALUES: Final[Mapping[str, str]] = {
    "recipient.sms": "+447700900123",
    "recipient.sms.stranger": "+447700900124",
    "recipient.sms.abroad": "+33612345678",
    "recipient.sms.landline": "+442079460123",
    "recipient.email": "conformance@example.com",
    "recipient.email.stranger": "stranger@example.com",
}
_MIN_KEY_LENGTH: Final = 73


class InvalidDeploymentError(Exception):
    """What was said about the deployment cannot be used."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """`values` fill placeholders; `provides` are needs besides those that keys and values show by themselves."""

    api_url: str
    keys: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    provides: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name, key in self.keys.items():
            if len(key) < _MIN_KEY_LENGTH:
                raise InvalidDeploymentError(
                    f"the {name} key is too short: paste the whole key, as it was shown when it was made"
                )

    @property
    def placeholders(self) -> dict[str, str]:
        services = {f"service.{name}": service_id_of(key) for name, key in self.keys.items()}
        return {**DEFAULT_VALUES, **services, **self.values}

    def missing_needs(self, vector: Vector) -> list[str]:
        return [need for need in vector.needs if not self._gives(need)]

    def _gives(self, need: str) -> bool:
        return (
            need in self.provides
            or need.removesuffix("-key") in self.keys
            or need.replace(":", ".", 1) in self.values
        )


def read_state(path: Path) -> Deployment:
    """A state file: `{"api_url", "keys", "values", "provides"}`. Raises `InvalidDeploymentError`."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        return Deployment(
            api_url=state.get("api_url", ""),
            keys=dict(state.get("keys", {})),
            values={name: str(value) for name, value in state.get("values", {}).items()},
            provides=frozenset(state.get("provides", ())),
        )
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InvalidDeploymentError(f"the state file {path} cannot be used: {error}") from None
