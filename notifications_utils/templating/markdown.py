"""The Markdown subset of e-mails: from source to a tree of blocks. Never fails: what is no markup is text.

A parser of our own rather than mistune's: the subset is a contract that departs from CommonMark in nearly
every rule (a list may interrupt a paragraph at any number, lists of two kinds never merge, `^` insets, headings
without a space, no emphasis, no quotes, no raw HTML, tables dropped), so mistune would be a table of overrides
longer than this file. It also keeps the tree free of HTML, and its cost is linear in the size of the source.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from notifications_utils.templating.blocks import (
    Block,
    BlockList,
    Blocks,
    Heading,
    Inset,
    LanguageBlock,
    Paragraph,
    Rule,
)
from notifications_utils.templating.inline import Context, Link, parse_inlines, reference_key

_HEADING: Final = re.compile(r" {0,3}(#{1,6})(.*)")
_UNDERLINE: Final = re.compile(r" {0,3}(?:=+ *|-|-{2,} *)$")
_RULE: Final = re.compile(r" {0,3}([-*_])(?: *\1){2,} *$")
_FENCE: Final = re.compile(r" {0,3}(```|~~~)[^`]*$")
_TABLE_LINE: Final = re.compile(r" {0,3}\|? *:?-+:? *\|[-: |]*$")
# Contract: any of three signs; ours besides: a blank after it, and no more than three digits, so that dates,
# amounts and negative numbers stay text.
_ITEM: Final = re.compile(r"( *)(?:[*•-]|(\d{1,3})\.)(?:[ \u00a0]+(.*))$")
_INSET: Final = re.compile(r" {0,3}\^ ?(.*)")
_LANGUAGE: Final = re.compile(r"\[\[([a-z]{2,3}(?:-[a-z]{2,4})?)\]\] *$", re.IGNORECASE)
_DEFINITION: Final = re.compile(r" {0,3}\[([^\[\]]+)\]: *(.*)$")
_REFERENCE: Final = re.compile(r"""<?(\S+?)>?(?: +["'(](.*)["')])? *$""")
_PLUS: Final = re.compile(r" {0,3}\+ ")

_INDENT: Final = 2
_CODE_INDENT: Final = "    "
_DEEPEST_LIST: Final = 6
_LINE_ENDS: Final = re.compile(r"\r\n?")
# Invisible or reserved: two fillers that people paste (contract), and the characters of links (inline).
_DROPPED: Final = re.compile("[\u2028\u3164\U00100000-\U0010ffff]")

Lines: TypeAlias = list[str]
Found: TypeAlias = tuple[Block | None, int]
"""A block, or None where the markup shows nothing, and the line after it."""
BlockRule: TypeAlias = Callable[[Lines, int], Found | None]


def parse_markdown(content: str, context: Context | None = None) -> Blocks:
    """The blocks of the content, in order."""
    text = _DROPPED.sub("", _LINE_ENDS.sub("\n", content)).expandtabs(4)
    context = context or Context()
    lines, references, notes = _take_definitions(text.split("\n"))
    parser = _Parser(replace(context, references=references, notes=notes))
    return parser.parse(lines) + tuple(map(parser.paragraph, notes.values()))


def _take_definitions(lines: Lines) -> tuple[Lines, dict[str, Link], dict[str, str]]:
    """`[name]: address` and `[^name]: note` lines, taken out of the others."""
    references: dict[str, Link] = {}
    notes: dict[str, str] = {}
    kept: Lines = []
    for line in lines:
        definition = _DEFINITION.match(line) if "]:" in line else None
        if definition and definition[1].startswith("^"):
            notes.setdefault(definition[1][1:].lower(), definition[2])
        elif definition and (target := _REFERENCE.match(definition[2])):
            references.setdefault(reference_key(definition[1]), Link("", target[1], target[2] or ""))
        else:
            kept.append(line)
            continue
        kept.append("")
    return kept, references, notes


class _Parser:
    """Each rule looks at the lines from `start` and either declines or returns what it found."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last_lines: dict[str, int] = {}
        inside_inset: tuple[BlockRule, ...] = (
            _find_rule,
            self._find_code,
            self._find_heading,
            _find_table,
            self._find_underlined_heading,
            self._find_list,
        )
        self._inset_rules = (*inside_inset, self._find_paragraph)
        self._language_rules = (*inside_inset, self._find_inset, self._find_paragraph)
        self._rules = (self._find_language_block, *self._language_rules)

    def parse(self, lines: Lines) -> Blocks:
        self._last_lines = {
            _as_tag(line): place for place, line in enumerate(lines) if line.startswith("[[/")
        }
        return _apply(self._rules, lines)

    def parse_language_block(self, lines: Lines) -> Blocks:
        return _apply(self._language_rules, lines)

    def paragraph(self, text: str) -> Paragraph:
        return Paragraph(parse_inlines(text, self._context))

    def _find_language_block(self, lines: Lines, start: int) -> Found | None:
        tag = _LANGUAGE.match(lines[start])
        if tag is None:
            return None
        code = tag[1].lower()
        closing = f"[[/{code}]]"
        # Known beforehand: looking for the end of hostile openings that have none would not be linear.
        if self._last_lines.get(closing, 0) <= start:
            return None
        end = next(place for place in range(start + 1, len(lines)) if _as_tag(lines[place]) == closing)
        inside = _Parser(replace(self._context, language=code))
        return LanguageBlock(code, inside.parse_language_block(lines[start + 1 : end])), end + 1

    def _find_code(self, lines: Lines, start: int) -> Found | None:
        """Code is shown as text, word for word."""
        if fence := _FENCE.match(lines[start]):
            end = _find_line(lines, start + 1, fence[1])
            inside = lines[start + 1 : end]
            return _verbatim(inside), len(lines) if end is None else end + 1
        end = start
        while end < len(lines) and lines[end].startswith(_CODE_INDENT):
            end += 1
        return (_verbatim([line[4:] for line in lines[start:end]]), end) if end > start else None

    def _find_heading(self, lines: Lines, start: int) -> Found | None:
        heading = _HEADING.match(lines[start])
        if heading is None:
            return None
        if text := heading[2].rstrip().rstrip("#").strip():
            return self._heading(len(heading[1]), text), start + 1
        # A heading whose placeholder is empty leaves its sign and a blank; a sign alone is text.
        return (None, start + 1) if heading[2].startswith(" ") else None

    def _find_underlined_heading(self, lines: Lines, start: int) -> Found | None:
        if not _is_underlined(lines, start) or _ITEM.match(lines[start]) or _INSET.match(lines[start]):
            return None
        return self._heading(1 if "=" in lines[start + 1] else 2, lines[start].strip()), start + 2

    def _heading(self, level: int, text: str) -> Heading | Paragraph:
        content = parse_inlines(text, self._context)
        shown: dict[int, Literal[1, 2]] = {1: 1, 2: 2}
        return Heading(shown[level], content) if level in shown else Paragraph(content)

    def _find_inset(self, lines: Lines, start: int) -> Found | None:
        """Contract: goes on until a blank line that no other `^` follows."""
        if not _INSET.match(lines[start]):
            return None
        end = _find_inset_end(lines, start)
        inside = [mark[1] if (mark := _INSET.match(line)) else line for line in lines[start:end]]
        blocks = _apply(self._inset_rules, inside)
        return (Inset(blocks) if blocks else None), end

    def _find_list(self, lines: Lines, start: int, depth: int = 1) -> Found | None:
        first = _ITEM.match(lines[start])
        if first is None:
            return None
        inner = len(first[1]) + _INDENT
        items: list[Blocks] = []
        position = start
        while position < len(lines) and _is_sibling(lines[position], first):
            end = _find_item_end(lines, position, inner)
            item = self._parse_item(lines[position:end], inner, depth)
            items.extend([item] if item else [])
            position = _skip_one_blank(lines, end, first)
        return (BlockList(_is_ordered(first), tuple(items)) if items else None), position

    def _parse_item(self, lines: Lines, inner: int, depth: int) -> Blocks:
        first = _ITEM.match(lines[0])
        rest = [_dedent(line, inner) for line in lines[1:]]
        inside = [first[3] if first else lines[0], *rest]
        if depth >= _DEEPEST_LIST:
            return (self.paragraph(_join(inside)),) if any(map(str.strip, inside)) else ()
        blocks: list[Block] = []
        position = 0
        while position < len(inside):
            end = _find_item_paragraph_end(inside, position, is_first=position == 0)
            if text := _join(inside[position:end]):
                blocks.append(self.paragraph(text))
            position = end
            if position < len(inside) and (found := self._find_list(inside, position, depth + 1)):
                nested, position = found
                blocks.extend([nested] if nested else [])
        return tuple(blocks)

    def _find_paragraph(self, lines: Lines, start: int) -> Found:
        end = start + 1
        while end < len(lines) and not _ends_paragraph(lines, end):
            end += 1
        return self.paragraph(_join(lines[start:end])), end


def _apply(rules: tuple[BlockRule, ...], lines: Lines) -> Blocks:
    blocks: list[Block] = []
    position = 0
    while position < len(lines):
        if not lines[position].strip():
            position += 1
            continue
        block, position = next(found for rule in rules if (found := rule(lines, position)))
        blocks.extend([block] if block else [])
    return tuple(blocks)


def _find_rule(lines: Lines, start: int) -> Found | None:
    return (Rule(), start + 1) if _RULE.match(lines[start]) else None


def _find_table(lines: Lines, start: int) -> Found | None:
    """Contract: a table is left out."""
    if "|" not in lines[start] or start + 1 == len(lines) or not _TABLE_LINE.match(lines[start + 1]):
        return None
    end = start + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return None, end


def _as_tag(line: str) -> str:
    return line.rstrip().lower()


def _find_line(lines: Lines, start: int, text: str) -> int | None:
    return next((place for place in range(start, len(lines)) if lines[place].strip().lower() == text), None)


def _is_underlined(lines: Lines, start: int) -> bool:
    return start + 1 < len(lines) and _UNDERLINE.match(lines[start + 1]) is not None


def _find_inset_end(lines: Lines, start: int) -> int:
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
        if end < len(lines) and not lines[end].strip():
            following = _skip_blanks(lines, end)
            if following == len(lines) or not _INSET.match(lines[following]):
                return end
            end = following
    return end


def _skip_blanks(lines: Lines, start: int) -> int:
    return next((place for place in range(start, len(lines)) if lines[place].strip()), len(lines))


def _is_sibling(line: str, first: re.Match[str]) -> bool:
    """Whether the line is an item of the list that begins with `first`."""
    item = _ITEM.match(line)
    if item is None or len(item[1]) >= len(first[1]) + _INDENT:
        return False
    return _is_ordered(item) == _is_ordered(first)


def _is_ordered(item: re.Match[str]) -> bool:
    return item[2] is not None


def _find_item_end(lines: Lines, start: int, inner: int) -> int:
    """Text goes on below without indent; after a blank line only with it."""
    end = start + 1
    while end < len(lines):
        line = lines[end]
        is_indented = line.startswith(" " * inner)
        if not line.strip():
            if not (
                end + 1 < len(lines) and lines[end + 1].startswith(" " * inner) and lines[end + 1].strip()
            ):
                return end
        elif not is_indented and (_ITEM.match(line) or _interrupts(line) or _INSET.match(line)):
            return end
        end += 1
    return end


def _skip_one_blank(lines: Lines, end: int, first: re.Match[str]) -> int:
    """Contract: one blank line may separate items, two begin another list."""
    if end + 1 >= len(lines) or lines[end].strip():
        return end
    return end + 1 if _is_sibling(lines[end + 1], first) else end


def _find_item_paragraph_end(lines: Lines, start: int, *, is_first: bool) -> int:
    """The first line of an item is always text, even when it looks like an item."""
    if not is_first and _ITEM.match(lines[start]):
        return start
    end = start + 1
    while end < len(lines) and lines[end - 1].strip() and not _ITEM.match(lines[end]):
        end += 1
    return end


def _dedent(line: str, width: int) -> str:
    return line[width:] if line.startswith(" " * width) else line.lstrip(" ")


def _interrupts(line: str) -> bool:
    return any(mark.match(line) for mark in (_HEADING, _RULE, _FENCE, _LANGUAGE))


def _ends_paragraph(lines: Lines, end: int) -> bool:
    line = lines[end]
    return (
        not line.strip()
        or _ITEM.match(line) is not None
        or _PLUS.match(line) is not None
        or _interrupts(line)
        or _is_underlined(lines, end)
    )


def _join(lines: Lines) -> str:
    return "\n".join(line.strip(" ") for line in lines).strip("\n")


def _verbatim(lines: Lines) -> Paragraph | None:
    text = "\n".join(lines).strip("\n")
    return Paragraph((text,)) if text else None
