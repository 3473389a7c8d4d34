"""What expressions evaluate to: plain Python values, and symbols for what cannot be known without running it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.syntax.modules import Module


class UnresolvedError(Exception):
    """The value cannot be known from the text; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """Something of another package, by its full name: `flask.Blueprint`, `os.environ`."""

    name: str


@dataclass(frozen=True, slots=True)
class ModuleValue:
    module: Module


@dataclass(frozen=True, slots=True)
class ClassValue:
    module: Module
    node: Node
    name: str


@dataclass(frozen=True, slots=True)
class FunctionValue:
    module: Module
    node: Node
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """Of an enumeration."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose outcome is not computed; `function` is a Symbol, ClassValue, FunctionValue or Bound."""

    function: Any
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Last part of the function's name."""
        return callee_name(self.function)


@dataclass(frozen=True, slots=True)
class Bound:
    """An attribute of a value that only means something when called: `"…".format`, `blueprint.route`."""

    owner: Any
    attribute: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands in for a value inside a list, mapping or call that could not be resolved."""

    reason: str


def callee_name(function: Any) -> str:
    if isinstance(function, Symbol):
        return function.name.rpartition(".")[2]
    if isinstance(function, Bound):
        return function.attribute
    if isinstance(function, ClassValue | FunctionValue):
        return function.name
    return ""


def reveal(value: Any) -> Any:
    """Raises `UnresolvedError` for an `Unknown`."""
    if isinstance(value, Unknown):
        raise UnresolvedError(value.reason)
    return value


def plain(value: Any) -> Any:
    """Members become their values."""
    return plain(value.value) if isinstance(value, Member) else value


def to_json(value: Any) -> Any:
    """Raises `UnresolvedError` for what has no JSON form."""
    value = plain(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [to_json(part) for part in value]
    if isinstance(value, frozenset):
        return sorted((to_json(part) for part in value), key=lambda each: (str(type(each)), str(each)))
    if isinstance(value, dict):
        return {str(to_json(key)): to_json(part) for key, part in value.items()}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, bytes):
        return {"bytes": hashlib.sha256(value).hexdigest()[:16]}
    return _symbol_to_json(value)


def _symbol_to_json(value: Any) -> Any:
    if isinstance(value, Symbol):
        return {"symbol": value.name}
    if isinstance(value, ClassValue | FunctionValue):
        return {"symbol": value.name}
    if isinstance(value, Call):
        arguments = [to_json(part) for part in value.args]
        return {"call": value.name, "args": arguments} | (
            {"kwargs": to_json(dict(value.kwargs))} if value.kwargs else {}
        )
    raise UnresolvedError(value.reason if isinstance(value, Unknown) else f"a {type(value).__name__.lower()}")
