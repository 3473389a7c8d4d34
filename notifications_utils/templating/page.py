"""The HTML page around the body of an e-mail: complete, accessible, and without trackers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from notifications_utils.templating.cleaning import is_clean

DARK_TEXT: Final = "#161616"
LIGHT_TEXT: Final = "#ffffff"
_DARK_CHANNEL: Final = 0.04045
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_WEB_ADDRESS: Final = re.compile(r"https?://\S+")


class BrandingKind(StrEnum):
    """A banner fills the width with its colour; a logo stands on the page, beside a line of that colour."""

    BANNER = "banner"
    LOGO = "logo"


@dataclass(frozen=True, slots=True)
class Branding:
    """One header of the page: a logo, a name or both; raises ValueError when it cannot be shown.

    `colour` is `#rrggbb`; a banner needs one. `logo_alt` is read out where no name stands beside the logo.
    `logo_height` is in CSS pixels.
    """

    kind: BrandingKind
    name: str = ""
    logo_url: str = ""
    logo_alt: str = ""
    colour: str = ""
    logo_height: int = 48

    def __post_init__(self) -> None:
        if not (self.name or self.logo_url):
            raise ValueError("a branding has a name or a logo")
        if self.logo_url and not _WEB_ADDRESS.fullmatch(self.logo_url):
            raise ValueError(f"logo_url is not a web address: {self.logo_url!r}")
        if self.colour and not _COLOUR.fullmatch(self.colour):
            raise ValueError(f"colour is not #rrggbb: {self.colour!r}")
        if not all(map(is_clean, (self.name, self.logo_url, self.logo_alt))):
            raise ValueError("a branding holds no control or private-use characters")
        if self.is_banner and not self.colour:
            raise ValueError("a banner has a colour")

    @property
    def is_banner(self) -> bool:
        return self.kind is BrandingKind.BANNER

    @property
    def shown_alt(self) -> str:
        """Empty beside a name, which says the same."""
        return "" if self.name else self.logo_alt

    @property
    def text_colour(self) -> str:
        """The one that contrasts more with what lies behind (WCAG 2, relative luminance)."""
        if not self.is_banner:
            return DARK_TEXT
        luminance = relative_luminance(self.colour)
        dark = relative_luminance(DARK_TEXT)
        return LIGHT_TEXT if 1.05 * (dark + 0.05) > (luminance + 0.05) ** 2 else DARK_TEXT


def relative_luminance(colour: str) -> float:
    """Of an sRGB colour `#rrggbb`, from 0 to 1. Source: WCAG 2."""
    red, green, blue = (_linearise(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linearise(channel: float) -> float:
    return channel / 12.92 if channel <= _DARK_CHANNEL else ((channel + 0.055) / 1.055) ** 2.4


def render_page(
    body: str,
    *,
    language: str,
    subject: str,
    subject_attribute: str,
    preheader: str,
    brandings: Sequence[Branding] = (),
) -> str:
    """The page around `body`, which is HTML; the other texts are escaped, and may be holes of a stencil.

    The subject comes twice, because a hole knows whether it stands in a text or in an attribute.
    """
    return _get_page().render(
        body=Markup(body),  # noqa: S704  rendered and escaped by ourselves
        language=language,
        subject=subject,
        subject_attribute=subject_attribute,
        preheader=preheader,
        brandings=brandings,
    )


@cache
def _get_page() -> Template:
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    source = files("notifications_utils.templating").joinpath("page.html.jinja").read_text("utf-8")
    return environment.from_string(source)
