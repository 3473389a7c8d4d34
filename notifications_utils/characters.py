"""Invisible characters that people paste without knowing it."""

from typing import Final

# Contract: these six never count as content, wherever they stand.
ZERO_WIDTH: Final = "\u180e\u200b\u200c\u200d\u2060\ufeff"
NO_BREAK_SPACES: Final = "\u00a0\u202f"
