"""Python source to syntax nodes (tree-sitter), and small questions to ask of them."""

import ast
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor

PYTHON = Language(tree_sitter_python.language())
_BROKEN = Query(PYTHON, "(ERROR) @broken (MISSING) @broken")


def parse(source: bytes) -> Node:
    """The root of the tree; it may hold errors, see `find_faults`."""
    return Parser(PYTHON).parse(source).root_node


def find_faults(root: Node) -> list[int]:
    """Numbers of the lines that are no Python the parser knows; a tree with any must not be read for facts."""
    if not root.has_error:
        return []
    broken = QueryCursor(_BROKEN).captures(root).get("broken", [])
    return sorted({node.start_point.row + 1 for node in broken}) or [1]


def text_of(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def field(node: Node, name: str) -> Node:
    """A field that the grammar guarantees. Raises `LookupError` otherwise."""
    found = node.child_by_field_name(name)
    if found is None:
        raise LookupError(f"{node.type} without {name}")
    return found


def parts(node: Node) -> list[Node]:
    """Named children without comments."""
    return [child for child in node.named_children if child.type != "comment"]


def walk(
    node: Node, *, into: frozenset[str] | None = None, skip: frozenset[str] = frozenset()
) -> Iterator[Node]:
    """The node and all below it, in order of the text; `into` limits, `skip` excludes the types descended into."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        is_open = (into is None or current.type in into) and current.type not in skip
        if is_open or current is node:
            stack.extend(reversed(current.named_children))


@lru_cache(maxsize=64)
def _query(pattern: str) -> Query:
    return Query(PYTHON, pattern)


def find(node: Node, pattern: str, capture: str = "it") -> list[Node]:
    """Nodes captured by a tree-sitter pattern, in order of the text."""
    found = QueryCursor(_query(pattern)).captures(node).get(capture, [])
    return sorted(found, key=lambda each: each.start_byte)


def literal_text(node: Node) -> str | bytes | None:
    """The value of one string literal without interpolations; None for an f-string that has some."""
    if any(child.type == "interpolation" for child in node.named_children):
        return None
    return _decode(node)


def _decode(node: Node) -> str | bytes:
    start = text_of(node.children[0])
    body = "".join(text_of(child) for child in node.children[1:-1])
    prefix = start.rstrip("\"'").lower()
    quote = start[len(prefix) :]
    if "f" in prefix or "t" in prefix:
        body = body.replace("{{", "{").replace("}}", "}")
    return decode_body(body, raw="r" in prefix, as_bytes="b" in prefix, quote=quote)


def decode_body(body: str, *, raw: bool, as_bytes: bool = False, quote: str = '"""') -> str | bytes:
    """What Python makes of the text between the quotes."""
    plain: str | bytes
    if raw or "\\" not in body:
        plain = body
        return plain.encode() if as_bytes else plain
    source = ("b" if as_bytes else "") + quote + body + quote
    try:
        value = ast.literal_eval(source)
    except (SyntaxError, ValueError):
        return body
    return value if isinstance(value, str | bytes) else body


def decorators(definition: Node) -> list[Node]:
    """Expressions of the decorators of a function or class, outermost first."""
    parent = definition.parent
    if parent is None or parent.type != "decorated_definition":
        return []
    return [parts(child)[0] for child in parent.named_children if child.type == "decorator"]


def statements(block: Node) -> list[Node]:
    """Of a module, class or function body, with decorated definitions unwrapped."""
    return [
        field(child, "definition") if child.type == "decorated_definition" else child
        for child in parts(block)
    ]


def named_arguments(call: Node) -> dict[str, Node]:
    """Positional ones by their number as text."""
    found: dict[str, Node] = {}
    given = field(call, "arguments")
    if given.type != "argument_list":
        return {}
    position = 0
    for part in parts(given):
        if part.type == "keyword_argument":
            found[text_of(field(part, "name"))] = field(part, "value")
        else:
            found[str(position)] = part
            position += 1
    return found
