"""A client of Scaleway for an emulator, and an e-mail for it to carry."""

import uuid
from dataclasses import replace
from typing import Any

from api.providers.protocol import EmailMessage
from patches.email_scaleway.client import ScalewayEmail
from patches.email_scaleway.emulator import DOMAIN, ScalewayEmulator
from patches.email_scaleway.settings import ScalewaySettings
from tests.api.conftest import runtime

__all__ = ["MESSAGE", "make_client", "runtime", "to"]

MESSAGE = EmailMessage(
    id=uuid.UUID("0198c0de-0000-7000-8000-000000000013"),
    to="lea@exemple.fr",
    from_name="Mairie d’Évry",
    from_address=f"mairie@{DOMAIN}",
    reply_to="contact@exemple.fr",
    subject="Votre dossier n° 12 est complet",
    html="<p>Bonjour à tous</p>\n",
    text="Bonjour à tous\n",
    unsubscribe_url="https://exemple.fr/unsubscribe/" + "x" * 400,
)


def make_client(address: str, timeout_seconds: float = 3, **values: Any) -> ScalewayEmail:
    prefix = "SCALEWAY_"
    own = {
        name.removeprefix(prefix).lower(): value
        for name, value in ScalewayEmulator.environment(address).items()
    }
    return ScalewayEmail(ScalewaySettings(**own | values), timeout_seconds, DOMAIN)


def to(local_part: str) -> EmailMessage:
    return replace(MESSAGE, id=uuid.uuid4(), to=f"{local_part}@exemple.fr")
