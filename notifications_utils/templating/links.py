"""Link targets: which ones are allowed, and how they are written."""

import re
from typing import Final
from urllib.parse import quote

NOWHERE: Final = "#"
"""The target of a link that is refused: the text stays, the link leads nowhere."""

# Contract: these and the unreserved signs stay, everything else is percent-encoded. Ours besides: `@` and `+`,
# without which mailto: and tel: do not work.
_KEPT: Final = ":/?#=&;%@+"
_ALLOWED_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+-]*):(\d?)", re.IGNORECASE)


def resolve_target(target: str) -> str:
    """The target with a scheme: `http://` is added when there is none (contract), NOWHERE when it is refused."""
    target = target.strip()
    if not target:
        return NOWHERE
    scheme = _SCHEME.match(target)
    if scheme is None:
        return f"http://{target.removeprefix('//')}"
    if scheme[1].lower() in _ALLOWED_SCHEMES:
        return target
    # A digit follows when this is a host without dots and its port.
    return f"http://{target}" if scheme[2] else NOWHERE


def quote_target(target: str) -> str:
    """The target percent-encoded; what was encoded already stays as it is. May still hold `&`."""
    return quote(target, safe=_KEPT, errors="replace")
