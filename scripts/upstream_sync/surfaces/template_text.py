"""What a Jinja template shows to people, piece by piece, without rendering it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import jinja2
from jinja2 import nodes

PLACEHOLDER: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
_TRANSLATED: Final = frozenset({"_", "_l", "gettext", "lazy_gettext", "ngettext"})
# Arguments and members of components that programs read, not people.
_FOR_PROGRAMS: Final = frozenset({
    "class", "classes", "href", "id", "name", "type", "element", "src", "method", "action", "autocomplete", "role",
    "inputmode", "pattern", "enctype", "for", "target", "rel", "url", "endpoint", "value", "key", "permission", "lang",
    "module", "template_type", "testid", "data_testid", "icon", "tag", "size", "format", "spellcheck", "colour",
})  # fmt: skip
_SHOWN_ATTRIBUTE = re.compile(
    r"""\s(?:alt|title|placeholder|label|aria-label|aria-description|data-\w*(?:text|label))\s*=\s*("[^"]*"|'[^']*')""",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]{2}|[^\W\d_]\W|\W[^\W\d_]$")
_CODE = re.compile(
    r"[\w./:#?=&%@*+,{}\[\]()<>|\\$^~-]*[/_=#{}\[\]<>|\\$^~@:.\d-][\w./:#?=&%@*+,{}\[\]()<>|\\$^~-]*"
)
_ENVIRONMENT: Final = jinja2.Environment(  # nothing is rendered  # noqa: S701
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"]
)


@dataclass(frozen=True, slots=True)
class Piece:
    """`slot` names the block or macro; `text` has a `PLACEHOLDER` where a value goes."""

    slot: str
    text: str


def read_template(source: str) -> list[Piece]:
    """In the template's order. Raises `jinja2.TemplateSyntaxError`."""
    reader = _Reader()
    for node in _ENVIRONMENT.parse(source).body:
        reader.visit(node)
    reader.markup.end()
    return reader.pieces


def is_shown(text: str, *, certain: bool = False) -> bool:
    """Whether a constant is a text for people; `certain`: it stands where only such texts stand."""
    plain = text.replace(PLACEHOLDER, " ").strip()
    if not _LETTERS.search(f" {plain} "):
        return False
    return certain or not (_CODE.fullmatch(plain) or (plain.islower() and " " not in plain))


