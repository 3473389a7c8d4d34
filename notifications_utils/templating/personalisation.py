"""Values for placeholders, found whatever the spelling of their names."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Self

from notifications_utils.templating.placeholders import normalise_name


class Personalisation(Mapping[str, object]):
    """A read-only mapping whose keys are compared by `normalise_name`; iterating gives normalised keys.

    Contract: of two keys that normalise alike, the last one wins.
    """

    __slots__ = ("_by_key", "_source")

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self._source = values or {}
        self._by_key = {normalise_name(key): value for key, value in self._source.items()}

    @classmethod
    def of(cls, values: Mapping[str, object] | None) -> "Personalisation":
        """The values themselves when they are a personalisation already."""
        return values if isinstance(values, Personalisation) else cls(values)

    @classmethod
    def from_normalised(cls, values: dict[str, object]) -> Self:
        """Wraps a dictionary whose keys are normalised already, such as the columns of a file."""
        personalisation = cls()
        personalisation._source = personalisation._by_key = values
        return personalisation

    def __getitem__(self, key: str) -> object:
        return self._by_key[normalise_name(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and normalise_name(key) in self._by_key

    def get(self, key: str, default: Any = None) -> Any:
        """As `dict.get`; overridden because the inherited one costs an exception for each absent key."""
        return self._by_key.get(normalise_name(key), default)

    def __repr__(self) -> str:
        # Values are personal data: they must not reach a log through a traceback.
        return f"Personalisation({', '.join(sorted(self._by_key))})"

    def find_missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names, as spelt, that have no value; contract: absent and None are the same, "" is a value."""
        return tuple(name for name in names if self.get(name) is None)

    def find_additional(self, names: Iterable[str]) -> tuple[str, ...]:
        """The supplied keys, as the caller spelt them, that match none of the names."""
        known = {normalise_name(name) for name in names}
        return tuple(key for key in self._source if normalise_name(key) not in known)


NO_VALUES: Final = Personalisation()
