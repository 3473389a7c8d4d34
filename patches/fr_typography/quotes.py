"""Straight double quotes as guillemets, and as English quotes inside others."""

import re
from typing import Final

from notifications_utils.templating.typography import LINK_CHARACTERS, VALUE_CHARACTERS

# Two in a row are neither a quotation nor empty of meaning in code: they stay.
_QUOTES: Final = re.compile(r'(?<!")"(?!")|[«»]')
_OPENERS: Final = rf"(\[{{«“{LINK_CHARACTERS[0]}"
_CAN_OPEN_AFTER: Final = re.compile(rf"[\s{_OPENERS}'’/–—-]")
_CAN_CLOSE_AFTER: Final = re.compile(rf"[^\s{_OPENERS}]")
_CAN_CLOSE_BEFORE: Final = re.compile(rf"[^\w{VALUE_CHARACTERS}{LINK_CHARACTERS[0]}]")


def write_guillemets(text: str) -> str:
    """The text with `« »` for each pair of straight quotes, `“ ”` within others; a quote without its pair stays."""
    signs = list(text)
    opened: list[tuple[int, bool]] = []
    guillemets = 0
    for match in _QUOTES.finditer(text):
        place = match.start()
        if match[0] != '"':
            guillemets = max(0, guillemets + (1 if match[0] == "«" else -1))
        elif opened and _can_close(text, place):
            start, is_inner = opened.pop()
            signs[start], signs[place] = "“”" if is_inner else "«»"
        elif _can_open(text, place):
            opened.append((place, bool(opened or guillemets)))
    return "".join(signs)


def _can_open(text: str, place: int) -> bool:
    is_after = place == 0 or _CAN_OPEN_AFTER.match(text[place - 1])
    return bool(is_after and not text[place + 1 : place + 2].isspace() and place + 1 < len(text))


def _can_close(text: str, place: int) -> bool:
    is_after = place > 0 and _CAN_CLOSE_AFTER.match(text[place - 1])
    return bool(is_after and (place + 1 == len(text) or _CAN_CLOSE_BEFORE.match(text[place + 1])))
