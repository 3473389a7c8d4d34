"""Keys of facts by pattern: `*` stands for any text, everything else for itself.

After a `/`, `*` is no pattern: there it stands in keys themselves, for the items of a list (`/templates/*/name`).
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_ANY: Final = re.compile(r"(?<!/)\*")


@dataclass(frozen=True)
class Pattern:
    """Braces, brackets and question marks are ordinary here, because keys hold them."""

    text: str

    @cached_property
    def _expression(self) -> "re.Pattern[str]":
        return re.compile(".*".join(map(re.escape, _ANY.split(self.text))))

    @property
    def is_exact(self) -> bool:
        return _ANY.search(self.text) is None

    def matches(self, key: str) -> bool:
        return self._expression.fullmatch(key) is not None
