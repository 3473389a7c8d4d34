"""What a piece of Python does, without how it is written: a digest that comments, docstrings, annotations, imports,
logging calls, quotes, parentheses that change nothing and line breaks leave alone.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tree_sitter import Node

from scripts.upstream_sync.syntax.parsing import field, literal_text, parse, parts, text_of

_SILENT: Final = frozenset(
    {"comment", "import_statement", "import_from_statement", "future_import_statement", "type_parameter"}
)
_LOGS: Final = re.compile(
    r"(?:\w+\.)*(?:_?logger|log|logging)\.(?:debug|info|warning|warn|error|exception|critical|log)"
)
_ANNOTATED: Final = frozenset({"assignment", "typed_parameter", "typed_default_parameter"})
_NUMBERS: Final = frozenset({"integer", "float"})
_STRINGS: Final = frozenset({"string", "concatenated_string"})
_CONTAINERS: Final = frozenset(
    {"module", "block", "class_definition", "decorated_definition", "function_definition"}
)
_NUMBERED: Final = frozenset({"block", "class_definition", "function_definition", "if_statement"})
_WHOLE: Final = frozenset({
    "assert_statement", "assignment", "augmented_assignment", "elif_clause", "expression_statement", "for_statement",
    "if_statement", "keyword_argument", "pair", "raise_statement", "return_statement", "while_statement", "with_item",
})  # fmt: skip
_CLOSING: Final = frozenset({")", "]", "}"})


def syntax_digest(node: Node) -> str:
    """16 hex digits; equal for nodes that do the same by the rules above."""
    return hashlib.sha256("\0".join(_words(node)).encode("utf-8", "replace")).hexdigest()[:16]


def source_digest(source: bytes) -> str:
    return syntax_digest(parse(source))


def is_same_program(before: bytes, after: bytes) -> bool:
    """Whether two files have the same digest; quick where most of the text is the same."""
    return _is_same(parse(before), parse(after), _words)


def differs_in_values_only(before: bytes, after: bytes) -> bool:
    """Whether two files are the same but for texts and numbers that are written out in them."""
    return _is_same(parse(before), parse(after), _words_without_values)


def _is_same(old: Node, new: Node, words: Callable[[Node], Iterator[str]]) -> bool:
    if old.type == new.type and old.text == new.text:
        return True
    if old.type == new.type and old.type in _CONTAINERS:
        pairs = [[child for child in _speaking(node) if not _is_silent(child)] for node in (old, new)]
        if len(pairs[0]) == len(pairs[1]):
            return all(_is_same(one, other, words) for one, other in zip(*pairs, strict=True))
    return list(words(old)) == list(words(new))


def differing_statements(before: bytes, after: bytes) -> tuple[list[Node], list[Node]]:
    """The top level of both files without the equal statements at its beginning and end."""
    old, new = parse(before).children, parse(after).children
    start = _count_equal(old, new)
    end = _count_equal(old[start:][::-1], new[start:][::-1])
    return old[start : len(old) - end], new[start : len(new) - end]


def _count_equal(old: Sequence[Node], new: Sequence[Node]) -> int:
    """At the beginning of both."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((place for place, (one, other) in pairs if one.text != other.text), min(len(old), len(new)))


def _words(node: Node) -> Iterator[str]:
    """Leaves in the text's order, with marks where blocks begin and end."""
    return _tell(node, _tell_value)


def _words_without_values(node: Node) -> Iterator[str]:
    return _tell(node, lambda value: value.type if value.type in _NUMBERS else "string")


def _tell(node: Node, tell_value: Callable[[Node], str | None]) -> Iterator[str]:
    """`tell_value`: the word for a text or number; None where its parts must tell."""
    if _is_silent(node):
        return
    if (node.type in _STRINGS or node.type in _NUMBERS) and (word := tell_value(node)) is not None:
        yield word
    elif _is_idle_parenthesis(node):
        yield from _tell(parts(node)[0], tell_value)
    elif _is_cast(node):
        yield from _tell(parts(field(node, "arguments"))[-1], tell_value)
    elif not node.children:
        yield text_of(node)
    else:
        if node.type in _NUMBERED:
            yield f"<{node.type}>"
        yield from (word for child in _speaking(node) for word in _tell(child, tell_value))
        if node.type in _NUMBERED:
            yield f"</{node.type}>"


def _tell_value(node: Node) -> str | None:
    if node.type in _NUMBERS:
        return text_of(node)
    text = _plain_text(node)
    return None if text is None else f"string {text!r}"


def _speaking(node: Node) -> Iterator[Node]:
    """Children that do something."""
    skipped = {
        child.id
        for name in ("type", "return_type", "type_parameters")
        for child in node.children_by_field_name(name)
    }
    children = [child for child in node.children if child.id not in skipped]
    for place, child in enumerate(children):
        after = children[place + 1] if place + 1 < len(children) else None
        if child.type == "->" or (child.type == ":" and node.type in _ANNOTATED):
            continue
        if child.type == "," and after is not None and after.type in _CLOSING:
            continue
        yield child


def _is_silent(node: Node) -> bool:
    if node.type in _SILENT:
        return True
    if node.type == "if_statement":
        return text_of(field(node, "condition")).rpartition(".")[2] == "TYPE_CHECKING"
    if node.type != "expression_statement":
        return False
    inner = parts(node)
    if len(inner) != 1:
        return False
    is_log = inner[0].type == "call" and _LOGS.fullmatch(text_of(field(inner[0], "function"))) is not None
    return is_log or inner[0].type in _STRINGS


def _is_idle_parenthesis(node: Node) -> bool:
    """Around a whole expression; between operators a pair of parentheses says something."""
    is_pair = node.type == "parenthesized_expression" and len(parts(node)) == 1
    return is_pair and node.parent is not None and node.parent.type in _WHOLE


def _is_cast(node: Node) -> bool:
    return node.type == "call" and text_of(field(node, "function")) in {"cast", "typing.cast", "t.cast"}


def _plain_text(node: Node) -> str | bytes | None:
    """None for a text with interpolations."""
    if node.type == "string":
        return literal_text(node)
    found = [_plain_text(part) for part in parts(node)]
    if all(isinstance(part, str) for part in found):
        return "".join(str(part) for part in found)
    return None
