"""Defusing values that a sender does not trust: no link, no markdown (contract: `sanitise_content_for`)."""

import re
from collections.abc import Mapping, Sequence

from notifications_utils.templating.placeholders import normalise_name

# Optional scheme, dotted labels, a top-level part of 2 to 63 letters, an optional path up to the next blank;
# neither part of an e-mail address nor the tail of something dotted.
_URL = re.compile(
    r"(?<![@.\w])(?:https?://)?(?:[^\W_](?:[\w-]*[^\W_])?\.)+[a-z]{2,63}\b(?::\d+)?(?:[/?#]\S*)?(?!@)",
    re.IGNORECASE,
)
_BARE_NAME = re.compile(r"[A-Za-z0-9.-]+")
_MARKDOWN = re.compile(r"[`*_()\\{}\[\]<>#+\-.!|]")


def sanitise_personalisation(
    values: Mapping[str, object], names: Sequence[str] | None
) -> tuple[Mapping[str, object], dict[str, dict[str, str]]]:
    """The values to send, and `{name: {"unsanitised", "sanitised"}}` for those that changed.

    Names match like placeholders do; values that are no text stay as they are.
    """
    if not names:
        return values, {}
    wanted = {normalise_name(str(name)) for name in names}
    changed = {
        name: {"unsanitised": value, "sanitised": sanitised}
        for name, value in values.items()
        if isinstance(value, str)
        and normalise_name(name) in wanted
        and (sanitised := sanitise_text(value)) != value
    }
    return {**values, **{name: change["sanitised"] for name, change in changed.items()}}, changed


def sanitise_text(text: str) -> str:
    """Bare names lose their power to become links (`a.fr` → `a. fr`), addresses go, markdown signs are escaped."""
    return _MARKDOWN.sub(lambda sign: "\\" + sign[0], _URL.sub(_defuse, text))


def _defuse(found: re.Match[str]) -> str:
    return found[0].replace(".", ". ") if _BARE_NAME.fullmatch(found[0]) else ""
