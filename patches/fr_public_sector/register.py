"""Client of the public search of companies and administrations (API Recherche d'entreprises of the DINUM).

`GET /search?q=<SIREN or SIRET>`, without a key; 7 requests/s an address, then 429 with Retry-After.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from api.core.organisations.membership import RegisterUnavailableError
from api.providers.http_client import HttpAnswer, ProviderHttp
from patches.fr_public_sector.identifiers import siren_of

# The service asks programs to say who they are.
_HEADERS: Final = {"User-Agent": "notifications (public sector messaging)", "Accept": "application/json"}
_OPEN: Final = "A"


@dataclass(frozen=True, slots=True)
class RegisteredBody:
    """`is_administration` is None where the register does not say."""

    siren: str
    name: str
    category: str
    is_active: bool
    is_administration: bool | None


class Register:
    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._http = ProviderHttp(url, timeout_seconds)

    def find(self, identifier: str) -> RegisteredBody | None:
        """By SIREN or SIRET, digits only. Raises `RegisterUnavailableError`."""
        query = urlencode(
            {
                "q": identifier,
                "minimal": "true",
                "include": "siege,complements,matching_etablissements",
                "per_page": 1,
            }
        )
        answer = self._http.request("GET", f"/search?{query}", headers=_HEADERS)
        if isinstance(answer, HttpAnswer) and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RegisterUnavailableError("The register is asked too often: try again in some seconds")
        if not isinstance(answer, HttpAnswer) or not answer.is_success:
            raise RegisterUnavailableError("The register of public bodies does not answer: try again later")
        try:
            return _find_body(orjson.loads(answer.body), identifier)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise RegisterUnavailableError("The register answers in a form that we do not know") from None


def _find_body(data: Any, identifier: str) -> RegisteredBody | None:
    """A search finds similar numbers too: only the very one counts."""
    found = next((body for body in data["results"] if body["siren"] == siren_of(identifier)), None)
    if found is None:
        return None
    states = {identifier: found.get("etat_administratif")}
    for place in (found.get("siege") or {}, *(found.get("matching_etablissements") or ())):
        if place.get("siret"):
            states[place["siret"]] = place.get("etat_administratif") or found.get("etat_administratif")
    complements = found.get("complements") or {}
    is_administration = complements.get("est_administration")
    return RegisteredBody(
        siren=found["siren"],
        name=str(found.get("nom_raison_sociale") or found["nom_complet"]),
        category=str(found.get("nature_juridique") or ""),
        is_active=found.get("etat_administratif") == _OPEN and states[identifier] == _OPEN,
        is_administration=is_administration if isinstance(is_administration, bool) else None,
    )