class _Markup:
    """HTML that comes in chunks: texts between tags, and attributes that are shown."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._text = ""
        self._tag = ""
        self._in_tag = False
        self._quote = ""
        self._hidden = ""  # end tag of what is not shown

    def feed(self, chunk: str) -> None:
        for character in chunk:
            if self._in_tag:
                self._feed_tag(character)
            elif character == "<" and not self._hidden:
                self.end()
                self._in_tag, self._tag = True, ""
            else:
                self._text += character
                if self._hidden and self._text.lower().endswith(self._hidden):
                    self._text, self._hidden = "", ""

    def end(self) -> None:
        """A text never goes on beyond a tag, a condition or a block."""
        text, self._text = ("", self._text) if self._hidden else (self._text, "")
        self._keep(text)

    def _feed_tag(self, character: str) -> None:
        is_comment = self._tag.startswith("!--")
        if character == ">" and not self._quote and (not is_comment or self._tag.endswith("--")):
            self._close_tag()
            return
        self._tag += character
        if not is_comment and character in "\"'":
            self._quote = "" if self._quote == character else self._quote or character

    def _close_tag(self) -> None:
        self._in_tag, self._quote = False, ""
        name = self._tag.split(maxsplit=1)[0].lower() if self._tag.strip() else ""
        if name in {"script", "style"}:
            self._hidden = f"</{name}>"
        for value in _SHOWN_ATTRIBUTE.findall(self._tag):
            self._keep(value[1:-1])

    def _keep(self, text: str) -> None:
        plain = " ".join(html.unescape(text).split())
        if is_shown(plain, certain=True):
            self.found.append(plain)


class _Reader:
    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.markup = _Markup()
        self._slot = ""

    def visit(self, node: nodes.Node) -> None:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    self._visit_output(part)
            case nodes.Block() | nodes.Macro():
                self._visit_inside(node, f"{type(node).__name__.lower()}:{node.name}")
            case nodes.CallBlock():
                self._visit_expression(node.call)
                self._visit_body(node.body)
            case nodes.If():
                self._visit_body(node.body)
                self._visit_body([*node.elif_, *node.else_])
            case nodes.Assign() | nodes.ExprStmt():
                self._visit_expression(node.node)
            case nodes.With():
                for value in node.values:
                    self._visit_expression(value)
                self._visit_body(node.body)
            case _:
                self._visit_body(list(node.iter_child_nodes(exclude=("test", "iter", "target", "filter"))))
        self._collect()

    def _visit_inside(self, node: nodes.Block | nodes.Macro, slot: str) -> None:
        outer, self._slot = self._slot, slot
        if isinstance(node, nodes.Macro):
            for default in node.defaults:
                self._visit_expression(default)
        self._visit_body(node.body)
        self._slot = outer

    def _visit_body(self, body: list[nodes.Node]) -> None:
        self._collect()
        for node in body:
            if isinstance(node, nodes.Expr):
                self._visit_expression(node)
            else:
                self.visit(node)
        self._collect()

    def _visit_output(self, part: nodes.Expr) -> None:
        if isinstance(part, nodes.TemplateData):
            self.markup.feed(part.data)
        elif isinstance(part, nodes.Const) and isinstance(part.value, str):
            self.markup.feed(part.value)
        else:
            self._visit_expression(part)
            self.markup.feed(PLACEHOLDER)

    def _visit_expression(self, node: nodes.Node, *, certain: bool = False) -> None:
        for text, is_certain in _texts(node, certain=certain):
            if "<" in text and ">" in text:
                inner = _Markup()
                inner.feed(text)
                inner.end()
                self.pieces += (Piece(self._slot, found) for found in inner.found)
            elif is_shown(plain := " ".join(html.unescape(text).split()), certain=is_certain):
                self.pieces.append(Piece(self._slot, plain))

    def _collect(self) -> None:
        self.markup.end()
        self.pieces += (Piece(self._slot, text) for text in self.markup.found)
        self.markup.found.clear()


def _texts(node: nodes.Node, *, certain: bool = False) -> Iterator[tuple[str, bool]]:
    """Constants of an expression that may be shown, each with whether it surely is."""
    match node:
        case nodes.Const():
            if isinstance(node.value, str):
                yield node.value, certain
        case nodes.Compare() | nodes.Getattr() | nodes.Test():
            return
        case nodes.Getitem() | nodes.Filter():
            yield from _texts_around(node, certain=certain)
        case nodes.Dict():
            yield from (found for pair in node.items for found in _texts_of_member(pair.key, pair.value))
        case nodes.CondExpr():
            branches = (part for part in (node.expr1, node.expr2) if part is not None)
            yield from (found for part in branches for found in _texts(part, certain=certain))
        case nodes.Concat() | nodes.Add() | nodes.Mod():
            yield from _joined(node, certain=certain)
        case nodes.Call():
            yield from _texts_of_call(node)
        case _:
            yield from (found for part in node.iter_child_nodes() for found in _texts(part, certain=certain))


def _texts_around(node: nodes.Getitem | nodes.Filter, *, certain: bool) -> Iterator[tuple[str, bool]]:
    """What a member is taken from, or a filter is put on; a filter may name another text, as `default` does."""
    if node.node is not None:
        yield from _texts(node.node, certain=certain and isinstance(node, nodes.Filter))
    if isinstance(node, nodes.Filter):
        yield from (found for part in node.args for found in _texts(part))


def _texts_of_member(key: nodes.Expr, value: nodes.Expr) -> Iterator[tuple[str, bool]]:
    name = key.value if isinstance(key, nodes.Const) else ""
    if isinstance(name, str) and not _is_for_programs(name):
        yield from _texts(value, certain=name in {"text", "html", "label", "hint", "aria-label"})


def _texts_of_call(node: nodes.Call) -> Iterator[tuple[str, bool]]:
    name = node.node.name if isinstance(node.node, nodes.Name) else getattr(node.node, "attr", "")
    if name in {"url_for", "asset_url", "has_permissions", "get", "strftime", "startswith", "endswith"}:
        return
    for part in node.args:
        yield from _texts(part, certain=name in _TRANSLATED)
    for argument in node.kwargs:
        if not _is_for_programs(argument.key):
            yield from _texts(argument.value)
    if not isinstance(node.node, nodes.Name):
        yield from _texts(node.node.node) if isinstance(node.node, nodes.Getattr) else ()


def _is_for_programs(name: str) -> bool:
    return name in _FOR_PROGRAMS or name.endswith(
        ("_class", "_classes", "_id", "_url", "_link", "Classes", "Id")
    )


def _joined(node: nodes.Expr, *, certain: bool) -> Iterator[tuple[str, bool]]:
    """Pieces put together with `~`, `+` or `%` are one text."""
    text = "".join(_flatten(node))
    if text.strip(PLACEHOLDER + " "):
        yield text, certain


def _flatten(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Const():
            yield node.value if isinstance(node.value, str) else PLACEHOLDER
        case nodes.Concat():
            yield from (found for part in node.nodes for found in _flatten(part))
        case nodes.Add():
            yield from (*_flatten(node.left), *_flatten(node.right))
        case nodes.Mod():
            yield from _flatten(node.left)
        case _:
            yield PLACEHOLDER
