"""Emulator of the public search: five bodies that we made up, and the limits of the real one."""

from http import HTTPStatus
from typing import Any, ClassVar, Final

from api.providers.emulation import Emulator, Fault, json_response
from api.providers.http_server import Request, Response


def _body(
    siren: str, name: str, category: str, *, is_administration: bool | None, state: str = "A"
) -> dict[str, Any]:
    return {
        "siren": siren,
        "nom_complet": name,
        "nom_raison_sociale": name,
        "etat_administratif": state,
        "nature_juridique": category,
        "siege": {"siret": f"{siren}00017", "etat_administratif": state},
        "complements": {"est_administration": is_administration},
        "matching_etablissements": [],
    }


BODIES: Final = (
    _body("110000007", "MINISTERE DES EXEMPLES", "7113", is_administration=True),
    _body("110000015", "PREFECTURE DE BELRIVE", "7172", is_administration=True),
    _body("210000006", "COMMUNE DE BELRIVE", "7210", is_administration=None),
    _body("260000005", "CENTRE HOSPITALIER DE BELRIVE", "7364", is_administration=True),
    _body("500000005", "BOULANGERIE DUPAIN", "5710", is_administration=False),
    _body("200000008", "COMMUNAUTE DE COMMUNES DISSOUTE", "7346", is_administration=True, state="C"),
)
_LARGEST_PAGE: Final = 25


class RegisterEmulator(Emulator):
    """Knows `BODIES`; a body is found by its SIREN, or by any SIRET that begins with it."""

    display_name: ClassVar[str] = "Recherche d’entreprises"

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {"FR_PUBLIC_SECTOR_API_URL": address}

    def is_handing_over(self, request: Request) -> bool:
        return request.path == "/search"

    def answer_fault(self, fault: Fault) -> Response:
        if fault is Fault.TOO_MANY_REQUESTS:
            headers = (("Retry-After", "1"),)
            return Response(HTTPStatus.TOO_MANY_REQUESTS, b'{"erreur":"trop de requetes"}', headers=headers)
        return super().answer_fault(fault)

    async def answer(self, request: Request) -> Response:
        query = request.query
        if (request.method, request.path) != ("GET", "/search"):
            return json_response(HTTPStatus.NOT_FOUND, {"erreur": "chemin inconnu"})
        if not request.headers.get("user-agent") or int(query.get("per_page", "10")) > _LARGEST_PAGE:
            return json_response(HTTPStatus.BAD_REQUEST, {"erreur": "parametres invalides"})
        wanted = query.get("q", "")
        found = [_at(body, wanted) for body in BODIES if wanted.startswith(body["siren"])]
        return json_response(
            HTTPStatus.OK,
            {"results": found, "total_results": len(found), "page": 1, "per_page": 10, "total_pages": 1},
        )


def _at(body: dict[str, Any], wanted: str) -> dict[str, Any]:
    place = {"siret": wanted, "etat_administratif": body["etat_administratif"]}
    return body | {"matching_etablissements": [place]} if wanted != body["siren"] else body
