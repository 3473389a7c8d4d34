"""JSON schemas in a normal form, the same for upstream's and for ours: one fact for each place in a document.

`schema POST /v2/notifications/sms request /phone_number` → `{"type": ["string"], "required": true, "format": …}`.
Pointers: "" is the whole, `/name` a property, `/*` the items of a list, `/{}` the value under any other name.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scripts.upstream_sync.facts import Fact, canonical, hash_text

# Upstream's names of its own checks are names of functions; these are what they check. `schedule-24h` is within a day.
_FORMATS: Final = {
    "validate_uuid": "uuid",
    "phone_number": "phone-number",
    "email_address": "email-address",
    "email": "email-address",
    "datetime_within_next_day": "schedule-24h",
    "send_a_file_retention_period": "retention-period",
    "send_a_file_filename": "file-name",
}
# Checks that also see to the type, so that schemas need not name it; "" where nothing is left to check then.
_TYPED_FORMATS: Final[Mapping[str, tuple[str, list[str]]]] = {
    "send_a_file_is_csv": ("", ["boolean", "null"]),
    "send_a_file_confirm_email_before_download": ("", ["boolean", "null"]),
    "file-confirmation": ("", ["boolean", "null"]),
    "send_a_file_retention_period": ("retention-period", ["null", "string"]),
    "send_a_file_filename": ("file-name", ["null", "string"]),
}
_KEPT: Final = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "uniqueItems")
_PARTS: Final = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")


def facts_of_schema(prefix: str, schema: Mapping[str, Any], *, src: str = "", sym: str = "") -> list[Fact]:
    """`prefix`: the words of the key before the pointer. References must have been put in before."""
    return [
        Fact(f"{prefix} {pointer}".rstrip(), value, src, sym)
        for pointer, value in _walk(schema, "", required=False)
    ]


def facts_of_path(prefix: str, schema: Mapping[str, Any], *, src: str = "", sym: str = "") -> list[Fact]:
    """Of the parts of an address that vary: what form each must have. `prefix` names the path, as in a key.

    A part is always there, and there are no others, so nothing else of the schema says anything.
    """
    parts = {re.sub(r"\w+_id$", "id", name): part for name, part in schema.get("properties", {}).items()}
    facts = []
    for name, part in parts.items():
        if f"{{{name}}}" in prefix:
            found = _describe(part, required=False)
            kept = {word: found[word] for word in ("type", "format", "enum") if word in found}
            if "type" in kept:
                kept["type"] = [kind for kind in kept["type"] if kind != "null"]
            facts.append(Fact(f"{prefix} /{name}", kept, src, sym))
    return facts


def _walk(schema: Mapping[str, Any], pointer: str, *, required: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    yield pointer, _describe(schema, required=required)
    names = schema.get("required")
    needed = names if isinstance(names, (list, tuple)) else ()
    for name, part in schema.get("properties", {}).items():
        is_needed = name in needed or part.get("required") is True  # draft 3 has it inside
        yield from _walk(part, f"{pointer}/{name}", required=is_needed)
    if isinstance(items := schema.get("items"), Mapping):
        yield from _walk(items, f"{pointer}/*", required=False)
    if isinstance(others := schema.get("additionalProperties"), Mapping):
        yield from _walk(others, pointer + "/{}", required=False)


def _describe(schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    """What holds for one place. Titles, descriptions, examples and upstream's own annotations say nothing."""
    found: dict[str, Any] = {name: schema[name] for name in _KEPT if name in schema}
    if types := _types(schema):
        found["type"] = types
    if required:
        found["required"] = True
    if schema.get("additionalProperties") is False:
        found["closed"] = True
    if allowed := _allowed(schema):
        found["enum"] = sorted(allowed, key=canonical)
    if form := _format(schema):
        found["format"] = form
    if pattern := schema.get("pattern"):
        found["pattern"] = hash_text(pattern)
    if apart := _never_together(schema):
        found["never-together"] = apart
    elif parts := {name: _plain(schema[name]) for name in _PARTS if name in schema}:
        found["also"] = hash_text(canonical(parts))
    return found


def _format(schema: Mapping[str, Any]) -> str:
    form = str(schema.get("format", ""))
    return _TYPED_FORMATS[form][0] if form in _TYPED_FORMATS else _FORMATS.get(form, form)


def _never_together(schema: Mapping[str, Any]) -> list[str]:
    """Names of which not all may be there: "not all required", or "one of them not required"."""
    parts = {name: _plain(schema[name]) for name in _PARTS if name in schema}
    match parts:
        case {"not": {"required": [*names]}}:
            return sorted(names)
        case {"allOf": [{"anyOf": [*choices]}]} | {"anyOf": [*choices]}:
            found = [
                part["not"]["required"]
                for part in choices
                if set(part) == {"not"} and "required" in part["not"]
            ]
            if len(found) == len(choices) and all(len(names) == 1 for names in found):
                return sorted(name for names in found for name in names)
    return []


def _types(schema: Mapping[str, Any]) -> list[str]:
    """Sorted; read from the values or the parts where the schema names no type."""
    named = schema.get("type") or _TYPED_FORMATS.get(str(schema.get("format")), ("", []))[1]
    if named:
        return sorted([named] if isinstance(named, str) else named)
    if allowed := _allowed(schema):
        return sorted({_type_of(value) for value in allowed})
    if "properties" in schema:
        return ["object"]
    return ["array"] if "items" in schema else []


def _allowed(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _type_of(value: Any) -> str:
    names = {
        type(None): "null",
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        list: "array",
    }
    return names.get(type(value), "object")


def _plain(part: Any) -> Any:
    """Without the sentences that upstream keeps beside its rules."""
    if isinstance(part, Mapping):
        return {
            name: _plain(value)
            for name, value in part.items()
            if name not in {"validationMessage", "description"}
        }
    return [_plain(value) for value in part] if isinstance(part, (list, tuple)) else part
