"""What cells and addresses lose before they are read."""

import re
from typing import Final

from notifications_utils.characters import NO_BREAK_SPACES, ZERO_WIDTH

_INVISIBLE: Final = re.compile(f"[{ZERO_WIDTH}{NO_BREAK_SPACES}]")
_REPLACEMENTS: Final = str.maketrans(dict.fromkeys(ZERO_WIDTH) | dict.fromkeys(NO_BREAK_SPACES, " "))


def clean_text(text: str) -> str:
    """Without zero-width characters, no-break spaces as plain ones.

    Ours: the contract drops no-break spaces, which turns `M. Dupont` into `M.Dupont`.
    """
    if text.isascii() or _INVISIBLE.search(text) is None:
        return text
    return text.translate(_REPLACEMENTS)
