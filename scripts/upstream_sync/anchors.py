"""Anchors: behaviour of upstream that is no fact, watched by the digest of its syntax.

`anchor <path> [<symbol>]` → {"digest"}, kept like a surface in `upstream/facts/<id>/anchors.jsonl`. A symbol is a function,
class or assigned name of the top level, or `Class.method`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from tree_sitter import Node

from api.patch_series.declaration import Anchor
from scripts.upstream_sync.facts import Fact, FactSet
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.syntax.normal import syntax_digest
from scripts.upstream_sync.syntax.parsing import field, parse, parts, statements, text_of

ANCHORS: Final = "anchors"
_DEFINITIONS: Final = ("class_definition", "function_definition")


def anchor_key(anchor: Anchor) -> str:
    return f"anchor {anchor.path} {anchor.symbol or ''}".rstrip()


def extract_anchors(
    repository: Repository, commit: str, source_id: str, anchors: Iterable[Anchor]
) -> FactSet:
    """Those of one source. What is not there at the commit has no fact."""
    found = []
    for anchor in anchors:
        content = repository.read_file(commit, anchor.path) if anchor.upstream == source_id else None
        digest = None if content is None else digest_of(content, anchor)
        if digest is not None:
            found.append(Fact(anchor_key(anchor), {"digest": digest}, anchor.path, anchor.symbol or ""))
    return FactSet.of(ANCHORS, found)


def digest_of(content: bytes, anchor: Anchor) -> str | None:
    """None when the file has no such symbol. Outside Python, white space does not count."""
    if not anchor.path.endswith(".py"):
        return hashlib.sha256(b" ".join(content.split())).hexdigest()[:16]
    node: Node | None = parse(content)
    for name in (anchor.symbol or "").split(".") if anchor.symbol else ():
        node = next(_find(node, name), None) if node else None
    return syntax_digest(node) if node else None


def _find(node: Node, name: str) -> Iterator[Node]:
    """What binds the name in a module or class, the last of it first: that is what counts."""
    body = field(node, "body") if node.type in _DEFINITIONS else node
    for statement in reversed(statements(body)):
        if statement.type in _DEFINITIONS:
            if text_of(field(statement, "name")) == name:
                yield statement
        elif statement.type == "expression_statement":
            (inner, *_) = parts(statement) or [statement]
            target = inner.child_by_field_name("left") if inner.type == "assignment" else None
            if target is not None and text_of(target) == name:
                yield inner
