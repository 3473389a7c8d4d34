"""Constants of a Python file that people read: labels of forms, messages of errors, sentences."""

import html
import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from scripts.upstream_sync.surfaces.template_text import PLACEHOLDER, Piece, is_shown
from scripts.upstream_sync.syntax.parsing import field, find, literal_text, parts, text_of

_TRANSLATED: Final = frozenset({"_", "_l", "gettext", "lazy_gettext", "ngettext"})
_ALWAYS: Final = frozenset(
    {"flash", "ValidationError", "StopValidation", "DataRequired", "InputRequired", "Length"}
)
_NAMES: Final = frozenset({
    "label", "message", "hint", "text", "title", "thing", "heading", "page_title", "error_message", "legend", "caption",
    "error_summary", "description", "prefix", "suffix", "param_extensions", "empty_message", "field_label", "hint_text",
})  # fmt: skip
_NEVER: Final = re.compile(
    r"(?:.*\.)?(?:debug|info|warning|error|exception|critical|log|execute|getLogger|get|pop|getattr|strftime|strptime"
    r"|ValueError|KeyError|TypeError|RuntimeError|NotImplementedError|AttributeError|LookupError|AssertionError|compile"
    r"|Exception|url_for|redirect|option|argument|echo|sub|match|search|route|render_template|add_argument|TypeVar"
    r"|startswith|endswith|join|split|replace|namedtuple|create_zendesk_ticket|NotifySupportTicket|before_request)"
)
# Docstrings and comparisons; the annotation `type`.
_NOWHERE: Final = frozenset({"comparison_operator", "subscript", "assert_statement", "decorator", "type"})
_TEXTS: Final = frozenset({"string", "concatenated_string"})
_NAMING: Final = {"keyword_argument": "name", "pair": "key", "assignment": "left"}
# Calls that hand a text on: what is around them counts.
_TRANSPARENT: Final = frozenset({"format", "Markup", "strip", "lower", "formatted_list"})
_SENTENCE = re.compile(r"[^\W\d_\s].*\w\s+\w.*\s+\w", re.DOTALL)
_FORMAT = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[^{}\s]*\}")


def read_program(root: Node) -> list[Piece]:
    """In the file's order; `slot` is the dotted name of the function or class around."""
    nodes = find(root, "[(string) (concatenated_string)] @it")
    return [piece for node in nodes if _is_outermost(node) for piece in _read(node)]


def _read(node: Node) -> Iterator[Piece]:
    text = _text(node)
    if text is None or not (_is_translated(node) or (is_shown(text) and _stands_for_people(node, text))):
        return
    plain = " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", text)).split())
    if is_shown(plain, certain=True):
        yield Piece(_slot(node), plain)


def _is_outermost(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type not in {"block", "module"}:
        if parent.type in {"string", "concatenated_string"}:
            return False
        parent = parent.parent
    return True


def _text(node: Node) -> str | None:
    """With a `PLACEHOLDER` for what is put in; None for bytes."""
    if node.type == "concatenated_string":
        found = [_text(part) for part in parts(node)]
        return None if None in found else "".join(filter(None, found))
    value = literal_text(node)
    if value is None:
        chunks = (
            text_of(c) if c.type == "string_content" else PLACEHOLDER
            for c in node.named_children
            if "_start" not in c.type and "_end" not in c.type
        )
        value = "".join(chunks)
    return None if isinstance(value, bytes) else _FORMAT.sub(PLACEHOLDER, value)


def _stands_for_people(node: Node, text: str) -> bool:
    place, call, keyword = _surroundings(node)
    if place == "nowhere" or (call and _NEVER.fullmatch(call)):
        return False
    name = call.rpartition(".")[2]
    if name in _ALWAYS or keyword in _NAMES or (name.endswith("Field") and place == "first"):
        return True
    return _SENTENCE.search(text) is not None and text.strip()[:1].isupper()


def _is_translated(node: Node) -> bool:
    arguments = node.parent
    call = arguments.parent if arguments is not None and arguments.type == "argument_list" else None
    return call is not None and call.type == "call" and text_of(field(call, "function")) in _TRANSLATED


def _surroundings(node: Node) -> tuple[str, str, str]:
    """(place, called name, name of the argument, member or variable). Place "nowhere": where no text can be shown."""
    child, parent = node, node.parent
    keyword, place = "", ""
    while parent is not None and parent.type not in {"block", "module"}:
        if parent.type in _NOWHERE or (parent.type == "expression_statement" and child.type in _TEXTS):
            return "nowhere", "", ""
        if parent.type == "pair" and field(parent, "key") == child:
            return "nowhere", "", ""
        if parent.type in _NAMING and not keyword:
            keyword = _name_given(parent)
        if parent.type == "argument_list":
            place = "first" if parts(parent)[:1] == [child] else "later"
            called = _called(parent)
            if called.rpartition(".")[2] not in _TRANSPARENT:
                return place, called, keyword
        child, parent = parent, parent.parent
    return place, "", keyword


def _name_given(node: Node) -> str:
    """By an argument's name, a dictionary's key or a variable."""
    name = text_of(field(node, _NAMING[node.type])).strip("\"'")
    return name.rpartition(".")[2].lower() if node.type == "assignment" else name


def _called(arguments: Node) -> str:
    call = arguments.parent
    return text_of(field(call, "function")) if call is not None and call.type == "call" else ""


def _slot(node: Node) -> str:
    names: list[str] = []
    parent = node.parent
    while parent is not None:
        if parent.type in {"function_definition", "class_definition"}:
            names.append(text_of(field(parent, "name")))
        parent = parent.parent
    return ".".join(reversed(names))
