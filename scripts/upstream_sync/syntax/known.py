"""Calls and methods with the same outcome everywhere, computed on constants."""

import copy
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from scripts.upstream_sync.syntax.values import Call, Member, Symbol, UnresolvedError, plain

_TEXT_METHODS = {
    "format", "join", "lower", "upper", "title", "strip", "lstrip", "rstrip", "replace", "split", "splitlines",
    "removeprefix", "removesuffix", "startswith", "endswith", "encode",
}  # fmt: skip
_SET_METHODS = {"union", "difference", "intersection"}


def _as_set(values: Any = ()) -> Any:
    try:
        return frozenset(values)
    except TypeError as error:
        raise UnresolvedError("a set of unhashable values") from error


def _as_list(values: Any = ()) -> list[Any]:
    """Sets have no order of their own."""
    return (
        sorted(values, key=lambda part: str(plain(part))) if isinstance(values, frozenset) else list(values)
    )


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "list": _as_list, "tuple": _as_list, "set": _as_set, "frozenset": _as_set, "dict": dict, "int": int, "float": float,
    "str": str, "bool": bool, "len": len, "min": min, "max": max, "sum": sum, "abs": abs, "round": round,
    "range": lambda *bounds: list(range(*bounds)), "zip": lambda *rows: [list(row) for row in zip(*rows, strict=False)],
    "enumerate": lambda values: [list(pair) for pair in enumerate(values)],
    "reversed": lambda values: list(reversed(values)),
    "sorted": lambda values, **_: sorted(_as_list(values), key=lambda part: str(plain(part))),
    "copy.deepcopy": copy.copy, "copy.copy": copy.copy, "datetime.timedelta": timedelta,
    "decimal.Decimal": str, "itertools.chain": lambda *rows: [part for row in rows for part in _as_list(row)],
    "types.MappingProxyType": dict, "collections.OrderedDict": dict,
}  # fmt: skip
_ENVIRONMENT = {"os.getenv", "os.environ.get", "os.environ.setdefault"}


def call_function(symbol: Symbol, args: list[Any], kwargs: Mapping[str, Any]) -> Any:
    """The outcome, or a `Call` when it is not known."""
    name = symbol.name.removeprefix("builtins.")
    if name in _ENVIRONMENT:
        return Call(Symbol("environment"), tuple(args))
    function = _FUNCTIONS.get(name)
    if function is None or any(isinstance(part, Call | Symbol) for part in args):
        return Call(symbol, tuple(args), dict(kwargs))
    try:
        return function(*(plain(part) for part in args), **{key: plain(part) for key, part in kwargs.items()})
    except (TypeError, ValueError, ArithmeticError) as error:
        raise UnresolvedError(f"{name}(…) of such values") from error


def call_method(owner: Any, method: str, args: list[Any], kwargs: Mapping[str, Any]) -> Any:
    """Raises `UnresolvedError` for methods that are not known."""
    owner = plain(owner)
    plain_args = [plain(part) for part in args]
    try:
        if isinstance(owner, str) and method in _TEXT_METHODS:
            return getattr(owner, method)(*plain_args, **{key: plain(part) for key, part in kwargs.items()})
        if isinstance(owner, dict):
            return _call_mapping(owner, method, plain_args)
        if isinstance(owner, list):
            return _call_list(owner, method, plain_args)
        if isinstance(owner, frozenset) and method in _SET_METHODS:
            return getattr(owner, method)(*(_as_set(part) for part in plain_args))
    except (TypeError, ValueError, LookupError) as error:
        raise UnresolvedError(f".{method}(…) of such values") from error
    raise UnresolvedError(f".{method}(…)")


def _call_mapping(owner: dict[Any, Any], method: str, args: list[Any]) -> Any:
    outcomes: dict[str, Callable[[], Any]] = {
        "keys": lambda: list(owner),
        "values": lambda: list(owner.values()),
        "items": lambda: [list(pair) for pair in owner.items()],
        "get": lambda: owner.get(*args),
        "copy": lambda: dict(owner),
    }
    if method not in outcomes:
        raise UnresolvedError(f".{method}(…)")
    return outcomes[method]()


def _call_list(owner: list[Any], method: str, args: list[Any]) -> Any:
    if method == "copy":
        return list(owner)
    if method in {"index", "count"}:
        return getattr(owner, method)(*args)
    raise UnresolvedError(f".{method}(…)")


def binary(operator: str, left: Any, right: Any) -> Any:
    """Raises `UnresolvedError`."""
    operations: dict[str, Callable[[Any, Any], Any]] = {
        "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
        "//": lambda a, b: a // b, "%": lambda a, b: a % b, "**": lambda a, b: a**b, "|": lambda a, b: a | b,
        "&": lambda a, b: a & b, "<<": lambda a, b: a << b, "^": lambda a, b: a ^ b,
    }  # fmt: skip
    try:
        return operations[operator](plain(left), plain(right))
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise UnresolvedError(f"{operator} of such values") from error


def members_of(names: Mapping[str, Any], kind: str) -> list[Member]:
    """Of an enumeration: `auto()` becomes the name in lower case, or a number."""
    found: list[Member] = []
    for number, (name, value) in enumerate(names.items(), 1):
        is_auto = isinstance(value, Call) and value.name == "auto"
        automatic = name.lower() if kind == "StrEnum" else number
        found.append(Member(name, automatic if is_auto else value))
    return found
