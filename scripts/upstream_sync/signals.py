"""What a pull request's own files say beside facts: whether tests changed their mind, whether only the looks of the
program changed, whether someone who cares for security should look first.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from scripts.upstream_sync.syntax.normal import differing_statements
from scripts.upstream_sync.syntax.parsing import decorators, field, find, parts, text_of

_WORDS: Final = (
    r"vulnerab\w*", r"cve-\d{4}-\d+", r"ghsa(?:-\w{4}){3}", r"xss", r"csrf", r"ssrf", r"redos", r"\bdos\b", "injection",
    "bypass", "exploit", "penetration", "pen ?test", "ithc", "security", "brute.?force", "clickjack", "open redirect",
    "path traversal", "session fixation", r"leak(?:s|ed|ing)? (?:secret|token|key|password|personal)",
    "encrypt", "hash(?:es|ed|ing)? password", "password",
)  # fmt: skip
_SECURITY_WORDS = re.compile("|".join(rf"(?<![\w-])(?:{word})(?![\w-])" for word in _WORDS), re.IGNORECASE)
_ADVISORY = re.compile(r"\[security\]|\bCVE-\d{4}-\d+|\bGHSA(?:-\w{4}){3}", re.IGNORECASE)
# Branches and footers are not what a change is about.
_FOOTER = re.compile(
    r"^(?:Co-authored-by|Signed-off-by|Merge pull request|https?://).*$", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class TestSignal:
    """Assertions that existing tests lost (changed or dropped), and those they gained; of values and of mocked calls."""

    lost: int = 0
    gained: int = 0
    lost_calls: int = 0
    gained_calls: int = 0

    @property
    def is_changed(self) -> bool:
        return self.lost + self.lost_calls > 0

    @property
    def is_grown(self) -> bool:
        return self.gained + self.gained_calls > 0


def compare_tests(pairs: Iterable[tuple[bytes, bytes]]) -> TestSignal:
    """`pairs`: each file before and after, empty where it is not. All files together, so that tests which moved or
    got another name count for nothing.
    """
    old, new = Counter[tuple[bool, str]](), Counter[tuple[bool, str]]()
    for before, after in pairs:
        for counter, nodes in zip((old, new), differing_statements(before, after), strict=True):
            counter.update(assertion for node in nodes for assertion in read_assertions(node))
    lost, gained = old - new, new - old
    return TestSignal(
        lost=_total(lost, is_call=False),
        gained=_total(gained, is_call=False),
        lost_calls=_total(lost, is_call=True),
        gained_calls=_total(gained, is_call=True),
    )


def read_assertions(root: Node) -> list[tuple[bool, str]]:
    """(whether it is about a mocked call, normal text) of each assertion, expected error and case of a test table."""
    plain = [(False, normal_text(node)) for node in find(root, "(assert_statement) @it")]
    calls = find(root, "(call function: (attribute attribute: (identifier) @name)) @it")
    asserted = [(True, normal_text(call)) for call in calls if _method(call).startswith("assert_")]
    raised = [(False, normal_text(call)) for call in calls if _method(call) == "raises"]
    functions = find(root, "(function_definition) @it")
    cases = [
        (False, case) for function in functions for mark in decorators(function) for case in _cases(mark)
    ]
    return [*plain, *asserted, *raised, *cases]


def normal_text(node: Node) -> str:
    """The leaves without comments, joined: white space, line breaks and trailing commas say nothing."""
    leaves = " ".join(_leaves(node))
    return re.sub(r" ,(?= [)\]}])", "", leaves)


def find_security_words(messages: str) -> list[str]:
    """Distinct words of the list that occur, in lower case, sorted."""
    return sorted({found.lower() for found in _SECURITY_WORDS.findall(_FOOTER.sub("", messages))})


def has_advisory(messages: str) -> bool:
    return _ADVISORY.search(messages) is not None


def _leaves(node: Node) -> Iterable[str]:
    if node.type == "comment":
        return
    if node.child_count == 0 or node.type == "string":
        yield text_of(node)
        return
    for child in node.children:
        yield from _leaves(child)


def _method(call: Node) -> str:
    return text_of(field(field(call, "function"), "attribute"))


def _cases(mark: Node) -> Iterable[str]:
    """The rows of `@pytest.mark.parametrize`."""
    if mark.type != "call" or "parametrize" not in text_of(field(mark, "function")):
        return
    for argument in parts(field(mark, "arguments")):
        if argument.type in {"list", "tuple"}:
            yield from (normal_text(row) for row in parts(argument))


def _total(counter: Counter[tuple[bool, str]], *, is_call: bool) -> int:
    return sum(number for (kind, _), number in counter.items() if kind is is_call)
