"""Slots of the web application: how people sign in, what it looks like, its legal pages. Values, because it asks the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from notifications_utils.localisation import gettext_noop


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """`password`: address, password and a code; `email-link`: a link sent to the address; `oidc`: an identity provider.

    `issuer` is the address of the identity provider, whose description lies below `/.well-known/openid-configuration`.
    """

    name: str
    kind: Literal["password", "email-link", "oidc"]
    display_name: str
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """`name` is that of the stylesheet's folder; `needs_terms`: only shown once the operator has accepted its conditions."""

    name: str
    display_name: str
    needs_terms: bool = False


@dataclass(frozen=True, slots=True)
class LegalPage:
    """A page that the footer links to. `texts`: language (BCP 47) → title and body in Markdown."""

    slug: str
    texts: Mapping[str, tuple[str, str]]


PASSWORD: Final = SignInMethod("password", "password", gettext_noop("Password and code"))
EMAIL_LINK: Final = SignInMethod("email-link", "email-link", gettext_noop("Link by e-mail"))
NEUTRAL_THEME: Final = Theme("neutral", gettext_noop("Neutral"))

NEUTRAL_LEGAL_PAGES: Final = (
    LegalPage(
        "accessibility",
        {
            "en": ("Accessibility", "This service has not been assessed for accessibility yet."),
            "fr": ("Accessibilité", "L’accessibilité de ce service n’a pas encore été évaluée."),
        },
    ),
    LegalPage(
        "privacy",
        {
            "en": (
                "Personal data",
                (
                    "Recipients and contents of messages are kept for the days that each service has chosen, then "
                    "erased. Traces without personal data remain for statistics and billing."
                ),
            ),
            "fr": (
                "Données personnelles",
                (
                    "Les destinataires et le contenu des messages sont conservés pendant la durée choisie par "
                    "chaque service, puis effacés. Seules des traces sans donnée personnelle restent, pour les "
                    "statistiques et la facturation."
                ),
            ),
        },
    ),
)
