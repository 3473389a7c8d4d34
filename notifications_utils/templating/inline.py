"""Inside a block: text and links. Everything else is text; bold and italics are not part of the subset."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from notifications_utils.templating.language import ENGLISH
from notifications_utils.templating.typography import Typography, neutral

_OPEN: Final = "\U00100000"
_CLOSE: Final = "\U00100001"
_BARE: Final = "\U00100002"
_LINK_SIGNS: Final = re.compile(f"([{_OPEN}{_CLOSE}{_BARE}])")

_TOKEN: Final = re.compile(
    r"\\(?P<escaped>[\\`*{}\[\]()#+\-.!_>~|^])"
    r"""|(?P<address>https?://[^\s<>]*[^\s<>.,:;"')\]])"""
    r"|(?P<bracket>!?\[)"
    "|(?P<hole>[\U000f0000-\U000f1fff])"
)
# One pair of brackets may stand inside. Possessive, so that hostile brackets cost linear time.
_LABEL: Final = re.compile(r"\[((?:[^\[\]]++|\[[^\[\]]*+\])*+)\]")
_TITLE_START: Final = re.compile(r"""\s["']""")
_TITLE_END: Final = re.compile(r"""["']\s*\)""")
_ESCAPED: Final = re.compile(r"\\([\\`*{}\[\]()#+\-.!_>~|^])")

_LONGEST_TARGET: Final = 4096


@dataclass(frozen=True, slots=True)
class Link:
    """A link; without `text` it shows its target."""

    text: str
    target: str
    title: str = ""


Inlines: TypeAlias = tuple[str | Link, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What the text of a block may refer to."""

    references: Mapping[str, Link] = field(default_factory=dict)
    notes: Collection[str] = ()
    linkable: Collection[str] = ()
    """Holes whose value is a web address, shown as a link where they stand in a text."""
    typography: Typography = neutral
    language: str = ENGLISH.code


def parse_inlines(text: str, context: Context) -> Inlines:
    """Texts and links in order, the texts with their typography."""
    return _apply_typography(tuple(_tokenise(text, context)), context)


def _tokenise(text: str, context: Context) -> Iterator[str | Link]:
    position = 0
    while token := _TOKEN.search(text, position):
        yield text[position : token.start()]
        found, position = _read_token(text, token, context)
        yield found
    yield text[position:]


def _read_token(text: str, token: re.Match[str], context: Context) -> tuple[str | Link, int]:
    if token["escaped"]:
        return token["escaped"], token.end()
    if token["address"]:
        return Link("", token["address"]), token.end()
    if token["hole"]:
        char = token["hole"]
        return (Link("", char) if char in context.linkable else char), token.end()
    label = _LABEL.match(text, token.end() - 1)
    link = _read_link(text, label, context) if label else None
    if link is None:
        return token[0], token.end()
    found, end = link
    return ("" if token[0] == "![" else found), end


def _read_link(text: str, label: re.Match[str], context: Context) -> tuple[Link | str, int] | None:
    """The link whose label was read, or "" for a footnote's sign; None when the brackets are mere text."""
    if label[1].startswith("^"):
        return ("", label.end()) if label[1][1:].lower() in context.notes else None
    shown = _ESCAPED.sub(r"\1", label[1])
    if text.startswith("(", label.end()) and (target := _read_target(text, label.end() + 1)):
        address, title, end = target
        return Link(shown, address, title), end
    if context.references and (reference := _find_reference(text, label, context.references)):
        link, end = reference
        return Link(shown, link.target, link.title), end
    return None


def _find_reference(
    text: str, label: re.Match[str], references: Mapping[str, Link]
) -> tuple[Link, int] | None:
    key = _LABEL.match(text, label.end())
    if key and (link := references.get(reference_key(key[1] or label[1]))):
        return link, key.end()
    link = references.get(reference_key(label[1]))
    return (link, label.end()) if link else None


def reference_key(name: str) -> str:
    """References are found whatever the case and spacing of their names."""
    return " ".join(name.lower().split())


def _read_target(text: str, start: int) -> tuple[str, str, int] | None:
    """Address, title and end of `address "title")`; contract: the first closing parenthesis ends it."""
    limit = start + _LONGEST_TARGET
    close = text.find(")", start, limit)
    if close < 0:
        return None
    title = _TITLE_START.search(text, start, close)
    title_end = _TITLE_END.search(text, title.end(), limit) if title else None
    if title is None or title_end is None:
        return _trim(text[start:close]), "", close + 1
    return _trim(text[start : title.start()]), text[title.end() : title_end.start()], title_end.end()


def _trim(target: str) -> str:
    target = target.strip()
    return target[1:-1] if target.startswith("<") and target.endswith(">") else target


def _apply_typography(parts: Inlines, context: Context) -> Inlines:
    """One call for the whole block, so that quotes and blanks around a link are seen in their context."""
    links = [part for part in parts if isinstance(part, Link)]
    written = context.typography("".join(map(_show, parts)), context.language)
    if not links:
        return (written,) if written else ()
    return tuple(_restore(written, iter(links).__next__))


def _show(part: str | Link) -> str:
    if isinstance(part, str):
        return part
    return f"{_OPEN}{part.text}{_CLOSE}" if part.text else _BARE


def _restore(written: str, next_link: Callable[[], Link]) -> Iterator[str | Link]:
    pieces = iter(_LINK_SIGNS.split(written))
    for piece in pieces:
        if piece == _BARE:
            yield next_link()
        elif piece == _OPEN:
            link = next_link()
            yield Link(next(pieces), link.target, link.title)
            next(pieces)
        elif piece:
            yield piece
