"""Checking JSON against schemas, and saying what is wrong as the contract says it (contract: validation messages).

A schema is compiled twice: into a closure that accepts what is right in microseconds, and into a `jsonschema`
validator that explains what is not. The schemas use the few keywords that both know.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

Schema: TypeAlias = dict[str, Any]
Check: TypeAlias = Callable[[Any], bool]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "null": (type(None),),
}
_ANNOTATIONS: Final = frozenset(
    {"title", "description", "examples", "default", "type", "additionalProperties"}
)


class ContractValidationError(Exception):
    """`errors` are all there are, each `{"error": "ValidationError", "message"}`."""

    def __init__(self, errors: list[dict[str, object]]) -> None:
        self.errors = errors
        super().__init__("; ".join(str(error["message"]) for error in errors))

    @classmethod
    def of(cls, *messages: str) -> "ContractValidationError":
        unique = dict.fromkeys(
            message.replace("'", "").encode(errors="replace").decode() for message in messages
        )
        return cls([{"error": "ValidationError", "message": message} for message in unique])


@dataclass(frozen=True, slots=True)
class Format:
    """`explain` gives what is wrong with a value, or None; `covers_type` makes it speak for wrong types too."""

    explain: Callable[[Any], str | None]
    covers_type: bool = False


Formats: TypeAlias = Mapping[str, Format]


class SchemaValidator:
    """One schema, ready to check many values."""

    def __init__(self, schema: Schema, formats: Formats) -> None:
        self.accepts: Check = _compile(schema, formats)
        self._explainer = _explainer(schema, formats)
        self._formats = formats

    def explain(self, instance: object) -> list[str]:
        """The messages of everything that is wrong, in the order of the schema."""
        return [self._message(error) for error in self._explainer.iter_errors(cast("Any", instance))]

    def _message(self, error: ValidationError) -> str:
        text = self._text(error)
        return f"{error.absolute_path[0]} {text}" if error.absolute_path else text

    def _text(self, error: ValidationError) -> str:
        form = self._formats.get(error.schema.get("format", "")) if isinstance(error.schema, dict) else None
        if error.validator == "type" and form and form.covers_type:
            return form.explain(error.instance) or ""
        describe = _MESSAGES.get(str(error.validator))
        return describe(error) if describe else error.message


def validate(validator: SchemaValidator, instance: object) -> None:
    """Raises `ContractValidationError` with everything that is wrong at once."""
    if not validator.accepts(instance):
        raise ContractValidationError.of(*validator.explain(instance))


def _shown(value: object) -> str:
    """As the contract shows values: Python's own form (null is None)."""
    try:
        return repr(value)
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"


def _unexpected(error: ValidationError) -> str:
    instance = cast("dict[str, object]", error.instance)
    known = cast("dict[str, object]", error.schema).get("properties", {})
    names = sorted(name for name in instance if name not in cast("dict[str, object]", known))
    verb = "was" if len(names) == 1 else "were"
    return f"Additional properties are not allowed ({', '.join(names)} {verb} unexpected)"


_MESSAGES: Final[dict[str, Callable[[ValidationError], str]]] = {
    "format": lambda error: error.message,
    "type": lambda error: (
        f"{_shown(error.instance)} is not of type {', '.join(_type_names(cast('Any', error.validator_value)))}"
    ),
    "enum": lambda error: f"{_shown(error.instance)} is not one of {_shown(error.validator_value)}",
    "maxLength": lambda error: f"{_shown(error.instance)} is too long",
    "minLength": lambda _error: "is too short",
    "minItems": lambda _error: "has too few items",
    "additionalProperties": _unexpected,
}


def _type_names(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _explainer(schema: Schema, formats: Formats) -> Validator:
    def check_format(
        _validator: Validator, name: str, instance: object, _schema: object
    ) -> Iterable[ValidationError]:
        reason = formats[name].explain(instance)
        if reason is not None:
            yield ValidationError(reason)

    return cast("Validator", extend(Draft202012Validator, {"format": check_format})(schema))  # type: ignore[no-untyped-call]


def _compile(schema: Schema, formats: Formats) -> Check:
    """A function that accepts exactly what the schema accepts."""
    checks: list[Check] = []
    allowed = {kind for name in _type_names(schema.get("type", [])) for kind in _TYPES[name]}
    for keyword, wanted in schema.items():
        if keyword in _ANNOTATIONS:
            continue
        checks.append(_compile_keyword(keyword, wanted, schema, formats))

    def accepts(instance: Any) -> bool:
        if allowed and type(instance) not in allowed:
            return False
        return all(check(instance) for check in checks)

    return accepts


def _compile_keyword(keyword: str, wanted: Any, schema: Schema, formats: Formats) -> Check:
    """Raises `KeyError` for a keyword that is not understood here."""
    if keyword == "properties":
        return _compile_properties(wanted, schema.get("additionalProperties", True), formats)
    if keyword == "format":
        explain = formats[wanted].explain
        return lambda value: explain(value) is None
    if keyword == "items":
        check_item = _compile(wanted, formats)
        return lambda value: not isinstance(value, list) or all(map(check_item, value))
    kind, holds = _ASSERTIONS[keyword]
    return lambda value: not isinstance(value, kind) or holds(value, wanted)


_ASSERTIONS: Final[dict[str, tuple[type, Callable[[Any, Any], bool]]]] = {
    "required": (dict, lambda value, names: all(name in value for name in names)),
    "enum": (object, lambda value, allowed: value in allowed),
    "maxLength": (str, lambda value, limit: len(value) <= limit),
    "minLength": (str, lambda value, limit: len(value) >= limit),
    "minItems": (list, lambda value, limit: len(value) >= limit),
}


def _compile_properties(properties: dict[str, Schema], additional: bool, formats: Formats) -> Check:  # noqa: FBT001
    checks = {name: _compile(schema, formats) for name, schema in properties.items()}

    def accepts(instance: Any) -> bool:
        if not isinstance(instance, dict):
            return True
        for name, value in instance.items():
            check = checks.get(name)
            if not (additional if check is None else check(value)):
                return False
        return True

    return accepts
